//! Spark Connect: the client that speaks the wire to Apache Spark, Databricks clusters and Sail.
//!
//! Decides how a plan reaches such an engine, how its answer comes back whole or not at all, and that
//! nothing of a request outlives it there. It knows nothing of tenants, scopes and policies: what is
//! asked is its caller's.

mod connect;

pub use connect::address::{Address, AddressError};
pub use connect::batches::Batches;
pub use connect::client::{Client, ClientError, ClientOptions, Roots};
pub use connect::error::{Cause, ConnectError, EngineCause};
pub use connect::expression;
pub use connect::expression::Value;
pub use connect::plan;
pub use connect::plan::{Files, JoinOn};
pub use connect::session::Session;
pub use connect::token::{FileToken, FixedToken, TokenError, TokenSource};
pub use connect::wire::{Expression, Relation};

//! Spark Connect: the engine for Apache Spark, Databricks clusters and Sail.
//!
//! Decides which rows of a source are a caller's there, and that nothing of a request outlives it. What a statement says
//! on such an engine is `splitplane-spark-sql`'s.
//!
//! - `connect`: the client that speaks the wire; it knows nothing of tenants, scopes and policies.
//! - `layout`: where sources lie, and which part of them a scope names; `schemas`: what columns they have; `partitions`:
//!   by which of them a table is partitioned.
//! - `scoped`: a relation of a sandbox as a plan; `engine`: a statement from plans to a complete result.
//!
//! # Invariants
//!
//! - **3** No relation that is read has a name that SQL can speak but the sandbox's own: `scoped.rs`, `engine.rs`.
//! - **4** Nothing that is sent can fail on a row: `types.rs` here, and all of `splitplane-spark-sql`.
//! - **6** No text of the engine's is shown: `errors.rs`.
//! - **8** A result is complete, or there is none: `engine/answer.rs`.

mod catalog;
mod connect;
mod engine;
mod errors;
pub mod layout;
pub mod partitions;
mod schemas;
pub mod scoped;
mod settings;
pub mod types;
mod values;

#[cfg(test)]
mod tests;

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
pub use engine::{SparkConfig, SparkEngine};

//! Statements on a Databricks SQL warehouse, over the Statement Execution API.
//!
//! Decides how a statement, its values and its result travel: with a token that expires, within a deadline, and
//! whole or not at all; and, in `engine`, what the rows of a scope are called there. All below `engine` knows no tenants.
//!
//! 1. [`Workspace::new`] checks a configuration; [`Credentials`] makes tokens for it.
//! 2. [`Statements::run`] sends one [`Statement`] and gives its [`ResultStream`].
//! 3. What goes wrong is a [`DatabricksError`], whose class is what a caller may act on.
//! 4. [`DatabricksEngine`] runs guarded queries over scoped tables by such statements.

mod api;
mod classify;
mod config;
mod credentials;
mod engine;
mod error;
mod ipc;
mod json_array;
mod links;
mod net;
mod result;
mod retry;
mod statement;
#[cfg(feature = "testing")]
pub mod testing;
mod types;
mod wire;

pub use config::{Disposition, Workspace, WorkspaceConfig};
pub use credentials::{Credentials, CredentialsConfig, WebIdentity};
pub use engine::{DatabricksConfig, DatabricksEngine};
pub use error::{Cause, DatabricksError, Said, SetupError};
pub use result::ResultStream;
pub use statement::{Parameter, SqlType, Statement, Statements};

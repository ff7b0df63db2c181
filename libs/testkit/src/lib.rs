//! What tests share: worlds whose answers are known without running the system, and an agent that
//! gives workloads their identities.
//!
//! A [`World`] is plain rows; what an admin may see of it is computed here by a few lines of Rust
//! that know nothing of the code under test. A development dependency only.

mod library;
mod postgres;
mod workload_api;

pub use library::{Branch, Fine, Grant, Loan, MODEL, POLICY, SECRET, World};
pub use postgres::postgres;
pub use workload_api::{WorkloadApi, X509Svid};

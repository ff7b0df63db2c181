//! What tests share: worlds whose answers are known without running the system.
//!
//! A [`World`] is plain rows; what an admin may see of it is computed here by a few lines of Rust
//! that know nothing of the code under test. A development dependency only.

mod library;
mod postgres;

pub use library::{Branch, Fine, Grant, Loan, MODEL, POLICY, SECRET, World};
pub use postgres::postgres;

//! The audit log: one JSON line for every released answer and every refusal, chained by hashes.
//!
//! Decides how a record is written, that it is on disk before [`AuditLog::append`] returns, and
//! whether a file still is what was written. Does not decide what is recorded, and knows no key:
//!
//! - A changed byte, a record that was dropped, inserted or moved, and a torn last line are found
//!   by [`verify`].
//! - A tail that was cut off at the end of a line is *not* found by the chain alone, nor is a file
//!   that someone with the right to write it chained anew. Whoever must find these keeps the head
//!   that [`verify`] returns (it is also what `append` returns) in another place and compares.
//! - Records hold no row value: figures are counts and digests, SQL is the re-printed statement, in
//!   which filter values are parameters.

mod chain;
mod error;
mod log;
mod queue;
mod record;
#[cfg(test)]
mod tests;

pub use chain::{Verified, verify};
pub use error::{AuditError, Fault};
pub use log::AuditLog;
pub use record::Record;

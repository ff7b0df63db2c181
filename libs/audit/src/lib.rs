//! The audit log: one JSON line for every decision that matters, chained by hashes and signed at checkpoints.
//!
//! Decides how a record is written, that it is on disk before [`AuditLog::append`] returns, and
//! whether files still are what was written. Does not decide what is recorded:
//!
//! - A changed byte, a record that was dropped, inserted or moved, and a torn line are found by the chain
//!   alone ([`verify`]).
//! - A tail that was cut off at the end of a line, a log that someone with the right to write it chained
//!   anew, and a beginning that was removed are found by checkpoints ([`verify_against`]), which are signed
//!   and kept in a second place. What came after the last checkpoint is not covered by it.
//! - Records hold no cell of a result: figures are counts and digests. They do hold questions, and the
//!   values that a question's filters came to: a log is as confidential as what people ask.

mod chain;
mod checkpoint;
mod error;
mod log;
mod queue;
mod record;
mod segments;
#[cfg(test)]
mod tests;

pub use chain::{Verified, verify, verify_against, walk};
pub use checkpoint::{Checkpoint, CheckpointConfig, read_checkpoints};
pub use error::{AuditError, Fault};
pub use log::{AuditLog, AuditOptions};
pub use record::{Event, Record};

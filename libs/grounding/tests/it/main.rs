//! What may leave and what may not, over made-up results.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "helpers of tests: a failure here is a failed test"
)]

mod cases;
mod hostile;
mod mutations;
mod phrasing;
mod plain;
mod scope;
mod statements;
mod tables;
mod templates;
mod timeline;
mod world;

//! The client against the strict server, over real sockets.
//!
//! Decides nothing: each file holds the promises of one part. No test waits for a time to pass.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where something is not as it must be"
)]

mod cancelling;
mod conformance;
mod credentials;
mod engine;
mod failures;
mod lake;
mod ledger;
mod results;
mod server;
mod support;

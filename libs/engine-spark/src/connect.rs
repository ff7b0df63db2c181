//! The wire: addresses, tokens, sessions, operations, plans.
//!
//! # What it promises
//!
//! - A result is complete (`result_complete` was received, every batch whole and in its place) or an
//!   error: `operation.rs`, `chunks.rs`, `batches.rs`.
//! - No operation outlives its [`Batches`](batches::Batches), no session its
//!   [`Session`](session::Session): Interrupt, then ReleaseSession: `closing.rs`, `operation.rs`.
//! - No text of the engine is in an error's own text: `error.rs`, `classify.rs`.
//! - No more than a few batches are held, and none above a limit: `operation.rs`, `chunks.rs`.

pub(crate) mod address;
pub(crate) mod batches;
mod calls;
mod chunks;
mod classify;
pub(crate) mod client;
mod closing;
mod details;
pub(crate) mod error;
pub mod expression;
mod ids;
mod operation;
pub mod plan;
mod schema;
pub(crate) mod session;
pub(crate) mod token;

#[cfg(test)]
mod tests;

#[expect(
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    clippy::too_many_lines,
    missing_docs,
    unreachable_pub,
    reason = "generated code"
)]
pub(crate) mod wire {
    //! What prost and tonic make of the proto.
    tonic::include_proto!("spark.connect");
}

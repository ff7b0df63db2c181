//! The models, asked over made-up worlds: a library and two bike rentals.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests: a failure here is a failed test"
)]

mod bedrock;
mod drafts;
mod endpoint;
mod explain;
mod figures;
mod followups;
mod hostile;
mod meeting;
mod misbehaviour;
mod names;
mod narrowing;
mod options;
mod plain;
mod questions;
mod spans;
mod unanswered;
mod worlds;

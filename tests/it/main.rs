//! End to end: the whole mesh over real sockets and mutual TLS, driven as a client would.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where something is not as it must be"
)]

mod ask;
mod attacks;
mod audit;
mod bad_input;
mod bedrock;
mod conversations;
mod databricks;
mod demo;
mod door;
#[path = "../../libs/llm/tests/it/endpoint.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod endpoint;
mod every_rpc;
mod figures;
mod forger;
mod inner_services;
mod integrity;
mod isolation;
mod jaffle;
mod misbehaving;
mod outages;
mod policy_desk;
#[cfg(test)]
mod replicas;
mod rotation;
mod support;
mod tidy;
mod trace;

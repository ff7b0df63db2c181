//! End to end: the whole mesh over real sockets and mutual TLS, driven as a client would.

mod ask;
mod attacks;
mod audit;
mod bad_input;
mod demo;
mod every_rpc;
mod inner_services;
mod isolation;
mod jaffle;
mod outages;
mod support;
mod tidy;

//! Services over real sockets: mutual TLS on ports of the system's choosing, with a PKI of their own.

mod call_spans;
mod health;
mod hops;
mod limits;
mod pki;
mod reasons;
mod renewal;
mod roots;
mod sessions;
mod stub;
mod traces;
mod upstreams;
mod workload_api;
mod world;

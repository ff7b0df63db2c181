//! How a service runs: configuration, mutual TLS, the layer stack, deadlines, statuses, telemetry
//! and calls to other services.
//!
//! Decides who may call what, how long a call may take and what a caller learns from a failure.
//! Decides nothing about questions, rows or signatures: that is the services' own.

mod accept;
pub mod access;
mod app;
mod audit;
mod backoff;
mod body;
mod call_spans;
mod client;
mod clock;
pub mod config;
mod connect;
mod context;
mod deadline;
mod feed;
mod health;
mod identity;
mod key_file;
mod key_root;
mod layers;
mod log;
mod longterm;
pub mod net;
mod run;
mod server;
mod start;
mod status;
pub mod telemetry;
mod tls;
mod upstream;
mod workload;

pub use accept::PeerInfo;
pub use app::{App, ServeError};
pub use audit::{AuditConfig, AuditFailure, Auditor};
pub use call_spans::{ask_for_spans, spans_in};
pub use client::Upstream;
pub use clock::Clock;
pub use context::{CallContext, MissingContext};
pub use deadline::{Deadline, DeadlinePassed};
pub use feed::SessionFeed;
pub use health::Readiness;
pub use identity::WorkloadApiError;
pub use key_file::SigningKeyFile;
pub use key_root::key_root;
pub use layers::{NameReasons, RequireSession};
pub use longterm::{LongTermCredentials, refuse_long_term_credentials};
pub use run::run;
pub use server::Inner;
pub use start::{Start, StartError};
pub use status::{Chain, PublicError, code_of, metadata_of, reason_of, refuse, reply, text_of, to_status};
pub use telemetry::{Telemetry, TelemetryError};
pub use tls::TlsError;
pub use upstream::{UpstreamError, call};
pub use workload::{PeerError, PeerIdentity, Workload};

#[cfg(test)]
mod tests;

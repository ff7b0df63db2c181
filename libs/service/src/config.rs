//! Configuration: the defaults compiled in, then a file, then the environment.
//!
//! Decides which source wins and that an unknown key is fatal. The blocks here are those that all
//! services share; what a key means is written above it in each service's `config.default.toml`.

mod source;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use source::{Entry, Origin};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// `[listen]`: where a service binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The gRPC server.
    pub address: SocketAddr,
    /// The plaintext health server.
    pub health_address: SocketAddr,
}

/// `[tls]`: where the service's identity comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, PEM.
    #[serde(with = "path")]
    pub certificate: PathBuf,
    /// The private key, PEM.
    #[serde(with = "path")]
    pub key: PathBuf,
    /// The mesh's certificate authority, PEM.
    #[serde(with = "path")]
    pub ca: PathBuf,
    /// Socket of the SPIFFE Workload API; empty is the files.
    pub workload_api: String,
}

/// A service behind this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// `host:port`.
    pub address: String,
}

/// `[mesh]`: what all services agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mesh {
    /// SPIFFE trust domain, and audience of session keys.
    pub trust_domain: String,
    /// Issuer of session keys.
    pub issuer: String,
    /// Oldest key feed that is still trusted.
    #[serde(with = "humantime_serde")]
    pub revocation_bound: Duration,
    /// File of the public key that vouches for session-signing keys; empty is none.
    #[serde(with = "optional_path")]
    pub key_root: Option<PathBuf>,
}

/// `[state]`: what a service must not forget at a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// SQLite's file.
    #[serde(with = "path")]
    pub file: PathBuf,
    /// URL of a database; empty is the file.
    pub database: String,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
    /// None at all.
    Off,
}

/// `[telemetry]`: logs, traces and metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// OTLP/gRPC endpoint; empty is off.
    pub otlp_endpoint: String,
    /// Log filter.
    pub log: String,
    /// Form of log lines.
    pub log_format: LogFormat,
    /// Share of new traces that is sampled.
    pub sample_ratio: f64,
}

/// `[limits]`: what a process accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Requests at work at once, streams included.
    pub concurrency_max: NonZeroUsize,
    /// Longest time of one request.
    #[serde(with = "humantime_serde")]
    pub request_time_max: Duration,
    /// Largest message received, in bytes.
    pub message_bytes_max: usize,
    /// HTTP/2 streams of one connection.
    pub streams_per_connection_max: u32,
    /// Age at which a connection is closed gracefully.
    #[serde(with = "humantime_serde")]
    pub connection_age_max: Duration,
}

/// The blocks that every service has.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// `[listen]`
    pub listen: Listen,
    /// `[tls]`
    pub tls: Tls,
    /// `[mesh]`
    pub mesh: Mesh,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[telemetry]`
    pub telemetry: TelemetryConfig,
}

/// A service's configuration: the shared blocks and its own.
pub trait ServiceConfig: DeserializeOwned + Serialize {
    /// The shared blocks.
    fn shared(&self) -> Shared;
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{origin} is not TOML")]
    Syntax {
        /// Which text.
        origin: String,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// A name in the environment is not `SPLITPLANE_SERVICE__SECTION__KEY`.
    #[error("`{name}` is not a key: write {prefix}SECTION__KEY in capitals")]
    EnvironmentName {
        /// The name.
        name: String,
        /// What keys of this service begin with.
        prefix: String,
    },
    /// A key is unknown or missing, or a value is out of its range.
    #[error("{0}")]
    Value(String),
}

/// Puts together defaults, file and environment, in this order; the later wins, key by key.
///
/// # Errors
/// See [`ConfigError`]. An unknown key is an error wherever it is written.
pub fn load<C: DeserializeOwned>(
    service: &str,
    defaults: &str,
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<C, ConfigError> {
    let mut merged = parse(defaults, &Arc::new(Origin::Defaults))?;
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        merged.merge(parse(&text, &Arc::new(Origin::File(path.to_owned())))?);
    }
    let prefix = environment_prefix(service);
    for (name, value) in env {
        if let Some(key) = name.strip_prefix(&prefix) {
            let segments = environment_key(key)
                .ok_or_else(|| ConfigError::EnvironmentName { name: name.clone(), prefix: prefix.clone() })?;
            merged.merge(Entry::from_environment(&segments, value, &name));
        }
    }
    C::deserialize(merged).map_err(|error| ConfigError::Value(error.to_string()))
}

/// What the environment's keys of a service begin with.
#[must_use]
pub fn environment_prefix(service: &str) -> String {
    format!("SPLITPLANE_{}__", service.to_ascii_uppercase().replace('-', "_"))
}

fn environment_key(key: &str) -> Option<Vec<String>> {
    let segments: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
    let in_capitals = !key.bytes().any(|byte| byte.is_ascii_lowercase());
    let is_whole = segments.iter().all(|segment| !segment.is_empty());
    (in_capitals && is_whole).then_some(segments)
}

fn parse(text: &str, origin: &Arc<Origin>) -> Result<Entry, ConfigError> {
    let table = text
        .parse::<toml::Table>()
        .map_err(|source| ConfigError::Syntax { origin: origin.to_string(), source })?;
    Ok(Entry::from_toml(toml::Value::Table(table), origin))
}

/// How a path is read, for `#[serde(with = "splitplane_service::config::path")]`: a relative path
/// that stands in a file is relative to that file.
pub mod path {
    use serde::{Deserializer, Serialize as _, Serializer};
    use std::path::{Path, PathBuf};

    /// Writes the path as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        path.serialize(serializer)
    }

    /// Reads a path.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        deserializer.deserialize_newtype_struct(super::source::PATH, super::source::PathVisitor)
    }
}

/// How a path that may be none is read, for `#[serde(with = "splitplane_service::config::optional_path")]`: an
/// empty text is none.
pub mod optional_path {
    use serde::{Deserializer, Serialize as _, Serializer};
    use std::path::PathBuf;

    /// Writes the path as text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.clone().unwrap_or_default().serialize(serializer)
    }

    /// Reads a path.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
        deserializer.deserialize_newtype_struct(super::source::PATH, super::source::OptionalPathVisitor)
    }
}

#[cfg(test)]
mod tests;

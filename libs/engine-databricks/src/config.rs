//! Which workspace is spoken to, and within which bounds.
//!
//! Decides what a configuration may say. Every value is checked once, here, before anything is sent; a
//! [`Workspace`] exists only if all of them hold. It does not decide where credentials come from:
//! `credentials.rs` does.

use crate::error::SetupError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The keys of a configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceConfig {
    /// `https://` and the host of the workspace; `http://` only for a host of this machine.
    pub url: String,
    /// The id of the SQL warehouse.
    pub warehouse_id: String,
    /// The catalog that names without one are looked up in.
    pub catalog: Option<String>,
    /// The schema that names without one are looked up in.
    pub schema: Option<String>,
    /// How results travel.
    pub disposition: Disposition,
    /// How long the workspace holds the first answer back for the result: none, or 5 to 50 whole seconds. A statement
    /// whose caller leaves in this time is cancelled when that answer comes, at most this long after it began: its id
    /// is not known before.
    #[serde(with = "humantime_serde")]
    pub wait: Duration,
    /// How long one request may take, beyond `wait`.
    #[serde(with = "humantime_serde")]
    pub request_time_max: Duration,
    /// The first pause between two questions for the state of a statement; each is twice the one before.
    #[serde(with = "humantime_serde")]
    pub poll_pause_first: Duration,
    /// The longest of these pauses.
    #[serde(with = "humantime_serde")]
    pub poll_pause_max: Duration,
    /// How often one request is repeated at most.
    pub retries_max: u32,
    /// The pause before the first repetition; each is up to twice the one before.
    #[serde(with = "humantime_serde")]
    pub retry_pause_first: Duration,
    /// The longest of these pauses.
    #[serde(with = "humantime_serde")]
    pub retry_pause_max: Duration,
    /// The most bytes of one chunk of a result: what a result may hold in memory.
    pub chunk_bytes_max: usize,
    /// The hosts, or the domains above them, that results may be fetched from. Empty: any host that is no address.
    pub link_hosts: Vec<String>,
    /// Certificates to trust, as PEM, in place of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How results travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// As Arrow, fetched chunk by chunk from the storage of the workspace.
    ExternalLinks,
    /// As text within the answers, up to 25 MiB.
    Inline,
}

/// A configuration that was checked.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub(crate) config: WorkspaceConfig,
    /// `https://host[:port]`, without anything after it.
    pub(crate) base: String,
    /// The workspace runs on this machine: so may what its links point to.
    pub(crate) is_local: bool,
    /// What time it is, for links that expire.
    pub(crate) clock: fn() -> SystemTime,
}

const POLL_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);

impl Workspace {
    /// Checks a configuration.
    ///
    /// # Errors
    /// Names the key that cannot be used.
    pub fn new(config: WorkspaceConfig, clock: fn() -> SystemTime) -> Result<Self, SetupError> {
        let wrong = |key, why| Err(SetupError::Config { key, why });
        let uri: http::Uri =
            config.url.parse().or(Err(SetupError::Config { key: "url", why: "is no URL" }))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return wrong("url", "has no scheme or no host");
        };
        let is_local = is_loopback(authority.host());
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return wrong("url", "holds more than a scheme and a host");
        }
        match scheme {
            "https" => {}
            // Whoever reads along would have the token and the data.
            "http" if is_local => {}
            _ => return wrong("url", "must be https, or http on this machine"),
        }
        if !is_segment(&config.warehouse_id) {
            return wrong("warehouse_id", "is no id");
        }
        let wait = config.wait.as_secs();
        if config.wait.subsec_nanos() != 0 || (wait != 0 && !(5..=50).contains(&wait)) {
            return wrong("wait", "must be nothing or 5 to 50 whole seconds");
        }
        if config.request_time_max.is_zero() {
            return wrong("request_time_max", "must not be nothing");
        }
        // A statement that is not asked for in this time is closed by the workspace.
        if config.poll_pause_first > config.poll_pause_max || config.poll_pause_max >= POLL_PAUSE_MAX {
            return wrong("poll_pause_max", "must be between `poll_pause_first` and 15 minutes");
        }
        if config.retry_pause_first > config.retry_pause_max {
            return wrong("retry_pause_max", "must not be below `retry_pause_first`");
        }
        if config.chunk_bytes_max == 0 {
            return wrong("chunk_bytes_max", "must not be nothing");
        }
        let is_domain = |host: &String| !host.is_empty() && !host.starts_with('.') && !host.contains('/');
        if !config.link_hosts.iter().all(is_domain) {
            return wrong("link_hosts", "holds what is no host");
        }
        let base = format!("{scheme}://{authority}");
        Ok(Self { config, base, is_local, clock })
    }
}

/// A name of this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

/// A text that is one segment of a path, whatever it is put into.
pub(crate) fn is_segment(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests;

//! Configuration of gateway. Defaults live in `config.default.toml`, which is also the reference;
//! this file only gives them types.

use crate::throttle::Throttle;
use serde::{Deserialize, Serialize};
use splitplane_service::config::{
    LimitsConfig, Listen, Mesh, ServiceConfig, Shared, TelemetryConfig, Tls, Upstream,
};
use std::path::PathBuf;
use std::time::Duration;

/// The reference file, compiled in.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// See `config.default.toml` for the meaning of every field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
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
    /// `[throttle]`
    pub throttle: Throttle,
    /// `[conversations]`
    pub conversations: Conversations,
    /// `[auth]`
    pub auth: Upstream,
    /// `[reasoning]`
    pub reasoning: Upstream,
    /// `[schema_router]`
    pub schema_router: Upstream,
    /// `[query]`
    pub query: Upstream,
}

impl ServiceConfig for Config {
    fn shared(&self) -> Shared {
        Shared {
            listen: self.listen.clone(),
            tls: self.tls.clone(),
            mesh: self.mesh.clone(),
            limits: self.limits.clone(),
            telemetry: self.telemetry.clone(),
        }
    }
}

/// `[conversations]`: what a follow-up continues.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversations {
    /// File of the signing key.
    #[serde(with = "splitplane_service::config::path")]
    pub signing_key: PathBuf,
    /// Life of a conversation's token.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default_and_a_comment() {
        splitplane_service::config::load::<Config>("gateway", DEFAULTS, None, []).unwrap();
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") {
                assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
            }
        }
    }
}

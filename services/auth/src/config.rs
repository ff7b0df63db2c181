//! Configuration of auth. Defaults live in `config.default.toml`, which is also the reference;
//! this file only gives them types.

use serde::{Deserialize, Serialize};
use splitplane_service::AuditConfig;
use splitplane_service::config::{
    LimitsConfig, Listen, Mesh, ServiceConfig, Shared, State, TelemetryConfig, Tls,
};
use std::num::NonZeroUsize;
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
    /// `[requests]`
    pub requests: Requests,
    /// `[aws]`
    pub aws: Aws,
    /// `[credentials]`
    pub credentials: Credentials,
    /// `[session]`
    pub session: Session,
    /// `[kms]`
    pub kms: Kms,
    /// `[receipts]`
    pub receipts: Receipts,
    /// `[conversations]`
    pub conversations: Conversations,
    /// `[registry]`
    pub registry: RegistryPlace,
    /// `[state]`
    pub state: State,
    /// `[audit]`
    pub audit: AuditConfig,
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

/// `[requests]`: which signed requests are ours.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// Region of the credential scope.
    pub region: String,
    /// Values of `host` that a request may be signed for.
    pub authorities: Vec<String>,
    /// Nonces remembered at once.
    pub nonces_max: NonZeroUsize,
}

/// `[aws]`: callers with credentials of AWS.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aws {
    /// Endpoint of STS; empty is off.
    pub sts_endpoint: String,
    /// Region of the credential scope.
    pub region: String,
    /// What a caller signs as `x-splitplane-audience`.
    pub audience: String,
}

/// `[credentials]`: temporary credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// File of the master key.
    #[serde(with = "splitplane_service::config::path")]
    pub master_key: PathBuf,
    /// File of a master key that still verifies; the same file when there is none.
    #[serde(with = "splitplane_service::config::path")]
    pub previous_master_key: PathBuf,
}

/// `[session]`: session keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// File of the signing key.
    #[serde(with = "splitplane_service::config::path")]
    pub signing_key: PathBuf,
    /// Age at which the signing key is replaced by one made in memory; never at 0.
    #[serde(with = "humantime_serde")]
    pub rotate_every: Duration,
    /// Life of a session key.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
}

/// `[kms]`: the root that vouches for session-signing keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kms {
    /// The key in AWS KMS; empty is off.
    pub key_id: String,
}

/// `[receipts]`: who may sign receipts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// File of reasoning's public key.
    #[serde(with = "splitplane_service::config::path")]
    pub public_key: PathBuf,
}

/// `[conversations]`: who may sign conversations.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversations {
    /// File of the gateway's public key.
    #[serde(with = "splitplane_service::config::path")]
    pub public_key: PathBuf,
}

/// `[registry]`: where the registry is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryPlace {
    /// The registry's file.
    #[serde(with = "splitplane_service::config::path")]
    pub file: PathBuf,
    /// URL of its database; empty is the file.
    pub database: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default_and_a_comment() {
        splitplane_service::config::load::<Config>("auth", DEFAULTS, None, []).unwrap();
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") {
                assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
            }
        }
    }
}

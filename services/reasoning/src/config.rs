//! Configuration of reasoning. Defaults live in `config.default.toml`, which is also the reference;
//! this file only gives them types.

use serde::{Deserialize, Serialize};
use splitplane_llm::{LanguageConfig, TaskConfig, TaskSet};
use splitplane_service::AuditConfig;
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
    /// `[auth]`
    pub auth: Upstream,
    /// `[semantics]`
    pub semantics: Semantics,
    /// `[language]`
    pub language: LanguageConfig<Tasks>,
    /// `[receipts]`
    pub receipts: Receipts,
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

/// `[semantics]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Semantics {
    /// The semantic model.
    #[serde(with = "splitplane_service::config::path")]
    pub model: PathBuf,
    /// The policy.
    #[serde(with = "splitplane_service::config::path")]
    pub policy: PathBuf,
}

/// `[receipts]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// File of the signing key.
    #[serde(with = "splitplane_service::config::path")]
    pub signing_key: PathBuf,
    /// Life of a receipt.
    #[serde(with = "humantime_serde")]
    pub lifetime: Duration,
}

/// `[language.tasks]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// What a question means.
    pub validate: TaskConfig,
    /// Analyses of results.
    pub explain: TaskConfig,
}

impl From<Tasks> for TaskSet {
    fn from(Tasks { validate, explain }: Tasks) -> Self {
        Self { validate: Some(validate), explain: Some(explain), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default_and_a_comment() {
        splitplane_service::config::load::<Config>("reasoning", DEFAULTS, None, []).unwrap();
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") {
                assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
            }
        }
    }
}

//! Configuration of schema-router. Defaults live in `config.default.toml`, which is also the reference;
//! this file only gives them types.

use serde::{Deserialize, Serialize};
use splitplane_llm::{LanguageConfig, TaskConfig, TaskSet};
use splitplane_service::config::{
    LimitsConfig, Listen, Mesh, ServiceConfig, Shared, TelemetryConfig, Tls, Upstream,
};
use std::path::PathBuf;

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

/// `[language.tasks]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// Relations of a question.
    pub route: TaskConfig,
    /// SQL.
    pub write_sql: TaskConfig,
}

impl From<Tasks> for TaskSet {
    fn from(Tasks { route, write_sql }: Tasks) -> Self {
        Self { route: Some(route), write_sql: Some(write_sql), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_default_and_a_comment() {
        splitplane_service::config::load::<Config>("schema-router", DEFAULTS, None, []).unwrap();
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") {
                assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
            }
        }
    }

    #[test]
    fn the_model_is_chosen_by_keys_like_any_other_and_an_unknown_one_is_fatal() {
        let loaded = |key: &str, value: &str| {
            let env = [(format!("SPLITPLANE_SCHEMA_ROUTER__LANGUAGE__{key}"), value.to_owned())];
            splitplane_service::config::load::<Config>("schema-router", DEFAULTS, None, env)
        };
        let config = loaded("MODEL", "bedrock").unwrap();
        assert_eq!(config.language.model, splitplane_llm::ModelChoice::Bedrock);
        let config = loaded("TASKS__WRITE_SQL__FORM", "tool").unwrap();
        assert_eq!(config.language.tasks.write_sql.form, splitplane_llm::Form::Tool);
        for (key, value) in [
            ("MODEL", "other"),
            ("TASKS__WRITE_SQL__OUTPUT_TOKENS_MAX", "0"),
            ("TASKS__OTHER__MODEL_ID", "x"),
            ("BEDROCK__API_KEY", "x"),
        ] {
            assert!(loaded(key, value).is_err(), "{key}");
        }
    }

    #[tokio::test]
    async fn the_defaults_open_the_model_that_needs_nothing_and_bedrock_can_be_opened() {
        let mut config =
            splitplane_service::config::load::<Config>("schema-router", DEFAULTS, None, []).unwrap().language;
        assert_eq!(splitplane_llm::open(&config).await.unwrap().name(), "embedded");
        config.model = splitplane_llm::ModelChoice::Bedrock;
        assert_eq!(splitplane_llm::open(&config).await.unwrap().name(), "bedrock");
        config.bedrock.region.clear();
        assert!(splitplane_llm::open(&config).await.is_err());
    }
}

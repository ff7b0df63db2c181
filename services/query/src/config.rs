//! Configuration of query. Defaults live in `config.default.toml`, which is also the reference;
//! this file only gives them types.

use serde::{Deserialize, Serialize};
use splitplane_engine_databricks::{CredentialsConfig, WorkspaceConfig};
use splitplane_engine_spark::layout::Sources;
use splitplane_service::AuditConfig;
use splitplane_service::config::{
    LimitsConfig, Listen, Mesh, ServiceConfig, Shared, State, TelemetryConfig, Tls, Upstream,
};
use std::collections::BTreeMap;
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
    /// `[auth]`
    pub auth: Upstream,
    /// `[semantics]`
    pub semantics: Semantics,
    /// `[warehouse]`
    pub warehouse: WarehousePlace,
    /// `[spark]`
    pub spark: SparkServer,
    /// `[databricks]`
    pub databricks: DatabricksWarehouse,
    /// `[sandboxes]`
    pub sandboxes: Sandboxes,
    /// `[masks]`
    pub masks: Masks,
    /// `[engine]`
    pub engine: EngineLimits,
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

/// `[warehouse]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarehousePlace {
    /// What reads it.
    pub engine: EngineKind,
    /// Folder of the data, or `s3://bucket/prefix`.
    #[serde(with = "splitplane_service::config::path")]
    pub data: PathBuf,
    /// `[warehouse.s3]`
    pub s3: ObjectStore,
    /// `[warehouse.sources]`
    #[serde(default)]
    pub sources: Sources,
}

/// What reads the data and runs statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// DataFusion in this process.
    Embedded,
    /// A Spark Connect server.
    Spark,
    /// A Databricks SQL warehouse.
    Databricks,
}

/// Rows that a barrier lets through: at least one, and as many as a LIMIT can say.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct BarrierRows(i32);

impl BarrierRows {
    pub(crate) const fn get(self) -> i32 {
        self.0
    }
}

impl TryFrom<i32> for BarrierRows {
    type Error = &'static str;

    fn try_from(rows: i32) -> Result<Self, Self::Error> {
        if rows > 0 { Ok(Self(rows)) } else { Err("a barrier lets one row through at the least") }
    }
}

impl From<BarrierRows> for i32 {
    fn from(rows: BarrierRows) -> Self {
        rows.0
    }
}

/// `[databricks]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabricksWarehouse {
    /// Requests at the same time.
    pub requests_max: NonZeroUsize,
    /// Rows that a barrier lets through.
    pub barrier_rows: BarrierRows,
    /// `[databricks.workspace]`
    pub workspace: WorkspaceConfig,
    /// `[databricks.credentials]`
    pub credentials: Option<CredentialsConfig>,
    /// What statements are known by in the workspace's history, beside their application and their transaction.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// `[spark]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparkServer {
    /// Where the Spark Connect server listens, `sc://host:port/;key=value`.
    pub address: String,
    /// File of the authorities whose certificates are trusted, PEM; empty are the public ones.
    pub ca: String,
    /// File of the bearer token; empty is none.
    pub token: String,
    /// Sessions at the same time.
    pub sessions_max: NonZeroUsize,
    /// Rows that a barrier lets through.
    pub barrier_rows: BarrierRows,
}

/// `[warehouse.s3]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectStore {
    /// Region of the bucket.
    pub region: String,
    /// URL of an S3-compatible endpoint; empty is AWS's.
    pub endpoint: String,
    /// Whether the bucket is named in the path.
    pub path_style: bool,
}

/// `[sandboxes]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandboxes {
    /// File of the key that seals sandbox ids.
    #[serde(with = "splitplane_service::config::path")]
    pub sealing_key: PathBuf,
    /// Rows kept in memory for all callers together, in bytes.
    pub kept_bytes_max: u64,
    /// Rows kept of one relation, in bytes.
    pub kept_relation_bytes_max: u64,
    /// How long they are kept.
    #[serde(with = "humantime_serde")]
    pub kept_age_max: Duration,
    /// Used receipts and statements remembered at once.
    pub used_max: NonZeroUsize,
}

/// `[masks]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masks {
    /// File of the key from which each tenant's key for hashes is derived.
    #[serde(with = "splitplane_service::config::path")]
    pub key: PathBuf,
}

/// `[engine]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineLimits {
    /// Threads that plan and run statements.
    pub threads: NonZeroUsize,
    /// Memory of all statements together, in bytes.
    pub memory_bytes_max: u64,
    /// Stack of each thread, in bytes.
    pub stack_bytes: usize,
    /// Folder for what does not fit in memory.
    #[serde(with = "splitplane_service::config::path")]
    pub spill: PathBuf,
    /// Bytes on disk of one statement.
    pub spill_statement_bytes_max: u64,
    /// Bytes on disk of all statements together.
    pub spill_bytes_max: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_databricks_warehouse_is_configured_by_its_place_and_who_asks_there() {
        let text = r#"
            [warehouse]
            engine = "databricks"
            [warehouse.sources.orders]
            table = "main.shop.orders"
            partitions = ["tenant_id"]
            [databricks.tags]
            team = "shop"
            [databricks.workspace]
            url = "https://example.cloud.databricks.com"
            warehouse_id = "abc123"
            catalog = "nothing"
            [databricks.credentials]
            from = "service-account-token"
            file = "/var/run/secrets/databricks/token"
            client_id = "11111111-2222-3333-4444-555555555555"
        "#;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("query.toml");
        std::fs::write(&file, text).unwrap();
        let load = || splitplane_service::config::load::<Config>("query", DEFAULTS, Some(&file), []);
        let config = load().unwrap();
        assert_eq!(config.warehouse.engine, EngineKind::Databricks);
        let DatabricksWarehouse { workspace, credentials, tags, .. } = config.databricks;
        assert_eq!((workspace.warehouse_id.as_str(), tags["team"].as_str()), ("abc123", "shop"));
        let Some(CredentialsConfig::ServiceAccountToken { file: token, client_id: Some(_) }) = credentials
        else {
            panic!("{credentials:?}")
        };
        assert_eq!(token, std::path::Path::new("/var/run/secrets/databricks/token"));
        for (key, another) in [("warehouse_id", "warehouse"), ("from = ", "of = "), ("client_id", "client")] {
            std::fs::write(&file, text.replace(key, another)).unwrap();
            assert!(load().is_err(), "{another}");
        }
    }

    #[test]
    fn a_barrier_lets_as_many_rows_through_as_a_limit_can_say() {
        for (rows, is_one) in
            [("1", true), ("2147483647", true), ("0", false), ("-1", false), ("2147483648", false)]
        {
            for engine in ["SPARK", "DATABRICKS"] {
                let set = [(format!("SPLITPLANE_QUERY__{engine}__BARRIER_ROWS"), rows.to_owned())];
                let loaded = splitplane_service::config::load::<Config>("query", DEFAULTS, None, set);
                assert_eq!(loaded.is_ok(), is_one, "{engine} {rows}: {loaded:?}");
            }
        }
    }

    #[test]
    fn every_key_has_a_default_and_a_comment() {
        splitplane_service::config::load::<Config>("query", DEFAULTS, None, []).unwrap();
        let lines: Vec<_> = DEFAULTS.lines().collect();
        for pair in lines.windows(2) {
            if pair[1].contains(" = ") {
                assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
            }
        }
    }
}

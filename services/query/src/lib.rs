//! The query service: layer 3, which rows exist at all. The only service that reads the warehouse.
//!
//! It holds no model client and has no route to a model.

mod budget;
mod builder;
mod config;
mod coverage;
mod data_plane;
mod error;
mod filters;
mod masks;
mod replay;
mod rpc;
mod schema;
mod scope;
mod token;

pub use replay::{Recorded, ReplayError, Replayed, Replayer};

pub use config::{Config, DEFAULTS, EngineLimits, Masks, Sandboxes, Semantics, WarehouseFolder};

use crate::budget::Budgets;
use crate::builder::SandboxBuilder;
use crate::data_plane::DataPlane;
use crate::masks::MaskKeys;
use crate::rpc::Rpc;
use crate::token::Sealer;
use base64::Engine as _;
use splitplane_engine::{DataFusionEngine, EngineConfig, EngineError, KeptConfig, SpillConfig, Warehouse};
use splitplane_proto::query::v1::query_service_server::QueryServiceServer;
use splitplane_semantics::{Policy, SemanticModel, load_model, load_policy};
use splitplane_service::{App, Auditor, SessionFeed, Start, StartError, Workload};
use std::path::Path;
use std::sync::Arc;
use tonic::service::Routes;

/// Builds the service on the embedded engine.
///
/// # Errors
/// A model, policy, key, audit log or warehouse that cannot be used, with what to do.
#[expect(clippy::unused_async, reason = "the service room calls every build alike")]
pub async fn build(config: Config, start: Start) -> Result<App, StartError> {
    let dispatch = start.telemetry().dispatch();
    // Nothing is served yet, so nobody else has made this service's log the one that is written to.
    let builder =
        tracing::dispatcher::with_default(&dispatch, || sandbox_builder(&config, schema::warn_of_cost))?;
    let sealer =
        Sealer::new(&secret(&config.sandboxes.sealing_key, "the sandboxes' sealing key cannot be used")?)
            .ok_or_else(|| {
                StartError::service("sandbox ids cannot be sealed", "the cipher refused the key")
            })?;
    let audit = Auditor::open(&config.audit)?;
    let auth = start.upstream(Workload::Auth, &config.auth)?;
    let feed = SessionFeed::new(&start, auth);
    let concurrent = builder.policy.limits.concurrent_per_tenant_max;
    let concurrent = usize::try_from(concurrent).unwrap_or(usize::MAX);
    let data_plane = DataPlane {
        builder,
        verifier: feed.verifier(),
        sealer,
        budgets: Budgets::new(concurrent),
        audit: audit.clone(),
        clock: start.clock().clone(),
    };
    let server = QueryServiceServer::new(Rpc(Arc::new(data_plane)))
        .max_decoding_message_size(start.limits().message_bytes_max);
    let (identity, readiness) = (feed.require_session(), feed.readiness(|| true));
    let app = start.app(Routes::new(server), identity, readiness);
    Ok(app
        .with_task("session feed", move |stop| feed.follow(stop))
        .with_task("audit checkpoints", move |stop| audit.follow(stop)))
}

type Look = fn(&SemanticModel, &Policy, &Warehouse) -> Result<(), EngineError>;

/// Loads everything that sandboxes are built from. `look` is shown it before anything is served.
fn sandbox_builder(config: &Config, look: Look) -> Result<SandboxBuilder, StartError> {
    let (model, policy) = semantics(config)?;
    let warehouse = Warehouse::open(&config.warehouse.data)
        .map_err(|error| StartError::service("the warehouse cannot be opened", error))?;
    let model = schema::declared(model, &policy, &warehouse)
        .map_err(|error| StartError::service("the data does not fit the semantic model", error))?;
    look(&model, &policy, &warehouse)
        .map_err(|error| StartError::service("the data cannot be read", error))?;
    let masks = MaskKeys::new(&secret(&config.masks.key, "the key of masks cannot be used")?);
    let engine = engine(warehouse, config)
        .map_err(|error| StartError::service("the engine cannot be started", error))?;
    Ok(SandboxBuilder { model, policy, engine: Arc::new(engine), masks })
}

fn engine(warehouse: Warehouse, config: &Config) -> Result<DataFusionEngine, EngineError> {
    let threads = EngineConfig {
        threads: config.engine.threads.get(),
        memory_bytes_max: config.engine.memory_bytes_max,
        stack_bytes: config.engine.stack_bytes,
    };
    let kept = KeptConfig {
        bytes_max: config.sandboxes.kept_bytes_max,
        relation_bytes_max: config.sandboxes.kept_relation_bytes_max,
        age_max: config.sandboxes.kept_age_max,
    };
    let spill = SpillConfig {
        folder: config.engine.spill.clone(),
        statement_bytes_max: config.engine.spill_statement_bytes_max,
        bytes_max: config.engine.spill_bytes_max,
    };
    DataFusionEngine::open(warehouse, &threads, kept, Some(&spill))
}

fn semantics(config: &Config) -> Result<(SemanticModel, Policy), StartError> {
    let model = load_model(&config.semantics.model)
        .map_err(|error| StartError::service("the semantic model cannot be loaded", error))?;
    let policy = load_policy(&config.semantics.policy, &model)
        .map_err(|error| StartError::service("the policy cannot be loaded", error))?;
    Ok((model, policy))
}

/// Reads a key of 32 bytes, base64.
fn secret(path: &Path, what: &'static str) -> Result<[u8; 32], StartError> {
    let text = std::fs::read_to_string(path).map_err(|error| StartError::service(what, error))?;
    let key = base64::engine::general_purpose::STANDARD
        .decode(text.trim())
        .map_err(|error| StartError::service(what, error))?;
    key.try_into().map_err(|_key: Vec<u8>| StartError::service(what, "it must be 32 bytes, in base64"))
}

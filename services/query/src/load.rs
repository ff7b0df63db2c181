//! Loads what the configuration names: model, policy, warehouse, keys. Decides nothing of what is in them.

use crate::builder::SandboxBuilder;
use crate::config::Config;
use crate::masks::MaskKeys;
use crate::schema;
use base64::Engine as _;
use splitplane_engine::{
    Catalog, DataFusionEngine, Engine, EngineConfig, EngineError, KeptConfig, SpillConfig, Warehouse,
};
use splitplane_semantics::{Policy, SemanticModel, load_model, load_policy};
use splitplane_service::StartError;
use std::path::Path;
use std::sync::Arc;

pub(crate) type Look = fn(&SemanticModel, &Policy, &dyn Catalog) -> Result<(), EngineError>;

/// What runs statements, and what is known of its data.
type Ready = (Arc<dyn Engine>, Arc<dyn Catalog>);

/// Loads everything that sandboxes are built from. `look` is shown it before anything is served.
pub(crate) fn sandbox_builder(
    config: &Config,
    look: Look,
) -> Result<(SandboxBuilder, Arc<dyn Catalog>), StartError> {
    let (model, policy) = semantics(config)?;
    let (engine, catalog) = embedded(config)?;
    let model = schema::declared(model, &policy, catalog.as_ref())
        .map_err(|error| StartError::service("the data does not fit the semantic model", error))?;
    look(&model, &policy, catalog.as_ref())
        .map_err(|error| StartError::service("the data cannot be read", error))?;
    let masks = MaskKeys::new(&secret(&config.masks.key, "the key of masks cannot be used")?);
    Ok((SandboxBuilder { model, policy, engine, masks }, catalog))
}

fn embedded(config: &Config) -> Result<Ready, StartError> {
    let warehouse = Warehouse::open(&config.warehouse.data)
        .map_err(|error| StartError::service("the warehouse cannot be opened", error))?;
    let engine = datafusion(warehouse.clone(), config)
        .map_err(|error| StartError::service("the engine cannot be started", error))?;
    Ok((Arc::new(engine), Arc::new(warehouse)))
}

fn datafusion(warehouse: Warehouse, config: &Config) -> Result<DataFusionEngine, EngineError> {
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
pub(crate) fn secret(path: &Path, what: &'static str) -> Result<[u8; 32], StartError> {
    let text = std::fs::read_to_string(path).map_err(|error| StartError::service(what, error))?;
    let key = base64::engine::general_purpose::STANDARD
        .decode(text.trim())
        .map_err(|error| StartError::service(what, error))?;
    key.try_into().map_err(|_key: Vec<u8>| StartError::service(what, "it must be 32 bytes, in base64"))
}

//! Loads what the configuration names: model, policy, warehouse, engine, keys. Decides nothing of what is in them.

mod remote;

use crate::builder::SandboxBuilder;
use crate::config::{Config, EngineKind, WarehousePlace};
use crate::declared::declared_columns;
use crate::masks::MaskKeys;
use crate::schema;
use base64::Engine as _;
use splitplane_engine::{
    Catalog, DataFusionEngine, Engine, EngineConfig, EngineError, KeptConfig, S3Config, SpillConfig,
    Warehouse,
};
use splitplane_semantics::{Policy, SemanticModel, load_model, load_policy};
use splitplane_service::StartError;
use std::path::Path;
use std::sync::Arc;

pub(crate) type Look = fn(&SemanticModel, &Policy, &dyn Catalog) -> Result<(), EngineError>;

/// What runs statements, and what is known of its data.
type Ready = (Arc<dyn Engine>, Arc<dyn Catalog>);

/// Loads everything that sandboxes are built from. `look` is shown it before anything is served.
pub(crate) async fn sandbox_builder(
    config: &Config,
    look: Look,
) -> Result<(SandboxBuilder, Arc<dyn Catalog>), StartError> {
    let (model, policy) = semantics(config)?;
    let masks = MaskKeys::new(&secret(&config.masks.key, "the key of masks cannot be used")?);
    let (engine, catalog) = match config.warehouse.engine {
        EngineKind::Embedded => embedded(config, &model, &policy)?,
        EngineKind::Spark => Box::pin(remote::spark(config, &model, &policy)).await?,
        EngineKind::Databricks => Box::pin(remote::databricks(config)).await?,
    };
    let known = Arc::clone(&catalog);
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    // An engine elsewhere is waited for, and no worker of the runtime may do that.
    let looked = tokio::task::spawn_blocking(move || {
        tracing::dispatcher::with_default(&dispatch, || {
            let model = schema::declared(model, &policy, known.as_ref())
                .map_err(|error| StartError::service("the data does not fit the semantic model", error))?;
            look(&model, &policy, known.as_ref())
                .map_err(|error| StartError::service("the data cannot be read", error))?;
            Ok::<_, StartError>((model, policy))
        })
    });
    let (model, policy) =
        looked.await.map_err(|error| StartError::service("the data was not looked at", error))??;
    Ok((SandboxBuilder { model, policy, engine, masks }, catalog))
}

fn embedded(config: &Config, model: &SemanticModel, policy: &Policy) -> Result<Ready, StartError> {
    let WarehousePlace { data, s3, .. } = &config.warehouse;
    let s3 = S3Config { region: s3.region.clone(), endpoint: s3.endpoint.clone(), path_style: s3.path_style };
    let warehouse = Warehouse::connect(data, &s3)
        .map_err(|error| StartError::service("the warehouse cannot be opened", error))?
        .declaring(declared_columns(model, Some(policy)));
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

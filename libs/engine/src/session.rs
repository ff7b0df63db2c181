//! The one place that makes a DataFusion session, from nothing.
//!
//! Invariant 3: one catalogue with one schema that holds the sandbox's relations; no table functions, no
//! file formats, no object stores, no information schema, no variables; functions of the allow-list.

use crate::EngineError;
use crate::arithmetic::Arithmetic;
use crate::planning;
use crate::recut::BATCH_ROWS;
use crate::registry::Registry;
use datafusion::catalog::CatalogProviderList;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
    TableProvider,
};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryLimit, MemoryPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{
    SessionState, SessionStateBuilder, SessionStateDefaults, TaskContext, TempFileFactory,
};
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::prelude::SessionConfig;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

const CATALOG: &str = "sandbox";
const SCHEMA: &str = "sandbox";
/// Every sort that may spill sets aside one part in so many of the statement's memory, to merge what it spilled.
const MERGE_PARTS: usize = 4;

/// A session that knows these relations and no other. Plans are made in it; they run with a [`task`].
pub(crate) fn sandbox(relations: Vec<(String, Arc<dyn TableProvider>)>) -> Result<SessionState, EngineError> {
    let schema = MemorySchemaProvider::new();
    for (name, table) in relations {
        schema.register_table(name, table)?;
    }
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(schema))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    let mut state = expressions()?;
    state.register_catalog_list(Arc::new(catalogs));
    Ok(state)
}

/// A session without relations, for expressions of the model's owner.
pub(crate) fn expressions() -> Result<SessionState, EngineError> {
    let mut state = base()?.clone();
    // The counters of names that planning makes up begin anew: no statement sees that there was another.
    *state.execution_props_mut() = ExecutionProps::new();
    Ok(state)
}

/// Makes the optimizer go over a plan once. Otherwise it does so until nothing changes any more.
pub(crate) fn optimize_once(session: &mut SessionState) {
    session.config_mut().options_mut().optimizer.max_passes = 1;
}

/// What a plan of the session runs with: memory from this pool, and these files to spill to, if any.
pub(crate) fn task(
    session: &SessionState,
    pool: Arc<dyn MemoryPool>,
    files: Option<Arc<dyn TempFileFactory>>,
) -> Result<Arc<TaskContext>, EngineError> {
    // Where nothing spills, nothing is set aside for merging spilled runs.
    let for_merges = match (&files, pool.memory_limit()) {
        (Some(_), MemoryLimit::Finite(bytes)) => bytes / MERGE_PARTS,
        (None, _) | (Some(_), MemoryLimit::Infinite | MemoryLimit::Unknown) => 0,
    };
    let runtime = RuntimeEnv {
        memory_pool: pool,
        disk_manager: Arc::new(disk(files).build()?),
        ..RuntimeEnv::clone(session.runtime_env())
    };
    // A plan holds its functions; none is looked up by name any more.
    Ok(Arc::new(TaskContext::new(
        None,
        String::new(),
        session.config().clone().with_sort_spill_reservation_bytes(for_merges),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        HashMap::new(),
        Arc::new(runtime),
    )))
}

/// What all sessions have in common: nothing of any request. Made once.
fn base() -> Result<&'static SessionState, EngineError> {
    static BASE: OnceLock<SessionState> = OnceLock::new();
    if let Some(base) = BASE.get() {
        return Ok(base);
    }
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(0)))
        .with_disk_manager_builder(disk(None))
        .build()?;
    // A new runtime can read every local file. This one cannot read any.
    runtime.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
    let registry = Registry::get();
    let base = SessionStateBuilder::new()
        .with_config(config())
        .with_runtime_env(Arc::new(runtime))
        .with_expr_planners(planners())
        .with_scalar_functions(registry.scalar.clone())
        .with_aggregate_functions(registry.aggregate.clone())
        .with_window_functions(registry.window.clone())
        .with_optimizer_rules(planning::logical_rules())
        .with_physical_optimizer_rules(planning::physical_rules())
        .build();
    Ok(BASE.get_or_init(|| base))
}

fn disk(files: Option<Arc<dyn TempFileFactory>>) -> DiskManagerBuilder {
    // The engine's own disk manager would write what it spills as it is.
    let mode = files.map_or(DiskManagerMode::Disabled, DiskManagerMode::Custom);
    DiskManagerBuilder::default().with_mode(mode)
}

fn config() -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false)
        .with_batch_size(BATCH_ROWS)
        // One partition: the order of rows, of float sums and of batches is then that of the leaf.
        .with_target_partitions(1)
        .with_round_robin_repartition(false)
        .with_collect_statistics(false)
        .with_enable_sort_pushdown(false);
    let options = config.options_mut();
    options.execution.enable_recursive_ctes = false;
    options.execution.planning_concurrency = 1;
    // `0.1` is a decimal on Databricks.
    options.sql_parser.parse_float_as_decimal = true;
    // NULL is the smallest value on Databricks. The guard writes it out; this is what holds where it does not.
    options.sql_parser.default_null_ordering = "nulls_min".to_owned();
    options.sql_parser.map_string_types_to_utf8view = false;
    // The leaf takes no filter of any kind; not offering one keeps that from resting on the leaf alone.
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    config
}

/// Ours first: it decides what `/` means before the others are asked.
fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    let mut planners: Vec<Arc<dyn ExprPlanner>> = vec![Arc::new(Arithmetic)];
    planners.extend(SessionStateDefaults::default_expr_planners());
    planners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_holds_nothing_that_was_not_put_in() {
        let state = sandbox(Vec::new()).unwrap();
        assert_eq!(state.catalog_list().catalog_names(), [CATALOG]);
        let catalog = state.catalog_list().catalog(CATALOG).unwrap();
        assert_eq!(catalog.schema_names(), [SCHEMA]);
        assert!(catalog.schema(SCHEMA).unwrap().table_names().is_empty());
        assert!(state.table_functions().is_empty());
        assert!(state.table_factories().is_empty());
        assert!(!state.config().information_schema());
        assert!(state.get_file_format_factory("csv").is_none());
        assert!(state.runtime_env().object_store(ObjectStoreUrl::local_filesystem()).is_err());
        assert!(!state.runtime_env().disk_manager.tmp_files_enabled());
        let names: usize = state.scalar_functions().values().map(|f| 1 + f.aliases().len()).sum();
        assert!(names < SessionStateDefaults::default_scalar_functions().len());
    }
}

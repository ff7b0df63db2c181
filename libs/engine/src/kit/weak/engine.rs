//! One statement on an engine with a hole: the real guard, the real session, tables that leak.

use super::Weakness;
use super::scope::Scoping;
use super::source::{self, Reading, Source};
use super::table::LeakyTable;
use super::text;
use crate::convert;
use crate::error::AnyError;
use crate::kit::interference::limits;
use crate::kit::world::{World, relations};
use crate::session;
use crate::threads::Threads;
use crate::{
    DataFusionEngine, Engine, EngineConfig, EngineError, GrantsRequest, Lookup, QueryResult, Statement,
};
use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, MemorySchemaProvider, SchemaProvider, TableProvider};
use datafusion::datasource::ViewTable;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{self, Query};
use datafusion::sql::sqlparser::{dialect::DatabricksDialect, parser::Parser};
use splitplane_split_plane::{ScopeValue, ScopedRelation, SecurityPlane};
use splitplane_types::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Rows of a batch that the engine is handed.
pub(super) const BATCH_ROWS: usize = 8_192;

/// The name of a source's base table.
pub(super) fn base(source: &str) -> String {
    format!("base_{source}")
}

/// An engine with a hole. Lookups and grants are the real engine's.
#[derive(Debug)]
pub(super) struct WeakEngine {
    inside: Arc<Inside>,
    real: DataFusionEngine,
    threads: Threads,
}

type Flags = Arc<HashMap<String, Vec<BooleanArray>>>;

#[derive(Debug)]
struct Inside {
    weakness: Weakness,
    sources: HashMap<String, Source>,
    /// Whose rows, by the plane that says so.
    flags: Mutex<HashMap<String, Flags>>,
}

impl WeakEngine {
    pub(super) fn open(
        weakness: Weakness,
        real: DataFusionEngine,
        world: &World,
        folder: &Path,
    ) -> Result<Self, AnyError> {
        let reading = Reading {
            inferred: weakness == Weakness::TypesInferred,
            by_size: weakness == Weakness::OrderOfSizes,
        };
        let mut sources = HashMap::new();
        for relation in relations() {
            sources.insert(relation.name.to_owned(), source::read(world, relation, folder, reading)?);
        }
        let inside = Arc::new(Inside { weakness, sources, flags: Mutex::default() });
        Ok(Self { inside, real, threads: Threads::new(1, EngineConfig::STACK_BYTES)? })
    }

    /// Runs a query that no guard has seen, over a catalogue with the base tables in a schema of their own.
    pub(super) async fn run_unguarded(
        &self,
        plane: Arc<SecurityPlane>,
        query: Query,
    ) -> Result<QueryResult, EngineError> {
        let inside = Arc::clone(&self.inside);
        self.threads
            .run("", limits().time_max, move |_interrupt| async move {
                let state = inside.state(&plane).await?;
                let catalogs = state.catalog_list();
                for catalog in catalogs.catalog_names().iter().filter_map(|name| catalogs.catalog(name)) {
                    let public = MemorySchemaProvider::new();
                    for (name, source) in &inside.sources {
                        public.register_table(name.clone(), everything(source)?)?;
                    }
                    catalog.register_schema("public", Arc::new(public))?;
                }
                run(&state, query).await
            })
            .await
    }
}

impl Inside {
    async fn run(&self, plane: &SecurityPlane, query: Query) -> Result<QueryResult, EngineError> {
        let state = self.state(plane).await?;
        if self.weakness != Weakness::SplicedCtes {
            return run(&state, query).await;
        }
        let mut query = query;
        let mut ctes = Vec::new();
        for relation in plane.relations() {
            let text = format!("WITH `{}` AS ({}) SELECT 1", relation.name, text::select(relation));
            ctes.extend(parsed(&text)?.with.map(|with| with.cte_tables).unwrap_or_default());
        }
        match &mut query.with {
            Some(with) => drop(with.cte_tables.splice(0..0, ctes)),
            None => {
                query.with = parsed("WITH a AS (SELECT 1) SELECT 1")?
                    .with
                    .map(|with| ast::With { cte_tables: ctes, ..with })
            }
        }
        run(&state, query).await
    }

    async fn state(&self, plane: &SecurityPlane) -> Result<SessionState, EngineError> {
        let mut tables: Vec<(String, Arc<dyn TableProvider>)> = Vec::new();
        if matches!(self.weakness, Weakness::SplicedCtes | Weakness::PlainViews) {
            for (name, source) in &self.sources {
                tables.push((base(name), everything(source)?));
            }
        } else {
            let flags = self.flags(plane)?;
            for relation in plane.relations() {
                tables.push((relation.name.clone(), self.table(relation, &flags)?));
            }
        }
        let state = session::sandbox(tables)?;
        if self.weakness == Weakness::PlainViews {
            add_views(&state, plane).await?;
        }
        if self.weakness != Weakness::PhysicalPushdown {
            return Ok(state);
        }
        let mut config = state.config().clone();
        config.options_mut().optimizer.enable_dynamic_filter_pushdown = true;
        config.options_mut().optimizer.enable_topk_dynamic_filter_pushdown = true;
        config.options_mut().optimizer.enable_join_dynamic_filter_pushdown = true;
        config.options_mut().optimizer.enable_aggregate_dynamic_filter_pushdown = true;
        Ok(SessionStateBuilder::new_from_existing(state).with_config(config).build())
    }

    /// Which rows are whose, evaluated once for a plane.
    fn flags(&self, plane: &SecurityPlane) -> Result<Flags, EngineError> {
        let key =
            format!("{:?}", plane.relations().iter().map(|relation| &relation.rows).collect::<Vec<_>>());
        let mut known = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flags) = known.get(&key) {
            return Ok(Arc::clone(flags));
        }
        let scoping = Scoping { sources: &self.sources, folded: self.weakness == Weakness::FoldedKeys };
        let mut flags = HashMap::new();
        for relation in plane.relations() {
            let mine = scoping.mine(&relation.source, &relation.rows).map_err(EngineError::internal)?;
            flags.insert(relation.name.clone(), mine);
        }
        let flags = Arc::new(flags);
        known.insert(key, Arc::clone(&flags));
        Ok(flags)
    }

    fn table(&self, relation: &ScopedRelation, flags: &Flags) -> Result<Arc<dyn TableProvider>, EngineError> {
        let missing = || EngineError::plan("no such relation");
        let source = self.sources.get(&relation.source).ok_or_else(missing)?;
        let mine = flags.get(&relation.name).ok_or_else(missing)?;
        if matches!(
            self.weakness,
            Weakness::FilterExec
                | Weakness::StatisticsShown
                | Weakness::LogicalPushdown
                | Weakness::PhysicalPushdown
        ) {
            return Ok(Arc::new(LeakyTable::new(self.weakness, source, mine.clone())?));
        }
        let columns: Vec<usize> = (0..source.shown).collect();
        let schema = Arc::new(source.schema.project(&columns).map_err(EngineError::internal)?);
        let mut kept = Vec::new();
        for (batch, mine) in source.batches.iter().zip(mine) {
            let shown = batch.project(&columns).map_err(EngineError::internal)?;
            kept.push(filter_record_batch(&shown, mine).map_err(EngineError::internal)?);
        }
        let batches = if self.weakness == Weakness::BatchesAsScanned {
            kept.into_iter().filter(|batch| batch.num_rows() > 0).collect()
        } else {
            recut(&schema, &kept)?
        };
        Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
    }
}

/// Batches of one size, however the rows came.
fn recut(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, EngineError> {
    let whole = concat_batches(schema, batches).map_err(EngineError::internal)?;
    let starts = (0..whole.num_rows()).step_by(BATCH_ROWS);
    Ok(starts.map(|start| whole.slice(start, BATCH_ROWS.min(whole.num_rows() - start))).collect())
}

fn everything(source: &Source) -> Result<Arc<dyn TableProvider>, EngineError> {
    Ok(Arc::new(MemTable::try_new(Arc::clone(&source.schema), vec![source.batches.clone()])?))
}

async fn add_views(state: &SessionState, plane: &SecurityPlane) -> Result<(), EngineError> {
    let catalogs = state.catalog_list();
    for relation in plane.relations() {
        let view = parsed(&text::select(relation))?;
        let tree = ast::Statement::Query(Box::new(view));
        let plan = state.statement_to_plan(Parsed::Statement(Box::new(tree))).await?;
        for catalog in catalogs.catalog_names().iter().filter_map(|name| catalogs.catalog(name)) {
            for schema in catalog.schema_names().iter().filter_map(|name| catalog.schema(name)) {
                schema.register_table(relation.name.clone(), Arc::new(ViewTable::new(plan.clone(), None)))?;
            }
        }
    }
    Ok(())
}

fn parsed(text: &str) -> Result<Query, EngineError> {
    Ok(*Parser::new(&DatabricksDialect {})
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_query())
        .map_err(EngineError::internal)?)
}

async fn run(state: &SessionState, query: Query) -> Result<QueryResult, EngineError> {
    let tree = ast::Statement::Query(Box::new(query));
    let plan = state.statement_to_plan(Parsed::Statement(Box::new(tree))).await?;
    let physical = state.create_physical_plan(&plan).await?;
    let schema = physical.schema();
    let pool = Arc::new(GreedyMemoryPool::new(usize::MAX));
    let batches = collect(physical, session::task(state, pool, None)?).await?;
    let masked = vec![false; schema.fields().len()];
    Ok(QueryResult { table: convert::table(&schema, &batches, &masked)?, bytes: 0, bytes_read: 0 })
}

#[async_trait]
impl Engine for WeakEngine {
    fn system(&self) -> &'static str {
        self.real.system()
    }

    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        let inside = Arc::clone(&self.inside);
        self.threads
            .run("", statement.limits.time_max, move |_interrupt| async move {
                inside.run(&statement.plane, statement.query.query().clone()).await
            })
            .await
    }

    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        self.real.lookup(lookup).await
    }

    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        self.real.read_grants(request).await
    }
}

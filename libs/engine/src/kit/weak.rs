//! Engines with one hole each, so that the check can be seen to find it. For tests alone.

use crate::convert;
use crate::files::OpenFile;
use crate::interrupt::Interrupt;
use crate::scope::{KeySet, Keys};
use crate::session;
use crate::typing;
use crate::{Engine, EngineError, GrantsRequest, Lookup, QueryResult, Statement, Warehouse};
use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType as Arrow, Field, Schema};
use async_trait::async_trait;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::physical_plan::collect;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast;
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, ScopeValue, ScopedColumn, ScopedRelation,
};
use splitplane_types::Cell;
use std::sync::Arc;

/// What is wrong with an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// The scope is a filter of a view, as everybody writes it: the optimizer merges a statement's own
    /// predicates into it.
    PlainView,
    /// The scope is evaluated first, but its batches are passed on as they were scanned.
    AsScanned,
}

/// An engine with a hole. It answers statements over physical columns, and nothing else.
#[derive(Debug)]
pub struct WeakEngine {
    warehouse: Warehouse,
    weakness: Weakness,
}

impl WeakEngine {
    /// Makes one.
    #[must_use]
    pub const fn new(warehouse: Warehouse, weakness: Weakness) -> Self {
        Self { warehouse, weakness }
    }

    async fn run(&self, statement: &Statement) -> Result<QueryResult, EngineError> {
        let mut relations: Vec<(String, Arc<dyn TableProvider>)> = Vec::new();
        for relation in statement.plane.relations() {
            let rows = self.scoped(&relation.source, &relation.rows)?;
            let plan = shown(rows, relation)?;
            relations.push((relation.name.clone(), Arc::new(ViewTable::new(plan, None))));
        }
        let pool = Arc::new(GreedyMemoryPool::new(usize::MAX));
        let state = session::sandbox(pool, relations, &Interrupt::default())?;
        let tree = ast::Statement::Query(Box::new(statement.query.query().clone()));
        let plan = state.statement_to_plan(Parsed::Statement(Box::new(tree))).await?;
        let physical = state.create_physical_plan(&plan).await?;
        let schema = physical.schema();
        let batches = collect(physical, state.task_ctx()).await?;
        let masked = vec![false; schema.fields().len()];
        Ok(QueryResult { table: convert::table(&schema, &batches, &masked)?, bytes: 0 })
    }

    fn scoped(&self, source: &str, rows: &RowScope) -> Result<LogicalPlanBuilder, EngineError> {
        let conditions = match rows {
            RowScope::Public { .. } => &[],
            RowScope::All(conditions) => conditions.as_slice(),
        };
        let mut builder = self.raw(source, conditions)?;
        for condition in conditions {
            builder = match condition {
                Condition::Keys { columns, tuples } => match self.weakness {
                    Weakness::PlainView => builder.filter(any_tuple(columns, tuples))?,
                    Weakness::AsScanned => builder,
                },
                Condition::Exists { source, rows, by } => {
                    let (mine, theirs): (Vec<_>, Vec<_>) = by.iter().cloned().unzip();
                    let other = self.scoped(source, rows)?.build()?;
                    let names =
                        |names: Vec<String>| names.into_iter().map(Column::from_name).collect::<Vec<_>>();
                    builder.join(other, JoinType::LeftSemi, (names(mine), names(theirs)), None)?
                }
            };
        }
        Ok(builder)
    }

    /// A source's batches as its files give them.
    fn raw(&self, source: &str, conditions: &[Condition]) -> Result<LogicalPlanBuilder, EngineError> {
        let fail = |cause| EngineError::warehouse(source, cause);
        let direct = conditions.iter().filter_map(|condition| match condition {
            Condition::Keys { columns, tuples } => Some(KeySet::of_tuples(columns, tuples)),
            Condition::Exists { .. } => None,
        });
        let mut keys = Keys::new(direct.collect());
        let (mut schema, mut batches) = (Schema::empty(), Vec::new());
        for file in self.warehouse.files(source)? {
            let open = OpenFile::open(&file).map_err(fail)?;
            let names: Vec<String> = open.columns().map(|(name, _)| name.to_owned()).collect();
            schema = Schema::new(
                open.columns().map(|(name, t)| Field::new(name, t.clone(), true)).collect::<Vec<_>>(),
            );
            let bound = keys.bind(|name| open.data_type(name).cloned()).map_err(fail)?;
            for batch in open.read(&names, |_group| true).map_err(fail)? {
                let mut batch = batch.map_err(fail)?;
                if self.weakness == Weakness::AsScanned {
                    for keys in &bound {
                        let kept = keys.matches(&batch).map_err(fail)?;
                        batch = filter_record_batch(&batch, &kept).map_err(EngineError::internal)?;
                    }
                }
                batches.push(batch);
            }
        }
        let batches: Vec<RecordBatch> = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        let table = MemTable::try_new(Arc::new(schema), vec![batches])?;
        Ok(LogicalPlanBuilder::scan(source, provider_as_source(Arc::new(table)), None)?)
    }
}

/// Column by column, tuple by tuple, as a view would be written.
fn any_tuple(columns: &[String], tuples: &[Vec<ScopeValue>]) -> Expr {
    let equals = |(column, value): (&String, &ScopeValue)| {
        let value = match value {
            ScopeValue::Integer(number) => lit(*number),
            ScopeValue::Text(text) | ScopeValue::Date(text) => lit(text.clone()),
        };
        Expr::Column(Column::from_name(column)).eq(value)
    };
    let tuple = |tuple: &Vec<ScopeValue>| {
        columns.iter().zip(tuple).map(equals).reduce(Expr::and).unwrap_or_else(|| lit(false))
    };
    tuples.iter().map(tuple).reduce(Expr::or).unwrap_or_else(|| lit(false))
}

fn shown(rows: LogicalPlanBuilder, relation: &ScopedRelation) -> Result<LogicalPlan, EngineError> {
    let schema = Arc::clone(rows.schema());
    let column = |column: &ScopedColumn| -> Result<Expr, EngineError> {
        let ColumnExpression::Physical(name) = &column.expression else {
            return Err(EngineError::plan("the kit's engines compute no columns"));
        };
        // An empty file gives no schema; its columns are what the plane says.
        let natural =
            schema.field_with_unqualified_name(name).map_or(Arrow::Utf8, |field| field.data_type().clone());
        let target = typing::target(column.data_type, &natural).unwrap_or(natural);
        let value = if column.mask.is_some() {
            Expr::Literal(ScalarValue::Null, None)
        } else {
            Expr::Column(Column::from_name(name))
        };
        Ok(cast(value, target).alias(&column.name))
    };
    let columns = relation.columns.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.project(columns)?.build()?)
}

#[async_trait]
impl Engine for WeakEngine {
    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        self.run(&statement).await
    }

    async fn lookup(&self, _lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        Err(EngineError::plan("the kit's engines run statements alone"))
    }

    async fn read_grants(&self, _request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        Err(EngineError::plan("the kit's engines run statements alone"))
    }
}

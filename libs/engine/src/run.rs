//! One statement, from guarded tree to complete result.
//!
//! Reads in the order of the argument: only the sandbox exists, the tree is planned, the second wall
//! looks at the plan, rows are collected inside their limits. Any failure leaves no row (invariant 8).

use crate::convert;
use crate::datafusion_engine::Shared;
use crate::interrupt::Interrupt;
use crate::leaf::ScopedTable;
use crate::lineage;
use crate::memory::StatementPool;
use crate::planning;
use crate::reading::Meter;
use crate::scan::ScopedScan;
use crate::session;
use crate::spill::Spill;
use crate::wall;
use crate::{EngineError, QueryResult, Statement};
use arrow::array::{Array, RecordBatch};
use datafusion::catalog::TableProvider;
use datafusion::execution::memory_pool::MemoryPool;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast;
use futures::StreamExt;
use splitplane_types::Limits;
use std::sync::Arc;

pub(crate) async fn run(
    shared: Arc<Shared>,
    statement: Statement,
    interrupt: Interrupt,
) -> Result<QueryResult, EngineError> {
    let pool = StatementPool::new(statement.limits.memory_bytes_max, &shared.memory).beside(&shared.kept);
    let (pool, files) = (Arc::new(pool), shared.spill.as_ref().map(Spill::statement));
    let (relations, meters) = relations(&shared, &statement, &interrupt)?;
    let memory: Arc<dyn MemoryPool> = Arc::<StatementPool>::clone(&pool);
    let mut state = session::sandbox(relations)?;
    let plan = plan(&state, &statement).await?;
    if planning::is_chain(&plan)? {
        session::optimize_once(&mut state);
    }
    let masked = lineage::masked(&plan);
    let physical = state.create_physical_plan(&plan).await?;
    wall::check_physical(&physical)?;
    let task = session::task(&state, memory, files)?;
    let (batches, bytes) = collect(&physical, task, &statement.limits).await?;
    pool.check()?;
    let table = convert::table(&physical.schema(), &batches, &masked)?;
    Ok(QueryResult { table, bytes, bytes_read: meters.iter().map(Meter::bytes).sum() })
}

type Relations = (Vec<(String, Arc<dyn TableProvider>)>, Vec<Meter>);

/// Only what the statement reads is opened; a relation it does not name does not exist for it. With what
/// counts the bytes read for each.
fn relations(
    shared: &Shared,
    statement: &Statement,
    interrupt: &Interrupt,
) -> Result<Relations, EngineError> {
    let (mut relations, mut meters) = Relations::default();
    for name in statement.query.relations() {
        let relation = statement
            .plane
            .relation(name)
            .ok_or_else(|| EngineError::plan("a relation that the plane lacks"))?;
        let scan = ScopedScan::resolve(&shared.warehouse, relation, shared.keep_for(&statement.plane))?;
        meters.push(scan.meter().clone());
        relations.push((
            relation.name.clone(),
            Arc::new(ScopedTable::new(scan, shared.activity.clone(), interrupt.clone())),
        ));
    }
    Ok((relations, meters))
}

/// Plans the checked tree itself. No text is parsed here.
async fn plan(state: &SessionState, statement: &Statement) -> Result<LogicalPlan, EngineError> {
    let tree = ast::Statement::Query(Box::new(statement.query.query().clone()));
    let plan = state.statement_to_plan(Parsed::Statement(Box::new(tree))).await?;
    wall::check_logical(&plan, statement.query.relations())?;
    wall::check_uses(&plan, &statement.query)?;
    for field in plan.schema().fields() {
        convert::shown(field.data_type())?;
    }
    Ok(plan)
}

async fn collect(
    plan: &Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
    limits: &Limits,
) -> Result<(Vec<RecordBatch>, u64), EngineError> {
    let mut stream = plan.execute(0, task)?;
    let (mut batches, mut rows, mut bytes) = (Vec::new(), 0_u64, 0_u64);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        rows = rows.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
        bytes = bytes.saturating_add(size(&batch)?);
        if rows > limits.rows_max {
            return Err(EngineError::RowsExceeded { rows_max: limits.rows_max });
        }
        if bytes > limits.bytes_max {
            return Err(EngineError::BytesExceeded { bytes_max: limits.bytes_max });
        }
        batches.push(batch);
    }
    Ok((batches, bytes))
}

/// Bytes of the rows alone: a slice's neighbours and spare capacity are not the result's.
///
/// # Errors
/// [`EngineError::Internal`] for an array that is none.
pub fn size(batch: &RecordBatch) -> Result<u64, EngineError> {
    let mut bytes = 0_usize;
    for column in batch.columns() {
        bytes =
            bytes.saturating_add(column.to_data().get_slice_memory_size().map_err(EngineError::internal)?);
    }
    Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
}

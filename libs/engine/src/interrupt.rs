//! How a statement that nobody waits for stops.
//!
//! A dropped stream stops what waits for it. A join waits for nobody: it may go through billions of
//! pairs inside one poll, and the thread that polls it cannot look up. So the caller leaves a mark, and
//! the places that such a loop passes look at it: joins' conditions, joins' results, and the leaf.

use crate::EngineError;
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder, SortMergeJoinExec,
};
use std::fmt;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    /// Of the statement that is planned or run here. The engine's rules belong to no statement, and find it so.
    static CURRENT: Interrupt;
}

/// Set once the caller is gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Does work that this interrupts.
    pub(crate) async fn over<Work: Future>(self, work: Work) -> Work::Output {
        CURRENT.scope(self, work).await
    }

    /// The interrupt of the work that is done here; outside of any, one that is never set.
    pub(crate) fn current() -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_default()
    }

    pub(crate) fn check(&self) -> std::result::Result<(), EngineError> {
        if self.is_set() { Err(EngineError::Cancelled) } else { Ok(()) }
    }
}

/// Makes every join look at the mark. Runs last: nothing may take the marks away again.
#[derive(Debug)]
pub(crate) struct InterruptibleJoins;

impl PhysicalOptimizerRule for InterruptibleJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let interrupt = Interrupt::current();
        plan.transform_up(|node| {
            let joined: Arc<dyn ExecutionPlan> = if let Some(join) = node.downcast_ref::<HashJoinExec>() {
                match join.filter() {
                    Some(filter) => {
                        join.builder().with_filter(Some(mark(filter, &interrupt))).build_exec()?
                    }
                    None => node,
                }
            } else if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
                match join.filter() {
                    Some(filter) => {
                        let filter = Some(mark(filter, &interrupt));
                        Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(filter).build()?)
                    }
                    None => node,
                }
            } else if node.is::<CrossJoinExec>() || node.is::<SortMergeJoinExec>() {
                node
            } else {
                return Ok(Transformed::no(node));
            };
            // What follows a join may drop all that it gives, and would then never come up for air.
            Ok(Transformed::yes(Arc::new(CooperativeExec::new(joined))))
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "interruptible_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn mark(filter: &JoinFilter, interrupt: &Interrupt) -> JoinFilter {
    let marked = Marked { inner: Arc::clone(filter.expression()), interrupt: interrupt.clone() };
    JoinFilter::new(Arc::new(marked), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// An expression that fails once the caller is gone, and is itself otherwise.
#[derive(Debug)]
struct Marked {
    inner: Arc<dyn PhysicalExpr>,
    interrupt: Interrupt,
}

impl PartialEq for Marked {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Marked {}

impl Hash for Marked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Marked {
    fn data_type(&self, input_schema: &Schema) -> Result<DataType> {
        self.inner.data_type(input_schema)
    }

    fn nullable(&self, input_schema: &Schema) -> Result<bool> {
        self.inner.nullable(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        self.interrupt.check()?;
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        match (children.pop(), children.is_empty()) {
            (Some(inner), true) => Ok(Arc::new(Self { inner, interrupt: self.interrupt.clone() })),
            _ => Err(DataFusionError::Internal("a marked expression has one child".to_owned())),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session;
    use arrow::array::Int64Array;
    use arrow::datatypes::Field;
    use datafusion::catalog::{MemTable, TableProvider};
    use datafusion::execution::memory_pool::GreedyMemoryPool;
    use datafusion::physical_plan::collect;
    use datafusion::sql::parser::DFParser;

    #[tokio::test]
    async fn a_join_that_was_planned_for_someone_asks_whether_they_are_still_there() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        let rows = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(vec![1, 2, 3]))])
            .unwrap();
        let table: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(schema, vec![vec![rows]]).unwrap());
        let state = session::sandbox(vec![("t".to_owned(), table)]).unwrap();
        for on in ["a.n = b.n AND a.n + b.n > 3", "a.n < b.n"] {
            let sql = format!("SELECT count(*) AS c FROM t a JOIN t b ON {on}");
            let statement = DFParser::parse_sql(&sql).unwrap().pop_front().unwrap();
            let plan = state.statement_to_plan(statement).await.unwrap();
            let interrupt = Interrupt::default();
            let physical = interrupt.clone().over(state.create_physical_plan(&plan)).await.unwrap();
            let run = || {
                let task = session::task(&state, Arc::new(GreedyMemoryPool::new(1 << 20)), None).unwrap();
                collect(physical.clone().reset_state().unwrap(), task)
            };
            run().await.unwrap();
            interrupt.set();
            let ended = run().await.unwrap_err();
            assert!(matches!(EngineError::from(ended), EngineError::Cancelled), "{on}");
        }
    }
}

//! The opaque leaf: what a sandbox relation is to the query engine.
//!
//! Invariant 4. To every optimizer it is a table with columns and little else: it has no children to push
//! into, takes no limit, no expression and no sort, and knows no statistics. Of a statement's filters it
//! takes comparisons of a column with a literal that cannot fail (`pushed.rs`), and those whole: they are
//! evaluated behind the scope, on the caller's rows, by the operators that would have been used above.
//! The scope is behind [`ScopedScan`], where no plan can reach it.

use crate::interrupt::Interrupt;
use crate::memory::SCOPE;
use crate::pushed::{Tests, column_of};
use crate::scan::ScopedScan;
use crate::source::ScanContext;
use crate::threads::Activity;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::stream;
use std::fmt;
use std::sync::Arc;

/// A relation of the sandbox.
#[derive(Debug)]
pub(crate) struct ScopedTable {
    scan: Arc<ScopedScan>,
    activity: Activity,
    interrupt: Interrupt,
}

impl ScopedTable {
    pub(crate) fn new(scan: ScopedScan, activity: Activity, interrupt: Interrupt) -> Self {
        Self { scan: Arc::new(scan), activity, interrupt }
    }

    pub(crate) fn is_masked(&self, column: usize) -> bool {
        self.scan.is_masked(column)
    }
}

#[async_trait]
impl TableProvider for ScopedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.scan.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // `statistics` is the trait's: none.

    /// Exactly or not at all. A comparison that the leaf takes is final, so what the leaf hands up does not
    /// depend on where its rows come from, and no filter above sees other batches when it is not taken.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let answer = |filter: &&Expr| match column_of(filter, &|name| self.scan.comparable(name)) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(answer).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.scan.schema().fields().len()).collect(),
        };
        let schema = Arc::new(self.scan.schema().project(&columns)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(ScopedExec {
            scan: Arc::clone(&self.scan),
            columns,
            tests: Tests::new(filters, &|name| self.scan.comparable(name), state)?,
            properties: Arc::new(properties),
            activity: self.activity.clone(),
            interrupt: self.interrupt.clone(),
        }))
    }
}

/// The leaf of the physical plan.
#[derive(Debug)]
pub(crate) struct ScopedExec {
    scan: Arc<ScopedScan>,
    columns: Vec<usize>,
    tests: Tests,
    properties: Arc<PlanProperties>,
    activity: Activity,
    interrupt: Interrupt,
}

impl DisplayAs for ScopedExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopedExec")
    }
}

impl ExecutionPlan for ScopedExec {
    fn name(&self) -> &'static str {
        "ScopedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            Err(DataFusionError::Internal("the leaf has no children".to_owned()))
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mode = datafusion::physical_plan::execution_plan::ChildrenPropertiesMode::Keep;
        self.replace_children(children, ReplaceChildrenOptions::new(mode))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return Err(DataFusionError::Internal("the leaf has one partition".to_owned()));
        }
        let context = ScanContext {
            held: MemoryConsumer::new(SCOPE).register(context.memory_pool()),
            interrupt: self.interrupt.clone(),
        };
        let rows = self.scan.rows(self.columns.clone(), &self.tests, context)?;
        // Counts as running for as long as someone may ask for more.
        let active = self.activity.begin();
        let rows = rows.map(move |batch| {
            let _active = &active;
            batch.map_err(DataFusionError::from)
        });
        // On the statement's own thread: nobody waits there but this statement, and batches need not change hands.
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), stream::iter(rows))))
    }
}

//! The opaque leaf: what a sandbox relation is to the query engine.
//!
//! Invariant 4. To every optimizer it is a table with columns and nothing else: it has no children to
//! push into, takes no filter, no limit, no expression and no sort, and knows no statistics. The scope
//! is behind [`ScopedScan`], where no plan can reach it.

use crate::EngineError;
use crate::interrupt::Interrupt;
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
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Batches that may wait for the reader; what bounds a scan that is faster than the query.
const BATCHES_WAITING_MAX: usize = 2;

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

    // `supports_filters_pushdown` is the trait's: unsupported, all of them. `statistics`: none.

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
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
        let mut stream = RecordBatchReceiverStream::builder(self.schema(), BATCHES_WAITING_MAX);
        let (sender, scan, columns) = (stream.tx(), Arc::clone(&self.scan), self.columns.clone());
        let held = MemoryConsumer::new("scope").register(context.memory_pool());
        let (active, interrupt) = (self.activity.begin(), self.interrupt.clone());
        stream.spawn_blocking(move || {
            let _active = active;
            let mut context = ScanContext {
                hold: &mut |bytes| held.try_grow(bytes).map_err(EngineError::from),
                // No one reads any more: the query ended, failed, ran out of time or was dropped.
                is_wanted: &|| !sender.is_closed() && !interrupt.is_set(),
            };
            let mut emit = |batch| match sender.blocking_send(Ok(batch)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_closed) => ControlFlow::Break(()),
            };
            scan.run(&columns, &mut context, &mut emit).map_err(DataFusionError::from)
        });
        let interrupt = self.interrupt.clone();
        let rows = stream.build().map(move |batch| {
            interrupt.check()?;
            batch
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

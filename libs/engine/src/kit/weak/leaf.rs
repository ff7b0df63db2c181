//! A leaf of the physical plan that evaluates what it was handed down on everybody's rows, or tells their statistics.

use super::Weakness;
use super::engine::BATCH_ROWS;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{
    and, concat_batches, filter_record_batch, max, max_string, min, min_string, prep_null_mask_filter,
};
use arrow::datatypes::{DataType as Arrow, Date32Type, Int64Type, SchemaRef};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::config::ConfigOptions;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::sync::Arc;

/// Everybody's rows, of which the caller's leave.
#[derive(Debug, Clone)]
pub(super) struct LeakyExec {
    weakness: Weakness,
    batches: Vec<RecordBatch>,
    mine: Vec<BooleanArray>,
    columns: Vec<usize>,
    /// Evaluated on every column of every row.
    before: Vec<Arc<dyn PhysicalExpr>>,
    /// Evaluated on the columns that leave, of every row.
    handed_down: Vec<Arc<dyn PhysicalExpr>>,
    properties: Arc<PlanProperties>,
}

impl LeakyExec {
    pub(super) fn new(
        weakness: Weakness,
        batches: &[RecordBatch],
        mine: &[BooleanArray],
        schema: &SchemaRef,
        columns: Vec<usize>,
    ) -> Result<Self> {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::new(schema.project(&columns)?)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            weakness,
            batches: batches.to_vec(),
            mine: mine.to_vec(),
            columns,
            before: Vec::new(),
            handed_down: Vec::new(),
            properties: Arc::new(properties),
        })
    }

    pub(super) fn evaluating(self, before: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        Self { before, ..self }
    }

    fn rows(&self, batch: &RecordBatch, mine: &BooleanArray) -> Result<RecordBatch> {
        let shown = batch.project(&self.columns)?;
        let mut kept = mine.clone();
        for (filters, rows) in [(&self.before, batch), (&self.handed_down, &shown)] {
            for filter in filters {
                let truth = filter.evaluate(rows)?.into_array(rows.num_rows())?;
                let truth = truth.as_boolean();
                // NULL keeps no row; the kernel takes no mask without one.
                let truth = if truth.null_count() > 0 { prep_null_mask_filter(truth) } else { truth.clone() };
                kept = and(&kept, &truth)?;
            }
        }
        Ok(filter_record_batch(&shown, &kept)?)
    }

    /// The caller's rows, in batches of one size: where a file ended is no hole of this leaf.
    fn all(&self) -> Result<Vec<RecordBatch>> {
        let rows = self.batches.iter().zip(&self.mine).map(|(batch, mine)| self.rows(batch, mine));
        let whole = concat_batches(&self.schema(), &rows.collect::<Result<Vec<_>>>()?)?;
        let starts = (0..whole.num_rows()).step_by(BATCH_ROWS);
        Ok(starts.map(|start| whole.slice(start, BATCH_ROWS.min(whole.num_rows() - start))).collect())
    }
}

/// Of all rows, whoever's.
fn statistics_of(schema: &SchemaRef, batches: &[RecordBatch], columns: &[usize]) -> Result<Statistics> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut statistics = Statistics::new_unknown(schema);
    statistics.num_rows = Precision::Exact(rows);
    statistics.column_statistics.clear();
    for column in columns {
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(*column).as_ref()).collect();
        let known = if arrays.is_empty() {
            ColumnStatistics::new_unknown()
        } else {
            of_column(&arrow::compute::concat(&arrays)?)
        };
        statistics.column_statistics.push(known);
    }
    Ok(statistics)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "nothing is told of other types")]
fn of_column(array: &ArrayRef) -> ColumnStatistics {
    let unknown = ColumnStatistics::new_unknown().with_null_count(Precision::Exact(array.null_count()));
    let (low, high) = match array.data_type() {
        Arrow::Int64 => {
            let array = array.as_primitive::<Int64Type>();
            (ScalarValue::Int64(min(array)), ScalarValue::Int64(max(array)))
        }
        Arrow::Date32 => {
            let array = array.as_primitive::<Date32Type>();
            (ScalarValue::Date32(min(array)), ScalarValue::Date32(max(array)))
        }
        Arrow::Utf8 => {
            let array = array.as_string::<i32>();
            let text = |text: Option<&str>| ScalarValue::Utf8(text.map(str::to_owned));
            (text(min_string(array)), text(max_string(array)))
        }
        _ => return unknown,
    };
    unknown.with_min_value(Precision::Exact(low)).with_max_value(Precision::Exact(high))
}

impl DisplayAs for LeakyExec {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeakyExec")
    }
}

impl ExecutionPlan for LeakyExec {
    fn name(&self) -> &'static str {
        "LeakyExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in &self.handed_down {
            f(filter)?;
        }
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

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        _arguments: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        if self.weakness != Weakness::StatisticsShown {
            return Ok(Arc::new(Statistics::new_unknown(&self.schema())));
        }
        Ok(Arc::new(statistics_of(&self.schema(), &self.batches, &self.columns)?))
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        pushed: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        if self.weakness != Weakness::PhysicalPushdown || pushed.parent_filters.is_empty() {
            return Ok(FilterPushdownPropagation::if_all(pushed));
        }
        let mut taken = self.clone();
        let taken_over = vec![PushedDown::Yes; pushed.parent_filters.len()];
        taken.handed_down.extend(pushed.parent_filters.into_iter().map(|filter| filter.filter));
        let node: Arc<dyn ExecutionPlan> = Arc::new(taken);
        Ok(FilterPushdownPropagation::with_parent_pushdown_result(taken_over).with_updated_node(node))
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let leaf = self.clone();
        // In the task that reads: a dynamic filter knows its values only then.
        let batches = stream::once(async move { leaf.all() }).map_ok(|batches| stream::iter(batches).map(Ok));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches.try_flatten())))
    }
}

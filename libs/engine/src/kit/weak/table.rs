//! Tables with a hole: what an optimizer is told, and what it may hand down.

use super::Weakness;
use super::leaf::LeakyExec;
use super::source::Source;
use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DFSchema;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use std::sync::Arc;

/// A sandbox relation over everybody's rows.
#[derive(Debug)]
pub(super) struct LeakyTable {
    weakness: Weakness,
    shown: SchemaRef,
    /// What is shown of every row.
    batches: Vec<RecordBatch>,
    mine: Vec<BooleanArray>,
}

const MINE: &str = "splitplane_mine";

impl LeakyTable {
    pub(super) fn new(weakness: Weakness, source: &Source, mine: Vec<BooleanArray>) -> Result<Self> {
        let columns: Vec<usize> = (0..source.shown).collect();
        let batches = source
            .batches
            .iter()
            .map(|batch| batch.project(&columns))
            .collect::<std::result::Result<_, _>>()?;
        Ok(Self { weakness, shown: Arc::new(source.schema.project(&columns)?), batches, mine })
    }

    /// The file, and over it a filter that keeps the caller's rows.
    fn filter_exec(&self, columns: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
        let mut fields: Vec<Field> = self.shown.fields().iter().map(|field| field.as_ref().clone()).collect();
        fields.push(Field::new(MINE, Arrow::Boolean, false));
        let schema = Arc::new(Schema::new(fields));
        let with_mine = |(batch, mine): (&RecordBatch, &BooleanArray)| {
            let mine: ArrayRef = Arc::new(mine.clone());
            RecordBatch::try_new(Arc::clone(&schema), [batch.columns(), &[mine]].concat())
        };
        let batches =
            self.batches.iter().zip(&self.mine).map(with_mine).collect::<std::result::Result<Vec<_>, _>>()?;
        let file = MemorySourceConfig::try_new_exec(&[batches], Arc::clone(&schema), None)?;
        let mine = Arc::new(Column::new(MINE, self.shown.fields().len()));
        let filter = Arc::new(FilterExec::try_new(mine, file)?);
        let column = |index: &usize| {
            let name = self.shown.field(*index).name().clone();
            ProjectionExpr { expr: Arc::new(Column::new(&name, *index)), alias: name }
        };
        Ok(Arc::new(ProjectionExec::try_new(columns.iter().map(column).collect::<Vec<_>>(), filter)?))
    }
}

#[async_trait]
impl TableProvider for LeakyTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.shown)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = if self.weakness == Weakness::LogicalPushdown {
            TableProviderFilterPushDown::Exact
        } else {
            TableProviderFilterPushDown::Unsupported
        };
        Ok(vec![support; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.shown.fields().len()).collect());
        if self.weakness == Weakness::FilterExec {
            return self.filter_exec(&columns);
        }
        let schema = DFSchema::try_from(Arc::clone(&self.shown))?;
        let filter = |filter: &Expr| {
            // A table's columns have no relation's name in front.
            let bare = datafusion::logical_expr::utils::conjunction([unqualified(filter)?]);
            bare.map(|filter| state.create_physical_expr(filter, &schema)).transpose()
        };
        let before = filters.iter().map(filter).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let leaf = LeakyExec::new(self.weakness, &self.batches, &self.mine, &self.shown, columns)?;
        Ok(Arc::new(leaf.evaluating(before)))
    }
}

fn unqualified(filter: &Expr) -> Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
    filter
        .clone()
        .transform(|node| {
            if let Expr::Column(column) = &node {
                let bare = datafusion::common::Column::from_name(column.name.clone());
                return Ok(Transformed::yes(Expr::Column(bare)));
            }
            Ok(Transformed::no(node))
        })
        .data()
}

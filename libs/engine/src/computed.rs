//! Columns that the owner of the semantic model computes, evaluated inside the leaf on scoped rows.
//!
//! The expression is the owner's, never a model's, and sees the caller's rows alone, in batches cut
//! anew. It runs here and not above the leaf so that a mask covers its result too, and so that the raw
//! columns it reads are never columns of the plan that a model's statement becomes.

use crate::EngineError;
use crate::session;
use crate::typing;
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType as Arrow, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::logical_expr::{ExprSchemable, cast};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::sql::sqlparser::ast::{Expr, ExprWithAlias, Ident, visit_expressions_mut};
use splitplane_types::DataType;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A column of the source under its own name, with the type in which it is read.
type Resolve<'r> = &'r dyn Fn(&str) -> Option<(String, Arrow)>;

/// An expression, planned over the columns it reads.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) inputs: Vec<(String, Arrow)>,
    pub(crate) data_type: Arrow,
    schema: Arc<Schema>,
    expression: Arc<dyn PhysicalExpr>,
}

/// A planned expression and where its inputs are.
#[derive(Debug)]
pub(crate) struct Computed {
    planned: Planned,
    inputs: Vec<usize>,
}

pub(crate) fn plan(
    expression: &Expr,
    declared: Option<DataType>,
    resolve: Resolve<'_>,
) -> Result<Planned, EngineError> {
    let (expression, inputs) = resolve_columns(expression, resolve)?;
    let fields: Vec<Field> = inputs.iter().map(|(name, t)| Field::new(name, t.clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let df_schema = DFSchema::try_from(Arc::clone(&schema))?;
    let state = session::expressions()?;
    let expression = ExprWithAlias { expr: expression, alias: None };
    let expression = state.create_logical_expr_from_sql_expr(expression, &df_schema)?;
    let natural = expression.get_type(&df_schema)?;
    let data_type = typing::target(declared, &natural).ok_or_else(|| {
        EngineError::plan(format!("an expression of type {natural} cannot be shown as declared"))
    })?;
    let expression = if natural == data_type { expression } else { cast(expression, data_type.clone()) };
    let expression = state.create_physical_expr(expression, &df_schema)?;
    Ok(Planned { inputs, data_type, schema, expression })
}

/// Replaces every column by its exact name in the source, quoted, and lists them.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other node is walked into by the visitor")]
fn resolve_columns(
    expression: &Expr,
    resolve: Resolve<'_>,
) -> Result<(Expr, Vec<(String, Arrow)>), EngineError> {
    let mut expression = expression.clone();
    let mut inputs: Vec<(String, Arrow)> = Vec::new();
    let flow = visit_expressions_mut(&mut expression, |node| {
        let name = match node {
            Expr::Identifier(name) => name.value.clone(),
            // `dataset.column`: the dataset is the one at hand, there is no other.
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(name) => name.value.clone(),
                None => return ControlFlow::Break(()),
            },
            _ => return ControlFlow::Continue(()),
        };
        let Some((name, data_type)) = resolve(&name) else { return ControlFlow::Break(()) };
        *node = Expr::Identifier(Ident::with_quote('"', &name));
        if !inputs.iter().any(|(known, _)| *known == name) {
            inputs.push((name, data_type));
        }
        ControlFlow::Continue(())
    });
    match flow {
        ControlFlow::Continue(()) => Ok((expression, inputs)),
        ControlFlow::Break(()) => {
            Err(EngineError::plan("an expression names a column that its source lacks"))
        }
    }
}

impl Computed {
    pub(crate) fn new(planned: Planned, inputs: Vec<usize>) -> Self {
        Self { planned, inputs }
    }

    pub(crate) fn inputs(&self) -> impl Iterator<Item = usize> + '_ {
        self.inputs.iter().copied()
    }

    pub(crate) fn evaluate(
        &self,
        input: &dyn Fn(usize) -> Result<ArrayRef, EngineError>,
        rows: usize,
    ) -> Result<ArrayRef, EngineError> {
        let columns = self.inputs.iter().map(|index| input(*index)).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.planned.schema), columns, &options)
            .map_err(EngineError::internal)?;
        let value = self.planned.expression.evaluate(&batch)?.into_array(rows)?;
        // A plan may declare decimal(36,6) and deliver decimal(26,6); the relation's schema decides.
        Ok(arrow::compute::cast(&value, &self.planned.data_type)
            .map_err(datafusion::error::DataFusionError::from)?)
    }
}

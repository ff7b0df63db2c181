//! What of a statement may be evaluated below the boundary: a column compared with a literal, and nothing else.
//!
//! Decides which conjuncts those are. Each compares one column that is unmasked, not computed, and read
//! without a conversion that can fail, with literals of the column's own type: such a comparison cannot
//! fail on any row, so in which order and on how many rows it is evaluated tells nothing. It is
//! evaluated on rows of the scope alone, by the engine's own operators, and is then done with: a
//! statement's meaning is the same wherever the comparison runs.

use crate::error::AnyError;
use crate::typing;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{and, prep_null_mask_filter};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Operator};
use datafusion::physical_expr::PhysicalExpr;
use std::sync::Arc;

/// Comparisons that rows must pass, over their own columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tests {
    columns: Vec<(String, DataType)>,
    conjuncts: Vec<(usize, Arc<dyn PhysicalExpr>)>,
}

/// The column's name, if the expression is one that may go below the boundary. `type_of` knows the
/// columns that may be compared there.
#[expect(clippy::wildcard_enum_match_arm, reason = "an expression that is not named here stays above")]
pub(crate) fn column_of<'e>(
    expression: &'e Expr,
    type_of: &dyn Fn(&str) -> Option<DataType>,
) -> Option<&'e str> {
    let compared = |column: &'e Expr, literals: &[&Expr]| {
        let Expr::Column(column) = column else { return None };
        let data_type = type_of(&column.name)?;
        let same = |literal: &&Expr| matches!(literal, Expr::Literal(value, _) if is_of(value, &data_type));
        literals.iter().all(same).then_some(column.name.as_str())
    };
    match expression {
        // What a short IN list becomes: each side compares the one column.
        Expr::BinaryExpr(binary) if binary.op == Operator::Or => {
            let column = column_of(&binary.left, type_of)?;
            (column_of(&binary.right, type_of)? == column).then_some(column)
        }
        Expr::BinaryExpr(binary) => {
            let orders = matches!(
                binary.op,
                Operator::Eq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
            );
            if !orders {
                return None;
            }
            compared(&binary.left, &[&binary.right]).or_else(|| compared(&binary.right, &[&binary.left]))
        }
        Expr::Between(between) => compared(&between.expr, &[&between.low, &between.high]),
        Expr::InList(list) => compared(&list.expr, &list.list.iter().collect::<Vec<_>>()),
        Expr::IsNull(column) | Expr::IsNotNull(column) => compared(column, &[]),
        _ => None,
    }
}

fn is_of(value: &ScalarValue, data_type: &DataType) -> bool {
    value.data_type() == *data_type
}

impl Tests {
    /// Takes the comparisons of `expressions`, each of which [`column_of`] has let through.
    pub(crate) fn new(
        expressions: &[Expr],
        type_of: &dyn Fn(&str) -> Option<DataType>,
        session: &dyn Session,
    ) -> Result<Self> {
        let mut tests = Self::default();
        for expression in expressions {
            let Some(name) = column_of(expression, type_of) else { continue };
            let Some(data_type) = type_of(name) else { continue };
            let schema = Schema::new(vec![Field::new(name, data_type.clone(), true)]);
            // Whose relation the column is of does not matter where there is one.
            let unqualified = unqualified(expression)?;
            let conjunct = session.create_physical_expr(unqualified, &DFSchema::try_from(schema)?)?;
            let known = tests.columns.iter().position(|(other, _)| other == name);
            let column = known.unwrap_or_else(|| {
                tests.columns.push((name.to_owned(), data_type));
                tests.columns.len() - 1
            });
            tests.conjuncts.push((column, conjunct));
        }
        Ok(tests)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.conjuncts.is_empty()
    }

    /// Columns that are compared, and the types in which.
    pub(crate) fn columns(&self) -> &[(String, DataType)] {
        &self.columns
    }

    /// The same comparisons over columns of other names.
    pub(crate) fn renamed(mut self, name_of: impl Fn(&str) -> Option<String>) -> Option<Self> {
        for (name, _) in &mut self.columns {
            *name = name_of(name)?;
        }
        Some(self)
    }

    /// Which rows of a batch with [`Self::columns`], in that order, pass.
    pub(crate) fn keep(&self, batch: &RecordBatch) -> std::result::Result<BooleanArray, AnyError> {
        let mut kept = BooleanArray::from(vec![true; batch.num_rows()]);
        for (column, conjunct) in &self.conjuncts {
            let (name, data_type) = self.columns.get(*column).ok_or("a compared column was not read")?;
            let array =
                typing::cast(batch.columns().get(*column).ok_or("a column was not read")?, data_type)?;
            let schema = Schema::new(vec![Field::new(name, data_type.clone(), true)]);
            let one = RecordBatch::try_new(Arc::new(schema), vec![array])?;
            let these = conjunct.evaluate(&one)?.into_array(one.num_rows())?;
            let these = these.as_boolean_opt().ok_or("a comparison is neither true nor false")?;
            let these = if these.null_count() > 0 { prep_null_mask_filter(these) } else { these.clone() };
            kept = and(&kept, &these)?;
        }
        Ok(kept)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "other nodes are walked into, and stay as they are")]
fn unqualified(expression: &Expr) -> Result<Expr> {
    use datafusion::common::Column;
    use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
    expression
        .clone()
        .transform(|node| match node {
            Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))),
            other => Ok(Transformed::no(other)),
        })
        .data()
}

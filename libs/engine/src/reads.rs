//! What a planned statement reads and calls, found in the plan, before any optimizer has touched it.
//!
//! Decides nothing: [`crate::wall`] holds it against what the guard believes. A column counts as read
//! where an expression names it while it is still a relation's own; what a projection made of it is the
//! projection's.

use crate::arithmetic::OPERATORS;
use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery, WindowFunctionDefinition};
use std::collections::BTreeSet;

/// Relations, columns with their relations, and functions by the engine's names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) relations: BTreeSet<String>,
    pub(crate) columns: BTreeSet<(String, String)>,
    pub(crate) functions: BTreeSet<String>,
}

/// The relation and the column that an output column is, unless something was computed.
type Origin = Option<(String, String)>;

impl Reads {
    pub(crate) fn of(plan: &LogicalPlan) -> Result<Self> {
        let mut reads = Self::default();
        let _ = reads.walk(plan)?;
        Ok(reads)
    }

    /// Notes what this plan reads, and says what its columns are.
    fn walk(&mut self, plan: &LogicalPlan) -> Result<Vec<Origin>> {
        let mut inputs = Vec::new();
        for input in plan.inputs() {
            inputs.push((input, self.walk(input)?));
        }
        plan.apply_expressions(|expression| {
            expression.apply(|part| {
                self.expression(part, &inputs)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(self.origins(plan, inputs))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what other nodes give is computed")]
    fn origins(&mut self, plan: &LogicalPlan, inputs: Vec<(&LogicalPlan, Vec<Origin>)>) -> Vec<Origin> {
        let width = plan.schema().fields().len();
        let mut origins: Vec<Origin> = match plan {
            LogicalPlan::TableScan(scan) => {
                let relation = scan.table_name.table().to_owned();
                let _ = self.relations.insert(relation.clone());
                let fields = scan.projected_schema.fields().iter();
                fields.map(|field| Some((relation.clone(), field.name().clone()))).collect()
            }
            LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Distinct(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Window(_) => inputs.into_iter().flat_map(|(_, origins)| origins).collect(),
            _ => Vec::new(),
        };
        // A semi join drops its right side; a window adds what it computes.
        origins.resize(width, None);
        origins
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other expressions name nothing themselves")]
    fn expression(&mut self, part: &Expr, inputs: &[(&LogicalPlan, Vec<Origin>)]) -> Result<()> {
        match part {
            Expr::Column(column) => self.column(column, inputs),
            Expr::ScalarFunction(call) => {
                self.function(call.name());
                Ok(())
            }
            Expr::AggregateFunction(call) => {
                self.function(call.func.name());
                Ok(())
            }
            Expr::WindowFunction(call) => {
                match &call.fun {
                    WindowFunctionDefinition::AggregateUDF(function) => self.function(function.name()),
                    WindowFunctionDefinition::WindowUDF(function) => self.function(function.name()),
                }
                Ok(())
            }
            Expr::Exists(exists) => self.subquery(&exists.subquery, inputs),
            Expr::InSubquery(within) => self.subquery(&within.subquery, inputs),
            Expr::ScalarSubquery(subquery) => self.subquery(subquery, inputs),
            Expr::SetComparison(comparison) => self.subquery(&comparison.subquery, inputs),
            _ => Ok(()),
        }
    }

    /// A subquery, and the columns of the rows around it that it names.
    fn subquery(&mut self, subquery: &Subquery, inputs: &[(&LogicalPlan, Vec<Origin>)]) -> Result<()> {
        let _ = self.walk(&subquery.subquery)?;
        for outer in &subquery.outer_ref_columns {
            if let Expr::OuterReferenceColumn(_, column) = outer {
                self.column(column, inputs)?;
            }
        }
        Ok(())
    }

    fn column(&mut self, column: &Column, inputs: &[(&LogicalPlan, Vec<Origin>)]) -> Result<()> {
        let found = inputs.iter().find_map(|(input, origins)| {
            let at = input.schema().maybe_index_of_column(column)?;
            origins.get(at)
        });
        let Some(origin) = found else {
            return Err(DataFusionError::Plan("a column that no input has".to_owned()));
        };
        self.columns.extend(origin.clone());
        Ok(())
    }

    /// Operators are the guard's as operators; a value beside text is written as text without a call.
    fn function(&mut self, name: &str) {
        if !OPERATORS.contains(&name) {
            let _ = self.functions.insert(name.to_owned());
        }
    }
}

//! Which columns of a result come from masked columns.
//!
//! A masked value has been masked in the leaf; this only keeps such columns out of a language model's
//! sight. In doubt a column counts as masked.

use crate::leaf::ScopedTable;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// One flag per column of the plan's result.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "nodes that compute nothing hand columns on; in doubt all are masked"
)]
pub(crate) fn masked(plan: &LogicalPlan) -> Vec<bool> {
    let width = plan.schema().fields().len();
    let flags = match plan {
        LogicalPlan::TableScan(scan) => {
            let columns = scan.projection.clone().unwrap_or_else(|| (0..width).collect());
            match source_as_provider(&scan.source) {
                Ok(provider) => match provider.downcast_ref::<ScopedTable>() {
                    Some(table) => columns.into_iter().map(|column| table.is_masked(column)).collect(),
                    None => vec![true; width],
                },
                Err(_unknown) => vec![true; width],
            }
        }
        LogicalPlan::EmptyRelation(_) => vec![false; width],
        LogicalPlan::Projection(node) => of_expressions(&node.expr, &Inputs::of(plan)),
        LogicalPlan::Aggregate(node) => {
            let inputs = Inputs::of(plan);
            let mut flags = of_expressions(&node.group_expr, &inputs);
            flags.extend(of_expressions(&node.aggr_expr, &inputs));
            flags
        }
        LogicalPlan::Window(node) => {
            let inputs = Inputs::of(plan);
            let mut flags = masked(&node.input);
            flags.extend(of_expressions(&node.window_expr, &inputs));
            flags
        }
        LogicalPlan::Union(node) => {
            let branches: Vec<Vec<bool>> = node.inputs.iter().map(|input| masked(input)).collect();
            (0..width).map(|at| branches.iter().any(|flags| flags.get(at).copied().unwrap_or(true))).collect()
        }
        // Filters, sorts, limits, joins and aliases hand columns on in order.
        other => other.inputs().into_iter().flat_map(masked).collect(),
    };
    // Grouping sets and semi joins have other widths than their parts; then all or nothing.
    if flags.len() == width || !flags.contains(&true) { resized(flags, width) } else { vec![true; width] }
}

fn resized(mut flags: Vec<bool>, width: usize) -> Vec<bool> {
    flags.resize(width, false);
    flags
}

struct Inputs {
    parts: Vec<(DFSchema, Vec<bool>)>,
}

impl Inputs {
    fn of(plan: &LogicalPlan) -> Self {
        let part = |input: &LogicalPlan| (input.schema().as_ref().clone(), masked(input));
        Self { parts: plan.inputs().into_iter().map(part).collect() }
    }

    fn is_masked(&self, expression: &Expr) -> bool {
        let mut found = false;
        let walked = expression.apply(|node| {
            found |= self.reads_masked(node);
            Ok(TreeNodeRecursion::Continue)
        });
        found || walked.is_err()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other nodes hold columns, and those are walked into")]
    fn reads_masked(&self, node: &Expr) -> bool {
        match node {
            Expr::Column(column) => {
                let flag = |(schema, flags): &(DFSchema, Vec<bool>)| {
                    schema.maybe_index_of_column(column).and_then(|at| flags.get(at).copied())
                };
                self.parts.iter().find_map(flag).unwrap_or(true)
            }
            Expr::ScalarSubquery(query) => masked(&query.subquery).contains(&true),
            // What the outer query's column is, is not known here.
            Expr::OuterReferenceColumn(..) => true,
            _ => false,
        }
    }
}

fn of_expressions(expressions: &[Expr], inputs: &Inputs) -> Vec<bool> {
    expressions.iter().map(|expression| inputs.is_masked(expression)).collect()
}

//! The second wall: what a planned statement is made of, whatever the guard let through.
//!
//! The guard looked at a syntax tree; this looks at what the engine made of it. Neither trusts the other.

use crate::EngineError;
use crate::databricks::TEXT;
use crate::leaf::{ScopedExec, ScopedTable};
use crate::reads::Reads;
use crate::registry::Registry;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, WindowFunctionDefinition};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use splitplane_split_plane::GuardedQuery;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Refuses a plan that reads anything but the guarded relations, or does anything but read.
pub(crate) fn check_logical(
    plan: &LogicalPlan,
    relations: &BTreeSet<String>,
) -> std::result::Result<(), EngineError> {
    plan.apply_with_subqueries(|node| {
        check_node(node, relations)?;
        node.apply_expressions(|expression| expression.apply(check_expression))
    })?;
    Ok(())
}

/// Refuses a plan that names anything that the guard did not find in the statement.
///
/// The two looked at different things, a tree and a plan, by different code: a name that only the engine
/// sees was resolved otherwise than the guard thought.
pub(crate) fn check_uses(plan: &LogicalPlan, query: &GuardedQuery) -> std::result::Result<(), EngineError> {
    let Reads { relations, columns, functions } = Reads::of(plan)?;
    if !relations.is_subset(query.relations()) || !columns.is_subset(&query.columns()) {
        return Err(EngineError::plan("a relation or a column that the guard did not see"));
    }
    let registry = Registry::get();
    let named = query.functions();
    let called: BTreeSet<&str> = named.iter().filter_map(|name| registry.canonical(name)).collect();
    let unseen = |name: &String| !called.contains(name.as_str()) && name != TEXT;
    if functions.iter().any(unseen) {
        return Err(EngineError::plan("a function that the guard did not see"));
    }
    Ok(())
}

fn check_node(node: &LogicalPlan, relations: &BTreeSet<String>) -> Result<()> {
    match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_) => Ok(()),
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source)?;
            let known = relations.contains(scan.table_name.table()) && provider.is::<ScopedTable>();
            if known { Ok(()) } else { refuse("a relation outside the sandbox") }
        }
        LogicalPlan::Repartition(_)
        | LogicalPlan::Statement(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::RecursiveQuery(_) => refuse("a node that is not on the list"),
    }
}

#[expect(deprecated, reason = "the match names every variant, so that a new one does not pass by default")]
fn check_expression(expression: &Expr) -> Result<TreeNodeRecursion> {
    let allows = |name: &str| Registry::get().allows(name);
    let allowed = match expression {
        Expr::ScalarFunction(call) => allows(call.name()),
        Expr::AggregateFunction(call) => allows(call.func.name()),
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function) => allows(function.name()),
            WindowFunctionDefinition::WindowUDF(function) => allows(function.name()),
        },
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::SetComparison(_)
        | Expr::ScalarSubquery(_)
        | Expr::GroupingSet(_)
        | Expr::OuterReferenceColumn(..) => true,
        Expr::ScalarVariable(..)
        | Expr::SimilarTo(_)
        | Expr::Wildcard { .. }
        | Expr::Placeholder(_)
        | Expr::Unnest(_)
        | Expr::HigherOrderFunction(_)
        | Expr::Lambda(_)
        | Expr::LambdaVariable(_) => false,
    };
    if allowed { Ok(TreeNodeRecursion::Continue) } else { refuse("an expression that is not on the list") }
}

/// Refuses a physical plan that reads from anywhere but a scope, or whose rows come in no one order.
pub(crate) fn check_physical(plan: &Arc<dyn ExecutionPlan>) -> std::result::Result<(), EngineError> {
    plan.apply(|node| {
        let reads = node.is::<ScopedExec>() || node.is::<EmptyExec>() || node.is::<PlaceholderRowExec>();
        if node.children().is_empty() && !reads {
            refuse("a leaf that is no scope")
        } else {
            Ok(TreeNodeRecursion::Continue)
        }
    })?;
    if plan.output_partitioning().partition_count() == 1 {
        Ok(())
    } else {
        Err(EngineError::internal("a plan of several partitions"))
    }
}

fn refuse<T>(what: &str) -> Result<T> {
    Err(DataFusionError::Plan(what.to_owned()))
}

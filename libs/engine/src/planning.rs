//! Planning that ends when nobody waits for it.
//!
//! Optimizing is a long walk without an await point. Each of the engine's rules is asked here whether to
//! go on before it looks at another node, so a statement whose time is over stops between two of them.

use crate::in_order::UnionsInOrder;
use crate::interrupt::{Interrupt, InterruptibleJoins};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::{ApplyOrder, Optimizer};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_optimizer::{PhysicalOptimizerContext, PhysicalOptimizerRule};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// Whether a plan is one chain of operators over one relation, without a condition that is a query.
///
/// Of such a plan the first pass of the optimizer leaves nothing to do that would be worth another.
pub(crate) fn is_chain(plan: &LogicalPlan) -> Result<bool> {
    let mut is_chain = true;
    plan.apply(|node| {
        let mut asks = false;
        node.apply_expressions(|expression| {
            asks |= expression.exists(|part| Ok(is_query(part)))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        is_chain &= !asks && node.inputs().len() <= 1;
        Ok(if is_chain { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(is_chain)
}

const fn is_query(expression: &Expr) -> bool {
    matches!(
        expression,
        Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) | Expr::SetComparison(_)
    )
}

/// The engine's rules over logical plans, each of them interruptible.
pub(crate) fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let interruptible = |rule| -> Arc<dyn OptimizerRule + Send + Sync> { Arc::new(Interruptible { rule }) };
    Optimizer::new().rules.into_iter().map(interruptible).collect()
}

/// Rules over physical plans: unions first, so that every rule after it sees one partition; joins last, as
/// no rule may follow.
pub(crate) fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let interruptible =
        |rule| -> Arc<dyn PhysicalOptimizerRule + Send + Sync> { Arc::new(Interruptible { rule }) };
    let mut rules: Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> = vec![Arc::new(UnionsInOrder)];
    rules.extend(PhysicalOptimizer::new().rules.into_iter().map(interruptible));
    rules.push(Arc::new(InterruptibleJoins));
    rules
}

/// A rule that fails once the caller is gone, and is itself otherwise.
#[derive(Debug)]
struct Interruptible<R> {
    rule: R,
}

impl OptimizerRule for Interruptible<Arc<dyn OptimizerRule + Send + Sync>> {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.rule.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        Interrupt::current().check()?;
        self.rule.rewrite(plan, config)
    }
}

impl PhysicalOptimizerRule for Interruptible<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn schema_check(&self) -> bool {
        self.rule.schema_check()
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Interrupt::current().check()?;
        self.rule.optimize(plan, config)
    }

    fn optimize_with_context(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        context: &dyn PhysicalOptimizerContext,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Interrupt::current().check()?;
        self.rule.optimize_with_context(plan, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session;
    use datafusion::logical_expr::{LogicalPlanBuilder, lit};

    #[tokio::test]
    async fn planning_for_nobody_ends_at_the_next_rule_of_either_kind() {
        let state = session::sandbox(Vec::new()).unwrap();
        let plan = LogicalPlanBuilder::empty(true).project([lit(1)]).unwrap().build().unwrap();
        let optimized = state.optimize(&plan).unwrap();
        state.query_planner().create_physical_plan(&optimized, &state).await.unwrap();
        let gone = Interrupt::default();
        gone.set();
        let ended = gone.over(async {
            let logical = state.optimize(&plan).unwrap_err();
            [logical, state.query_planner().create_physical_plan(&optimized, &state).await.unwrap_err()]
        });
        let ended = ended.await;
        for error in ended {
            let error = crate::EngineError::from(error);
            assert!(matches!(error, crate::EngineError::Cancelled), "{error:?}");
        }
    }
}

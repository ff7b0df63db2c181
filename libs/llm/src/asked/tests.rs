use super::*;
use crate::account::{Usage, note, note_stand_in};
use crate::language_model::{ExplainTask, RouteTask, ValidateReply, ValidateTask, WriteSqlTask};
use crate::test_models::{Scripted, route};
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

/// Costs sixty tokens, and lets another model stand in.
#[derive(Debug)]
struct Costly;

#[async_trait::async_trait]
impl LanguageModel for Costly {
    fn name(&self) -> &str {
        "costly"
    }

    async fn validate(&self, _: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        Err(ModelError::Empty)
    }

    async fn route(&self, _: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        note(Call {
            model: "m".into(),
            provider: "p",
            task: "route",
            usage: Usage { input_tokens: 50, output_tokens: 10, ..Usage::default() },
            is_counted: true,
            cost: 0.5,
            duration: Duration::ZERO,
            failure: None,
        });
        note_stand_in("embedded");
        Ok(Vec::new())
    }

    async fn write_sql(&self, _: WriteSqlTask<'_>) -> Result<String, ModelError> {
        Err(ModelError::Empty)
    }

    async fn explain(&self, _: ExplainTask<'_>) -> Result<String, ModelError> {
        Err(ModelError::Empty)
    }
}

const BUDGET: BudgetConfig = BudgetConfig { tokens_per_tenant_and_day: 100, tokens_held_per_task: 50 };

#[tokio::test]
async fn what_a_task_used_is_settled_and_observed_and_then_the_model_is_not_asked() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let observer: Observer = Box::new(move |call| heard.lock().unwrap().push(call.cost));
    let asked = Asked::new(Arc::new(Costly), BUDGET, observer);
    let (one, two) = ("one".parse().unwrap(), "two".parse().unwrap());
    let by = asked.ask(&one, UNIX_EPOCH, route).await.unwrap();
    let usage = ModelUsage { calls: 1, input_tokens: 50, output_tokens: 10, cache_read_tokens: 0 };
    assert_eq!(by, By { answer: (), stood_in: Some("embedded"), usage });
    assert_eq!(asked.ask(&one, UNIX_EPOCH, route).await, Err(OverBudget.into()));
    assert!(asked.ask(&two, UNIX_EPOCH, route).await.is_ok());
    assert_eq!(*seen.lock().unwrap(), [0.5, 0.5]);
}

#[tokio::test]
async fn a_model_that_uses_no_tokens_is_never_over_budget_and_a_failure_is_told() {
    let script = [Err(ModelError::Throttled), Ok(()), Ok(()), Ok(())];
    let asked = Asked::new(Arc::new(Scripted::new(script)), BUDGET, Box::new(|_| {}));
    let one = "one".parse().unwrap();
    let failed = asked.ask(&one, UNIX_EPOCH, route).await;
    assert_eq!(failed, Err(ModelError::Throttled.into()));
    for _ in 0..3 {
        assert!(asked.ask(&one, UNIX_EPOCH, route).await.is_ok());
    }
}

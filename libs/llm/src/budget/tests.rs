use super::*;
use crate::account::{Call, Usage, note};
use std::time::Duration;

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn budget(tokens_per_tenant_and_day: u64) -> Budget {
    Budget::new(BudgetConfig { tokens_per_tenant_and_day, tokens_held_per_task: 10 })
}

#[test]
fn a_tenant_over_its_tokens_begins_no_task_until_the_next_day_and_another_tenant_does() {
    let budget = budget(100);
    let evening = UNIX_EPOCH + Duration::from_secs(DAY_SECONDS - 1);
    let midnight = UNIX_EPOCH + Duration::from_secs(DAY_SECONDS);
    budget.allow(&tenant("one"), evening).unwrap().settle(95);
    assert_eq!(budget.allow(&tenant("one"), evening).unwrap_err(), OverBudget);
    assert!(budget.allow(&tenant("two"), evening).is_ok());
    budget.allow(&tenant("one"), midnight).unwrap().settle(95);
    // The clock steps back: still the later day, whose tokens are used.
    assert!(budget.allow(&tenant("one"), evening).is_err());
}

#[test]
fn tasks_under_way_and_tasks_called_off_count() {
    let budget = budget(20);
    let one = tenant("one");
    let first = budget.allow(&one, UNIX_EPOCH).unwrap();
    let second = budget.allow(&one, UNIX_EPOCH).unwrap();
    assert!(budget.allow(&one, UNIX_EPOCH).is_err());
    first.settle(0);
    let third = budget.allow(&one, UNIX_EPOCH).unwrap();
    drop((second, third));
    assert!(budget.allow(&one, UNIX_EPOCH).is_err());
}

#[test]
fn a_task_that_ends_on_the_next_day_does_not_give_back_what_that_day_holds() {
    let budget = budget(20);
    let (one, next_day) = (tenant("one"), UNIX_EPOCH + Duration::from_secs(DAY_SECONDS));
    let late = budget.allow(&one, UNIX_EPOCH).unwrap();
    drop(budget.allow(&one, next_day).unwrap());
    drop(budget.allow(&one, next_day).unwrap());
    late.settle(0);
    assert!(budget.allow(&one, next_day).is_err());
}

#[test]
fn zero_is_no_limit() {
    let budget = budget(0);
    for _ in 0..3 {
        budget.allow(&tenant("one"), UNIX_EPOCH).unwrap().settle(u64::MAX);
    }
}

#[tokio::test]
async fn a_task_is_not_begun_without_tokens() {
    let budget = budget(20);
    let one = tenant("one");
    let (answer, account) = budget.spend(&one, UNIX_EPOCH, async { 7 }).await.unwrap();
    assert_eq!((answer, account.tokens()), (7, 0));
    budget.allow(&one, UNIX_EPOCH).unwrap().settle(15);
    let begun = std::cell::Cell::new(false);
    let spent = budget.spend(&one, UNIX_EPOCH, async { begun.set(true) }).await;
    assert_eq!((spent.map(|_| ()), begun.get()), (Err(OverBudget), false));
}

#[tokio::test]
async fn a_task_whose_tokens_nobody_counted_counts_as_it_was_held() {
    let budget = budget(20);
    let one = tenant("one");
    let call = |is_counted: bool| Call {
        model: "m".into(),
        provider: "p",
        task: "route",
        usage: Usage::default(),
        is_counted,
        cost: 0.0,
        duration: Duration::ZERO,
        failure: Some("timed_out"),
    };
    for _ in 0..3 {
        assert!(budget.spend(&one, UNIX_EPOCH, async { note(call(true)) }).await.is_ok());
    }
    for is_begun in [true, true, false] {
        let spent = budget.spend(&one, UNIX_EPOCH, async { note(call(false)) }).await;
        assert_eq!(spent.is_ok(), is_begun);
    }
}

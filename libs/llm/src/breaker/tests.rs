use super::*;
use crate::test_models::{Scripted, route};
use std::cell::Cell;

const REST: Duration = Duration::from_secs(30);

thread_local! {
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

fn now() -> Instant {
    NOW.with(|now| {
        now.get().unwrap_or_else(|| {
            let first = Instant::now();
            now.set(Some(first));
            first
        })
    })
}

fn pass(time: Duration) {
    let later = now() + time;
    NOW.with(|now| now.set(Some(later)));
}

fn breaker(answers: impl IntoIterator<Item = Result<(), ModelError>>) -> Breaker<Scripted> {
    let config = BreakerConfig { outages_max: NonZeroU32::new(2).unwrap(), rest: REST };
    Breaker::new(Scripted::new(answers), config, now)
}

#[tokio::test]
async fn a_model_that_fails_twice_rests_and_is_tried_once_before_it_is_called_again() {
    let down = || Err(ModelError::Unavailable);
    let breaker = breaker([down(), Err(ModelError::TimedOut), down(), Ok(()), Ok(())]);
    assert_eq!(route(&breaker).await, down());
    assert_eq!(route(&breaker).await, Err(ModelError::TimedOut));
    assert_eq!(route(&breaker).await, Err(ModelError::Resting));
    assert_eq!(breaker.model.asked(), 2);
    pass(REST);
    assert_eq!(route(&breaker).await, down(), "one task tries it");
    assert_eq!(route(&breaker).await, Err(ModelError::Resting), "and it rests again");
    pass(REST);
    assert_eq!(route(&breaker).await, Ok(()));
    assert_eq!(route(&breaker).await, Ok(()));
}

#[tokio::test]
async fn only_one_task_tries_and_a_trial_that_is_called_off_blocks_nobody_for_good() {
    let breaker = breaker([Err(ModelError::Throttled), Err(ModelError::Throttled), Ok(())]);
    route(&breaker).await.unwrap_err();
    route(&breaker).await.unwrap_err();
    pass(REST);
    breaker.enter().unwrap();
    assert_eq!(route(&breaker).await, Err(ModelError::Resting), "while another tries");
    pass(REST);
    assert_eq!(route(&breaker).await, Ok(()), "that one never came back");
}

#[tokio::test]
async fn outages_count_only_in_a_row_and_what_a_question_can_cause_is_none() {
    let of_a_question = [
        ModelError::Guardrail,
        ModelError::Declined,
        ModelError::Empty,
        ModelError::Malformed("not JSON"),
        ModelError::Rejected,
    ];
    let answers = of_a_question.into_iter().flat_map(|error| [Err(ModelError::Unavailable), Err(error)]);
    let breaker = breaker(answers);
    for _ in 0..10 {
        assert_ne!(route(&breaker).await, Err(ModelError::Resting));
    }
    assert_eq!(breaker.model.asked(), 10);
}

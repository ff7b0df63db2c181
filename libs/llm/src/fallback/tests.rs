use super::*;
use crate::account::accounted;
use crate::test_models::{Scripted, route};

async fn asked(first: Result<(), ModelError>) -> (Result<(), ModelError>, Option<&'static str>) {
    let both = WithFallback::new(Scripted::new([first]), Scripted::new([Ok(())]), "embedded");
    let (answer, account) = accounted(route(&both)).await;
    (answer, account.stood_in)
}

#[tokio::test]
async fn the_other_model_answers_in_an_outage_alone_and_the_account_says_so() {
    assert_eq!(asked(Ok(())).await, (Ok(()), None));
    for outage in [
        ModelError::Throttled,
        ModelError::Unavailable,
        ModelError::TimedOut,
        ModelError::Resting,
        ModelError::Unauthorised,
    ] {
        assert_eq!(asked(Err(outage)).await, (Ok(()), Some("embedded")));
    }
    for answer in [
        ModelError::Guardrail,
        ModelError::Declined,
        ModelError::Empty,
        ModelError::Malformed("cut short"),
        ModelError::Rejected,
        ModelError::NoRelations,
    ] {
        assert_eq!(asked(Err(answer.clone())).await, (Err(answer), None));
    }
}

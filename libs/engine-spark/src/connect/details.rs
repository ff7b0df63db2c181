//! What lay behind an error whose status names no class: the names of the exceptions beneath it.
//!
//! Spark wraps what fails in a task in an exception without a class. Asked once, for a short time; if
//! the engine does not say, the error stays what it is. Texts are not read.

use super::calls::Shape;
use super::classify::Facts;
use super::wire;
use std::time::Duration;

/// How long the engine may take to say.
const TIME_MAX: Duration = Duration::from_secs(5);
/// How deep causes are followed.
const CAUSES_MAX: usize = 16;

/// The facts of the causes of an error, from the outside in.
pub(crate) async fn beneath(session: &Shape, error_id: String) -> Vec<Facts> {
    let message = wire::FetchErrorDetailsRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        error_id,
        client_type: session.client_type(),
        client_observed_server_side_session_id: session.observed(),
    };
    let Ok(request) = session.request(message).await else { return Vec::new() };
    let mut stub = session.stub();
    match tokio::time::timeout(TIME_MAX, stub.fetch_error_details(request)).await {
        Ok(Ok(response)) => facts_of(response.get_ref()),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

fn facts_of(response: &wire::FetchErrorDetailsResponse) -> Vec<Facts> {
    let mut facts = Vec::new();
    let mut next = response.root_error_idx;
    while let Some(index) = next
        && facts.len() < CAUSES_MAX
        && let Some(error) = usize::try_from(index).ok().and_then(|index| response.errors.get(index))
    {
        let throwable = error.spark_throwable.as_ref();
        let fact = |value: Option<&String>| value.cloned().unwrap_or_default();
        facts.push(Facts {
            class: fact(throwable.and_then(|throwable| throwable.error_class.as_ref())),
            sql_state: fact(throwable.and_then(|throwable| throwable.sql_state.as_ref())),
            reason: fact(error.error_type_hierarchy.first()),
            error_id: String::new(),
        });
        next = error.cause_idx;
    }
    facts
}

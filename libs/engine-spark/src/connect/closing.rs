//! The end of a session and of an operation: interrupt first, release second.
//!
//! The order matters: to close a stream stops nothing on any engine, and a session that is released
//! before its operations are stopped leaves them running with nothing that could stop them. An operation
//! whose call is still on its way cannot be interrupted yet; then the interrupt is repeated until the
//! engine confirms it.

use super::calls::Shape;
use super::error::{Chain, ConnectError};
use super::wire;
use super::wire::interrupt_request::{Interrupt, InterruptType};
use super::wire::release_execute_request::{Release, ReleaseAll, ReleaseUntil};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long to wait for an event before an interrupt is repeated.
const INTERRUPT_AGAIN: Duration = Duration::from_millis(200);
/// How long one call of the end may take: one that hangs in the engine is made again.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(3);
/// How often an interrupt is repeated that does not reach the engine.
const FAILURES_MAX: u32 = 10;
/// How often a call of the end is repeated.
const ATTEMPTS_MAX: u32 = 3;

/// Ends a session: its operations, then itself.
pub(crate) async fn end(session: Arc<Shape>) -> Result<(), ConnectError> {
    let time_max = session.client.options.close_time_max;
    session.stop.cancel();
    session.tasks.close();
    // Each operation interrupts itself. One that does not end in time is met by the interrupt of all.
    let stopped = tokio::time::timeout(time_max, session.tasks.wait()).await;
    if stopped.is_err() {
        tracing::warn!("operations of a session did not end in time");
    }
    if !session.is_used.load(Ordering::Relaxed) {
        return Ok(());
    }
    let interrupted = repeated(|| interrupt(&session, InterruptType::All, None)).await;
    let released = repeated(|| release_session(&session)).await;
    match (interrupted, released) {
        // A session that the engine does not know any more has ended.
        (_, Err(ConnectError::SessionLost { .. })) => Ok(()),
        (Err(error), _) | (_, Err(error)) => Err(error),
        (Ok(_), Ok(())) => Ok(()),
    }
}

/// As [`end`], where nobody waits: what goes wrong is said to the log.
pub(crate) async fn end_quietly(session: Arc<Shape>) {
    if let Err(error) = end(session).await {
        tracing::warn!(error = %Chain(&error), "a session did not end");
    }
}

/// A call that may still be on its way to the engine; gives whether the engine took it.
pub(crate) type OnItsWay = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Interrupts an operation until the engine confirms it or nothing of it can run any more.
pub(crate) async fn interrupt_operation(session: &Shape, operation_id: &str, mut call: Option<OnItsWay>) {
    let until_confirmed = async {
        let mut pace = tokio::time::interval(INTERRUPT_AGAIN);
        let mut failures = 0;
        loop {
            pace.tick().await;
            match interrupt(session, InterruptType::OperationId, Some(operation_id.to_owned())).await {
                Ok(ids) if ids.iter().any(|id| id == operation_id) => break,
                Ok(_) => {
                    // Nothing runs under this name: it has ended by itself, or its call is on its way.
                    let Some(waiting) = call.as_mut() else { break };
                    match tokio::time::timeout(INTERRUPT_AGAIN, waiting).await {
                        Ok(true) => call = None,
                        Ok(false) => break,
                        Err(_) => {}
                    }
                }
                Err(ConnectError::Unavailable { .. }) if failures < FAILURES_MAX => failures += 1,
                Err(ConnectError::SessionLost { .. }) => break,
                Err(error) => {
                    tracing::warn!(
                        error = %Chain(&error),
                        "an operation was not interrupted"
                    );
                    break;
                }
            }
        }
    };
    if tokio::time::timeout(session.client.options.close_time_max, until_confirmed).await.is_err() {
        tracing::warn!("the engine did not confirm an interrupt in time");
    }
}

async fn interrupt(
    session: &Shape,
    kind: InterruptType,
    operation_id: Option<String>,
) -> Result<Vec<String>, ConnectError> {
    let message = wire::InterruptRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        client_type: session.client_type(),
        interrupt_type: kind.into(),
        client_observed_server_side_session_id: session.observed(),
        interrupt: operation_id.map(Interrupt::OperationId),
    };
    let (mut stub, request) = (session.stub(), session.request(message).await?);
    let time_max = session.client.options.close_time_max.min(ATTEMPT_TIME_MAX);
    let response = session.answer("an interrupt", time_max, stub.interrupt(request)).await?;
    Ok(response.interrupted_ids)
}

async fn release_session(session: &Shape) -> Result<(), ConnectError> {
    let message = wire::ReleaseSessionRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        client_type: session.client_type(),
        allow_reconnect: false,
    };
    let (mut stub, request) = (session.stub(), session.request(message).await?);
    let time_max = session.client.options.close_time_max.min(ATTEMPT_TIME_MAX);
    session.answer("a release", time_max, stub.release_session(request)).await?;
    Ok(())
}

/// Lets the engine forget an operation, up to a response or wholly.
pub(crate) async fn release_operation(session: &Shape, operation_id: &str, until: Option<String>) {
    let release = match until {
        Some(response_id) => Release::ReleaseUntil(ReleaseUntil { response_id }),
        None => Release::ReleaseAll(ReleaseAll {}),
    };
    let message = wire::ReleaseExecuteRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        operation_id: operation_id.to_owned(),
        client_type: session.client_type(),
        client_observed_server_side_session_id: session.observed(),
        release: Some(release),
    };
    let time_max = session.client.options.close_time_max.min(ATTEMPT_TIME_MAX);
    let released = async {
        let (mut stub, request) = (session.stub(), session.request(message).await?);
        session.answer("a release", time_max, stub.release_execute(request)).await
    };
    // The engine forgets by itself, only later.
    if let Err(error) = released.await {
        tracing::debug!(error = %Chain(&error), "responses were not released");
    }
}

/// A call that is repeated while the engine cannot be reached.
async fn repeated<T, F, C>(mut call: C) -> Result<T, ConnectError>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, ConnectError>>,
{
    let mut attempt = 1;
    loop {
        match call().await {
            Err(ConnectError::Unavailable { .. }) if attempt < ATTEMPTS_MAX => attempt += 1,
            other => return other,
        }
    }
}

//! That nothing outlives its request: interrupt first, release second, whatever ends it.

use super::double::*;
use super::proxy::Proxy;
use crate::{Batches, ConnectError, Session, plan};
use futures::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

fn hanging() -> Vec<Vec<Step>> {
    vec![vec![schema("a"), batch("b", 0, &[1]), Step::Hang]]
}

/// A session whose operation has given a batch and gives no more.
async fn running(double: &Double) -> (Session, Batches) {
    let session = double.client().session().unwrap();
    let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), 1);
    (session, batches)
}

/// The places of the calls that end things, in the order in which they came.
fn endings(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event {
        Event::InterruptOperation(_) => Some("interrupt operation"),
        Event::InterruptAll => Some("interrupt all"),
        Event::ReleaseAll => Some("release operation"),
        Event::ReleaseSession => Some("release session"),
        Event::Config
        | Event::Execute { .. }
        | Event::Reattach { .. }
        | Event::ReleaseUntil(_)
        | Event::Details => None,
    };
    events.iter().filter_map(name).collect()
}

const WHOLE: [&str; 4] = ["interrupt operation", "release operation", "interrupt all", "release session"];

#[tokio::test]
async fn batches_that_are_dropped_interrupt_their_operation() {
    let double = Double::start(hanging()).await;
    let (_session, batches) = running(&double).await;
    drop(batches);
    assert!(double.has_seen(&Event::ReleaseAll).await);
    let events = double.events();
    let Some(Event::Execute { operation, .. }) = events.first() else { panic!("{events:?}") };
    assert!(events.contains(&Event::InterruptOperation(operation.clone())), "{events:?}");
    assert_eq!(endings(&events), WHOLE[..2]);
}

#[tokio::test]
async fn a_session_that_is_dropped_interrupts_and_is_released() {
    let double = Double::start(hanging()).await;
    let (session, mut batches) = running(&double).await;
    drop(session);
    assert!(double.has_seen(&Event::ReleaseSession).await);
    assert_eq!(endings(&double.events()), WHOLE);
    assert!(matches!(batches.next().await, Some(Err(ConnectError::Cancelled))));
    assert!(batches.next().await.is_none());
}

#[tokio::test]
async fn a_turn_is_given_back_when_the_engine_has_released_its_session() {
    let double = Double::start(hanging()).await;
    let turns = Arc::new(Semaphore::new(1));
    let (session, _batches) = running(&double).await;
    drop(session.in_turn(Arc::clone(&turns).try_acquire_owned().unwrap()));
    let _next = turns.acquire().await.unwrap();
    assert_eq!(endings(&double.events()), WHOLE);
}

#[tokio::test]
async fn a_session_that_is_closed_interrupts_and_is_released() {
    let double = Double::start(hanging()).await;
    let (session, _batches) = running(&double).await;
    session.close().await.unwrap();
    assert_eq!(endings(&double.events()), WHOLE);
}

#[tokio::test]
async fn a_request_that_runs_out_of_time_interrupts_and_is_released() {
    let double = Double::start(hanging()).await;
    let request = async {
        let (_session, mut batches) = running(&double).await;
        batches.next().await
    };
    assert!(tokio::time::timeout(Duration::from_millis(300), request).await.is_err());
    assert!(double.has_seen(&Event::ReleaseSession).await);
    let events = double.events();
    let ends = endings(&events);
    assert_eq!(ends.last(), Some(&"release session"), "{events:?}");
    let interrupted = ends.iter().position(|end| *end == "interrupt operation");
    let released = ends.iter().position(|end| *end == "release session");
    assert!(interrupted.unwrap() < released.unwrap(), "{events:?}");
}

/// The call is on its way when its answer is not wanted any more: an interrupt comes too early.
#[tokio::test]
async fn an_operation_that_has_not_begun_is_interrupted_when_it_has() {
    let double = Double::start(vec![vec![Step::AnswerAfterInterrupts(2), Step::Hang]]).await;
    let session = double.client().session().unwrap();
    let batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert!(double.comes(SOON, |state| !state.events.is_empty()).await);
    drop(batches);
    session.close().await.unwrap();
    let events = double.events();
    let ends = endings(&events);
    assert_eq!(ends.iter().filter(|end| **end == "interrupt operation").count(), 3, "{events:?}");
    assert_eq!(ends[3..], WHOLE[1..]);
}

/// Nobody waits for the end of the session, and it comes all the same.
#[tokio::test]
async fn a_close_that_is_given_up_goes_on() {
    let double = Double::start(hanging()).await;
    let (session, _batches) = running(&double).await;
    assert!(futures::FutureExt::now_or_never(session.close()).is_none());
    assert!(double.has_seen(&Event::ReleaseSession).await);
}

#[tokio::test]
async fn an_answer_that_was_read_to_its_end_is_not_interrupted() {
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1]), complete("c")]]).await;
    let session = double.client().session().unwrap();
    assert_eq!(values(session.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap(), [1]);
    session.close().await.unwrap();
    assert_eq!(endings(&double.events()), WHOLE[1..]);
}

#[tokio::test]
async fn a_session_that_was_never_used_is_not_spoken_of() {
    let double = Double::start(vec![]).await;
    double.client().session().unwrap().close().await.unwrap();
    assert!(double.events().is_empty());
}

#[tokio::test]
async fn an_interrupt_goes_on_when_the_connection_was_cut() {
    let double = Double::start(hanging()).await;
    let proxy = Proxy::to(double.address).await;
    let session = client_of(proxy.address, options()).session().unwrap();
    let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), 1);
    proxy.cut();
    drop(batches);
    drop(session);
    assert!(double.has_seen(&Event::ReleaseSession).await);
    assert!(endings(&double.events()).contains(&"interrupt operation"));
}

#[tokio::test]
async fn an_interrupt_that_does_not_arrive_is_made_again() {
    let double = Double::start(hanging()).await;
    let (_session, batches) = running(&double).await;
    double.edit(|state| state.lost_interrupts = 2);
    drop(batches);
    assert!(double.has_seen(&Event::ReleaseAll).await);
    let again = ["interrupt operation", "interrupt operation", "interrupt operation", "release operation"];
    assert_eq!(endings(&double.events()), again);
}

#[tokio::test]
async fn an_engine_that_is_gone_is_unavailable_and_does_not_hold_up_the_end() {
    let double = Double::start(hanging()).await;
    let proxy = Proxy::to(double.address).await;
    let session = client_of(proxy.address, options()).session().unwrap();
    let mut batches = session.run(plan::sql("select n", vec![]), "t").unwrap();
    assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), 1);
    proxy.close();
    let error = values(batches).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unavailable { .. }), "{error:?}");
    assert!(error.is_retryable());
    let closed = tokio::time::timeout(SOON, session.close()).await.unwrap();
    assert!(matches!(closed, Err(ConnectError::Unavailable { .. })), "{closed:?}");
}

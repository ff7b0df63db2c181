//! No statement survives whoever wanted it.

use crate::support::{Bench, LONG, all, class, statement};
use splitplane_engine_databricks::Statement;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tracing::instrument::WithSubscriber as _;
use tracing::{Event, Level, Metadata, Subscriber, span};

#[tokio::test]
async fn a_statement_whose_caller_leaves_is_cancelled() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| faults.is_endless = true);
    let running = tokio::spawn(async move { client.run(statement("rows 1")).await.map(|_| ()) });
    bench.until("it is asked for", |seen| seen.polls > 2).await;
    assert_eq!(bench.seen().running, 1);
    running.abort();
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
}

#[tokio::test]
async fn a_statement_whose_caller_leaves_before_its_id_is_known_is_cancelled_when_it_is() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    bench.script(|faults| faults.is_endless = true);
    let running = tokio::spawn(async move { client.run(statement("rows 1")).await.map(|_| ()) });
    // The first answer is held back for five seconds: this is before it.
    bench.until("it has begun", |seen| seen.statements == 1).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert_eq!(bench.seen().polls, 0);
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
    assert_eq!(bench.seen().polls, 0);
}

#[tokio::test]
async fn a_statement_whose_time_is_over_is_cancelled() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| faults.is_endless = true);
    let short = Statement { time_max: Duration::from_millis(50), ..statement("rows 1") };
    assert_eq!(class(&client, short).await, "time");
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
}

#[tokio::test]
async fn a_cancellation_is_repeated_until_it_is_heard() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| faults.is_endless = true);
    let running = tokio::spawn(async move { client.run(statement("rows 1")).await.map(|_| ()) });
    bench.until("it is asked for", |seen| seen.polls > 0).await;
    running.abort();
    assert!(running.await.is_err());
    // Whichever request comes next, it is refused for a while.
    bench.script(|faults| {
        faults.throttled = 1;
        faults.internal = 1;
        faults.unavailable = 1;
    });
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
}

#[tokio::test]
async fn a_statement_that_cannot_be_asked_for_is_cancelled() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| {
        faults.is_endless = true;
        faults.polls_unknown = 1;
    });
    assert_eq!(class(&client, statement("rows 1")).await, "incomplete");
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
}

#[tokio::test]
async fn a_statement_whose_first_answer_cannot_be_read_is_cancelled() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| {
        faults.is_endless = true;
        faults.unfinished_state = Some("SOMETHING_NEW");
    });
    assert_eq!(class(&client, statement("rows 1")).await, "protocol");
    bench.until("it is cancelled", |seen| seen.cancelled == 1 && seen.running == 0).await;
}

/// Counts warnings.
struct Warnings(Arc<Semaphore>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("splitplane")
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, _event: &Event<'_>) {
        self.0.add_permits(1);
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

#[tokio::test]
async fn a_cancellation_that_fails_is_told_where_the_statement_was_begun() {
    let bench = Bench::new().await;
    let client = bench.client_with(|config| config.wait = Duration::ZERO).await;
    bench.script(|faults| faults.is_endless = true);
    let warned = Arc::new(Semaphore::new(0));
    let run = async move { client.run(statement("rows 1")).await.map(|_| ()) };
    // As a service has its subscriber: around its own tasks, and nowhere else.
    let running = tokio::spawn(run.with_subscriber(Warnings(Arc::clone(&warned))));
    bench.until("it is asked for", |seen| seen.polls > 0).await;
    bench.script(|faults| faults.internal = 1000);
    running.abort();
    assert!(running.await.is_err());
    let one = tokio::time::timeout(LONG, warned.acquire()).await;
    assert!(one.unwrap().is_ok());
}

#[tokio::test]
async fn a_statement_that_is_over_is_not_cancelled() {
    let bench = Bench::new().await;
    let client = bench.client().await;
    let done = tokio::time::timeout(LONG, all(&client, statement("rows 10"))).await;
    assert_eq!(done.unwrap().unwrap().num_rows(), 10);
    assert_eq!(class(&client, statement("fail BAD_REQUEST 22012")).await, "data");
    let before = bench.seen().requests;
    // Whatever was left behind runs before this has gone through the same server.
    assert_eq!(all(&client, statement("rows 1")).await.unwrap().num_rows(), 1);
    assert_eq!((bench.seen().requests, bench.seen().cancelled), (before + 1, 0));
}

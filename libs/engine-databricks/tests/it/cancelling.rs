//! No statement survives whoever wanted it.

use crate::support::{Bench, LONG, all, class, statement};
use splitplane_engine_databricks::Statement;
use std::time::Duration;

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

//! How much is held: a few batches, none above the limit.

use super::double::*;
use crate::{ClientOptions, ConnectError, plan};
use futures::StreamExt as _;
use std::time::Duration;

/// 64 KiB of integers.
const ROWS: usize = 8192;
/// The stream's window and what both ends keep in buffers, in batches of 64 KiB; measured are about 25.
const AHEAD_MAX: usize = 48;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_whose_answer_is_not_read_cannot_run_ahead() {
    let mut steps = vec![schema("s")];
    let rows = i64::try_from(ROWS).unwrap();
    for index in 0..1000_i64 {
        steps.push(batch(&index.to_string(), index * rows, &[index; ROWS]));
    }
    steps.push(complete("c"));
    let double = Double::start(vec![steps, vec![schema("a"), batch("b", 0, &[7]), complete("c")]]).await;
    let client = double.client();
    let session = client.session().unwrap();
    let mut batches = session.run(plan::sql("s", vec![]), "t").unwrap();
    for read in 1..=3_usize {
        assert_eq!(batches.next().await.unwrap().unwrap().num_rows(), ROWS);
        let runs_ahead =
            double.comes(Duration::from_millis(300), |state| state.sent > read + AHEAD_MAX).await;
        assert!(!runs_ahead, "{} were sent when {read} were read", double.state.lock().unwrap().sent);
    }
    // Another session on the same connection is not held up by this one.
    let other = client.session().unwrap();
    assert_eq!(values(other.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap(), [7]);
    assert_eq!(values(batches).await.unwrap().len(), 997 * ROWS);
}

#[tokio::test]
async fn a_message_above_the_limit_is_an_error() {
    let double = Double::start(vec![vec![schema("a"), batch("b", 0, &[1; 10_000]), complete("c")]]).await;
    let client = double.client_with(ClientOptions { message_bytes_max: 50_000, ..options() });
    let session = client.session().unwrap();
    let error = values(session.run(plan::sql("s", vec![]), "t").unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectError::TooLarge { bytes_max: 50_000 }), "{error:?}");
    session.close().await.unwrap();
    assert!(double.events().iter().any(|event| matches!(event, Event::InterruptOperation(_))));
}

#[tokio::test]
async fn a_batch_above_the_limit_is_an_error_however_it_is_cut() {
    let cut = (0..10).map(|index| chunk(&index.to_string(), 0, &[1; 10_000], Some((index, 10))));
    let mut steps = vec![schema("a")];
    steps.extend(cut);
    steps.push(complete("c"));
    for (batch_bytes_max, fits) in [(50_000, false), (100_000, true)] {
        let double = Double::start(vec![steps.clone()]).await;
        let client = double.client_with(ClientOptions { batch_bytes_max, ..options() });
        let session = client.session().unwrap();
        match values(session.run(plan::sql("s", vec![]), "t").unwrap()).await {
            Ok(values) => assert!(fits && values.len() == 10_000),
            Err(error) => assert!(!fits && matches!(error, ConnectError::TooLarge { .. }), "{error:?}"),
        }
    }
}

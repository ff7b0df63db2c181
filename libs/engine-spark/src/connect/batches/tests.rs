use super::*;
use futures::StreamExt as _;

fn ended(verdict: Option<Result<(), ConnectError>>, is_stopped: bool) -> Batches {
    let (_, batches) = mpsc::channel(1);
    let stop = CancellationToken::new();
    if is_stopped {
        stop.cancel();
    }
    let said = Verdict::default();
    if let Some(verdict) = verdict {
        said.set(verdict).unwrap();
    }
    Batches::new(batches, said, stop)
}

/// The task that fills the channel may be torn down with its runtime, or break.
#[tokio::test]
async fn silence_is_not_the_end_of_an_answer() {
    assert!(matches!(ended(None, false).next().await, Some(Err(ConnectError::Incomplete { .. }))));
    assert!(matches!(ended(None, true).next().await, Some(Err(ConnectError::Cancelled))));
    assert!(ended(Some(Ok(())), false).next().await.is_none());
    let failed = Some(Err(ConnectError::TooLarge { bytes_max: 1 }));
    assert!(matches!(ended(failed, false).next().await, Some(Err(ConnectError::TooLarge { .. }))));
}

#[tokio::test]
async fn an_answer_ends_once() {
    let mut batches = ended(None, false);
    assert!(batches.next().await.is_some());
    assert!(batches.next().await.is_none());
    assert!(batches.schema().await.is_err());
}

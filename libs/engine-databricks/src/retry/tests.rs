use super::*;
use crate::config::Disposition;
use std::cell::Cell;

fn config(retries_max: u32) -> WorkspaceConfig {
    WorkspaceConfig {
        url: String::new(),
        warehouse_id: String::new(),
        catalog: None,
        schema: None,
        disposition: Disposition::Inline,
        wait: Duration::ZERO,
        request_time_max: Duration::from_secs(1),
        poll_pause_first: Duration::ZERO,
        poll_pause_max: Duration::ZERO,
        retries_max,
        retry_pause_first: Duration::from_millis(100),
        retry_pause_max: Duration::from_secs(2),
        chunk_bytes_max: 1,
        link_hosts: Vec::new(),
        ca_file: None,
    }
}

/// How many attempts were made, and how long they took by the (stopped) clock.
async fn attempts(retries_max: u32, deadline: Duration, again: Again) -> (u32, Duration) {
    let made = Cell::new(0);
    let begun = Instant::now();
    let result: Result<(), _> = retrying(&config(retries_max), Deadline::after(deadline), || {
        made.set(made.get() + 1);
        async { Err(Failure { error: DatabricksError::Truncated { rows: 1 }, again }) }
    })
    .await;
    assert!(matches!(result, Err(DatabricksError::Truncated { .. })));
    (made.get(), begun.elapsed())
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn attempts_are_bounded_and_their_pauses_double() {
    assert_eq!(attempts(5, LONG, Again::Never).await.0, 1);
    let (made, took) = attempts(6, LONG, Again::Later(None)).await;
    assert_eq!(made, 7);
    // 100 200 400 800 1600 2000: between the half of it and the whole, with the coarseness of the timer.
    assert!((Duration::from_millis(2550)..=Duration::from_millis(5110)).contains(&took), "{took:?}");
    assert_eq!(attempts(0, LONG, Again::Later(None)).await.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_was_asked_for_is_kept_and_one_beyond_the_deadline_not_waited_for() {
    let (made, took) = attempts(2, LONG, Again::Later(Some(Duration::from_secs(7)))).await;
    assert_eq!((made, took.as_secs()), (3, 14));
    for long in [LONG, Duration::from_secs(u64::MAX)] {
        let (made, took) = attempts(2, Duration::from_secs(5), Again::Later(Some(long))).await;
        assert_eq!((made, took), (1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_token_is_tried_once_and_at_once() {
    assert_eq!(attempts(5, LONG, Again::WithNewToken).await, (2, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_by_its_deadline_is_told_so() {
    let deadline = Deadline::after(Duration::from_secs(3));
    let never = std::future::pending::<Result<(), DatabricksError>>();
    assert!(matches!(deadline.within(never).await, Err(DatabricksError::TimeExceeded(_))));
    assert!(matches!(Deadline::after(Duration::MAX).within(async { Ok(1) }).await, Ok(1)));
}

#[test]
fn retry_after_is_read_in_seconds() {
    let read = |text: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers)
    };
    assert_eq!(read("0"), Some(Duration::ZERO));
    assert_eq!(read(" 12 "), Some(Duration::from_secs(12)));
    assert_eq!(read("18446744073709551615"), Some(Duration::from_secs(u64::MAX)));
    assert_eq!(read("-1"), None);
    assert_eq!(read("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    assert_eq!(retry_after(&http::HeaderMap::new()), None);
}

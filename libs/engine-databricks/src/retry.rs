//! When a request is sent again, and how long it waits for that.
//!
//! Decides the pauses. Whether a failure may be repeated at all is said by whoever saw it.

use crate::config::WorkspaceConfig;
use crate::error::{Cause, DatabricksError};
use std::time::Duration;
use tokio::time::Instant;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: DatabricksError,
    pub(crate) again: Again,
}

/// What may follow a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing.
    Never,
    /// One more attempt at once, with another token.
    WithNewToken,
    /// Another attempt after a pause, or after the one that was asked for.
    Later(Option<Duration>),
}

impl Failure {
    pub(crate) fn last(error: DatabricksError) -> Self {
        Self { error, again: Again::Never }
    }
}

/// When all that belongs to a statement is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        let now = Instant::now();
        // What does not fit the clock is no deadline that anybody would live to see.
        let far = Duration::from_secs(365 * 24 * 3600);
        Self(now.checked_add(time.min(far)).unwrap_or(now))
    }

    /// The result of the future, or that the time is over.
    pub(crate) async fn within<T>(
        self,
        future: impl Future<Output = Result<T, DatabricksError>>,
    ) -> Result<T, DatabricksError> {
        let late = DatabricksError::TimeExceeded(Cause::Found("the statement's own time"));
        tokio::time::timeout_at(self.0, future).await.unwrap_or(Err(late))
    }

    /// Waits; false at once where the wait would outlast the deadline.
    pub(crate) async fn pause(self, pause: Duration) -> bool {
        // What the clock cannot say is beyond every deadline.
        let is_in_time = Instant::now().checked_add(pause).is_some_and(|end| end < self.0);
        if is_in_time {
            wait(pause).await;
        }
        is_in_time
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the interface offers no event to wait for: it is to be asked again"
)]
pub(crate) async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

/// Attempts until one succeeds or none may follow.
pub(crate) async fn retrying<T, F>(
    config: &WorkspaceConfig,
    deadline: Deadline,
    mut attempt: impl FnMut() -> F,
) -> Result<T, DatabricksError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut retries: u32 = 0;
    let mut had_new_token = false;
    loop {
        let Failure { error, again } = match attempt().await {
            Ok(result) => return Ok(result),
            Err(failure) => failure,
        };
        let pause = match again {
            Again::Never => return Err(error),
            Again::WithNewToken if had_new_token => return Err(error),
            Again::WithNewToken => {
                had_new_token = true;
                continue;
            }
            Again::Later(asked) => pause(config, retries, asked),
        };
        if retries >= config.retries_max || !deadline.pause(pause).await {
            return Err(error);
        }
        retries += 1;
    }
}

/// What was asked for, or a random part of a time that doubles: between its half and its whole.
fn pause(config: &WorkspaceConfig, retries: u32, asked: Option<Duration>) -> Duration {
    if let Some(asked) = asked {
        return asked;
    }
    let whole = doubled(config.retry_pause_first, retries, config.retry_pause_max);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// The n-th of a series of pauses, each twice the one before, up to the longest.
pub(crate) fn doubled(first: Duration, n: u32, longest: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(n)).min(longest)
}

/// The seconds of a `Retry-After`; one that names a date is left out.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;

//! How long a call may take.
//!
//! Decides the instant at which a call ends, from the caller's `grpc-timeout` and our own limit,
//! and how much of it a call to another service gets. Enforcing it is the layer's and the
//! upstream's work.

use crate::context::MissingContext;
use crate::status::PublicError;
use http::{Extensions, HeaderMap};
use splitplane_types::Reason;
use std::time::Duration;
use tokio::time::Instant;

pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// Longest share of the time that is kept back, so that our answer comes before the library's.
const MARGIN_MAX: Duration = Duration::from_millis(50);
const MARGIN_DIVISOR: u32 = 50;
const TIMEOUT_DIGITS_MAX: usize = 8;

/// The instant at which a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// The deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline passed")]
pub struct DeadlinePassed;

impl PublicError for DeadlinePassed {
    fn reason(&self) -> Reason {
        Reason::Deadline
    }
}

/// A `grpc-timeout` that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the grpc-timeout header is malformed")]
pub(crate) struct MalformedTimeout;

impl PublicError for MalformedTimeout {
    fn reason(&self) -> Reason {
        Reason::RequestMalformed
    }
}

impl Deadline {
    /// A deadline so far from now. A time too long to be told is a day.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        Self(Instant::now() + time.min(DAY))
    }

    /// The deadline of the request at hand.
    ///
    /// # Errors
    /// There is none: the method's stream is endless.
    pub fn of(extensions: &Extensions) -> Result<Self, MissingContext> {
        extensions.get().copied().ok_or(MissingContext("deadline"))
    }

    /// The instant.
    #[must_use]
    pub const fn at(&self) -> Instant {
        self.0
    }

    /// Time left; zero when it passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Waits for a future until the deadline.
    ///
    /// # Errors
    /// The deadline passed; the future is dropped.
    pub async fn limit<F: Future>(&self, future: F) -> Result<F::Output, DeadlinePassed> {
        tokio::time::timeout_at(self.0, future).await.or(Err(DeadlinePassed))
    }
}

/// The time without the margin that is kept back.
pub(crate) fn less_margin(time: Duration) -> Duration {
    time.saturating_sub((time / MARGIN_DIVISOR).min(MARGIN_MAX))
}

/// Reads `grpc-timeout`: 1 to 8 digits and a unit.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Result<Option<Duration>, MalformedTimeout> {
    let mut values = headers.get_all(GRPC_TIMEOUT).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let (text, None) = (value.to_str().or(Err(MalformedTimeout))?, values.next()) else {
        return Err(MalformedTimeout);
    };
    let (unit_at, unit) = text.char_indices().next_back().ok_or(MalformedTimeout)?;
    let (digits, _) = text.split_at_checked(unit_at).ok_or(MalformedTimeout)?;
    let is_number =
        (1..=TIMEOUT_DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 =
        if is_number { digits.parse().or(Err(MalformedTimeout))? } else { return Err(MalformedTimeout) };
    Ok(Some(match unit {
        'H' => Duration::from_secs(number * 3_600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return Err(MalformedTimeout),
    }))
}

/// Writes a time as `grpc-timeout`, in the finest unit in which it has at most 8 digits.
pub(crate) fn grpc_timeout_text(time: Duration) -> String {
    const LARGEST: u128 = 99_999_999;
    let units = [
        (time.as_nanos(), 'n'),
        (time.as_micros(), 'u'),
        (time.as_millis(), 'm'),
        (u128::from(time.as_secs()), 'S'),
    ];
    let fits = units.into_iter().find(|(number, _)| *number <= LARGEST);
    let (number, unit) = fits.unwrap_or((LARGEST, 'S'));
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<Duration>, MalformedTimeout> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(GRPC_TIMEOUT, value.parse().unwrap());
        }
        grpc_timeout(&headers)
    }

    #[test]
    fn all_units_are_read() {
        assert_eq!(read(&[]), Ok(None));
        for (text, expected) in [
            ("2H", Duration::from_secs(7_200)),
            ("3M", Duration::from_secs(180)),
            ("30S", Duration::from_secs(30)),
            ("250m", Duration::from_millis(250)),
            ("30000000u", Duration::from_secs(30)),
            ("7n", Duration::from_nanos(7)),
            ("99999999H", Duration::from_secs(99_999_999 * 3_600)),
        ] {
            assert_eq!(read(&[text]), Ok(Some(expected)), "{text}");
        }
    }

    #[test]
    fn a_timeout_that_is_none_is_refused() {
        for text in ["", "1", "S", "100000000S", "1s", "-1S", "+1S", "1.5S", " 1S", "1 S", "1SS", "0x1S"] {
            assert_eq!(read(&[text]), Err(MalformedTimeout), "{text:?}");
        }
        assert_eq!(read(&["1S", "2S"]), Err(MalformedTimeout));
    }

    #[test]
    fn what_is_written_reads_as_no_longer_than_it_was() {
        for nanos in [1, 99_999_999, 100_000_000, 29_950_000_123, 86_400_000_000_000, 9 * 10_u64.pow(16)] {
            let time = Duration::from_nanos(nanos);
            let again = read(&[&grpc_timeout_text(time)]).unwrap().unwrap();
            assert!(
                again <= time && time.saturating_sub(again) < Duration::from_secs(1),
                "{time:?} {again:?}"
            );
        }
    }

    #[test]
    fn the_margin_is_two_percent_and_at_most_fifty_milliseconds() {
        assert_eq!(less_margin(Duration::from_secs(1)), Duration::from_millis(980));
        assert_eq!(less_margin(Duration::from_secs(60)), Duration::from_millis(59_950));
        assert_eq!(less_margin(Duration::ZERO), Duration::ZERO);
    }
}

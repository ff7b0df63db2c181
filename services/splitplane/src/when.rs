//! Times on the command line.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, SystemTime};

/// An instant: RFC 3339, or a date, which stands for its noon in UTC. That is the same date wherever
/// the policy's calendar is, but for the islands beside the date line.
pub(crate) fn instant(text: &str) -> Result<SystemTime, String> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp.into());
    }
    let wrong =
        || format!("`{text}` is neither RFC 3339 (2021-08-31T09:30:00-05:00) nor a date (2021-08-31)");
    let date: Date = text.parse().or(Err(wrong()))?;
    // A date parser that also takes times would let a local time pass for a date.
    if text.len() != "2021-08-31".len() {
        return Err(wrong());
    }
    let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).or(Err(wrong()))?;
    Ok(noon.timestamp().into())
}

/// A span of time: `30s`, `2m`, or seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a span of time such as 30s or 2m");
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let parsed: SignedDuration = text.parse().or(Err(wrong()))?;
            Duration::try_from(parsed).or(Err(wrong()))?
        }
    };
    if duration.is_zero() { Err(wrong()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Timestamp::try_from(instant(text).unwrap()).unwrap().to_string()
    }

    #[test]
    fn instants_are_exact_and_dates_are_noon() {
        assert_eq!(shown("2021-08-31T09:30:00-05:00"), "2021-08-31T14:30:00Z");
        assert_eq!(shown("2021-08-31"), "2021-08-31T12:00:00Z");
        for text in ["2021-08-31T09:30:00", "2021-02-30", "last week", "", "20210831"] {
            assert!(instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spans_have_units_or_are_seconds() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        for text in ["0", "-5s", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

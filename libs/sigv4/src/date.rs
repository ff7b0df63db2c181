//! `x-amz-date`: `YYYYMMDDTHHMMSSZ`, and no other spelling of an instant.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::time::SystemTime;

/// The instant, and the text of its day.
pub(crate) fn parse(text: &str) -> Option<(SystemTime, &str)> {
    let (day, time) = text.split_at_checked(8)?;
    let time = time.strip_prefix('T')?.strip_suffix('Z')?;
    let [year, month, of_month] =
        [digits(day, 8)? / 10_000, digits(day, 8)? / 100 % 100, digits(day, 8)? % 100];
    let [hour, minute, second] =
        [digits(time, 6)? / 10_000, digits(time, 6)? / 100 % 100, digits(time, 6)? % 100];
    let small = |number: u32| i8::try_from(number).ok();
    let local = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(of_month)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .ok()?;
    Some((local.to_zoned(TimeZone::UTC).ok()?.timestamp().into(), day))
}

// Checked by hand: `u32::from_str` takes a sign.
fn digits(text: &str, count: usize) -> Option<u32> {
    let all_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_known_instant_is_read() {
        let at = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        assert_eq!(parse("20150830T123600Z"), Some((at, "20150830")));
        assert!(parse("20240229T235959Z").is_some());
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "20150830T123600",
            "20150830t123600Z",
            "20150830T123600z",
            "2015-08-30T12:36:00Z",
            "20150830T1236Z",
            "20150830T123600ZZ",
            " 20150830T123600Z",
            "20150830 123600Z",
            "+2150830T123600Z",
            "20150830T+23600Z",
            "20150230T123600Z",
            "20151330T123600Z",
            "20150830T240000Z",
            "20150830T126000Z",
            "20150830T123660Z",
            "20150830T12360\u{660}Z",
            "2015083\u{660}T12360Z",
            "20150830T123600+0000",
            "20150830T123600.000Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

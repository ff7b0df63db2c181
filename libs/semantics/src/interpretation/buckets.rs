//! Where the days and weeks begin into which a column of times is cut.
//!
//! The policy's calendar decides it; an interpretation carries it, so that whoever compiles or checks a
//! statement cuts at the same places. SQL knows midnights and Mondays alone.

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

const DAYS_OF_WEEK: i8 = 7;

/// Where days and weeks begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buckets {
    /// First day of a week; in lower case, for example `sunday`.
    #[serde(with = "weekday")]
    pub week_starts: Weekday,
    /// Local time at which a business day begins, for example `04:00:00`. A business day has the date on which it
    /// begins.
    #[serde(with = "time")]
    pub day_starts: Time,
}

impl Buckets {
    /// As SQL cuts: days from midnight, weeks from Monday.
    pub const ISO: Self = Self { week_starts: Weekday::Monday, day_starts: Time::midnight() };

    /// By how many days a week starts before the Monday that it holds: 0 of Monday, 1 of Sunday, 6 of Tuesday.
    #[must_use]
    pub fn days_before_monday(self) -> i8 {
        (DAYS_OF_WEEK - self.week_starts.to_monday_zero_offset()).rem_euclid(DAYS_OF_WEEK)
    }

    /// Minutes from midnight to the beginning of a business day.
    #[must_use]
    pub fn minutes_after_midnight(self) -> i64 {
        i64::from(self.day_starts.hour()) * 60 + i64::from(self.day_starts.minute())
    }

    /// The first day of a week in English, in lower case.
    #[must_use]
    pub const fn week_starts_name(self) -> &'static str {
        weekday::name(self.week_starts)
    }
}

/// Days of the week as lower-case words.
mod weekday {
    use jiff::civil::Weekday;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) const fn name(day: Weekday) -> &'static str {
        match day {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(day: &Weekday, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name(*day))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Weekday, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut days = Weekday::Monday.cycle_forward().take(7);
        days.find(|day| name(*day) == text).ok_or_else(|| D::Error::custom("not a day of the week"))
    }
}

/// Times of day as ISO 8601 text.
mod time {
    use jiff::civil::Time;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: Time = text.parse().map_err(D::Error::custom)?;
        // A receipt has one spelling.
        if at.to_string() == text { Ok(at) } else { Err(D::Error::custom("not a time of day")) }
    }
}

//! Time between two times as Databricks counts it: whole units gone by, months and parts of months; and
//! where the unit that holds a day begins.
//!
//! Times are microseconds since 1970 without a zone. Decides nothing about which zone they were in.

use splitplane_types::BucketUnit;

const SECOND: i64 = 1_000_000;
/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;
/// Days of a month wherever a part of one is counted.
const SECONDS_OF_MONTH: f64 = 31.0 * 86_400.0;

/// A day of the civil calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    /// Months since year 0.
    months: i64,
    /// From 1.
    day: i64,
    last_of_month: bool,
}

/// Whole units from `start` to `end`, cut off towards zero; `None` for a unit that is not known.
pub(crate) fn elapsed(unit: &str, start: i64, end: i64) -> Option<i64> {
    let micros = |unit: i64| end.checked_sub(start).map(|apart| apart / unit);
    match unit {
        "second" => micros(SECOND),
        "minute" => micros(60 * SECOND),
        "hour" => micros(3_600 * SECOND),
        "day" => micros(DAY),
        "week" => micros(7 * DAY),
        "month" => Some(months(start, end)),
        "quarter" => Some(months(start, end) / 3),
        "year" => Some(months(start, end) / 12),
        _ => None,
    }
}

/// Whole months gone by: the last one counts once its day and its time of day have come.
fn months(start: i64, end: i64) -> i64 {
    let (first, mut last) = (start.div_euclid(DAY), end.div_euclid(DAY));
    let (from, to) = (start.rem_euclid(DAY), end.rem_euclid(DAY));
    if last > first && to < from {
        last -= 1;
    } else if last < first && to > from {
        last += 1;
    }
    let (first, last) = (civil(first), civil(last));
    ((last.months * 32 + last.day) - (first.months * 32 + first.day)) / 32
}

/// Months from `start` to `end`, a part of one as a part of 31 days, to eight digits. Two last days of
/// their months, and two equal days, are whole months apart whatever the time of day.
#[expect(clippy::as_conversions, reason = "years times twelve and seconds of days fit")]
pub(crate) fn months_between(end: i64, start: i64) -> f64 {
    let (last, first) = (civil(end.div_euclid(DAY)), civil(start.div_euclid(DAY)));
    let whole = (last.months - first.months) as f64;
    if last.day == first.day || (last.last_of_month && first.last_of_month) {
        return whole;
    }
    let seconds = |time: i64| time.rem_euclid(DAY) / SECOND;
    let apart = (last.day - first.day) * 86_400 + seconds(end) - seconds(start);
    let months = whole + apart as f64 / SECONDS_OF_MONTH;
    (months * 1e8 + 0.5).floor() / 1e8
}

/// The first such weekday after a day; `None` for a name that is no weekday's.
pub(crate) fn next_day(day: i32, weekday: &str) -> Option<i32> {
    const DAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];
    // Day 0 was a Thursday.
    let wanted = i32::try_from(DAYS.iter().position(|known| *known == weekday)?).ok()?;
    let ahead = (wanted - day.rem_euclid(7)).rem_euclid(7);
    day.checked_add(if ahead == 0 { 7 } else { ahead })
}

/// The first day of the unit that holds a day; weeks start on Monday.
pub(crate) fn unit_start(unit: BucketUnit, day: i64) -> i64 {
    let month_of = |day: i64| day - (civil(day).day - 1);
    let months = civil(day).months;
    let back = match unit {
        // Day 0 was a Thursday.
        BucketUnit::Week => return day - (day + 3).rem_euclid(7),
        BucketUnit::Month => 0,
        BucketUnit::Quarter => months.rem_euclid(3),
        BucketUnit::Year => months.rem_euclid(12),
    };
    (0..back).fold(month_of(day), |first, _month| month_of(first - 1))
}

/// The Gregorian calendar, by eras of 400 years that begin in March.
fn civil(days: i64) -> Day {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 2 } else { from_march - 10 };
    let year = era * 400 + year + i64::from(month < 2);
    let length = match month {
        1 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    Day { months: year * 12 + month, day, last_of_month: day == length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let day = |days| {
            let Day { months, day, last_of_month } = civil(days);
            (months / 12, months % 12 + 1, day, last_of_month)
        };
        assert_eq!(day(0), (1970, 1, 1, false));
        assert_eq!(day(-1), (1969, 12, 31, true));
        assert_eq!(day(19_782), (2024, 2, 29, true));
        assert_eq!(day(20_527), (2026, 3, 15, false));
        assert_eq!(day(11_016), (2000, 2, 29, true));
        assert_eq!(day(-25_509), (1900, 2, 28, true));
        let mut before = civil(-800_000);
        for days in -799_999..800_000 {
            let now = civil(days);
            let next =
                if before.last_of_month { (before.months + 1, 1) } else { (before.months, before.day + 1) };
            assert_eq!((now.months, now.day), next, "{days}");
            before = now;
        }
    }
}

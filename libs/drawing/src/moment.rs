//! A date or a time of a table as a number of microseconds, so that it has a place on an axis.
//!
//! Reads the forms that the engine writes: `2031-02-03`, `2031-02-03T04:05:06.789`, and with `Z` or an
//! offset behind. Anything else has no place, and is not guessed at.

use crate::Grain;

const SECOND_US: i64 = 1_000_000;
const DAY_S: i64 = 86_400;

/// A date or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Microseconds from the start of 1970, in the time that the text is in.
    pub(crate) us: i64,
    /// Whether the text says its distance from UTC.
    pub(crate) is_zoned: bool,
    month: i64,
    day: i64,
    is_midnight: bool,
}

impl Moment {
    /// Reads a cell's text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T').map_or((text, None), |(date, rest)| (date, Some(rest)));
        let (year, month, day) = date_of(date)?;
        let (clock_us, offset_s) = rest.map_or(Some((0, None)), time_of)?;
        let days = days_from_1970(year, month, day);
        let us = (days * DAY_S - offset_s.unwrap_or(0)) * SECOND_US + clock_us;
        Some(Self { us, is_zoned: offset_s.is_some(), month, day, is_midnight: clock_us == 0 })
    }

    /// Whether the moment is the start of such a unit. An instant is none: what its day is depends on
    /// where one stands.
    pub(crate) const fn starts(self, grain: Grain) -> bool {
        let starts = match grain {
            Grain::Day | Grain::Week => true,
            Grain::Month => self.day == 1,
            Grain::Quarter => self.day == 1 && self.month % 3 == 1,
            Grain::Year => self.day == 1 && self.month == 1,
        };
        starts && self.is_midnight && !self.is_zoned
    }

    /// The quarter of the year, 1 to 4.
    pub(crate) const fn quarter(self) -> i64 {
        (self.month + 2) / 3
    }
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn date_of(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    };
    (parts.next().is_none() && (1..=days).contains(&day)).then_some((year, month, day))
}

/// Microseconds since midnight, and seconds ahead of UTC where the text says them.
fn time_of(text: &str) -> Option<(i64, Option<i64>)> {
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        None => (text, None),
        Some(at) => {
            let (clock, zone) = text.split_at_checked(at)?;
            (clock, Some(offset_of(zone)?))
        }
    };
    let (clock, part) = clock.split_once('.').map_or((clock, None), |(clock, part)| (clock, Some(part)));
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    let part_us = match part {
        None => 0,
        // Digits beyond the sixth are less than a microsecond.
        Some(part) => digits(&format!("{part:0<6}").chars().take(6).collect::<String>(), 6)
            .filter(|_| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))?,
    };
    let is_clock = parts.next().is_none() && hour < 24 && minute < 60 && second < 60;
    is_clock.then_some((((hour * 60 + minute) * 60 + second) * SECOND_US + part_us, offset))
}

fn offset_of(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (sign, rest) = zone.strip_prefix('-').map_or((1, zone.strip_prefix('+')), |rest| (-1, Some(rest)));
    let (hours, minutes) = rest?.split_once(':')?;
    Some(sign * (digits(hours, 2)? * 60 + digits(minutes, 2)?) * 60)
}

/// Days from the first of 1970 in the Gregorian calendar.
const fn days_from_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // Months from March have 31 30 31 30 31 days, again and again.
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests;

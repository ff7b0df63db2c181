//! The days that the data covers.

use super::GenerateError;
use super::spec::{FirstDay, Spec};
use jiff::ToSpan as _;
use jiff::civil::Date;

/// A week, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// All days with data: complete weeks, then those of the current week before `as_of`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    /// First day, and the number of days.
    pub(super) first: Date,
    pub(super) count: u32,
    /// The newest complete week, and where it begins in the count.
    pub(super) newest: Week,
    pub(super) newest_from: u32,
}

impl Days {
    pub(super) fn of(spec: &Spec, as_of: Date) -> Result<Self, GenerateError> {
        let out_of_calendar = |_| GenerateError::spec("`weeks`", "the days reach beyond the calendar");
        let into_week = match spec.week_starts {
            FirstDay::Monday => as_of.weekday().to_monday_zero_offset(),
            FirstDay::Sunday => as_of.weekday().to_sunday_zero_offset(),
        };
        let current = as_of.checked_sub(i32::from(into_week).days()).map_err(out_of_calendar)?;
        let first = current.checked_sub(i32::from(spec.weeks).weeks()).map_err(out_of_calendar)?;
        let newest = Week {
            from: current.checked_sub(1.week()).map_err(out_of_calendar)?,
            to: current.yesterday().map_err(out_of_calendar)?,
        };
        let complete = u32::from(spec.weeks.unsigned_abs()) * 7;
        let count = complete + u32::from(into_week.unsigned_abs());
        Ok(Self { first, count, newest, newest_from: complete.saturating_sub(7) })
    }

    /// Whether the day with that number is in the newest complete week.
    pub(super) const fn is_newest(&self, day: u32) -> bool {
        day >= self.newest_from && day < self.newest_from + 7
    }

    /// Days from 1970-01-01 to the first day.
    pub(super) fn epoch_day(&self) -> i32 {
        let seconds = self.first.duration_since(jiff::civil::date(1970, 1, 1)).as_secs();
        // jiff's calendar ends with the year 9999.
        i32::try_from(seconds / 86_400).unwrap_or(i32::MAX)
    }
}

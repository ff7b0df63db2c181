//! The fiscal year: when it begins, how it is called, and which days its quarters and months are.
//!
//! Decides fiscal dates for both kinds of year: of calendar months, and of whole weeks (4-4-5 and its
//! like). Units are counted through all years, so that "the last three" needs no care at a year's end.

use crate::{FiscalUnit, PeriodError};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

/// When the fiscal year starts, and how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalYear {
    /// First month, 1 to 12.
    pub month: i8,
    /// First day of that month.
    pub day: i8,
    /// Which calendar year gives its number.
    pub named_by: FiscalYearNamedBy,
    /// What its months are.
    pub months: FiscalMonths,
}

/// Which calendar year gives a fiscal year its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiscalYearNamedBy {
    /// The one in which it starts.
    Start,
    /// The one in which it ends.
    End,
}

/// What the months of a fiscal year are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiscalMonths {
    /// Months of the calendar, from the day on which the year starts.
    Calendar,
    /// Whole weeks, as many as given for the three months of each quarter. The year starts on the first day
    /// of the week nearest to its date, and its last month takes the 53rd week.
    Weeks([i8; 3]),
}

/// Months and quarters of a year.
const MONTHS: i64 = 12;
const QUARTERS: i64 = 4;

impl FiscalYear {
    /// The calendar year.
    pub const CALENDAR: Self =
        Self { month: 1, day: 1, named_by: FiscalYearNamedBy::Start, months: FiscalMonths::Calendar };

    /// The number of the unit that holds `day`, counted through all years.
    pub(super) fn ordinal_of(
        self,
        day: Date,
        unit: FiscalUnit,
        week_starts: Weekday,
    ) -> Result<i64, PeriodError> {
        let units = FiscalUnit::per_year(unit);
        let after = (i64::from(day.year()) + 2) * units;
        // A year may begin some days before or after its date, so the search spans three years.
        for ordinal in (after - 4 * units..after).rev() {
            if self.begin(ordinal, unit, week_starts)? <= day {
                return Ok(ordinal);
            }
        }
        Err(PeriodError::OutOfRange)
    }

    /// The first day of the unit of that number.
    pub(super) fn begin(
        self,
        ordinal: i64,
        unit: FiscalUnit,
        week_starts: Weekday,
    ) -> Result<Date, PeriodError> {
        let units = FiscalUnit::per_year(unit);
        let first = self.year_begins(ordinal.div_euclid(units), week_starts)?;
        // In months: a quarter is three of them.
        let month = ordinal.rem_euclid(units) * (MONTHS / units);
        let span = match self.months {
            FiscalMonths::Calendar => month.months(),
            FiscalMonths::Weeks(pattern) => {
                let of_quarter = usize::try_from(month % 3).or(Err(PeriodError::OutOfRange))?;
                let quarter: i64 = pattern.iter().copied().map(i64::from).sum();
                let before: i64 = pattern.iter().take(of_quarter).copied().map(i64::from).sum();
                (month / 3 * quarter + before).weeks()
            }
        };
        first.checked_add(span).or(Err(PeriodError::OutOfRange))
    }

    /// The number of a unit of the year that is called `name`; `index` counts from 0.
    pub(super) fn ordinal_named(self, name: i16, unit: FiscalUnit, index: i8) -> i64 {
        (i64::from(name) - self.name_offset()) * FiscalUnit::per_year(unit) + i64::from(index)
    }

    /// The number of the latest unit of that index in its year which had begun by `day`.
    pub(super) fn latest(
        self,
        unit: FiscalUnit,
        index: i8,
        day: Date,
        week_starts: Weekday,
    ) -> Result<i64, PeriodError> {
        let current = self.ordinal_of(day, unit, week_starts)?;
        Ok(current - (current - i64::from(index)).rem_euclid(FiscalUnit::per_year(unit)))
    }

    /// A year that starts on 1 January ends in the year in which it starts.
    const fn name_offset(self) -> i64 {
        match self.named_by {
            FiscalYearNamedBy::End if !(self.month == 1 && self.day == 1) => 1,
            FiscalYearNamedBy::End | FiscalYearNamedBy::Start => 0,
        }
    }

    fn year_begins(self, year: i64, week_starts: Weekday) -> Result<Date, PeriodError> {
        let year = i16::try_from(year).or(Err(PeriodError::OutOfRange))?;
        let date = Date::new(year, self.month, self.day).or(Err(PeriodError::OutOfRange))?;
        let days = match self.months {
            FiscalMonths::Calendar => 0,
            FiscalMonths::Weeks(_) => match date.weekday().since(week_starts) {
                into @ 0..=3 => -into,
                into => 7 - into,
            },
        };
        date.checked_add(days.days()).or(Err(PeriodError::OutOfRange))
    }
}

impl FiscalUnit {
    /// How many of it a year has.
    pub(super) const fn per_year(unit: Self) -> i64 {
        match unit {
            Self::Month => MONTHS,
            Self::Quarter => QUARTERS,
            Self::Year => 1,
        }
    }
}

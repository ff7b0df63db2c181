//! The period that another one is compared with, and how far apart the two are.
//!
//! Decides which days "the month before" and "last year" are for a given period. Whole months are set
//! against whole months and whole weeks against whole weeks, so that weekdays meet weekdays.

use super::{Calendar, plus};
use crate::{ComparisonExpr, FiscalUnit, Grain, Period, PeriodError, PeriodExpr, PeriodPhrase};
use jiff::civil::Date;
use std::time::SystemTime;

/// Weeks of a year that is compared by weeks.
const WEEKS_OF_YEAR: i64 = 52;
const MONTHS_OF_YEAR: i64 = 12;

/// How far a period lies after the one that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shift {
    /// Whole months.
    Months(i64),
    /// Whole days.
    Days(i64),
}

impl Calendar {
    /// Gives the period to compare with its dates. `phrase` is what `period` was resolved from.
    ///
    /// # Errors
    /// See [`PeriodError`].
    pub fn compared(
        &self,
        comparison: &ComparisonExpr,
        (phrase, period): (&PeriodPhrase, &Period),
        as_of: SystemTime,
    ) -> Result<Period, PeriodError> {
        let span = (period.from.date(), period.to.date());
        let (label, (from, to)) = match comparison {
            ComparisonExpr::With(phrase) => return self.resolve(phrase, as_of),
            ComparisonExpr::Previous => ("the period before", self.previous(phrase.expr, span)?),
            ComparisonExpr::LastYear => ("a year before", self.year_before(phrase.expr, span)?),
        };
        Ok(Period {
            from: from.to_datetime(self.day_starts),
            to: to.to_datetime(self.day_starts),
            zone: self.zone_name.clone(),
            label: label.to_owned(),
        })
    }

    fn previous(&self, expr: PeriodExpr, (from, to): (Date, Date)) -> Result<(Date, Date), PeriodError> {
        if let PeriodExpr::ToDate(unit) = expr {
            return elapsed(plus(from, unit, -1)?, (from, to), from);
        }
        match expr.fiscal_unit() {
            Some(unit) if matches!(expr, PeriodExpr::FiscalToDate(_)) => {
                elapsed(self.fiscal_begin(from, unit, -1)?, (from, to), from)
            }
            Some(unit) => self.fiscal_before(unit, (from, to)),
            None => {
                let before = match months_between(from, to).filter(|_| from.day() == 1) {
                    Some(months) => plus(from, Grain::Month, -months)?,
                    None => plus(from, Grain::Day, -days_between(from, to)?)?,
                };
                Ok((before, from))
            }
        }
    }

    fn year_before(&self, expr: PeriodExpr, (from, to): (Date, Date)) -> Result<(Date, Date), PeriodError> {
        if let Some(unit) = expr.fiscal_unit() {
            let years = -FiscalUnit::per_year(unit);
            let before = self.fiscal_begin(from, unit, years)?;
            let is_partial = matches!(expr, PeriodExpr::FiscalToDate(_));
            let end = || self.fiscal_begin(to, unit, years);
            return if is_partial { elapsed(before, (from, to), from) } else { Ok((before, end()?)) };
        }
        let whole = days_between(from, to)? % 7 == 0 && from.weekday() == self.week_starts;
        let of_weeks = if let PeriodExpr::ToDate(unit) = expr { unit == Grain::Week } else { whole };
        let (unit, count) = if of_weeks { (Grain::Week, WEEKS_OF_YEAR) } else { (Grain::Year, 1) };
        Ok((plus(from, unit, -count)?, plus(to, unit, -count)?))
    }

    /// As many fiscal units as the span has, just before it.
    fn fiscal_before(&self, unit: FiscalUnit, (from, to): (Date, Date)) -> Result<(Date, Date), PeriodError> {
        let (fiscal, weeks) = (self.fiscal_year, self.week_starts);
        let count = fiscal.ordinal_of(to, unit, weeks)? - fiscal.ordinal_of(from, unit, weeks)?;
        Ok((self.fiscal_begin(from, unit, -count)?, from))
    }

    /// The first day of the fiscal unit that lies `by` units after the one that holds `day`.
    fn fiscal_begin(&self, day: Date, unit: FiscalUnit, by: i64) -> Result<Date, PeriodError> {
        let (fiscal, weeks) = (self.fiscal_year, self.week_starts);
        fiscal.begin(fiscal.ordinal_of(day, unit, weeks)? + by, unit, weeks)
    }
}

/// As many days from `before` as the span has, but none from `end` on.
fn elapsed(before: Date, (from, to): (Date, Date), end: Date) -> Result<(Date, Date), PeriodError> {
    let until = plus(before, Grain::Day, days_between(from, to)?)?;
    Ok((before, until.min(end)))
}

fn days_between(from: Date, to: Date) -> Result<i64, PeriodError> {
    from.until(to).map(|span| i64::from(span.get_days())).or(Err(PeriodError::OutOfRange))
}

/// Whole months from one day to another of the same number in its month.
fn months_between(from: Date, to: Date) -> Option<i64> {
    let months = |day: Date| i64::from(day.year()) * MONTHS_OF_YEAR + i64::from(day.month());
    (from.day() == to.day()).then(|| months(to) - months(from)).filter(|months| *months > 0)
}

/// How far buckets of `grain` must be moved for those of `before` to meet those of `period`; `None` where they
/// cannot meet.
pub(crate) fn shift(grain: Option<Grain>, period: &Period, before: &Period) -> Option<Shift> {
    let (from, to) = (before.from.date(), period.from.date());
    let months = |of: i64| months_between(from, to).filter(|months| months % of == 0).map(Shift::Months);
    let days = |of: i64| days_between(from, to).ok().filter(|days| days % of == 0).map(Shift::Days);
    match grain {
        None | Some(Grain::Day) => days(1),
        Some(Grain::Week) => days(7),
        Some(Grain::Month) => months(1),
        Some(Grain::Quarter) => months(3),
        Some(Grain::Year) => months(12),
    }
}

#[cfg(test)]
mod tests;

//! The policy's calendar: which dates a period has.
//!
//! Decides time by code, from an instant that the caller gives; reads no clock. Periods are spans of
//! local dates, so a day of 23 or 25 hours is one day like any other.

mod comparison;
mod fiscal;

use crate::{FiscalUnit, Grain, MonthDay, Period, PeriodError, PeriodExpr, PeriodPhrase};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Unit, Zoned, ZonedRound};
use std::time::SystemTime;

pub(crate) use comparison::{Shift, shift};
pub use fiscal::{FiscalMonths, FiscalYear, FiscalYearNamedBy};

/// A calendar: time zone, first day of the week, fiscal year, and when a day begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    zone_name: String,
    week_starts: Weekday,
    fiscal_year: FiscalYear,
    day_starts: Time,
}

impl Calendar {
    /// A calendar; `None` if the bundled database has no time zone of that name.
    #[must_use]
    pub fn new(zone_name: &str, week_starts: Weekday, fiscal_year: FiscalYear) -> Option<Self> {
        let zone = TimeZone::get(zone_name).ok()?;
        // The database's own spelling: names are found without regard to case.
        let zone_name = zone.iana_name()?.to_owned();
        Some(Self { zone, zone_name, week_starts, fiscal_year, day_starts: Time::midnight() })
    }

    /// The same calendar with days that begin at another time than midnight: what happens before it
    /// belongs to the day before.
    #[must_use]
    pub fn with_day_starts(self, day_starts: Time) -> Self {
        Self { day_starts, ..self }
    }

    /// Name of the time zone, as IANA has it.
    #[must_use]
    pub fn time_zone(&self) -> &str {
        &self.zone_name
    }

    /// First day of the week.
    #[must_use]
    pub const fn week_starts(&self) -> Weekday {
        self.week_starts
    }

    /// The fiscal year.
    #[must_use]
    pub const fn fiscal_year(&self) -> FiscalYear {
        self.fiscal_year
    }

    /// When a business day begins.
    #[must_use]
    pub const fn day_starts(&self) -> Time {
        self.day_starts
    }

    /// Gives a period its dates, counted from `as_of`.
    ///
    /// # Errors
    /// See [`PeriodError`].
    pub fn resolve(&self, phrase: &PeriodPhrase, as_of: SystemTime) -> Result<Period, PeriodError> {
        let today = self.business_day(self.local(as_of))?;
        let (from, to) = self.dates(phrase.expr, today)?;
        Ok(Period {
            from: from.to_datetime(self.day_starts),
            to: to.to_datetime(self.day_starts),
            zone: self.zone_name.clone(),
            label: phrase.label.clone(),
        })
    }

    /// The local date and time of an instant. Instants beyond year 9999 count as its end.
    #[must_use]
    pub fn local(&self, instant: SystemTime) -> DateTime {
        self.zoned(instant).datetime()
    }

    /// The instant of a local time: of two, when clocks go back, the earlier.
    #[must_use]
    pub fn instant(&self, local: DateTime) -> Option<SystemTime> {
        self.zone.to_ambiguous_timestamp(local).compatible().ok().map(SystemTime::from)
    }

    /// An instant as text in this calendar's zone, to the second: `2026-11-22T18:24:08-06:00` (RFC 3339).
    #[must_use]
    pub fn zoned_text(&self, instant: SystemTime) -> String {
        let zoned = self.zoned(instant);
        let seconds = ZonedRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
        zoned.round(seconds).unwrap_or(zoned).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    fn zoned(&self, instant: SystemTime) -> Zoned {
        let end = if instant < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::try_from(instant).unwrap_or(end).to_zoned(self.zone.clone())
    }

    /// The day to which a local time belongs.
    fn business_day(&self, local: DateTime) -> Result<Date, PeriodError> {
        let date = local.date();
        if local.time() < self.day_starts { plus(date, Grain::Day, -1) } else { Ok(date) }
    }

    /// First day, and the day after the last one.
    fn dates(&self, expr: PeriodExpr, today: Date) -> Result<(Date, Date), PeriodError> {
        let tomorrow = plus(today, Grain::Day, 1)?;
        match expr {
            PeriodExpr::Today => Ok((today, tomorrow)),
            PeriodExpr::Yesterday => Ok((plus(today, Grain::Day, -1)?, today)),
            PeriodExpr::Last { count, unit } => {
                let end = self.start(today, unit)?;
                Ok((plus(end, unit, -i64::from(count))?, end))
            }
            PeriodExpr::This(unit) => whole(self.start(today, unit)?, unit),
            PeriodExpr::ToDate(unit) => Ok((self.start(today, unit)?, tomorrow)),
            PeriodExpr::PastDays(count) => Ok((plus(today, Grain::Day, -i64::from(count))?, today)),
            PeriodExpr::Day(day) => whole(day, Grain::Day),
            PeriodExpr::Month { year, month } => whole(first_of(year, month, today)?, Grain::Month),
            PeriodExpr::Quarter { year, quarter } => {
                let month =
                    quarter.checked_sub(1).and_then(|n| n.checked_mul(3)).and_then(|n| n.checked_add(1));
                whole(first_of(year, month.ok_or(PeriodError::OutOfRange)?, today)?, Grain::Quarter)
            }
            PeriodExpr::Year(year) => whole(first_of(Some(year), 1, today)?, Grain::Year),
            PeriodExpr::Between { from, to } if from > to => Err(PeriodError::Reversed),
            PeriodExpr::Between { from, to } => Ok((from, plus(to, Grain::Day, 1)?)),
            PeriodExpr::Since(day) if day > today => Err(PeriodError::Future),
            PeriodExpr::Since(day) => Ok((day, tomorrow)),
            PeriodExpr::YearlessDay(day) => whole(day.latest(today)?, Grain::Day),
            PeriodExpr::YearlessSince(day) => Ok((day.latest(today)?, tomorrow)),
            PeriodExpr::YearlessBetween { from, to } => {
                let first = from.latest(today)?;
                Ok((first, plus(to.next(first)?, Grain::Day, 1)?))
            }
            PeriodExpr::SameLastYear(unit) => {
                let start = self.start(today, unit)?;
                let start = match unit {
                    // A week a year ago is the one 52 weeks before, so that its days are the same weekdays.
                    Grain::Day | Grain::Week => plus(start, Grain::Week, -52)?,
                    Grain::Month | Grain::Quarter | Grain::Year => plus(start, Grain::Year, -1)?,
                };
                whole(start, unit)
            }
            PeriodExpr::FiscalThis(_)
            | PeriodExpr::FiscalLast { .. }
            | PeriodExpr::FiscalToDate(_)
            | PeriodExpr::FiscalQuarter { .. }
            | PeriodExpr::FiscalYear(_) => self.fiscal_dates(expr, today, tomorrow),
        }
    }

    /// Dates of a fiscal period; of any other, none.
    fn fiscal_dates(
        &self,
        expr: PeriodExpr,
        today: Date,
        tomorrow: Date,
    ) -> Result<(Date, Date), PeriodError> {
        let (fiscal, weeks) = (self.fiscal_year, self.week_starts);
        let current = |unit| fiscal.ordinal_of(today, unit, weeks);
        let span = |unit, from, to| Ok((fiscal.begin(from, unit, weeks)?, fiscal.begin(to, unit, weeks)?));
        match expr {
            PeriodExpr::FiscalThis(unit) => {
                let this = current(unit)?;
                span(unit, this, this + 1)
            }
            PeriodExpr::FiscalLast { count, unit } => {
                let this = current(unit)?;
                span(unit, this - i64::from(count), this)
            }
            PeriodExpr::FiscalToDate(unit) => Ok((fiscal.begin(current(unit)?, unit, weeks)?, tomorrow)),
            PeriodExpr::FiscalQuarter { year, quarter } => {
                let index = quarter.checked_sub(1).filter(|index| (0..4).contains(index));
                let index = index.ok_or(PeriodError::OutOfRange)?;
                let unit = FiscalUnit::Quarter;
                let named = year.map(|year| fiscal.ordinal_named(year, unit, index));
                let ordinal = named.map_or_else(|| fiscal.latest(unit, index, today, weeks), Ok)?;
                span(unit, ordinal, ordinal + 1)
            }
            PeriodExpr::FiscalYear(name) => {
                let ordinal = fiscal.ordinal_named(name, FiscalUnit::Year, 0);
                span(FiscalUnit::Year, ordinal, ordinal + 1)
            }
            PeriodExpr::Today
            | PeriodExpr::Yesterday
            | PeriodExpr::Last { .. }
            | PeriodExpr::This(_)
            | PeriodExpr::ToDate(_)
            | PeriodExpr::PastDays(_)
            | PeriodExpr::Day(_)
            | PeriodExpr::Month { .. }
            | PeriodExpr::Quarter { .. }
            | PeriodExpr::Year(_)
            | PeriodExpr::Between { .. }
            | PeriodExpr::Since(_)
            | PeriodExpr::YearlessDay(_)
            | PeriodExpr::YearlessSince(_)
            | PeriodExpr::YearlessBetween { .. }
            | PeriodExpr::SameLastYear(_) => Err(PeriodError::OutOfRange),
        }
    }

    /// The first day of the unit that holds `day`.
    fn start(&self, day: Date, unit: Grain) -> Result<Date, PeriodError> {
        match unit {
            Grain::Day => Ok(day),
            Grain::Week => {
                let into = day.weekday().since(self.week_starts);
                plus(day, Grain::Day, -i64::from(into))
            }
            Grain::Month => Ok(day.first_of_month()),
            Grain::Quarter => first_of(Some(day.year()), (day.month() - 1) / 3 * 3 + 1, day),
            Grain::Year => Ok(day.first_of_year()),
        }
    }
}

impl MonthDay {
    fn in_year(self, year: i16) -> Result<Date, PeriodError> {
        let first = Date::new(year, self.month, 1).or(Err(PeriodError::OutOfRange))?;
        let day = self.day.min(first.days_in_month());
        Date::new(year, self.month, day).or(Err(PeriodError::OutOfRange))
    }

    /// The latest such day that has begun by `today`.
    fn latest(self, today: Date) -> Result<Date, PeriodError> {
        let this_year = self.in_year(today.year())?;
        if this_year <= today { Ok(this_year) } else { self.in_year(today.year() - 1) }
    }

    /// The first such day from `day` on.
    fn next(self, day: Date) -> Result<Date, PeriodError> {
        let this_year = self.in_year(day.year())?;
        if this_year >= day { Ok(this_year) } else { self.in_year(day.year() + 1) }
    }
}

fn plus(day: Date, unit: Grain, count: i64) -> Result<Date, PeriodError> {
    let span = match unit {
        Grain::Day => Span::new().try_days(count),
        Grain::Week => Span::new().try_weeks(count),
        Grain::Month => Span::new().try_months(count),
        // Four factors of at most 65,535 quarters are far from overflow.
        Grain::Quarter => Span::new().try_months(count.saturating_mul(3)),
        Grain::Year => Span::new().try_years(count),
    };
    span.and_then(|span| day.checked_add(span)).or(Err(PeriodError::OutOfRange))
}

fn whole(start: Date, unit: Grain) -> Result<(Date, Date), PeriodError> {
    Ok((start, plus(start, unit, 1)?))
}

/// The first of a month; without a year, of the latest such month that has begun by `today`.
fn first_of(year: Option<i16>, month: i8, today: Date) -> Result<Date, PeriodError> {
    let first = |year| Date::new(year, month, 1).or(Err(PeriodError::OutOfRange));
    match year {
        Some(year) => first(year),
        None => {
            let this_year = first(today.year())?;
            if this_year <= today {
                return Ok(this_year);
            }
            this_year.checked_sub(1.year()).or(Err(PeriodError::OutOfRange))
        }
    }
}

#[cfg(test)]
mod tests;

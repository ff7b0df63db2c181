//! The policy's calendar: which dates a period has.
//!
//! Decides time by code, from an instant that the caller gives; reads no clock. Periods are spans of
//! local dates, so a day of 23 or 25 hours is one day like any other.

use crate::{Grain, Period, PeriodError, PeriodExpr, PeriodPhrase};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, Unit, Zoned, ZonedRound};
use std::time::SystemTime;

/// A calendar: time zone, first day of the week, fiscal year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    zone_name: String,
    week_starts: Weekday,
    fiscal_year: FiscalYear,
}

/// When the fiscal year starts, and how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalYear {
    /// First month, 1 to 12.
    pub month: i8,
    /// First day of that month.
    pub day: i8,
    /// Which calendar year gives its number.
    pub named_by: FiscalYearNamedBy,
}

/// Which calendar year gives a fiscal year its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FiscalYearNamedBy {
    /// The one in which it starts.
    Start,
    /// The one in which it ends.
    End,
}

impl FiscalYear {
    /// The calendar year.
    pub const CALENDAR: Self = Self { month: 1, day: 1, named_by: FiscalYearNamedBy::Start };
}

impl Calendar {
    /// A calendar; `None` if the bundled database has no time zone of that name.
    #[must_use]
    pub fn new(zone_name: &str, week_starts: Weekday, fiscal_year: FiscalYear) -> Option<Self> {
        let zone = TimeZone::get(zone_name).ok()?;
        // The database's own spelling: names are found without regard to case.
        let zone_name = zone.iana_name()?.to_owned();
        Some(Self { zone, zone_name, week_starts, fiscal_year })
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

    /// Gives a period its dates, counted from `as_of`.
    ///
    /// # Errors
    /// See [`PeriodError`].
    pub fn resolve(&self, phrase: &PeriodPhrase, as_of: SystemTime) -> Result<Period, PeriodError> {
        let today = self.local(as_of).date();
        let (from, to) = self.dates(phrase.expr, today)?;
        Ok(Period {
            from: from.to_datetime(jiff::civil::Time::midnight()),
            to: to.to_datetime(jiff::civil::Time::midnight()),
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

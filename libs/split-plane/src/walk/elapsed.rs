//! What lies between two times: whole units gone by, calendar days, months and parts of months.
//!
//! Databricks counts units that have gone by, not boundaries that were passed: from 23:00 to 01:00 it is
//! no day yet. `datediff` of two dates alone counts calendar days.

use super::call::as_type;
use super::dates::{UNIT_HINT, timestamp, unit_word};
use super::literal::literal_text;
use super::{Checked, Facts, Walk, build};
use crate::error::GuardError;
use sqlparser::ast::{BinaryOperator, DataType, Expr};

const SECONDS_PER_DAY: &str = "86400";

impl Walk<'_> {
    /// Whole units from one time to another, cut off towards zero.
    pub(super) fn elapsed(&mut self, unit: &Expr, start: &Expr, end: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let Some(unit) = unit_word(unit).and_then(elapsing) else {
            return Err(GuardError::not_allowed("a unit that is not known", UNIT_HINT));
        };
        let (start, end) = (self.time(start)?, self.time(end)?);
        let unit = Checked::new(build::text(unit), Facts::PLAIN);
        let call = build::call("timestampdiff", vec![unit, start, end]);
        Ok(Checked::new(call.expr, call.facts.with(Facts::MADE)))
    }

    pub(super) fn months_between(&mut self, end: &Expr, start: &Expr) -> Result<Checked, GuardError> {
        let (end, start) = (self.time(end)?, self.time(start)?);
        let call = build::call("months_between", vec![end, start]);
        Ok(Checked::new(call.expr, call.facts.with(Facts::MADE)))
    }

    /// The first such weekday after a date.
    pub(super) fn next_day(&mut self, date: &Expr, weekday: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let Some(weekday) = literal_text(weekday).and_then(day_of_week) else {
            return Err(GuardError::not_allowed(
                "a weekday that is not known",
                "write 'monday', 'mon' or 'mo'",
            ));
        };
        let Checked { expr, facts } = self.expr(date)?;
        let date = Checked::new(as_type(expr, DataType::Date), facts);
        Ok(build::call("next_day", vec![date, Checked::new(build::text(weekday), Facts::PLAIN)]))
    }

    fn time(&mut self, time: &Expr) -> Result<Checked, GuardError> {
        let Checked { expr, facts } = self.expr(time)?;
        Ok(Checked::new(as_type(expr, timestamp()), facts))
    }

    /// Whole days from one date to another; times of day do not count.
    pub(super) fn days_between(&mut self, end: &Expr, start: &Expr) -> Result<Checked, GuardError> {
        let (end, start) = (self.expr(end)?, self.expr(start)?);
        let facts = end.facts.with(start.facts);
        let seconds = |date: Expr| {
            let date = as_type(date, DataType::Date);
            Expr::Function(build::function("date_part", vec![build::text("epoch"), date]))
        };
        let apart = build::binary(seconds(end.expr), BinaryOperator::Minus, seconds(start.expr));
        let days =
            build::binary(build::nested(apart), BinaryOperator::Divide, build::number(SECONDS_PER_DAY));
        Ok(Checked::new(build::cast(days, DataType::Int(None)), facts))
    }
}

fn day_of_week(name: &str) -> Option<&'static str> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let name = name.to_ascii_lowercase();
    let is = |day: &&str| *day == name || ([2, 3].contains(&name.len()) && day.starts_with(&name));
    DAYS.into_iter().find(is)
}

fn elapsing(unit: &str) -> Option<&'static str> {
    const UNITS: [&str; 8] = ["year", "quarter", "month", "week", "day", "hour", "minute", "second"];
    UNITS.into_iter().find(|known| known.eq_ignore_ascii_case(unit))
}

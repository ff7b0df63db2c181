//! Dates: fields, units, intervals, formats, and the calls of Databricks that become them.

use super::call::as_type;
use super::literal::{literal_integer, literal_text};
use super::{Checked, Facts, Walk, build, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{BinaryOperator, DataType, DateTimeField, Expr, Interval, TimezoneInfo};

/// Units of an interval, at most; a thousand years of days.
const INTERVAL_MAX: i32 = 366_000;
const SECONDS_PER_DAY: &str = "86400";

const FIELD_HINT: &str = "use year, quarter, month, week, day, doy, dayofweek, hour or minute";
const UNIT_HINT: &str = "use year, quarter, month, week, day, hour, minute or second, as a literal";
const NUMBER_HINT: &str = "write the number of units as a whole number";

impl Walk<'_> {
    pub(super) fn extract(&mut self, field: &DateTimeField, date: &Expr) -> Result<Checked, GuardError> {
        let date = self.expr(date)?;
        part_of(&field.to_string(), date)
    }

    pub(super) fn date_part(&mut self, field: &Expr, date: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let Some(field) = literal_text(field) else {
            return Err(GuardError::not_allowed("a computed date field", FIELD_HINT));
        };
        let date = self.expr(date)?;
        part_of(field, date)
    }

    pub(super) fn date_trunc(&mut self, unit: &Expr, date: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let unit = literal_text(unit).and_then(truncation);
        let date = self.expr(date)?;
        match unit {
            Some(unit) => Ok(truncated(unit, date)),
            None => Err(GuardError::not_allowed("a unit that is not known", UNIT_HINT)),
        }
    }

    pub(super) fn date_text(&mut self, date: &Expr, format: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let format = literal_text(format).and_then(engine_format).ok_or_else(|| {
            GuardError::not_allowed(
                "a date format that is not known",
                "use yyyy, MM, dd, HH, mm, ss, MMM, EEE",
            )
        })?;
        let date = self.expr(date)?;
        Ok(build::call("to_char", vec![date, Checked::new(build::text(&format), Facts::PLAIN)]))
    }

    pub(super) fn interval(&mut self, interval: &Interval) -> Result<Checked, GuardError> {
        let Interval {
            value,
            leading_field: Some(unit),
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(GuardError::not_allowed("an interval of several units", "write INTERVAL '3' DAY"));
        };
        self.spend(1)?;
        let count = literal_integer(value).or_else(|| literal_text(value)?.trim().parse().ok());
        Ok(Checked::new(interval_of(count, &unit.to_string())?, Facts::PLAIN))
    }

    pub(super) fn date_function(&mut self, name: &str, args: &[&Expr]) -> Result<Checked, GuardError> {
        match (name, args) {
            ("year" | "quarter" | "month" | "day" | "hour" | "minute", [date])
            | ("dayofweek" | "dayofyear" | "dayofmonth" | "weekofyear" | "weekday", [date]) => {
                let date = self.expr(date)?;
                part_of(name, date)
            }
            ("datepart", [field, date]) => self.date_part(field, date),
            ("date" | "to_date", [date]) => {
                let Checked { expr, facts } = self.expr(date)?;
                Ok(Checked::new(as_type(expr, DataType::Date), facts))
            }
            ("to_timestamp", [time]) => {
                let Checked { expr, facts } = self.expr(time)?;
                Ok(Checked::new(as_type(expr, timestamp()), facts))
            }
            ("trunc", [date, unit]) => {
                let truncated = self.date_trunc(unit, date)?;
                Ok(Checked::new(build::cast(truncated.expr, DataType::Date), truncated.facts))
            }
            ("last_day", [date]) => {
                let month = truncated("month", self.expr(date)?);
                let next = moved(month.expr, BinaryOperator::Plus, interval_of(Some(1), "month")?);
                let last = moved(next, BinaryOperator::Minus, interval_of(Some(1), "day")?);
                Ok(Checked::new(build::cast(last, DataType::Date), month.facts))
            }
            ("dayname", [date]) => self.named("%a", date),
            ("monthname", [date]) => self.named("%b", date),
            ("date_format", [date, format]) => self.date_text(date, format),
            ("date_add" | "dateadd", [date, days]) => self.shift(date, days, "day", BinaryOperator::Plus),
            ("date_sub", [date, days]) => self.shift(date, days, "day", BinaryOperator::Minus),
            ("add_months", [date, months]) => self.shift(date, months, "month", BinaryOperator::Plus),
            ("date_add" | "dateadd" | "timestampadd", [unit, count, time]) => {
                self.time_shift(unit, count, time)
            }
            ("datediff" | "date_diff", [end, start]) => self.days_between(end, start),
            ("datediff" | "date_diff" | "timestampdiff", [unit, start, end]) => {
                self.spend(1)?;
                if unit_word(unit).is_none_or(|unit| !unit.eq_ignore_ascii_case("day")) {
                    return Err(GuardError::not_allowed("a difference in other units than days", "use DAY"));
                }
                self.days_between(end, start)
            }
            _ => Err(not_allowed("this function")),
        }
    }

    fn named(&mut self, format: &str, date: &Expr) -> Result<Checked, GuardError> {
        let date = self.expr(date)?;
        Ok(build::call("to_char", vec![date, Checked::new(build::text(format), Facts::PLAIN)]))
    }

    fn shift(
        &mut self,
        date: &Expr,
        count: &Expr,
        unit: &str,
        direction: BinaryOperator,
    ) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let interval = interval_of(literal_integer(count), unit)?;
        let Checked { expr, facts } = self.expr(date)?;
        let shifted = build::binary(as_type(expr, DataType::Date), direction, interval);
        Ok(Checked::new(build::nested(shifted), facts))
    }

    fn time_shift(&mut self, unit: &Expr, count: &Expr, time: &Expr) -> Result<Checked, GuardError> {
        self.spend(2)?;
        let Some(unit) = unit_word(unit) else {
            return Err(GuardError::not_allowed("a unit that is not known", UNIT_HINT));
        };
        let interval = interval_of(literal_integer(count), unit)?;
        let Checked { expr, facts } = self.expr(time)?;
        let shifted = build::binary(as_type(expr, timestamp()), BinaryOperator::Plus, interval);
        Ok(Checked::new(build::nested(shifted), facts))
    }

    /// Whole days from one date to another; times of day do not count.
    fn days_between(&mut self, end: &Expr, start: &Expr) -> Result<Checked, GuardError> {
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

/// A field of a date, in the engine's count.
fn part_of(field: &str, date: Checked) -> Result<Checked, GuardError> {
    let facts = date.facts.with(Facts::MADE);
    let part = |name: &str, date: Checked| {
        Expr::Function(build::function("date_part", vec![build::text(name), date.expr]))
    };
    let one = || build::number("1");
    let expr = match field.to_ascii_lowercase().as_str() {
        "year" | "years" => part("year", date),
        "quarter" => part("quarter", date),
        "month" | "months" => part("month", date),
        "week" | "weeks" | "weekofyear" => part("week", date),
        "day" | "days" | "dayofmonth" => part("day", date),
        "doy" | "dayofyear" => part("doy", date),
        "hour" | "hours" => part("hour", date),
        "minute" | "minutes" => part("minute", date),
        "isodow" | "dayofweek_iso" | "dow_iso" => part("isodow", date),
        "epoch" => part("epoch", date),
        // Sunday is 1 and Saturday 7; the engine has Monday 1 and Sunday 7.
        "dow" | "dayofweek" => {
            let rest = build::binary(part("isodow", date), BinaryOperator::Modulo, build::number("7"));
            build::nested(build::binary(rest, BinaryOperator::Plus, one()))
        }
        "weekday" => build::nested(build::binary(part("isodow", date), BinaryOperator::Minus, one())),
        _ => return Err(GuardError::not_allowed("a date field that is not known", FIELD_HINT)),
    };
    Ok(Checked::new(expr, facts))
}

fn truncation(unit: &str) -> Option<&'static str> {
    match unit.to_ascii_lowercase().as_str() {
        "year" | "yyyy" | "yy" => Some("year"),
        "quarter" => Some("quarter"),
        "month" | "mm" | "mon" => Some("month"),
        "week" => Some("week"),
        "day" | "dd" => Some("day"),
        "hour" => Some("hour"),
        "minute" => Some("minute"),
        "second" => Some("second"),
        _ => None,
    }
}

fn truncated(unit: &str, date: Checked) -> Checked {
    build::call("date_trunc", vec![Checked::new(build::text(unit), Facts::PLAIN), date])
}

fn moved(date: Expr, direction: BinaryOperator, interval: Expr) -> Expr {
    build::binary(date, direction, interval)
}

fn timestamp() -> DataType {
    DataType::Timestamp(None, TimezoneInfo::None)
}

/// A unit as a word (`dateadd(DAY, ..)`) or as text.
fn unit_word(unit: &Expr) -> Option<&str> {
    if let Expr::Identifier(ident) = unit { Some(&ident.value) } else { literal_text(unit) }
}

fn interval_of(count: Option<i32>, unit: &str) -> Result<Expr, GuardError> {
    let count = count.filter(|count| count.unsigned_abs() <= INTERVAL_MAX.unsigned_abs());
    let Some(count) = count else {
        return Err(GuardError::not_allowed("a computed or huge interval", NUMBER_HINT));
    };
    let (count, unit) = match unit.to_ascii_lowercase().as_str() {
        "year" | "years" => (count, DateTimeField::Year),
        "quarter" | "quarters" => (count * 3, DateTimeField::Month),
        "month" | "months" => (count, DateTimeField::Month),
        "week" | "weeks" => (count * 7, DateTimeField::Day),
        "day" | "days" => (count, DateTimeField::Day),
        "hour" | "hours" => (count, DateTimeField::Hour),
        "minute" | "minutes" => (count, DateTimeField::Minute),
        "second" | "seconds" => (count, DateTimeField::Second),
        _ => return Err(GuardError::not_allowed("a unit that is not known", UNIT_HINT)),
    };
    Ok(build::interval(&count.to_string(), unit))
}

/// A format of the engine, from one of Databricks or one of its own. Letters stand for fields only.
fn engine_format(format: &str) -> Option<String> {
    if format.contains('%') {
        return is_engine_format(format).then(|| format.to_owned());
    }
    let mut engine = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let run = rest.chars().take_while(|letter| *letter == first).count();
        let (word, after) = rest.split_at_checked(run * first.len_utf8())?;
        engine.push_str(match word {
            "yyyy" | "y" => "%Y",
            "yy" => "%y",
            "MM" => "%m",
            "MMM" => "%b",
            "MMMM" => "%B",
            "dd" => "%d",
            "HH" => "%H",
            "mm" => "%M",
            "ss" => "%S",
            "E" | "EEE" => "%a",
            "EEEE" => "%A",
            _ if word.chars().all(|letter| " -/:.,_".contains(letter)) => word,
            _ => return None,
        });
        rest = after;
    }
    Some(engine)
}

fn is_engine_format(format: &str) -> bool {
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let known = if letter == '%' {
            letters.next().is_some_and(|field| "YymbBdHMSaA".contains(field))
        } else {
            " -/:.,_".contains(letter)
        };
        if !known {
            return false;
        }
    }
    true
}

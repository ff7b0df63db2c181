//! Dates: fields, units, intervals, formats, and the calls of Databricks that become them.

use super::call::as_type;
use super::literal::{literal_integer, literal_text};
use super::{Checked, Facts, Walk, build, not_allowed};
use crate::error::GuardError;
use sqlparser::ast::{BinaryOperator, DataType, DateTimeField, Expr, Interval, TimezoneInfo};

/// Units of an interval, at most; a thousand years of days.
const INTERVAL_MAX: i32 = 366_000;

const FIELD_HINT: &str =
    "use year, quarter, month, week, day, doy, dayofweek, dayofweek_iso, yearofweek, hour or minute";
pub(super) const UNIT_HINT: &str =
    "use year, quarter, month, week, day, hour, minute or second, as a literal";
const NUMBER_HINT: &str = "write the number of units as a whole number";

impl Walk<'_> {
    pub(super) fn extract(&mut self, field: &DateTimeField, date: &Expr) -> Result<Checked, GuardError> {
        let date = self.expr(date)?;
        part_of(&field.to_string(), date, false)
    }

    pub(super) fn date_part(&mut self, field: &Expr, date: &Expr) -> Result<Checked, GuardError> {
        self.spend(1)?;
        let Some(field) = literal_text(field) else {
            return Err(GuardError::not_allowed("a computed date field", FIELD_HINT));
        };
        let date = self.expr(date)?;
        // What `second(t)` became; on Databricks the two differ only in parts of a second.
        part_of(field, date, field == "second")
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
        let count = match literal_text(value) {
            Some(text) => text.trim().parse().ok(),
            None => literal_integer(value),
        };
        Ok(Checked::new(interval_of(count, &unit.to_string())?, Facts::PLAIN))
    }

    pub(super) fn date_function(&mut self, name: &str, args: &[&Expr]) -> Result<Checked, GuardError> {
        match (name, args) {
            ("year" | "quarter" | "month" | "day" | "hour" | "minute" | "second", [date])
            | ("dayofweek" | "dayofyear" | "dayofmonth" | "weekofyear" | "weekday", [date]) => {
                let date = self.expr(date)?;
                part_of(name, date, true)
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
            ("datediff" | "date_diff", [unit, start, end]) => self.elapsed(unit, start, end),
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
        let literal = literal_integer(count);
        let computed = unit == "day" && literal.is_none();
        let (by, of_count) = if computed {
            // A date and a whole number of days are a date.
            let Checked { expr, facts } = self.expr(count)?;
            (as_type(expr, DataType::Int(None)), facts)
        } else {
            (interval_of(literal, unit)?, Facts::PLAIN)
        };
        let Checked { expr, facts } = self.expr(date)?;
        let facts = if computed { facts.with(of_count) } else { facts };
        let shifted = build::binary(as_type(expr, DataType::Date), direction, by);
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
}

/// A field of a date, in the engine's count.
fn part_of(field: &str, date: Checked, whole_seconds: bool) -> Result<Checked, GuardError> {
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
        "yearofweek" | "isoyear" => part("isoyear", date),
        "isodow" | "dayofweek_iso" | "dow_iso" => part("isodow", date),
        "epoch" => part("epoch", date),
        // EXTRACT gives parts of a second too; the engine counts whole ones, as the function does.
        "second" if whole_seconds => part("second", date),
        "second" | "seconds" => {
            return Err(GuardError::not_allowed("parts of a second", "write second(t) for whole seconds"));
        }
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

/// Whether an interval moves the time of day, so that a date it is added to becomes a timestamp.
pub(super) fn moves_time(expr: &Expr) -> bool {
    let Expr::Interval(interval) = expr else { return false };
    matches!(
        interval.leading_field,
        Some(DateTimeField::Hour | DateTimeField::Minute | DateTimeField::Second)
    )
}

fn moved(date: Expr, direction: BinaryOperator, interval: Expr) -> Expr {
    build::binary(date, direction, interval)
}

pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(None, TimezoneInfo::None)
}

/// A unit as a word (`dateadd(DAY, ..)`) or as text.
pub(super) fn unit_word(unit: &Expr) -> Option<&str> {
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

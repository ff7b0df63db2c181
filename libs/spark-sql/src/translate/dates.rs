//! Functions of dates and times. Days are calculated with in whole days, which cannot fail.

use super::Translation;
use super::expr::literal_text;
use super::term::Term;
use super::words::counted;
use crate::convert::{instant, sealed};
use crate::kind::Kind;
use crate::mask::{first_day, weekday};
use crate::refusal::Refusal;
use crate::statement::Value;
use splitplane_types::BucketUnit;
use sqlparser::ast::Expr;

impl Translation<'_> {
    pub(super) fn of_dates(&mut self, name: &str, args: &[&Expr]) -> Result<Option<Term>, Refusal> {
        let term = match (name, args) {
            ("date_part", [field, time]) => {
                let field = literal_text(field).ok_or(Refusal::Literal("field of a date"))?;
                let time = self.expr(time)?;
                self.date_field(&field.to_ascii_lowercase(), time)?
            }
            ("date_trunc", [unit, time]) => {
                let unit = literal_text(unit).ok_or(Refusal::Literal("unit"))?;
                self.truncated(&unit.to_ascii_lowercase(), time)?
            }
            ("to_char", [time, format]) => {
                let format = literal_text(format).ok_or(Refusal::Literal("format"))?;
                self.formatted(time, format)?
            }
            ("make_date", [year, month, day]) => self.made(year, month, day)?,
            ("months_between", [end, start]) => {
                let args = [self.moment(end)?, self.moment(start)?];
                Self::called("months_between", &args, Kind::Float)
            }
            ("next_day", [date, weekday]) => {
                let weekday =
                    literal_text(weekday).and_then(short_weekday).ok_or(Refusal::Literal("weekday"))?;
                let args = [self.date(date)?, self.values.text(weekday)?];
                Self::called("next_day", &args, Kind::Date)
            }
            ("timestampdiff", [unit, start, end]) => {
                let unit = literal_text(unit).and_then(elapsing).ok_or(Refusal::Literal("unit"))?;
                let (start, end) = (self.moment(start)?, self.moment(end)?);
                match micros_of(unit) {
                    None => Term::written(format!("timestampdiff({unit}, {start}, {end})"), Kind::Integer),
                    Some(micros) => {
                        let apart = format!("try_subtract(unix_micros({end}), unix_micros({start}))");
                        Term::written(format!("({apart} div CAST({micros} AS BIGINT))"), Kind::Integer)
                    }
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(term))
    }

    /// A time, or a text that is read as one.
    fn time(&mut self, term: Term) -> Result<(String, Kind), Refusal> {
        let kind = match term.kind() {
            kind @ (Kind::Date | Kind::Timestamp | Kind::TimestampTz) => kind,
            Kind::Text | Kind::Null => Kind::Timestamp,
            Kind::Boolean | Kind::Integer | Kind::Decimal { .. } | Kind::Float | Kind::Interval => {
                return Err(Refusal::Types("a function of times of what is none"));
            }
        };
        Ok((self.text_as(term, kind)?, kind))
    }

    fn date(&mut self, time: &Expr) -> Result<String, Refusal> {
        let term = self.expr(time)?;
        self.text_as(term, Kind::Date)
    }

    /// Calendar days from one date to another.
    pub(super) fn days_between(&mut self, end: &Expr, start: &Expr) -> Result<Term, Refusal> {
        let args = [self.date(end)?, self.date(start)?];
        Ok(counted(&format!("datediff({})", args.join(", "))))
    }

    /// A time as an instant of a session in UTC.
    fn moment(&mut self, time: &Expr) -> Result<String, Refusal> {
        let term = self.expr(time)?;
        let (text, kind) = self.time(term)?;
        instant(&text, kind)
    }

    /// A field of a time, as a whole number.
    pub(super) fn date_field(&mut self, field: &str, time: Term) -> Result<Term, Refusal> {
        let (text, kind) = self.time(time)?;
        let name = match field {
            "year" | "quarter" | "month" | "day" => field,
            "week" => "weekofyear",
            "doy" => "dayofyear",
            "hour" | "minute" | "second" => {
                let text = if kind == Kind::Date { self.midnight(&text)? } else { text };
                return Ok(counted(&format!("{field}({text})")));
            }
            "isodow" => {
                let day = self.day_of(&text, kind)?;
                return Ok(counted(&format!("({} + 1)", weekday(&day))));
            }
            // The year of the week's Thursday.
            "isoyear" => {
                let day = self.day_of(&text, kind)?;
                return Ok(counted(&format!("year(date_add({day}, 3 - {}))", weekday(&day))));
            }
            "epoch" if kind == Kind::Date => {
                let seconds = format!("(CAST(unix_date({text}) AS DOUBLE) * CAST(86400 AS DOUBLE))");
                return Ok(Term::written(seconds, Kind::Float));
            }
            "epoch" => {
                let micros = format!("unix_micros({})", sealed(&instant(&text, kind)?));
                let seconds = format!("(CAST({micros} AS DOUBLE) / CAST(1000000 AS DOUBLE))");
                return Ok(Term::written(seconds, Kind::Float));
            }
            _ => return Err(Refusal::Literal("field of a date")),
        };
        let day = self.day_of(&text, kind)?;
        Ok(counted(&format!("{name}({day})")))
    }

    fn day_of(&mut self, text: &str, kind: Kind) -> Result<String, Refusal> {
        crate::convert::cast(text, kind, Kind::Date, &mut self.values)
    }

    fn midnight(&mut self, text: &str) -> Result<String, Refusal> {
        crate::convert::cast(text, Kind::Date, Kind::Timestamp, &mut self.values)
    }

    /// The beginning of the unit that holds a time; of a date too it is a time.
    fn truncated(&mut self, unit: &str, time: &Expr) -> Result<Term, Refusal> {
        let term = self.expr(time)?;
        let (text, kind) = self.time(term)?;
        let result = if kind == Kind::TimestampTz { kind } else { Kind::Timestamp };
        let unit = match unit {
            "hour" | "minute" | "second" => {
                let (text, kind) =
                    if kind == Kind::Date { (self.midnight(&text)?, Kind::Timestamp) } else { (text, kind) };
                let unit = self.values.text(&unit.to_ascii_uppercase())?;
                let name = result.sql().ok_or(Refusal::Types("an interval"))?;
                let start = format!("CAST(date_trunc({unit}, {}) AS {name})", instant(&text, kind)?);
                return Ok(Term::written(sealed(&start), result));
            }
            "day" => None,
            "week" => Some(BucketUnit::Week),
            "month" => Some(BucketUnit::Month),
            "quarter" => Some(BucketUnit::Quarter),
            "year" => Some(BucketUnit::Year),
            _ => return Err(Refusal::Literal("unit")),
        };
        let day = self.day_of(&text, kind)?;
        let first = unit.map_or_else(|| day.clone(), |unit| first_day(&day, unit));
        let first = crate::convert::cast(&first, Kind::Date, result, &mut self.values)?;
        Ok(Term::written(first, result))
    }

    fn formatted(&mut self, time: &Expr, format: &str) -> Result<Term, Refusal> {
        let format = pattern(format).ok_or(Refusal::Literal("format of a date"))?;
        let moment = self.moment(time)?;
        let format = self.values.put(Value::Text(format))?;
        Ok(Self::called("date_format", &[moment, format], Kind::Text))
    }

    /// A date out of its parts; NULL where there is none.
    fn made(&mut self, year: &Expr, month: &Expr, day: &Expr) -> Result<Term, Refusal> {
        let (zero, dash) = (self.values.text("0")?, self.values.text("-")?);
        let mut conditions = Vec::new();
        let mut parts = Vec::new();
        for (part, digits, max) in [(year, 4, 9_999), (month, 2, 12), (day, 2, 31)] {
            let term = self.expr(part)?;
            if !matches!(term.kind(), Kind::Integer | Kind::Null) {
                return Err(Refusal::Types("a date of what is no whole number"));
            }
            let text = self.text_as(term, Kind::Integer)?;
            conditions.push(format!("{text} BETWEEN 1 AND {max}"));
            parts.push(format!("lpad(CAST({text} AS STRING), {digits}, {zero})"));
        }
        let (parts, conditions) = (parts.join(&format!(", {dash}, ")), conditions.join(" AND "));
        let made = format!("(CASE WHEN {conditions} THEN try_cast(concat({parts}) AS DATE) END)");
        Ok(Term::written(made, Kind::Date))
    }
}

fn short_weekday(name: &str) -> Option<&'static str> {
    Some(match name {
        "monday" => "MON",
        "tuesday" => "TUE",
        "wednesday" => "WED",
        "thursday" => "THU",
        "friday" => "FRI",
        "saturday" => "SAT",
        "sunday" => "SUN",
        _ => return None,
    })
}

fn elapsing(unit: &str) -> Option<&'static str> {
    const UNITS: [&str; 8] = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"];
    UNITS.into_iter().find(|known| known.eq_ignore_ascii_case(unit))
}

/// Microseconds of a unit that always has as many.
fn micros_of(unit: &str) -> Option<i64> {
    const SECOND: i64 = 1_000_000;
    Some(match unit {
        "SECOND" => SECOND,
        "MINUTE" => 60 * SECOND,
        "HOUR" => 3_600 * SECOND,
        "DAY" => 86_400 * SECOND,
        "WEEK" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

/// A pattern of Spark from a format of the embedded engine. Two fields whose letters would run together
/// have none.
fn pattern(format: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let word = match letter {
            '%' => match letters.next()? {
                'Y' => "yyyy",
                'y' => "yy",
                'm' => "MM",
                'b' => "MMM",
                'B' => "MMMM",
                'd' => "dd",
                'H' => "HH",
                'M' => "mm",
                'S' => "ss",
                'a' => "EEE",
                'A' => "EEEE",
                _ => return None,
            },
            ' ' => " ",
            '-' => "-",
            '/' => "/",
            ':' => ":",
            '.' => ".",
            ',' => ",",
            '_' => "_",
            _ => return None,
        };
        let runs_on = word.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
        if runs_on && pattern.chars().last() == word.chars().next() {
            return None;
        }
        pattern.push_str(word);
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn formats_become_patterns_field_by_field() {
        assert_eq!(pattern("%Y-%m-%d %H:%M:%S").as_deref(), Some("yyyy-MM-dd HH:mm:ss"));
        assert_eq!(pattern("%b %Y").as_deref(), Some("MMM yyyy"));
        assert_eq!(pattern("%Y%m").as_deref(), Some("yyyyMM"));
        // Five letters in a row are another field.
        assert_eq!(pattern("%m%b"), None);
        assert_eq!(pattern("%q"), None);
        assert_eq!(pattern("Q"), None);
    }
}

//! Literals of the tree: what value each is, and what it becomes beside a value of another kind.
//!
//! Decides how numbers, dates and times are read. A literal that is no value of its type is refused: the
//! embedded engine fails on it too, whatever the data.

use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::statement::Value;

const DIGITS_MAX: usize = 38;

/// A literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    Decimal { digits: String, precision: u8, scale: u8 },
    Text(String),
    Date(String),
    Timestamp(String),
}

impl Literal {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Boolean(_) => Kind::Boolean,
            Self::Integer(_) => Kind::Integer,
            Self::Decimal { digits: _, precision, scale } => {
                Kind::Decimal { precision: *precision, scale: *scale }
            }
            Self::Text(_) => Kind::Text,
            Self::Date(_) => Kind::Date,
            Self::Timestamp(_) => Kind::Timestamp,
        }
    }

    /// The kind that says how many digits a number has, where it stands beside decimals.
    pub(crate) fn exact_kind(&self) -> Kind {
        if let Self::Integer(value) = self {
            let digits = value.unsigned_abs().checked_ilog10().map_or(1, |log| log.saturating_add(1));
            return Kind::Decimal { precision: u8::try_from(digits).unwrap_or(19), scale: 0 };
        }
        self.kind()
    }

    /// The value to bind; NULL has none.
    pub(crate) fn value(self) -> Option<Value> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Decimal { digits, precision, scale } => Value::Decimal { digits, precision, scale },
            Self::Text(value) => Value::Text(value),
            Self::Date(value) => Value::Date(value),
            Self::Timestamp(value) => Value::Timestamp(value),
        })
    }

    /// The same number as a value of another kind, where it is one exactly.
    pub(crate) fn number_as(&self, kind: Kind) -> Option<Value> {
        let digits = match self {
            Self::Integer(value) => value.to_string(),
            Self::Decimal { digits, .. } => digits.clone(),
            Self::Null | Self::Boolean(_) | Self::Text(_) | Self::Date(_) | Self::Timestamp(_) => {
                return None;
            }
        };
        match (kind, self) {
            (Kind::Integer, Self::Integer(value)) => Some(Value::Integer(*value)),
            (Kind::Float, _) => digits.parse().ok().map(Value::Double),
            (Kind::Decimal { precision, scale }, _) => {
                let digits = with_scale(&digits, usize::from(scale))?;
                let found = digits.bytes().filter(u8::is_ascii_digit).count();
                let leading = usize::from(digits.trim_start_matches('-').starts_with('0'));
                (found.saturating_sub(leading) <= usize::from(precision)).then_some(Value::Decimal {
                    digits,
                    precision,
                    scale,
                })
            }
            _ => None,
        }
    }
}

/// A number of decimal notation with exactly so many digits after the point, if that loses none.
fn with_scale(digits: &str, scale: usize) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept = fraction.trim_end_matches('0');
    if kept.len() > scale {
        return None;
    }
    if scale == 0 {
        return Some(whole.to_owned());
    }
    Some(format!("{whole}.{kept:0<scale$}"))
}

/// A number as it is written: digits, a point, an exponent.
pub(crate) fn number(text: &str, negative: bool) -> Result<Literal, Refusal> {
    let wrong = Refusal::Literal("number");
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_no_number| wrong)?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, fraction].concat();
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) || exponent.unsigned_abs() > 40 {
        return Err(wrong);
    }
    // Where the point stands, counted from the first digit.
    let point = isize::try_from(whole.len()).map_err(|_large| wrong)? + isize::from(exponent);
    let (whole, fraction) = match usize::try_from(point) {
        Ok(point) if point >= all.len() => (format!("{all:0<point$}"), String::new()),
        Ok(point) => {
            let (whole, fraction) = all.split_at_checked(point).ok_or(wrong)?;
            (whole.to_owned(), fraction.to_owned())
        }
        Err(_negative) => (String::new(), format!("{}{all}", "0".repeat(point.unsigned_abs()))),
    };
    let whole = whole.trim_start_matches('0');
    let sign = if negative { "-" } else { "" };
    let shown = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty()
        && let Ok(value) = format!("{sign}{shown}").parse()
    {
        return Ok(Literal::Integer(value));
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(wrong);
    }
    let count = |digits: usize| u8::try_from(digits).map_err(|_large| wrong);
    let (precision, scale) = (count((whole.len() + fraction.len()).max(1))?, count(fraction.len())?);
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(Literal::Decimal { digits: format!("{sign}{shown}{point}{fraction}"), precision, scale })
}

/// `2026-01-31`, as ISO 8601 writes it.
pub(crate) fn date(text: &str) -> Result<String, Refusal> {
    let wrong = Refusal::Literal("date");
    let mut parts = text.trim().split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(wrong);
    };
    let year = field(year, 4, 4, 9_999).filter(|year| *year > 0).ok_or(wrong)?;
    let month = field(month, 1, 2, 12).ok_or(wrong)?;
    let day = field(day, 1, 2, 31).ok_or(wrong)?;
    if month == 0 || day == 0 || day > days_of(year, month) {
        return Err(wrong);
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// `2026-01-31 10:30:00.5`, with a blank or a T, with or without a time; in UTC where it says so.
pub(crate) fn timestamp(text: &str) -> Result<String, Refusal> {
    let wrong = Refusal::Literal("timestamp");
    let text = text.trim();
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, "00:00:00"));
    let day = date(day).map_err(|_no_date| wrong)?;
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut parts = clock.split(':');
    let mut next = |max| field(parts.next()?, 1, 2, max);
    let (hour, minute) = (next(23).ok_or(wrong)?, next(59).ok_or(wrong)?);
    let second = if clock.matches(':').count() == 1 { 0 } else { next(59).ok_or(wrong)? };
    if parts.next().is_some() || fraction.len() > 6 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{day}T{hour:02}:{minute:02}:{second:02}{point}{fraction}"))
}

fn field(text: &str, digits_min: usize, digits_max: usize, max: u32) -> Option<u32> {
    let plain = (digits_min..=digits_max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|value| plain && *value <= max)
}

const fn days_of(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;

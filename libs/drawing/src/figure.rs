//! A number of a table: its exact value, its nearest double, and how it is written on a drawing.
//!
//! Decides digits. Units stand in the titles of axes and not beside each number.

use serde_json::Value;
use splitplane_types::{Cell, Decimal};

/// From here on a number is written with an exponent: digits that nobody reads would leave no room.
const PLAIN_MAX: f64 = 1e15;

/// A number of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Figure {
    /// An integer or a decimal number.
    Exact(Decimal),
    /// A finite double.
    Double(f64),
}

impl Figure {
    /// The number of a cell; `Err` when the cell is of another kind. A double that is not finite has no
    /// place on an axis and counts as no value.
    pub(crate) fn of(cell: &Cell) -> Result<Option<Self>, NotANumber> {
        match cell {
            Cell::Null => Ok(None),
            Cell::Integer(value) => Ok(Decimal::new(i128::from(*value), 0).map(Self::Exact)),
            Cell::Decimal(value) => Ok(Some(Self::Exact(*value))),
            Cell::Float(value) => Ok(value.is_finite().then_some(Self::Double(*value))),
            Cell::Text(_) | Cell::Boolean(_) | Cell::Date(_) | Cell::Timestamp(_) => Err(NotANumber),
        }
    }

    /// The nearest double.
    pub(crate) fn drawn(self) -> f64 {
        match self {
            Self::Exact(value) => value.to_f64(),
            Self::Double(value) => value,
        }
    }

    /// The number in JSON: whole numbers exactly, others as the nearest double.
    pub(crate) fn json(self) -> Value {
        match self {
            Self::Exact(value) => {
                let value = value.normalized(0);
                match i64::try_from(value.unscaled()) {
                    Ok(whole) if value.scale() == 0 => Value::from(whole),
                    Ok(_) | Err(_) => Value::from(value.to_f64()),
                }
            }
            Self::Double(value) => Value::from(value),
        }
    }

    /// The number with all its digits.
    pub(crate) fn exact(self) -> String {
        match self {
            Self::Exact(value) => separated(&value),
            Self::Double(value) => format!("{value:?}"),
        }
    }

    fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Exact(value) => Some(value),
            // Twelve digits after the point are all that such a double has.
            Self::Double(value) if value.abs() < PLAIN_MAX => format!("{value:.12}").parse().ok(),
            Self::Double(_) => None,
        }
    }

    /// Writes the number with so many digits after the point.
    pub(crate) fn written(self, digits: Digits) -> String {
        match self.decimal() {
            Some(value) if self.drawn().abs() < PLAIN_MAX => {
                separated(&value.rounded(digits.most).normalized(digits.shown))
            }
            Some(_) | None => format!("{:.3e}", self.drawn()),
        }
    }
}

/// A cell that holds something else than a number.
#[derive(Debug)]
pub(crate) struct NotANumber;

/// Digits after the point, the same for all numbers of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    most: u8,
    shown: u8,
}

impl Digits {
    /// As many as the numbers need: two at most beside hundreds, and enough for numbers near zero to be
    /// told from it.
    pub(crate) fn of(figures: impl Iterator<Item = Figure> + Clone) -> Self {
        let largest = figures.clone().map(|figure| figure.drawn().abs()).fold(0.0, f64::max);
        let most = match largest {
            large if large >= 100.0 => 2,
            small if small > 0.0 && small < 0.01 => 12,
            _ => 4,
        };
        let needed =
            figures.filter_map(Figure::decimal).map(|value| value.rounded(most).normalized(0).scale());
        Self { most, shown: needed.max().unwrap_or(0) }
    }
}

/// The digits, with a comma before every third of the whole.
fn separated(value: &Decimal) -> String {
    let text = value.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut shown = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(part) = part {
        shown.push('.');
        shown.push_str(part);
    }
    shown
}

#[cfg(test)]
mod tests;

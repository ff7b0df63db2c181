//! Exact arithmetic on cells. Whatever does not fit 38 digits is no number here, and proves nothing.

use splitplane_types::{Cell, Decimal};

/// The number that a cell holds.
pub(crate) fn of_cell(cell: &Cell) -> Option<Decimal> {
    match cell {
        Cell::Integer(value) => Decimal::new(i128::from(*value), 0),
        Cell::Decimal(value) => Some(*value),
        // The shortest text that reads back as the same double, never with an exponent.
        Cell::Float(value) if value.is_finite() => value.to_string().parse().ok(),
        Cell::Float(_)
        | Cell::Null
        | Cell::Text(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => None,
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// Both numbers without the point, at one scale.
fn aligned(a: Decimal, b: Decimal) -> Option<(i128, i128, u8)> {
    let scale = a.scale().max(b.scale());
    let widen =
        |value: Decimal| value.unscaled().checked_mul(power_of_ten(u32::from(scale - value.scale()))?);
    Some((widen(a)?, widen(b)?, scale))
}

pub(crate) fn add(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (x, y, scale) = aligned(a, b)?;
    Decimal::new(x.checked_add(y)?, scale)
}

pub(crate) fn difference(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (x, y, scale) = aligned(a, b)?;
    Decimal::new(x.checked_sub(y)?, scale)
}

pub(crate) fn absolute(value: Decimal) -> Option<Decimal> {
    Decimal::new(value.unscaled().checked_abs()?, value.scale())
}

pub(crate) fn multiply(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalized(0), b.normalized(0));
    Decimal::new(a.unscaled().checked_mul(b.unscaled())?, a.scale().checked_add(b.scale())?)
}

/// `a / b * factor`, rounded half away from zero to `decimals` digits.
pub(crate) fn ratio(a: Decimal, b: Decimal, factor: i128, decimals: u8) -> Option<Decimal> {
    let (x, y, _) = aligned(a, b)?;
    let top = x.checked_mul(factor)?.checked_mul(power_of_ten(u32::from(decimals))?)?;
    Decimal::new(divided(top, y)?, decimals)
}

/// `value` rounded half away from zero to a multiple of `10^-decimals`; `decimals` may be negative.
pub(crate) fn rounded(value: Decimal, decimals: i16) -> Option<Decimal> {
    match u8::try_from(decimals) {
        Ok(decimals) => Some(value.rounded(decimals)),
        Err(_negative) => {
            let zeros = u32::from(decimals.unsigned_abs());
            let step = power_of_ten(zeros.checked_add(u32::from(value.scale()))?)?;
            Decimal::new(divided(value.unscaled(), step)?.checked_mul(power_of_ten(zeros)?)?, 0)
        }
    }
}

fn divided(top: i128, bottom: i128) -> Option<i128> {
    let quotient = top.checked_div(bottom)?;
    let rest = top.checked_rem(bottom)?;
    let up = rest.unsigned_abs() >= bottom.unsigned_abs().div_ceil(2);
    let step = if (top < 0) == (bottom < 0) { 1 } else { -1 };
    if up { quotient.checked_add(step) } else { Some(quotient) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn shares_and_roundings_are_exact() {
        assert_eq!(ratio(decimal("1"), decimal("3"), 100, 1), Some(decimal("33.3")));
        assert_eq!(ratio(decimal("1"), decimal("8"), 100, 0), Some(decimal("13")));
        assert_eq!(ratio(decimal("-1"), decimal("8"), 100, 0), Some(decimal("-13")));
        assert_eq!(ratio(decimal("2.50"), decimal("0.5"), 1, 1), Some(decimal("5.0")));
        assert_eq!(ratio(decimal("1"), decimal("0"), 100, 0), None);
        assert_eq!(rounded(decimal("84499.99"), -3), Some(decimal("84000")));
        assert_eq!(rounded(decimal("84500"), -3), Some(decimal("85000")));
        assert_eq!(rounded(decimal("-84500"), -3), Some(decimal("-85000")));
        assert_eq!(difference(decimal("1.5"), decimal("2")), Some(decimal("-0.5")));
        assert_eq!(multiply(decimal("-1.50"), decimal("0.4")), Some(decimal("-0.6")));
        assert_eq!(of_cell(&Cell::Float(0.1)), Some(decimal("0.1")));
        assert_eq!(of_cell(&Cell::Float(f64::NAN)), None);
    }
}

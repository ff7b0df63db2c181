//! Exact decimal numbers, as wide as the engine's.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// `unscaled * 10^-scale`. Equality and order are by value: `1.0` equals `1.00`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    unscaled: i128,
    scale: u8,
}

/// A text that is no decimal number of at most 38 digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number of at most 38 digits")]
pub struct InvalidDecimal;

const SCALE_MAX: u8 = 38;

impl Decimal {
    /// Makes `unscaled * 10^-scale`; `None` when the scale is over 38.
    #[must_use]
    pub const fn new(unscaled: i128, scale: u8) -> Option<Self> {
        if scale > SCALE_MAX { None } else { Some(Self { unscaled, scale }) }
    }

    /// The digits, without the point.
    #[must_use]
    pub const fn unscaled(self) -> i128 {
        self.unscaled
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The same value with no more trailing zeros after the point than `scale_min` needs, and with
    /// at least `scale_min` digits where they fit.
    #[must_use]
    pub fn normalized(self, scale_min: u8) -> Self {
        let mut value = self;
        while value.scale > scale_min && value.unscaled % 10 == 0 {
            value = Self { unscaled: value.unscaled / 10, scale: value.scale - 1 };
        }
        while value.scale < scale_min.min(SCALE_MAX) {
            let Some(unscaled) = value.unscaled.checked_mul(10) else { return value };
            value = Self { unscaled, scale: value.scale + 1 };
        }
        value
    }

    /// Rounds half away from zero to at most `scale` digits after the point.
    #[must_use]
    pub fn rounded(self, scale: u8) -> Self {
        if self.scale <= scale {
            return self;
        }
        let Some(divisor) = 10_i128.checked_pow(u32::from(self.scale - scale)) else { return self };
        let (quotient, rest) = (self.unscaled / divisor, self.unscaled % divisor);
        let up = rest.unsigned_abs() >= divisor.unsigned_abs().div_ceil(2);
        let step = if self.unscaled < 0 { -1 } else { 1 };
        Self { unscaled: if up { quotient + step } else { quotient }, scale }
    }

    /// The nearest double.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // The text of a decimal number always parses as a double.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.normalized(0), other.normalized(0));
        let signs = a.unscaled.signum().cmp(&b.unscaled.signum());
        if signs.is_ne() {
            return signs;
        }
        let scale = a.scale.max(b.scale);
        let widen = |value: Self| {
            10_i128.checked_pow(u32::from(scale - value.scale)).and_then(|f| value.unscaled.checked_mul(f))
        };
        match (widen(a), widen(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            // Only the one whose integer part is larger in magnitude overflows when widened.
            (None, _) if a.unscaled > 0 => Ordering::Greater,
            (None, _) => Ordering::Less,
            (_, None) if b.unscaled > 0 => Ordering::Less,
            (_, None) => Ordering::Greater,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, part) = digits.split_at(digits.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        if part.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
    }
}

impl FromStr for Decimal {
    type Err = InvalidDecimal;

    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty() || !plain(digits) || !plain(part) || (part.is_empty() && text.contains('.')) {
            return Err(InvalidDecimal);
        }
        let unscaled = format!("{whole}{part}").parse().or(Err(InvalidDecimal))?;
        let scale = u8::try_from(part.len()).or(Err(InvalidDecimal))?;
        Self::new(unscaled, scale).ok_or(InvalidDecimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn text_shows_the_point_where_it_is() {
        for text in ["0", "-0.01", "84000.00", "1", "-1.5", "0.000001"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        for text in ["", "-", ".5", "5.", "1e3", "1,000", "+1", " 1", "1.-2"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn zeros_after_the_point_go_or_come_as_asked() {
        assert_eq!(decimal("738611.690000").normalized(2).to_string(), "738611.69");
        assert_eq!(decimal("5").normalized(2).to_string(), "5.00");
        assert_eq!(decimal("5.125").normalized(2).to_string(), "5.125");
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (text, rounded) in [("2.345", "2.35"), ("-2.345", "-2.35"), ("2.344", "2.34"), ("0.005", "0.01")]
        {
            assert_eq!(decimal(text).rounded(2).to_string(), rounded);
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, s in 0_u8..4, t in 0_u8..4) {
            let (x, y) = (Decimal::new(a.into(), s).unwrap(), Decimal::new(b.into(), t).unwrap());
            let scaled = |v: i64, s: u8| i128::from(v) * 10_i128.pow(u32::from(6 - s));
            prop_assert_eq!(x.cmp(&y), scaled(a, s).cmp(&scaled(b, t)));
            prop_assert_eq!(decimal(&x.to_string()), x);
        }

        #[test]
        fn order_survives_the_widest_numbers(a in any::<i128>(), s in 0_u8..=38, b in any::<i128>(), t in 0_u8..=38) {
            let (x, y) = (Decimal::new(a, s).unwrap(), Decimal::new(b, t).unwrap());
            prop_assert_eq!(x.cmp(&y), y.cmp(&x).reverse());
        }
    }
}

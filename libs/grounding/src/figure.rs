//! A number as a narrative shows it, and whether it shows a given value.

use crate::number;
use splitplane_types::Decimal;

/// What a figure counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FigureUnit {
    /// No unit shown.
    Plain,
    /// An ISO 4217 code.
    Currency(String),
    /// Hundredths.
    Percent,
    /// A factor: "2.5 times".
    Times,
    /// A rank: "2nd".
    Ordinal,
}

/// A number as shown: its value, and how far it was rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) value: Decimal,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// Power of ten of a scale word: 6 for "million".
    pub(crate) power: u8,
    pub(crate) unit: FigureUnit,
    /// Whether it is a bare run of four digits, as years are written.
    pub(crate) year_like: bool,
}

impl Figure {
    pub(crate) fn new(digits: &str, power: u8, unit: FigureUnit) -> Option<Self> {
        let shown: Decimal = digits.parse().ok()?;
        let factor = 10_i128.checked_pow(u32::from(power))?;
        let value = Decimal::new(shown.unscaled().checked_mul(factor)?, shown.scale())?;
        Some(Self { value, decimals: shown.scale(), power, unit, year_like: false })
    }

    /// Whether `value`, rounded as this figure is, reads as this figure.
    pub(crate) fn shows(&self, value: Decimal) -> bool {
        number::rounded(value, i16::from(self.decimals) - i16::from(self.power)) == Some(self.value)
    }

    /// Whether `part / whole` in hundredths reads as this figure.
    pub(crate) fn shows_share(&self, part: Decimal, whole: Decimal) -> bool {
        self.power == 0 && number::ratio(part, whole, 100, self.decimals) == Some(self.value)
    }

    /// Whether `a / b` reads as this figure.
    pub(crate) fn shows_ratio(&self, a: Decimal, b: Decimal) -> bool {
        self.power == 0 && number::ratio(a, b, 1, self.decimals) == Some(self.value)
    }

    /// The whole number, if it is one and shows no unit.
    pub(crate) fn whole(&self) -> Option<i128> {
        (self.decimals == 0 && self.unit == FigureUnit::Plain).then(|| self.value.unscaled())
    }
}

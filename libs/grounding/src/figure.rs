//! A number as a narrative shows it, and whether it shows a given value.
//!
//! Decides what "rounded as shown" means. Does not decide which value a figure ought to show.

use crate::quantity::Quantity;
use splitplane_types::Decimal;
use std::cmp::Ordering;

/// What a figure counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FigureUnit {
    /// No unit shown.
    Plain,
    /// An ISO 4217 code.
    Currency(String),
    /// Another unit of a column: "km".
    Named(String),
    /// Hundredths.
    Percent,
    /// The difference of two percentages.
    Points,
    /// A factor: "2.5 times".
    Times,
    /// A rank: "2nd".
    Ordinal,
    /// A part in words: "two thirds".
    Fraction {
        /// How many.
        part: i128,
        /// Of how many.
        whole: i128,
    },
}

/// What a word before a figure makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The value itself, rounded as shown.
    Itself,
    /// More than the figure: "over".
    Over,
    /// Less than the figure: "nearly".
    Under,
    /// "at least".
    AtLeast,
    /// "at most".
    AtMost,
}

/// A number as shown: its value, and how far it was rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Negative where a minus is shown.
    pub(crate) value: Decimal,
    /// Digits after the point.
    pub(crate) decimals: u8,
    /// Digits in all.
    pub(crate) digits: usize,
    /// Power of ten of a scale word: 6 for "million".
    pub(crate) power: u8,
    pub(crate) unit: FigureUnit,
    /// The sign that is shown.
    pub(crate) sign: Option<char>,
    /// Whether it is a bare run of four digits, as years are written.
    pub(crate) year_like: bool,
}

impl Figure {
    /// The figure that `digits`, with a point and a minus where they have one, show.
    pub(crate) fn new(digits: &str, power: u8, unit: FigureUnit) -> Option<Self> {
        let shown: Decimal = digits.parse().ok()?;
        let factor = 10_i128.checked_pow(u32::from(power))?;
        let value = Decimal::new(shown.unscaled().checked_mul(factor)?, shown.scale())?;
        Some(Self {
            value,
            decimals: shown.scale(),
            digits: digits.chars().filter(char::is_ascii_digit).count(),
            power,
            unit,
            sign: digits.starts_with('-').then_some('-'),
            year_like: false,
        })
    }

    /// Whether `value`, rounded as this figure is and bounded as `bound` says, reads as this figure.
    pub(crate) fn shows(&self, value: Quantity, bound: Bound) -> bool {
        if let FigureUnit::Fraction { part, whole } = self.unit {
            return value.against(part, whole).is_some_and(|order| bounded(order, bound));
        }
        self.reads(value)
            && value.cmp(self.value).is_some_and(|order| bound == Bound::Itself || bounded(order, bound))
    }

    fn reads(&self, value: Quantity) -> bool {
        let shown = i16::from(self.decimals) - i16::from(self.power);
        let reads = |decimals: i16| value.rounded(decimals) == Some(self.value);
        // "2 million" for 1.6 million and "2 times" for 1.5 would hide more than they say.
        let coarse =
            self.unit == FigureUnit::Times && self.decimals == 0 || self.power > 0 && self.digits < 2;
        reads(shown) && (!coarse || reads(shown + 1))
    }

    /// The whole number, if it is one and shows neither unit nor sign.
    pub(crate) fn whole(&self) -> Option<i128> {
        let plain = self.unit == FigureUnit::Plain && self.sign.is_none() && self.decimals == 0;
        plain.then(|| self.value.unscaled())
    }

    /// Whether it tells a part of something: in hundredths, or in words.
    pub(crate) const fn is_part(&self) -> bool {
        matches!(self.unit, FigureUnit::Percent | FigureUnit::Fraction { .. })
    }

    /// Whether `other` counts the same: dollars and dollars, percent and percent.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.unit == other.unit
    }
}

const fn bounded(order: Ordering, bound: Bound) -> bool {
    match bound {
        Bound::Itself => order.is_eq(),
        Bound::Over => order.is_gt(),
        Bound::Under => order.is_lt(),
        Bound::AtLeast => order.is_ge(),
        Bound::AtMost => order.is_le(),
    }
}

//! What a figure may show: a number, or a ratio that is rounded only when it is compared.

use crate::number;
use splitplane_types::Decimal;
use std::cmp::Ordering;

/// An exact value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quantity {
    /// A cell, a sum or a difference.
    Exact(Decimal),
    /// `top / bottom * factor`, with a positive bottom.
    Ratio {
        /// Over the line.
        top: Decimal,
        /// Under it.
        bottom: Decimal,
        /// 100 for percentages.
        factor: i128,
    },
}

impl Quantity {
    /// `part` of `whole` in hundredths; `None` where the whole is not positive, as then it has no parts.
    pub(crate) fn percent(part: Decimal, whole: Decimal) -> Option<Self> {
        is_positive(whole).then_some(Self::Ratio { top: part, bottom: whole, factor: 100 })
    }

    /// How many times `base` goes into `value`.
    pub(crate) fn times(value: Decimal, base: Decimal) -> Option<Self> {
        is_positive(base).then_some(Self::Ratio { top: value, bottom: base, factor: 1 })
    }

    /// A factor as a percentage.
    pub(crate) const fn in_hundredths(self) -> Self {
        match self {
            Self::Exact(_) => self,
            Self::Ratio { top, bottom, factor } => {
                Self::Ratio { top, bottom, factor: factor.saturating_mul(100) }
            }
        }
    }

    /// Rounded half away from zero; `decimals` may be negative.
    pub(crate) fn rounded(self, decimals: i16) -> Option<Decimal> {
        match self {
            Self::Exact(value) => number::rounded(value, decimals),
            Self::Ratio { top, bottom, factor } => {
                number::ratio(top, bottom, factor, u8::try_from(decimals).ok()?)
            }
        }
    }

    /// Where it stands against `other`.
    pub(crate) fn cmp(self, other: Decimal) -> Option<Ordering> {
        match self {
            Self::Exact(value) => Some(value.cmp(&other)),
            Self::Ratio { top, bottom, factor } => {
                let top = number::multiply(top, Decimal::new(factor, 0)?)?;
                Some(top.cmp(&number::multiply(other, bottom)?))
            }
        }
    }

    /// Where a share stands against `part / whole`.
    pub(crate) fn against(self, part: i128, whole: i128) -> Option<Ordering> {
        match self {
            Self::Exact(_) => None,
            Self::Ratio { top, bottom, factor: _ } => {
                let left = number::multiply(top, Decimal::new(whole, 0)?)?;
                Some(left.cmp(&number::multiply(bottom, Decimal::new(part, 0)?)?))
            }
        }
    }

    /// Without its sign.
    pub(crate) fn magnitude(self) -> Option<Self> {
        match self {
            Self::Exact(value) => number::absolute(value).map(Self::Exact),
            Self::Ratio { top, bottom, factor } => {
                Some(Self::Ratio { top: number::absolute(top)?, bottom, factor })
            }
        }
    }
}

pub(crate) fn is_positive(value: Decimal) -> bool {
    value.unscaled() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn ratios_are_compared_without_rounding() {
        let third = Quantity::percent(decimal("1"), decimal("3")).unwrap();
        assert_eq!(third.cmp(decimal("33.3333")), Some(Ordering::Greater));
        assert_eq!(third.cmp(decimal("33.3334")), Some(Ordering::Less));
        assert_eq!(third.against(1, 3), Some(Ordering::Equal));
        assert_eq!(third.against(1, 2), Some(Ordering::Less));
        assert_eq!(
            Quantity::percent(decimal("-1"), decimal("8")).unwrap().magnitude().unwrap().rounded(1),
            Some(decimal("12.5"))
        );
        assert!(Quantity::percent(decimal("1"), decimal("0")).is_none());
        assert!(Quantity::times(decimal("1"), decimal("-2")).is_none());
        assert!(Quantity::Exact(decimal("1")).against(1, 1).is_none());
    }
}

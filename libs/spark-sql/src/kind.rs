//! Kinds of values, and the digits that decimals keep.
//!
//! Decides which kinds meet in which, and what a calculation of decimals gives, by Spark's own rules: where
//! those digits hold every possible result, an operator cannot fail, and needs no function that tries.
//! A whole number is always a BIGINT here, so that two of them never have to be brought together.

use splitplane_types::DataType;

/// Digits of the widest decimal.
const PRECISION_MAX: u8 = 38;
/// Digits after the point that are given up last.
const SCALE_MIN: u8 = 6;
/// Digits of a BIGINT, as Spark counts them.
const INTEGER_DIGITS: u8 = 20;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// BOOLEAN.
    Boolean,
    /// BIGINT.
    Integer,
    /// DECIMAL. Its digits decide where an operator can overflow, so they have to be those of the source.
    Decimal {
        /// Digits, 1 to 38.
        precision: u8,
        /// Digits after the point, no more than `precision`.
        scale: u8,
    },
    /// DOUBLE.
    Float,
    /// STRING.
    Text,
    /// DATE.
    Date,
    /// TIMESTAMP_NTZ.
    Timestamp,
    /// TIMESTAMP, in a session whose zone is UTC.
    TimestampTz,
    /// An interval; no column has one.
    Interval,
    /// Nothing but NULL.
    Null,
}

impl Kind {
    /// The kind in which a column of a declared type is shown; decimals by the source's digits, or by those
    /// that the embedded engine gives a decimal whose file says nothing.
    #[must_use]
    pub const fn of(declared: DataType, digits: Option<(u8, u8)>) -> Self {
        match declared {
            DataType::String => Self::Text,
            DataType::Integer => Self::Integer,
            DataType::Decimal => match digits {
                Some((precision, scale)) => Self::Decimal { precision, scale },
                None => Self::Decimal { precision: PRECISION_MAX, scale: SCALE_MIN },
            },
            DataType::Float => Self::Float,
            DataType::Boolean => Self::Boolean,
            DataType::Date => Self::Date,
            DataType::Timestamp => Self::Timestamp,
            DataType::TimestampTz => Self::TimestampTz,
        }
    }

    /// The type's name in Spark's SQL; an interval has none that a column could have.
    #[must_use]
    pub fn sql(self) -> Option<String> {
        Some(match self {
            Self::Boolean => "BOOLEAN".to_owned(),
            Self::Integer => "BIGINT".to_owned(),
            Self::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
            Self::Float => "DOUBLE".to_owned(),
            Self::Text | Self::Null => "STRING".to_owned(),
            Self::Date => "DATE".to_owned(),
            Self::Timestamp => "TIMESTAMP_NTZ".to_owned(),
            Self::TimestampTz => "TIMESTAMP".to_owned(),
            Self::Interval => return None,
        })
    }

    pub(crate) const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal { .. } | Self::Float)
    }

    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz)
    }

    /// Digits of an exact number.
    pub(crate) const fn digits(self) -> Option<Digits> {
        match self {
            Self::Integer => Some(Digits { whole: INTEGER_DIGITS, scale: 0 }),
            Self::Decimal { precision, scale } => {
                Some(Digits { whole: precision.saturating_sub(scale), scale })
            }
            Self::Boolean
            | Self::Float
            | Self::Text
            | Self::Date
            | Self::Timestamp
            | Self::TimestampTz
            | Self::Interval
            | Self::Null => None,
        }
    }

    /// The kind in which two are compared, as the embedded engine compares them: text becomes what it
    /// stands beside.
    pub(crate) fn compared(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Text, number) | (number, Self::Text) if number.is_number() => Some(number),
            _ => self.united(other),
        }
    }

    /// The kind in which two stand in one column: numbers beside text become text.
    pub(crate) fn united(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Interval, _) | (_, Self::Interval) => None,
            (one, other) if one == other => Some(one),
            (Self::Null, other) | (other, Self::Null) => Some(other),
            (Self::Text, number) | (number, Self::Text) if number.is_number() => Some(Self::Text),
            (Self::Text, time) | (time, Self::Text) if time.is_time() => Some(time),
            (Self::Float, number) | (number, Self::Float) if number.is_number() => Some(Self::Float),
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Some(Self::Timestamp),
            (Self::Date, Self::TimestampTz) | (Self::TimestampTz, Self::Date) => Some(Self::TimestampTz),
            (one, other) => {
                let (one, other) = (one.digits()?, other.digits()?);
                Some(one.both(other).kind())
            }
        }
    }
}

/// Digits of an exact number, before and after the point; sums of both may pass 38 until they are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) whole: u8,
    pub(crate) scale: u8,
}

impl Digits {
    /// Digits that hold both.
    pub(crate) fn both(self, other: Self) -> Self {
        Self { whole: self.whole.max(other.whole), scale: self.scale.max(other.scale) }
    }

    pub(crate) fn sum(self, other: Self) -> Self {
        let both = self.both(other);
        Self { whole: both.whole.saturating_add(1), ..both }
    }

    pub(crate) const fn product(self, other: Self) -> Self {
        Self {
            whole: self.whole.saturating_add(other.whole).saturating_add(1),
            scale: self.scale.saturating_add(other.scale),
        }
    }

    pub(crate) fn quotient(self, other: Self) -> Self {
        let of_other = other.whole.saturating_add(other.scale);
        Self {
            whole: self.whole.saturating_add(other.scale),
            scale: SCALE_MIN.max(self.scale.saturating_add(of_other).saturating_add(1)),
        }
    }

    pub(crate) fn rest(self, other: Self) -> Self {
        Self { whole: self.whole.min(other.whole), scale: self.scale.max(other.scale) }
    }

    /// The decimal that Spark makes of these digits: those after the point give way first, down to six.
    pub(crate) fn kind(self) -> Kind {
        if self.fits() {
            let precision = self.whole.saturating_add(self.scale).max(1);
            return Kind::Decimal { precision, scale: self.scale };
        }
        let left = PRECISION_MAX.saturating_sub(self.whole);
        Kind::Decimal { precision: PRECISION_MAX, scale: left.max(self.scale.min(SCALE_MIN)) }
    }

    /// Whether all of them are kept.
    pub(crate) const fn fits(self) -> bool {
        self.whole.saturating_add(self.scale) <= PRECISION_MAX
    }

    /// Whether every digit before the point is kept, so that no result overflows.
    pub(crate) fn is_total(self) -> bool {
        self.whole.saturating_add(self.scale.min(SCALE_MIN)) <= PRECISION_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(precision: u8, scale: u8) -> Kind {
        Kind::Decimal { precision, scale }
    }

    fn digits(precision: u8, scale: u8) -> Digits {
        decimal(precision, scale).digits().unwrap()
    }

    /// Read off `typeof` of Apache Spark 4.3.
    #[test]
    fn decimals_keep_the_digits_that_spark_keeps() {
        let price = digits(10, 2);
        let count = Kind::Integer.digits().unwrap();
        assert_eq!(price.sum(count).kind(), decimal(23, 2));
        assert_eq!(price.product(digits(2, 1)).kind(), decimal(13, 3));
        assert_eq!(price.quotient(digits(1, 0)).kind(), decimal(14, 6));
        assert_eq!(digits(20, 2).quotient(count).kind(), decimal(38, 20));
        assert_eq!(digits(38, 6).product(price).kind(), decimal(38, 6));
        assert_eq!(price.rest(digits(5, 4)).kind(), decimal(5, 4));
    }

    #[test]
    fn an_operator_is_total_where_no_digit_before_the_point_is_lost() {
        assert!(digits(20, 2).quotient(Kind::Integer.digits().unwrap()).is_total());
        assert!(digits(10, 2).product(digits(10, 2)).is_total());
        assert!(!digits(38, 6).product(digits(38, 6)).is_total());
        assert!(!digits(38, 6).sum(digits(1, 0)).is_total());
        assert!(digits(37, 6).sum(digits(1, 0)).is_total());
    }

    #[test]
    fn text_becomes_what_it_is_compared_with_and_takes_in_what_it_stands_in_a_column_with() {
        assert_eq!(Kind::Text.compared(Kind::Integer), Some(Kind::Integer));
        assert_eq!(Kind::Text.united(Kind::Integer), Some(Kind::Text));
        assert_eq!(Kind::Text.compared(Kind::Date), Some(Kind::Date));
        assert_eq!(Kind::Boolean.compared(Kind::Text), None);
        assert_eq!(Kind::Timestamp.compared(Kind::TimestampTz), None);
        assert_eq!(Kind::Integer.united(decimal(5, 2)), Some(decimal(22, 2)));
    }
}

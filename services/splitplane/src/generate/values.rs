//! The values of one column, compact enough for millions of rows.

use splitplane_types::Decimal;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Values of one type. Texts are kept once each, numbered names as their number.
#[derive(Debug, Clone)]
pub(super) enum Values {
    Text {
        pool: Vec<String>,
        at: Vec<Option<u32>>,
        optional: bool,
    },
    Sequence {
        prefix: String,
        digits: usize,
        numbers: Vec<Option<u32>>,
        optional: bool,
    },
    Integer(Vec<i64>),
    /// Decimal numbers with two digits after the point.
    Hundredths(Vec<i64>),
    /// Days since 1970-01-01.
    Date(Vec<i32>),
}

impl Values {
    /// Texts that are all there.
    pub(super) fn of_texts(texts: impl Iterator<Item = String>) -> Self {
        let mut places: HashMap<String, u32> = HashMap::new();
        let mut pool = Vec::new();
        let at = texts.map(|text| {
            let next = u32::try_from(pool.len()).ok()?;
            Some(*places.entry(text).or_insert_with_key(|text| {
                pool.push(text.clone());
                next
            }))
        });
        let at = at.collect();
        Self::Text { pool, at, optional: false }
    }

    /// The value of a row as text; `None` when it is empty or there is no such row.
    pub(super) fn text(&self, row: usize) -> Option<String> {
        let mut text = String::new();
        self.write_text(row, &mut text).then_some(text)
    }

    /// Appends the value of a row to `text`, if there is one.
    pub(super) fn write_text(&self, row: usize, text: &mut String) -> bool {
        match self {
            Self::Text { pool, at, .. } => {
                let value = at.get(row).copied().flatten().and_then(|at| pool.get(index(at)));
                value.inspect(|value| text.push_str(value)).is_some()
            }
            Self::Sequence { prefix, digits, numbers, .. } => {
                let Some(number) = numbers.get(row).copied().flatten() else { return false };
                text.push_str(prefix);
                write!(text, "{number:0digits$}").is_ok()
            }
            Self::Integer(numbers) => numbers.get(row).is_some_and(|n| write!(text, "{n}").is_ok()),
            Self::Hundredths(numbers) => {
                let decimal = numbers.get(row).and_then(|n| Decimal::new(i128::from(*n), 2));
                decimal.is_some_and(|decimal| write!(text, "{decimal}").is_ok())
            }
            Self::Date(days) => days.get(row).is_some_and(|day| write!(text, "{day}").is_ok()),
        }
    }

    /// The value of a row as a number: whole numbers as they are, decimals in hundredths.
    pub(super) fn number(&self, row: usize) -> Option<i64> {
        match self {
            Self::Integer(numbers) | Self::Hundredths(numbers) => numbers.get(row).copied(),
            Self::Text { .. } | Self::Sequence { .. } | Self::Date(_) => None,
        }
    }

    /// Which rows hold one of these texts.
    pub(super) fn matching(&self, wanted: &[String]) -> Vec<bool> {
        match self {
            // Texts are compared once each, not once for every row.
            Self::Text { pool, at, .. } => {
                let hits: Vec<_> = pool.iter().map(|text| wanted.contains(text)).collect();
                at.iter().map(|at| at.is_some_and(|at| hits.get(index(at)) == Some(&true))).collect()
            }
            Self::Sequence { .. } | Self::Integer(_) | Self::Hundredths(_) | Self::Date(_) => {
                (0..self.len()).map(|row| self.text(row).is_some_and(|text| wanted.contains(&text))).collect()
            }
        }
    }

    /// The values of these rows, in this order. `None` when a row is missing and the type cannot be
    /// empty.
    pub(super) fn gather(&self, rows: &[Option<u32>]) -> Option<Self> {
        fn each<T: Copy>(values: &[T], rows: &[Option<u32>]) -> Option<Vec<T>> {
            rows.iter().map(|row| row.and_then(|row| values.get(index(row)).copied())).collect()
        }
        fn some<T: Copy>(values: &[Option<T>], rows: &[Option<u32>]) -> Vec<Option<T>> {
            rows.iter().map(|row| row.and_then(|row| values.get(index(row)).copied().flatten())).collect()
        }
        Some(match self {
            Self::Text { pool, at, optional } => {
                Self::Text { pool: pool.clone(), at: some(at, rows), optional: *optional }
            }
            Self::Sequence { prefix, digits, numbers, optional } => Self::Sequence {
                prefix: prefix.clone(),
                digits: *digits,
                numbers: some(numbers, rows),
                optional: *optional,
            },
            Self::Integer(values) => Self::Integer(each(values, rows)?),
            Self::Hundredths(values) => Self::Hundredths(each(values, rows)?),
            Self::Date(values) => Self::Date(each(values, rows)?),
        })
    }

    /// The same values, declared as ones that may be empty; `None` for types that cannot be.
    pub(super) fn made_optional(self) -> Option<Self> {
        match self {
            Self::Text { pool, at, .. } => Some(Self::Text { pool, at, optional: true }),
            Self::Sequence { prefix, digits, numbers, .. } => {
                Some(Self::Sequence { prefix, digits, numbers, optional: true })
            }
            Self::Integer(_) | Self::Hundredths(_) | Self::Date(_) => None,
        }
    }

    /// Number of rows.
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Text { at, .. } => at.len(),
            Self::Sequence { numbers, .. } => numbers.len(),
            Self::Integer(values) | Self::Hundredths(values) => values.len(),
            Self::Date(values) => values.len(),
        }
    }
}

/// A row number as an index.
pub(super) fn index(row: u32) -> usize {
    // Every target of this program has pointers of 32 bits or more.
    usize::try_from(row).unwrap_or(usize::MAX)
}

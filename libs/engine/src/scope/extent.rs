//! What values a scope's column may have, against what a file says of itself: the reason not to read.
//!
//! Decides which row groups and pages cannot hold a row of the scope. Never decides that a row is in it:
//! what a file says may be wrong, and then a row that should be there is missed, but none is added.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

/// Values of a column kept one by one for pruning; beyond it only the smallest and the largest.
const PRUNING_VALUES_MAX: usize = 10_000;

/// The sorted, distinct values that a column may have.
#[derive(Debug)]
pub(crate) enum Extent {
    Integers(Vec<i64>),
    Texts(Vec<Box<[u8]>>),
}

impl Extent {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a family is an integer, a date or else text")]
    pub(crate) fn of(array: &ArrayRef) -> Self {
        match array.data_type() {
            DataType::Int64 => Self::Integers(sorted(array.as_primitive::<Int64Type>().iter().flatten())),
            DataType::Date32 => {
                Self::Integers(sorted(array.as_primitive::<Date32Type>().iter().flatten().map(i64::from)))
            }
            _ => Self::Texts(sorted(
                array.as_string::<i32>().iter().flatten().map(|text| text.as_bytes().into()),
            )),
        }
    }

    /// Whether a row group of these statistics can hold one of the values.
    pub(crate) fn may_hold(&self, statistics: &Statistics) -> bool {
        match (self, statistics) {
            (Self::Integers(values), Statistics::Int32(range)) => match (range.min_opt(), range.max_opt()) {
                (Some(min), Some(max)) => meets(values, &i64::from(*min), &i64::from(*max)),
                _ => true,
            },
            (Self::Integers(values), Statistics::Int64(range)) => match (range.min_opt(), range.max_opt()) {
                (Some(min), Some(max)) => meets(values, min, max),
                _ => true,
            },
            // Bounds of the deprecated kind were made by comparing signed bytes.
            (Self::Texts(_), Statistics::ByteArray(range)) if !statistics.is_min_max_deprecated() => {
                match (range.min_bytes_opt(), range.max_bytes_opt()) {
                    (Some(min), Some(max)) => self.may_hold_text(min, max),
                    _ => true,
                }
            }
            _ => true,
        }
    }

    /// Whether a page can hold one of the values. A page of NULLs alone has no bounds, and no key either.
    pub(crate) fn may_hold_page(&self, index: &ColumnIndexMetaData, page: usize) -> bool {
        // An index that knows of fewer pages than there are says nothing of the others.
        let unknown = matches!(index, ColumnIndexMetaData::NONE)
            || u64::try_from(page).map_or(true, |page| page >= index.num_pages());
        match (self, index) {
            _ if unknown => true,
            (Self::Integers(values), ColumnIndexMetaData::INT32(pages)) => {
                match (pages.min_value(page), pages.max_value(page)) {
                    (Some(min), Some(max)) => meets(values, &i64::from(*min), &i64::from(*max)),
                    _ => false,
                }
            }
            (Self::Integers(values), ColumnIndexMetaData::INT64(pages)) => {
                match (pages.min_value(page), pages.max_value(page)) {
                    (Some(min), Some(max)) => meets(values, min, max),
                    _ => false,
                }
            }
            (Self::Texts(_), ColumnIndexMetaData::BYTE_ARRAY(pages)) => {
                match (pages.min_value(page), pages.max_value(page)) {
                    (Some(min), Some(max)) => self.may_hold_text(min, max),
                    _ => false,
                }
            }
            _ => true,
        }
    }

    pub(crate) fn may_hold_text(&self, min: &[u8], max: &[u8]) -> bool {
        match self {
            Self::Texts(values) => meets(values, &min.into(), &max.into()),
            Self::Integers(_) => true,
        }
    }
}

pub(crate) fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Whether a value lies between the bounds, both included.
pub(crate) fn meets<T: Ord>(values: &[T], min: &T, max: &T) -> bool {
    if values.len() > PRUNING_VALUES_MAX {
        return values.first().is_some_and(|first| first <= max)
            && values.last().is_some_and(|last| last >= min);
    }
    let from = values.partition_point(|value| value < min);
    values.get(from).is_some_and(|value| value <= max)
}

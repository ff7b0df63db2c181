//! Which rows of a batch hold one of the tuples, in the types of one file.
//!
//! The folders' names have decided part of every tuple before a file is opened, so what is left is most
//! often one column, and its values come in runs: that has a short way. The long way is the definition.

use super::extent::Extent;
use super::{comparable, family};
use crate::error::AnyError;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use parquet::file::metadata::RowGroupMetaData;
use std::collections::HashSet;

/// A key set in the types of one file's columns.
#[derive(Debug)]
pub(crate) struct BoundKeys {
    columns: Vec<String>,
    matcher: Matcher,
    extents: Vec<Extent>,
}

#[derive(Debug)]
enum Matcher {
    /// No column is left: the folders' names have decided, for all rows alike.
    Decided(bool),
    /// One column of whole numbers or dates.
    Integers(Vec<i64>),
    /// One column of text.
    Texts(HashSet<Box<[u8]>>),
    /// Several columns, as one row of bytes.
    Tuples { converter: RowConverter, rows: HashSet<Box<[u8]>> },
}

impl BoundKeys {
    /// Takes `values` in the types `families`, one array per column, all of `rows` rows.
    pub(crate) fn new(
        columns: Vec<String>,
        families: &[DataType],
        values: &[ArrayRef],
        rows: usize,
    ) -> Result<Self, AnyError> {
        let extents: Vec<Extent> = values.iter().map(Extent::of).collect();
        let matcher = match (values, extents.as_slice()) {
            ([], _) => Matcher::Decided(rows > 0),
            ([_], [Extent::Integers(numbers)]) => Matcher::Integers(numbers.clone()),
            ([_], [Extent::Texts(texts)]) => Matcher::Texts(texts.iter().cloned().collect()),
            _ => {
                let converter = RowConverter::new(families.iter().cloned().map(SortField::new).collect())?;
                let encoded = converter.convert_columns(values)?;
                let whole = |row: usize| values.iter().all(|array| array.is_valid(row));
                let rows = (0..encoded.num_rows())
                    .filter(|row| whole(*row))
                    .map(|row| encoded.row(row).as_ref().into())
                    .collect();
                Matcher::Tuples { converter, rows }
            }
        };
        Ok(Self { columns, matcher, extents })
    }

    /// Columns that must be read to tell; none where the folders' names have told.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether no row of the file can match.
    pub(crate) const fn is_nothing(&self) -> bool {
        matches!(self.matcher, Matcher::Decided(false))
    }

    /// Which rows of a batch hold one of the tuples. NULL holds none.
    pub(crate) fn matches(&self, batch: &RecordBatch) -> Result<BooleanArray, AnyError> {
        let column = |name: &String| -> Result<&ArrayRef, AnyError> {
            Ok(batch.column_by_name(name).ok_or("a scope column was not read")?)
        };
        let kept = match (&self.matcher, self.columns.as_slice()) {
            (Matcher::Decided(true), _) => BooleanBuffer::new_set(batch.num_rows()),
            (Matcher::Decided(false), _) => BooleanBuffer::new_unset(batch.num_rows()),
            (Matcher::Integers(numbers), [name]) => integers(numbers, column(name)?)?,
            (Matcher::Texts(texts), [name]) => texts_of(texts, column(name)?)?,
            (Matcher::Tuples { converter, rows }, names) => {
                let columns: Vec<ArrayRef> =
                    names.iter().map(|name| comparable(column(name)?)).collect::<Result<_, _>>()?;
                let encoded = converter.convert_columns(&columns)?;
                BooleanBuffer::collect_bool(batch.num_rows(), |row| {
                    // NULL has an encoding of its own, and must not be equal to itself here.
                    columns.iter().all(|array| array.is_valid(row))
                        && rows.contains(encoded.row(row).as_ref())
                })
            }
            (Matcher::Integers(_) | Matcher::Texts(_), _) => {
                return Err("a set of one column has several".into());
            }
        };
        Ok(BooleanArray::new(kept, None))
    }

    /// Whether a row group can hold a row of the scope, as far as its statistics tell.
    pub(crate) fn may_hold_group(&self, group: &RowGroupMetaData, unsigned: &HashSet<String>) -> bool {
        group.columns().iter().all(|chunk| {
            let [name] = chunk.column_path().parts() else { return true };
            let (Some(extent), Some(statistics)) = (self.extent(name), chunk.statistics()) else {
                return true;
            };
            unsigned.contains(name) || extent.may_hold(statistics)
        })
    }

    /// The values that a column may have, where it is one of the set's.
    pub(crate) fn extent(&self, column: &str) -> Option<&Extent> {
        self.columns.iter().position(|name| name == column).and_then(|index| self.extents.get(index))
    }
}

/// Rows of a file come in runs of one key: the last answer is most often the next.
fn remembering<T: PartialEq + Copy>(mut holds: impl FnMut(T) -> bool) -> impl FnMut(T) -> bool {
    let mut last: Option<(T, bool)> = None;
    move |value| match last {
        Some((known, answer)) if known == value => answer,
        _ => {
            let answer = holds(value);
            last = Some((value, answer));
            answer
        }
    }
}

fn integers(numbers: &[i64], array: &ArrayRef) -> Result<BooleanBuffer, AnyError> {
    let array = comparable(array)?;
    let mut holds = remembering(|value: i64| numbers.binary_search(&value).is_ok());
    let kept = if *array.data_type() == DataType::Date32 {
        let days = array.as_primitive::<Date32Type>();
        let mut days = days.values().iter();
        BooleanBuffer::collect_bool(array.len(), |_row| days.next().is_some_and(|day| holds(i64::from(*day))))
    } else {
        let mut values = array.as_primitive::<Int64Type>().values().iter();
        BooleanBuffer::collect_bool(array.len(), |_row| values.next().is_some_and(|value| holds(*value)))
    };
    Ok(without_nulls(kept, &array))
}

/// What stands beneath a NULL is no value, even where it looks like one of the keys.
fn without_nulls(kept: BooleanBuffer, array: &ArrayRef) -> BooleanBuffer {
    match array.nulls() {
        Some(nulls) => &kept & nulls.inner(),
        None => kept,
    }
}

fn texts_of(texts: &HashSet<Box<[u8]>>, array: &ArrayRef) -> Result<BooleanBuffer, AnyError> {
    // Read as a dictionary, every distinct text is looked up once.
    if let Some(dictionary) = array.as_any_dictionary_opt()
        && family(array.data_type()) == Some(DataType::Utf8)
        && let Some(keys) = dictionary.keys().as_primitive_opt::<Int32Type>()
    {
        let values = texts_of(texts, dictionary.values())?;
        let known: Vec<bool> = values.iter().collect();
        let mut keys_of_rows = keys.values().iter();
        let kept = BooleanBuffer::collect_bool(array.len(), |_row| {
            let key = keys_of_rows.next().and_then(|key| usize::try_from(*key).ok());
            key.and_then(|key| known.get(key).copied()).unwrap_or(false)
        });
        return Ok(match keys.nulls() {
            Some(nulls) => &kept & nulls.inner(),
            None => kept,
        });
    }
    let array = comparable(array)?;
    let values = array.as_string::<i32>();
    let mut holds = remembering(|text: &str| texts.contains(text.as_bytes()));
    let mut rows = values.iter();
    Ok(BooleanBuffer::collect_bool(array.len(), |_row| rows.next().flatten().is_some_and(&mut holds)))
}

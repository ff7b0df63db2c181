//! The scope: which rows of a source are the caller's. Evaluated by this code on Arrow arrays, never by a query engine.
//!
//! - A row is kept when, for every condition, the tuple of its columns is in the condition's set.
//! - Values are compared as values of their type. Text is equal byte for byte: `001` is not `1`, `A` is
//!   not `a`, nothing is trimmed. Where a text meets an integer or a date, only its one canonical
//!   spelling is equal. NULL is in no set.
//! - `EXISTS` is a set as well: the other source's keys among the rows of *its* scope.
//!
//! Does not cast, mask or cut; does not know who the caller is.

mod extent;
mod matching;

pub(crate) use matching::BoundKeys;

use crate::error::AnyError;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int64Array, StringArray, UInt32Array,
};
use arrow::compute::{CastOptions, and, cast_with_options, take};
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use extent::{Extent, sorted};
use splitplane_split_plane::ScopeValue;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Columns that folders' names hold, as text; `None` is NULL.
pub(crate) type Partitions = [(String, Option<String>)];

/// Tuples that a row must hold one of.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    pub(crate) columns: Vec<String>,
    /// One array per column, each Utf8, Int64 or Date32.
    values: Vec<ArrayRef>,
    /// Tuples, which is the length of every array.
    rows: usize,
}

/// The type in which a column is compared; `None` where keys of that type are not compared at all.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
pub(crate) fn family(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(DataType::Utf8),
        DataType::Dictionary(_, values) => family(values),
        DataType::Date32 | DataType::Date64 => Some(DataType::Date32),
        // Whole numbers, as many exports write ids.
        DataType::Decimal32(_, 0) | DataType::Decimal64(_, 0) | DataType::Decimal128(_, 0) => {
            Some(DataType::Int64)
        }
        other if other.is_integer() => Some(DataType::Int64),
        _ => None,
    }
}

/// A column in the type in which it is compared. What does not fit becomes NULL and is in no set.
pub(crate) fn comparable(array: &ArrayRef) -> Result<ArrayRef, AnyError> {
    let Some(family) = family(array.data_type()) else {
        return Err(format!("keys of type {} cannot be compared", array.data_type()).into());
    };
    Ok(cast_with_options(array, &family, &CastOptions::default())?)
}

impl KeySet {
    pub(crate) fn of_tuples(columns: &[String], tuples: &[Vec<ScopeValue>]) -> Self {
        // Kept as text: the one spelling of an integer or a date, which binding turns back.
        let column = |index: usize| -> ArrayRef {
            let texts = tuples.iter().map(|tuple| tuple.get(index).map(spelling));
            Arc::new(texts.collect::<StringArray>())
        };
        Self {
            columns: columns.to_vec(),
            values: (0..columns.len()).map(column).collect(),
            rows: tuples.len(),
        }
    }

    pub(crate) fn of_arrays(columns: Vec<String>, values: Vec<ArrayRef>) -> Self {
        let rows = values.first().map_or(0, Array::len);
        Self { columns, values, rows }
    }

    /// The tuples that a file in these folders can hold, without the columns that the folders' names are.
    fn within(&self, partitions: &Partitions) -> Result<Self, AnyError> {
        let known = |column: &String| partitions.iter().find(|(name, _)| name == column);
        if !self.columns.iter().any(|column| known(column).is_some()) {
            return Ok(self.clone());
        }
        let mut kept = BooleanArray::from(vec![true; self.rows]);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for (column, array) in self.columns.iter().zip(&self.values) {
            let Some((_, value)) = known(column) else {
                columns.push(column.clone());
                values.push(Arc::clone(array));
                continue;
            };
            let texts = respell(array, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            let same = texts.iter().map(|text| Some(text.is_some() && text == value.as_deref()));
            kept = and(&kept, &same.collect::<BooleanArray>())?;
        }
        let rows = kept.true_count();
        let positions: UInt32Array =
            kept.values().set_indices().map(u32::try_from).collect::<Result<Vec<_>, _>>()?.into();
        let values = values.iter().map(|array| take(array, &positions, None)).collect::<Result<_, _>>()?;
        Ok(Self { columns, values, rows })
    }

    /// Binds to the types of a file's columns, in the order of [`Self::columns`].
    fn bind(&self, families: &[DataType]) -> Result<BoundKeys, AnyError> {
        let values: Vec<ArrayRef> = self
            .values
            .iter()
            .zip(families)
            .map(|(array, family)| respell(array, family))
            .collect::<Result<_, _>>()?;
        BoundKeys::new(self.columns.clone(), families, &values, self.rows)
    }
}

/// The canonical text of a value.
fn spelling(value: &ScopeValue) -> String {
    match value {
        ScopeValue::Text(text) | ScopeValue::Date(text) => text.clone(),
        ScopeValue::Integer(number) => number.to_string(),
    }
}

/// Turns values of one family into another where the spelling is canonical, else into NULL.
#[expect(clippy::wildcard_enum_match_arm, reason = "a type that is not named here is refused")]
fn respell(array: &ArrayRef, family: &DataType) -> Result<ArrayRef, AnyError> {
    if array.data_type() == family {
        return Ok(Arc::clone(array));
    }
    let texts = cast_with_options(array, &DataType::Utf8, &CastOptions::default())?;
    if *family == DataType::Utf8 {
        return Ok(texts);
    }
    // The cast accepts `01` and `+1`; spelling the result again tells them from `1`.
    let cast = cast_with_options(&texts, family, &CastOptions::default())?;
    let again = cast_with_options(&cast, &DataType::Utf8, &CastOptions::default())?;
    let (texts, again) = (texts.as_string::<i32>(), again.as_string::<i32>());
    let same =
        |row: usize| again.is_valid(row) && texts.is_valid(row) && texts.value(row) == again.value(row);
    Ok(match family {
        DataType::Int64 => {
            let cast = cast.as_primitive::<Int64Type>();
            Arc::new((0..cast.len()).map(|row| same(row).then(|| cast.value(row))).collect::<Int64Array>())
        }
        DataType::Date32 => {
            let cast = cast.as_primitive::<Date32Type>();
            Arc::new((0..cast.len()).map(|row| same(row).then(|| cast.value(row))).collect::<Date32Array>())
        }
        other => return Err(format!("keys of type {other} cannot be compared").into()),
    })
}

/// Collects the distinct tuples of some columns; how the set of an `EXISTS` is made.
#[derive(Debug, Default)]
pub(crate) struct TupleCollector {
    families: Vec<DataType>,
    converter: Option<RowConverter>,
    rows: HashSet<Box<[u8]>>,
    bytes: usize,
}

/// What a set entry takes beside its bytes.
const ENTRY_BYTES: usize = 48;

impl TupleCollector {
    /// Adds the rows of a batch; returns the bytes held.
    pub(crate) fn add(&mut self, columns: &[ArrayRef]) -> Result<usize, AnyError> {
        let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect::<Result<_, _>>()?;
        let families: Vec<DataType> = columns.iter().map(|array| array.data_type().clone()).collect();
        if self.converter.is_none() {
            self.converter = Some(RowConverter::new(families.iter().cloned().map(SortField::new).collect())?);
            self.families = families;
        } else if self.families != families {
            return Err("the files of a source differ in the types of their keys".into());
        }
        let Some(converter) = &self.converter else { return Ok(self.bytes) };
        let encoded = converter.convert_columns(&columns)?;
        for row in 0..encoded.num_rows() {
            let bytes = encoded.row(row);
            if columns.iter().all(|array| array.is_valid(row)) && !self.rows.contains(bytes.as_ref()) {
                self.bytes += bytes.as_ref().len() + ENTRY_BYTES;
                self.rows.insert(bytes.as_ref().into());
            }
        }
        Ok(self.bytes)
    }

    /// The set, under the names by which the asking source knows the columns.
    pub(crate) fn finish(self, columns: Vec<String>) -> Result<KeySet, AnyError> {
        let Some(converter) = self.converter else { return Ok(KeySet::of_tuples(&columns, &[])) };
        let parser = converter.parser();
        // Sorted, so that nothing downstream can depend on the order of a hash table.
        let rows = sorted(self.rows.iter());
        let values = converter.convert_rows(rows.iter().map(|row| parser.parse(row)))?;
        Ok(KeySet::of_arrays(columns, values))
    }
}

/// Key sets of a scope, bound once for every combination of folders and types that its files have.
#[derive(Debug)]
pub(crate) struct Keys {
    sets: Vec<KeySet>,
    bound: HashMap<Binding, Arc<BoundKeys>>,
    partitions: HashMap<(usize, usize), Extent>,
}

/// A set, what the folders' names say of its columns, and the types of the others.
type Binding = (usize, Vec<(String, Option<String>)>, Vec<DataType>);

impl Keys {
    pub(crate) fn new(sets: Vec<KeySet>) -> Self {
        Self { sets, bound: HashMap::new(), partitions: HashMap::new() }
    }

    /// Binds every set to a file in these folders, whose names are taken as read; `type_of` gives the type of
    /// the other columns.
    pub(crate) fn bind_within(
        &mut self,
        partitions: &Partitions,
        type_of: impl Fn(&str) -> Option<DataType>,
    ) -> Result<Vec<Arc<BoundKeys>>, AnyError> {
        let mut all = Vec::with_capacity(self.sets.len());
        for (index, set) in self.sets.iter().enumerate() {
            let known: Vec<_> =
                partitions.iter().filter(|(name, _)| set.columns.contains(name)).cloned().collect();
            let family_of = |name: &String| {
                let data_type = type_of(name).ok_or("a scope column is missing from the file")?;
                family(&data_type)
                    .ok_or_else(|| AnyError::from(format!("keys of type {data_type} cannot be compared")))
            };
            let left = set.columns.iter().filter(|column| !known.iter().any(|(name, _)| name == *column));
            let families: Vec<DataType> = left.map(family_of).collect::<Result<_, _>>()?;
            let keys = match self.bound.entry((index, known, families)) {
                Entry::Occupied(entry) => Arc::clone(entry.get()),
                Entry::Vacant(entry) => {
                    let (_, known, families) = entry.key();
                    let keys = Arc::new(set.within(known)?.bind(families)?);
                    Arc::clone(entry.insert(keys))
                }
            };
            all.push(keys);
        }
        Ok(all)
    }

    /// Whether a file in folders of these values can hold a row of the scope. Read from names alone.
    pub(crate) fn may_hold_file(&mut self, partitions: &Partitions) -> Result<bool, AnyError> {
        for (index, set) in self.sets.iter().enumerate() {
            for (column, value) in partitions {
                let Some(position) = set.columns.iter().position(|name| name == column) else { continue };
                let Some(array) = set.values.get(position) else { continue };
                let extent = match self.partitions.entry((index, position)) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => entry.insert(Extent::of(&respell(array, &DataType::Utf8)?)),
                };
                let held = value
                    .as_deref()
                    .is_some_and(|value| extent.may_hold_text(value.as_bytes(), value.as_bytes()));
                if !held {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;

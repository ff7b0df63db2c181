//! What every engine does alike with Arrow batches that it got: results, tuples of a lookup, grants, keys, and the types
//! in which columns are shown.
//!
//! For engines in rooms of their own. Decides nothing that is not decided for the embedded engine as well: the same
//! code runs there.

use crate::KeyMisfit;
use arrow::array::ArrayRef;
use arrow::datatypes::DataType as Arrow;
use splitplane_types::{Column, DataType};

pub use crate::collected::{Collected, numbers};
pub use crate::convert::table;
pub use crate::grants::{granted_tuples, grants_relation};
pub use crate::lookup::Found;
pub use crate::run::size;
pub use crate::survey::survey_columns;

/// The Arrow type in which a relation shows a column: as declared, or else what the source says; `None` where the
/// source's type can never become it.
#[must_use]
pub fn shown_as(declared: Option<DataType>, source: &Arrow) -> Option<Arrow> {
    crate::typing::target(declared, source)
}

/// The type as the rest of the system names it; `None` for types that no result may have.
#[must_use]
pub fn data_type(arrow: &Arrow) -> Option<DataType> {
    crate::typing::data_type(arrow)
}

/// The type in which columns of both types can be shown without loss.
#[must_use]
pub fn wider(one: &Arrow, other: &Arrow) -> Option<Arrow> {
    crate::typing::wider(one, other)
}

/// Whether every value of the one type has its equal in the other.
#[must_use]
pub fn is_exact(from: &Arrow, to: &Arrow) -> bool {
    crate::typing::is_exact(from, to)
}

/// The type in which a column is compared as a key; `None` where keys of that type are not compared at all.
#[must_use]
pub fn key_type(data_type: &Arrow) -> Option<Arrow> {
    crate::scope::family(data_type)
}

/// The type of a masked column; `None` where the mask does not fit the type.
#[must_use]
pub fn masked_as(mask: splitplane_split_plane::ColumnMask, shown: &Arrow) -> Option<Arrow> {
    crate::mask::shown_type(mask, shown).ok()
}

/// Casts without loss, or `None`.
#[must_use]
pub fn cast(array: &ArrayRef, to: &Arrow) -> Option<ArrayRef> {
    crate::typing::cast(array, to).ok()
}

/// Columns of a source as it declares them, without those of types that no relation can show.
#[must_use]
pub fn declared(types: Vec<(String, Arrow)>) -> Vec<Column> {
    let shown = |(name, held): (String, Arrow)| {
        let data_type = data_type(&shown_as(None, &held)?)?;
        Some(Column { name, data_type, unit: None, masked: false })
    };
    types.into_iter().filter_map(shown).collect()
}

/// Whether a column of a source can be read as a type; one that is not there can.
#[must_use]
pub fn fits(types: &[(String, Arrow)], column: &str, wanted: DataType) -> bool {
    let held = types.iter().find(|(name, _)| name.eq_ignore_ascii_case(column));
    held.is_none_or(|(_, held)| shown_as(Some(wanted), held).is_some())
}

/// Which of some columns of a source cannot be compared as keys.
#[must_use]
pub fn key_misfits(types: &[(String, Arrow)], columns: &[String]) -> Vec<(String, KeyMisfit)> {
    let misfit = |column: &String| match types.iter().find(|(name, _)| name == column) {
        None => Some(KeyMisfit::Missing),
        Some((_, held)) if key_type(held).is_none() => Some(KeyMisfit::Type(held.to_string())),
        Some(_) => None,
    };
    columns.iter().filter_map(|column| Some((column.clone(), misfit(column)?))).collect()
}

//! Makes a demonstration warehouse from a specification.
//!
//! Decides how a specification becomes Parquet files, that the same specification and day always give
//! the same rows, and that the totals it states come out to the hundredth. Knows no table, column or
//! word of any domain, reads no clock, and never touches a folder that it did not make.

mod columns;
mod error;
mod random;
mod rows;
mod spec;
mod table;
#[cfg(test)]
mod tests;
mod totals;
mod values;
mod week;
mod write;

pub use error::GenerateError;
pub use week::Week;
pub use write::{Generated, GeneratedTable};

use jiff::civil::Date;
use splitplane_types::Digest;
use std::path::Path;

/// Generates the tables of `spec` into the folder `out`, as they stand on the morning of `as_of` (a
/// date in the calendar of whoever asks the questions).
///
/// The folder appears whole or not at all. One that an earlier call made is replaced; any other
/// folder that holds something is left alone.
///
/// # Errors
/// See [`GenerateError`].
pub fn generate(spec: &str, out: &Path, as_of: Date) -> Result<Generated, GenerateError> {
    let parsed = spec::Spec::parse(spec)?;
    let days = week::Days::of(&parsed, as_of)?;
    let tables = table::build(&parsed, days)?;
    write::write(&tables, out, &write::Stamp { spec: Digest::of(spec.as_bytes()), as_of, week: days.newest })
}

/// Whether `out` holds what `spec` gives, with last week (seen from `as_of`) as its newest complete
/// week. False also when the folder or one of its files is missing or has another length.
///
/// # Errors
/// [`GenerateError::Syntax`] or [`GenerateError::Spec`] for a specification that is not valid.
pub fn is_current(spec: &str, out: &Path, as_of: Date) -> Result<bool, GenerateError> {
    let parsed = spec::Spec::parse(spec)?;
    let week = week::Days::of(&parsed, as_of)?.newest;
    Ok(write::holds(out, Digest::of(spec.as_bytes()), week))
}

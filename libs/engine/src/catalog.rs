//! What is known of a warehouse before anyone asks: which sources there are, with which columns, and all their rows
//! for whoever answers for the policy.
//!
//! Decides nothing. Calls block their thread, as files do: an engine that is asked over a network waits for it here.

use crate::{EngineError, KeyMisfit, Spread, SurveyColumn, Warehouse};
use splitplane_types::{Column, DataType};
use std::fmt::Debug;
use std::ops::ControlFlow;

/// Shown all rows of a source, some at a time: columns, and how many rows they are.
pub type Visit<'v> = &'v mut dyn FnMut(Vec<SurveyColumn>, usize) -> ControlFlow<()>;

/// A warehouse as it declares itself.
pub trait Catalog: Send + Sync + Debug {
    /// Whether the source is there.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] when nobody can be asked.
    fn has(&self, source: &str) -> Result<bool, EngineError>;

    /// Columns of a source as it declares them. Columns of types that no relation can show are left out.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or cannot be read.
    fn columns(&self, source: &str) -> Result<Vec<Column>, EngineError>;

    /// Whether a column can be read as a type.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or cannot be read.
    fn fits(&self, source: &str, column: &str, wanted: DataType) -> Result<bool, EngineError>;

    /// Which of some columns cannot be compared as keys. `together` are columns whose values are brought together from
    /// all files, and so have to be of one kind in all of them.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or cannot be read.
    fn key_misfits(
        &self,
        source: &str,
        columns: &[String],
        together: bool,
    ) -> Result<Vec<(String, KeyMisfit)>, EngineError>;

    /// How the rows of keys in these columns lie.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source is missing or cannot be read.
    fn spread(&self, source: &str, columns: &[String]) -> Result<Spread, EngineError>;

    /// Shows `visit` all rows of a source in some columns, everybody's, each value in the spelling in which scopes
    /// compare it.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the source or a column is missing, or cannot be read.
    fn survey(&self, source: &str, columns: &[String], visit: Visit<'_>) -> Result<(), EngineError>;
}

impl Catalog for Warehouse {
    fn has(&self, source: &str) -> Result<bool, EngineError> {
        Ok(Self::has(self, source))
    }

    fn columns(&self, source: &str) -> Result<Vec<Column>, EngineError> {
        Self::columns(self, source)
    }

    fn fits(&self, source: &str, column: &str, wanted: DataType) -> Result<bool, EngineError> {
        Self::fits(self, source, column, wanted)
    }

    fn key_misfits(
        &self,
        source: &str,
        columns: &[String],
        together: bool,
    ) -> Result<Vec<(String, KeyMisfit)>, EngineError> {
        Self::key_misfits(self, source, columns, together)
    }

    fn spread(&self, source: &str, columns: &[String]) -> Result<Spread, EngineError> {
        Self::spread(self, source, columns)
    }

    fn survey(&self, source: &str, columns: &[String], visit: Visit<'_>) -> Result<(), EngineError> {
        Self::survey(self, source, columns, visit)
    }
}

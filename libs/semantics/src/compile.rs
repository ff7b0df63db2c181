//! Interpretation to SQL tree.

use crate::{CompileError, Interpretation, SemanticModel};
use splitplane_types::Column;

/// A relation of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationSchema {
    /// Name: the dataset's.
    pub name: String,
    /// Columns, named as the dataset's fields.
    pub columns: Vec<Column>,
}

/// A filter whose phrase was resolved to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundFilter {
    /// Index of the filter in the interpretation.
    pub filter: usize,
    /// Relation that holds the value.
    pub relation: String,
    /// Column of that relation.
    pub column: String,
    /// Parameter that stands for the value, for example `:filter_0`.
    pub parameter: String,
}

/// Compiles.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(
    interpretation: &Interpretation,
    model: &SemanticModel,
    relations: &[RelationSchema],
    filters: &[BoundFilter],
) -> Result<sqlparser::ast::Query, CompileError> {
    let _ = (interpretation, model, relations, filters);
    Err(CompileError::NoMetric)
}

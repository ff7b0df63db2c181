//! What a scoped relation is made of, whatever says it to an engine: a plan here, SQL elsewhere.

use super::keys::AnyOf;
use crate::layout::Source;
use arrow::datatypes::DataType as Arrow;
use splitplane_spark_sql::{Kind, Refusal};
use splitplane_split_plane::ColumnMask;
use std::fmt::Debug;

/// Makes relations. Expressions and conditions are SQL of this crate's making, in which no value stands.
pub trait Algebra {
    /// A relation.
    type Relation: Clone + Debug + Send;

    /// The columns of a place: a table, or the files at a path, whose columns are all of `known`.
    ///
    /// # Errors
    /// A column that cannot be read.
    fn read(
        &mut self,
        source: &Source,
        path: &str,
        known: &[(String, Arrow)],
        columns: &[(String, Arrow)],
    ) -> Result<Self::Relation, String>;

    /// The columns of each row, and further ones of one text each.
    fn with_texts(
        &mut self,
        input: Self::Relation,
        columns: &[&str],
        texts: &[(String, String)],
    ) -> Self::Relation;

    /// The rows that hold one of some keys.
    fn having(&mut self, input: Self::Relation, keys: &AnyOf) -> Self::Relation;

    /// The rows of `left` that have a match in `right`.
    fn semi_join(&mut self, left: Self::Relation, right: Self::Relation, condition: &str) -> Self::Relation;

    /// The first rows, in no order: what stands above is evaluated on no other.
    fn limit(&mut self, input: Self::Relation, rows_max: i32) -> Self::Relation;

    /// Expressions, each with a name.
    fn project(&mut self, input: Self::Relation, expressions: &[(String, String)]) -> Self::Relation;

    /// All rows of both, by the place of the columns.
    fn union_all(&mut self, left: Self::Relation, right: Self::Relation) -> Self::Relation;

    /// No rows of these columns and types.
    fn empty(&mut self, columns: &[(String, String)]) -> Self::Relation;

    /// What is shown of an expression under a mask, and its kind.
    ///
    /// # Errors
    /// Values of this kind cannot be masked so.
    fn masked(&mut self, text: &str, kind: Kind, mask: &ColumnMask) -> Result<(String, Kind), Refusal> {
        splitplane_spark_sql::masked(text, kind, mask)
    }
}

//! Which columns a table is partitioned by, as the engine says it. What a mapping says is no proof of it.
//!
//! Decides that a mapping's partitions count only where the table has them: no barrier stands above a condition that
//! leaves whole partitions out, and none that does not may pass for one.

use crate::layout::Source;
use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType as Arrow;
use splitplane_engine::EngineError;
use std::collections::BTreeSet;

/// What stands above the columns of partitions in a description.
const HEADING: &str = "# Partition Information";
/// What stands above the names and types of columns.
const COLUMNS: &str = "# col_name";

/// The statement that describes a table, whose name is quoted.
#[must_use]
pub fn description(table: &str) -> String {
    format!("DESCRIBE TABLE {table}")
}

/// Checks that a table has the partitions of its mapping, by its description.
///
/// # Errors
/// [`EngineError::Warehouse`] for a column that it is not partitioned by, [`EngineError::Internal`] for what describes
/// no table.
pub fn check(source: &str, mapping: &Source, described: &[RecordBatch]) -> Result<(), EngineError> {
    let found = partitions(described)?;
    match mapping.partitions.iter().find(|column| !found.contains(*column)) {
        None => Ok(()),
        Some(column) => {
            Err(EngineError::warehouse(source, format!("its table is not partitioned by `{column}`")))
        }
    }
}

fn partitions(described: &[RecordBatch]) -> Result<BTreeSet<String>, EngineError> {
    let (mut found, mut is_within) = (BTreeSet::new(), false);
    for batch in described {
        let first = batch.columns().first();
        let first = first.ok_or_else(|| EngineError::internal("a description without columns"))?;
        let names = cast(first, &Arrow::Utf8).map_err(EngineError::internal)?;
        for name in names.as_string::<i32>() {
            match name.unwrap_or_default() {
                HEADING => is_within = true,
                COLUMNS => {}
                other if other.is_empty() || other.starts_with('#') => is_within = false,
                other if is_within => {
                    found.insert(other.to_owned());
                }
                _column => {}
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Format;
    use arrow::array::{ArrayRef, StringArray};
    use std::sync::Arc;

    fn described(names: &[&str]) -> RecordBatch {
        let names: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
        RecordBatch::try_from_iter([("col_name", Arc::clone(&names)), ("data_type", names)]).unwrap()
    }

    fn judged(partitions: &[&str], described: &[RecordBatch]) -> bool {
        let mapping = Source {
            path: String::new(),
            table: "main.shop.loans".to_owned(),
            format: Format::Parquet,
            partitions: partitions.iter().map(|column| (*column).to_owned()).collect(),
            schema: String::new(),
        };
        check("loans", &mapping, described).is_ok()
    }

    #[test]
    fn partitions_are_what_stands_under_their_heading_and_nothing_else() {
        let parted =
            ["size", "town", "desk", "# Partition Information", "# col_name", "town", "", "# Other", "size"];
        let (above, below) = parted.split_at(5);
        for batches in [vec![described(&parted)], vec![described(above), described(below)]] {
            assert!(judged(&["town"], &batches) && judged(&[], &batches));
            for other in [&["size"][..], &["desk"], &["town", "desk"], &["Town"]] {
                assert!(!judged(other, &batches), "{other:?}");
            }
        }
        let clustered = ["size", "town", "# Clustering Information", "# col_name", "town"];
        assert!(!judged(&["town"], &[described(&clustered)]));
        assert!(!judged(&["town"], &[]));
    }
}

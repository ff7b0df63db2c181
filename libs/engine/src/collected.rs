//! What came from an engine elsewhere: a complete result inside its limits, and rows of counts.
//!
//! Decides that the size which a caller is told, and which is limited, is a function of the cells alone. How an engine cuts
//! its batches decides nothing.

use crate::{EngineError, QueryResult, convert, run};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType as Arrow, Field, Int64Type, Schema, SchemaRef};
use splitplane_types::{Cell, Limits, Table};
use std::sync::Arc;

/// Batches are larger than the cells in them, at most so many times.
const BATCH_FACTOR: u64 = 4;

/// Collects a result, under the names that the caller knows its columns by.
#[derive(Debug)]
pub struct Collected<'l> {
    schema: SchemaRef,
    masked: Vec<bool>,
    limits: &'l Limits,
    kept: Vec<RecordBatch>,
    rows: u64,
    held: u64,
}

impl<'l> Collected<'l> {
    /// Nothing yet: the columns that the engine gives, with the name of each and whether it is masked.
    ///
    /// # Errors
    /// [`EngineError::Internal`] where they are not as many.
    pub fn new(given: &Schema, columns: &[(&str, bool)], limits: &'l Limits) -> Result<Self, EngineError> {
        if given.fields().len() != columns.len() {
            return Err(EngineError::internal("the engine gives other columns than were asked for"));
        }
        let fields = given.fields().iter().zip(columns);
        let fields: Vec<Field> =
            fields.map(|(field, (name, _))| Field::new(*name, field.data_type().clone(), true)).collect();
        let masked = columns.iter().map(|(_, masked)| *masked).collect();
        Ok(Self { schema: Arc::new(Schema::new(fields)), masked, limits, kept: Vec::new(), rows: 0, held: 0 })
    }

    /// Takes rows in.
    ///
    /// # Errors
    /// [`EngineError::RowsExceeded`] and [`EngineError::BytesExceeded`].
    pub fn add(&mut self, batch: RecordBatch) -> Result<(), EngineError> {
        let Limits { rows_max, bytes_max, .. } = *self.limits;
        self.rows = self.rows.saturating_add(u64::try_from(batch.num_rows()).unwrap_or(u64::MAX));
        if self.rows > rows_max {
            return Err(EngineError::RowsExceeded { rows_max });
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        // This bounds memory; the size of the cells is what counts.
        self.held = self.held.saturating_add(run::size(&batch)?);
        if self.held / BATCH_FACTOR > bytes_max {
            return Err(EngineError::BytesExceeded { bytes_max });
        }
        self.kept.push(batch);
        Ok(())
    }

    /// The whole of it.
    ///
    /// # Errors
    /// [`EngineError::BytesExceeded`], or a column that no result may have.
    pub fn result(self) -> Result<QueryResult, EngineError> {
        let bytes_max = self.limits.bytes_max;
        let table = convert::table(&self.schema, &self.kept, &self.masked)?;
        let bytes = size(&table);
        if bytes > bytes_max {
            return Err(EngineError::BytesExceeded { bytes_max });
        }
        Ok(QueryResult { table, bytes, bytes_read: 0 })
    }
}

/// The size of a table's cells: a function of the rows alone, not of how they came.
fn size(table: &Table) -> u64 {
    let cell = |cell: &Cell| match cell {
        Cell::Null | Cell::Boolean(_) => 1,
        Cell::Date(_) => 4,
        Cell::Integer(_) | Cell::Float(_) | Cell::Timestamp(_) => 8,
        Cell::Decimal(_) => 16,
        Cell::Text(text) => u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(4),
    };
    table.rows.iter().flatten().map(cell).fold(0_u64, u64::saturating_add)
}

/// Rows of whole numbers; a sum of no rows is zero.
///
/// # Errors
/// [`EngineError::Internal`] where a column is missing or holds something else.
pub fn numbers<const N: usize>(batches: &[RecordBatch]) -> Result<Vec<[i64; N]>, EngineError> {
    let mut all = Vec::new();
    for batch in batches {
        let mut rows = vec![[0_i64; N]; batch.num_rows()];
        for at in 0..N {
            let column =
                batch.columns().get(at).ok_or_else(|| EngineError::internal("a count is missing"))?;
            let column = cast(column, &Arrow::Int64).map_err(EngineError::internal)?;
            let column = column.as_primitive::<Int64Type>();
            for (row, numbers) in rows.iter_mut().enumerate() {
                if let Some(number) = numbers.get_mut(at).filter(|_| column.is_valid(row)) {
                    *number = column.value(row);
                }
            }
        }
        all.extend(rows);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Decimal128Array, Int64Array, StringArray};
    use std::time::Duration;

    fn limits(rows_max: u64, bytes_max: u64) -> Limits {
        let time_max = Duration::from_secs(1);
        Limits { rows_max, bytes_max, time_max, memory_bytes_max: 1, concurrent_per_tenant_max: 1 }
    }

    fn batch(texts: &[&str]) -> RecordBatch {
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        RecordBatch::try_from_iter([("given", texts)]).unwrap()
    }

    fn collect(limits: &Limits, batches: &[&[&str]]) -> Result<QueryResult, EngineError> {
        let schema = batch(&[]).schema();
        let mut collected = Collected::new(&schema, &[("shown", true)], limits)?;
        for texts in batches {
            collected.add(batch(texts))?;
        }
        collected.result()
    }

    #[test]
    fn the_size_of_a_result_does_not_depend_on_how_it_was_cut() {
        let wide = limits(10, 1000);
        let whole = collect(&wide, &[&["a", "bc", "def"]]).unwrap();
        assert_eq!(whole.bytes, 3 * 4 + 6);
        assert_eq!(whole, collect(&wide, &[&["a"], &[], &["bc", "def"]]).unwrap());
        assert_eq!((whole.table.columns[0].name.as_str(), whole.table.columns[0].masked), ("shown", true));
    }

    #[test]
    fn a_result_is_inside_its_limits_or_an_error() {
        let texts: &[&[&str]] = &[&["a"], &["bc"]];
        assert!(collect(&limits(2, 11), texts).is_ok());
        let error = collect(&limits(1, 11), texts).unwrap_err();
        assert!(matches!(error, EngineError::RowsExceeded { rows_max: 1 }));
        let error = collect(&limits(2, 10), texts).unwrap_err();
        assert!(matches!(error, EngineError::BytesExceeded { bytes_max: 10 }));
        assert!(collect(&limits(0, 0), &[&[], &[]]).is_ok());
        let none = limits(2, 11);
        assert!(Collected::new(&batch(&[]).schema(), &[], &none).is_err());
    }

    #[test]
    fn counts_are_whole_numbers_of_any_type_and_nothing_is_zero() {
        let one: ArrayRef = Arc::new(Decimal128Array::from(vec![Some(700), None]));
        let one = cast(&one, &Arrow::Decimal128(20, 0)).unwrap();
        let two: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter_with_nullable([("a", one, true), ("b", two, true)]).unwrap();
        let counts = numbers::<2>(std::slice::from_ref(&batch)).unwrap();
        assert_eq!((counts[0][1], counts[1]), (1, [0, 2]));
        assert!(numbers::<3>(&[batch]).is_err());
    }
}

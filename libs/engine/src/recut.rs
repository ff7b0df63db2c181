//! Cuts rows anew into batches of one size, in memory that holds nothing else.
//!
//! Invariant 4: with batches passed on as they were scanned, whether `x <> 0 AND 10/x > 1` fails depends
//! on how many foreign rows shared a batch. Here batch edges, null buffers and even the capacity of
//! buffers (which a memory limit can feel) are a function of the rows that stay.

use arrow::array::{ArrayRef, MutableArrayData, RecordBatch, RecordBatchOptions, make_array};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows of every batch that leaves the leaf, but for the last.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// Collects rows and gives batches of [`BATCH_ROWS`].
#[derive(Debug)]
pub(crate) struct Recut {
    schema: SchemaRef,
    pending: VecDeque<RecordBatch>,
    rows: usize,
}

impl Recut {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        Self { schema, pending: VecDeque::new(), rows: 0 }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.rows += batch.num_rows();
            self.pending.push_back(batch);
        }
    }

    /// The next full batch.
    pub(crate) fn full(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows >= BATCH_ROWS { self.cut(BATCH_ROWS).map(Some) } else { Ok(None) }
    }

    /// What is left when there are no more rows.
    pub(crate) fn rest(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows > 0 { self.cut(self.rows).map(Some) } else { Ok(None) }
    }

    fn cut(&mut self, rows: usize) -> Result<RecordBatch, ArrowError> {
        let mut slices = Vec::new();
        let mut missing = rows;
        while missing > 0 {
            let Some(batch) = self.pending.pop_front() else { break };
            let taken = batch.num_rows().min(missing);
            slices.push(batch.slice(0, taken));
            if taken < batch.num_rows() {
                self.pending.push_front(batch.slice(taken, batch.num_rows() - taken));
            }
            missing -= taken;
        }
        self.rows -= rows;
        let columns =
            (0..self.schema.fields().len()).map(|index| join(&slices, index)).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// Copies, also where one slice would do: a slice keeps its neighbours' bytes alive.
fn join(slices: &[RecordBatch], column: usize) -> Result<ArrayRef, ArrowError> {
    let parts: Vec<_> = slices.iter().map(|slice| slice.column(column).to_data()).collect();
    let mut joined = MutableArrayData::new(parts.iter().collect(), false, 0);
    for (index, part) in parts.iter().enumerate() {
        joined.try_extend(index, 0, part.len())?;
    }
    let data = joined.freeze();
    let data = if data.null_count() == 0 { data.into_builder().nulls(None).build()? } else { data };
    let mut array = make_array(data);
    if let Some(array) = Arc::get_mut(&mut array) {
        array.shrink_to_fit();
    }
    Ok(array)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use proptest::prelude::*;

    fn rows(from: usize, count: usize) -> RecordBatch {
        let schema =
            Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("t", DataType::Utf8, true)]);
        let number = |row: usize| {
            (row % 20_000 < 9_000 || !row.is_multiple_of(7)).then(|| i64::try_from(row).unwrap())
        };
        let numbers: Int64Array = (from..from + count).map(number).collect();
        let texts: StringArray = (from..from + count).map(|row| Some("x".repeat(row % 5))).collect();
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(numbers), Arc::new(texts)]).unwrap()
    }

    fn recut(sizes: &[usize], total: usize) -> Vec<RecordBatch> {
        let mut recut = Recut::new(rows(0, 1).schema());
        let (mut from, mut batches) = (0, Vec::new());
        for size in sizes.iter().copied().chain([total]) {
            let size = size.min(total - from);
            // Sliced out of a larger batch, as a filter that keeps a run of rows may do.
            recut.push(rows(from, size + 100).slice(0, size));
            from += size;
            while let Some(batch) = recut.full().unwrap() {
                batches.push(batch);
            }
        }
        batches.extend(recut.rest().unwrap());
        batches
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn batches_are_the_same_however_the_rows_arrived(sizes in proptest::collection::vec(0_usize..9_000, 0..8), total in 0_usize..30_000) {
            let (one, other) = (recut(&sizes, total), recut(&[], total));
            prop_assert_eq!(&one, &other);
            for (a, b) in one.iter().zip(&other) {
                prop_assert_eq!(a.get_array_memory_size(), b.get_array_memory_size());
                for (a, b) in a.columns().iter().zip(b.columns()) {
                    prop_assert_eq!(a.nulls().is_some(), b.nulls().is_some());
                }
            }
            let full = one.iter().rev().skip(1).all(|batch| batch.num_rows() == BATCH_ROWS);
            prop_assert!(full && one.iter().map(RecordBatch::num_rows).sum::<usize>() == total);
        }
    }
}

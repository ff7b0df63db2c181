//! Cuts rows anew into batches of one size, in memory that holds nothing else.
//!
//! Invariant 4: with batches passed on as they were scanned, whether `x <> 0 AND 10/x > 1` fails depends
//! on how many foreign rows shared a batch. Here batch edges, null buffers and even the capacity of
//! buffers (which a memory limit can feel) are a function of the rows that stay.

use crate::error::AnyError;
use arrow::array::{Array, ArrayRef, MutableArrayData, RecordBatch, RecordBatchOptions, make_array};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows of every batch that leaves the leaf, but for the last.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// Collects rows and gives batches of [`BATCH_ROWS`].
///
/// Rows are converted when a batch is cut, in the batch that they leave in: whether a value that does not
/// convert is met before or after an earlier batch is handed up is then no matter of whose rows lay between.
#[derive(Debug)]
pub(crate) struct Recut {
    schema: SchemaRef,
    pending: VecDeque<RecordBatch>,
    rows: usize,
}

/// Brings a column of this position to the type of the schema.
pub(crate) type Convert<'c> = &'c dyn Fn(usize, ArrayRef) -> Result<ArrayRef, AnyError>;

impl Recut {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        Self { schema, pending: VecDeque::new(), rows: 0 }
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.rows += batch.num_rows();
            self.pending.push_back(batch);
        }
    }

    /// The next full batch.
    pub(crate) fn full(&mut self, convert: Convert<'_>) -> Result<Option<RecordBatch>, AnyError> {
        if self.rows >= BATCH_ROWS { self.cut(BATCH_ROWS, convert).map(Some) } else { Ok(None) }
    }

    /// What is left when there are no more rows.
    pub(crate) fn rest(&mut self, convert: Convert<'_>) -> Result<Option<RecordBatch>, AnyError> {
        if self.rows > 0 { self.cut(self.rows, convert).map(Some) } else { Ok(None) }
    }

    fn cut(&mut self, rows: usize, convert: Convert<'_>) -> Result<RecordBatch, AnyError> {
        let mut pieces = Vec::new();
        let mut missing = rows;
        while missing > 0 {
            let Some(batch) = self.pending.pop_front() else { break };
            let taken = batch.num_rows().min(missing);
            if taken < batch.num_rows() {
                self.pending.push_front(batch.slice(taken, batch.num_rows() - taken));
                pieces.push(batch.slice(0, taken).into_parts().1.into_iter());
            } else {
                // Taken apart, so that its arrays have no other owner and need not be copied.
                pieces.push(batch.into_parts().1.into_iter());
            }
            missing -= taken;
        }
        self.rows -= rows;
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for at in 0..self.schema.fields().len() {
            let arrays = pieces.iter_mut().filter_map(Iterator::next);
            let parts = arrays.map(|array| convert(at, array)).collect::<Result<Vec<_>, _>>()?;
            columns.push(join(parts)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// Copies, also where one slice would do: a slice keeps its neighbours' bytes alive.
fn join(mut parts: Vec<ArrayRef>) -> Result<ArrayRef, ArrowError> {
    if parts.len() == 1
        && let Some(array) = parts.pop()
    {
        match sole(array)? {
            Ok(array) => return Ok(array),
            Err(array) => parts.push(array),
        }
    }
    let parts: Vec<_> = parts.iter().map(|part| part.to_data()).collect();
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

/// The array as it is, where it is what a copy would be: nobody else's, and its buffers end with its rows.
fn sole(mut array: ArrayRef) -> Result<Result<ArrayRef, ArrayRef>, ArrowError> {
    let Some(own) = Arc::get_mut(&mut array) else { return Ok(Err(array)) };
    own.shrink_to_fit();
    let data = array.to_data();
    if data.offset() != 0 {
        return Ok(Err(array));
    }
    let data = if data.null_count() == 0 { data.into_builder().nulls(None).build()? } else { data };
    let held: usize = data.buffers().iter().map(|buffer| buffer.capacity()).sum();
    let nulls = data.nulls().map_or(0, |nulls| nulls.buffer().capacity());
    let exact = held + nulls == data.get_slice_memory_size()?;
    Ok(if exact { Ok(make_array(data)) } else { Err(array) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};
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
            recut.push(if size % 2 == 0 { rows(from, size + 100).slice(0, size) } else { rows(from, size) });
            from += size;
            while let Some(batch) = recut.full(&|_at, array| Ok(array)).unwrap() {
                batches.push(batch);
            }
        }
        batches.extend(recut.rest(&|_at, array| Ok(array)).unwrap());
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

//! Batches of an answer, put together from what arrives, each checked against what was said of it.
//!
//! Decides that a batch is whole, has the rows it says, and stands where it says. A gap, a repeated
//! piece, a wrong count or a change of schema is an error: half an answer is none.

use super::error::ConnectError;
use super::wire::execute_plan_response::ArrowBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::StreamDecoder;
use arrow::record_batch::RecordBatch;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// Whether the engine counts rows in `start_offset`. Sail always says 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offsets {
    Unknown,
    Counted,
    Zero,
}

/// Puts an answer's batches together.
#[derive(Debug)]
pub(crate) struct Assembler {
    bytes_max: usize,
    rows: i64,
    offsets: Offsets,
    partial: Option<Partial>,
    schema: Option<SchemaRef>,
}

/// A batch of which not every chunk is here.
#[derive(Debug)]
struct Partial {
    bytes: BytesMut,
    row_count: i64,
    start_offset: Option<i64>,
    next: i64,
    count: i64,
}

impl Assembler {
    /// For one answer; no batch may have more bytes than `bytes_max`.
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self { bytes_max, rows: 0, offsets: Offsets::Unknown, partial: None, schema: None }
    }

    /// Whether a batch waits for chunks.
    pub(crate) const fn is_partial(&self) -> bool {
        self.partial.is_some()
    }

    /// Takes what arrived next; gives the batches that are whole now.
    pub(crate) fn push(&mut self, piece: ArrowBatch) -> Result<Vec<RecordBatch>, ConnectError> {
        let (bytes, row_count, start_offset) = match (piece.chunk_index, piece.num_chunks_in_batch) {
            (None, None) if self.partial.is_none() => {
                if piece.data.len() > self.bytes_max {
                    return Err(ConnectError::TooLarge { bytes_max: self.bytes_max });
                }
                (piece.data, piece.row_count, piece.start_offset)
            }
            (Some(index), Some(count)) => match self.chunk(&piece, index, count)? {
                Some(whole) => (whole.bytes.freeze(), whole.row_count, whole.start_offset),
                None => return Ok(Vec::new()),
            },
            _ => return Err(ConnectError::protocol("a chunk of a batch does not say which")),
        };
        self.place(start_offset)?;
        let batches = self.decode(bytes)?;
        let rows = batches.iter().try_fold(0_i64, |rows, batch| {
            i64::try_from(batch.num_rows()).ok().and_then(|more| rows.checked_add(more))
        });
        if rows != Some(row_count) {
            return Err(ConnectError::protocol("a batch has not the rows that it says"));
        }
        let total = self.rows.checked_add(row_count);
        self.rows = total.ok_or_else(|| ConnectError::protocol("the rows cannot be counted"))?;
        Ok(batches)
    }

    /// Takes a chunk; gives the batch if it was the last.
    fn chunk(&mut self, piece: &ArrowBatch, index: i64, count: i64) -> Result<Option<Partial>, ConnectError> {
        let mut partial = match self.partial.take() {
            Some(partial) => partial,
            None => Partial {
                bytes: BytesMut::new(),
                row_count: piece.row_count,
                start_offset: piece.start_offset,
                next: 0,
                count,
            },
        };
        let is_of_it = count == partial.count
            && index == partial.next
            && index < count
            && piece.row_count == partial.row_count
            && piece.start_offset == partial.start_offset;
        if !is_of_it {
            return Err(ConnectError::protocol("a chunk is not the next one of its batch"));
        }
        if piece.data.len() > self.bytes_max.saturating_sub(partial.bytes.len()) {
            return Err(ConnectError::TooLarge { bytes_max: self.bytes_max });
        }
        partial.bytes.extend_from_slice(&piece.data);
        partial.next += 1;
        if partial.next == partial.count {
            return Ok(Some(partial));
        }
        self.partial = Some(partial);
        Ok(None)
    }

    /// Checks where a batch says that it begins.
    fn place(&mut self, start_offset: Option<i64>) -> Result<(), ConnectError> {
        let Some(offset) = start_offset else { return Ok(()) };
        if self.rows > 0 && self.offsets == Offsets::Unknown {
            self.offsets = if offset == 0 { Offsets::Zero } else { Offsets::Counted };
        }
        let expected = if self.offsets == Offsets::Zero { 0 } else { self.rows };
        if offset == expected {
            Ok(())
        } else {
            Err(ConnectError::protocol("a batch does not begin where the last one ended"))
        }
    }

    fn decode(&mut self, bytes: Bytes) -> Result<Vec<RecordBatch>, ConnectError> {
        let failed = |error: arrow::error::ArrowError| ConnectError::Protocol { cause: Arc::new(error) };
        let mut buffer = Buffer::from(bytes);
        let mut decoder = StreamDecoder::new();
        let mut batches = Vec::new();
        while !buffer.is_empty() {
            if let Some(batch) = decoder.decode(&mut buffer).map_err(failed)? {
                batches.push(batch);
            }
        }
        decoder.finish().map_err(failed)?;
        let schema = decoder.schema();
        let schema = schema.ok_or_else(|| ConnectError::protocol("a batch has no schema"))?;
        match &self.schema {
            None => self.schema = Some(Arc::clone(&schema)),
            Some(first) if is_alike(first, &schema) => {}
            Some(_) => return Err(ConnectError::protocol("the schema changed between two batches")),
        }
        // A batch without rows is the schema alone.
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok(batches)
    }
}

/// Whether two schemas have the same columns. Batches may differ in whether a column can be null.
fn is_alike(one: &Schema, other: &Schema) -> bool {
    one.fields().len() == other.fields().len()
        && one.fields().iter().zip(other.fields()).all(|(one, other)| {
            one.name() == other.name() && one.data_type().equals_datatype(other.data_type())
        })
}

#[cfg(test)]
mod tests;

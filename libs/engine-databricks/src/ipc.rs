//! A chunk that travels as an Arrow stream.
//!
//! Decides that no more than the configured bytes of it are read, that fewer than were announced are an error, and
//! that its rows are as many as its link says. Bytes are decoded as they come.

use crate::error::{Cause, DatabricksError};
use crate::types::{self, UTC};
use crate::wire::ExternalLink;
use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, RecordBatchOptions};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::ipc::reader::StreamDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::sync::Arc;

/// A chunk under way.
#[derive(Debug)]
pub(crate) struct ArrowChunk {
    body: Incoming,
    decoder: StreamDecoder,
    /// Bytes that came and are not decoded yet.
    pending: Buffer,
    bytes: usize,
    bytes_max: usize,
    bytes_announced: u64,
    rows: u64,
    rows_announced: u64,
}

impl ArrowChunk {
    pub(crate) fn new(body: Incoming, link: &ExternalLink, bytes_max: usize) -> Self {
        Self {
            body,
            decoder: StreamDecoder::new(),
            pending: Buffer::from(&[]),
            bytes: 0,
            bytes_max,
            bytes_announced: link.byte_count,
            rows: 0,
            rows_announced: link.row_count,
        }
    }

    /// The next rows; `None` when the bytes are at their end.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, DatabricksError> {
        loop {
            while !self.pending.is_empty() {
                let decoded = self.decoder.decode(&mut self.pending);
                let decoded = decoded.map_err(|error| DatabricksError::Protocol(Cause::unreadable(error)))?;
                if let Some(batch) = decoded.filter(|batch| batch.num_rows() > 0) {
                    self.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
                    return labelled(&batch).map(Some);
                }
            }
            let frame = match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Err(DatabricksError::Unavailable(Cause::transport(error))),
            };
            let Ok(data) = frame.into_data() else { continue };
            self.bytes += data.len();
            if self.bytes > self.bytes_max {
                return Err(DatabricksError::Limit(Cause::Found("a chunk is larger than it may be")));
            }
            self.pending = Buffer::from(data);
        }
    }

    /// How many bytes have come, if all did.
    pub(crate) fn close(&mut self) -> Result<u64, DatabricksError> {
        let short = |what| DatabricksError::Incomplete(Cause::Found(what));
        let bytes = u64::try_from(self.bytes).unwrap_or(u64::MAX);
        if bytes < self.bytes_announced {
            return Err(short("a chunk of fewer bytes than its link announces"));
        }
        self.decoder.finish().map_err(|error| DatabricksError::Incomplete(Cause::unreadable(error)))?;
        if self.rows < self.rows_announced {
            return Err(short("a chunk of fewer rows than its link announces"));
        }
        if self.rows > self.rows_announced {
            return Err(DatabricksError::Protocol(Cause::Found(
                "a chunk of more rows than its link announces",
            )));
        }
        Ok(bytes)
    }

    /// The columns, where the chunk has begun to say them.
    pub(crate) fn schema(&self) -> Option<SchemaRef> {
        self.decoder.schema().map(|schema| types::labelled(&schema))
    }
}

/// The same rows, with instants labelled alike.
fn labelled(batch: &RecordBatch) -> Result<RecordBatch, DatabricksError> {
    let schema = types::labelled(&batch.schema());
    let label = |column: &ArrayRef| -> ArrayRef {
        if let DataType::Timestamp(TimeUnit::Microsecond, Some(_)) = column.data_type() {
            let instants = column.as_primitive::<TimestampMicrosecondType>().clone();
            Arc::new(instants.with_timezone(UTC))
        } else {
            Arc::clone(column)
        }
    };
    let columns = batch.columns().iter().map(label).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|error| DatabricksError::Protocol(Cause::unreadable(error)))
}

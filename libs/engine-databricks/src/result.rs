//! A result, chunk by chunk, until all of it has come.
//!
//! Decides that a result is whole or an error: chunks in their order, as many rows, bytes and chunks as were
//! announced. It holds one chunk at most in memory, and fetches the next when it is asked for. It does not read
//! values: `ipc.rs` and `json_array.rs` do.

use crate::api::{Api, StatementId};
use crate::config::Disposition;
use crate::error::{Cause, DatabricksError};
use crate::ipc::ArrowChunk;
use crate::json_array;
use crate::links::Fetched;
use crate::retry::{Deadline, retrying};
use crate::types;
use crate::wire::{ExternalLink, Manifest, ResultData};
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::Stream;
use futures::stream::BoxStream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How often one chunk's link is asked for anew.
const RENEWALS_MAX: u32 = 3;

/// The rows of a statement. A stream that ends without an error has given all of them.
pub struct ResultStream {
    schema: SchemaRef,
    rows_total: u64,
    statement_id: String,
    batches: BoxStream<'static, Result<RecordBatch, DatabricksError>>,
}

impl std::fmt::Debug for ResultStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResultStream").field("statement_id", &self.statement_id).finish_non_exhaustive()
    }
}

impl ResultStream {
    /// The columns; also those of an empty result.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows the workspace announces; the stream fails if they do not come.
    pub fn rows_total(&self) -> u64 {
        self.rows_total
    }

    /// What the workspace calls the statement.
    pub fn statement_id(&self) -> &str {
        &self.statement_id
    }

    pub(crate) async fn open(
        api: Arc<Api>,
        id: StatementId,
        manifest: Manifest,
        first: Option<ResultData>,
        deadline: Deadline,
    ) -> Result<Self, DatabricksError> {
        let statement_id = id.as_str().to_owned();
        let rows_total = manifest.total_row_count;
        let mut chunks = Chunks::new(api, id, manifest, first, deadline)?;
        // The first rows are waited for: with them comes the schema.
        let batch = chunks.next().await?;
        let schema = match &chunks.schema {
            Some(schema) => Arc::clone(schema),
            None => chunks.described()?,
        };
        let state = (chunks, batch);
        let batches = futures::stream::try_unfold(state, |(mut chunks, waiting)| async move {
            let batch = match waiting {
                Some(batch) => Some(batch),
                None => chunks.deadline.within(chunks.next()).await?,
            };
            Ok(batch.map(|batch| (batch, (chunks, None))))
        });
        Ok(Self { schema, rows_total, statement_id, batches: Box::pin(batches) })
    }
}

impl Stream for ResultStream {
    type Item = Result<RecordBatch, DatabricksError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(context)
    }
}

struct Chunks {
    api: Arc<Api>,
    id: StatementId,
    manifest: Manifest,
    deadline: Deadline,
    schema: Option<SchemaRef>,
    /// What is at hand of the chunks that come next.
    given: VecDeque<Given>,
    /// The index that the last answer names as the next.
    named: Option<u64>,
    open: Option<ArrowChunk>,
    chunks: u64,
    rows: u64,
    bytes: u64,
}

enum Given {
    Rows(ResultData),
    Link(ExternalLink),
}

fn wrong(what: &'static str) -> DatabricksError {
    DatabricksError::Protocol(Cause::Found(what))
}

fn short(what: &'static str) -> DatabricksError {
    DatabricksError::Incomplete(Cause::Found(what))
}

impl Chunks {
    fn new(
        api: Arc<Api>,
        id: StatementId,
        manifest: Manifest,
        first: Option<ResultData>,
        deadline: Deadline,
    ) -> Result<Self, DatabricksError> {
        let mut chunks = Self {
            api,
            id,
            manifest,
            deadline,
            schema: None,
            given: VecDeque::new(),
            named: None,
            open: None,
            chunks: 0,
            rows: 0,
            bytes: 0,
        };
        match first {
            Some(data) => chunks.take(data)?,
            // The rows are there, but not with this answer.
            None if chunks.manifest.total_chunk_count > 0 => chunks.named = Some(0),
            None => {}
        }
        Ok(chunks)
    }

    /// The columns by the manifest.
    fn described(&self) -> Result<SchemaRef, DatabricksError> {
        let schema = self.manifest.schema.as_ref().ok_or(wrong("a manifest without a schema"))?;
        types::schema(&schema.columns)
    }

    /// The next rows, or that all have come. `within` of the deadline stands around every call.
    async fn next(&mut self) -> Result<Option<RecordBatch>, DatabricksError> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(batch) = open.next().await? {
                    return self.counted(batch).map(Some);
                }
                self.bytes += open.close()?;
                let schema = open.schema();
                self.check_schema(schema)?;
                self.open = None;
            } else if let Some(given) = self.given.pop_front() {
                if let Some(batch) = self.begin(given).await? {
                    return self.counted(batch).map(Some);
                }
            } else if let Some(index) = self.named.take() {
                let data = self.api.chunk(&self.id, index, self.deadline).await?;
                self.take(data)?;
                if self.given.is_empty() {
                    return Err(short("a chunk that is announced and not there"));
                }
            } else {
                return self.check_totals().map(|()| None);
            }
        }
    }

    /// Takes what an answer holds of the next chunks.
    fn take(&mut self, mut data: ResultData) -> Result<(), DatabricksError> {
        self.named = data.next_chunk_index;
        match self.api.workspace.config.disposition {
            Disposition::Inline => {
                // An empty result may come with an array that is empty, or with none.
                let has_rows = data.data_array.as_ref().is_some_and(|rows| !rows.is_empty());
                if has_rows || (data.data_array.is_some() && self.manifest.total_chunk_count > 0) {
                    self.given.push_back(Given::Rows(data));
                }
            }
            Disposition::ExternalLinks => {
                if data.data_array.is_some() {
                    return Err(wrong("rows where links were asked for"));
                }
                let links = data.external_links.take().unwrap_or_default();
                if let Some(last) = links.last() {
                    self.named = last.next_chunk_index;
                }
                self.given.extend(links.into_iter().map(Given::Link));
            }
        }
        Ok(())
    }

    /// Begins a chunk; rows that came inline are there at once.
    async fn begin(&mut self, given: Given) -> Result<Option<RecordBatch>, DatabricksError> {
        match given {
            Given::Rows(data) => {
                self.check_place(data.chunk_index.unwrap_or(0))?;
                let rows = data.data_array.unwrap_or_default();
                let came = u64::try_from(rows.len()).unwrap_or(u64::MAX);
                if data.row_count.is_some_and(|announced| announced > came) {
                    return Err(short("a chunk of fewer rows than it announces"));
                }
                let schema = self.described()?;
                let batch = json_array::batch(&schema, &rows)?;
                self.schema = Some(schema);
                self.chunks += 1;
                Ok(Some(batch).filter(|batch| batch.num_rows() > 0))
            }
            Given::Link(link) => {
                self.check_place(link.chunk_index)?;
                self.open = Some(self.fetch(link).await?);
                self.chunks += 1;
                Ok(None)
            }
        }
    }

    fn check_place(&self, index: u64) -> Result<(), DatabricksError> {
        if index == self.chunks && index < self.manifest.total_chunk_count {
            Ok(())
        } else {
            Err(wrong("chunks out of their order"))
        }
    }

    /// Opens the chunk behind a link; one that has expired is asked for anew.
    async fn fetch(&self, link: ExternalLink) -> Result<ArrowChunk, DatabricksError> {
        let config = &self.api.workspace.config;
        let mut link = link;
        for _ in 0..=RENEWALS_MAX {
            let fetched = retrying(config, self.deadline, || self.api.storage.fetch(&link)).await?;
            match fetched {
                Fetched::Body(body) => return Ok(ArrowChunk::new(body, &link, config.chunk_bytes_max)),
                Fetched::Expired => {
                    let index = link.chunk_index;
                    let data = self.api.chunk(&self.id, index, self.deadline).await?;
                    let links = data.external_links.unwrap_or_default();
                    let renewed = links.into_iter().find(|link| link.chunk_index == index);
                    link = renewed.ok_or(short("a chunk that is announced and not there"))?;
                }
            }
        }
        Err(short("a link that has expired whenever it is asked for"))
    }

    fn counted(&mut self, batch: RecordBatch) -> Result<RecordBatch, DatabricksError> {
        self.rows += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        if self.rows > self.manifest.total_row_count {
            return Err(wrong("more rows than are announced"));
        }
        let schema = batch.schema();
        self.check_schema(Some(schema))?;
        Ok(batch)
    }

    /// The first schema is checked against the manifest, every other against the first.
    fn check_schema(&mut self, found: Option<SchemaRef>) -> Result<(), DatabricksError> {
        let Some(found) = found else { return Ok(()) };
        match &self.schema {
            Some(first) if is_alike(first, &found) => Ok(()),
            Some(_) => Err(wrong("a chunk with another schema than the first")),
            None => {
                let described = self.manifest.schema.as_ref().ok_or(wrong("a manifest without a schema"))?;
                let names = described.columns.iter().map(|column| &column.name);
                if !names.eq(found.fields().iter().map(|field| field.name())) {
                    return Err(wrong("other columns than the manifest names"));
                }
                self.schema = Some(found);
                Ok(())
            }
        }
    }

    fn check_totals(&self) -> Result<(), DatabricksError> {
        if self.chunks < self.manifest.total_chunk_count {
            return Err(short("fewer chunks than are announced"));
        }
        if self.rows < self.manifest.total_row_count {
            return Err(short("fewer rows than are announced"));
        }
        let is_counted = self.api.workspace.config.disposition == Disposition::ExternalLinks;
        if is_counted && self.bytes < self.manifest.total_byte_count {
            return Err(short("fewer bytes than are announced"));
        }
        Ok(())
    }
}

fn is_alike(one: &Schema, other: &Schema) -> bool {
    one.fields() == other.fields()
}

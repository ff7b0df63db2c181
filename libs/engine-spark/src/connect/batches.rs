//! An answer as it comes in: batches, then either an end or an error, never silence.
//!
//! Decides that what a caller reads to its end was complete. Where batches come from is `operation`'s.

use super::error::ConnectError;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::Stream;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How an answer ended: complete, or not. Not set, it was given up.
pub(crate) type Verdict = Arc<OnceLock<Result<(), ConnectError>>>;

/// The batches of an answer, in order. Dropped before its end, it interrupts the operation.
#[derive(Debug)]
pub struct Batches {
    batches: mpsc::Receiver<RecordBatch>,
    verdict: Verdict,
    /// A batch that was looked at for its schema.
    peeked: Option<Result<RecordBatch, ConnectError>>,
    is_over: bool,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl Batches {
    /// What comes through `batches`, then the verdict; `stop` is set when this is dropped.
    pub(crate) fn new(
        batches: mpsc::Receiver<RecordBatch>,
        verdict: Verdict,
        stop: CancellationToken,
    ) -> Self {
        Self { batches, verdict, peeked: None, is_over: false, stop: stop.clone(), _guard: stop.drop_guard() }
    }

    /// The schema of the answer, as soon as it is known. An empty answer has one too.
    ///
    /// # Errors
    /// The answer failed before its first batch.
    pub async fn schema(&mut self) -> Result<SchemaRef, ConnectError> {
        if self.peeked.is_none() {
            self.peeked = std::future::poll_fn(|context| self.poll_batch(context)).await;
        }
        match &self.peeked {
            Some(Ok(batch)) => Ok(batch.schema()),
            Some(Err(error)) => Err(error.clone()),
            None => Err(ConnectError::protocol("the answer was read to its end")),
        }
    }

    /// Waits for the end of an operation that gives no rows.
    pub(crate) async fn finished(&mut self) -> Result<(), ConnectError> {
        while let Some(batch) = std::future::poll_fn(|context| self.poll_batch(context)).await {
            batch?;
        }
        Ok(())
    }

    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RecordBatch, ConnectError>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        if let Some(batch) = ready!(self.batches.poll_recv(context)) {
            return Poll::Ready(Some(Ok(batch)));
        }
        self.is_over = true;
        Poll::Ready(match self.verdict.get() {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(Err(error.clone())),
            None if self.stop.is_cancelled() => Some(Err(ConnectError::Cancelled)),
            // Whoever filled the channel is gone without a word.
            None => Some(Err(ConnectError::incomplete("the answer was given up"))),
        })
    }
}

impl Stream for Batches {
    type Item = Result<RecordBatch, ConnectError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.peeked.take() {
            Some(peeked) => Poll::Ready(Some(peeked)),
            None => self.poll_batch(context),
        }
    }
}

#[cfg(test)]
mod tests;

//! An operation: sends a plan, reads its answer to the end, takes a broken stream up again.
//!
//! - The answer is complete when the engine says so and at no other time; a stream that only ends has
//!   broken (Sail ends the stream of an interrupted query as if all were well).
//! - A broken stream is continued after the last response that arrived, so that no row is missing and
//!   none comes twice. A plan is never sent a second time: an engine that was started anew would run it
//!   without the session's settings.
//! - One batch is read ahead of the caller, and one waits; while it does not read, the engine's stream is
//!   not read either.
//! - Whatever ends an operation but its own end interrupts it: `closing.rs`.

use super::batches::{Batches, Verdict};
use super::calls::Shape;
use super::chunks::Assembler;
use super::classify::{Stage, is_broken};
use super::closing::{OnItsWay, interrupt_operation, release_operation};
use super::error::{Chain, ConnectError};
use super::schema::{UTC, schema_of};
use super::wire;
use super::wire::ExecutePlanResponse;
use super::wire::execute_plan_request::RequestOption;
use super::wire::execute_plan_request::request_option::RequestOption as Asked;
use super::wire::execute_plan_response::ResponseType;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

/// How many batches may wait for the caller.
const BATCHES_WAITING_MAX: usize = 1;

type Answer = Streaming<ExecutePlanResponse>;
type Opening = Pin<Box<dyn Future<Output = Result<Answer, Fault>> + Send>>;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) operation_id: String,
    pub(crate) plan: wire::Plan,
    pub(crate) tags: Vec<String>,
    /// Whether an answer without a batch has a schema all the same.
    pub(crate) has_rows: bool,
}

/// Why a stream gives no more.
#[derive(Debug)]
enum Fault {
    /// It broke: the operation may go on.
    Broken(ConnectError),
    /// It failed.
    Final(ConnectError),
    /// Nobody wants it any more.
    Stopped,
}

/// What a response means for the stream.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    More,
    Complete,
}

struct Operation {
    session: Arc<Shape>,
    operation_id: String,
    has_rows: bool,
    stop: CancellationToken,
    batches: mpsc::Sender<RecordBatch>,
    verdict: Verdict,
    assembler: Assembler,
    schema: Option<SchemaRef>,
    has_batch: bool,
    last_response_id: Option<String>,
    failures: u32,
    releasing: Option<JoinHandle<()>>,
}

/// Starts an operation; it runs while its batches are held.
pub(crate) fn start(session: &Arc<Shape>, work: Work) -> Batches {
    let (batches, taken) = mpsc::channel(BATCHES_WAITING_MAX);
    let stop = session.stop.child_token();
    let verdict = Verdict::default();
    let operation = Operation {
        session: Arc::clone(session),
        operation_id: work.operation_id.clone(),
        has_rows: work.has_rows,
        stop: stop.clone(),
        batches,
        verdict: Arc::clone(&verdict),
        assembler: Assembler::new(session.client.options.batch_bytes_max),
        schema: None,
        has_batch: false,
        last_response_id: None,
        failures: 0,
        releasing: None,
    };
    let handle = session.client.handle.clone();
    session.tasks.spawn_on(operation.run(work), &handle);
    Batches::new(taken, verdict, stop)
}

impl Operation {
    async fn run(mut self, work: Work) {
        let session = Arc::clone(&self.session);
        let mut opening: Opening = Box::pin(execute(session, work));
        let (fault, call) = loop {
            let opened = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    let call: OnItsWay = Box::pin(async move { opening.await.is_ok() });
                    break (Fault::Stopped, Some(call));
                }
                opened = &mut opening => opened,
            };
            let fault = match opened {
                Err(fault) => fault,
                Ok(answer) => match self.read(answer).await {
                    Ok(()) => return self.complete().await,
                    Err(fault) => fault,
                },
            };
            match self.after(fault).await {
                Ok(again) => opening = again,
                Err(fault) => break (fault, None),
            }
        };
        if let Fault::Broken(error) | Fault::Final(error) = fault {
            let _ = self.verdict.set(Err(error));
        }
        // Whoever reads need not wait for what follows.
        drop(self.batches);
        interrupt_operation(&self.session, &self.operation_id, call).await;
        release_operation(&self.session, &self.operation_id, None).await;
    }

    /// What follows a fault: the call that takes the stream up again, or the fault.
    async fn after(&mut self, fault: Fault) -> Result<Opening, Fault> {
        let Fault::Broken(error) = fault else { return Err(fault) };
        let options = &self.session.client.options;
        if self.failures >= options.attempts_max {
            return Err(Fault::Broken(error));
        }
        let wait = backoff(options.backoff_min, options.backoff_max, self.failures);
        self.failures += 1;
        tracing::debug!(error = %Chain(&error), "a stream broke and is taken up again");
        if tokio::time::timeout(wait, self.stop.cancelled()).await.is_ok() {
            return Err(Fault::Stopped);
        }
        let session = Arc::clone(&self.session);
        let (operation_id, last) = (self.operation_id.clone(), self.last_response_id.clone());
        Ok(Box::pin(reattach(session, operation_id, last)))
    }

    /// Reads a stream until the answer is complete.
    async fn read(&mut self, mut answer: Answer) -> Result<(), Fault> {
        loop {
            let message = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(Fault::Stopped),
                message = answer.message() => message,
            };
            match message {
                Ok(Some(response)) => {
                    if self.take(response).await? == Next::Complete {
                        return Ok(());
                    }
                }
                Ok(None) => {
                    let error = ConnectError::incomplete("the stream ended before the answer was complete");
                    return Err(Fault::Broken(error));
                }
                Err(status) => return Err(fault_of(&self.session, &status, self.stage()).await),
            }
        }
    }

    const fn stage(&self) -> Stage {
        if self.schema.is_some() || self.has_batch { Stage::Running } else { Stage::Planning }
    }

    async fn take(&mut self, response: ExecutePlanResponse) -> Result<Next, Fault> {
        self.session.observe(&response.session_id, &response.server_side_session_id).map_err(Fault::Final)?;
        if !response.operation_id.is_empty() && response.operation_id != self.operation_id {
            return Err(Fault::Final(ConnectError::protocol("an answer is to another operation")));
        }
        if !response.response_id.is_empty() {
            if self.last_response_id.as_ref() == Some(&response.response_id) {
                return Ok(Next::More);
            }
            self.last_response_id = Some(response.response_id);
        }
        self.failures = 0;
        if let Some(data_type) = &response.schema {
            self.schema = Some(schema_of(data_type, UTC).map_err(Fault::Final)?);
        }
        match response.response_type {
            None => Ok(Next::More),
            Some(ResponseType::ArrowBatch(piece)) => {
                let batches = self.assembler.push(piece).map_err(Fault::Final)?;
                let is_whole = !batches.is_empty();
                for batch in batches {
                    self.hand_over(batch).await?;
                }
                if is_whole {
                    self.acknowledge();
                }
                Ok(Next::More)
            }
            Some(ResponseType::ResultComplete(_)) => {
                self.finish().await?;
                Ok(Next::Complete)
            }
        }
    }

    /// Hands a batch over, as soon as the caller takes it. Batches without rows go only to show the schema.
    async fn hand_over(&mut self, batch: RecordBatch) -> Result<(), Fault> {
        if batch.num_rows() == 0 && self.has_batch {
            return Ok(());
        }
        self.has_batch = true;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Fault::Stopped),
            sent = self.batches.send(batch) => sent.or(Err(Fault::Stopped)),
        }
    }

    /// Lets the engine forget what arrived, one call at a time: the next covers what is missed.
    fn acknowledge(&mut self) {
        let is_busy = self.releasing.as_ref().is_some_and(|releasing| !releasing.is_finished());
        let Some(until) = self.last_response_id.clone().filter(|_| !is_busy) else { return };
        let (session, operation_id) = (Arc::clone(&self.session), self.operation_id.clone());
        let release = async move { release_operation(&session, &operation_id, Some(until)).await };
        self.releasing = Some(self.session.tasks.spawn_on(release, &self.session.client.handle));
    }

    /// The engine said that this was all.
    async fn finish(&mut self) -> Result<(), Fault> {
        if self.assembler.is_partial() {
            let error = ConnectError::incomplete("the answer ended inside a batch");
            return Err(Fault::Final(error));
        }
        if self.has_rows && !self.has_batch {
            let schema = self.schema.clone();
            let schema =
                schema.ok_or_else(|| Fault::Final(ConnectError::protocol("an answer has no schema")))?;
            self.hand_over(RecordBatch::new_empty(schema)).await?;
        }
        Ok(())
    }

    async fn complete(self) {
        let _ = self.verdict.set(Ok(()));
        drop(self.batches);
        release_operation(&self.session, &self.operation_id, None).await;
    }
}

fn backoff(min: Duration, max: Duration, failures: u32) -> Duration {
    min.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX)).min(max)
}

async fn fault_of(session: &Shape, status: &Status, stage: Stage) -> Fault {
    let error = session.error(status, stage).await;
    if is_broken(status) { Fault::Broken(error) } else { Fault::Final(error) }
}

async fn execute(session: Arc<Shape>, work: Work) -> Result<Answer, Fault> {
    let reattachable = Asked::ReattachOptions(wire::ReattachOptions { reattachable: true });
    let chunking = session.client.options.chunk_bytes.map(|bytes| {
        Asked::ResultChunkingOptions(wire::ResultChunkingOptions {
            allow_arrow_batch_chunking: true,
            preferred_arrow_chunk_size: Some(i64::from(bytes)),
        })
    });
    let option = |asked| RequestOption { request_option: Some(asked) };
    let message = wire::ExecutePlanRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        plan: Some(work.plan),
        client_type: session.client_type(),
        request_options: std::iter::once(reattachable).chain(chunking).map(option).collect(),
        operation_id: Some(work.operation_id),
        tags: work.tags,
        client_observed_server_side_session_id: session.observed(),
    };
    let request = session.request(message).await.map_err(Fault::Final)?;
    match session.stub().execute_plan(request).await {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(fault_of(&session, &status, Stage::Planning).await),
    }
}

async fn reattach(
    session: Arc<Shape>,
    operation_id: String,
    last_response_id: Option<String>,
) -> Result<Answer, Fault> {
    let message = wire::ReattachExecuteRequest {
        session_id: session.id.clone(),
        user_context: session.user_context(),
        operation_id,
        client_type: session.client_type(),
        last_response_id,
        client_observed_server_side_session_id: session.observed(),
    };
    let request = session.request(message).await.map_err(Fault::Final)?;
    match session.stub().reattach_execute(request).await {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(fault_of(&session, &status, Stage::Reattaching).await),
    }
}

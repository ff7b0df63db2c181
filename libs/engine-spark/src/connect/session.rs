//! A session of the engine: one for each request, ended with it.
//!
//! Decides what a session is asked for and in which order a setting is set and read back. What runs in
//! it is `operation`'s, how it ends `closing`'s.

use super::batches::Batches;
use super::calls::Shape;
use super::client::Shared;
use super::closing;
use super::error::{Cause, ConnectError};
use super::ids::random_uuid;
use super::operation::{self, Work};
use super::plan::number;
use super::schema::{UTC, known_columns, schema_of};
use super::wire;
use super::wire::Relation;
use super::wire::analyze_plan_request::{Analyze, InputFiles, Schema as AskSchema};
use super::wire::analyze_plan_response::Result as Analyzed;
use super::wire::config_request::operation::OpType;
use super::wire::config_request::{GetOption, Set};
use arrow::datatypes::{DataType, SchemaRef};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// A session with a random id. When it is closed or dropped, whatever it runs is interrupted, then it is
/// released.
pub struct Session {
    shape: Arc<Shape>,
    is_closed: bool,
    /// Given back when the engine has ended the session.
    turn: Option<OwnedSemaphorePermit>,
}

impl Session {
    pub(crate) fn new(client: Arc<Shared>, id: String, user_id: String) -> Self {
        Self { shape: Arc::new(Shape::new(client, id, user_id)), is_closed: false, turn: None }
    }

    /// The session in its turn, which lasts until the engine has ended it.
    pub(crate) fn in_turn(mut self, turn: OwnedSemaphorePermit) -> Self {
        self.turn = Some(turn);
        self
    }

    /// Sets settings, then reads each back.
    ///
    /// # Errors
    /// [`ConnectError::Setting`] names the first that the engine refuses or does not have afterwards.
    pub async fn configure(&self, settings: &[(&str, &str)]) -> Result<(), ConnectError> {
        let set = |pairs: &[(&str, &str)]| {
            let pair = |(key, value): &(&str, &str)| wire::KeyValue {
                key: (*key).to_owned(),
                value: Some((*value).to_owned()),
            };
            OpType::Set(Set { pairs: pairs.iter().map(pair).collect() })
        };
        if let Err(error) = self.config(set(settings)).await {
            if !is_about_a_setting(&error) {
                return Err(error);
            }
            // One by one, to be able to say which it is.
            for setting in settings {
                self.config(set(std::slice::from_ref(setting)))
                    .await
                    .map_err(|error| refused(setting.0, error))?;
            }
        }
        let keys = settings.iter().map(|(key, _)| (*key).to_owned()).collect();
        let pairs = self.config(OpType::GetOption(GetOption { keys })).await?;
        let read: BTreeMap<_, _> = pairs.into_iter().map(|pair| (pair.key, pair.value)).collect();
        for (key, value) in settings {
            if read.get(*key).and_then(Option::as_deref) != Some(*value) {
                let cause: Cause = Arc::new(NotTaken);
                return Err(ConnectError::Setting { key: (*key).to_owned(), cause });
            }
        }
        Ok(())
    }

    async fn config(&self, operation: OpType) -> Result<Vec<wire::KeyValue>, ConnectError> {
        let shape = &self.shape;
        let message = wire::ConfigRequest {
            session_id: shape.id.clone(),
            user_context: shape.user_context(),
            operation: Some(wire::config_request::Operation { op_type: Some(operation) }),
            client_type: shape.client_type(),
            client_observed_server_side_session_id: shape.observed(),
        };
        let (mut stub, request) = (shape.stub(), shape.request(message).await?);
        let time_max = shape.client.options.call_time_max;
        let response = shape.answer("a setting", time_max, stub.config(request)).await?;
        shape.observe(&response.session_id, &response.server_side_session_id)?;
        Ok(response.pairs)
    }

    /// Gives a relation a name that statements of this session can speak, and no other session can.
    ///
    /// # Errors
    /// The name is not letters, digits and underscores, or the engine cannot plan the relation.
    pub async fn view(&self, name: &str, relation: Relation) -> Result<(), ConnectError> {
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
        if !is_name {
            return Err(ConnectError::protocol("the name of a view is letters, digits and underscores"));
        }
        let command = wire::CreateDataFrameViewCommand {
            input: Some(self.numbered(relation)),
            name: name.to_owned(),
            is_global: false,
            replace: true,
        };
        let command =
            wire::Command { command_type: Some(wire::command::CommandType::CreateDataframeView(command)) };
        let plan = wire::Plan { op_type: Some(wire::plan::OpType::Command(command)) };
        let mut answer = self.start(plan, Vec::new(), false)?;
        let wait = answer.finished();
        match tokio::time::timeout(self.shape.client.options.call_time_max, wait).await {
            Ok(finished) => finished,
            Err(_) => Err(ConnectError::timed_out("a view")),
        }
    }

    /// The schema that a relation would have. Runs nothing.
    ///
    /// # Errors
    /// The engine cannot plan the relation.
    pub async fn schema(&self, relation: Relation) -> Result<SchemaRef, ConnectError> {
        schema_of(&self.data_type(relation).await?, UTC)
    }

    /// The columns that a relation would have, of types that are known. Runs nothing.
    pub(crate) async fn columns(&self, relation: Relation) -> Result<Vec<(String, DataType)>, ConnectError> {
        known_columns(&self.data_type(relation).await?, UTC)
    }

    async fn data_type(&self, relation: Relation) -> Result<wire::DataType, ConnectError> {
        let plan = Some(self.root(relation));
        match self.analyze(Analyze::Schema(AskSchema { plan })).await? {
            Some(Analyzed::Schema(said)) => {
                said.schema.ok_or_else(|| ConnectError::protocol("a schema is empty"))
            }
            Some(Analyzed::InputFiles(_)) | None => {
                Err(ConnectError::protocol("the answer is to another question"))
            }
        }
    }

    /// The files that a relation would read, before partitions are left out. Runs nothing.
    ///
    /// # Errors
    /// The engine cannot plan the relation.
    pub async fn input_files(&self, relation: Relation) -> Result<Vec<String>, ConnectError> {
        let plan = Some(self.root(relation));
        match self.analyze(Analyze::InputFiles(InputFiles { plan })).await? {
            Some(Analyzed::InputFiles(said)) => Ok(said.files),
            Some(Analyzed::Schema(_)) | None => {
                Err(ConnectError::protocol("the answer is to another question"))
            }
        }
    }

    async fn analyze(&self, analyze: Analyze) -> Result<Option<Analyzed>, ConnectError> {
        let shape = &self.shape;
        let message = wire::AnalyzePlanRequest {
            session_id: shape.id.clone(),
            user_context: shape.user_context(),
            client_type: shape.client_type(),
            client_observed_server_side_session_id: shape.observed(),
            analyze: Some(analyze),
        };
        let (mut stub, request) = (shape.stub(), shape.request(message).await?);
        let time_max = shape.client.options.call_time_max;
        let response = shape.answer("an analysis", time_max, stub.analyze_plan(request)).await?;
        shape.observe(&response.session_id, &response.server_side_session_id)?;
        Ok(response.result)
    }

    /// Runs a relation. The tag names the operation to whoever looks at the engine.
    ///
    /// # Errors
    /// The tag cannot be one, or the system gives no randomness. What the engine says comes with the
    /// batches.
    pub fn run(&self, relation: Relation, tag: &str) -> Result<Batches, ConnectError> {
        if tag.is_empty()
            || tag.len() > 256
            || !tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
        {
            return Err(ConnectError::protocol("a tag is visible characters without a comma"));
        }
        self.start(self.root(relation), vec![tag.to_owned()], true)
    }

    fn start(&self, plan: wire::Plan, tags: Vec<String>, has_rows: bool) -> Result<Batches, ConnectError> {
        let work = Work { operation_id: random_uuid()?, plan, tags, has_rows };
        Ok(operation::start(&self.shape, work))
    }

    fn root(&self, relation: Relation) -> wire::Plan {
        wire::Plan { op_type: Some(wire::plan::OpType::Root(self.numbered(relation))) }
    }

    fn numbered(&self, mut relation: Relation) -> Relation {
        number(&mut relation, &self.shape.next_plan_id);
        relation
    }

    /// Interrupts whatever runs, then releases the session. Goes on to the end even if it is not awaited
    /// to the end.
    ///
    /// # Errors
    /// The engine did not confirm it in time.
    pub async fn close(mut self) -> Result<(), ConnectError> {
        self.is_closed = true;
        let ended = self.shape.client.handle.spawn(closing::end(Arc::clone(&self.shape)));
        match ended.await {
            Ok(result) => result,
            Err(error) => Err(ConnectError::Unavailable { cause: Arc::new(error) }),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_closed {
            let (shape, turn) = (Arc::clone(&self.shape), self.turn.take());
            self.shape.client.handle.spawn(async move {
                closing::end_quietly(shape).await;
                drop(turn);
            });
        }
    }
}

/// Shows no id: whoever knows one may use the session's views.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_closed", &self.is_closed).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the setting has another value when it is read back")]
struct NotTaken;

/// Whether a failure to set may lie in a setting, not in the connection or the session.
const fn is_about_a_setting(error: &ConnectError) -> bool {
    match error {
        ConnectError::Plan { .. }
        | ConnectError::Data { .. }
        | ConnectError::Denied { .. }
        | ConnectError::Engine { .. } => true,
        ConnectError::MissingPath { .. }
        | ConnectError::MissingTable { .. }
        | ConnectError::File { .. }
        | ConnectError::Memory { .. }
        | ConnectError::Cancelled
        | ConnectError::Unavailable { .. }
        | ConnectError::SessionLost { .. }
        | ConnectError::Incomplete { .. }
        | ConnectError::Unauthenticated { .. }
        | ConnectError::Protocol { .. }
        | ConnectError::TooLarge { .. }
        | ConnectError::Setting { .. }
        | ConnectError::NoRandomness => false,
    }
}

fn refused(key: &str, error: ConnectError) -> ConnectError {
    if is_about_a_setting(&error) {
        ConnectError::Setting { key: key.to_owned(), cause: Arc::new(error) }
    } else {
        error
    }
}

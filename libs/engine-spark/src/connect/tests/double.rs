//! A Spark Connect server that does as a script says and writes down what it was asked.

#![expect(clippy::disallowed_methods, reason = "a server makes statuses")]

use crate::connect::wire::config_request::operation::OpType;
use crate::connect::wire::execute_plan_response::{ArrowBatch, ResponseType, ResultComplete};
use crate::connect::wire::interrupt_request::{Interrupt, InterruptType};
use crate::connect::wire::release_execute_request::Release;
use crate::connect::wire::spark_connect_service_server::{SparkConnectService, SparkConnectServiceServer};
use crate::connect::wire::*;
use crate::{Address, Client, ClientOptions, ConnectError};
use arrow::array::{ArrayRef, Int64Array};
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// Long enough for anything that happens at all.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// What was asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    Config,
    Execute { operation: String, tags: Vec<String>, is_reattachable: bool },
    Reattach { last: Option<String> },
    InterruptOperation(String),
    InterruptAll,
    ReleaseUntil(String),
    ReleaseAll,
    ReleaseSession,
    Details,
}

/// A step of a stream.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Sends a response; its place in all that was scripted is its id.
    Send(Box<ExecutePlanResponse>),
    /// Ends the stream with a status.
    Fail(Status),
    /// Sends nothing more until the operation is interrupted; then ends as Sail does, without a word.
    Hang,
    /// Answers the call itself only after this many interrupts, or the release of the session.
    AnswerAfterInterrupts(usize),
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) events: Vec<Event>,
    pub(super) tokens: Vec<Option<String>>,
    pub(super) sessions: Vec<String>,
    pub(super) headers: Vec<Option<String>>,
    pub(super) streams: VecDeque<Vec<Step>>,
    pub(super) settings: BTreeMap<String, String>,
    /// Settings that are refused, and that are taken and forgotten.
    pub(super) refused: Vec<String>,
    pub(super) ignored: Vec<String>,
    /// The engine's own name for any session.
    pub(super) server_side: String,
    pub(super) details: FetchErrorDetailsResponse,
    pub(super) sent: usize,
    /// How many interrupts to answer as if the engine could not be reached.
    pub(super) lost_interrupts: usize,
    operation: String,
    is_registered: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Double {
    pub(super) state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<()>>,
    pub(super) address: SocketAddr,
}

impl Double {
    /// A server on a free port that plays one stream for each call that gives one.
    pub(super) async fn start(streams: Vec<Vec<Step>>) -> Self {
        Self::start_with(Server::builder(), streams).await
    }

    pub(super) async fn start_with(mut server: Server, streams: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { streams: streams.into(), server_side: "server-1".to_owned(), ..State::default() };
        let double =
            Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(watch::channel(()).0), address };
        let service = SparkConnectServiceServer::new(double.clone());
        tokio::spawn(server.add_service(service).serve_with_incoming(TcpListenerStream::new(listener)));
        double
    }

    pub(super) fn client(&self) -> Client {
        self.client_with(options())
    }

    pub(super) fn client_with(&self, options: ClientOptions) -> Client {
        client_of(self.address, options)
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.state.lock().unwrap().events.clone()
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut State)) {
        edit(&mut self.state.lock().unwrap());
        self.changed.send_replace(());
    }

    /// Waits until the state is so; false if it is not soon.
    pub(super) async fn comes(&self, within: Duration, is_so: impl Fn(&State) -> bool) -> bool {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            while !is_so(&self.state.lock().unwrap()) {
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(within, waiting).await.is_ok()
    }

    pub(super) async fn has_seen(&self, event: &Event) -> bool {
        self.comes(SOON, |state| state.events.contains(event)).await
    }

    fn note<T>(&self, request: &Request<T>, session: &str, event: Event) {
        let header = |name| request.metadata().get(name).map(|value| value.to_str().unwrap().to_owned());
        self.edit(|state| {
            state.events.push(event);
            state.tokens.push(header("authorization"));
            state.headers.push(header("x-databricks-cluster-id"));
            state.sessions.push(session.to_owned());
        });
    }

    fn server_side(&self) -> String {
        self.state.lock().unwrap().server_side.clone()
    }

    async fn play(&self, session: String, operation: String) -> Answered {
        let steps = self.state.lock().unwrap().streams.pop_front().unwrap_or_default();
        let (sender, receiver) = mpsc::channel(1);
        let mut steps = steps.into_iter().peekable();
        if let Some(Step::AnswerAfterInterrupts(count)) = steps.peek() {
            let count = *count;
            self.comes(SOON, |state| {
                state.events.iter().filter(|event| matches!(event, Event::InterruptOperation(_))).count()
                    >= count
            })
            .await;
            steps.next();
        }
        self.edit(|state| {
            state.operation.clone_from(&operation);
            state.is_registered = true;
        });
        let double = self.clone();
        tokio::spawn(async move {
            for step in steps {
                match step {
                    Step::Send(mut response) => {
                        if response.session_id.is_empty() {
                            response.session_id.clone_from(&session);
                        }
                        if response.operation_id.is_empty() {
                            response.operation_id.clone_from(&operation);
                        }
                        if response.server_side_session_id.is_empty() {
                            response.server_side_session_id = double.server_side();
                        }
                        if sender.send(Ok(*response)).await.is_err() {
                            return;
                        }
                        double.edit(|state| state.sent += 1);
                    }
                    Step::Fail(status) => {
                        let _ = sender.send(Err(status)).await;
                        return;
                    }
                    Step::Hang | Step::AnswerAfterInterrupts(_) => {
                        double.comes(SOON * 3, |state| !state.is_registered).await;
                        return;
                    }
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

type Answered = Result<Response<ReceiverStream<Result<ExecutePlanResponse, Status>>>, Status>;

#[tonic::async_trait]
impl SparkConnectService for Double {
    type ExecutePlanStream = ReceiverStream<Result<ExecutePlanResponse, Status>>;
    type ReattachExecuteStream = ReceiverStream<Result<ExecutePlanResponse, Status>>;

    async fn execute_plan(&self, request: Request<ExecutePlanRequest>) -> Answered {
        use execute_plan_request::request_option::RequestOption::ReattachOptions;
        let message = request.get_ref().clone();
        let operation = message.operation_id.unwrap();
        let is_reattachable = message.request_options.iter().any(
            |option| matches!(&option.request_option, Some(ReattachOptions(options)) if options.reattachable),
        );
        let event = Event::Execute { operation: operation.clone(), tags: message.tags, is_reattachable };
        self.note(&request, &message.session_id, event);
        self.play(message.session_id, operation).await
    }

    async fn reattach_execute(&self, request: Request<ReattachExecuteRequest>) -> Answered {
        let message = request.get_ref().clone();
        self.note(&request, &message.session_id, Event::Reattach { last: message.last_response_id });
        self.play(message.session_id, message.operation_id).await
    }

    async fn analyze_plan(
        &self,
        _: Request<AnalyzePlanRequest>,
    ) -> Result<Response<AnalyzePlanResponse>, Status> {
        Err(Status::unimplemented("not scripted"))
    }

    async fn config(&self, request: Request<ConfigRequest>) -> Result<Response<ConfigResponse>, Status> {
        let message = request.get_ref().clone();
        self.note(&request, &message.session_id, Event::Config);
        let mut state = self.state.lock().unwrap();
        let mut response = ConfigResponse {
            session_id: message.session_id,
            server_side_session_id: state.server_side.clone(),
            pairs: Vec::new(),
        };
        match message.operation.unwrap().op_type.unwrap() {
            OpType::Set(set) => {
                if set.pairs.iter().any(|pair| state.refused.contains(&pair.key)) {
                    return Err(spark_error("CANNOT_MODIFY_CONFIG", "46110", ""));
                }
                for pair in set.pairs {
                    if !state.ignored.contains(&pair.key) {
                        state.settings.insert(pair.key, pair.value.unwrap());
                    }
                }
            }
            OpType::GetOption(get) => {
                let pair = |key: String| KeyValue { value: state.settings.get(&key).cloned(), key };
                response.pairs = get.keys.into_iter().map(pair).collect();
            }
        }
        Ok(Response::new(response))
    }

    async fn interrupt(
        &self,
        request: Request<InterruptRequest>,
    ) -> Result<Response<InterruptResponse>, Status> {
        let message = request.get_ref().clone();
        let event = match message.interrupt.clone() {
            Some(Interrupt::OperationId(operation)) => Event::InterruptOperation(operation),
            Some(Interrupt::OperationTag(_)) | None => {
                assert_eq!(message.interrupt_type(), InterruptType::All);
                Event::InterruptAll
            }
        };
        self.note(&request, &message.session_id, event);
        let lost = std::mem::take(&mut self.state.lock().unwrap().lost_interrupts);
        if let Some(rest) = lost.checked_sub(1) {
            self.edit(|state| state.lost_interrupts = rest);
            return Err(Status::new(tonic::Code::Unavailable, "lost"));
        }
        let mut interrupted_ids = Vec::new();
        self.edit(|state| {
            if std::mem::take(&mut state.is_registered) {
                interrupted_ids.push(state.operation.clone());
            }
        });
        let server_side_session_id = self.server_side();
        let session_id = message.session_id;
        Ok(Response::new(InterruptResponse { session_id, server_side_session_id, interrupted_ids }))
    }

    async fn release_execute(
        &self,
        request: Request<ReleaseExecuteRequest>,
    ) -> Result<Response<ReleaseExecuteResponse>, Status> {
        let message = request.get_ref().clone();
        let event = match message.release.unwrap() {
            Release::ReleaseUntil(until) => Event::ReleaseUntil(until.response_id),
            Release::ReleaseAll(_) => Event::ReleaseAll,
        };
        self.note(&request, &message.session_id, event);
        Ok(Response::new(ReleaseExecuteResponse {
            session_id: message.session_id,
            server_side_session_id: self.server_side(),
            operation_id: Some(message.operation_id),
        }))
    }

    async fn release_session(
        &self,
        request: Request<ReleaseSessionRequest>,
    ) -> Result<Response<ReleaseSessionResponse>, Status> {
        let message = request.get_ref().clone();
        assert!(!message.allow_reconnect);
        self.note(&request, &message.session_id, Event::ReleaseSession);
        let server_side_session_id = self.server_side();
        Ok(Response::new(ReleaseSessionResponse { session_id: message.session_id, server_side_session_id }))
    }

    async fn fetch_error_details(
        &self,
        request: Request<FetchErrorDetailsRequest>,
    ) -> Result<Response<FetchErrorDetailsResponse>, Status> {
        self.note(&request, &request.get_ref().session_id, Event::Details);
        Ok(Response::new(self.state.lock().unwrap().details.clone()))
    }
}

/// Short waits, so that tests are quick.
pub(super) fn options() -> ClientOptions {
    ClientOptions {
        call_time_max: SOON,
        close_time_max: Duration::from_secs(5),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(20),
        attempts_max: 3,
        ..ClientOptions::default()
    }
}

pub(super) fn client_of(address: SocketAddr, options: ClientOptions) -> Client {
    Client::new(Address::parse(&format!("sc://{address}")).unwrap(), None, options).unwrap()
}

/// An error as Spark sends it.
pub(super) fn spark_error(class: &str, sql_state: &str, error_id: &str) -> Status {
    use tonic_types::{ErrorDetails, StatusExt as _};
    let facts = [("errorClass", class), ("sqlState", sql_state), ("errorId", error_id)];
    let facts: std::collections::HashMap<String, String> = facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let details = ErrorDetails::with_error_info("org.apache.spark.SparkException", "org.apache.spark", facts);
    Status::with_error_details(tonic::Code::Internal, "the value 'hunter2' is not a number", details)
}

pub(super) fn encoded(values: &[i64]) -> bytes::Bytes {
    let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
    let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    if !values.is_empty() {
        writer.write(&batch).unwrap();
    }
    writer.into_inner().unwrap().into()
}

pub(super) fn response(id: &str, kind: Option<ResponseType>) -> ExecutePlanResponse {
    ExecutePlanResponse { response_id: id.to_owned(), response_type: kind, ..ExecutePlanResponse::default() }
}

/// The response with the schema `n BIGINT`.
pub(super) fn schema(id: &str) -> Step {
    let long = data_type::Kind::Long(data_type::Plain {});
    let field = data_type::StructField {
        name: "n".to_owned(),
        data_type: Some(DataType { kind: Some(long) }),
        nullable: true,
    };
    let columns = data_type::Kind::Struct(data_type::Struct { fields: vec![field] });
    let mut response = response(id, None);
    response.schema = Some(DataType { kind: Some(columns) });
    Step::Send(Box::new(response))
}

pub(super) fn batch(id: &str, start_offset: i64, values: &[i64]) -> Step {
    chunk(id, start_offset, values, None)
}

/// A piece of a batch: which, of how many.
pub(super) fn chunk(id: &str, start_offset: i64, values: &[i64], piece: Option<(usize, usize)>) -> Step {
    let mut data = encoded(values);
    if let Some((index, count)) = piece {
        let size = data.len().div_ceil(count);
        data = data.slice(index * size..data.len().min((index + 1) * size));
    }
    let number = |number: usize| i64::try_from(number).unwrap();
    Step::Send(Box::new(response(
        id,
        Some(ResponseType::ArrowBatch(ArrowBatch {
            row_count: number(values.len()),
            data,
            start_offset: Some(start_offset),
            chunk_index: piece.map(|(index, _)| number(index)),
            num_chunks_in_batch: piece.map(|(_, count)| number(count)),
        })),
    )))
}

pub(super) fn complete(id: &str) -> Step {
    Step::Send(Box::new(response(id, Some(ResponseType::ResultComplete(ResultComplete {})))))
}

/// The values of an answer that has one column of integers.
pub(super) async fn values(mut batches: crate::Batches) -> Result<Vec<i64>, ConnectError> {
    use futures::StreamExt as _;
    let mut values = Vec::new();
    while let Some(batch) = tokio::time::timeout(SOON, batches.next()).await.expect("an answer ends soon") {
        let batch = batch?;
        let column = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().clone();
        values.extend(column.values());
    }
    Ok(values)
}

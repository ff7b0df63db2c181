//! Handlers that do what a message tells them to.

use crate::client::Upstream;
use crate::context::MissingContext;
use crate::deadline::Deadline;
use crate::status::{PublicError, reply, to_status};
use crate::upstream::{UpstreamError, call};
use futures::stream::{self, StreamExt as _};
use splitplane_proto::auth::v1::auth_service_server::AuthService;
use splitplane_proto::auth::v1::{
    AuthenticateRequest, AuthenticateResponse, IssueCredentialsRequest, IssueCredentialsResponse,
    WatchRequest, WatchResponse,
};
use splitplane_proto::gateway::v1 as gateway;
use splitplane_proto::gateway::v1::gateway_service_server::GatewayService;
use splitplane_proto::query::v1::query_service_server::QueryService;
use splitplane_proto::query::v1::{
    ExecuteRequest, ExecuteResponse, OpenSandboxRequest, OpenSandboxResponse, ResultHeader, execute_response,
};
use splitplane_proto::reasoning::v1 as reasoning;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_proto::reasoning::v1::reasoning_service_server::ReasoningService;
use splitplane_types::Reason;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

pub(super) type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Clone, Default)]
pub(super) struct Stub {
    pub(super) calls: Arc<AtomicUsize>,
    pub(super) entered: Arc<Notify>,
    pub(super) release: Arc<Notify>,
    pub(super) headers: Arc<Mutex<Vec<String>>>,
    pub(super) remaining: Arc<Mutex<Option<Duration>>>,
    pub(super) reasoning: Option<Upstream>,
    pub(super) feed: Arc<Mutex<WatchResponse>>,
    pub(super) feed_ends: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Context(#[from] MissingContext),
    #[error("no upstream")]
    NoUpstream,
}

impl PublicError for Failed {
    fn reason(&self) -> Reason {
        match self {
            Self::Upstream(error) => error.reason(),
            Self::Context(error) => error.reason(),
            Self::NoUpstream => Reason::Internal,
        }
    }
}

/// Panics once what came before it is on its way.
async fn break_down() -> Result<ExecuteResponse, Status> {
    tokio::task::yield_now().await;
    panic!("row 4111 of tenant acme")
}

impl Stub {
    fn enter<T>(&self, request: &Request<T>) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        *self.headers.lock().unwrap() = request.metadata().as_ref().keys().map(ToString::to_string).collect();
        *self.remaining.lock().unwrap() =
            Deadline::of(request.extensions()).ok().map(|deadline| deadline.remaining());
        self.entered.notify_one();
    }
}

#[tonic::async_trait]
impl ReasoningService for Stub {
    async fn validate(
        &self,
        request: Request<reasoning::ValidateRequest>,
    ) -> Result<Response<reasoning::ValidateResponse>, Status> {
        self.enter(&request);
        match request.into_inner().frame.as_slice() {
            b"panic" => panic!("row 4111 of tenant acme"),
            b"hang" => std::future::pending().await,
            b"wait" => self.release.notified().await,
            b"many" => super::call_spans::begin_many_spans(),
            b"secret" => super::call_spans::begin_spans_with_secrets(),
            _ => {}
        }
        Ok(Response::new(reasoning::ValidateResponse::default()))
    }

    async fn list_metrics(
        &self,
        request: Request<reasoning::ListMetricsRequest>,
    ) -> Result<Response<reasoning::ListMetricsResponse>, Status> {
        self.enter(&request);
        Ok(Response::new(reasoning::ListMetricsResponse::default()))
    }

    async fn explain(
        &self,
        request: Request<reasoning::ExplainRequest>,
    ) -> Result<Response<reasoning::ExplainResponse>, Status> {
        self.enter(&request);
        Err(to_status(&Failed::NoUpstream))
    }
}

#[tonic::async_trait]
impl QueryService for Stub {
    async fn open_sandbox(
        &self,
        request: Request<OpenSandboxRequest>,
    ) -> Result<Response<OpenSandboxResponse>, Status> {
        self.enter(&request);
        Ok(Response::new(OpenSandboxResponse::default()))
    }

    type ExecuteStream = Items<ExecuteResponse>;

    async fn execute(
        &self,
        request: Request<ExecuteRequest>,
    ) -> Result<Response<Items<ExecuteResponse>>, Status> {
        self.enter(&request);
        let header = execute_response::Part::Header(ResultHeader::default());
        let first = stream::iter([Ok(ExecuteResponse { part: Some(header) })]);
        Ok(Response::new(match request.into_inner().sql.as_str() {
            "hang" => first.chain(stream::pending()).boxed(),
            "panic" => first.chain(stream::once(break_down())).boxed(),
            _ => first.boxed(),
        }))
    }
}

#[tonic::async_trait]
impl GatewayService for Stub {
    type AskStream = Items<gateway::AskResponse>;

    async fn ask(&self, request: Request<gateway::AskRequest>) -> Result<Response<Self::AskStream>, Status> {
        self.enter(&request);
        Ok(Response::new(stream::empty().boxed()))
    }

    async fn list_metrics(
        &self,
        request: Request<gateway::ListMetricsRequest>,
    ) -> Result<Response<gateway::ListMetricsResponse>, Status> {
        self.enter(&request);
        reply::<_, Failed>(async {
            let upstream = self.reasoning.clone().ok_or(Failed::NoUpstream)?;
            let asked = call(Deadline::of(request.extensions())?, None, reasoning::ListMetricsRequest {})?;
            let answer = ReasoningServiceClient::new(upstream).list_metrics(asked).await;
            answer.map_err(|status| UpstreamError::new(crate::Workload::Reasoning, status, &[]))?;
            Ok(gateway::ListMetricsResponse::default())
        })
        .await
    }

    async fn open_session(
        &self,
        request: Request<gateway::OpenSessionRequest>,
    ) -> Result<Response<gateway::OpenSessionResponse>, Status> {
        self.enter(&request);
        Ok(Response::new(gateway::OpenSessionResponse::default()))
    }
}

#[tonic::async_trait]
impl AuthService for Stub {
    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        self.enter(&request);
        Ok(Response::new(AuthenticateResponse::default()))
    }

    async fn issue_credentials(
        &self,
        request: Request<IssueCredentialsRequest>,
    ) -> Result<Response<IssueCredentialsResponse>, Status> {
        self.enter(&request);
        Ok(Response::new(IssueCredentialsResponse::default()))
    }

    type WatchStream = Items<WatchResponse>;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Items<WatchResponse>>, Status> {
        self.enter(&request);
        let first = stream::iter([Ok(self.feed.lock().unwrap().clone())]);
        Ok(Response::new(if self.feed_ends { first.boxed() } else { first.chain(stream::pending()).boxed() }))
    }
}

//! The calls of the Statement Execution API: with a token, bounded, repeated where that is safe.
//!
//! Decides what may be sent twice: a question and a cancellation always, a statement only if it surely did not
//! begin (no connection, or an answer of 429 or 503). It does not decide what an answer means.

use crate::classify;
use crate::config::{Workspace, is_segment};
use crate::credentials::Credentials;
use crate::error::{Cause, DatabricksError, Said, SetupError};
use crate::links::Storage;
use crate::net::{self, Http};
use crate::retry::{Again, Deadline, Failure, retry_after, retrying};
use crate::wire::{Begun, ResultData, ServiceError, StatementResponse};
use bytes::Bytes;
use http::{Method, header};
use http_body_util::Full;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::dispatcher::{self, Dispatch};
use tracing::instrument::WithSubscriber as _;

/// An answer with a chunk inline: 25 MiB of values, and what JSON adds.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const CANCEL_TIME_MAX: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) workspace: Workspace,
    pub(crate) storage: Storage,
    http: Http,
    credentials: Credentials,
}

/// An id that is one segment of a path.
#[derive(Debug, Clone)]
pub(crate) struct StatementId(String);

impl StatementId {
    pub(crate) fn parse(text: &str) -> Result<Self, DatabricksError> {
        if is_segment(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(DatabricksError::Protocol(Cause::Found("the id of a statement is no id")))
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A statement that the engine works on. Dropped before it is known to be over, it is cancelled.
#[derive(Debug)]
pub(crate) struct Running {
    api: Arc<Api>,
    pub(crate) id: StatementId,
    is_over: bool,
    /// Where it was begun: what goes wrong with its end is told there.
    dispatch: Dispatch,
}

impl Running {
    fn new(api: Arc<Api>, id: StatementId) -> Self {
        Self { api, id, is_over: false, dispatch: dispatcher::get_default(Clone::clone) }
    }

    pub(crate) fn over(&mut self) {
        self.is_over = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.is_over {
            return;
        }
        let (api, id) = (Arc::clone(&self.api), self.id.clone());
        let cancelling = async move {
            if let Err(error) = api.cancel(&id).await {
                tracing::warn!(statement_id = id.as_str(), error = %error, "a statement could not be cancelled");
            }
        };
        // On its own, for the caller is gone; bounded by its deadline.
        drop(runtime.spawn(cancelling.with_subscriber(self.dispatch.clone())));
    }
}

impl Api {
    pub(crate) fn new(workspace: Workspace, credentials: Credentials) -> Result<Self, SetupError> {
        let storage = Storage::new(workspace.clone())?;
        Ok(Self { http: Http::new(&workspace)?, storage, workspace, credentials })
    }

    /// Begins a statement. Each attempt outlives its caller, so that what it begins is known and can be stopped; one
    /// whose caller is gone when its token is had sends nothing.
    pub(crate) async fn submit(
        self: &Arc<Self>,
        body: Bytes,
        deadline: Deadline,
    ) -> Result<(Running, StatementResponse), DatabricksError> {
        let time_max = self.workspace.config.request_time_max + self.workspace.config.wait;
        retrying(&self.workspace.config, deadline, || async {
            let (api, body) = (Arc::clone(self), body.clone());
            // The other end closes with this future.
            let (caller, _is_here) = oneshot::channel();
            let attempt = async move { api.submit_once(body, time_max, caller).await };
            tokio::spawn(attempt.with_current_subscriber())
                .await
                .unwrap_or_else(|error| Err(Failure::last(DatabricksError::Engine(Cause::unreadable(error)))))
        })
        .await
    }

    async fn submit_once(
        self: Arc<Self>,
        body: Bytes,
        time_max: Duration,
        caller: oneshot::Sender<()>,
    ) -> Result<(Running, StatementResponse), Failure> {
        let path = "/api/2.0/sql/statements".to_owned();
        let (body, caller) = (Some(body), Some(caller));
        let call = Call { method: Method::POST, path, body, is_repeatable: false, time_max, caller };
        let answer = self.attempt_raw(&call).await?;
        // The id before all else: whatever the rest says, what has begun can be stopped.
        let Begun { statement_id } = read(&answer)?;
        let id = StatementId::parse(&statement_id).map_err(Failure::last)?;
        let running = Running::new(self, id);
        Ok((running, read(&answer)?))
    }

    pub(crate) async fn poll(
        &self,
        id: &StatementId,
        deadline: Deadline,
    ) -> Result<StatementResponse, DatabricksError> {
        let path = format!("/api/2.0/sql/statements/{}", id.0);
        let response: StatementResponse = self.get(path, deadline).await?;
        if response.statement_id == id.0 {
            Ok(response)
        } else {
            Err(DatabricksError::Protocol(Cause::Found("an answer for another statement")))
        }
    }

    pub(crate) async fn chunk(
        &self,
        id: &StatementId,
        index: u64,
        deadline: Deadline,
    ) -> Result<ResultData, DatabricksError> {
        self.get(format!("/api/2.0/sql/statements/{}/result/chunks/{index}", id.0), deadline).await
    }

    async fn get<T: DeserializeOwned>(&self, path: String, deadline: Deadline) -> Result<T, DatabricksError> {
        let time_max = self.workspace.config.request_time_max;
        let call =
            Call { method: Method::GET, path, body: None, is_repeatable: true, time_max, caller: None };
        match retrying(&self.workspace.config, deadline, || self.attempt(&call)).await {
            // It was there; now it or its result is not kept any more.
            Err(DatabricksError::Engine(Cause::Answer { status: status @ (404 | 410), said })) => {
                Err(DatabricksError::Incomplete(Cause::Answer { status, said }))
            }
            other => other,
        }
    }

    async fn cancel(&self, id: &StatementId) -> Result<(), DatabricksError> {
        let path = format!("/api/2.0/sql/statements/{}/cancel", id.0);
        let time_max = self.workspace.config.request_time_max;
        let call =
            Call { method: Method::POST, path, body: None, is_repeatable: true, time_max, caller: None };
        let deadline = Deadline::after(CANCEL_TIME_MAX);
        let answer = retrying(&self.workspace.config, deadline, || self.attempt_raw(&call));
        deadline.within(answer).await.map(|_body| ())
    }

    async fn attempt<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        read(&self.attempt_raw(call).await?)
    }

    async fn attempt_raw(&self, call: &Call) -> Result<Bytes, Failure> {
        let token = self.credentials.token().await?;
        // A token can be long in coming.
        if call.caller.as_ref().is_some_and(oneshot::Sender::is_closed) {
            return Err(Failure::last(DatabricksError::Cancelled(Cause::Found("its caller is gone"))));
        }
        let no_header = || DatabricksError::Unauthenticated(Cause::Found("a token that is no header"));
        let authorization = token.header().ok_or_else(|| Failure::last(no_header()))?;
        let request = call
            .request(&self.workspace.base, authorization)
            .map_err(|error| Failure::last(DatabricksError::Protocol(Cause::unreadable(error))))?;
        let if_repeatable = |error| {
            let again = if call.is_repeatable { Again::Later(None) } else { Again::Never };
            Failure { error, again }
        };
        let answer = self.http.send(request, call.time_max).await.map_err(|failed| {
            if failed.is_surely_not_sent {
                Failure { error: failed.error, again: Again::Later(None) }
            } else {
                if_repeatable(failed.error)
            }
        })?;
        let status = answer.status().as_u16();
        let pause = retry_after(answer.headers());
        let body = net::read(answer.into_body(), ANSWER_BYTES_MAX, call.time_max);
        let body = body.await.map_err(if_repeatable)?;
        if status == 200 {
            return Ok(body);
        }
        let said = said(&body);
        // A token that is bad or has expired is answered by 403 too; who may not do this has a code of its own.
        let is_of_token = status == 401 || (status == 403 && said.error_code != "PERMISSION_DENIED");
        let again = match status {
            _ if is_of_token => {
                self.credentials.forget(&token).await;
                Again::WithNewToken
            }
            429 | 503 => Again::Later(pause),
            500 | 502 | 504 if call.is_repeatable => Again::Later(pause),
            _ => Again::Never,
        };
        Err(Failure { error: classify::refused(status, said), again })
    }
}

struct Call {
    method: Method,
    path: String,
    body: Option<Bytes>,
    is_repeatable: bool,
    time_max: Duration,
    /// Closed when nobody waits for the answer any more, where it matters.
    caller: Option<oneshot::Sender<()>>,
}

impl Call {
    fn request(
        &self,
        base: &str,
        authorization: header::HeaderValue,
    ) -> Result<http::Request<Full<Bytes>>, http::Error> {
        let request = http::Request::builder()
            .method(self.method.clone())
            .uri(format!("{base}{}", self.path))
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, "splitplane");
        let request = match &self.body {
            Some(_) => request.header(header::CONTENT_TYPE, "application/json"),
            None => request,
        };
        request.body(Full::new(self.body.clone().unwrap_or_default()))
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        // The text of the error could quote a link: only where it is may be said.
        let place = std::io::Error::other(format!("line {} column {}", error.line(), error.column()));
        Failure::last(DatabricksError::Protocol(Cause::unreadable(place)))
    })
}

fn said(body: &[u8]) -> Said {
    let error: ServiceError = serde_json::from_slice(body).unwrap_or_default();
    Said::new(error.error_code, error.sql_state, &error.message)
}

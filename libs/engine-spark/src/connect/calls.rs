//! What every call of a session carries, and what every answer to it must say.
//!
//! - A call carries a fresh token, the address's headers, the session's and user's names, and the
//!   engine's own name for the session once that is known.
//! - An answer names our session, and the engine's name for it never changes: an engine that was started
//!   anew knows neither our settings nor our views, and would answer without them.

use super::classify::{Class, Facts, Stage, class_of, error_of};
use super::client::Shared;
use super::details;
use super::error::ConnectError;
use super::wire;
use super::wire::spark_connect_service_client::SparkConnectServiceClient;
use secrecy::ExposeSecret as _;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// What the engine sees as the client's name.
const CLIENT_TYPE: &str = "splitplane";

/// A session, as its operations share it.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) client: Arc<Shared>,
    pub(crate) id: String,
    pub(crate) user_id: String,
    /// The engine's own name for the session.
    pub(crate) server_side: OnceLock<String>,
    pub(crate) next_plan_id: AtomicI64,
    /// Whether the engine was told of the session.
    pub(crate) is_used: AtomicBool,
    /// Stops every operation of the session.
    pub(crate) stop: CancellationToken,
    /// What runs for the session.
    pub(crate) tasks: TaskTracker,
}

impl Shape {
    pub(crate) fn new(client: Arc<Shared>, id: String, user_id: String) -> Self {
        Self {
            client,
            id,
            user_id,
            server_side: OnceLock::new(),
            next_plan_id: AtomicI64::new(1),
            is_used: AtomicBool::new(false),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn user_context(&self) -> Option<wire::UserContext> {
        Some(wire::UserContext { user_id: self.user_id.clone(), user_name: self.user_id.clone() })
    }

    #[expect(clippy::unnecessary_wraps, reason = "the field of every message is an option")]
    pub(crate) fn client_type(&self) -> Option<String> {
        Some(self.client.address.user_agent().unwrap_or(CLIENT_TYPE).to_owned())
    }

    pub(crate) fn observed(&self) -> Option<String> {
        self.server_side.get().cloned()
    }

    pub(crate) fn stub(&self) -> SparkConnectServiceClient<Channel> {
        SparkConnectServiceClient::new(self.client.channel.clone())
            .max_decoding_message_size(self.client.options.message_bytes_max)
            .max_encoding_message_size(self.client.options.message_bytes_max)
    }

    /// A call's request, with a token that is good now.
    pub(crate) async fn request<T>(&self, message: T) -> Result<Request<T>, ConnectError> {
        self.is_used.store(true, Ordering::Relaxed);
        let mut request = Request::new(message);
        for (name, value) in self.client.address.headers() {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        if let Some(source) = &self.client.token {
            let token = source
                .token()
                .await
                .map_err(|error| ConnectError::Unauthenticated { cause: Arc::new(error) })?;
            let bearer = format!("Bearer {}", token.expose_secret());
            let mut value = AsciiMetadataValue::try_from(bearer)
                .map_err(|error| ConnectError::Unauthenticated { cause: Arc::new(error) })?;
            value.set_sensitive(true);
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }

    /// The answer to a call that gives no rows, inside its time.
    pub(crate) async fn answer<T>(
        &self,
        what: &'static str,
        time_max: Duration,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, ConnectError> {
        match tokio::time::timeout(time_max, call).await {
            Err(_) => Err(ConnectError::timed_out(what)),
            Ok(Err(status)) => Err(self.error(&status, Stage::Planning).await),
            Ok(Ok(response)) => Ok(response.into_inner()),
        }
    }

    /// The error that a status stands for. Asks the engine what lay behind it, where the status names no
    /// class.
    pub(crate) async fn error(&self, status: &Status, stage: Stage) -> ConnectError {
        let mut beneath = Vec::new();
        if let Some(facts) = Facts::of(status)
            && !facts.error_id.is_empty()
            && class_of(&facts, stage).is_none_or(|class| class == Class::Engine)
        {
            beneath = details::beneath(self, facts.error_id).await;
        }
        error_of(status, stage, &beneath, self.client.options.message_bytes_max)
    }

    /// Checks that an answer is for this session, of the engine that it was opened on.
    pub(crate) fn observe(&self, session_id: &str, server_side: &str) -> Result<(), ConnectError> {
        if !session_id.is_empty() && session_id != self.id {
            return Err(ConnectError::protocol("an answer is for another session"));
        }
        if server_side.is_empty() {
            return Ok(());
        }
        if self.server_side.get_or_init(|| server_side.to_owned()) == server_side {
            Ok(())
        } else {
            Err(ConnectError::session_lost("the engine opened the session anew"))
        }
    }
}

//! The gateway's identity layer: takes signed requests in, and lets only authenticated ones pass.
//!
//! Refuses what auth refuses. Inner handlers may rely on the extensions holding a verified session,
//! its key, and the signed frame. The signature itself is judged by auth alone; what this layer adds
//! is that the handler acts on the very bytes that were judged.

use crate::error::GatewayError;
use crate::throttle::Counters;
use crate::upstreams::Upstreams;
use bytes::Bytes;
use prost::Message as _;
use splitplane_proto::auth::v1::{AuthenticateRequest, Header};
use splitplane_proto::gateway::v1::{AskRequest, ListMetricsRequest};
use splitplane_service::{Clock, Deadline, PeerInfo, PublicError as _, access, net, refuse, telemetry};
use splitplane_session::{SessionKey, VerifiedSession, Verifier};
use splitplane_types::{Digest, Reason, message_of};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer, Service};

/// The method whose signed message holds no question.
const LIST_METRICS: &str = "/splitplane.gateway.v1.GatewayService/ListMetrics";

/// The frame that was signed, byte for byte, and when the request came in.
#[derive(Debug, Clone)]
pub(crate) struct SignedFrame {
    pub(crate) bytes: Bytes,
    pub(crate) received: Instant,
}

/// What the layer needs.
#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) counters: Arc<Counters>,
    pub(crate) upstreams: Upstreams,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Clock,
    pub(crate) message_bytes_max: usize,
}

/// Refuses requests without a valid signature.
#[derive(Debug, Clone)]
pub(crate) struct RequireSignature(pub(crate) Arc<Door>);

impl<S> Layer<S> for RequireSignature {
    type Service = RequireSignatureService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireSignatureService { inner, door: Arc::clone(&self.0) }
    }
}

/// See [`RequireSignature`].
#[derive(Debug, Clone)]
pub(crate) struct RequireSignatureService<S> {
    inner: S,
    door: Arc<Door>,
}

impl<S> Service<http::Request<Body>> for RequireSignatureService<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // The service that was polled ready answers; its clone waits for the next request.
        let waiting = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, waiting);
        if access::is_standard(request.uri().path()) {
            return Box::pin(ready.call(request));
        }
        let door = Arc::clone(&self.door);
        Box::pin(async move {
            match door.authenticated(request).await {
                Ok(request) => ready.call(request).await,
                Err(error) => Ok(refuse(&error)),
            }
        })
    }
}

impl Door {
    /// The request with a verified session in it, its body byte for byte the one that was judged.
    async fn authenticated(&self, request: http::Request<Body>) -> Result<http::Request<Body>, GatewayError> {
        let received = Instant::now();
        let (mut parts, body) = request.into_parts();
        let peer = parts.extensions.get::<PeerInfo>().ok_or(GatewayError::NoPeer)?.remote.ip();
        if !self.counters.admits(peer, &parts.headers) {
            return Err(GatewayError::Throttled);
        }
        let deadline = Deadline::of(&parts.extensions)?;
        let frame = deadline.limit(net::collect_frame(body, self.message_bytes_max)).await??;
        let message = AuthenticateRequest {
            // A query is part of what a signature covers, so it is handed over to be refused.
            path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            authority: net::authority(&parts).unwrap_or("").to_owned(),
            headers: net::raw_headers(&parts.headers)
                .into_iter()
                .map(|(name, value)| Header { name, value })
                .collect(),
            frame: frame.to_vec(),
        };
        let answer = self.upstreams.authenticate(deadline, message).await.inspect_err(|error| {
            if error.reason() == Reason::Unauthenticated {
                self.counters.refused(peer, &parts.headers);
            }
        })?;
        let key = SessionKey::from_wire(&answer.session_key);
        let session = self.verifier.verify(&key, self.clock.now())?;
        require_same(&session, parts.uri.path(), &frame)?;
        require_decodes(parts.uri.path(), &frame)?;
        telemetry::record_txn(session.txn());
        parts.extensions.insert(session);
        parts.extensions.insert(key);
        parts.extensions.insert(SignedFrame { bytes: frame.clone(), received });
        Ok(http::Request::from_parts(parts, net::frame_body(frame)))
    }
}

/// The key is for this method and these bytes.
fn require_same(session: &VerifiedSession, path: &str, frame: &[u8]) -> Result<(), GatewayError> {
    let same = session.method() == path && session.body_digest() == Digest::of(frame);
    if same { Ok(()) } else { Err(GatewayError::OtherSession) }
}

/// The signed message decodes, so that what is malformed has our own error and not the transport's.
fn require_decodes(path: &str, frame: &[u8]) -> Result<(), GatewayError> {
    let message = message_of(frame).ok_or(GatewayError::NotAFrame)?;
    if path == LIST_METRICS {
        ListMetricsRequest::decode(message)?;
    } else {
        AskRequest::decode(message)?;
    }
    Ok(())
}

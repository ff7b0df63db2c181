//! Calls to other services: one clonable connection, as the generated clients want it.
//!
//! Each call continues the trace, carries what is left of the deadline, ends when that is over, and
//! is measured. Where our own caller is to be told the spans of the call, the service is asked for
//! its own. Tried again is only what cannot have reached the service: a failure to connect, twice
//! at most and inside the deadline. What a failure means to our caller is `upstream`'s to say.

use crate::access;
use crate::backoff::Backoff;
use crate::body::{at_status, cut_off, watch};
use crate::call_spans::{self, CallSpans};
use crate::clock::Clock;
use crate::config;
use crate::connect::{ConnectError, Connector};
use crate::deadline::{Deadline, DeadlinePassed, GRPC_TIMEOUT, grpc_timeout_text, less_margin};
use crate::identity::Shown;
use crate::layers::labels;
use crate::net::frame_body;
use crate::status::{code_name, status_of};
use crate::telemetry::{Telemetry, propagator};
use crate::tls::TlsError;
use crate::workload::Workload;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry_http::HeaderInjector;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use splitplane_types::Reason;
use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tower::{Service, ServiceExt as _};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRIES_MAX: u32 = 3;
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(50), longest: Duration::from_millis(500) };
const KEEPALIVE: Duration = Duration::from_secs(30);
const KEEPALIVE_TIME_MAX: Duration = Duration::from_secs(10);

/// A service behind this one. Cheap to clone; all clones share a connection.
#[derive(Debug, Clone)]
pub struct Upstream {
    workload: Workload,
    channel: Channel,
    telemetry: Arc<Telemetry>,
    clock: Clock,
}

/// What all connections of a service have in common.
pub(crate) struct Dialer {
    pub(crate) tls: Shown<ClientConfig>,
    pub(crate) trust_domain: String,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) clock: Clock,
}

impl Dialer {
    /// Makes an upstream that connects when it is first used. Must be called within a tokio runtime.
    pub(crate) fn upstream(&self, workload: Workload, to: &config::Upstream) -> Result<Upstream, TlsError> {
        let name = workload.server_name();
        // The scheme is http so that tonic adds no TLS of its own: the connector has done it.
        let endpoint = Endpoint::from_shared(format!("http://{name}")).or(Err(TlsError::ServerName))?;
        let connector = Connector {
            workload,
            address: to.address.clone(),
            trust_domain: self.trust_domain.clone(),
            server_name: ServerName::try_from(name).or(Err(TlsError::ServerName))?,
            tls: self.tls.clone(),
        };
        let channel = endpoint
            .http2_keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_TIME_MAX)
            .connect_with_connector_lazy(connector);
        Ok(Upstream { workload, channel, telemetry: Arc::clone(&self.telemetry), clock: self.clock.clone() })
    }
}

impl Upstream {
    /// The service.
    #[must_use]
    pub const fn workload(&self) -> Workload {
        self.workload
    }

    /// A failure on this side of the wire, in the form of those from the other.
    fn failed(&self, reason: Reason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Status {
        let mut status = status_of(reason, Vec::new(), self.clock.now());
        status.set_source(Arc::from(source.into()));
        status
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (mut parts, body) = request.into_parts();
        propagator().inject_context(&Span::current().context(), &mut HeaderInjector(&mut parts.headers));
        let deadline = parts.extensions.remove::<Deadline>();
        // The callee gets a little less than we have, so that its answer still finds us waiting.
        let ours = deadline.map(|deadline| Deadline::after(less_margin(deadline.remaining())));
        if let Some(deadline) = ours {
            let text = grpc_timeout_text(deadline.remaining());
            let value = HeaderValue::from_str(&text).map_err(|error| self.failed(Reason::Internal, error))?;
            parts.headers.insert(GRPC_TIMEOUT, value);
        }
        // Every request here is one message: taken whole, it can be sent again.
        let message = body.collect().await?.to_bytes();
        let Some(deadline) = ours else { return self.try_until_connected(parts, message).await };
        // A timer ticks in milliseconds, in which a call on a connection that stands is on its way.
        if deadline.remaining().is_zero() {
            return Err(self.failed(Reason::Deadline, DeadlinePassed));
        }
        let answer = deadline.limit(self.try_until_connected(parts, message)).await;
        let response = answer.map_err(|passed| self.failed(Reason::Deadline, passed))??;
        let clock = self.clock.clone();
        Ok(response.map(|body| {
            cut_off(body, async move {
                tokio::time::sleep_until(deadline.at()).await;
                (Reason::Deadline, clock.now())
            })
        }))
    }

    async fn try_until_connected(&self, parts: Parts, message: Bytes) -> Result<Response<Body>, Status> {
        for failures in 0.. {
            let request = Request::from_parts(parts.clone(), frame_body(message.clone()));
            let mut channel = self.channel.clone();
            let answer = match channel.ready().await {
                Ok(channel) => channel.call(request).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(response) => return Ok(response),
                Err(error) if failures + 1 < TRIES_MAX && is_connect_error(&error) => {
                    BACKOFF.pause(failures).await;
                }
                Err(error) => return Err(self.failed(Reason::ServiceUnavailable, error)),
            }
        }
        Err(self.failed(Reason::Internal, "the tries ran out"))
    }
}

fn is_connect_error(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<ConnectError>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// Measures a call, and marks its span, when it ends.
struct End {
    telemetry: Arc<Telemetry>,
    method: &'static str,
    began: Instant,
    span: Span,
}

impl End {
    fn tell(&self, code: Code) {
        let is_fault = code != Code::Ok;
        self.span.record("rpc.response.status_code", code_name(code));
        if is_fault {
            self.span.record("error.type", code_name(code));
            self.span.record("otel.status_code", "ERROR");
        }
        let labels = labels(self.method, code, is_fault);
        self.telemetry.client_calls().record(self.began.elapsed().as_secs_f64(), &labels);
    }
}

impl Service<Request<Body>> for Upstream {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // The connection is waited for in `call`, where the deadline is known.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = access::method_name(request.uri().path());
        let span = tracing::info_span!(
            "call",
            otel.name = method,
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            "rpc.system.name" = "grpc",
            "rpc.method" = method,
            "rpc.response.status_code" = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
            "server.address" = self.workload.server_name(),
        );
        let end =
            End { telemetry: Arc::clone(&self.telemetry), method, began: Instant::now(), span: span.clone() };
        let spans = CallSpans::of(&span);
        if spans.is_some() {
            call_spans::wish(request.headers_mut());
        }
        let sent = self.clone().send(request);
        let around = span.clone();
        let told = async move {
            match sent.await {
                Ok(response) => {
                    let scope = move |look: &mut dyn FnMut()| around.in_scope(look);
                    let response = watch(response, scope, move |code| end.tell(code));
                    Ok(match spans {
                        Some(spans) => at_status(response, move |headers| spans.receive(headers)),
                        None => response,
                    })
                }
                Err(status) => {
                    end.tell(status.code());
                    Err(status)
                }
            }
        };
        Box::pin(told.instrument(span))
    }
}

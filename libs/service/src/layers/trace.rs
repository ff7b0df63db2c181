//! Enriches: continues the caller's trace with a server span, and gives the request its id.
//!
//! Only a peer with a certificate of the mesh may say which trace a request belongs to. An outsider's
//! trace is linked, so that it can neither choose our trace ids nor have everything sampled. Inbound
//! `baggage` goes no further. To a peer that may ask for the spans of its call, and does, they are sent.

use super::{Boxed, layer};
use crate::accept::PeerInfo;
use crate::access;
use crate::body::{at_status, watch};
use crate::call_spans::{CallSpans, is_wish};
use crate::clock::Clock;
use crate::status::{code_name, is_server_fault};
use crate::telemetry::{Telemetry, ids_of, propagator};
use crate::workload::{PeerIdentity, Workload};
use http::{Request, Response};
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_http::HeaderExtractor;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::UNIX_EPOCH;
use tonic::Code;
use tonic::body::Body;
use tower::Service;
use tracing::instrument::{Instrument as _, WithSubscriber as _};
use tracing::{Span, dispatcher};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use ulid::Ulid;

/// Gives every request a span and an id.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    pub(crate) workload: Workload,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) clock: Clock,
}

layer!(
    /// Applies [`Trace`].
    Trace => TraceService
);

impl Trace {
    /// The span of a request, and where its spans are kept if its caller may ask for them and does.
    fn begin(&self, request: &Request<Body>, asks: bool) -> (Span, Option<Arc<CallSpans>>) {
        let method = access::method_name(request.uri().path());
        let peer = request.extensions().get::<PeerInfo>().and_then(|info| info.peer.as_ref());
        let remote = propagator().extract(&HeaderExtractor(request.headers()));
        let span = self.span(method, peer, &remote);
        let is_told = asks && access::tells_spans(self.workload, peer);
        let spans = is_told.then(|| CallSpans::begin(&span, &remote, self.workload, method)).flatten();
        (span, spans)
    }

    fn span(
        &self,
        method: &'static str,
        peer: Option<&PeerIdentity>,
        remote: &opentelemetry::Context,
    ) -> Span {
        let span = tracing::info_span!(
            "request",
            otel.name = method,
            otel.kind = "server",
            otel.status_code = tracing::field::Empty,
            "rpc.system.name" = "grpc",
            "rpc.method" = method,
            "rpc.response.status_code" = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
            peer = peer.map(tracing::field::display),
            request_id = self.request_id(),
            txn = tracing::field::Empty,
            trace_id = tracing::field::Empty,
            span_id = tracing::field::Empty,
        );
        if peer.is_some() {
            // Fails only where the span is filtered out, and then there is nothing to continue.
            drop(span.set_parent(remote.clone()));
        } else {
            span.add_link(remote.span().span_context().clone());
        }
        if let Some((trace, id)) = ids_of(&span.context()) {
            span.record("trace_id", trace);
            span.record("span_id", id);
        }
        span
    }

    fn request_id(&self) -> String {
        let since = self.clock.now().duration_since(UNIX_EPOCH);
        let ms = since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let mut random = [0; 16];
        // An id that is not random is still an id; nothing is decided by it.
        let _ = SystemRandom::new().fill(&mut random);
        Ulid::from_parts(ms, u128::from_be_bytes(random)).to_string()
    }
}

fn record_end(span: &Span, code: Code) {
    span.record("rpc.response.status_code", code_name(code));
    if is_server_fault(code) {
        span.record("error.type", code_name(code));
        span.record("otel.status_code", "ERROR");
    }
}

impl<S> Service<Request<Body>> for TraceService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Boxed;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Boxed {
        request.headers_mut().remove("baggage");
        let asks = is_wish(request.headers_mut());
        let dispatch = self.layer.telemetry.dispatch();
        let (span, spans, response) = dispatcher::with_default(&dispatch, || {
            let (span, spans) = self.layer.begin(&request, asks);
            let response = span.in_scope(|| self.inner.call(request));
            (span, spans, response)
        });
        let watched = span.clone();
        let around = dispatch.clone();
        let traced = async move {
            let response = response.await?;
            let (in_scope, at_end) = (watched.clone(), watched);
            let scope = move |look: &mut dyn FnMut()| {
                dispatcher::with_default(&around, || in_scope.in_scope(look));
            };
            let response = watch(response, scope, move |code| record_end(&at_end, code));
            Ok(match spans {
                // Outside of what records the end, so that the list says how the call went.
                Some(spans) => at_status(response, move |headers| spans.send(headers)),
                None => response,
            })
        };
        Box::pin(traced.instrument(span).with_subscriber(dispatch))
    }
}

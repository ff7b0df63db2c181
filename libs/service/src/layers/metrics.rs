//! Enriches: measures every call, refused ones included, to the last byte of its answer.
//!
//! Labels are the method, from a fixed set, and how it ended: never a tenant, a principal or a path
//! that the caller chose.

use super::{Boxed, layer};
use crate::access;
use crate::body::watch;
use crate::status::{code_name, is_server_fault};
use crate::telemetry::Telemetry;
use http::{Request, Response};
use opentelemetry::KeyValue;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tower::Service;

/// Measures every call.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) telemetry: Arc<Telemetry>,
}

layer!(
    /// Applies [`Metrics`].
    Metrics => MetricsService
);

/// The labels of a call that ended.
pub(crate) fn labels(method: &'static str, code: Code, is_fault: bool) -> Vec<KeyValue> {
    let mut labels = vec![
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", method),
        KeyValue::new("rpc.response.status_code", code_name(code)),
    ];
    if is_fault {
        labels.push(KeyValue::new("error.type", code_name(code)));
    }
    labels
}

impl<S> Service<Request<Body>> for MetricsService<S>
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

    fn call(&mut self, request: Request<Body>) -> Boxed {
        let began = Instant::now();
        let method = access::method_name(request.uri().path());
        let telemetry = Arc::clone(&self.layer.telemetry);
        let response = self.inner.call(request);
        // Recorded on drop too: a caller that goes away before the head is a call as well.
        let measure = Measure { telemetry, method, began, code: Some(Code::Cancelled) };
        Box::pin(async move {
            let mut measure = measure;
            let response = response.await?;
            Ok(watch(response, |look: &mut dyn FnMut()| look(), move |code| measure.end(code)))
        })
    }
}

struct Measure {
    telemetry: Arc<Telemetry>,
    method: &'static str,
    began: Instant,
    code: Option<Code>,
}

impl Measure {
    fn end(&mut self, code: Code) {
        if self.code.take().is_some() {
            let labels = labels(self.method, code, is_server_fault(code));
            self.telemetry.server_calls().record(self.began.elapsed().as_secs_f64(), &labels);
        }
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        if let Some(code) = self.code {
            self.end(code);
        }
    }
}

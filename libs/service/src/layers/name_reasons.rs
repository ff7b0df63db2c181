//! Enriches: gives a reason to those answers that the gRPC library makes by itself.
//!
//! A message that does not decode, is too large or is compressed, and a method that does not exist,
//! are refused before any handler of ours, with texts of the library's own. Whoever reads our errors
//! finds a reason in them too. Health and reflection have protocols of their own and are left alone.

use crate::access;
use crate::body::code_in;
use crate::status::{PublicError, reason_of, refuse};
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// Puts [`NameReasons`] around the routes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameReasonsLayer;

/// Gives a reason to the library's own answers.
#[derive(Debug, Clone)]
pub struct NameReasons<S> {
    inner: S,
}

/// The library refused a request.
#[derive(Debug, thiserror::Error)]
#[error("the request did not reach its handler")]
struct Unhandled {
    reason: Reason,
    #[source]
    status: Status,
}

impl PublicError for Unhandled {
    fn reason(&self) -> Reason {
        self.reason
    }
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get_all("grpc-encoding").iter().any(|value| value != "identity")
}

/// What the library's code stands for, given that no handler of ours made it.
const fn reason_for(code: Code, is_compressed: bool) -> Reason {
    match code {
        Code::Unimplemented if is_compressed => Reason::RequestMalformed,
        Code::Unimplemented => Reason::MethodNotFound,
        Code::Cancelled => Reason::Cancelled,
        Code::DeadlineExceeded => Reason::Deadline,
        // A message that does not decode is INTERNAL, INVALID_ARGUMENT or UNKNOWN, one that is too
        // large OUT_OF_RANGE or RESOURCE_EXHAUSTED.
        Code::Internal
        | Code::Unknown
        | Code::InvalidArgument
        | Code::OutOfRange
        | Code::ResourceExhausted
        | Code::FailedPrecondition => Reason::RequestMalformed,
        Code::Ok
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => Reason::Internal,
    }
}

fn name_reason(response: Response<Body>, is_compressed: bool) -> Response<Body> {
    let code = code_in(response.headers());
    let Some(code) = code.filter(|code| *code != Code::Ok) else { return response };
    match Status::from_header_map(response.headers()) {
        Some(status) if reason_of(&status).is_none() => {
            refuse(&Unhandled { reason: reason_for(code, is_compressed), status })
        }
        Some(_) | None => response,
    }
}

impl<S> Layer<S> for NameReasonsLayer {
    type Service = NameReasons<S>;

    fn layer(&self, inner: S) -> NameReasons<S> {
        NameReasons { inner }
    }
}

impl<S> Service<Request<Body>> for NameReasons<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_standard = access::is_standard(request.uri().path());
        let is_compressed = is_compressed(request.headers());
        let response = self.inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok(if is_standard { response } else { name_reason(response, is_compressed) })
        })
    }
}

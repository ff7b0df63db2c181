//! Refuses with INTERNAL what panicked within, head or stream, and keeps the server serving.

use super::{Boxed, layer};
use crate::body;
use crate::clock::Clock;
use crate::status::{PublicError, refuse, to_status};
use futures::FutureExt as _;
use http::{Request, Response};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tonic::body::Body;
use tower::Service;

/// Turns panics into answers.
#[derive(Debug, Clone)]
pub(crate) struct CatchPanic {
    pub(crate) clock: Clock,
}

layer!(
    /// Applies [`CatchPanic`].
    CatchPanic => CatchPanicService
);

/// A handler panicked. What it said is not repeated: it may hold a row's value.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked")]
struct Panicked;

impl PublicError for Panicked {
    fn reason(&self) -> Reason {
        Reason::Internal
    }
}

fn report(clock: &Clock) -> SystemTime {
    // For its line in the log: the trailers are made by the body.
    drop(to_status(&Panicked));
    clock.now()
}

impl<S> Service<Request<Body>> for CatchPanicService<S>
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
        let clock = self.layer.clock.clone();
        // Making the future may panic as well as running it.
        let Ok(response) = std::panic::catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) else {
            return Box::pin(async { Ok(refuse(&Panicked)) });
        };
        Box::pin(async move {
            match AssertUnwindSafe(response).catch_unwind().await {
                Ok(response) => Ok(response?.map(|body| body::catch_panic(body, move || report(&clock)))),
                Err(_) => Ok(refuse(&Panicked)),
            }
        })
    }
}

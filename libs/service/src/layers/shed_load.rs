//! Refuses with OVERLOADED what is more than the service accepts at once. Nothing ever waits here.
//!
//! A request holds its place to the last byte of its answer: tower's own limit gives it back with
//! the head, while a stream would go on.

use super::{Boxed, layer};
use crate::body;
use crate::status::{PublicError, refuse};
use http::{Request, Response};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Semaphore;
use tonic::body::Body;
use tower::Service;

/// Holds the places.
#[derive(Debug, Clone)]
pub(crate) struct ShedLoad {
    places: Arc<Semaphore>,
}

impl ShedLoad {
    pub(crate) fn new(concurrency_max: NonZeroUsize) -> Self {
        Self { places: Arc::new(Semaphore::new(concurrency_max.get().min(Semaphore::MAX_PERMITS))) }
    }
}

layer!(
    /// Applies [`ShedLoad`].
    ShedLoad => ShedLoadService
);

#[derive(Debug, thiserror::Error)]
#[error("as many requests as the service accepts are at work")]
struct Overloaded;

impl PublicError for Overloaded {
    fn reason(&self) -> Reason {
        Reason::Overloaded
    }
}

impl<S> Service<Request<Body>> for ShedLoadService<S>
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
        let Ok(place) = Arc::clone(&self.layer.places).try_acquire_owned() else {
            return Box::pin(async { Ok(refuse(&Overloaded)) });
        };
        let response = self.inner.call(request);
        Box::pin(async move { Ok(response.await?.map(|answer| body::keep(answer, place))) })
    }
}

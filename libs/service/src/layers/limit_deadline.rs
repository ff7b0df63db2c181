//! Refuses with DEADLINE what takes too long, head or stream. Inner services may rely on the request
//! extensions holding a [`Deadline`], unless the method's stream is endless.
//!
//! The time is the caller's `grpc-timeout` or our own limit, whichever is shorter, less a margin: the
//! library answers CANCELLED when the caller's time is over, and ours has to come first. An endless
//! stream ends when the service drains or its connection has come of age; its reader opens another.

use super::{Boxed, layer};
use crate::access;
use crate::body::cut_off;
use crate::clock::Clock;
use crate::deadline::{Deadline, DeadlinePassed, grpc_timeout, less_margin};
use crate::status::{PublicError as _, refuse, to_status};
use http::{Request, Response};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::Service;

/// Gives every request its end.
#[derive(Debug, Clone)]
pub(crate) struct LimitDeadline {
    pub(crate) request_time_max: Duration,
    pub(crate) endless_time_max: Duration,
    pub(crate) draining: CancellationToken,
    pub(crate) clock: Clock,
}

layer!(
    /// Applies [`LimitDeadline`].
    LimitDeadline => LimitDeadlineService
);

impl<S> LimitDeadlineService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    fn within(&mut self, mut request: Request<Body>, deadline: Deadline) -> Boxed {
        request.extensions_mut().insert(deadline);
        let response = self.inner.call(request);
        let clock = self.layer.clock.clone();
        Box::pin(async move {
            let response = match deadline.limit(response).await {
                Ok(response) => response?,
                Err(passed) => return Ok(refuse(&passed)),
            };
            let end = async move {
                tokio::time::sleep_until(deadline.at()).await;
                drop(to_status(&DeadlinePassed));
                (DeadlinePassed.reason(), clock.now())
            };
            Ok(response.map(|body| cut_off(body, end)))
        })
    }

    fn endless(&mut self, request: Request<Body>) -> Boxed {
        let response = self.inner.call(request);
        let (draining, clock) = (self.layer.draining.clone(), self.layer.clock.clone());
        let of_age = Deadline::after(self.layer.endless_time_max);
        Box::pin(async move {
            let end = async move {
                // Either of the two ends it, and in the same words.
                let _ = of_age.limit(draining.cancelled()).await;
                (Reason::ServiceUnavailable, clock.now())
            };
            Ok(response.await?.map(|body| cut_off(body, end)))
        })
    }
}

impl<S> Service<Request<Body>> for LimitDeadlineService<S>
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
        match grpc_timeout(request.headers()) {
            Ok(Some(asked)) => {
                let time = less_margin(asked.min(self.layer.request_time_max));
                self.within(request, Deadline::after(time))
            }
            Ok(None) if access::is_endless(request.uri().path()) => self.endless(request),
            Ok(None) => {
                let time = less_margin(self.layer.request_time_max);
                self.within(request, Deadline::after(time))
            }
            Err(malformed) => Box::pin(async move { Ok(refuse(&malformed)) }),
        }
    }
}

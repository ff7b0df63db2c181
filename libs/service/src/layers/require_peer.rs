//! Refuses calls of peers that the access table does not admit to the method.
//!
//! Inner services may rely on the request extensions holding a [`PeerInfo`].

use super::{Answer, layer};
use crate::accept::PeerInfo;
use crate::access::{self, Refusal};
use crate::status::{PublicError, refuse};
use crate::workload::Workload;
use futures::future::{Either, ready};
use http::{Request, Response};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::task::{Context, Poll};
use tonic::body::Body;
use tower::Service;

/// Applies the access table of one service.
#[derive(Debug, Clone)]
pub(crate) struct RequirePeer {
    pub(crate) service: Workload,
}

layer!(
    /// Applies [`RequirePeer`].
    RequirePeer => RequirePeerService
);

impl PublicError for Refusal {
    fn reason(&self) -> Reason {
        match self {
            Self::PeerNotAllowed => Reason::PeerNotAllowed,
            Self::MethodNotFound => Reason::MethodNotFound,
        }
    }
}

impl<S> Service<Request<Body>> for RequirePeerService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let info = request.extensions().get::<PeerInfo>();
        let peer = info.and_then(|info| info.peer.as_ref());
        match access::decide(self.layer.service, request.uri().path(), peer) {
            Ok(()) => Either::Left(self.inner.call(request)),
            Err(refusal) => Either::Right(ready(Ok(refuse(&refusal)))),
        }
    }
}

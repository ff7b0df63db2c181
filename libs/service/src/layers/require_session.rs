//! Refuses calls without a valid session key, and keys that the wrong workload shows.
//!
//! A key names the workload that asked for it. Whoever else holds a copy cannot use it: the peer of
//! the connection has to be that very workload, or the operator, whom the access table admits by
//! itself. Inner services may rely on the request extensions holding a `VerifiedSession` and its
//! `SessionKey`, and on the header being gone. Methods that the table marks as
//! nobody's question (health, reflection, the policy's) carry no session.

use super::Answer;
use crate::accept::PeerInfo;
use crate::access;
use crate::clock::Clock;
use crate::status::{PublicError, refuse};
use crate::telemetry;
use crate::workload::{PeerIdentity, Workload};
use futures::future::{Either, ready};
use http::{Request, Response};
use splitplane_session::{SessionError, SessionKey, VerifiedSession, Verifier};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tower::{Layer, Service};

pub(crate) const TXN_TOKEN: &str = "txn-token";

/// Verifies the session key of every call.
#[derive(Debug, Clone)]
pub struct RequireSession {
    verifier: Arc<Verifier>,
    clock: Clock,
}

/// Applies [`RequireSession`].
#[derive(Debug, Clone)]
pub struct RequireSessionService<S> {
    inner: S,
    layer: RequireSession,
}

/// Why there is no session. Only that it is stale on our side may be told.
#[derive(Debug, thiserror::Error)]
enum SessionRefused {
    #[error("the request has {0} session keys instead of one")]
    Count(usize),
    #[error("the session key is not text")]
    NotText,
    #[error("the session key is refused")]
    Key(#[source] SessionError),
    #[error("the connection has no peer that a session key could be compared with")]
    NoPeer,
    #[error("the session key is `{requested_by}`'s and was shown by {shown_by}")]
    OtherPeer { requested_by: String, shown_by: PeerIdentity },
}

impl PublicError for SessionRefused {
    fn reason(&self) -> Reason {
        match self {
            Self::Key(SessionError::FeedStale) => Reason::ServiceUnavailable,
            Self::Count(_)
            | Self::NotText
            | Self::NoPeer
            | Self::OtherPeer { .. }
            | Self::Key(SessionError::Token(_) | SessionError::Inconsistent | SessionError::Revoked) => {
                Reason::Unauthenticated
            }
        }
    }
}

impl RequireSession {
    /// Verifies by `verifier`, at the time that `clock` tells.
    #[must_use]
    pub const fn new(verifier: Arc<Verifier>, clock: Clock) -> Self {
        Self { verifier, clock }
    }

    fn authenticate(&self, request: &Request<Body>) -> Result<(VerifiedSession, SessionKey), SessionRefused> {
        let values: Vec<_> = request.headers().get_all(TXN_TOKEN).iter().collect();
        // With two keys, which of them counts would depend on who reads the headers.
        let [value] = values.as_slice() else { return Err(SessionRefused::Count(values.len())) };
        let key = SessionKey::from_wire(value.to_str().or(Err(SessionRefused::NotText))?);
        let session = self.verifier.verify(&key, self.clock.now()).map_err(SessionRefused::Key)?;
        let peer = request.extensions().get::<PeerInfo>().and_then(|info| info.peer.as_ref());
        self.bind(&session, peer.ok_or(SessionRefused::NoPeer)?)?;
        Ok((session, key))
    }

    /// Ties the key to the hop it came by. The certificate proves who is at the other end, the key
    /// for whom it was made: RFC 8705 does so with a thumbprint, which a renewal would break.
    fn bind(&self, session: &VerifiedSession, peer: &PeerIdentity) -> Result<(), SessionRefused> {
        let requested_by = session.requesting_workload();
        let is_its_own = |workload: Workload| {
            workload == Workload::Operator || workload.spiffe_id(self.verifier.trust_domain()) == requested_by
        };
        if peer.workload().is_some_and(is_its_own) {
            return Ok(());
        }
        Err(SessionRefused::OtherPeer { requested_by: requested_by.to_owned(), shown_by: peer.clone() })
    }
}

impl<S> Layer<S> for RequireSession {
    type Service = RequireSessionService<S>;

    fn layer(&self, inner: S) -> RequireSessionService<S> {
        RequireSessionService { inner, layer: self.clone() }
    }
}

impl<S> Service<Request<Body>> for RequireSessionService<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !access::needs_session(request.uri().path()) {
            // A key that came along is nobody's here.
            request.headers_mut().remove(TXN_TOKEN);
            return Either::Left(self.inner.call(request));
        }
        match self.layer.authenticate(&request) {
            Ok((session, key)) => {
                telemetry::record_txn(session.txn());
                telemetry::decision("session", true, "");
                request.headers_mut().remove(TXN_TOKEN);
                request.extensions_mut().insert(session);
                request.extensions_mut().insert(key);
                Either::Left(self.inner.call(request))
            }
            Err(refused) => Either::Right(ready(Ok(refuse(&refused)))),
        }
    }
}

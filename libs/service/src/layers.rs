//! The layers that every request passes, and those that a service puts last.
//!
//! Each either enriches a request or refuses it, and says which in its first line. Their order is
//! written once, in `server.rs`.

mod catch_panic;
mod limit_deadline;
mod metrics;
mod name_reasons;
mod require_peer;
mod require_session;
mod shed_load;
mod trace;

pub(crate) use catch_panic::CatchPanic;
pub(crate) use limit_deadline::LimitDeadline;
pub(crate) use metrics::{Metrics, labels};
pub use name_reasons::NameReasons;
pub(crate) use name_reasons::NameReasonsLayer;
pub(crate) use require_peer::RequirePeer;
pub use require_session::RequireSession;
pub(crate) use require_session::TXN_TOKEN;
pub(crate) use shed_load::ShedLoad;
pub(crate) use trace::Trace;

use futures::future::{BoxFuture, Either, Ready};
use http::Response;
use std::convert::Infallible;
use tonic::body::Body;

/// A layer's answer: the inner service's, or a refusal that is there at once.
pub(crate) type Answer<F> = Either<F, Ready<Result<Response<Body>, Infallible>>>;

/// A layer's answer when it has work to do around the inner service's.
pub(crate) type Boxed = BoxFuture<'static, Result<Response<Body>, Infallible>>;

/// Writes a layer: the value that holds its settings, and the service that applies them.
macro_rules! layer {
    ($(#[$doc:meta])* $layer:ident => $service:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $service<S> {
            inner: S,
            layer: $layer,
        }

        impl<S> tower::Layer<S> for $layer {
            type Service = $service<S>;

            fn layer(&self, inner: S) -> $service<S> {
                $service { inner, layer: self.clone() }
            }
        }
    };
}

pub(crate) use layer;

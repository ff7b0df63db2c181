//! From a configuration to a service that has its sockets, its certificates and its telemetry.
//!
//! Both ports are bound here, so that a port in use, a bad certificate or a value out of range stops
//! a service before it has done anything, and so that a port chosen by the system is known to those
//! who will call it.

use crate::app::App;
use crate::client::{Dialer, Upstream};
use crate::clock::Clock;
use crate::config::{self, LimitsConfig, Mesh, Shared};
use crate::health::Readiness;
use crate::identity::{Identity, Shown, WorkloadApiError};
use crate::server::{Inner, Settings};
use crate::telemetry::{Telemetry, TelemetryError};
use crate::tls::{Owner, TlsError};
use crate::workload::Workload;
use http::{Request, Response};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service};

/// Longest time that an agent is waited for at the start.
const IDENTITY_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration is out of its range.
    #[error("`{key}` {rule}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The certificates cannot be used.
    #[error("the service has no identity")]
    Tls(#[from] TlsError),
    /// The SPIFFE Workload API gives no identity.
    #[error("the service has no identity from the SPIFFE Workload API")]
    WorkloadApi(#[from] WorkloadApiError),
    /// Telemetry cannot be set up.
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] TelemetryError),
    /// An address cannot be bound.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What the service itself needs is not there.
    #[error("{what}")]
    Service {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StartError {
    /// For what a service needs besides the things here.
    pub fn service(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Service { what, source: source.into() }
    }
}

/// Sockets that are bound and not yet served.
pub(crate) struct Sockets {
    pub(crate) grpc: TcpListener,
    pub(crate) health: TcpListener,
    pub(crate) tls: Shown<ServerConfig>,
    pub(crate) address: SocketAddr,
    pub(crate) health_address: SocketAddr,
}

/// A service that is about to be built.
pub struct Start {
    workload: Workload,
    shared: Shared,
    clock: Clock,
    telemetry: Arc<Telemetry>,
    sockets: Sockets,
    dialer: Dialer,
    identity: Identity,
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start")
            .field("workload", &self.workload)
            .field("address", &self.sockets.address)
            .finish()
    }
}

impl Start {
    /// Prepares a service, with logs on standard error.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn prepare(workload: Workload, shared: Shared, clock: Clock) -> Result<Self, StartError> {
        let telemetry = Arc::new(Telemetry::new(workload.name(), &shared.telemetry)?);
        Self::with_telemetry(workload, shared, clock, telemetry).await
    }

    /// Prepares a service with telemetry of the caller's.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn with_telemetry(
        workload: Workload,
        shared: Shared,
        clock: Clock,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, StartError> {
        Self::within(IDENTITY_TIME_MAX, workload, shared, clock, telemetry).await
    }

    /// Prepares a service whose identity is waited for this long.
    pub(crate) async fn within(
        wait: Duration,
        workload: Workload,
        shared: Shared,
        clock: Clock,
        telemetry: Arc<Telemetry>,
    ) -> Result<Self, StartError> {
        check(&shared)?;
        let trust_domain = shared.mesh.trust_domain.clone();
        let owner = Owner { workload, trust_domain: trust_domain.clone(), clock: clock.clone() };
        let identity = Identity::open(&shared.tls, owner, wait, telemetry.dispatch()).await?;
        let dialer = Dialer {
            tls: identity.client(),
            trust_domain,
            telemetry: Arc::clone(&telemetry),
            clock: clock.clone(),
        };
        let (grpc, address) = bind(shared.listen.address).await?;
        let (health, health_address) = bind(shared.listen.health_address).await?;
        let sockets = Sockets { grpc, health, tls: identity.server(), address, health_address };
        Ok(Self { workload, shared, clock, telemetry, sockets, dialer, identity })
    }

    /// The service.
    #[must_use]
    pub const fn workload(&self) -> Workload {
        self.workload
    }

    /// Where the gRPC server is bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.sockets.address
    }

    /// Where the plaintext health server is bound.
    #[must_use]
    pub const fn health_address(&self) -> SocketAddr {
        self.sockets.health_address
    }

    /// What all services agree on.
    #[must_use]
    pub const fn mesh(&self) -> &Mesh {
        &self.shared.mesh
    }

    /// What the process accepts.
    #[must_use]
    pub const fn limits(&self) -> &LimitsConfig {
        &self.shared.limits
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The telemetry.
    #[must_use]
    pub const fn telemetry(&self) -> &Arc<Telemetry> {
        &self.telemetry
    }

    /// What callers are shown from now on.
    #[cfg(test)]
    pub(crate) fn shown(&self) -> Shown<ServerConfig> {
        self.identity.server()
    }

    /// A service behind this one. It is connected to when it is first called.
    ///
    /// # Errors
    /// The workload has no name that a certificate could carry.
    pub fn upstream(&self, workload: Workload, upstream: &config::Upstream) -> Result<Upstream, StartError> {
        Ok(self.dialer.upstream(workload, upstream)?)
    }

    /// Completes the service. `identity` is its last layer: who is asking.
    pub fn app<L>(self, routes: Routes, identity: L, readiness: Readiness) -> App
    where
        L: Layer<Inner> + Send + 'static,
        L::Service:
            Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
    {
        let settings = Settings {
            workload: self.workload,
            limits: self.shared.limits,
            telemetry: self.telemetry,
            clock: self.clock,
            draining: CancellationToken::new(),
        };
        let followed = self.identity;
        App::new(settings, self.sockets, self.shared.mesh.trust_domain, readiness, routes, identity)
            .with_task("identity", move |stop| followed.follow(stop))
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// Values that have the right type and still make no sense. They are refused, never corrected.
fn check(shared: &Shared) -> Result<(), StartError> {
    let rule =
        |is_kept: bool, key, rule| if is_kept { Ok(()) } else { Err(StartError::OutOfRange { key, rule }) };
    let is_trust_domain_char =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let trust_domain = &shared.mesh.trust_domain;
    let is_trust_domain = !trust_domain.is_empty() && trust_domain.bytes().all(is_trust_domain_char);
    rule(is_trust_domain, "mesh.trust_domain", "must be a name of a-z, 0-9, `.`, `-` and `_`")?;
    rule(!shared.mesh.issuer.is_empty(), "mesh.issuer", "must not be empty")?;
    let bound = shared.mesh.revocation_bound;
    let is_bound = bound >= Duration::from_secs(1) && bound <= Duration::from_secs(60);
    rule(is_bound, "mesh.revocation_bound", "must be between 1s and 60s")?;
    let socket = &shared.tls.workload_api;
    // Over TCP the agent would know nobody by its socket, and keys would travel in the clear.
    let is_socket = socket.is_empty() || socket.starts_with("unix:/");
    rule(is_socket, "tls.workload_api", "must be `unix:` and the absolute path of a socket, or empty")?;
    let limits = &shared.limits;
    let is_short = limits.request_time_max >= Duration::from_millis(1)
        && limits.request_time_max <= Duration::from_secs(3_600);
    rule(is_short, "limits.request_time_max", "must be between 1ms and 1h")?;
    rule(limits.message_bytes_max > 0, "limits.message_bytes_max", "must be at least 1")?;
    rule(limits.streams_per_connection_max > 0, "limits.streams_per_connection_max", "must be at least 1")?;
    rule(
        limits.connection_age_max >= Duration::from_secs(1),
        "limits.connection_age_max",
        "must be at least 1s",
    )
}

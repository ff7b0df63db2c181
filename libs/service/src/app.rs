//! A service's life: serving, draining, the end.
//!
//! Decides the order at the end: first health says NOT_SERVING, then no connection is taken, then
//! what is at work finishes, within a bound; what does not is broken off, and the tasks are joined.

use crate::accept::Incoming;
use crate::health::{Health, Readiness};
use crate::server::{self, Inner, Settings};
use crate::start::Sockets;
use futures::future::BoxFuture;
use http::{Request, Response};
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tower::{Layer, Service};
use tracing::instrument::WithSubscriber as _;

/// Longest time that requests at work are given to finish.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);

/// Why a service stopped that was not asked to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The gRPC server failed.
    #[error("the server failed")]
    Server(#[source] tonic::transport::Error),
    /// The plaintext health server failed.
    #[error("the health server failed")]
    Health(#[source] tonic::transport::Error),
    /// The descriptors for reflection cannot be read.
    #[error("the descriptors cannot be read")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// A task ended that should have gone on.
    #[error("the task `{0}` ended")]
    TaskEnded(&'static str),
    /// A task panicked.
    #[error("a task panicked")]
    TaskPanicked(#[source] JoinError),
}

type Task = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;
type Serving = BoxFuture<'static, Result<(), tonic::transport::Error>>;
type Serve = Box<dyn FnOnce(Settings, Incoming, Routes) -> Serving + Send>;

/// A service that is ready to serve.
pub struct App {
    settings: Settings,
    sockets: Sockets,
    trust_domain: String,
    routes: Routes,
    serve: Serve,
    is_ready: Readiness,
    readiness: watch::Sender<bool>,
    tasks: Vec<(&'static str, Task)>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("workload", &self.settings.workload)
            .field("address", &self.address())
            .finish()
    }
}

impl App {
    pub(crate) fn new<L>(
        settings: Settings,
        sockets: Sockets,
        trust_domain: String,
        is_ready: Readiness,
        routes: Routes,
        identity: L,
    ) -> Self
    where
        L: Layer<Inner> + Send + 'static,
        L::Service:
            Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
    {
        let serve: Serve = Box::new(move |settings, incoming, routes| {
            Box::pin(server::serve(settings, incoming, routes, identity))
        });
        let (readiness, _) = watch::channel(false);
        Self { settings, sockets, trust_domain, routes, serve, is_ready, readiness, tasks: Vec::new() }
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

    /// Follows readiness from outside.
    #[must_use]
    pub fn readiness(&self) -> watch::Receiver<bool> {
        self.readiness.subscribe()
    }

    /// Adds a task that runs for as long as the service. It is told to stop and is joined at the
    /// end; if it ends before, the service does too.
    #[must_use]
    pub fn with_task<F, Fut>(mut self, name: &'static str, task: F) -> Self
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.tasks.push((name, Box::new(move |stop| Box::pin(task(stop)))));
        self
    }

    /// Serves until `shutdown`, then drains.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        let telemetry = Arc::clone(&self.settings.telemetry);
        let served = Box::pin(self.run(shutdown)).with_subscriber(telemetry.dispatch()).await;
        // Flushing waits for the exporter's threads, which must not hold up the runtime's.
        let flushed = tokio::task::spawn_blocking(move || telemetry.shutdown()).await;
        served.and(flushed.map_err(ServeError::TaskPanicked))
    }

    async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        let Sockets { grpc, health: plain, tls, address, health_address } = self.sockets;
        let workload = self.settings.workload;
        let health = Arc::new(Health::new(workload).await);
        let routes =
            server::with_standard_services(self.routes, workload, &health).map_err(ServeError::Reflection)?;

        // Three tokens, cancelled one after the other: new work, work at hand, everything else.
        let draining = self.settings.draining.clone();
        let (closing, stop) = (CancellationToken::new(), CancellationToken::new());
        let _ends = [draining.clone(), closing.clone(), stop.clone()].map(CancellationToken::drop_guard);
        let incoming = Incoming::new(grpc, tls, &self.trust_domain, closing.clone());

        let mut tasks = Tasks { set: JoinSet::new() };
        for (name, task) in self.tasks {
            tasks.spawn(name, task(stop.clone()));
        }
        let (told, probed) = (Arc::clone(&health), Arc::clone(&health));
        let plain_stop = stop.clone();
        tasks.set.spawn(
            async move { probed.serve_plain(plain, plain_stop).await.map_err(ServeError::Health) }
                .with_current_subscriber(),
        );
        let (is_ready, readiness, until) = (self.is_ready, self.readiness, shutdown.clone());
        let following = async move { told.follow(is_ready, readiness, until).await };
        tracing::info!(%workload, %address, %health_address, "serving");

        let mut serving = (self.serve)(self.settings, incoming, routes);
        let early = tokio::select! {
            // Health has said NOT_SERVING when this completes.
            () = following => None,
            ended = tasks.next() => Some(ended),
            served = &mut serving => Some(served.map_err(ServeError::Server)),
        };
        tracing::info!(%workload, "draining");
        draining.cancel();
        let drained = match early {
            Some(ended) => ended,
            None => match tokio::time::timeout(DRAIN_TIME_MAX, serving).await {
                Ok(served) => served.map_err(ServeError::Server),
                Err(_) => {
                    tracing::warn!(%workload, "requests at work were broken off");
                    Ok(())
                }
            },
        };
        closing.cancel();
        stop.cancel();
        drained.and(tasks.join().await)
    }
}

/// The tasks of a service, each owned and joined.
struct Tasks {
    set: JoinSet<Result<(), ServeError>>,
}

impl Tasks {
    fn spawn(&mut self, name: &'static str, task: BoxFuture<'static, ()>) {
        let named = async move {
            task.await;
            Err(ServeError::TaskEnded(name))
        };
        self.set.spawn(named.with_current_subscriber());
    }

    /// The first task to end before it was told to.
    async fn next(&mut self) -> Result<(), ServeError> {
        match self.set.join_next().await {
            Some(ended) => ended.map_err(ServeError::TaskPanicked)?,
            None => std::future::pending().await,
        }
    }

    /// All tasks, once they were told to end.
    async fn join(mut self) -> Result<(), ServeError> {
        while let Some(ended) = self.set.join_next().await {
            match ended.map_err(ServeError::TaskPanicked)? {
                Ok(()) | Err(ServeError::TaskEnded(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

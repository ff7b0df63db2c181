//! A mesh that is up: where it is, whether it is well, how it ends.
//!
//! Decides the order at the end: the door first, so that what is at work can finish.

use super::MeshError;
use crate::pki::Pki;
use crate::profiles::{Certificates, InnerServices};
use splitplane_service::{App, ServeError, Start, Workload};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest time until every service can serve.
const READY_TIME_MAX: Duration = Duration::from_secs(60);

/// Services in the order in which they stop.
const STOPPING: [Workload; 5] =
    [Workload::Gateway, Workload::Reasoning, Workload::SchemaRouter, Workload::Query, Workload::Auth];

/// Where the services listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    bound: BTreeMap<Workload, (SocketAddr, SocketAddr)>,
}

impl Addresses {
    pub(super) fn of(starts: &[&Start]) -> Self {
        let bound = starts.iter().map(|start| (start.workload(), (start.address(), start.health_address())));
        Self { bound: bound.collect() }
    }

    /// Where a service's gRPC server is; `None` for a workload that serves nothing.
    #[must_use]
    pub fn of_service(&self, workload: Workload) -> Option<SocketAddr> {
        self.bound.get(&workload).map(|(address, _)| *address)
    }

    /// Where its plaintext health server is.
    #[must_use]
    pub fn of_health(&self, workload: Workload) -> Option<SocketAddr> {
        self.bound.get(&workload).map(|(_, health)| *health)
    }

    /// `localhost:port`, by which people call a service. Empty for a workload that serves nothing.
    #[must_use]
    pub fn local(&self, workload: Workload) -> String {
        self.of_service(workload).map_or_else(String::new, |address| format!("localhost:{}", address.port()))
    }
}

/// What callers must know besides addresses.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) region: String,
    pub(super) registry: PathBuf,
    pub(super) audit: PathBuf,
}

struct Service {
    workload: Workload,
    stop: CancellationToken,
    ready: watch::Receiver<bool>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Service {
    fn of((workload, app): (Workload, App)) -> Self {
        let stop = CancellationToken::new();
        let ready = app.readiness();
        let task = tokio::spawn(app.serve(stop.clone()));
        Self { workload, stop, ready, task }
    }

    async fn ended(&mut self) -> MeshError {
        let workload = self.workload;
        match (&mut self.task).await {
            Ok(served) => MeshError::Stopped { workload, source: served.err() },
            Err(source) => MeshError::Broken { workload, source },
        }
    }
}

/// A mesh that is up.
pub struct RunningMesh {
    addresses: Addresses,
    facts: Facts,
    pki: Pki,
    services: Vec<Service>,
}

impl fmt::Debug for RunningMesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningMesh").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl RunningMesh {
    /// Serves the apps, and completes when all are ready.
    pub(super) async fn serve(
        addresses: Addresses,
        facts: Facts,
        pki: Pki,
        apps: Vec<(Workload, App)>,
    ) -> Result<Self, MeshError> {
        let services = apps.into_iter().map(Service::of).collect();
        let mut mesh = Self { addresses, facts, pki, services };
        match mesh.wait_until_ready().await {
            Ok(()) => Ok(mesh),
            Err(error) => {
                // What went wrong first is what is told.
                drop(mesh.stop().await);
                Err(error)
            }
        }
    }

    /// Where the services listen.
    #[must_use]
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The gateway, as profiles name it.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.addresses.local(Workload::Gateway))
    }

    /// The services behind the gateway, as profiles name them.
    #[must_use]
    pub fn inner_services(&self) -> InnerServices {
        InnerServices {
            auth: self.addresses.local(Workload::Auth),
            reasoning: self.addresses.local(Workload::Reasoning),
            schema_router: self.addresses.local(Workload::SchemaRouter),
            query: self.addresses.local(Workload::Query),
        }
    }

    /// Certificates of this mesh.
    #[must_use]
    pub const fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Certificates of this mesh, as profiles name them.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        Certificates::of(&self.pki)
    }

    /// Region of the credential scope.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.facts.region
    }

    /// The registry's file; auth reads it anew every second.
    #[must_use]
    pub const fn registry(&self) -> &PathBuf {
        &self.facts.registry
    }

    /// The audit log.
    #[must_use]
    pub const fn audit_log(&self) -> &PathBuf {
        &self.facts.audit
    }

    /// Whether every service that was not stopped says that it can serve.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.services.iter().all(|service| *service.ready.borrow())
    }

    /// Readiness of one service; `None` when it was stopped.
    #[must_use]
    pub fn readiness(&self, workload: Workload) -> Option<watch::Receiver<bool>> {
        let service = self.services.iter().find(|service| service.workload == workload)?;
        Some(service.ready.clone())
    }

    /// Completes when a service ends by itself; never when all were stopped.
    pub async fn ended(&mut self) -> MeshError {
        if self.services.is_empty() {
            return std::future::pending().await;
        }
        let ends = self.services.iter_mut().map(|service| Box::pin(service.ended()));
        let (error, index, _) = futures::future::select_all(ends).await;
        // A task can be awaited only once.
        drop(self.services.remove(index));
        error
    }

    /// Stops one service; the others go on without it.
    ///
    /// # Errors
    /// It did not end well.
    pub async fn stop_service(&mut self, workload: Workload) -> Result<(), MeshError> {
        let Some(index) = self.services.iter().position(|service| service.workload == workload) else {
            return Ok(());
        };
        let mut service = self.services.remove(index);
        service.stop.cancel();
        let ended = service.ended().await;
        if matches!(ended, MeshError::Stopped { source: None, .. }) { Ok(()) } else { Err(ended) }
    }

    /// Drains and stops: first the door, then what is behind it.
    ///
    /// # Errors
    /// The first service that did not end well; all are stopped nevertheless.
    pub async fn stop(mut self) -> Result<(), MeshError> {
        let mut outcome = Ok(());
        for workload in STOPPING {
            let stopped = self.stop_service(workload).await;
            outcome = outcome.and(stopped);
        }
        outcome
    }

    async fn wait_until_ready(&mut self) -> Result<(), MeshError> {
        for service in &mut self.services {
            let mut ready = service.ready.clone();
            let workload = service.workload;
            tokio::select! {
                became = tokio::time::timeout(READY_TIME_MAX, ready.wait_for(|ready| *ready)) => {
                    became.or(Err(MeshError::NotReady(workload)))?.or(Err(MeshError::NotReady(workload)))?;
                }
                error = service.ended() => return Err(error),
            }
        }
        Ok(())
    }
}

//! The whole mesh in one process, on the sockets and certificates that it would have in five.
//!
//! Decides the order of starting and stopping. All ports are bound first, so that each service can be
//! told where the others are; it is up when every service says that it can serve.

mod configs;

pub use configs::{Configs, MakeTelemetry, Ports};

use crate::home::{self, Home, HomeError};
use crate::keys::{Keys, KeysError};
use crate::pki::{Pki, PkiError};
use crate::profiles::{Certificates, InnerServices};
use crate::registry;
use crate::world::{OpenWorld, World, WorldError};
use splitplane_llm::{EmbeddedModel, LanguageModel};
use splitplane_service::config::{ConfigError, LogFormat, ServiceConfig};
use splitplane_service::{App, Clock, ServeError, Start, StartError, TelemetryError, Workload};
use splitplane_types::{CompositeKey, Role};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

/// Longest time until every service can serve.
const READY_TIME_MAX: Duration = Duration::from_secs(60);

/// Services in the order in which they stop: the door first, so that what is at work can finish.
const STOPPING: [Workload; 5] =
    [Workload::Gateway, Workload::Reasoning, Workload::SchemaRouter, Workload::Query, Workload::Auth];

/// Why the mesh is not up.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    /// The files cannot be used.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A folder cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The certificates cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The keys cannot be made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// A configuration is wrong.
    #[error("the configuration of {workload} is wrong")]
    Config {
        /// Whose.
        workload: Workload,
        /// What is wrong.
        #[source]
        source: ConfigError,
    },
    /// A service does not start.
    #[error("{workload} cannot start")]
    Start {
        /// Which.
        workload: Workload,
        /// Why.
        #[source]
        source: StartError,
    },
    /// Telemetry of a service cannot be set up.
    #[error("telemetry of {workload} cannot be set up")]
    Telemetry {
        /// Which.
        workload: Workload,
        /// Why.
        #[source]
        source: TelemetryError,
    },
    /// The base leaves no room for the ports after it.
    #[error("there are no free ports after {0}; name a lower one, or 0")]
    Ports(u16),
    /// A service stopped by itself.
    #[error("{workload} stopped")]
    Stopped {
        /// Which.
        workload: Workload,
        /// Why, if it says so.
        #[source]
        source: Option<ServeError>,
    },
    /// A service broke down.
    #[error("{workload} broke down")]
    Broken {
        /// Which.
        workload: Workload,
        /// Why.
        #[source]
        source: JoinError,
    },
    /// A service does not get ready.
    #[error("{0} is not ready in time")]
    NotReady(Workload),
}

/// How a mesh is started.
#[derive(Clone)]
pub struct MeshOptions {
    /// Where certificates, keys, registry and audit log are.
    pub home: Home,
    /// What it is about.
    pub world: World,
    /// Where it listens.
    pub ports: Ports,
    /// The language model of reasoning and schema-router; the embedded one when none is given.
    pub language: Option<Arc<dyn LanguageModel>>,
    /// The clock of all services.
    pub clock: Clock,
    /// OTLP/gRPC endpoint; empty is off.
    pub otlp_endpoint: String,
    /// Log filter.
    pub log: String,
    /// Form of log lines.
    pub log_format: LogFormat,
    /// The registry's file, written at each start.
    pub registry: PathBuf,
    /// Combinations that are more than members.
    pub roles: BTreeMap<CompositeKey, Role>,
    /// Keys of the services' configuration in the environment.
    pub environment: Vec<(String, String)>,
    /// How telemetry is made, where not as configured.
    pub telemetry: Option<MakeTelemetry>,
}

impl fmt::Debug for MeshOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshOptions").field("home", &self.home).field("world", &self.world).finish_non_exhaustive()
    }
}

impl MeshOptions {
    /// A quiet mesh on free ports, with the embedded language model and the machine's clock.
    #[must_use]
    pub fn new(home: Home, world: World) -> Self {
        Self {
            registry: home.registry(),
            home,
            world,
            ports: Ports::Free,
            language: None,
            clock: Clock::system(),
            otlp_endpoint: String::new(),
            log: "warn".to_owned(),
            log_format: LogFormat::Off,
            roles: BTreeMap::new(),
            environment: Vec::new(),
            telemetry: None,
        }
    }
}

/// Starts meshes.
#[derive(Debug)]
pub struct Mesh;

impl Mesh {
    /// Makes what is missing in the home folder, writes the registry, and starts all five services.
    ///
    /// # Errors
    /// See [`MeshError`].
    pub async fn start(options: MeshOptions) -> Result<RunningMesh, MeshError> {
        let world = options.world.open()?;
        let configs = Self::prepare(&options, &world)?;
        Self::start_configured(configs, &options).await
    }

    /// Makes what is missing in the home folder, writes the registry, and puts the configurations
    /// together, for [`Mesh::start_configured`].
    ///
    /// # Errors
    /// See [`MeshError`].
    pub fn prepare(options: &MeshOptions, world: &OpenWorld) -> Result<Configs, MeshError> {
        let configs = Configs::of(options)?;
        let trust_domain = &configs.gateway.mesh.trust_domain;
        options.home.make()?;
        Pki::ensure(&options.home.pki(), trust_domain, options.clock.now())?;
        Keys::ensure(&options.home.keys())?;
        let registry = registry::text(&world.combinations, &options.roles, trust_domain);
        home::write_secret(&options.registry, &registry)?;
        Ok(configs)
    }

    /// Starts all five services with these configurations. Addresses of each other are filled in.
    ///
    /// # Errors
    /// See [`MeshError`].
    pub async fn start_configured(mut configs: Configs, options: &MeshOptions) -> Result<RunningMesh, MeshError> {
        let auth = start(Workload::Auth, &configs.auth, options).await?;
        let reasoning = start(Workload::Reasoning, &configs.reasoning, options).await?;
        let router = start(Workload::SchemaRouter, &configs.schema_router, options).await?;
        let query = start(Workload::Query, &configs.query, options).await?;
        let gateway = start(Workload::Gateway, &configs.gateway, options).await?;
        let starts = [&auth, &reasoning, &router, &query, &gateway];
        let addresses = Addresses::of(&starts);
        configs.connect(&addresses);
        let facts = Facts {
            region: configs.auth.requests.region.clone(),
            registry: configs.auth.registry.file.clone(),
            audit: configs.auth.audit.file.clone(),
        };

        let language = || -> Arc<dyn LanguageModel> {
            options.language.clone().unwrap_or_else(|| Arc::new(EmbeddedModel::new()))
        };
        let failed = |workload| move |source| MeshError::Start { workload, source };
        let apps = [
            (Workload::Auth, splitplane_auth::build(configs.auth, auth).await.map_err(failed(Workload::Auth))?),
            (
                Workload::Reasoning,
                splitplane_reasoning::build_with_model(configs.reasoning, reasoning, language())
                    .await
                    .map_err(failed(Workload::Reasoning))?,
            ),
            (
                Workload::SchemaRouter,
                splitplane_schema_router::build_with_model(configs.schema_router, router, language())
                    .await
                    .map_err(failed(Workload::SchemaRouter))?,
            ),
            (Workload::Query, splitplane_query::build(configs.query, query).await.map_err(failed(Workload::Query))?),
            (
                Workload::Gateway,
                splitplane_gateway::build(configs.gateway, gateway).await.map_err(failed(Workload::Gateway))?,
            ),
        ];
        let pki = Pki::at(&options.home.pki());
        let mut mesh = RunningMesh { addresses, facts, pki, services: apps.map(Service::of).into() };
        match mesh.wait_until_ready().await {
            Ok(()) => Ok(mesh),
            Err(error) => {
                // What went wrong first is what is told.
                drop(mesh.stop().await);
                Err(error)
            }
        }
    }
}

async fn start<C: ServiceConfig>(workload: Workload, config: &C, options: &MeshOptions) -> Result<Start, MeshError> {
    let shared = config.shared();
    let started = match &options.telemetry {
        None => Start::prepare(workload, shared, options.clock.clone()).await,
        Some(make) => {
            let telemetry = make(workload, &shared.telemetry);
            let telemetry = telemetry.map_err(|source| MeshError::Telemetry { workload, source })?;
            Start::with_telemetry(workload, shared, options.clock.clone(), Arc::new(telemetry)).await
        }
    };
    started.map_err(|source| MeshError::Start { workload, source })
}

/// Where the services listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    bound: BTreeMap<Workload, (SocketAddr, SocketAddr)>,
}

impl Addresses {
    fn of(starts: &[&Start]) -> Self {
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
struct Facts {
    region: String,
    registry: PathBuf,
    audit: PathBuf,
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

    /// Completes when a service ends by itself.
    pub async fn ended(&mut self) -> MeshError {
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
        match service.ended().await {
            MeshError::Stopped { source: None, .. } => Ok(()),
            error => Err(error),
        }
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

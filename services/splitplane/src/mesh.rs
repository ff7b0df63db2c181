//! The whole mesh in one process, on the sockets and certificates that it would have in five.
//!
//! Decides the order of starting and stopping. All ports are bound first, so that each service can be
//! told where the others are; it is up when every service says that it can serve.

mod configs;
mod running;

pub use configs::{Configs, MakeTelemetry, Ports};
pub use running::{Addresses, RunningMesh};

use crate::home::{self, Home, HomeError};
use crate::keys::{Keys, KeysError};
use crate::pki::{Pki, PkiError};
use crate::registry;
use crate::world::{OpenWorld, World, WorldError};
use splitplane_llm::LanguageModel;
use splitplane_service::config::{ConfigError, LogFormat, ServiceConfig};
use splitplane_service::{Clock, ServeError, Start, StartError, TelemetryError, Workload};
use splitplane_types::{CompositeKey, Role};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinError;

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
    /// The language model of reasoning and schema-router; that of their configuration when none is given.
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
    /// Folder of what services must not forget at a restart.
    pub state: PathBuf,
    /// Combinations that are more than members.
    pub roles: BTreeMap<CompositeKey, Role>,
    /// Keys of the services' configuration in the environment.
    pub environment: Vec<(String, String)>,
    /// How telemetry is made, where not as configured.
    pub telemetry: Option<MakeTelemetry>,
}

impl fmt::Debug for MeshOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeshOptions")
            .field("home", &self.home)
            .field("world", &self.world)
            .finish_non_exhaustive()
    }
}

impl MeshOptions {
    /// A quiet mesh on free ports, with the embedded language model and the machine's clock.
    #[must_use]
    pub fn new(home: Home, world: World) -> Self {
        Self {
            registry: home.registry(),
            state: home.state(),
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
    /// Makes what is missing in the home folder, and starts all five services.
    ///
    /// # Errors
    /// See [`MeshError`].
    pub async fn start(options: MeshOptions) -> Result<RunningMesh, MeshError> {
        let world = options.world.open()?;
        let configs = Self::prepare(&options)?;
        Self::start_configured(configs, &options, &world).await
    }

    /// Makes what is missing in the home folder, and puts the configurations together, for
    /// [`Mesh::start_configured`].
    ///
    /// # Errors
    /// See [`MeshError`].
    pub fn prepare(options: &MeshOptions) -> Result<Configs, MeshError> {
        let configs = Configs::of(options)?;
        options.home.make()?;
        Pki::ensure(&options.home.pki(), &configs.gateway.mesh.trust_domain, options.clock.now())?;
        Keys::ensure(&options.home.keys())?;
        Ok(configs)
    }

    /// Starts all five services with these configurations. Addresses of each other are filled in, and
    /// the registry is written from the grants.
    ///
    /// # Errors
    /// See [`MeshError`].
    pub async fn start_configured(
        configs: Configs,
        options: &MeshOptions,
        world: &OpenWorld,
    ) -> Result<RunningMesh, MeshError> {
        // Boxed, since it holds five services on their way.
        Box::pin(Self::start_services(configs, options, world)).await
    }

    async fn start_services(
        mut configs: Configs,
        options: &MeshOptions,
        world: &OpenWorld,
    ) -> Result<RunningMesh, MeshError> {
        let auth = start(Workload::Auth, &configs.auth, options).await?;
        let reasoning = start(Workload::Reasoning, &configs.reasoning, options).await?;
        let router = start(Workload::SchemaRouter, &configs.schema_router, options).await?;
        let query = start(Workload::Query, &configs.query, options).await?;
        let gateway = start(Workload::Gateway, &configs.gateway, options).await?;
        let starts = [&auth, &reasoning, &router, &query, &gateway];
        let addresses = Addresses::of(&starts);
        configs.connect(&addresses);
        // Not before the ports are ours: the registry of a mesh that is up there is left alone.
        let registry =
            registry::text(&world.combinations, &options.roles, &configs.gateway.mesh.trust_domain);
        home::write_secret(&configs.auth.registry.file, &registry)?;
        let facts = running::Facts {
            region: configs.auth.requests.region.clone(),
            registry: configs.auth.registry.file.clone(),
            audit: configs.auth.audit.file.clone(),
        };

        let failed = |workload| move |source| MeshError::Start { workload, source };
        let apps = [
            (
                Workload::Auth,
                splitplane_auth::build(configs.auth, auth).await.map_err(failed(Workload::Auth))?,
            ),
            (
                Workload::Reasoning,
                match options.language.clone() {
                    Some(model) => {
                        splitplane_reasoning::build_with_model(configs.reasoning, reasoning, model).await
                    }
                    None => splitplane_reasoning::build(configs.reasoning, reasoning).await,
                }
                .map_err(failed(Workload::Reasoning))?,
            ),
            (
                Workload::SchemaRouter,
                match options.language.clone() {
                    Some(model) => {
                        splitplane_schema_router::build_with_model(configs.schema_router, router, model).await
                    }
                    None => splitplane_schema_router::build(configs.schema_router, router).await,
                }
                .map_err(failed(Workload::SchemaRouter))?,
            ),
            (
                Workload::Query,
                splitplane_query::build(configs.query, query).await.map_err(failed(Workload::Query))?,
            ),
            (
                Workload::Gateway,
                splitplane_gateway::build(configs.gateway, gateway)
                    .await
                    .map_err(failed(Workload::Gateway))?,
            ),
        ];
        RunningMesh::serve(addresses, facts, Pki::at(&options.home.pki()), apps.into()).await
    }
}

async fn start<C: ServiceConfig>(
    workload: Workload,
    config: &C,
    options: &MeshOptions,
) -> Result<Start, MeshError> {
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

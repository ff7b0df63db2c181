//! A real engine behind the server: Sail or Spark, whichever `SPLITPLANE_SAIL` and `SPLITPLANE_SPARK` name.

use crate::ledger::{config, open};
use crate::support::{Bench, options};
use splitplane_engine::kit::Subjects;
use splitplane_engine::kit::guarded::Guarded;
use splitplane_engine::kit::subject::{Observation, Probe, Subject};
use splitplane_engine::kit::world::World;
use splitplane_engine_databricks::testing::{Lake, Options};
use splitplane_engine_databricks::{DatabricksConfig, DatabricksEngine, Disposition};
use splitplane_engine_spark::layout::{Format, Source, Sources};
use splitplane_engine_spark::{Address, Client, ClientOptions, Files};
use std::path::Path;
use std::sync::Arc;

pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// An engine that runs elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) name: &'static str,
    pub(crate) address: String,
    pub(crate) disposition: Disposition,
}

/// The engines that there are. Says which are not.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests that run where an engine is at hand"
)]
pub(crate) fn remotes() -> Vec<Remote> {
    let known = [("Sail", "SPLITPLANE_SAIL"), ("Spark", "SPLITPLANE_SPARK")];
    let mut found = Vec::new();
    for (name, variable) in known {
        match std::env::var(variable) {
            Ok(address) => found.push(Remote { name, address, disposition: Disposition::ExternalLinks }),
            Err(_unset) => println!("SKIPPED: {name} is not there; {variable} is to say where it listens"),
        }
    }
    found
}

/// The tables of a world.
fn sources(world: &World) -> Sources {
    let source = |stored: splitplane_engine::kit::world::Stored| {
        let mapping = Source {
            path: String::new(),
            table: format!("lake.kit.{}", stored.source),
            format: Format::default(),
            partitions: Vec::new(),
            schema: String::new(),
        };
        (stored.source.to_owned(), mapping)
    };
    world.stored().into_iter().map(source).collect()
}

/// A caller of the engine, and the server that has to stay for it.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) engine: Arc<DatabricksEngine>,
    pub(crate) guarded: Guarded,
    _server: splitplane_engine_databricks::testing::TestServer,
    _proof: tempfile::NamedTempFile,
}

impl Remote {
    pub(crate) async fn caller(&self, world: &World, folder: &Path) -> Result<Caller, AnyError> {
        let client = Client::new(Address::parse(&self.address)?, None, ClientOptions::default())?;
        let stored = world.stored();
        let table = |stored: &splitplane_engine::kit::world::Stored| {
            assert!(!stored.is_csv && stored.partitions.is_empty(), "a table is of one kind of file here");
            let paths = vec![folder.join(&stored.name).to_str().unwrap().to_owned()];
            (
                ["lake", "kit", stored.source],
                Files { format: "parquet".to_owned(), paths, ..Files::default() },
            )
        };
        let lake = Lake::open(&client, stored.iter().map(table)).await?;
        let bench = Bench::over(Arc::new(lake), Options { chunk_rows: 100, ..options() }).await;
        let barrier_rows = DatabricksConfig::BARRIER_ROWS;
        let config = DatabricksConfig { barrier_rows, ..config(sources(world)) };
        let engine = open(&bench, config, |workspace| workspace.disposition = self.disposition).await?;
        let engine = Arc::new(engine);
        let shared: Arc<dyn splitplane_engine::Engine> = Arc::<DatabricksEngine>::clone(&engine);
        let guarded = Guarded::open(shared, world).await?;
        let Bench { server, proof, .. } = bench;
        Ok(Caller { engine, guarded, _server: server, _proof: proof })
    }
}

#[async_trait::async_trait]
impl Subjects for Remote {
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError> {
        Ok(Box::new(self.caller(world, folder).await?))
    }
}

#[async_trait::async_trait]
impl Subject for Caller {
    async fn observe(&self, probe: &Probe) -> Observation {
        self.guarded.observe(probe).await
    }
}

//! The conformance kit against real engines: whichever `SPLITPLANE_SAIL` and `SPLITPLANE_SPARK` name.

mod conformance;
mod interference;
mod published;
mod whole;

use crate::layout::{Format, Source, Sources};
use crate::{Client, ClientOptions, SparkConfig, SparkEngine};
use async_trait::async_trait;
use splitplane_engine::kit::Subjects;
use splitplane_engine::kit::guarded::Guarded;
use splitplane_engine::kit::subject::Subject;
use splitplane_engine::kit::world::World;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Held while an engine is put to work: beside other tests, or alone, by one that looks at what the engine does.
#[derive(Debug)]
pub(crate) struct Work {
    _shared: Option<RwLockReadGuard<'static, ()>>,
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

static WORK: RwLock<()> = RwLock::const_new(());

impl Work {
    pub(crate) async fn beside_others() -> Self {
        Self { _shared: Some(WORK.read().await), _alone: None }
    }

    pub(crate) async fn alone() -> Self {
        Self { _shared: None, _alone: Some(WORK.write().await) }
    }
}

/// An engine that runs elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) name: &'static str,
    address: String,
    pub(crate) barrier_rows: i32,
    _work: Arc<Work>,
}

/// The engines that there are, to be put to work. Says which are not.
pub(crate) async fn remotes() -> Vec<Remote> {
    remotes_for(Work::beside_others().await)
}

#[expect(clippy::disallowed_methods, reason = "tests that run where an engine is at hand")]
fn remotes_for(work: Work) -> Vec<Remote> {
    let known = [("Sail", "SPLITPLANE_SAIL"), ("Spark", "SPLITPLANE_SPARK")];
    let (mut found, work) = (Vec::new(), Arc::new(work));
    for (name, variable) in known {
        match std::env::var(variable) {
            Ok(address) => {
                let barrier_rows = SparkConfig::BARRIER_ROWS;
                found.push(Remote { name, address, barrier_rows, _work: Arc::clone(&work) });
            }
            Err(_unset) => println!("SKIPPED: {name} is not there; {variable} is to say where it listens"),
        }
    }
    found
}

/// Where a world's sources lie.
pub(crate) fn sources(world: &World, folder: &Path) -> Sources {
    let source = |stored: splitplane_engine::kit::world::Stored| {
        let mapping = Source {
            path: folder.join(&stored.name).to_str().unwrap().to_owned(),
            table: String::new(),
            format: if stored.is_csv { Format::Csv } else { Format::Parquet },
            partitions: stored.partitions.iter().map(|column| (*column).to_owned()).collect(),
            schema: String::new(),
        };
        (stored.source.to_owned(), mapping)
    };
    world.stored().into_iter().map(source).collect()
}

impl Remote {
    pub(crate) fn client(&self) -> Result<Client, AnyError> {
        Ok(Client::new(crate::Address::parse(&self.address)?, None, ClientOptions::default())?)
    }

    pub(crate) async fn engine(&self, sources: Sources) -> Result<SparkEngine, AnyError> {
        let client = self.client()?;
        let config = SparkConfig { sources, sessions_max: 4, barrier_rows: self.barrier_rows };
        Ok(SparkEngine::open(client, config).await?)
    }

    pub(crate) async fn guarded(&self, world: &World, folder: &Path) -> Result<Guarded, AnyError> {
        Guarded::open(Arc::new(self.engine(sources(world, folder)).await?), world).await
    }
}

#[async_trait]
impl Subjects for Remote {
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError> {
        Ok(Box::new(self.guarded(world, folder).await?))
    }
}

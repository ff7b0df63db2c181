//! The client against real engines: those whose connection strings are in `SPLITPLANE_SAIL` and
//! `SPLITPLANE_SPARK`. Without them nothing is tested here, and each test says so.

mod answers;
mod errors;
mod restarts;
mod survivors;

use super::double::SOON;
use super::proxy::Proxy;
use crate::tests::Work;
use crate::{Address, Batches, Client, ClientOptions, ConnectError, Session};
use arrow::record_batch::RecordBatch;
use futures::TryStreamExt as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for a cold engine on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Which engine it is: they differ where tests say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sail,
    Spark,
}

struct Engine {
    kind: Kind,
    address: SocketAddr,
    _work: Arc<Work>,
}

impl Engine {
    fn client(&self) -> Client {
        self.client_with(ClientOptions::default())
    }

    fn client_with(&self, options: ClientOptions) -> Client {
        super::double::client_of(self.address, options)
    }

    /// A session with the settings that answers are compared under.
    async fn session(&self) -> Session {
        let session = self.client().session().unwrap();
        settle(&session).await;
        session
    }
}

async fn settle(session: &Session) {
    let settings = [("spark.sql.ansi.enabled", "true"), ("spark.sql.session.timeZone", "UTC")];
    session.configure(&settings).await.unwrap();
}

/// The engines that are there, to be put to work.
async fn engines() -> Vec<Engine> {
    engines_for(Work::beside_others().await)
}

#[expect(clippy::disallowed_methods, reason = "tests that run where an engine is at hand")]
fn engines_for(work: Work) -> Vec<Engine> {
    let (mut engines, work) = (Vec::new(), Arc::new(work));
    for (kind, name) in [(Kind::Sail, "SPLITPLANE_SAIL"), (Kind::Spark, "SPLITPLANE_SPARK")] {
        match std::env::var(name) {
            Ok(text) => {
                let address = Address::parse(&text).unwrap();
                let found = (address.host(), address.port()).to_socket_addrs().unwrap().next();
                engines.push(Engine { kind, address: found.unwrap(), _work: Arc::clone(&work) });
            }
            Err(_) => eprintln!("SKIPPED: {name} names no engine"),
        }
    }
    engines
}

async fn collected(batches: Batches) -> Result<Vec<RecordBatch>, ConnectError> {
    tokio::time::timeout(PATIENCE, batches.try_collect()).await.expect("an engine answers in time")
}

/// One batch of all rows.
async fn whole(batches: Batches) -> Result<RecordBatch, ConnectError> {
    let batches = collected(batches).await?;
    Ok(arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap())
}

async fn behind_a_proxy(engine: &Engine, options: ClientOptions) -> (Proxy, Client) {
    let proxy = Proxy::to(engine.address).await;
    let client = super::double::client_of(proxy.address, options);
    (proxy, client)
}

async fn within_reason<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("an engine answers in time")
}

fn short() -> ClientOptions {
    ClientOptions { close_time_max: SOON, ..ClientOptions::default() }
}

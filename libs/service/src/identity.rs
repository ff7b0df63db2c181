//! A service's identity while it runs: a value that follows its source.
//!
//! Decides that each new handshake uses the latest certificate, key and authority that fit together
//! and are this workload's, and that nothing else changes: connections that stand stay as they are,
//! until their age ends them. Whether material is good is `tls`'s to say; `files` and `workload_api`
//! are the two places where it comes from.

mod files;
mod workload_api;

pub(crate) use files::Files;
pub use workload_api::WorkloadApiError;

use crate::config;
use crate::start::StartError;
use crate::tls::{Credentials, Owner};
use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::Dispatch;
use workload_api::WorkloadApi;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a handshake uses that begins now. `None` is none at all.
pub(crate) type Shown<C> = watch::Receiver<Option<Arc<C>>>;

/// What became of an identity.
pub(crate) enum Change {
    /// It is another from now on.
    Renewed(Credentials),
    /// There is none any more.
    Withdrawn,
}

#[derive(Debug)]
enum Source {
    Files(Box<Files>),
    WorkloadApi(WorkloadApi),
}

/// The identity, and where it comes from.
#[derive(Debug)]
pub(crate) struct Identity {
    server: watch::Sender<Option<Arc<ServerConfig>>>,
    client: watch::Sender<Option<Arc<ClientConfig>>>,
    source: Source,
}

impl Identity {
    /// Takes the identity from where the configuration says, for the first time. An agent is waited
    /// for, for `wait` at most; what goes wrong with it later is told to `log`.
    ///
    /// # Errors
    /// What is found is no identity of `owner`'s, or nothing is found.
    pub(crate) async fn open(
        tls: &config::Tls,
        owner: Owner,
        wait: Duration,
        log: Dispatch,
    ) -> Result<Self, StartError> {
        let (source, first) = if tls.workload_api.is_empty() {
            let (files, first) = Files::open(tls, owner).await?;
            (Source::Files(Box::new(files)), first)
        } else {
            let (api, first) = WorkloadApi::open(&tls.workload_api, owner, wait, log).await?;
            (Source::WorkloadApi(api), first)
        };
        let (server, _) = watch::channel(Some(first.server));
        let (client, _) = watch::channel(Some(first.client));
        Ok(Self { server, client, source })
    }

    /// What is shown to callers.
    pub(crate) fn server(&self) -> Shown<ServerConfig> {
        self.server.subscribe()
    }

    /// What is shown to the services behind.
    pub(crate) fn client(&self) -> Shown<ClientConfig> {
        self.client.subscribe()
    }

    /// Follows the source until `stop`. Ends before only when the source is lost for good.
    pub(crate) async fn follow(self, stop: CancellationToken) {
        let change = |change| {
            let (server, client) = match change {
                Change::Renewed(credentials) => (Some(credentials.server), Some(credentials.client)),
                Change::Withdrawn => (None, None),
            };
            self.client.send_replace(client);
            self.server.send_replace(server);
        };
        match self.source {
            Source::Files(mut files) => {
                let mut ticks = tokio::time::interval(LOOK_EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                    files.look().await.map(Change::Renewed).map(change);
                }
            }
            Source::WorkloadApi(mut api) => {
                while let Some(Some(next)) = stop.run_until_cancelled(api.next()).await {
                    change(next);
                }
                api.close().await;
            }
        }
    }
}

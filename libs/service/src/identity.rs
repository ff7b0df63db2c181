//! A service's identity while it runs: a value that follows its source.
//!
//! Decides that each new handshake uses the latest certificate, key and authority that fit together
//! and are this workload's, and that nothing else changes: connections that stand stay as they are,
//! until their age ends them. Whether material is good is `tls`'s to say; `files` reads it.

mod files;

pub(crate) use files::Files;

use crate::config;
use crate::tls::{Credentials, Owner, TlsError};
use rustls::{ClientConfig, ServerConfig};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a handshake uses that begins now.
pub(crate) type Shown<C> = watch::Receiver<Option<Arc<C>>>;

/// The identity, and where it comes from.
#[derive(Debug)]
pub(crate) struct Identity {
    server: watch::Sender<Option<Arc<ServerConfig>>>,
    client: watch::Sender<Option<Arc<ClientConfig>>>,
    files: Files,
}

impl Identity {
    /// Reads the identity for the first time.
    ///
    /// # Errors
    /// What is found is no identity of `owner`'s.
    pub(crate) async fn open(tls: &config::Tls, owner: Owner) -> Result<Self, TlsError> {
        let (files, first) = Files::open(tls, owner).await?;
        let (server, _) = watch::channel(Some(first.server));
        let (client, _) = watch::channel(Some(first.client));
        Ok(Self { server, client, files })
    }

    /// What is shown to callers.
    pub(crate) fn server(&self) -> Shown<ServerConfig> {
        self.server.subscribe()
    }

    /// What is shown to the services behind.
    pub(crate) fn client(&self) -> Shown<ClientConfig> {
        self.client.subscribe()
    }

    /// Follows the source until `stop`.
    pub(crate) async fn follow(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Some(renewed) = self.files.look().await {
                self.renew(renewed);
            }
        }
    }

    fn renew(&self, credentials: Credentials) {
        self.client.send_replace(Some(credentials.client));
        self.server.send_replace(Some(credentials.server));
    }
}

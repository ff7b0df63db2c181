//! What auth tells the mesh: the registry in force, its epoch, and whose session keys are void.
//!
//! The registry is read anew every second. While it cannot be read, or what was told before cannot be,
//! there is no registry: nobody is authenticated and the feed falls silent, so that a revocation that
//! failed to load stops the mesh within the revocation bound instead of being ignored.
//!
//! What was told is kept in a store that all replicas share, so that they tell the same and a restart
//! takes nothing back. A registry that changed while nobody looked voids every session key: what it took
//! away can be told only against the one that was in force.

use crate::registry::Registry;
use crate::source::{Loaded, RegistryError, RegistrySource, Seen};
use splitplane_service::Chain;
use splitplane_store::{Change, Published as Version, Revoked, Store};
use splitplane_types::Digest;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Replicas that publish at once try again so often.
const TRIES_MAX: u32 = 10;

/// One version of what verifiers need to know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Published {
    /// The registry; `None` while there is none that is usable.
    pub(crate) registry: Option<Arc<Registry>>,
    /// Grows with every change of the registry.
    pub(crate) epoch: u64,
    /// Session keys of earlier epochs are void, whoever's they are.
    pub(crate) minimum_epoch: u64,
    /// Session keys of these combinations minted under an earlier epoch are void.
    pub(crate) revocations: BTreeMap<Digest, u64>,
}

/// Follows the registry.
#[derive(Debug)]
pub(crate) struct RegistryState {
    source: RegistrySource,
    store: Store,
    key_lifetime: Duration,
    /// The latest registry that was read, and what its source looked like then.
    last: Option<(Seen, Loaded)>,
    /// The registry that was told to verifiers.
    told: Option<(Version, Arc<Registry>)>,
    published: watch::Sender<Published>,
}

impl RegistryState {
    /// Loads the registry for the first time.
    pub(crate) async fn open(
        source: RegistrySource,
        store: Store,
        key_lifetime: Duration,
        now: SystemTime,
    ) -> Result<Self, RegistryError> {
        let published = watch::Sender::new(Published::default());
        let mut state = Self { source, store, key_lifetime, last: None, told: None, published };
        state.follow(now).await?;
        Ok(state)
    }

    /// The current version, and every later one.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    /// Reads the registry again, and publishes what changed.
    pub(crate) async fn refresh(&mut self, now: SystemTime) {
        if let Err(error) = self.follow(now).await {
            tracing::error!(error = %Chain(&error), "the registry is unusable: nobody is authenticated");
            self.published.send_if_modified(|published| published.registry.take().is_some());
        }
    }

    async fn follow(&mut self, now: SystemTime) -> Result<(), RegistryError> {
        for _ in 0..TRIES_MAX {
            let version = self.store.published().await?;
            // After what was told, so that a replica that is behind does not tell an older one.
            if let Some(newer) = self.source.load(self.last.as_ref().map(|(seen, _)| seen)).await? {
                self.last = Some(newer);
            }
            let Some((_, loaded)) = &self.last else { return Err(RegistryError::Busy) };
            match version {
                Some(version) if version.digest == loaded.digest => {
                    self.tell(version, now);
                    return Ok(());
                }
                version => {
                    let change = self.change(version.as_ref(), loaded, now);
                    if self.store.publish(version.as_ref(), &change, now).await? {
                        tracing::info!(revoked = ?change.revoked, "the registry changed");
                    }
                }
            }
        }
        Err(RegistryError::Busy)
    }

    /// What the registry takes away from the one in force.
    fn change(&self, version: Option<&Version>, loaded: &Loaded, now: SystemTime) -> Change {
        let revoked = match (version, &self.told) {
            (Some(version), Some((told, registry))) if told.digest == version.digest => {
                let keys = registry.revoked_by(&loaded.registry);
                Revoked::Combinations(keys.iter().map(splitplane_types::CompositeKey::digest).collect())
            }
            (Some(_) | None, Some(_) | None) => Revoked::All,
        };
        let epoch = version.map_or(0, |version| version.epoch.saturating_add(1)).max(unix_ms(now));
        let until = now + self.key_lifetime.saturating_mul(2);
        Change { digest: loaded.digest, epoch, revoked, until }
    }

    fn tell(&mut self, version: Version, now: SystemTime) {
        let Some((_, loaded)) = &self.last else { return };
        let registry = match &self.told {
            Some((told, registry)) if told.digest == version.digest => Arc::clone(registry),
            Some(_) | None => Arc::new(loaded.registry.clone()),
        };
        let revocations: BTreeMap<Digest, u64> = version
            .revocations
            .iter()
            .filter(|revocation| revocation.until > now)
            .map(|revocation| (revocation.composite, revocation.epoch))
            .collect();
        self.published.send_if_modified(|published| {
            let is_new = published.registry.is_none()
                || published.epoch != version.epoch
                || published.revocations != revocations;
            *published = Published {
                registry: Some(Arc::clone(&registry)),
                epoch: version.epoch,
                minimum_epoch: version.minimum_epoch,
                revocations,
            };
            is_new
        });
        self.told = Some((version, registry));
    }
}

fn unix_ms(now: SystemTime) -> u64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

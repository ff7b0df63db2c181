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
use splitplane_session::SESSION_LIFETIME_MAX;
use splitplane_store::{Change, Published as Version, Revocation, Revoked, Store};
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
    /// When this was last compared with the registry and with what was told.
    pub(crate) seen_at: Option<SystemTime>,
}

impl Published {
    /// The registry, if it was looked at no longer ago than `age_max`: a process that stood still, or a database
    /// that does not answer, vouches for nobody.
    pub(crate) fn registry(&self, now: SystemTime, age_max: Duration) -> Option<&Arc<Registry>> {
        let seen_at = self.seen_at?;
        let age = now.duration_since(seen_at).unwrap_or_else(|ahead| ahead.duration());
        self.registry.as_ref().filter(|_| age <= age_max)
    }
}

/// Follows the registry.
#[derive(Debug)]
pub(crate) struct RegistryState {
    source: RegistrySource,
    store: Store,
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
        now: SystemTime,
    ) -> Result<Self, RegistryError> {
        let published = watch::Sender::new(Published::default());
        let mut state = Self { source, store, last: None, told: None, published };
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
            self.withdraw(&error);
        }
    }

    /// Nobody is authenticated from now on, until the registry is read anew and as a whole.
    pub(crate) fn withdraw(&mut self, error: &RegistryError) {
        tracing::error!(error = %Chain(error), "the registry is unusable: nobody is authenticated");
        self.last = None;
        self.published.send_if_modified(|published| published.registry.take().is_some());
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
                Some(version) if version.digest == loaded.digest && !self.went_back(&version) => {
                    self.tell(version, now);
                    return Ok(());
                }
                // Somebody else has told a registry that is not here yet, in a file of their own.
                Some(version) if self.is_behind(&version, loaded) => return Err(RegistryError::Behind),
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

    /// Whether what is in force is older than what was told: a database that was restored, say.
    fn went_back(&self, version: &Version) -> bool {
        self.told.as_ref().is_some_and(|(told, _)| told.epoch > version.epoch)
    }

    /// Whether the registry here is still the one that was told, and what is in force came after that.
    fn is_behind(&self, version: &Version, loaded: &Loaded) -> bool {
        let told = self.told.as_ref().map(|(told, _)| told);
        told.is_some_and(|told| told.digest == loaded.digest && told.epoch < version.epoch)
    }

    /// What the registry takes away from the one in force.
    fn change(&self, version: Option<&Version>, loaded: &Loaded, now: SystemTime) -> Change {
        let revoked = match (version, &self.told) {
            (Some(version), Some((told, registry))) if told == version => {
                let keys = registry.revoked_by(&loaded.registry);
                Revoked::Combinations(keys.iter().map(splitplane_types::CompositeKey::digest).collect())
            }
            (Some(_) | None, Some(_) | None) => Revoked::All,
        };
        let told = self.told.as_ref().map(|(told, _)| told);
        let latest = version.into_iter().chain(told).map(|version| version.epoch.saturating_add(1)).max();
        let epoch = latest.unwrap_or(0).max(unix_ms(now));
        // Whatever the lifetime of those that are minted now: others may have been minted with a longer one.
        let until = now + SESSION_LIFETIME_MAX.saturating_mul(2);
        Change { digest: loaded.digest, epoch, revoked, until }
    }

    fn tell(&mut self, version: Version, now: SystemTime) {
        let Some((_, loaded)) = &self.last else { return };
        let registry = match &self.told {
            Some((told, registry)) if told.digest == version.digest => Arc::clone(registry),
            Some(_) | None => Arc::new(loaded.registry.clone()),
        };
        let (listed, over): (Vec<&Revocation>, Vec<&Revocation>) =
            version.revocations.iter().partition(|revocation| revocation.until > now);
        let revocations: BTreeMap<Digest, u64> =
            listed.into_iter().map(|revocation| (revocation.composite, revocation.epoch)).collect();
        // Every honest key that those were about has expired; no other one of that age is to be believed.
        let minimum_epoch =
            over.into_iter().map(|revocation| revocation.epoch).fold(version.minimum_epoch, u64::max);
        self.published.send_if_modified(|published| {
            let is_new = published.registry.is_none()
                || published.epoch != version.epoch
                || published.revocations != revocations;
            *published = Published {
                registry: Some(Arc::clone(&registry)),
                epoch: version.epoch,
                minimum_epoch,
                revocations,
                seen_at: Some(now),
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

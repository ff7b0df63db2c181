//! What auth tells the mesh: the registry in force, its epoch, and whose session keys are void.
//!
//! The registry file is read anew every second. While it cannot be read or parsed there is no
//! registry: nobody is authenticated and the feed falls silent, so that a revocation that failed to
//! load stops the mesh within the revocation bound instead of being ignored.

use crate::registry::{Registry, RegistryError};
use splitplane_types::{CompositeKey, Digest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// One version of what verifiers need to know.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// The registry; `None` while the file is unusable.
    pub(crate) registry: Option<Arc<Registry>>,
    /// Grows with every change of the registry.
    pub(crate) epoch: u64,
    /// Session keys of these combinations minted under an earlier epoch are void.
    pub(crate) revocations: BTreeMap<Digest, Revocation>,
}

/// A combination whose older session keys are void.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Revocation {
    /// Keys of earlier epochs are void.
    pub(crate) epoch: u64,
    /// When the last of those keys has expired by itself.
    until: SystemTime,
}

/// Follows the registry file.
#[derive(Debug)]
pub(crate) struct RegistryState {
    path: PathBuf,
    key_lifetime: Duration,
    last_good: Arc<Registry>,
    file_digest: Digest,
    published: watch::Sender<Published>,
}

impl RegistryState {
    /// Loads the registry for the first time.
    pub(crate) fn open(path: &Path, key_lifetime: Duration, now: SystemTime) -> Result<Self, RegistryError> {
        let (registry, file_digest) = read(path)?;
        let registry = Arc::new(registry);
        let first = Published {
            registry: Some(Arc::clone(&registry)),
            epoch: unix_ms(now),
            revocations: BTreeMap::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            key_lifetime,
            last_good: registry,
            file_digest,
            published: watch::Sender::new(first),
        })
    }

    /// The current version, and every later one.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    /// Reads the file again, and publishes what changed.
    pub(crate) fn refresh(&mut self, now: SystemTime) {
        match read(&self.path) {
            Ok((registry, digest)) => {
                let was_unusable = self.published.borrow().registry.is_none();
                if digest != self.file_digest || was_unusable {
                    self.file_digest = digest;
                    self.publish(Arc::new(registry), now);
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the registry is unusable: nobody is authenticated");
                self.published.send_if_modified(|published| published.registry.take().is_some());
            }
        }
        self.published.send_if_modified(|published| {
            let before = published.revocations.len();
            published.revocations.retain(|_, revocation| revocation.until > now);
            published.revocations.len() != before
        });
    }

    fn publish(&mut self, registry: Arc<Registry>, now: SystemTime) {
        let revoked: Vec<CompositeKey> = self.last_good.revoked_by(&registry);
        let until = now + self.key_lifetime.saturating_mul(2);
        self.last_good = Arc::clone(&registry);
        self.published.send_modify(|published| {
            published.epoch = unix_ms(now).max(published.epoch + 1);
            published.registry = Some(registry);
            for key in &revoked {
                let revocation = Revocation { epoch: published.epoch, until };
                published.revocations.insert(key.digest(), revocation);
            }
        });
        tracing::info!(revoked = revoked.len(), "the registry changed");
    }
}

fn read(path: &Path) -> Result<(Registry, Digest), RegistryError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| RegistryError::Read { path: path.to_owned(), source })?;
    Ok((Registry::parse(path, &text)?, Digest::of(text.as_bytes())))
}

fn unix_ms(now: SystemTime) -> u64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "
version: 1
principals: [{ id: p, bootstraps: [], speaks_for: [{ tenant: t, business: b, admin: a }] }]
combinations: [{ tenant: t, business: b, admin: a, role: member, active: true }]
";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn opened() -> (tempfile::TempDir, PathBuf, RegistryState) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.yaml");
        std::fs::write(&path, REGISTRY).unwrap();
        let state = RegistryState::open(&path, Duration::from_secs(120), at(1_000)).unwrap();
        (folder, path, state)
    }

    #[test]
    fn disabling_an_admin_revokes_until_the_last_key_has_expired() {
        let (_folder, path, mut state) = opened();
        let feed = state.subscribe();
        let before = feed.borrow().epoch;
        std::fs::write(&path, REGISTRY.replace("true", "false")).unwrap();
        state.refresh(at(1_001));
        let key: CompositeKey = "t/b/a".parse().unwrap();
        let published = feed.borrow().clone();
        assert!(published.epoch > before);
        assert_eq!(published.revocations.get(&key.digest()).unwrap().epoch, published.epoch);
        state.refresh(at(1_001 + 239));
        assert_eq!(feed.borrow().revocations.len(), 1);
        state.refresh(at(1_001 + 241));
        assert_eq!(feed.borrow().revocations.len(), 0);
    }

    #[test]
    fn an_unusable_file_leaves_nobody_in_and_loses_no_revocation() {
        let (_folder, path, mut state) = opened();
        let feed = state.subscribe();
        std::fs::write(&path, "version: 1\nprincipals: [").unwrap();
        state.refresh(at(1_001));
        assert!(feed.borrow().registry.is_none());
        std::fs::write(&path, REGISTRY.replace("true", "false")).unwrap();
        state.refresh(at(1_002));
        assert!(feed.borrow().registry.is_some());
        assert_eq!(feed.borrow().revocations.len(), 1);
    }

    #[test]
    fn an_unchanged_file_changes_nothing() {
        let (_folder, _path, mut state) = opened();
        let mut feed = state.subscribe();
        feed.mark_unchanged();
        state.refresh(at(1_001));
        assert!(!feed.has_changed().unwrap());
    }
}

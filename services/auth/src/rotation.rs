//! The keys that sign session keys, over time.
//!
//! Decides when another key is taken: when the file holds one, and when the one in use has got old. That no
//! session key fails because of it is the ring's to see to.

use crate::keys;
use ring::digest::{SHA256, digest};
use splitplane_session::{KeyRing, Minter, PublicKey, SigningKey};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// Follows the key file and the age of the key in use.
#[derive(Debug)]
pub(crate) struct Rotation {
    file: PathBuf,
    every: Option<Duration>,
    ring: KeyRing,
    /// Of the key that was last taken from the file.
    seen: Vec<u8>,
    since: SystemTime,
    minter: Arc<Minter>,
    published: watch::Sender<Vec<PublicKey>>,
}

impl Rotation {
    /// Begins with the key that `minter` signs with.
    pub(crate) fn new(
        (file, text, key): (PathBuf, &str, Arc<SigningKey>),
        ring: KeyRing,
        minter: Arc<Minter>,
        every: Option<Duration>,
        now: SystemTime,
    ) -> Self {
        let published = watch::Sender::new(vec![key.public_key()]);
        Self { file, every, ring, seen: fingerprint(text), since: now, minter, published }
    }

    /// The keys that verifiers must know, and every later set of them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Vec<PublicKey>> {
        self.published.subscribe()
    }

    /// Looks at the file and at the clock, and publishes what changed.
    pub(crate) fn refresh(&mut self, now: SystemTime) {
        match std::fs::read_to_string(&self.file) {
            Ok(text) if fingerprint(&text) != self.seen => {
                match SigningKey::from_pkcs8_pem(&text) {
                    Ok(key) => self.stage(Arc::new(key), now),
                    // The old key goes on: it is good until somebody takes it away.
                    Err(error) => tracing::error!(%error, "the new session-signing key cannot be used"),
                }
                self.seen = fingerprint(&text);
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the session-signing key's file cannot be read"),
        }
        let is_old =
            self.every.is_some_and(|every| now.duration_since(self.since).is_ok_and(|age| age >= every));
        if is_old {
            match SigningKey::generate() {
                Ok((key, _pem)) => self.stage(Arc::new(key), now),
                Err(error) => tracing::error!(%error, "no new session-signing key can be made"),
            }
        }
        self.ring.advance(now);
        self.minter.use_key(self.ring.current());
        let keys = self.ring.public_keys();
        self.published.send_if_modified(|published| {
            let is_new = *published != keys;
            published.clone_from(&keys);
            is_new
        });
    }

    fn stage(&mut self, key: Arc<SigningKey>, now: SystemTime) {
        tracing::info!(kid = key.public_key().kid(), "another session-signing key is on its way");
        self.ring.stage(key, now);
        self.since = now;
    }
}

/// Tells two contents of the key file apart without keeping either.
fn fingerprint(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Reads the key file for the first time.
pub(crate) fn open(
    path: &std::path::Path,
) -> Result<(PathBuf, String, Arc<SigningKey>), splitplane_service::StartError> {
    let (text, key) = keys::signing_key(path)?;
    Ok((path.to_owned(), text, Arc::new(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::time::UNIX_EPOCH;

    const LEAD: Duration = Duration::from_secs(5);
    const LIFETIME: Duration = Duration::from_secs(120);

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn rotation(every: Option<Duration>) -> (tempfile::TempDir, Rotation) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.key");
        std::fs::write(&path, SigningKey::generate().unwrap().1.expose_secret()).unwrap();
        let (path, text, key) = open(&path).unwrap();
        let minter = Minter::new(Arc::clone(&key), "issuer".into(), "domain".into(), LIFETIME);
        let ring = KeyRing::new(Arc::clone(&key), LEAD, LIFETIME);
        let rotation = Rotation::new((path, &text, key), ring, Arc::new(minter), every, at(0));
        (folder, rotation)
    }

    #[test]
    fn a_new_key_in_the_file_is_shown_before_it_signs_and_the_old_one_until_its_tokens_are_gone() {
        let (_folder, mut rotation) = rotation(None);
        let mut feed = rotation.subscribe();
        let old = rotation.ring.current().public_key();
        rotation.refresh(at(1));
        assert!(!feed.has_changed().unwrap());
        let (key, pem) = SigningKey::generate().unwrap();
        std::fs::write(&rotation.file, pem.expose_secret()).unwrap();
        rotation.refresh(at(2));
        assert_eq!(*feed.borrow_and_update(), [old.clone(), key.public_key()]);
        rotation.refresh(at(6));
        assert_eq!(rotation.ring.current().public_key(), old);
        rotation.refresh(at(7));
        assert_eq!(rotation.ring.current().public_key(), key.public_key());
        assert_eq!(*feed.borrow_and_update(), [key.public_key(), old]);
        rotation.refresh(at(7 + 120));
        assert_eq!(*feed.borrow_and_update(), [key.public_key()]);
    }

    #[test]
    fn a_file_that_is_gone_or_broken_leaves_the_key_in_use() {
        let (_folder, mut rotation) = rotation(None);
        let mut feed = rotation.subscribe();
        std::fs::write(&rotation.file, "no key").unwrap();
        rotation.refresh(at(1));
        std::fs::remove_file(&rotation.file).unwrap();
        rotation.refresh(at(2));
        assert!(!feed.has_changed().unwrap() && feed.borrow_and_update().len() == 1);
    }

    #[test]
    fn a_key_that_has_got_old_is_replaced() {
        let (_folder, mut rotation) = rotation(Some(Duration::from_secs(60)));
        let first = rotation.ring.current().public_key();
        for second in 0..=59 {
            rotation.refresh(at(second));
            assert_eq!(rotation.subscribe().borrow().len(), 1);
        }
        for second in 60..=64 {
            rotation.refresh(at(second));
            assert_eq!(rotation.ring.current().public_key(), first);
        }
        rotation.refresh(at(65));
        assert_ne!(rotation.ring.current().public_key(), first);
        for second in 66..=300 {
            rotation.refresh(at(second));
        }
        assert!(!rotation.subscribe().borrow().contains(&first));
    }
}

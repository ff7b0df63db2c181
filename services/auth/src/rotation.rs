//! The keys that sign session keys, over time.
//!
//! Decides when another key is taken: when the file holds one, when the one in use has got old, or when a root has
//! vouched for one. That no session key fails because of it is the ring's to see to. A key whose certificate is
//! about to expire is neither signed with nor shown: verifiers that pin the root would take nothing of a feed with it.

use crate::certified::CertifiedKey;
use ring::digest::{SHA256, digest};
use splitplane_session::{KeyCertificate, KeyRing, Minter, OfferedKey, PublicKey, SigningKey};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};

/// Where keys come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file, and the age of the key in use.
    File(File),
    /// Keys that a root has vouched for.
    Certified(Certified),
}

#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    every: Option<Duration>,
    /// Of the key that was last taken from the file.
    seen: Vec<u8>,
    since: SystemTime,
}

#[derive(Debug)]
pub(crate) struct Certified {
    keys: mpsc::Receiver<CertifiedKey>,
    /// How much before its certificate's expiry a key ends: what clocks may differ by, and feeds be late.
    margin: Duration,
    /// Of the keys in the ring.
    certificates: Vec<(PublicKey, KeyCertificate, SystemTime)>,
}

/// Follows the source of keys.
#[derive(Debug)]
pub(crate) struct Rotation {
    source: Source,
    ring: KeyRing,
    minter: Arc<Minter>,
    published: watch::Sender<Vec<OfferedKey>>,
}

impl Source {
    /// A file, with what stood in it.
    pub(crate) fn file(path: PathBuf, text: &str, every: Option<Duration>, now: SystemTime) -> Self {
        Self::File(File { path, every, seen: fingerprint(text), since: now })
    }

    /// Keys that come with certificates, after the one that signs first.
    pub(crate) fn certified(
        first: CertifiedKey,
        keys: mpsc::Receiver<CertifiedKey>,
        margin: Duration,
    ) -> Self {
        let certificates = vec![(first.key.public_key(), first.certificate, first.expires_at)];
        Self::Certified(Certified { keys, margin, certificates })
    }

    /// The keys that are to sign next, the latest last.
    fn arrived(&mut self, now: SystemTime) -> Vec<Arc<SigningKey>> {
        match self {
            Self::File(file) => file.arrived(now),
            Self::Certified(certified) => certified.arrived(),
        }
    }

    /// What is shown of a key, and until when it may be: nothing once its certificate ends.
    fn offered(&self, key: PublicKey, now: SystemTime) -> Option<OfferedKey> {
        match self {
            Self::File(_) => Some(key.into()),
            Self::Certified(certified) => {
                let (certificate, until) = certified.of(&key)?;
                (now < until).then(|| OfferedKey { key, certificate: Some(certificate.clone()) })
            }
        }
    }

    /// Until when a key may sign; `None` is for ever.
    fn until(&self, key: &PublicKey, now: SystemTime) -> Option<SystemTime> {
        match self {
            Self::File(_) => None,
            // A key of which nothing is known signs nothing from now on.
            Self::Certified(certified) => Some(certified.of(key).map_or(now, |(_, until)| until)),
        }
    }
}

impl File {
    fn arrived(&mut self, now: SystemTime) -> Vec<Arc<SigningKey>> {
        let mut arrived = Vec::new();
        match std::fs::read_to_string(&self.path) {
            Ok(text) if fingerprint(&text) != self.seen => {
                match SigningKey::from_pkcs8_pem(&text) {
                    Ok(key) => arrived.push(Arc::new(key)),
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
        if is_old && arrived.is_empty() {
            match SigningKey::generate() {
                Ok((key, _pem)) => arrived.push(Arc::new(key)),
                Err(error) => tracing::error!(%error, "no new session-signing key can be made"),
            }
        }
        if !arrived.is_empty() {
            self.since = now;
        }
        arrived
    }
}

impl Certified {
    fn arrived(&mut self) -> Vec<Arc<SigningKey>> {
        let mut arrived = Vec::new();
        while let Ok(CertifiedKey { key, certificate, expires_at }) = self.keys.try_recv() {
            self.certificates.push((key.public_key(), certificate, expires_at));
            arrived.push(key);
        }
        arrived
    }

    fn of(&self, key: &PublicKey) -> Option<(&KeyCertificate, SystemTime)> {
        let (_, certificate, expires_at) = self.certificates.iter().find(|(of, ..)| of == key)?;
        Some((certificate, expires_at.checked_sub(self.margin)?))
    }
}

impl Rotation {
    /// Begins with the key that `minter` signs with.
    pub(crate) fn new(source: Source, ring: KeyRing, minter: Arc<Minter>, now: SystemTime) -> Self {
        let rotation = Self { source, ring, minter, published: watch::Sender::new(Vec::new()) };
        rotation.publish(now);
        rotation
    }

    /// What mints with these keys.
    pub(crate) fn minter(&self) -> Arc<Minter> {
        Arc::clone(&self.minter)
    }

    /// The keys that verifiers must know, and every later set of them.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Vec<OfferedKey>> {
        self.published.subscribe()
    }

    /// Looks at the source and at the clock, and publishes what changed.
    pub(crate) fn refresh(&mut self, now: SystemTime) {
        for key in self.source.arrived(now) {
            tracing::info!(kid = key.public_key().kid(), "another session-signing key is on its way");
            self.ring.stage(key, now);
        }
        self.ring.advance(now);
        if let Source::Certified(certified) = &mut self.source {
            let keys = self.ring.public_keys();
            certified.certificates.retain(|(key, ..)| keys.contains(key));
        }
        self.publish(now);
    }

    fn publish(&self, now: SystemTime) {
        let current = self.ring.current();
        let until = self.source.until(&current.public_key(), now);
        self.minter.use_key(current, until);
        let keys: Vec<OfferedKey> =
            self.ring.public_keys().into_iter().filter_map(|key| self.source.offered(key, now)).collect();
        self.published.send_if_modified(|published| {
            let is_new = *published != keys;
            published.clone_from(&keys);
            is_new
        });
    }
}

/// Tells two contents of the key file apart without keeping either.
fn fingerprint(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests;

//! What a service trusts at this moment: the keys and revocations of the feed, and how old they are.
//!
//! Does not fetch the feed. An unknown key is refused; it never causes I/O.

use crate::PublicKey;
use crate::cache::Cache;
use crate::jws::{Kind, KnownKey};
use splitplane_types::Digest;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};

/// The whole state that `auth` streams.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Keys that may have signed session keys.
    pub session_keys: Vec<PublicKey>,
    /// Keys that may have signed receipts.
    pub receipt_keys: Vec<PublicKey>,
    /// Digests of composite keys; session keys minted under an earlier epoch are void.
    pub revocations: Vec<(Digest, u64)>,
    /// Session keys minted under an earlier epoch are void, whoever's they are.
    pub minimum_epoch: u64,
    /// Epoch of the registry.
    pub epoch: u64,
}

#[derive(Debug)]
pub(crate) struct Trusted {
    session_keys: Vec<KnownKey>,
    receipt_keys: Vec<KnownKey>,
    revoked: HashMap<Digest, u64>,
    minimum_epoch: u64,
    epoch: u64,
    received_at: SystemTime,
    /// Grows whenever the keys for session keys are others than before.
    generation: u64,
}

impl Trusted {
    fn new(feed: Feed, received_at: SystemTime, before: Option<&Self>) -> Self {
        let generation = match before {
            Some(before) if before.has_session_keys(&feed.session_keys) => before.generation,
            Some(before) => before.generation + 1,
            None => 0,
        };
        let known =
            |kind, keys: Vec<PublicKey>| keys.into_iter().map(|key| KnownKey::new(kind, key)).collect();
        let mut revoked = HashMap::new();
        for (composite, epoch) in feed.revocations {
            let latest = revoked.entry(composite).or_insert(epoch);
            *latest = epoch.max(*latest);
        }
        Self {
            session_keys: known(Kind::SessionKey, feed.session_keys),
            receipt_keys: known(Kind::Receipt, feed.receipt_keys),
            revoked,
            minimum_epoch: feed.minimum_epoch,
            epoch: feed.epoch,
            received_at,
            generation,
        }
    }

    fn has_session_keys(&self, keys: &[PublicKey]) -> bool {
        self.session_keys.iter().map(KnownKey::key).eq(keys)
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(crate) fn session_keys(&self) -> &[KnownKey] {
        &self.session_keys
    }

    pub(crate) fn receipt_keys(&self) -> &[KnownKey] {
        &self.receipt_keys
    }

    /// Session keys of the combination that were minted under an earlier epoch are void.
    pub(crate) fn earliest(&self, composite: &Digest) -> u64 {
        self.revoked.get(composite).copied().unwrap_or(0).max(self.minimum_epoch)
    }
}

/// Verifies session keys and receipts against the latest feed.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    trust_domain: String,
    staleness_max: Duration,
    trusted: RwLock<Option<Arc<Trusted>>>,
    cache: Cache,
}

impl Verifier {
    /// Accepts keys of `issuer` for `trust_domain`, while the feed is no older than
    /// `staleness_max`. Refuses everything until the first [`Verifier::update`].
    #[must_use]
    pub fn new(issuer: String, trust_domain: String, staleness_max: Duration) -> Self {
        Self { issuer, trust_domain, staleness_max, trusted: RwLock::new(None), cache: Cache::default() }
    }

    /// Replaces what is trusted, and says whether it did.
    ///
    /// The registry's epoch never decreases. A feed with a lower one is older than what is held and
    /// would bring revoked people back, so it is dropped and the held one goes on ageing.
    pub fn update(&self, feed: Feed, received_at: SystemTime) -> bool {
        let Ok(mut trusted) = self.trusted.write() else { return false };
        if trusted.as_ref().is_some_and(|held| held.epoch > feed.epoch) {
            return false;
        }
        *trusted = Some(Arc::new(Trusted::new(feed, received_at, trusted.as_deref())));
        true
    }

    /// Whether anything can be verified at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        self.trusted(now).is_some()
    }

    /// What is trusted at `now`: nothing without a feed, and nothing by a feed that is too old.
    pub(crate) fn trusted(&self, now: SystemTime) -> Option<Arc<Trusted>> {
        let trusted = self.trusted.read().ok()?.clone()?;
        // A clock that was set back would make an old feed look young for as long as it was set back.
        let age = match now.duration_since(trusted.received_at) {
            Ok(age) => age,
            Err(ahead) => ahead.duration(),
        };
        (age <= self.staleness_max).then_some(trusted)
    }

    pub(crate) const fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For whose services keys are accepted.
    #[must_use]
    pub fn trust_domain(&self) -> &str {
        &self.trust_domain
    }
}

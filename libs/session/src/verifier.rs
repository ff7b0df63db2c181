//! What a service trusts at this moment: the keys and revocations of the feed, and how old they are.
//!
//! Does not fetch the feed. An unknown key is refused; it never causes I/O. Where a root is pinned, a feed counts
//! only if the root vouches for each of its session-signing keys: whoever speaks for `auth` cannot add one.

use crate::cache::Cache;
use crate::jws::{Kind, KnownKey};
use crate::{FeedRefused, KeyCertificate, KeyRoot, PublicKey, TokenError};
use splitplane_types::Digest;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// The whole state that `auth` streams.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Keys that may have signed session keys.
    pub session_keys: Vec<OfferedKey>,
    /// Keys that may have signed receipts.
    pub receipt_keys: Vec<PublicKey>,
    /// Keys that may have signed conversations.
    pub conversation_keys: Vec<PublicKey>,
    /// Digests of composite keys; session keys minted under an earlier epoch are void.
    pub revocations: Vec<(Digest, u64)>,
    /// Session keys minted under an earlier epoch are void, whoever's they are.
    pub minimum_epoch: u64,
    /// Epoch of the registry.
    pub epoch: u64,
}

/// A session-signing key as it is offered, and what is said to vouch for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedKey {
    /// The key.
    pub key: PublicKey,
    /// Its certificate; looked at where a root is pinned, and needed there.
    pub certificate: Option<KeyCertificate>,
}

impl From<PublicKey> for OfferedKey {
    fn from(key: PublicKey) -> Self {
        Self { key, certificate: None }
    }
}

#[derive(Debug)]
pub(crate) struct Trusted {
    session_keys: Vec<KnownKey>,
    receipt_keys: Vec<KnownKey>,
    conversation_keys: Vec<KnownKey>,
    revoked: HashMap<Digest, u64>,
    minimum_epoch: u64,
    epoch: u64,
    received_at: SystemTime,
    /// Grows whenever the keys for session keys, or the times for which they are known, are others than before.
    generation: u64,
}

impl Trusted {
    fn new(session_keys: Vec<KnownKey>, feed: Feed, received_at: SystemTime, before: Option<&Self>) -> Self {
        let generation = match before {
            Some(before) if before.session_keys == session_keys => before.generation,
            Some(before) => before.generation + 1,
            None => 0,
        };
        let mut revoked = HashMap::new();
        for (composite, epoch) in feed.revocations {
            let latest = revoked.entry(composite).or_insert(epoch);
            *latest = epoch.max(*latest);
        }
        Self {
            session_keys,
            receipt_keys: KnownKey::all(Kind::Receipt, feed.receipt_keys),
            conversation_keys: KnownKey::all(Kind::Conversation, feed.conversation_keys),
            revoked,
            minimum_epoch: feed.minimum_epoch,
            epoch: feed.epoch,
            received_at,
            generation,
        }
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

    pub(crate) fn conversation_keys(&self) -> &[KnownKey] {
        &self.conversation_keys
    }

    /// Session keys of the combination that were minted under an earlier epoch are void.
    pub(crate) fn earliest(&self, composite: &Digest) -> u64 {
        self.revoked.get(composite).copied().unwrap_or(0).max(self.minimum_epoch)
    }
}

/// Verifies session keys, receipts and conversations against the latest feed.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    trust_domain: String,
    root: Option<KeyRoot>,
    staleness_max: Duration,
    trusted: RwLock<Option<Arc<Trusted>>>,
    cache: Cache,
}

impl Verifier {
    /// Accepts keys of `issuer` for `trust_domain`, while the feed is no older than
    /// `staleness_max`. Refuses everything until the first [`Verifier::update`].
    #[must_use]
    pub fn new(issuer: String, trust_domain: String, staleness_max: Duration) -> Self {
        Self {
            issuer,
            trust_domain,
            root: None,
            staleness_max,
            trusted: RwLock::new(None),
            cache: Cache::default(),
        }
    }

    /// Takes no feed from now on in which this root does not vouch for every session-signing key.
    #[must_use]
    pub fn with_root(self, root: PublicKey) -> Self {
        let root = KeyRoot::new(root, self.issuer.clone(), self.trust_domain.clone());
        Self { root: Some(root), ..self }
    }

    /// Replaces what is trusted, as a whole or not at all.
    ///
    /// # Errors
    /// See [`FeedRefused`]: the registry's epoch, which never decreases, is lower than before, or a key has no
    /// certificate of the root's. One whose certificate does not hold at this moment is left out.
    pub fn update(&self, mut feed: Feed, received_at: SystemTime) -> Result<(), FeedRefused> {
        let offered = std::mem::take(&mut feed.session_keys).into_iter();
        let vouched = offered.filter_map(|key| match self.vouched(key, received_at) {
            // Genuine, and not of this moment: clocks may differ, and the other keys are no worse for it.
            Err(FeedRefused::Certificate(TokenError::NotYetValid | TokenError::Expired)) => None,
            other => Some(other),
        });
        let session_keys = vouched.collect::<Result<_, _>>()?;
        let mut trusted = self.trusted.write().unwrap_or_else(PoisonError::into_inner);
        if trusted.as_ref().is_some_and(|held| held.epoch > feed.epoch) {
            return Err(FeedRefused::Older);
        }
        *trusted = Some(Arc::new(Trusted::new(session_keys, feed, received_at, trusted.as_deref())));
        Ok(())
    }

    fn vouched(&self, offered: OfferedKey, now: SystemTime) -> Result<KnownKey, FeedRefused> {
        let Some(root) = &self.root else { return Ok(KnownKey::new(Kind::SessionKey, offered.key)) };
        let certificate = offered.certificate.ok_or(FeedRefused::Uncertified)?;
        let verified = root.verify(&certificate, now)?;
        if *verified.key() != offered.key {
            return Err(FeedRefused::OtherKey);
        }
        Ok(KnownKey::new(Kind::SessionKey, offered.key).until(verified.expires_at()))
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

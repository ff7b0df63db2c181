//! Follows auth's feed of key sets and revocations.
//!
//! Decides when to connect again, and nothing about freshness: a feed that stays away makes the
//! verifier refuse, by its own clock.

use crate::backoff::Backoff;
use crate::client::Upstream;
use crate::clock::Clock;
use crate::health::Readiness;
use crate::key_root::key_root;
use crate::layers::RequireSession;
use crate::start::{Start, StartError};
use crate::status::Chain;
use splitplane_proto::auth::v1::auth_service_client::AuthServiceClient;
use splitplane_proto::auth::v1::{KeyPurpose, VerifyingKey, WatchRequest, WatchResponse};
use splitplane_session::{Feed, FeedRefused, KeyCertificate, OfferedKey, PublicKey, Verifier};
use splitplane_types::Digest;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::Status;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };

/// A verifier of session keys, and what keeps it fresh.
#[derive(Debug)]
pub struct SessionFeed {
    auth: Upstream,
    verifier: Arc<Verifier>,
    clock: Clock,
    silence_max: Duration,
}

/// Why the feed broke off.
#[derive(Debug, thiserror::Error)]
enum FeedError {
    #[error("auth refused or left")]
    Status(#[from] Status),
    #[error("auth ended the feed")]
    Ended,
    #[error("auth was silent for too long")]
    Silent,
    #[error("auth sent something that is no key set")]
    Malformed,
    #[error("auth sent what is not to be trusted")]
    Refused(#[from] FeedRefused),
}

impl FeedError {
    /// Does not heal by itself: the pinned root and the one that auth's keys are certified by differ, or somebody
    /// else speaks in auth's place.
    const fn is_of_the_root(&self) -> bool {
        match self {
            Self::Refused(FeedRefused::Uncertified | FeedRefused::Certificate(_) | FeedRefused::OtherKey) => {
                true
            }
            Self::Refused(FeedRefused::Older)
            | Self::Status(_)
            | Self::Ended
            | Self::Silent
            | Self::Malformed => false,
        }
    }
}

impl SessionFeed {
    /// A verifier for this mesh. It refuses everything until the feed is followed.
    ///
    /// # Errors
    /// The root that the mesh pins cannot be read.
    pub fn new(start: &Start, auth: Upstream) -> Result<Self, StartError> {
        let mesh = start.mesh();
        let verifier = Verifier::new(mesh.issuer.clone(), mesh.trust_domain.clone(), mesh.revocation_bound);
        let verifier = match key_root(mesh)? {
            Some(root) => verifier.with_root(root),
            None => verifier,
        };
        Ok(Self {
            auth,
            verifier: Arc::new(verifier),
            clock: start.clock().clone(),
            silence_max: mesh.revocation_bound,
        })
    }

    /// The verifier.
    #[must_use]
    pub fn verifier(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier)
    }

    /// The identity layer that verifies by it.
    #[must_use]
    pub fn require_session(&self) -> RequireSession {
        RequireSession::new(self.verifier(), self.clock.clone())
    }

    /// Ready while the feed is fresh and `also` holds.
    pub fn readiness(&self, also: impl Fn() -> bool + Send + Sync + 'static) -> Readiness {
        let (verifier, clock) = (self.verifier(), self.clock.clone());
        Readiness::when(move || verifier.is_fresh(clock.now()) && also())
    }

    /// Follows the feed until `stop`.
    pub async fn follow(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.follow_forever()).await;
    }

    async fn follow_forever(&self) {
        let mut failures = 0;
        loop {
            let mut updates = 0_u64;
            if let Err(error) = self.watch(&mut updates).await {
                // Information while the verifier is still fresh: auth may just have been replaced.
                let is_fresh = self.verifier.is_fresh(self.clock.now());
                if error.is_of_the_root() {
                    tracing::error!(is_fresh, error = %Chain(&error), "the session feed is not the root's");
                } else {
                    tracing::info!(is_fresh, error = %Chain(&error), "the session feed broke off");
                }
            }
            failures = if updates > 0 { 0 } else { failures + 1 };
            BACKOFF.pause(failures).await;
        }
    }

    async fn watch(&self, updates: &mut u64) -> Result<(), FeedError> {
        let mut auth = AuthServiceClient::new(self.auth.clone());
        let mut stream = self.heard(auth.watch(WatchRequest {})).await??.into_inner();
        loop {
            let state = self.heard(stream.message()).await??.ok_or(FeedError::Ended)?;
            let feed = feed_of(state).ok_or(FeedError::Malformed)?;
            self.verifier.update(feed, self.clock.now())?;
            *updates += 1;
        }
    }

    /// A feed that is silent for as long as it may be stale is no feed.
    async fn heard<F: Future>(&self, next: F) -> Result<F::Output, FeedError> {
        tokio::time::timeout(self.silence_max, next).await.or(Err(FeedError::Silent))
    }
}

/// The state as a whole, or nothing: half a key set would refuse those whose key is in the other.
fn feed_of(state: WatchResponse) -> Option<Feed> {
    let (mut session_keys, mut receipt_keys, mut conversation_keys) = (Vec::new(), Vec::new(), Vec::new());
    for key in state.keys {
        match key.purpose() {
            KeyPurpose::Session => session_keys.push(offered_key(&key)?),
            KeyPurpose::Receipt => receipt_keys.push(public_key(&key)?),
            KeyPurpose::Conversation => conversation_keys.push(public_key(&key)?),
            KeyPurpose::Unspecified => return None,
        }
    }
    let revocations = state.revocations.into_iter().map(|revocation| {
        let composite = Digest::try_from(revocation.composite_digest.as_slice()).ok()?;
        Some((composite, revocation.epoch))
    });
    Some(Feed {
        session_keys,
        receipt_keys,
        conversation_keys,
        revocations: revocations.collect::<Option<_>>()?,
        minimum_epoch: state.minimum_epoch,
        epoch: state.epoch,
    })
}

fn offered_key(key: &VerifyingKey) -> Option<OfferedKey> {
    let certificate = Some(key.certificate.as_str()).filter(|text| !text.is_empty());
    Some(OfferedKey { key: public_key(key)?, certificate: certificate.map(KeyCertificate::from_wire) })
}

fn public_key(key: &VerifyingKey) -> Option<PublicKey> {
    PublicKey::from_point(&key.public_key).ok().filter(|public| public.kid() == key.kid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_proto::auth::v1::Revocation;
    use splitplane_session::SigningKey;

    fn state() -> WatchResponse {
        let (key, _) = SigningKey::generate().unwrap();
        let public = key.public_key();
        let wire = |purpose: KeyPurpose| VerifyingKey {
            kid: public.kid().to_owned(),
            purpose: purpose.into(),
            public_key: public.point().to_vec(),
            certificate: "of this key".to_owned(),
        };
        WatchResponse {
            keys: vec![
                wire(KeyPurpose::Session),
                wire(KeyPurpose::Receipt),
                wire(KeyPurpose::Receipt),
                wire(KeyPurpose::Conversation),
            ],
            revocations: vec![Revocation { composite_digest: vec![7; 32], epoch: 3 }],
            epoch: 9,
            minimum_epoch: 4,
        }
    }

    #[test]
    fn a_state_becomes_a_feed_as_a_whole() {
        let feed = feed_of(state()).unwrap();
        assert_eq!((feed.session_keys.len(), feed.receipt_keys.len()), (1, 2));
        assert_eq!(feed.conversation_keys.len(), 1);
        assert_eq!((feed.epoch, feed.minimum_epoch), (9, 4));
        let certificate = feed.session_keys[0].certificate.clone().unwrap();
        assert_eq!(certificate.as_str(), "of this key");
        assert_eq!(feed.revocations, vec![(Digest::from([7; 32]), 3)]);
    }

    #[test]
    fn a_state_with_anything_wrong_in_it_is_no_feed() {
        let broken: [fn(&mut WatchResponse); 7] = [
            |state| state.keys[1].purpose = 0,
            |state| state.keys[1].purpose = 77,
            |state| state.keys[2].kid.push('x'),
            |state| state.keys[3].kid.push('x'),
            |state| state.keys[0].public_key.truncate(64),
            |state| state.keys[0].kid.push('x'),
            |state| state.revocations[0].composite_digest.truncate(31),
        ];
        for breaks in broken {
            let mut state = state();
            breaks(&mut state);
            assert!(feed_of(state).is_none());
        }
    }
}

//! The feed of key sets and revocations: the whole state at once, at every change, and every second.
//!
//! While there is no usable registry nothing is sent, so that verifiers refuse once their bound has
//! passed.

use crate::state::Published;
use futures::stream::{self, BoxStream};
use splitplane_proto::auth::v1::{KeyPurpose, Revocation, VerifyingKey, WatchResponse};
use splitplane_service::Clock;
use splitplane_session::{OfferedKey, PublicKey};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};
use tonic::Status;

/// How often the state is sent when nothing changes.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// What every stream of the feed is made from.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) session_keys: watch::Receiver<Vec<OfferedKey>>,
    pub(crate) receipt_keys: watch::Receiver<Vec<PublicKey>>,
    pub(crate) conversation_keys: watch::Receiver<Vec<PublicKey>>,
    pub(crate) state: watch::Receiver<Published>,
    /// Oldest look at the registry that is still told.
    pub(crate) age_max: Duration,
    pub(crate) clock: Clock,
}

impl Feed {
    /// A new stream, which begins with the whole state and never ends by itself.
    pub(crate) fn stream(&self) -> BoxStream<'static, Result<WatchResponse, Status>> {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let follow = Follow {
            session_keys: self.session_keys.clone(),
            receipt_keys: self.receipt_keys.clone(),
            conversation_keys: self.conversation_keys.clone(),
            state: self.state.clone(),
            age_max: self.age_max,
            clock: self.clock.clone(),
            heartbeat,
        };
        Box::pin(stream::unfold(follow, |mut follow| async {
            let response = follow.next().await?;
            Some((Ok(response), follow))
        }))
    }
}

struct Follow {
    session_keys: watch::Receiver<Vec<OfferedKey>>,
    receipt_keys: watch::Receiver<Vec<PublicKey>>,
    conversation_keys: watch::Receiver<Vec<PublicKey>>,
    state: watch::Receiver<Published>,
    age_max: Duration,
    clock: Clock,
    heartbeat: Interval,
}

impl Follow {
    /// The next state to send; `None` when auth stops.
    async fn next(&mut self) -> Option<WatchResponse> {
        loop {
            tokio::select! {
                _ = self.heartbeat.tick() => {}
                changed = self.state.changed() => changed.ok()?,
                changed = self.session_keys.changed() => changed.ok()?,
                changed = self.receipt_keys.changed() => changed.ok()?,
                changed = self.conversation_keys.changed() => changed.ok()?,
            }
            let published = self.state.borrow_and_update();
            if published.registry(self.clock.now(), self.age_max).is_some() {
                let session_keys = self.session_keys.borrow_and_update();
                let session = session_keys.iter().map(session_key);
                let receipt_keys = self.receipt_keys.borrow_and_update();
                let receipt = receipt_keys.iter().map(|key| verifying_key(key, KeyPurpose::Receipt));
                let conversation_keys = self.conversation_keys.borrow_and_update();
                let conversation =
                    conversation_keys.iter().map(|key| verifying_key(key, KeyPurpose::Conversation));
                return Some(WatchResponse {
                    keys: session.chain(receipt).chain(conversation).collect(),
                    revocations: published
                        .revocations
                        .iter()
                        .map(|(digest, epoch)| Revocation {
                            composite_digest: digest.as_bytes().to_vec(),
                            epoch: *epoch,
                        })
                        .collect(),
                    epoch: published.epoch,
                    minimum_epoch: published.minimum_epoch,
                });
            }
        }
    }
}

fn session_key(offered: &OfferedKey) -> VerifyingKey {
    let certificate = offered.certificate.as_ref().map_or("", |certificate| certificate.as_str());
    VerifyingKey { certificate: certificate.to_owned(), ..verifying_key(&offered.key, KeyPurpose::Session) }
}

fn verifying_key(key: &PublicKey, purpose: KeyPurpose) -> VerifyingKey {
    VerifyingKey {
        kid: key.kid().to_owned(),
        purpose: purpose.into(),
        public_key: key.point().to_vec(),
        certificate: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;
    use futures::StreamExt as _;
    use splitplane_session::{KeyCertificate, SigningKey};
    use splitplane_store::Entries;
    use std::sync::Arc;
    use std::time::SystemTime;

    #[tokio::test]
    async fn every_key_is_told_with_what_it_may_have_signed() {
        let [session, receipt, conversation] =
            [(); 3].map(|()| SigningKey::generate().unwrap().0.public_key());
        let registry = Some(Arc::new(Registry::build(&Entries::default()).unwrap()));
        let now = SystemTime::UNIX_EPOCH;
        let published = Published { registry, seen_at: Some(now), ..Published::default() };
        let session_keys = watch::Sender::new(vec![OfferedKey::from(session.clone())]);
        let receipt_keys = watch::Sender::new(vec![receipt.clone()]);
        let conversation_keys = watch::Sender::new(vec![conversation.clone()]);
        let state = watch::Sender::new(published);
        let feed = Feed {
            session_keys: session_keys.subscribe(),
            receipt_keys: receipt_keys.subscribe(),
            conversation_keys: conversation_keys.subscribe(),
            state: state.subscribe(),
            age_max: Duration::from_secs(1),
            clock: Clock::new(move || now),
        };
        let told = feed.stream().next().await.unwrap().unwrap();
        let told: Vec<_> = told.keys.iter().map(|key| (key.purpose(), key.kid.as_str())).collect();
        assert_eq!(
            told,
            [
                (KeyPurpose::Session, session.kid()),
                (KeyPurpose::Receipt, receipt.kid()),
                (KeyPurpose::Conversation, conversation.kid()),
            ]
        );
    }

    #[test]
    fn a_key_travels_with_what_vouches_for_it() {
        let key = SigningKey::generate().unwrap().0.public_key();
        for (certificate, sent) in [(None, ""), (Some(KeyCertificate::from_wire("a.b.c")), "a.b.c")] {
            let wire = session_key(&OfferedKey { key: key.clone(), certificate });
            assert_eq!((wire.kid.as_str(), wire.purpose()), (key.kid(), KeyPurpose::Session));
            assert_eq!((wire.public_key.as_slice(), wire.certificate.as_str()), (key.point(), sent));
        }
        for purpose in [KeyPurpose::Receipt, KeyPurpose::Conversation] {
            assert_eq!(verifying_key(&key, purpose).purpose(), purpose);
        }
    }
}

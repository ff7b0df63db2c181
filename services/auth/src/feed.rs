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
    use splitplane_session::{KeyCertificate, SigningKey};

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

//! The keys of a signer over time: which one signs, and which ones verifiers must know.
//!
//! Decides that no token fails because of a rotation: a key is shown to verifiers for a while before it
//! signs, and until the last token that it signed has expired. Knows no clock and no file.

use crate::{PublicKey, SigningKey};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A signer's keys: one that signs, at most one that is to sign next, and those that signed before.
#[derive(Debug)]
pub struct KeyRing {
    lead: Duration,
    lifetime: Duration,
    current: Arc<SigningKey>,
    next: Option<(Arc<SigningKey>, SystemTime)>,
    retired: Vec<(PublicKey, SystemTime)>,
}

impl KeyRing {
    /// A ring of one key that signs at once.
    ///
    /// `lead` is how long a key is shown before it signs: no less than a verifier's feed may be old.
    /// `lifetime` is that of what it signs, and what clocks may differ by.
    #[must_use]
    pub const fn new(key: Arc<SigningKey>, lead: Duration, lifetime: Duration) -> Self {
        Self { lead, lifetime, current: key, next: None, retired: Vec::new() }
    }

    /// Takes a key that is to sign once verifiers know it. One that was to sign next, and has not, is dropped.
    /// A key that is in use already changes nothing.
    pub fn stage(&mut self, key: Arc<SigningKey>, now: SystemTime) {
        self.advance(now);
        let known = key.public_key();
        if self.current.public_key() != known
            && self.next.as_ref().is_none_or(|(next, _)| next.public_key() != known)
        {
            self.next = Some((key, now + self.lead));
        }
    }

    /// Moves on to `now`: puts the next key into use once it has been shown for long enough, and forgets
    /// keys that nothing valid is signed by any more. Says whether anything changed.
    pub fn advance(&mut self, now: SystemTime) -> bool {
        let before = self.retired.len();
        self.retired.retain(|(_, until)| *until > now);
        let mut has_changed = self.retired.len() != before;
        if let Some((key, _)) = self.next.take_if(|(_, from)| *from <= now) {
            let retired = std::mem::replace(&mut self.current, key);
            self.retired.push((retired.public_key(), now + self.lifetime));
            has_changed = true;
        }
        has_changed
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> Arc<SigningKey> {
        Arc::clone(&self.current)
    }

    /// Every key that verifiers must know, the one that signs first.
    #[must_use]
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let next = self.next.iter().map(|(key, _)| key.public_key());
        let retired = self.retired.iter().map(|(key, _)| key.clone());
        std::iter::once(self.current.public_key()).chain(next).chain(retired).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const LEAD: u64 = 2;
    const LIFETIME: u64 = 3;
    /// The feed reaches a verifier at once, or is as late as it may be.
    const DELAYS: [u64; 3] = [0, 1, LEAD];

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn ring(key: &Arc<SigningKey>) -> KeyRing {
        KeyRing::new(Arc::clone(key), Duration::from_secs(LEAD), Duration::from_secs(LIFETIME))
    }

    /// Every way in which new keys can come within eight seconds, and every verifier's delay: a token that is
    /// signed at any time is known to every verifier until it expires. A ring that signs at once, or forgets at
    /// once, fails.
    #[test]
    fn no_rotation_makes_a_token_fail() {
        const SECONDS: u64 = 8;
        let keys: Vec<Arc<SigningKey>> =
            (0..4).map(|_| Arc::new(SigningKey::generate().unwrap().0)).collect();
        let mut rotated = 0;
        for schedule in 0_u32..1 << SECONDS {
            let mut ring = ring(&keys[0]);
            let (mut shown, mut signed) = (Vec::new(), Vec::new());
            for second in 0..SECONDS + LIFETIME {
                ring.advance(at(second));
                if second < SECONDS && schedule >> second & 1 == 1 {
                    let staged =
                        usize::try_from(schedule.count_ones() + u32::try_from(second).unwrap()).unwrap();
                    ring.stage(Arc::clone(&keys[staged % keys.len()]), at(second));
                }
                shown.push(ring.public_keys());
                signed.push(ring.current().public_key());
                // Tokens that are not expired, at verifiers whose feed is late.
                for (age, signer) in signed.iter().rev().take(usize::try_from(LIFETIME).unwrap()).enumerate()
                {
                    for delay in DELAYS {
                        let seen = usize::try_from(second.saturating_sub(delay)).unwrap();
                        // A verifier that has no feed yet refuses everybody, rotation or not.
                        if second >= delay {
                            assert!(
                                shown[seen].contains(signer),
                                "{schedule:b} {second} -{age} late {delay}"
                            );
                        }
                    }
                }
            }
            rotated += usize::from(signed.first() != signed.last());
        }
        assert!(rotated > 100, "{rotated}");
    }

    #[test]
    fn a_key_is_forgotten_once_nothing_is_signed_by_it_and_a_known_one_changes_nothing() {
        let [first, second, third] = [0; 3].map(|_| Arc::new(SigningKey::generate().unwrap().0));
        let mut ring = ring(&first);
        let kids = |ring: &KeyRing| ring.public_keys().len();
        ring.stage(Arc::clone(&first), at(0));
        assert_eq!(kids(&ring), 1);
        ring.stage(Arc::clone(&second), at(0));
        ring.stage(Arc::clone(&second), at(1));
        assert!(!ring.advance(at(LEAD - 1)) && kids(&ring) == 2);
        assert!(ring.advance(at(LEAD)), "staging again does not put it off");
        assert_eq!(ring.current().public_key(), second.public_key());
        ring.stage(Arc::clone(&third), at(LEAD));
        assert_eq!(kids(&ring), 3);
        assert!(ring.advance(at(LEAD + LEAD)));
        assert!(ring.advance(at(LEAD + LIFETIME)));
        assert!(!ring.public_keys().contains(&first.public_key()));
        assert!(ring.advance(at(LEAD + LEAD + LIFETIME)) && kids(&ring) == 1);
    }
}

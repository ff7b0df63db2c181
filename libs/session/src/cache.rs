//! Session keys that were verified, so that a request's next call does not pay for the signature again.
//!
//! Decides only whether the same text was verified before, under the same keys. Expiry, revocation and the
//! freshness of the feed are looked at on every call, by the verifier.

use crate::VerifiedSession;
use splitplane_types::Digest;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Keys remembered at once; a key is a few hundred bytes.
const SESSIONS_MAX: usize = 4_096;

#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<Digest, Known>>);

#[derive(Debug)]
struct Known {
    session: VerifiedSession,
    /// Of the key set under which it was verified.
    generation: u64,
}

impl Cache {
    /// The session that a key of this digest was found to be, if the key set still is the same.
    pub(crate) fn get(&self, key: &Digest, generation: u64) -> Option<VerifiedSession> {
        let known = self.lock();
        let known = known.get(key).filter(|known| known.generation == generation)?;
        Some(known.session.clone())
    }

    pub(crate) fn put(&self, session: &VerifiedSession, generation: u64, now: SystemTime) {
        let mut known = self.lock();
        if known.len() >= SESSIONS_MAX {
            known.retain(|_, known| known.session.expires_at() > now && known.generation == generation);
        }
        // More keys at once than are remembered: all of them are verified again, which is only slower.
        if known.len() >= SESSIONS_MAX {
            known.clear();
        }
        known.insert(session.key_digest(), Known { session: session.clone(), generation });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

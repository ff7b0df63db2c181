//! Remembers which nonces were used, for as long as a request that holds one could still be fresh.
//!
//! One store per process; replicas of `auth` do not share it.

use crate::{NonceError, VerifiedCaller};
use splitplane_types::Digest;
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// Nonces in use, in bounded memory.
#[derive(Debug)]
pub struct NonceStore {
    entries_max: usize,
    keep: Duration,
    claimed: Mutex<Claimed>,
}

// Digests, since a nonce may be 128 characters long: an entry has one size.
#[derive(Debug)]
struct Claimed {
    entries: HashSet<Digest>,
    by_age: VecDeque<(SystemTime, Digest)>,
}

impl NonceStore {
    /// Keeps at most `entries_max` nonces, each for `keep`: at least twice the skew, since that is how
    /// long a request stays fresh whose caller's clock is ahead.
    #[must_use]
    pub fn new(entries_max: usize, keep: Duration) -> Self {
        let claimed = Claimed { entries: HashSet::new(), by_age: VecDeque::new() };
        Self { entries_max, keep, claimed: Mutex::new(claimed) }
    }

    /// Uses up the caller's nonce.
    ///
    /// # Errors
    /// It was used before, or cannot be remembered: both refuse the request.
    pub fn claim(&self, caller: &VerifiedCaller, now: SystemTime) -> Result<(), NonceError> {
        // A thread died while it held the lock; what it left behind cannot be trusted.
        let mut claimed = self.claimed.lock().or(Err(NonceError::Full))?;
        claimed.drop_expired(now);
        // No access key id holds a slash, so no two pairs share a text.
        let entry = Digest::of(format!("{}/{}", caller.access_key_id(), caller.nonce()).as_bytes());
        if claimed.entries.contains(&entry) {
            return Err(NonceError::Replayed);
        }
        if claimed.entries.len() >= self.entries_max {
            return Err(NonceError::Full);
        }
        let until = now.checked_add(self.keep).ok_or(NonceError::Full)?;
        claimed.entries.insert(entry);
        claimed.by_age.push_back((until, entry));
        Ok(())
    }
}

impl Claimed {
    // In order of arrival. An entry that waits behind a longer-lived one is kept longer, never shorter.
    fn drop_expired(&mut self, now: SystemTime) {
        while let Some((until, entry)) = self.by_age.front() {
            // Not `>`: at this very second the request is still fresh.
            if *until >= now {
                return;
            }
            self.entries.remove(entry);
            self.by_age.pop_front();
        }
    }
}

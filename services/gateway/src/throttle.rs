//! How many signed requests a peer may send, decided before one byte of a body is read or a signature looked at.
//!
//! Counts by the peer's address, and by address and access key together: by the key alone, anyone who knows a
//! key's id, which is no secret, could lock its owner out.

use governor::clock::MonotonicClock;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// `[throttle]`: how many signed requests are looked at.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Signed requests of one peer in a second, on average.
    pub per_peer: NonZeroU32,
    /// How many of them may come at once.
    pub per_peer_burst: NonZeroU32,
    /// Signed requests of one peer under one access key in a second, on average.
    pub per_access_key: NonZeroU32,
    /// How many of them may come at once.
    pub per_access_key_burst: NonZeroU32,
    /// Requests of one peer under one access key that may be refused for their credentials in a second, on
    /// average, before the next ones are not looked at.
    pub refused_per_access_key: NonZeroU32,
    /// How many of them may be refused at once.
    pub refused_per_access_key_burst: NonZeroU32,
    /// The same of one peer, whatever the access keys.
    pub refused_per_peer: NonZeroU32,
    /// How many of them may be refused at once.
    pub refused_per_peer_burst: NonZeroU32,
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, MonotonicClock>;

/// Peers, and access keys of peers, that are counted at once. Whoever comes when there are more is refused:
/// nobody makes others be forgotten.
const COUNTED_MAX: usize = 100_000;
/// Longer than an access key id is at AWS.
const ACCESS_KEY_BYTES_MAX: usize = 128;

/// A peer, and the access key that it names.
type PeerKey = (IpAddr, Box<str>);

/// Counts.
pub(crate) struct Counters {
    peers: Limiter<IpAddr>,
    access_keys: Limiter<PeerKey>,
    refused_peers: Refusals<IpAddr>,
    refused_access_keys: Refusals<PeerKey>,
}

/// Counts refusals, and knows who has had too many of them.
struct Refusals<K: Hash + Eq + Clone> {
    counts: Limiter<K>,
    until: Mutex<HashMap<K, Instant>>,
}

impl<K: Hash + Eq + Clone> Refusals<K> {
    fn new(average: NonZeroU32, burst: NonZeroU32) -> Self {
        Self { counts: limiter(average, burst), until: Mutex::default() }
    }

    fn add(&self, key: &K) {
        if !take(&self.counts, key) {
            let mut until = self.lock();
            if until.len() < COUNTED_MAX {
                until.insert(key.clone(), Instant::now() + PENALTY);
            }
        }
    }

    fn bars(&self, key: &K) -> bool {
        self.lock().get(key).is_some_and(|until| *until > Instant::now())
    }

    fn forget(&self) {
        self.counts.retain_recent();
        self.lock().retain(|_, until| *until > Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a request is not looked at after one refusal too many.
const PENALTY: Duration = Duration::from_secs(1);

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counters(..)")
    }
}

impl Counters {
    pub(crate) fn new(throttle: Throttle) -> Self {
        Self {
            peers: limiter(throttle.per_peer, throttle.per_peer_burst),
            access_keys: limiter(throttle.per_access_key, throttle.per_access_key_burst),
            refused_peers: Refusals::new(throttle.refused_per_peer, throttle.refused_per_peer_burst),
            refused_access_keys: Refusals::new(
                throttle.refused_per_access_key,
                throttle.refused_per_access_key_burst,
            ),
        }
    }

    /// Whether a request of this peer, with these headers, is looked at.
    pub(crate) fn admits(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = neighbourhood(peer);
        if self.refused_peers.bars(&peer) || !take(&self.peers, &peer) {
            return false;
        }
        // Without a key there is nothing to verify either: the refusal is as cheap as a count.
        access_key_id(headers).is_none_or(|id| {
            let key = (peer, id.into());
            !self.refused_access_keys.bars(&key) && take(&self.access_keys, &key)
        })
    }

    /// Counts a refusal of credentials.
    pub(crate) fn refused(&self, peer: IpAddr, headers: &HeaderMap) {
        let peer = neighbourhood(peer);
        self.refused_peers.add(&peer);
        if let Some(id) = access_key_id(headers) {
            self.refused_access_keys.add(&(peer, id.into()));
        }
    }

    /// Forgets those who have been quiet for long enough to count as new.
    pub(crate) fn forget(&self) {
        self.peers.retain_recent();
        self.access_keys.retain_recent();
        self.refused_peers.forget();
        self.refused_access_keys.forget();
    }
}

fn limiter<K: Hash + Eq + Clone>(average: NonZeroU32, burst: NonZeroU32) -> Limiter<K> {
    let quota = Quota::per_second(average).allow_burst(burst);
    RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock)
}

fn take<K: Hash + Eq + Clone>(limiter: &Limiter<K>, key: &K) -> bool {
    if limiter.len() >= COUNTED_MAX {
        limiter.retain_recent();
        if limiter.len() >= COUNTED_MAX {
            return false;
        }
    }
    limiter.check_key(key).is_ok()
}

/// One subscriber has a whole IPv6 /64, and as many addresses.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped),
            None => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
            }
        },
    }
}

/// The access key id that the request says it was signed with.
fn access_key_id(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    let (id, _) = credential.split_once('/')?;
    Some(id).filter(|id| id.len() <= ACCESS_KEY_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(id: &str) -> HeaderMap {
        let value = format!("AWS4-HMAC-SHA256 Credential={id}/20261126/us-east-1/splitplane/aws4_request");
        [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect()
    }

    fn counters(per_peer_burst: u32, per_access_key_burst: u32) -> Counters {
        let number = |number| NonZeroU32::new(number).unwrap();
        Counters::new(Throttle {
            per_peer: number(1),
            per_peer_burst: number(per_peer_burst),
            per_access_key: number(1),
            per_access_key_burst: number(per_access_key_burst),
            refused_per_peer: number(1),
            refused_per_peer_burst: number(8),
            refused_per_access_key: number(1),
            refused_per_access_key_burst: number(4),
        })
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_peer_that_floods_is_stopped_and_no_other() {
        let counters = counters(5, 100);
        let admitted = (0..50).filter(|_| counters.admits(peer("192.0.2.1"), &HeaderMap::new())).count();
        assert!((5..=6).contains(&admitted), "{admitted}");
        assert!(counters.admits(peer("192.0.2.2"), &HeaderMap::new()));
    }

    #[test]
    fn an_access_key_is_stopped_where_it_floods_and_its_owner_elsewhere_is_not() {
        let counters = counters(1_000, 5);
        let flood = |id: &str| (0..50).filter(|_| counters.admits(peer("192.0.2.1"), &headers(id))).count();
        assert!((5..=6).contains(&flood("ASIAONE")));
        assert!((5..=6).contains(&flood("ASIATWO")), "another key of the same peer counts for itself");
        assert!(counters.admits(peer("192.0.2.2"), &headers("ASIAONE")));
    }

    #[test]
    fn refusals_bar_the_key_where_it_was_refused_and_then_the_peer() {
        let counters = counters(1_000, 1_000);
        let (one, other) = (peer("192.0.2.1"), peer("192.0.2.2"));
        for _ in 0..4 {
            assert!(counters.admits(one, &headers("ASIAONE")));
            counters.refused(one, &headers("ASIAONE"));
        }
        assert!(counters.admits(one, &headers("ASIAONE")), "as many as may be");
        counters.refused(one, &headers("ASIAONE"));
        assert!(!counters.admits(one, &headers("ASIAONE")));
        assert!(counters.admits(one, &headers("ASIATWO")) && counters.admits(other, &headers("ASIAONE")));
        for number in 0..4 {
            counters.refused(one, &headers(&format!("ASIA{number}")));
        }
        assert!(!counters.admits(one, &headers("ASIATWO")), "another key for each is no way round");
        assert!(counters.admits(other, &headers("ASIATWO")));
    }

    #[test]
    fn addresses_of_one_subscriber_are_one() {
        assert_eq!(neighbourhood(peer("2001:db8:1:2:3::4")), neighbourhood(peer("2001:db8:1:2::9")));
        assert_ne!(neighbourhood(peer("2001:db8:1:2::")), neighbourhood(peer("2001:db8:1:3::")));
        assert_eq!(neighbourhood(peer("::ffff:192.0.2.1")), peer("192.0.2.1"));
    }

    #[test]
    fn who_is_one_too_many_is_refused_and_nobody_is_forgotten() {
        let counters = counters(1, 1);
        let at = |number: u32| IpAddr::V4(number.into());
        for number in 0..u32::try_from(COUNTED_MAX).unwrap() {
            assert!(counters.admits(at(number), &HeaderMap::new()));
        }
        assert!(!counters.admits(peer("192.0.2.1"), &HeaderMap::new()));
        assert!(!counters.admits(at(7), &HeaderMap::new()));
    }

    #[test]
    fn what_looks_like_no_key_counts_for_the_peer_alone() {
        assert_eq!(access_key_id(&headers("ASIAX")), Some("ASIAX"));
        assert_eq!(access_key_id(&headers(&"A".repeat(129))), None);
        for value in ["", "Basic x", "AWS4-HMAC-SHA256 Credential=ASIAX"] {
            let headers = [(AUTHORIZATION, value.parse().unwrap())].into_iter().collect();
            assert_eq!(access_key_id(&headers), None, "{value}");
        }
    }
}

//! What makes a request different from a copy of it, and for how long that has to be remembered.

use crate::world::{NONCE, Sent, credentials, issuer, now, seconds};
use splitplane_sigv4::{TemporaryCredentials, VerifiedCaller};
use std::time::SystemTime;

fn caller(credentials: &TemporaryCredentials, nonce: &str, at: SystemTime) -> VerifiedCaller {
    Sent::honest(credentials, nonce, at).verify_with(&issuer(), at).unwrap()
}

#[test]
fn a_copy_has_the_same_id_and_every_other_request_another() {
    let (mine, yours) = (credentials(), credentials());
    let id = caller(&mine, NONCE, now()).single_use_id();
    assert_eq!(caller(&mine, NONCE, now()).single_use_id(), id);
    // Signed anew, a second later, with the nonce used before.
    assert_eq!(caller(&mine, NONCE, now() + seconds(1)).single_use_id(), id);
    assert_ne!(caller(&mine, "another-nonce-0001", now()).single_use_id(), id);
    assert_ne!(caller(&yours, NONCE, now()).single_use_id(), id);
}

/// Every clock of a caller, ten seconds apart, and every second at which a request might be sent: it is fresh
/// until the skew after it was signed, and never later, so its id need not be remembered longer.
#[test]
fn no_request_is_fresh_once_the_skew_has_passed_since_it_was_signed() {
    const SKEW: u64 = 300;
    let mine = credentials();
    let (mut fresh, mut stale) = (0, 0);
    for signed in (0..=2 * SKEW).step_by(10) {
        let signed_at = now() - seconds(SKEW) + seconds(signed);
        let sent = Sent::honest(&mine, NONCE, signed_at);
        for arrives in (0..=4 * SKEW).step_by(10).chain([signed + SKEW + 1]) {
            let arrives_at = now() - seconds(SKEW) + seconds(arrives);
            let is_fresh = sent.verify_with(&issuer(), arrives_at).is_ok();
            assert_eq!(is_fresh, arrives.abs_diff(signed) <= SKEW, "signed {signed}, arrives {arrives}");
            assert!(!is_fresh || arrives_at <= signed_at + seconds(SKEW));
            fresh += usize::from(is_fresh);
            stale += usize::from(!is_fresh);
        }
    }
    assert!(fresh > 1_000 && stale > 1_000, "{fresh} {stale}");
}

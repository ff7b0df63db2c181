//! Replays, and what a store does when it has no room.

use crate::world::{NONCE, Sent, credentials, issuer, now, seconds};
use splitplane_sigv4::{NonceError, NonceStore, TemporaryCredentials, VerifiedCaller};
use std::time::SystemTime;

fn caller(credentials: &TemporaryCredentials, nonce: &str, at: SystemTime) -> VerifiedCaller {
    Sent::honest(credentials, nonce, at).verify_with(&issuer(), at).unwrap()
}

#[test]
fn a_captured_request_passes_once() {
    let store = NonceStore::new(10, seconds(600));
    let (mine, yours) = (credentials(), credentials());
    store.claim(&caller(&mine, NONCE, now()), now()).unwrap();
    assert_eq!(store.claim(&caller(&mine, NONCE, now()), now()), Err(NonceError::Replayed));
    // Signed anew, a second later, with the nonce used before.
    let later = now() + seconds(1);
    assert_eq!(store.claim(&caller(&mine, NONCE, later), later), Err(NonceError::Replayed));
    store.claim(&caller(&mine, "another-nonce-0001", now()), now()).unwrap();
    store.claim(&caller(&yours, NONCE, now()), now()).unwrap();
}

#[test]
fn a_full_store_refuses_until_nonces_expire() {
    let store = NonceStore::new(2, seconds(600));
    let mine = credentials();
    store.claim(&caller(&mine, "nonce-0000000001", now()), now()).unwrap();
    store.claim(&caller(&mine, "nonce-0000000002", now()), now() + seconds(1)).unwrap();
    let third = caller(&mine, "nonce-0000000003", now());
    assert_eq!(store.claim(&third, now() + seconds(2)), Err(NonceError::Full));
    // At the limit to the second, a request could still be fresh.
    assert_eq!(store.claim(&third, now() + seconds(600)), Err(NonceError::Full));
    store.claim(&third, now() + seconds(601)).unwrap();
    assert_eq!(
        store.claim(&caller(&mine, "nonce-0000000004", now()), now() + seconds(601)),
        Err(NonceError::Full)
    );
    store.claim(&caller(&mine, "nonce-0000000001", now()), now() + seconds(602)).unwrap();
}

#[test]
fn a_nonce_is_kept_for_as_long_as_its_request_could_be_fresh() {
    let store = NonceStore::new(10, seconds(600));
    // The caller's clock is 300 seconds ahead of ours: the request stays fresh for 600.
    let ahead = Sent::honest(&credentials(), NONCE, now() + seconds(300));
    store.claim(&ahead.verify().unwrap(), now()).unwrap();
    let last = now() + seconds(600);
    let replay = ahead.verify_with(&issuer(), last).unwrap();
    assert_eq!(store.claim(&replay, last), Err(NonceError::Replayed));
}

#[test]
fn a_store_without_room_refuses_everything() {
    let store = NonceStore::new(0, seconds(600));
    assert_eq!(store.claim(&caller(&credentials(), NONCE, now()), now()), Err(NonceError::Full));
}

#[test]
fn one_of_many_threads_wins() {
    let store = NonceStore::new(10, seconds(600));
    let caller = caller(&credentials(), NONCE, now());
    let wins = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| store.claim(&caller, now()).is_ok())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
    });
    assert_eq!(wins, 1);
}

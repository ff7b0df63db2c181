//! Nothing verifies on an old feed, and nobody comes back through one.

use crate::world::{DOMAIN, ISSUER, World, grant, now, receipt_claims, seconds};
use splitplane_session::{FeedRefused, ReceiptError, SessionError, Verifier};
use splitplane_types::CompositeKey;
use std::time::Duration;

#[test]
fn nothing_verifies_before_the_first_feed() {
    let world = World::new();
    let empty = Verifier::new(ISSUER.into(), DOMAIN.into(), seconds(5));
    assert!(!empty.is_fresh(now()));
    assert_eq!(empty.verify(&world.mint(&grant()), now()).unwrap_err(), SessionError::FeedStale);
    let session = world.session(&grant());
    let receipt = world.signer.sign(&session, &receipt_claims(), now()).unwrap();
    assert_eq!(empty.verify_receipt(&receipt, &session, now()).unwrap_err(), ReceiptError::FeedStale);
}

#[test]
fn a_feed_is_believed_for_its_bound_and_no_longer_either_way() {
    let world = World::new();
    let key = world.mint(&grant());
    let session = world.session(&grant());
    let receipt = world.signer.sign(&session, &receipt_claims(), now()).unwrap();
    world.feed_at(now() + seconds(10));
    let fresh = now() + seconds(10);
    for at in [fresh - seconds(5), fresh, fresh + seconds(5)] {
        assert!(world.verifier.is_fresh(at));
        world.verifier.verify(&key, at).unwrap();
        world.verifier.verify_receipt(&receipt, &session, at).unwrap();
    }
    let moment = Duration::from_millis(1);
    for at in [fresh - seconds(5) - moment, fresh + seconds(5) + moment] {
        assert!(!world.verifier.is_fresh(at));
        assert_eq!(world.verifier.verify(&key, at).unwrap_err(), SessionError::FeedStale);
        let refused = world.verifier.verify_receipt(&receipt, &session, at).unwrap_err();
        assert_eq!(refused, ReceiptError::FeedStale);
    }
}

#[test]
fn a_stale_feed_hides_what_is_wrong_with_a_key() {
    let world = World::new();
    let late = now() + seconds(6);
    let garbage = splitplane_session::SessionKey::from_wire("garbage");
    assert_eq!(world.verifier.verify(&garbage, late).unwrap_err(), SessionError::FeedStale);
}

#[test]
fn keys_minted_before_a_revocation_are_void() {
    let world = World::new();
    let revoke = |epoch: u64| {
        let mut feed = world.feed();
        feed.epoch = 10;
        feed.revocations = vec![(grant().composite.digest(), epoch), (grant().composite.digest(), 1)];
        world.verifier.update(feed, now()).unwrap();
    };
    let key = world.mint(&grant());
    for (epoch, passes) in [(6, true), (7, true), (8, false), (u64::MAX, false)] {
        revoke(epoch);
        let verified = world.verifier.verify(&key, now());
        assert_eq!(verified.is_ok(), passes, "{epoch}");
        assert!(passes || matches!(verified, Err(SessionError::Revoked)));
    }
    let mut again = grant();
    again.epoch = 8;
    revoke(8);
    world.session(&again);
}

#[test]
fn a_revocation_is_of_one_whole_combination() {
    let world = World::new();
    let others: Vec<CompositeKey> =
        ["tenant-1/business_2/admin.4", "tenant-1/business_3/admin.3", "tenant-2/business_2/admin.3"]
            .map(|key| key.parse().unwrap())
            .into();
    let mut feed = world.feed();
    feed.revocations = others.iter().map(|other| (other.digest(), 9)).collect();
    world.verifier.update(feed, now()).unwrap();
    world.session(&grant());
    for other in others {
        let mut granted = grant();
        granted.composite = other;
        let key = world.mint(&granted);
        assert_eq!(world.verifier.verify(&key, now()).unwrap_err(), SessionError::Revoked);
    }
}

#[test]
fn an_older_feed_brings_nobody_back_and_does_not_refresh() {
    let world = World::new();
    let mut feed = world.feed();
    feed.epoch = 8;
    feed.revocations = vec![(grant().composite.digest(), 8)];
    world.verifier.update(feed.clone(), now()).unwrap();
    let older = world.feed();
    assert_eq!(world.verifier.update(older, now() + seconds(4)), Err(FeedRefused::Older));
    let key = world.mint(&grant());
    assert_eq!(world.verifier.verify(&key, now() + seconds(5)).unwrap_err(), SessionError::Revoked);
    assert!(!world.verifier.is_fresh(now() + seconds(6)));
    // The same epoch is the same state, or a later one: keys rotate without a change of registry.
    feed.revocations.clear();
    world.verifier.update(feed, now()).unwrap();
    world.verifier.verify(&key, now()).unwrap();
}

#[test]
fn a_key_that_was_verified_before_is_still_refused_for_whatever_has_come_between() {
    let world = World::new();
    let key = world.mint(&grant());
    for _ in 0..2 {
        world.verifier.verify(&key, now()).unwrap();
    }
    // Expired.
    let expiry = world.verifier.verify(&key, now()).unwrap().expires_at();
    world.feed_at(expiry);
    assert!(matches!(world.verifier.verify(&key, expiry), Err(SessionError::Token(_))));
    world.feed_at(now());
    world.verifier.verify(&key, now()).unwrap();
    // Not heard of for too long.
    assert_eq!(world.verifier.verify(&key, now() + seconds(6)).unwrap_err(), SessionError::FeedStale);
    // One letter of it is another.
    let text = key.expose();
    for at in [0, text.len() / 2, text.len() - 1] {
        let mut other = text.as_bytes().to_vec();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = splitplane_session::SessionKey::from_wire(std::str::from_utf8(&other).unwrap());
        assert!(world.verifier.verify(&other, now()).is_err());
    }
    // Its signer is not trusted any more, and then again.
    let mut feed = world.feed();
    feed.session_keys = vec![splitplane_session::SigningKey::generate().unwrap().0.public_key().into()];
    world.verifier.update(feed, now()).unwrap();
    assert!(matches!(world.verifier.verify(&key, now()), Err(SessionError::Token(_))));
    world.feed_at(now());
    world.verifier.verify(&key, now()).unwrap();
    // Revoked.
    let mut feed = world.feed();
    feed.revocations = vec![(grant().composite.digest(), u64::MAX)];
    world.verifier.update(feed, now()).unwrap();
    assert_eq!(world.verifier.verify(&key, now()).unwrap_err(), SessionError::Revoked);
}

#[test]
fn more_keys_than_are_remembered_are_all_verified() {
    let world = World::new();
    let first = world.mint(&grant());
    for number in 0..5_000_u64 {
        let mut granted = grant();
        granted.epoch = 100 + number;
        world.verifier.verify(&world.mint(&granted), now()).unwrap();
    }
    assert_eq!(world.verifier.verify(&first, now()).unwrap().epoch(), grant().epoch);
}

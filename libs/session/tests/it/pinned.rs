//! A verifier with a root: keys that the root does not vouch for are none, whoever shows them.

use crate::root::{LIFETIME, Root};
use crate::world::{DOMAIN, ISSUER, World, grant, now, receipt_claims, seconds};
use splitplane_session::{
    Feed, FeedRefused, KeyCertificate, MintError, OfferedKey, PublicKey, SessionError, SigningKey,
    TokenError, Verifier,
};
use std::sync::Arc;
use std::time::SystemTime;

struct Pinned {
    world: World,
    root: Root,
    verifier: Verifier,
}

impl Pinned {
    fn new() -> Self {
        let root = Root::new();
        let verifier =
            Verifier::new(ISSUER.into(), DOMAIN.into(), seconds(5)).with_root(root.root.key().clone());
        Self { world: World::new(), root, verifier }
    }

    fn feed(&self, certificate: Option<KeyCertificate>) -> Feed {
        let offered = OfferedKey { key: self.world.session_key.clone(), certificate };
        Feed { session_keys: vec![offered], ..self.world.feed() }
    }

    fn show(&self, certificate: Option<KeyCertificate>, at: SystemTime) -> Result<(), FeedRefused> {
        self.verifier.update(self.feed(certificate), at)
    }

    fn certify(&self, at: SystemTime) -> Option<KeyCertificate> {
        Some(self.root.certify(&self.world.session_key, at))
    }
}

fn other_key() -> PublicKey {
    SigningKey::generate().unwrap().0.public_key()
}

#[test]
fn a_certified_key_verifies_and_an_uncertified_one_is_no_feed() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    assert_eq!(pinned.show(None, now()), Err(FeedRefused::Uncertified));
    assert_eq!(pinned.verifier.verify(&key, now()).unwrap_err(), SessionError::FeedStale);
    pinned.show(pinned.certify(now()), now()).unwrap();
    let session = pinned.verifier.verify(&key, now()).unwrap();
    let receipt = pinned.world.signer.sign(&session, &receipt_claims(), now()).unwrap();
    pinned.verifier.verify_receipt(&receipt, &session, now()).unwrap();
}

#[test]
fn certificates_of_others_are_no_feed() {
    let pinned = Pinned::new();
    let stranger = Root::new();
    let of_stranger = Some(stranger.certify(&pinned.world.session_key, now()));
    let refused = FeedRefused::Certificate(TokenError::UnknownKey);
    assert_eq!(pinned.show(of_stranger, now()), Err(refused));
    let of_other_key = Some(pinned.root.certify(&other_key(), now()));
    assert_eq!(pinned.show(of_other_key, now()), Err(FeedRefused::OtherKey));
    assert!(!pinned.verifier.is_fresh(now()));
}

#[test]
fn a_key_whose_certificate_is_not_of_this_moment_is_left_out_and_spoils_nothing() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    for certificate in [pinned.certify(now() + seconds(60)), pinned.certify(now() - LIFETIME)] {
        pinned.show(certificate, now()).unwrap();
        assert!(pinned.verifier.is_fresh(now()));
        let unknown = SessionError::Token(TokenError::UnknownKey);
        assert_eq!(pinned.verifier.verify(&key, now()).unwrap_err(), unknown);
    }
    pinned.show(pinned.certify(now()), now()).unwrap();
    pinned.verifier.verify(&key, now()).unwrap();
}

#[test]
fn one_uncertified_key_spoils_the_feed_and_what_was_held_goes_on_ageing() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    pinned.show(pinned.certify(now()), now()).unwrap();
    let mut feed = pinned.feed(pinned.certify(now()));
    feed.session_keys.push(other_key().into());
    assert_eq!(pinned.verifier.update(feed, now() + seconds(4)), Err(FeedRefused::Uncertified));
    pinned.verifier.verify(&key, now() + seconds(5)).unwrap();
    assert_eq!(pinned.verifier.verify(&key, now() + seconds(6)).unwrap_err(), SessionError::FeedStale);
}

#[test]
fn a_session_key_ends_with_the_certificate_of_its_signer() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    let certificate = pinned.certify(now() - LIFETIME + seconds(3));
    pinned.show(certificate, now()).unwrap();
    let session = pinned.verifier.verify(&key, now()).unwrap();
    assert_eq!(session.expires_at(), now() + seconds(3));
    // The feed is fresh and the session key's own expiry far; asked before, and asked for the first time.
    let expired = SessionError::Token(TokenError::Expired);
    assert_eq!(pinned.verifier.verify(&key, now() + seconds(3)).unwrap_err(), expired);
    let unseen = pinned.world.mint(&grant());
    let unknown = SessionError::Token(TokenError::UnknownKey);
    assert_eq!(pinned.verifier.verify(&unseen, now() + seconds(3)).unwrap_err(), unknown);
    pinned.verifier.verify(&unseen, now() + seconds(2)).unwrap();
}

#[test]
fn nothing_is_minted_that_outlives_what_vouches_for_its_signer() {
    let world = World::new();
    let (key, _) = SigningKey::generate().unwrap();
    world.minter.use_key(Arc::new(key), Some(now() + seconds(10)));
    let mint = |at| world.minter.mint(&grant(), at).map(|(_, expires_at)| expires_at);
    assert_eq!(mint(now()).unwrap(), now() + seconds(10));
    assert_eq!(mint(now() + seconds(9)).unwrap(), now() + seconds(10));
    for late in [10, 11, 1_000] {
        assert!(matches!(mint(now() + seconds(late)), Err(MintError::KeyExpired)), "{late}");
    }
    let (key, _) = SigningKey::generate().unwrap();
    world.minter.use_key(Arc::new(key), Some(now() + seconds(10_000)));
    assert_eq!(mint(now()).unwrap(), now() + seconds(300));
}

#[test]
fn a_renewed_certificate_lets_its_signer_go_on() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    pinned.show(pinned.certify(now() - LIFETIME + seconds(3)), now()).unwrap();
    pinned.verifier.verify(&key, now()).unwrap();
    pinned.show(pinned.certify(now()), now() + seconds(2)).unwrap();
    pinned.verifier.verify(&key, now() + seconds(4)).unwrap();
}

#[test]
fn without_a_root_certificates_are_not_looked_at() {
    let pinned = Pinned::new();
    let key = pinned.world.mint(&grant());
    let unpinned = Verifier::new(ISSUER.into(), DOMAIN.into(), seconds(5));
    unpinned.update(pinned.feed(Some(KeyCertificate::from_wire("none"))), now()).unwrap();
    unpinned.verify(&key, now()).unwrap();
}

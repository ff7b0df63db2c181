//! What an honest session key says, and for how long.

use crate::world::{DOMAIN, ISSUER, World, claims_of, decoded, grant, now, parts, seconds};
use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::json;
use splitplane_session::{
    MintError, Minter, SESSION_LIFETIME_MAX, SessionError, SessionKey, SigningKey, TokenError,
};
use splitplane_types::Digest;

#[test]
fn a_verified_session_says_what_was_granted() {
    let world = World::new();
    let granted = grant();
    let (key, expires_at) = world.minter.mint(&granted, now()).unwrap();
    let session = world.verifier.verify(&key, now()).unwrap();
    assert_eq!(session.composite(), &granted.composite);
    assert_eq!(session.role(), &granted.role);
    assert_eq!(session.session_id(), granted.session_id);
    assert_eq!(session.txn(), granted.txn);
    assert_eq!(session.body_digest(), granted.body_digest);
    assert_eq!(session.method(), granted.method);
    assert_eq!(session.epoch(), granted.epoch);
    assert_eq!(session.principal(), &granted.principal);
    assert_eq!(session.access_key_id(), granted.access_key_id);
    assert_eq!(session.requesting_workload(), granted.requesting_workload);
    assert_eq!(session.expires_at(), expires_at);
    assert_eq!(expires_at, now() + seconds(300));
    assert_eq!(session.key_digest(), Digest::of(key.expose().as_bytes()));
}

#[test]
fn a_key_is_a_transaction_token_that_others_can_verify() {
    let world = World::new();
    let key = world.mint(&grant());
    let [header, claims, signature] = parts(key.expose());
    let header: serde_json::Value = serde_json::from_slice(&decoded(&header)).unwrap();
    assert_eq!(header, json!({"alg": "ES256", "kid": world.session_key.kid(), "typ": "txntoken+jwt"}));
    // Verified with the curve's own primitive, over the bytes as they travel.
    let signed = key.expose().rsplit_once('.').unwrap().0;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, world.session_key.point())
        .verify(signed.as_bytes(), &decoded(&signature))
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&decoded(&claims)).unwrap();
    let granted = grant();
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "aud": DOMAIN, "iat": 1_795_348_800, "exp": 1_795_349_100,
            "txn": granted.txn.to_string(), "sub": "tenant-1/business_2/admin.3", "scope": "ask",
            "req_wl": "spiffe://mesh.example/gateway",
            "tctx": {
                "tenant": "tenant-1", "business": "business_2", "admin": "admin.3", "role": "manager",
                "session_id": granted.session_id.to_string(), "body_sha256": granted.body_digest.to_string(),
                "method": granted.method, "policy_epoch": 7,
            },
            "rctx": {
                "authn": "aws-sigv4", "principal": "worker", "access_key_id": "ASIAIOSFODNN7EXAMPLE",
            },
        })
    );
}

#[test]
fn a_key_passes_until_the_second_it_expires() {
    let world = World::new();
    let (key, expires_at) = world.minter.mint(&grant(), now()).unwrap();
    world.feed_at(expires_at);
    world.verifier.verify(&key, expires_at - seconds(1)).unwrap();
    let refused = world.verifier.verify(&key, expires_at).unwrap_err();
    assert_eq!(refused, SessionError::Token(TokenError::Expired));
}

#[test]
fn a_minter_may_be_five_seconds_ahead() {
    let world = World::new();
    for (ahead, passes) in [(5, true), (6, false)] {
        let (key, _) = world.minter.mint(&grant(), now() + seconds(ahead)).unwrap();
        let verified = world.verifier.verify(&key, now());
        assert_eq!(verified.is_ok(), passes, "{ahead}");
        assert!(passes || matches!(verified, Err(SessionError::Token(TokenError::NotYetValid))));
    }
}

#[test]
fn lifetimes_that_verifiers_refuse_are_not_minted() {
    let mint = |lifetime| {
        let (key, _) = SigningKey::generate().unwrap();
        Minter::new(key, ISSUER.into(), DOMAIN.into(), lifetime).mint(&grant(), now())
    };
    mint(SESSION_LIFETIME_MAX).unwrap();
    for lifetime in [SESSION_LIFETIME_MAX + seconds(1), seconds(0), seconds(1) / 2] {
        assert!(matches!(mint(lifetime), Err(MintError::Lifetime)), "{lifetime:?}");
    }
}

#[test]
fn keys_are_minted_for_workloads_of_the_trust_domain_alone() {
    let world = World::new();
    for workload in [
        "",
        "gateway",
        "spiffe://mesh.example",
        "spiffe://mesh.example/",
        "spiffe://mesh.example.evil/gateway",
        "spiffe://other.example/gateway",
        "https://mesh.example/gateway",
    ] {
        let mut granted = grant();
        granted.requesting_workload = workload.into();
        assert!(matches!(world.minter.mint(&granted, now()), Err(MintError::Workload)), "{workload}");
    }
}

#[test]
fn debug_shows_nothing_of_a_key() {
    let world = World::new();
    let key = world.mint(&grant());
    let printed = format!("{key:?} {:?}", world.minter);
    assert!(parts(key.expose()).iter().all(|part| !printed.contains(part)));
    assert!(printed.contains("SessionKey") && printed.contains("Minter"));
}

#[test]
fn any_flipped_bit_of_a_key_is_refused() {
    let world = World::new();
    let key = world.mint(&grant());
    let key = key.expose();
    world.verify(key).unwrap();
    let mut tried = 0;
    for bit in 0..key.len() * 8 {
        let mut bytes = key.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(world.verify(&flipped).is_err(), "bit {bit}");
        tried += 1;
    }
    assert!(tried > 5_000, "{tried}");
}

#[test]
fn any_part_cut_off_or_added_is_refused() {
    let world = World::new();
    let key = world.mint(&grant());
    let key = key.expose();
    for length in 0..key.len() {
        assert!(world.verify(key.split_at(length).0).is_err(), "{length}");
    }
    for text in [
        format!("{key}."),
        format!("{key}.e30"),
        format!(".{key}"),
        format!("{key}="),
        format!(" {key}"),
        format!("{key}\n"),
    ] {
        assert!(world.verify(&text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_changed_character_is_refused(at in any::<prop::sample::Index>(), other in "[A-Za-z0-9_.=+/ -]") {
        let world = World::new();
        let key = world.mint(&grant()).expose().to_owned();
        let at = at.index(key.len());
        let ((front, rest), (_, back)) = (key.split_at(at), key.split_at(at + 1));
        prop_assume!(!rest.starts_with(&other));
        let changed = format!("{front}{other}{back}");
        prop_assert!(world.verify(&changed).is_err());
    }

    #[test]
    fn any_flipped_bit_of_any_claim_is_refused(at in any::<prop::sample::Index>()) {
        use base64::Engine as _;
        let world = World::new();
        let [header, claims, signature] = parts(world.mint(&grant()).expose());
        let mut claims = decoded(&claims);
        let bit = at.index(claims.len() * 8);
        claims[bit / 8] ^= 1 << (bit % 8);
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        let refused = world.verify(&format!("{header}.{claims}.{signature}")).unwrap_err();
        // Not `Claims`: nothing is parsed before the signature has passed.
        prop_assert_eq!(refused, SessionError::Token(TokenError::BadSignature));
    }

    #[test]
    fn ids_arrive_as_they_were_granted(key in "[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}", epoch in any::<u64>()) {
        let world = World::new();
        let mut granted = grant();
        granted.composite = key.parse().unwrap();
        granted.epoch = epoch;
        let minted = world.mint(&granted);
        let session = world.verifier.verify(&minted, now()).unwrap();
        prop_assert_eq!(session.composite(), &granted.composite);
        prop_assert_eq!(session.epoch(), epoch);
        prop_assert_eq!(&claims_of(minted.expose())["sub"], &serde_json::Value::from(key));
    }
}

#[test]
fn a_key_is_the_same_after_the_wire() {
    let world = World::new();
    let key = world.mint(&grant());
    let received = SessionKey::from_wire(key.expose());
    assert_eq!(received.digest(), key.digest());
    assert_ne!(received.digest(), world.mint(&grant()).digest());
}

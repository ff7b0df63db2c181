//! Key certificates: what a root signed elsewhere vouches for, and everything that it does not.

use crate::root::{LIFETIME, Root, TYP};
use crate::world::{
    DOMAIN, Forger, ISSUER, World, claims_of, decoded, grant, now, parts, receipt_claims, seconds,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::json;
use splitplane_session::{
    CERTIFICATE_LIFETIME_MAX, KeyCertificate, KeyRoot, MintError, PublicKey, SigningKey, TokenError,
};
use std::time::Duration;

fn key() -> PublicKey {
    SigningKey::generate().unwrap().0.public_key()
}

#[test]
fn a_certificate_gives_the_key_that_it_was_drafted_for() {
    let (root, key) = (Root::new(), key());
    let certificate = root.certify(&key, now());
    let verified = root.root.verify(&certificate, now()).unwrap();
    assert_eq!(verified.key(), &key);
    assert_eq!(verified.expires_at(), now() + LIFETIME);
    let (x, y) = key.point()[1..].split_at(32);
    assert_eq!(
        claims_of(certificate.as_str()),
        json!({
            "iss": ISSUER, "aud": DOMAIN, "sub": "spiffe://mesh.example/auth", "purpose": "session",
            "iat": 1_795_348_800, "nbf": 1_795_348_800, "exp": 1_795_352_400,
            "cnf": { "jwk": {
                "kty": "EC", "crv": "P-256", "kid": key.kid(),
                "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
            } },
        })
    );
}

#[test]
fn a_certificate_holds_from_its_beginning_to_its_end() {
    let root = Root::new();
    let certificate = root.certify(&key(), now());
    let at = |at| root.root.verify(&certificate, at).map(drop);
    // Five seconds ahead is what two clocks may differ by.
    for good in [now() - seconds(5), now(), now() + LIFETIME - Duration::from_millis(1)] {
        assert_eq!(at(good), Ok(()));
    }
    assert_eq!(at(now() - seconds(6)), Err(TokenError::NotYetValid));
    assert_eq!(at(now() + LIFETIME), Err(TokenError::Expired));
    assert_eq!(at(now() + LIFETIME * 2), Err(TokenError::Expired));
}

#[test]
fn lifetimes_are_capped_on_both_sides() {
    let root = Root::new();
    let draft = |lifetime| root.root.draft(&key(), lifetime, now()).map(drop);
    draft(CERTIFICATE_LIFETIME_MAX).unwrap();
    for lifetime in [CERTIFICATE_LIFETIME_MAX + seconds(1), Duration::ZERO, Duration::from_millis(1_500)] {
        assert!(matches!(draft(lifetime), Err(MintError::Lifetime)), "{lifetime:?}");
    }
    let good = claims_of(root.certify(&key(), now()).as_str());
    let start = 1_795_348_800_u64;
    let span = |iat: u64, nbf: u64, exp: u64| {
        let mut claims = good.clone();
        (claims["iat"], claims["nbf"], claims["exp"]) = (json!(iat), json!(nbf), json!(exp));
        root.forge(&claims).map(drop)
    };
    let cap = CERTIFICATE_LIFETIME_MAX.as_secs();
    assert_eq!(span(start, start, start + cap), Ok(()));
    assert_eq!(span(start, start + 5, start + 10), Ok(()));
    assert_eq!(span(start, start + 6, start + 10), Err(TokenError::NotYetValid));
    for (iat, nbf, exp) in [
        (start, start, start + cap + 1),
        (start, start, start),
        (start, start - 1, start + 10),
        (start, start + 10, start + 10),
        (0, 0, start + 10),
    ] {
        assert_eq!(span(iat, nbf, exp), Err(TokenError::Lifetime), "{iat} {nbf} {exp}");
    }
}

#[test]
fn every_claim_that_says_something_else_is_refused() {
    let root = Root::new();
    let good = claims_of(root.certify(&key(), now()).as_str());
    root.forge(&good).unwrap();
    let other = claims_of(root.certify(&key(), now()).as_str());
    let of_other = |name: &str| other["cnf"]["jwk"][name].clone();
    let refused = [
        ("/iss", json!("https://evil.example"), TokenError::Issuer),
        ("/iss", json!(""), TokenError::Issuer),
        ("/aud", json!("other.example"), TokenError::Audience),
        ("/sub", json!("spiffe://mesh.example/reasoning"), TokenError::Claims),
        ("/sub", json!("spiffe://other.example/auth"), TokenError::Claims),
        ("/sub", json!(""), TokenError::Claims),
        ("/purpose", json!("receipt"), TokenError::Claims),
        ("/purpose", json!(""), TokenError::Claims),
        ("/iat", json!(1_795_348_806), TokenError::Lifetime),
        ("/nbf", json!(1_795_348_806), TokenError::NotYetValid),
        ("/exp", json!(1_795_348_800), TokenError::Lifetime),
        ("/exp", json!("1795352400"), TokenError::Claims),
        ("/cnf/jwk/kty", json!("OKP"), TokenError::Claims),
        ("/cnf/jwk/crv", json!("P-384"), TokenError::Claims),
        ("/cnf/jwk/kid", of_other("kid"), TokenError::Claims),
        ("/cnf/jwk/kid", json!(""), TokenError::Claims),
        ("/cnf/jwk/x", of_other("x"), TokenError::Claims),
        ("/cnf/jwk/y", of_other("y"), TokenError::Claims),
        ("/cnf/jwk/x", json!(""), TokenError::Claims),
        ("/cnf/jwk/y", json!("AA"), TokenError::Claims),
        ("/cnf/jwk", json!({}), TokenError::Claims),
        ("/cnf", json!(null), TokenError::Claims),
    ];
    for (pointer, value, expected) in refused {
        let mut claims = good.clone();
        *claims.pointer_mut(pointer).unwrap() = value;
        assert_eq!(root.forge(&claims).map(drop), Err(expected), "{claims}");
    }
}

#[test]
fn claims_that_are_missing_or_unknown_are_refused() {
    let root = Root::new();
    let good = claims_of(root.certify(&key(), now()).as_str());
    let mut tried = 0;
    for pointer in ["", "/cnf", "/cnf/jwk"] {
        let names: Vec<String> =
            good.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
        for name in names {
            let mut claims = good.clone();
            claims.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(&name);
            assert_eq!(root.forge(&claims).map(drop), Err(TokenError::Claims), "{pointer}/{name}");
            tried += 1;
        }
        let mut claims = good.clone();
        claims.pointer_mut(pointer).unwrap()["extra"] = json!(1);
        assert_eq!(root.forge(&claims).map(drop), Err(TokenError::Claims), "{pointer}");
    }
    assert_eq!(tried, 8 + 1 + 5);
}

#[test]
fn another_root_vouches_for_nothing() {
    let (root, stranger) = (Root::new(), Root::new());
    let certificate = stranger.certify(&key(), now());
    assert_eq!(root.verify(certificate.as_str()), Err(TokenError::UnknownKey));
    let claims = claims_of(certificate.as_str()).to_string();
    let posing = stranger.forger.seal(&root.forger.header(TYP), &claims);
    assert_eq!(root.verify(&posing), Err(TokenError::BadSignature));
    // A key vouches for itself no more than for another.
    let (own, pem) = SigningKey::generate().unwrap();
    let forger = Forger::new(&pem, &own.public_key());
    let claims = claims_of(root.certify(&own.public_key(), now()).as_str()).to_string();
    let selfmade = forger.seal(&forger.header(TYP), &claims);
    assert_eq!(root.verify(&selfmade), Err(TokenError::UnknownKey));
}

/// Even where one and the same key signs all three: what a token is stands in its header, which is signed.
#[test]
fn a_certificate_a_session_key_and_a_receipt_never_pass_for_one_another() {
    let world = World::new();
    let session = world.session(&grant());
    let minted = world.mint(&grant());
    let receipt = world.signer.sign(&session, &receipt_claims(), now()).unwrap();
    for (forger, key, token, typ) in [
        (&world.session_forger, &world.session_key, minted.expose(), "txntoken+jwt"),
        (&world.receipt_forger, &world.receipt_key, receipt.as_str(), "splitplane-receipt+jwt"),
    ] {
        let root = KeyRoot::new(key.clone(), ISSUER.into(), DOMAIN.into());
        let verify = |text: &str| root.verify(&KeyCertificate::from_wire(text), now()).map(drop);
        assert_eq!(verify(token), Err(TokenError::UnknownKey));
        // Neither its header over the other's claims, nor the other way round.
        let claims = String::from_utf8(decoded(&parts(token)[1])).unwrap();
        assert_eq!(verify(&forger.seal(&forger.header(TYP), &claims)), Err(TokenError::Claims));
        let drafted = root.draft(key, LIFETIME, now()).unwrap();
        let claims = std::str::from_utf8(drafted.signing_input()).unwrap().split('.').nth(1).unwrap();
        let claims = String::from_utf8(decoded(claims)).unwrap();
        let certificate = forger.seal(&forger.header(TYP), &claims);
        verify(&certificate).unwrap();
        for posing in [certificate, forger.seal(&forger.header(typ), &claims)] {
            assert!(world.verify(&posing).is_err());
            assert!(world.verifier.verify_receipt(&posing, &session, now()).is_err());
        }
    }
}

#[test]
fn headers_other_than_the_frozen_one_are_refused() {
    let root = Root::new();
    let claims = claims_of(root.certify(&key(), now()).as_str()).to_string();
    let good = root.forger.header(TYP);
    root.verify(&root.forger.seal(&good, &claims)).unwrap();
    for header in [
        good.replace(TYP, "JWT"),
        good.replace(TYP, "txntoken+jwt"),
        good.replace(TYP, "splitplane-receipt+jwt"),
        good.replace("ES256", "none"),
        good.replace('}', r#","jwk":{}}"#),
    ] {
        let refused = root.verify(&root.forger.seal(&header, &claims));
        assert_eq!(refused, Err(TokenError::UnknownKey), "{header}");
    }
}

#[test]
fn what_is_no_signature_is_not_attached_and_what_is_another_does_not_verify() {
    let root = Root::new();
    let draft = || root.root.draft(&key(), LIFETIME, now()).unwrap();
    let fixed = root.forger.seal("", "");
    let fixed = decoded(&parts(&fixed)[2]);
    let good = root.sign(draft().signing_input());
    for signature in [vec![], fixed, good[..good.len() - 1].to_vec(), [&good[..], &[0]].concat()] {
        assert!(matches!(draft().attach(&signature), Err(MintError::Signature)), "{signature:?}");
    }
    let certificate = draft().attach(&root.sign(b"something else")).unwrap();
    assert_eq!(root.root.verify(&certificate, now()), Err(TokenError::BadSignature));
}

proptest! {
    #[test]
    fn no_flipped_bit_leaves_a_certificate_valid(position in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let root = Root::new();
        let mut bytes = root.certify(&key(), now()).as_str().as_bytes().to_vec();
        let at = position.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(root.verify(&text).is_err(), "{text}");
    }

    /// Signatures differ in length with their numbers: all are converted to what verifies.
    #[test]
    fn every_signature_in_der_becomes_one_that_verifies(lifetime in 1_u64..1_000_000) {
        let (root, key) = (Root::new(), key());
        let draft = root.root.draft(&key, seconds(lifetime), now()).unwrap();
        let signature = root.sign(draft.signing_input());
        let verified = root.root.verify(&draft.attach(&signature).unwrap(), now()).unwrap();
        prop_assert_eq!(verified.key(), &key);
    }
}

//! A receipt fits one session key, one transaction and one question.

use crate::world::{DOMAIN, World, claims_of, decoded, grant, now, parts, receipt_claims, seconds};
use serde_json::{Value, json};
use splitplane_session::{
    MintError, RECEIPT_LIFETIME_MAX, ReceiptError, ReceiptSigner, SessionGrant, SessionKey, SigningKey,
    TokenError, VerifiedReceipt, VerifiedSession, receipt_issuer,
};
use splitplane_types::{Digest, Txn};

const TYP: &str = "splitplane-receipt+jwt";

fn sign(world: &World, session: &VerifiedSession) -> String {
    world.signer.sign(session, &receipt_claims(), now()).unwrap()
}

fn refusal(change: impl FnOnce(&mut Value)) -> ReceiptError {
    let world = World::new();
    let session = world.session(&grant());
    let forger = &world.receipt_forger;
    let verify = |claims: &Value| -> Result<VerifiedReceipt, ReceiptError> {
        let forged = forger.seal(&forger.header(TYP), &claims.to_string());
        world.verifier.verify_receipt(&forged, &session, now())
    };
    let mut claims = claims_of(&sign(&world, &session));
    verify(&claims).unwrap();
    change(&mut claims);
    verify(&claims).expect_err(&format!("accepted {claims}"))
}

#[test]
fn a_verified_receipt_says_what_was_approved() {
    let world = World::new();
    let session = world.session(&grant());
    let text = sign(&world, &session);
    let receipt = world.verifier.verify_receipt(&text, &session, now()).unwrap();
    let claims = receipt_claims();
    assert_eq!(receipt.interpretation(), claims.interpretation);
    assert_eq!(receipt.model(), claims.model);
    assert_eq!(receipt.policy(), claims.policy);
    assert_eq!(receipt.as_of(), claims.as_of);
    assert_eq!(receipt.expires_at(), now() + seconds(120));
    assert_eq!(receipt.digest(), Digest::of(text.as_bytes()));
    let header: Value = serde_json::from_slice(&decoded(&parts(&text)[0])).unwrap();
    assert_eq!(header, json!({"alg": "ES256", "kid": world.receipt_key.kid(), "typ": TYP}));
}

#[test]
fn every_receipt_has_an_id_of_its_own() {
    let world = World::new();
    let session = world.session(&grant());
    let id = || {
        let receipt = world.verifier.verify_receipt(&sign(&world, &session), &session, now()).unwrap();
        receipt.id().to_owned()
    };
    assert_ne!(id(), id());
    assert_eq!(id().len(), 22);
    // Signed a second time over the same claims, it is another text and the same receipt.
    let text = sign(&world, &session);
    let forger = &world.receipt_forger;
    let twin = forger.seal(&forger.header(TYP), std::str::from_utf8(&decoded(&parts(&text)[1])).unwrap());
    let [first, second] =
        [text, twin].map(|text| world.verifier.verify_receipt(&text, &session, now()).unwrap());
    assert_eq!(first.id(), second.id());
    assert_ne!(first.digest(), second.digest());
}

fn grants() -> Vec<SessionGrant> {
    let questions = ["total sales last week", "total sales last month", "covers by store"];
    let keys = ["tenant-1/business_2/admin.3", "tenant-1/business_2/admin.4", "tenant-2/business_2/admin.3"];
    let mut grants = Vec::new();
    for (number, question) in (0_u128..).zip(questions) {
        for (more, key) in (0_u128..).zip(keys) {
            let mut granted = grant();
            granted.txn = Txn::from_parts(1_795_348_800_000, number * 10 + more);
            granted.body_digest = Digest::of(question.as_bytes());
            granted.composite = key.parse().unwrap();
            grants.push(granted);
        }
    }
    grants
}

#[test]
fn no_receipt_fits_the_session_of_another_question_or_caller() {
    let world = World::new();
    let sessions: Vec<_> = grants().iter().map(|granted| world.session(granted)).collect();
    let receipts: Vec<_> = sessions.iter().map(|session| sign(&world, session)).collect();
    assert_eq!(sessions.len(), 9);
    for (mine, session) in sessions.iter().enumerate() {
        for (theirs, receipt) in receipts.iter().enumerate() {
            let verified = world.verifier.verify_receipt(receipt, session, now());
            assert_eq!(verified.is_ok(), mine == theirs, "{mine} {theirs}: {verified:?}");
        }
    }
}

#[test]
fn no_kind_of_token_passes_as_another() {
    let world = World::new();
    let key = world.mint(&grant());
    let session = world.verifier.verify(&key, now()).unwrap();
    let receipt = sign(&world, &session);
    assert!(world.verifier.verify(&SessionKey::from_wire(&receipt), now()).is_err());
    assert!(world.verifier.verify_receipt(key.expose(), &session, now()).is_err());

    // Even when one key is trusted for both purposes, `typ` keeps them apart.
    let mut feed = world.feed();
    feed.session_keys.push(world.receipt_key.clone().into());
    feed.receipt_keys.push(world.session_key.clone());
    world.verifier.update(feed, now()).unwrap();
    let unknown = TokenError::UnknownKey;
    assert_eq!(world.verifier.verify(&SessionKey::from_wire(&receipt), now()).unwrap_err(), unknown.into());
    assert_eq!(world.verifier.verify_receipt(key.expose(), &session, now()).unwrap_err(), unknown.into());
}

#[test]
fn each_binding_is_checked_by_itself() {
    let other = Digest::of(b"other").to_string();
    let txn = Txn::from_parts(1, 1).to_string();
    assert_eq!(refusal(|claims| claims["txn"] = json!(txn)), ReceiptError::OtherTransaction);
    assert_eq!(refusal(|claims| claims["key_sha256"] = json!(other)), ReceiptError::OtherSessionKey);
    assert_eq!(refusal(|claims| claims["question_sha256"] = json!(other)), ReceiptError::OtherQuestion);
    for issuer in ["", "https://auth.mesh.example", "spiffe://mesh.example/query", "spiffe://other/reasoning"]
    {
        assert_eq!(refusal(|claims| claims["iss"] = json!(issuer)), TokenError::Issuer.into(), "{issuer}");
    }
    assert_eq!(refusal(|claims| claims["aud"] = json!("other.example")), TokenError::Audience.into());
    assert_eq!(refusal(|claims| claims["jti"] = json!("")), TokenError::Claims.into());
    assert_eq!(refusal(|claims| claims["model_sha256"] = json!("")), TokenError::Claims.into());
    assert_eq!(refusal(|claims| claims["policy_sha256"] = json!("x")), TokenError::Claims.into());
    assert_eq!(refusal(|claims| claims["extra"] = json!(1)), TokenError::Claims.into());
    assert_eq!(
        refusal(|claims| drop(claims.as_object_mut().unwrap().remove("as_of"))),
        TokenError::Claims.into()
    );
}

#[test]
fn a_key_minted_twice_for_one_request_is_two_keys() {
    let world = World::new();
    let (first, second) = (world.session(&grant()), world.session(&grant()));
    let receipt = sign(&world, &first);
    let refused = world.verifier.verify_receipt(&receipt, &second, now()).unwrap_err();
    assert_eq!(refused, ReceiptError::OtherSessionKey);
}

#[test]
fn a_receipt_ends_at_its_lifetime_or_with_its_session() {
    let world = World::new();
    let session = world.session(&grant());
    let receipt = sign(&world, &session);
    world.feed_at(now() + seconds(120));
    world.verifier.verify_receipt(&receipt, &session, now() + seconds(119)).unwrap();
    let expired = world.verifier.verify_receipt(&receipt, &session, now() + seconds(120)).unwrap_err();
    assert_eq!(expired, TokenError::Expired.into());

    let late = now() + seconds(290);
    world.feed_at(late);
    let receipt = world.signer.sign(&session, &receipt_claims(), late).unwrap();
    let verified = world.verifier.verify_receipt(&receipt, &session, late).unwrap();
    assert_eq!(verified.expires_at(), session.expires_at());
    for at in [session.expires_at(), session.expires_at() + seconds(1)] {
        let signed = world.signer.sign(&session, &receipt_claims(), at);
        assert!(matches!(signed, Err(MintError::SessionExpired)), "{signed:?}");
    }
}

#[test]
fn receipts_live_no_longer_than_the_cap_whoever_signed_them() {
    let cap = RECEIPT_LIFETIME_MAX.as_secs();
    let start = 1_795_348_800_u64;
    assert_eq!(refusal(|claims| claims["exp"] = json!(start + cap + 1)), TokenError::Lifetime.into());
    assert_eq!(refusal(|claims| claims["iat"] = json!(start + 6)), TokenError::NotYetValid.into());
    let world = World::new();
    let (key, _) = SigningKey::generate().unwrap();
    let signer =
        ReceiptSigner::new(key, receipt_issuer(DOMAIN), DOMAIN.into(), RECEIPT_LIFETIME_MAX + seconds(1));
    let signed = signer.sign(&world.session(&grant()), &receipt_claims(), now());
    assert!(matches!(signed, Err(MintError::Lifetime)), "{signed:?}");
}

#[test]
fn any_flipped_bit_of_a_receipt_is_refused() {
    let world = World::new();
    let session = world.session(&grant());
    let receipt = sign(&world, &session);
    let mut tried = 0;
    for bit in 0..receipt.len() * 8 {
        let mut bytes = receipt.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(world.verifier.verify_receipt(&flipped, &session, now()).is_err(), "bit {bit}");
        tried += 1;
    }
    assert!(tried > 5_000, "{tried}");
}

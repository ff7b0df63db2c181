//! A conversation's token is of use to the combination that it was signed for, for a while, and is nothing else.

use crate::world::{DOMAIN, ISSUER, World, claims_of, decoded, grant, now, parts, receipt_claims, seconds};
use proptest::prelude::*;
use serde_json::{Value, json};
use splitplane_session::{
    CONVERSATION_LIFETIME_MAX, ConversationError, ConversationKeys, ConversationSigner, KeyCertificate,
    KeyRoot, MintError, SessionGrant, SessionKey, SigningKey, TokenError, VerifiedConversation,
    VerifiedSession, Verifier,
};
use splitplane_types::{CompositeKey, Digest, SessionId};
use std::time::{Duration, SystemTime};

const TYP: &str = "splitplane-conversation+jwt";
const START: u64 = 1_795_348_800;

fn sign(world: &World, session: &VerifiedSession) -> String {
    let receipt = world.signer.sign(session, &receipt_claims(), now()).unwrap();
    let receipt = world.verifier.verify_receipt(&receipt, session, now()).unwrap();
    world.conversations.sign(session, &receipt, now()).unwrap()
}

fn verify(
    world: &World,
    token: &str,
    composite: &CompositeKey,
) -> Result<VerifiedConversation, ConversationError> {
    world.verifier.verify_conversation(token, composite, now())
}

fn forge(world: &World, claims: &str) -> Result<(), ConversationError> {
    let forger = &world.conversation_forger;
    verify(world, &forger.seal(&forger.header(TYP), claims), &grant().composite).map(drop)
}

/// What is said of a token with every claim right but those that are changed, signed by the gateway's own key.
fn refusal(change: impl FnOnce(&mut Value)) -> ConversationError {
    let world = World::new();
    let mut claims = claims_of(&sign(&world, &world.session(&grant())));
    forge(&world, &claims.to_string()).unwrap();
    change(&mut claims);
    forge(&world, &claims.to_string()).expect_err(&format!("accepted {claims}"))
}

#[test]
fn a_verified_conversation_says_what_the_receipt_said() {
    let world = World::new();
    let token = sign(&world, &world.session(&grant()));
    let keys = ConversationKeys::new([world.conversation_key.clone()], DOMAIN.into());
    for conversation in [
        verify(&world, &token, &grant().composite).unwrap(),
        keys.verify(&token, &grant().composite, now()).unwrap(),
    ] {
        let claims = receipt_claims();
        assert_eq!(conversation.session_id(), grant().session_id);
        assert_eq!(conversation.interpretation(), claims.interpretation);
        assert_eq!(conversation.model(), claims.model);
        assert_eq!(conversation.policy(), claims.policy);
        assert_eq!(conversation.expires_at(), now() + seconds(3_600));
    }
    let header: Value = serde_json::from_slice(&decoded(&parts(&token)[0])).unwrap();
    assert_eq!(header, json!({"alg": "ES256", "kid": world.conversation_key.kid(), "typ": TYP}));
}

#[test]
fn a_question_that_was_asked_back_about_stands_beside_what_was_understood_before() {
    let world = World::new();
    let session = world.session(&grant());
    let before = verify(&world, &sign(&world, &session), &grant().composite).unwrap();
    assert_eq!(before.asked_back(), "");
    let first = world.conversations.sign_asked_back(&session, None, "which sales", now()).unwrap();
    let later = world.conversations.sign_asked_back(&session, Some(&before), "which sales", now()).unwrap();
    let read = |token: &str| {
        let verified = verify(&world, token, &grant().composite).unwrap();
        assert_eq!(verified.session_id(), session.session_id());
        (verified.interpretation().to_owned(), verified.model(), verified.asked_back().to_owned())
    };
    assert_eq!((read(&first).0.as_str(), read(&first).2.as_str()), ("", "which sales"));
    let stands = (before.interpretation().to_owned(), before.model(), "which sales".to_owned());
    assert_eq!(read(&later), stands);
    let mut another = grant();
    another.session_id = splitplane_types::SessionId::from_parts(7, 8);
    let another = world.session(&another);
    let signed = world.conversations.sign_asked_back(&another, Some(&before), "which sales", now());
    assert!(matches!(signed, Err(MintError::OtherSession)), "{signed:?}");
}

#[test]
fn a_conversation_is_signed_from_its_own_sessions_receipt_alone() {
    let world = World::new();
    let mut others = grant();
    others.composite = "tenant-1/business_2/admin.4".parse().unwrap();
    // The same request, minted twice, is two sessions too.
    for granted in [others, grant()] {
        let (mine, theirs) = (world.session(&grant()), world.session(&granted));
        let receipt = world.signer.sign(&theirs, &receipt_claims(), now()).unwrap();
        let receipt = world.verifier.verify_receipt(&receipt, &theirs, now()).unwrap();
        world.conversations.sign(&theirs, &receipt, now()).unwrap();
        let signed = world.conversations.sign(&mine, &receipt, now());
        assert!(matches!(signed, Err(MintError::OtherSession)), "{signed:?}");
    }
}

#[test]
fn a_conversation_holds_to_its_end_and_is_told_apart_from_a_forged_one_then() {
    let world = World::new();
    let token = sign(&world, &world.session(&grant()));
    let at = |at: SystemTime, composite: &CompositeKey| {
        world.feed_at(at);
        world.verifier.verify_conversation(&token, composite, at).map(drop)
    };
    let own = grant().composite;
    for good in [now() - seconds(5), now(), now() + seconds(3_600) - Duration::from_millis(1)] {
        assert_eq!(at(good, &own), Ok(()));
    }
    assert_eq!(at(now() - seconds(6), &own), Err(TokenError::NotYetValid.into()));
    for late in [3_600, 3_601, 1_000_000] {
        let late = now() + seconds(late);
        assert_eq!(at(late, &own), Err(ConversationError::Expired));
        let other = "tenant-1/business_2/admin.4".parse().unwrap();
        assert_eq!(at(late, &other), Err(ConversationError::OtherCombination));
        let [header, claims, signature] = parts(&token);
        let forged = format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>());
        let refused = world.verifier.verify_conversation(&forged, &own, late).unwrap_err();
        assert!(matches!(refused, ConversationError::Token(_)), "{refused:?}");
    }
    // Over, and still with a claim that is none: not ours.
    let broken = refusal(|claims| {
        (claims["iat"], claims["exp"]) = (json!(START - 60), json!(START - 30));
        claims["session_id"] = json!("1");
    });
    assert_eq!(broken, TokenError::Claims.into());
}

#[test]
fn nothing_is_verified_without_a_fresh_feed() {
    let world = World::new();
    let token = sign(&world, &world.session(&grant()));
    let empty = Verifier::new(ISSUER.into(), DOMAIN.into(), seconds(5));
    let composite = grant().composite;
    let stale = ConversationError::FeedStale;
    assert_eq!(empty.verify_conversation(&token, &composite, now()).unwrap_err(), stale);
    let late = now() + seconds(6);
    assert_eq!(world.verifier.verify_conversation(&token, &composite, late).unwrap_err(), stale);
    assert_eq!(world.verifier.verify_conversation("garbage", &composite, late).unwrap_err(), stale);
}

#[test]
fn lifetimes_are_capped_on_both_sides() {
    let signer = |lifetime| {
        let (key, _) = SigningKey::generate().unwrap();
        ConversationSigner::new(key, DOMAIN.into(), lifetime).map(drop)
    };
    signer(CONVERSATION_LIFETIME_MAX).unwrap();
    for lifetime in [CONVERSATION_LIFETIME_MAX + seconds(1), Duration::ZERO, Duration::from_millis(1_500)] {
        assert!(matches!(signer(lifetime), Err(MintError::Lifetime)), "{lifetime:?}");
    }
    let cap = CONVERSATION_LIFETIME_MAX.as_secs();
    assert_eq!(refusal(|claims| claims["exp"] = json!(START + cap + 1)), TokenError::Lifetime.into());
    assert_eq!(refusal(|claims| claims["exp"] = json!(START)), TokenError::Lifetime.into());
    assert_eq!(refusal(|claims| claims["iat"] = json!(START + 6)), TokenError::NotYetValid.into());
}

#[test]
fn every_claim_that_says_something_else_is_refused() {
    let claims = ConversationError::Token(TokenError::Claims);
    for issuer in ["", ISSUER, "spiffe://mesh.example/reasoning", "spiffe://other.example/gateway"] {
        assert_eq!(refusal(|claims| claims["iss"] = json!(issuer)), TokenError::Issuer.into(), "{issuer}");
    }
    for audience in ["", "other.example"] {
        assert_eq!(refusal(|claims| claims["aud"] = json!(audience)), TokenError::Audience.into());
    }
    for name in ["session_id", "model_sha256", "policy_sha256"] {
        assert_eq!(refusal(|claims| claims[name] = json!("x")), claims, "{name}");
    }
    for name in ["sub", "interpretation", "asked_back", "iat", "exp"] {
        assert_eq!(refusal(|claims| claims[name] = json!(null)), claims, "{name}");
    }
    assert_eq!(refusal(|claims| claims["extra"] = json!(1)), claims);
    let world = World::new();
    let good = claims_of(&sign(&world, &world.session(&grant())));
    let names: Vec<String> = good.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names.len(), 10);
    for name in names {
        let mut fewer = good.clone();
        fewer.as_object_mut().unwrap().remove(&name);
        assert_eq!(forge(&world, &fewer.to_string()), Err(claims), "{name}");
    }
}

/// Also where one and the same key is trusted for everything: what a token is stands in its header.
#[test]
fn no_other_kind_of_token_is_a_conversation_nor_a_conversation_another() {
    let world = World::new();
    let key = world.mint(&grant());
    let session = world.verifier.verify(&key, now()).unwrap();
    let receipt = world.signer.sign(&session, &receipt_claims(), now()).unwrap();
    let token = sign(&world, &session);
    let (one, pem) = SigningKey::generate().unwrap();
    let forger = crate::world::Forger::new(&pem, &one.public_key());
    for shared in [false, true] {
        if shared {
            let all = [world.session_key.clone(), world.receipt_key.clone(), world.conversation_key.clone()];
            let mut feed = world.feed();
            feed.session_keys = all.iter().chain([&one.public_key()]).cloned().map(Into::into).collect();
            feed.receipt_keys = all.iter().chain([&one.public_key()]).cloned().collect();
            feed.conversation_keys = feed.receipt_keys.clone();
            world.verifier.update(feed, now()).unwrap();
        }
        let unknown = TokenError::UnknownKey;
        for other in [key.expose(), &receipt] {
            assert_eq!(verify(&world, other, session.composite()).unwrap_err(), unknown.into());
        }
        assert_eq!(world.verify(&token).unwrap_err(), unknown.into());
        assert_eq!(world.verifier.verify_receipt(&token, &session, now()).unwrap_err(), unknown.into());
    }
    // Neither its header over the other's claims, nor the other way round.
    let claims = |token: &str| String::from_utf8(decoded(&parts(token)[1])).unwrap();
    let seal = |typ: &str, token: &str| forger.seal(&forger.header(typ), &claims(token));
    verify(&world, &seal(TYP, &token), session.composite()).unwrap();
    for other in [key.expose(), &receipt] {
        let refused = verify(&world, &seal(TYP, other), session.composite()).unwrap_err();
        assert_eq!(refused, TokenError::Claims.into());
    }
    for typ in [TYP, "txntoken+jwt", "splitplane-receipt+jwt", "splitplane-key+jwt"] {
        let posing = seal(typ, &token);
        assert!(world.verifier.verify(&SessionKey::from_wire(&posing), now()).is_err());
        assert!(world.verifier.verify_receipt(&posing, &session, now()).is_err());
        let root = KeyRoot::new(one.public_key(), ISSUER.into(), DOMAIN.into());
        assert!(root.verify(&KeyCertificate::from_wire(&posing), now()).is_err());
    }
}

#[test]
fn another_key_signs_nothing_whatever_it_is_called() {
    let (world, stranger) = (World::new(), World::new());
    let claims = claims_of(&sign(&world, &world.session(&grant()))).to_string();
    let verify = |token: &str| verify(&world, token, &grant().composite).map(drop);
    let posing = stranger.conversation_forger.seal(&world.conversation_forger.header(TYP), &claims);
    assert_eq!(verify(&posing), Err(TokenError::BadSignature.into()));
    let own = stranger.conversation_forger.seal(&stranger.conversation_forger.header(TYP), &claims);
    assert_eq!(verify(&own), Err(TokenError::UnknownKey.into()));
    let receipts = world.receipt_forger.seal(&world.receipt_forger.header(TYP), &claims);
    assert_eq!(verify(&receipts), Err(TokenError::UnknownKey.into()));
    let mut feed = world.feed();
    feed.conversation_keys.clear();
    world.verifier.update(feed, now()).unwrap();
    let good = world.conversation_forger.seal(&world.conversation_forger.header(TYP), &claims);
    assert_eq!(verify(&good), Err(TokenError::UnknownKey.into()));
}

#[test]
fn a_token_over_the_size_is_neither_made_nor_read() {
    let world = World::new();
    let session = world.session(&grant());
    let claims = |length: usize| {
        let mut claims = receipt_claims();
        claims.interpretation = "i".repeat(length);
        let receipt = world.signer.sign(&session, &claims, now()).unwrap();
        world.verifier.verify_receipt(&receipt, &session, now()).unwrap()
    };
    world.conversations.sign(&session, &claims(10_000), now()).unwrap();
    let signed = world.conversations.sign(&session, &claims(14_000), now());
    assert!(matches!(signed, Err(MintError::TooLarge)), "{signed:?}");
    let refused = refusal(|claims| claims["interpretation"] = json!("i".repeat(14_000)));
    assert_eq!(refused, TokenError::Malformed.into());
}

#[test]
fn any_flipped_bit_of_a_conversation_is_refused() {
    let world = World::new();
    let token = sign(&world, &world.session(&grant()));
    let mut tried = 0;
    for bit in 0..token.len() * 8 {
        let mut bytes = token.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(verify(&world, &flipped, &grant().composite).is_err(), "bit {bit}");
        tried += 1;
    }
    assert!(tried > 4_000, "{tried}");
}

fn ids() -> impl Strategy<Value = [String; 3]> {
    proptest::array::uniform3("[ab._-]{1,3}")
}

fn composite([tenant, business, admin]: &[String; 3]) -> CompositeKey {
    CompositeKey::new(tenant.parse().unwrap(), business.parse().unwrap(), admin.parse().unwrap())
}

proptest! {
    /// Three ids decide, and each by itself: they are compared here one by one.
    #[test]
    fn a_conversation_is_of_use_to_its_own_combination_alone(mine in ids(), theirs in ids(), same in 0_u8..8) {
        let world = World::new();
        let mut theirs = theirs;
        for (bit, id) in theirs.iter_mut().enumerate() {
            if same >> bit & 1 == 1 {
                id.clone_from(&mine[bit]);
            }
        }
        let granted = SessionGrant { composite: composite(&mine), ..grant() };
        let token = sign(&world, &world.session(&granted));
        let verified = verify(&world, &token, &composite(&theirs)).map(drop);
        let expected = if mine == theirs { Ok(()) } else { Err(ConversationError::OtherCombination) };
        prop_assert_eq!(verified, expected);
    }

    #[test]
    fn whatever_stands_in_a_conversation_comes_out_of_it(
        interpretation in ".{0,200}",
        model in any::<[u8; 32]>(),
        policy in any::<[u8; 32]>(),
        random in any::<u128>(),
    ) {
        let world = World::new();
        let granted = SessionGrant { session_id: SessionId::from_parts(START, random), ..grant() };
        let session = world.session(&granted);
        let mut claims = receipt_claims();
        (claims.model, claims.policy) = (Digest::from(model), Digest::from(policy));
        claims.interpretation.clone_from(&interpretation);
        let receipt = world.signer.sign(&session, &claims, now()).unwrap();
        let receipt = world.verifier.verify_receipt(&receipt, &session, now()).unwrap();
        let token = world.conversations.sign(&session, &receipt, now()).unwrap();
        let conversation = verify(&world, &token, session.composite()).unwrap();
        prop_assert_eq!(conversation.interpretation(), interpretation);
        prop_assert_eq!((conversation.model(), conversation.policy()), (claims.model, claims.policy));
        prop_assert_eq!(conversation.session_id(), granted.session_id);
    }
}

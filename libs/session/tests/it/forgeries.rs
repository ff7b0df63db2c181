//! Tokens that a key of ours did sign, with a header or claims that it must not have.

use crate::world::{World, claims_of, decoded, grant, now, parts};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use splitplane_session::{SESSION_LIFETIME_MAX, SessionError, SigningKey, TokenError};

const TYP: &str = "txntoken+jwt";

fn forge(world: &World, claims: &str) -> Result<(), SessionError> {
    let forger = &world.session_forger;
    world.verify(&forger.seal(&forger.header(TYP), claims)).map(drop)
}

fn refusal(change: impl FnOnce(&mut Value)) -> SessionError {
    let world = World::new();
    let mut claims = claims_of(world.mint(&grant()).expose());
    forge(&world, &claims.to_string()).unwrap();
    change(&mut claims);
    forge(&world, &claims.to_string()).expect_err(&format!("accepted {claims}"))
}

#[test]
fn headers_other_than_the_frozen_one_are_refused() {
    let world = World::new();
    let claims = claims_of(world.mint(&grant()).expose()).to_string();
    let forger = &world.session_forger;
    let good = forger.header(TYP);
    world.verify(&forger.seal(&good, &claims)).unwrap();
    let kid = world.session_key.kid();
    for header in [
        good.replace("ES256", "none"),
        good.replace("ES256", "HS256"),
        good.replace("ES256", "es256"),
        good.replace(r#""alg":"ES256","#, ""),
        good.replace(TYP, "JWT"),
        good.replace(TYP, "splitplane-receipt+jwt"),
        good.replace(kid, "../../dev/null"),
        good.replace(kid, world.receipt_key.kid()),
        good.replace('}', r#","jku":"https://evil.example/keys"}"#),
        good.replace('}', r#","jwk":{}}"#),
        good.replace('}', r#","crit":["exp"]}"#),
        good.replace(':', ": "),
        format!(r#"{{"typ":"{TYP}","alg":"ES256","kid":"{kid}"}}"#),
        "{}".to_owned(),
        String::new(),
    ] {
        let refused = world.verify(&forger.seal(&header, &claims)).unwrap_err();
        assert_eq!(refused, SessionError::Token(TokenError::UnknownKey), "{header}");
    }
}

#[test]
fn an_unknown_key_is_refused_even_under_a_known_id() {
    let world = World::new();
    let stranger = World::new();
    let claims = claims_of(world.mint(&grant()).expose()).to_string();
    let forged = stranger.session_forger.seal(&world.session_forger.header(TYP), &claims);
    assert_eq!(world.verify(&forged).unwrap_err(), SessionError::Token(TokenError::BadSignature));
    let own_id = stranger.session_forger.seal(&stranger.session_forger.header(TYP), &claims);
    assert_eq!(world.verify(&own_id).unwrap_err(), SessionError::Token(TokenError::UnknownKey));
    let receipt_key = world.receipt_forger.seal(&world.receipt_forger.header(TYP), &claims);
    assert_eq!(world.verify(&receipt_key).unwrap_err(), SessionError::Token(TokenError::UnknownKey));
}

#[test]
fn signatures_that_are_none_are_refused() {
    let world = World::new();
    let [header, claims, signature] = parts(world.mint(&grant()).expose());
    let raw = decoded(&signature);
    let (r, s) = raw.split_at(32);
    let der = [&[0x30, 68, 2, 32][..], r, &[2, 32], s].concat();
    for bytes in [vec![], vec![0; 64], raw[..63].to_vec(), [&raw[..], &[0]].concat(), [s, r].concat(), der] {
        let token = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(&bytes));
        assert_eq!(
            world.verify(&token).unwrap_err(),
            SessionError::Token(TokenError::BadSignature),
            "{bytes:?}"
        );
    }
}

#[test]
fn claims_that_are_missing_or_unknown_are_refused() {
    let world = World::new();
    let good = claims_of(world.mint(&grant()).expose());
    let mut tried = 0;
    for group in ["", "tctx", "rctx"] {
        let at = |claims: &Value| if group.is_empty() { claims.clone() } else { claims[group].clone() };
        let put = |part: Value| {
            let mut claims = good.clone();
            if group.is_empty() {
                part
            } else {
                claims[group] = part;
                claims
            }
        };
        for name in at(&good).as_object().unwrap().keys() {
            let mut part = at(&good);
            part.as_object_mut().unwrap().remove(name);
            assert_eq!(
                forge(&world, &put(part).to_string()),
                Err(TokenError::Claims.into()),
                "{group} {name}"
            );
            tried += 1;
        }
        let mut part = at(&good);
        part["extra"] = json!(1);
        assert_eq!(forge(&world, &put(part).to_string()), Err(TokenError::Claims.into()), "{group} extra");
    }
    assert_eq!(tried, 10 + 8 + 3);
}

#[test]
fn repeated_and_mistyped_claims_are_refused() {
    let world = World::new();
    let good = claims_of(world.mint(&grant()).expose()).to_string();
    for (from, to) in [
        (r#""tenant":"#, r#""tenant":"tenant-9","tenant":"#),
        (r#""exp":"#, r#""exp":1795348900,"exp":"#),
        (r#""exp":1795349100"#, r#""exp":"1795349100""#),
        (r#""exp":1795349100"#, r#""exp":1795349100.5"#),
        (r#""exp":1795349100"#, r#""exp":-1"#),
        (r#""exp":1795349100"#, r#""exp":null"#),
        (r#""aud":"mesh.example""#, r#""aud":["mesh.example"]"#),
        (r#""exp":1795349100"#, r#""exp":18446744073709551615"#),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        assert_eq!(forge(&world, &changed), Err(TokenError::Claims.into()), "{to}");
    }
    for text in ["", "{}", "[]", "null", "{", &format!("{good}{good}"), &format!("{good}x")] {
        assert_eq!(forge(&world, text), Err(TokenError::Claims.into()), "{text}");
    }
}

#[test]
fn claims_must_be_ours() {
    let claims = SessionError::Token(TokenError::Claims);
    for issuer in ["", "https://auth.mesh.example/", "https://evil.example"] {
        assert_eq!(refusal(|claims| claims["iss"] = json!(issuer)), TokenError::Issuer.into());
    }
    for audience in ["", "other.example", "mesh.example.evil"] {
        assert_eq!(refusal(|claims| claims["aud"] = json!(audience)), TokenError::Audience.into());
    }
    for scope in ["", "ask admin", "*"] {
        assert_eq!(refusal(|claims| claims["scope"] = json!(scope)), claims);
    }
    assert_eq!(refusal(|claims| claims["rctx"]["authn"] = json!("none")), claims);
    for workload in ["", "gateway", "spiffe://other.example/gateway", "spiffe://mesh.example/"] {
        assert_eq!(refusal(|claims| claims["req_wl"] = json!(workload)), claims);
    }
}

#[test]
fn ids_must_be_well_formed_and_agree() {
    let claims = SessionError::Token(TokenError::Claims);
    for (name, value) in [
        ("tenant", "a/b"),
        ("tenant", ""),
        ("business", "a b"),
        ("admin", "a\n"),
        ("role", ""),
        ("session_id", "1"),
        ("body_sha256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
        ("body_sha256", ""),
    ] {
        assert_eq!(refusal(|claims| claims["tctx"][name] = json!(value)), claims, "{name} {value}");
    }
    assert_eq!(refusal(|claims| claims["txn"] = json!("txn")), claims);
    assert_eq!(refusal(|claims| claims["rctx"]["principal"] = json!("a b")), claims);
    assert_eq!(refusal(|claims| claims["tctx"]["tenant"] = json!("tenant-9")), SessionError::Inconsistent);
    assert_eq!(refusal(|claims| claims["sub"] = json!("tenant-1/business_2")), SessionError::Inconsistent);
}

#[test]
fn lifetimes_are_capped_whoever_signed_them() {
    let (start, cap) = (1_795_348_800_u64, SESSION_LIFETIME_MAX.as_secs());
    let lifetime = |iat: u64, exp: u64| {
        let world = World::new();
        let mut claims = claims_of(world.mint(&grant()).expose());
        claims["iat"] = json!(iat);
        claims["exp"] = json!(exp);
        forge(&world, &claims.to_string())
    };
    assert_eq!(lifetime(start, start + cap), Ok(()));
    for (iat, exp) in
        [(start, start + cap + 1), (start, start), (start, start - 1), (0, start + 1), (start, 4_102_444_800)]
    {
        assert_eq!(lifetime(iat, exp), Err(TokenError::Lifetime.into()), "{iat} {exp}");
    }
    assert_eq!(lifetime(start - 10, start - 5), Err(TokenError::Expired.into()));
    assert_eq!(lifetime(start + 6, start + 16), Err(TokenError::NotYetValid.into()));
}

#[test]
fn a_token_over_the_size_is_refused_unread() {
    let mut granted = grant();
    granted.method = format!("/{}", "m".repeat(4_096));
    assert!(World::new().minter.mint(&granted, now()).is_err());
    let refused = refusal(|claims| claims["tctx"]["method"] = json!("m".repeat(4_096)));
    assert_eq!(refused, TokenError::Malformed.into());
}

#[test]
fn a_key_that_left_the_feed_verifies_nothing() {
    let world = World::new();
    let key = world.mint(&grant());
    let (next, _) = SigningKey::generate().unwrap();
    let mut feed = world.feed();
    feed.session_keys.insert(0, next.public_key().into());
    world.verifier.update(feed.clone(), now()).unwrap();
    world.verifier.verify(&key, now()).unwrap();
    feed.session_keys.pop();
    world.verifier.update(feed, now()).unwrap();
    assert_eq!(world.verifier.verify(&key, now()).unwrap_err(), TokenError::UnknownKey.into());
}

//! What must pass, and to the second.

use crate::world::{AUTHORITY, KEY, NONCE, PATH, Sent, credentials, issuer, master, now, seconds};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use splitplane_sigv4::{
    CredentialIssuer, IssueError, MasterKey, MasterKeyError, SignError, SignRequest, VerifyError, frame,
    message_of, sign,
};
use splitplane_types::Digest;

#[test]
fn an_honest_request_says_who_asks_and_what_was_signed() {
    let credentials = credentials();
    let sent = Sent::honest(&credentials, NONCE, now());
    let caller = sent.verify().unwrap();
    assert_eq!(caller.composite().to_string(), KEY);
    assert_eq!(caller.principal().as_str(), "worker");
    assert_eq!(caller.access_key_id(), credentials.access_key_id);
    assert_eq!(caller.nonce(), NONCE);
    assert_eq!(caller.body_digest(), Digest::of(&sent.frame));
    assert_eq!(caller.signed_at(), now());
    assert_eq!(caller.path(), PATH);
}

#[test]
fn headers_may_come_in_any_order_and_among_others() {
    let mut sent = Sent::honest(&credentials(), NONCE, now());
    sent.headers.reverse();
    for (name, value) in [
        ("host", AUTHORITY),
        ("content-type", "application/grpc+proto"),
        ("te", "trailers"),
        ("user-agent", "grpcurl/1.8.6"),
        ("grpc-timeout", "5S"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
        ("x-forwarded-for", "192.0.2.1"),
        ("user-agent", "twice"),
    ] {
        sent.headers.push((name.into(), value.into()));
    }
    sent.verify().unwrap();
}

#[test]
fn the_skew_is_five_minutes_to_the_second_both_ways() {
    let credentials = credentials();
    let sent = Sent::honest(&credentials, NONCE, now());
    for at in [now() - seconds(300), now() + seconds(300)] {
        sent.verify_with(&issuer(), at).unwrap();
    }
    for at in [now() - seconds(301), now() + seconds(301)] {
        assert_eq!(sent.verify_with(&issuer(), at).unwrap_err(), VerifyError::Skew);
    }
}

#[test]
fn credentials_pass_until_the_second_they_expire() {
    let credentials = credentials();
    let ends = credentials.expires_at;
    assert_eq!(ends, now() + seconds(3_600));
    let sent = Sent::honest(&credentials, NONCE, ends);
    sent.verify_with(&issuer(), ends - seconds(1)).unwrap();
    assert_eq!(sent.verify_with(&issuer(), ends).unwrap_err(), VerifyError::Expired);
}

#[test]
fn credentials_from_the_future_are_refused() {
    let credentials = credentials();
    for (before, passes) in [(300, true), (301, false)] {
        let at = now() - seconds(before);
        let verified = Sent::honest(&credentials, NONCE, at).verify_with(&issuer(), at);
        assert_eq!(verified.is_ok(), passes, "{verified:?}");
        assert!(passes || matches!(verified, Err(VerifyError::Expired)));
    }
}

#[test]
fn a_previous_master_key_is_honoured_until_it_is_dropped() {
    let sent = Sent::honest(&credentials(), NONCE, now());
    let rotated = CredentialIssuer::new(master(2), vec![master(3), master(1)]);
    assert_eq!(sent.verify_with(&rotated, now()).unwrap().principal().as_str(), "worker");
    let dropped = CredentialIssuer::new(master(2), vec![master(3)]);
    assert_eq!(sent.verify_with(&dropped, now()).unwrap_err(), VerifyError::UnknownCredentials);
}

#[test]
fn credentials_have_the_form_and_bounds_of_aws() {
    let credentials = credentials();
    let base32 = |text: &str| text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
    assert!(credentials.access_key_id.starts_with("ASIA") && base32(&credentials.access_key_id));
    assert_eq!(credentials.access_key_id.len(), 20);
    assert_eq!(credentials.secret_access_key.expose_secret().len(), 40);
    let principal = "worker".parse().unwrap();
    assert_ne!(
        issuer().issue(&principal, seconds(900), now()).unwrap().access_key_id,
        credentials.access_key_id
    );
    for (lifetime, passes) in [(899, false), (900, true), (43_200, true), (43_201, false)] {
        let issued = issuer().issue(&principal, seconds(lifetime), now());
        assert_eq!(issued.is_ok(), passes, "{lifetime}");
        assert!(passes || matches!(issued, Err(IssueError::Lifetime)));
    }
}

#[test]
fn nothing_secret_is_printed() {
    let credentials = credentials();
    let (key, text) = MasterKey::generate().unwrap();
    let printed = format!("{credentials:?} {key:?} {:?}", issuer());
    assert!(printed.contains(&credentials.access_key_id));
    for secret in [&credentials.secret_access_key, &credentials.session_token, &text] {
        assert!(!printed.contains(secret.expose_secret()));
    }
}

#[test]
fn a_master_key_survives_its_file() {
    let (key, text) = MasterKey::generate().unwrap();
    let read = MasterKey::parse(&format!("{}\n", text.expose_secret())).unwrap();
    let credentials =
        CredentialIssuer::new(key, vec![]).issue(&"worker".parse().unwrap(), seconds(900), now()).unwrap();
    let sent = Sent::honest(&credentials, NONCE, now());
    sent.verify_with(&CredentialIssuer::new(read, vec![]), now()).unwrap();
    for text in ["", "AAAA", &"A".repeat(44), "not base64"] {
        assert_eq!(MasterKey::parse(text).unwrap_err(), MasterKeyError::Malformed, "{text}");
    }
}

#[test]
fn what_could_not_be_accepted_is_not_signed() {
    let composite = KEY.parse().unwrap();
    let body = frame(b"x");
    let good = SignRequest {
        path: PATH,
        authority: AUTHORITY,
        frame: &body,
        composite: &composite,
        nonce: NONCE,
        region: "us-east-1",
    };
    let refused = |request: SignRequest<'_>| sign(&request, &credentials(), now()).unwrap_err();
    assert!(matches!(refused(SignRequest { path: "/a b/C", ..good }), SignError::Path));
    for authority in ["", "a/b", "user@host", "a b", "a?"] {
        assert!(matches!(refused(SignRequest { authority, ..good }), SignError::Authority), "{authority}");
    }
    assert!(matches!(refused(SignRequest { nonce: "short", ..good }), SignError::Nonce));
    assert!(matches!(refused(SignRequest { frame: b"x", ..good }), SignError::Frame));
    for authority in ["[::1]:7000", "localhost", "a:80"] {
        sign(&SignRequest { authority, ..good }, &credentials(), now()).unwrap();
    }
}

proptest! {
    // The signer is the SDK's own: it shares no canonicaliser with the verifier.
    #[test]
    fn whatever_is_signed_verifies(
        key in "[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}",
        nonce in "[A-Za-z0-9._-]{16,128}",
        path in "/[A-Za-z0-9_]{1,9}([.][A-Za-z0-9_]{1,9}){0,3}/[A-Za-z0-9_]{1,40}",
        message in proptest::collection::vec(any::<u8>(), 0..300),
        late in 0_u64..300,
    ) {
        let frame = frame(&message);
        let composite = key.parse().unwrap();
        let request = SignRequest {
            path: &path, authority: AUTHORITY, frame: &frame, composite: &composite, nonce: &nonce, region: "us-east-1",
        };
        let headers = sign(&request, &credentials(), now()).unwrap();
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let sent = Sent { path: path.clone(), authority: AUTHORITY.into(), headers, frame: frame.clone() };
        let caller = sent.verify_with(&issuer(), now() + seconds(late)).unwrap();
        prop_assert_eq!(caller.composite(), &composite);
        prop_assert_eq!(caller.nonce(), nonce);
        prop_assert_eq!(message_of(&frame), Some(&message[..]));
    }
}

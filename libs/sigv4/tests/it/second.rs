//! A second verifier, of another author and with a canonicaliser of its own, asked the same
//! questions: whatever it refuses is refused here, and where only one refuses, it is ours.

use crate::forgeries::Forger;
use crate::mutations::flips;
use crate::world::{AUTHORITY, KEY, NONCE, PATH, Sent, credentials, now, seconds};
use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, SignatureOptions, VecSignedHeaderRequirements,
    service_for_signing_key_fn, sigv4_validate_request,
};
use secrecy::ExposeSecret as _;
use splitplane_sigv4::{SignRequest, TemporaryCredentials, VerifyError, frame, sign};
use splitplane_types::Digest;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

const SIGNED: [&str; 7] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-splitplane-admin-id",
    "x-splitplane-business-id",
    "x-splitplane-nonce",
    "x-splitplane-tenant-id",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Second {
    Accepts,
    Refuses,
    /// The types of an HTTP library do not hold such a request.
    CannotCarry,
}

// As a server would hand it over: with a `host` made of the authority, which this verifier needs.
fn carry(sent: &Sent) -> Option<Request<Vec<u8>>> {
    let mut request = Request::post(&sent.path).body(sent.frame.clone()).ok()?;
    for (name, value) in &sent.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
    }
    let host = HeaderValue::from_str(&sent.authority).ok()?;
    request.headers_mut().entry("host").or_insert(host);
    Some(request)
}

fn second(sent: &Sent, credentials: &TemporaryCredentials, at: SystemTime) -> Second {
    let Some(request) = carry(sent) else { return Second::CannotCarry };
    let id = credentials.access_key_id.clone();
    let token = credentials.session_token.expose_secret().to_owned();
    let secret: KSecretKey = credentials.secret_access_key.expose_secret().parse().unwrap();
    let find = move |asked: GetSigningKeyRequest| {
        let is_known = asked.access_key() == id && asked.session_token() == Some(token.as_str());
        let key = secret.to_ksigning(asked.request_date(), asked.region(), asked.service());
        let found = GetSigningKeyResponse::builder().signing_key(key).build();
        std::future::ready(if is_known { found.map_err(Into::into) } else { Err("unknown".into()) })
    };
    let mut keys = service_for_signing_key_fn(find);
    let required =
        VecSignedHeaderRequirements::new::<str, str, str>(&SIGNED, &[], &["x-amz-", "x-splitplane-"]);
    let time = jiff::Timestamp::try_from(at).unwrap().to_string().parse().unwrap();
    let validated = pin!(sigv4_validate_request(
        request,
        "us-east-1",
        "splitplane",
        &mut keys,
        time,
        &required,
        SignatureOptions::default(),
    ));
    match validated.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(_)) => Second::Accepts,
        Poll::Ready(Err(_)) => Second::Refuses,
        Poll::Pending => panic!("the second verifier waits for something"),
    }
}

#[derive(Debug, Default)]
struct Count {
    tried: usize,
    ours_refused: usize,
    second_refused: usize,
    could_not_be_carried: usize,
    only_ours_refused: usize,
}

impl Count {
    /// Changed by someone without a secret: our refusal is the rule, the second's is compared.
    fn compare(&mut self, changed: &Sent, credentials: &TemporaryCredentials) {
        let ours = changed.verify();
        let theirs = second(changed, credentials, now());
        self.tried += 1;
        self.ours_refused += usize::from(ours.is_err());
        self.second_refused += usize::from(theirs == Second::Refuses);
        self.could_not_be_carried += usize::from(theirs == Second::CannotCarry);
        match (ours, theirs) {
            (Ok(_), _) => panic!("accepted here, and there: {theirs:?}: {changed:?}"),
            (Err(why), Second::Accepts) => {
                self.only_ours_refused += 1;
                // For a form that the second normalises, never for another idea of what was signed.
                let is_form = matches!(
                    why,
                    VerifyError::HeaderNotCanonical(_) | VerifyError::HeaderRepeated("authorization")
                );
                assert!(is_form, "{why:?}: {changed:?}");
            }
            (Err(_), Second::Refuses | Second::CannotCarry) => {}
        }
    }
}

fn texts(text: &str) -> impl Iterator<Item = String> {
    flips(text.as_bytes()).filter_map(|flipped| String::from_utf8(flipped).ok())
}

fn with(sent: &Sent, change: impl FnOnce(&mut Sent)) -> Sent {
    let mut changed = sent.clone();
    change(&mut changed);
    changed
}

/// What `mutations.rs` does to one request, as one list.
fn mutants(sent: &Sent, other: &Sent) -> Vec<Sent> {
    let mut all: Vec<Sent> = Vec::new();
    for (index, (name, value)) in sent.headers.iter().enumerate() {
        all.extend(flips(value).map(|value| with(sent, |sent| sent.headers[index].1 = value)));
        all.extend(texts(name).map(|name| with(sent, |sent| sent.headers[index].0 = name)));
        all.push(with(sent, |sent| drop(sent.headers.remove(index))));
        all.push(with(sent, |sent| sent.headers.push((name.clone(), value.clone()))));
        all.push(with(sent, |sent| sent.headers[index].0.make_ascii_uppercase()));
        for blank in [&b" "[..], b"\t", b"\r\n "] {
            all.push(with(sent, |sent| sent.headers[index].1.extend(blank)));
            all.push(with(sent, |sent| sent.headers[index].1 = [blank, value].concat()));
        }
        if other.headers[index] != sent.headers[index] {
            all.push(with(sent, |sent| sent.headers[index] = other.headers[index].clone()));
        }
    }
    all.extend(flips(&sent.frame).map(|frame| Sent { frame, ..sent.clone() }));
    all.extend(texts(&sent.path).map(|path| Sent { path, ..sent.clone() }));
    all.extend(texts(&sent.authority).map(|authority| Sent { authority, ..sent.clone() }));
    all.extend((0..sent.frame.len()).map(|length| with(sent, |sent| sent.frame.truncate(length))));
    all.push(Sent { frame: [&sent.frame[..], &sent.frame].concat(), ..sent.clone() });
    all
}

#[test]
fn no_mutation_passes_here_and_where_only_ours_refuses_it_is_for_the_form() {
    let mut count = Count::default();
    for body in [&b""[..], b"w", b"what were total sales last week?", &[0xff; 100]] {
        let credentials = credentials();
        let mut sent = signed(&credentials, PATH, KEY, NONCE, body);
        let other = signed(&credentials, PATH, "tenant-9/business_9/admin.9", "another-nonce-0001", body);
        assert_eq!(second(&sent, &credentials, now()), Second::Accepts);
        mutants(&sent, &other).iter().for_each(|changed| count.compare(changed, &credentials));
        let tenant = sent.header("x-splitplane-tenant-id").clone();
        let admin = std::mem::replace(sent.header("x-splitplane-admin-id"), tenant);
        *sent.header("x-splitplane-tenant-id") = admin;
        count.compare(&sent, &credentials);
    }
    assert!(
        count.tried > 25_000 && count.second_refused > 20_000 && count.only_ours_refused > 500,
        "{count:?}"
    );
    assert_eq!(count.second_refused + count.could_not_be_carried + count.only_ours_refused, count.tried);
}

fn signed(credentials: &TemporaryCredentials, path: &str, key: &str, nonce: &str, message: &[u8]) -> Sent {
    let (frame, composite) = (frame(message), key.parse().unwrap());
    let request = SignRequest {
        path,
        authority: AUTHORITY,
        frame: &frame,
        composite: &composite,
        nonce,
        region: "us-east-1",
    };
    let headers = sign(&request, credentials, now()).unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    Sent { path: path.into(), authority: AUTHORITY.into(), headers, frame }
}

/// Rightly signed each time, by a signer that signs anything: scopes, dates, values and headers in every
/// combination.
fn forged(credentials: &TemporaryCredentials) -> Vec<Sent> {
    type Change = fn(Forger) -> Forger;
    let scopes: [Change; 7] = [
        |forger| forger,
        |forger| forger.with(|forger| forger.region = "us-east-2".into()),
        |forger| forger.with(|forger| forger.service = "s3".into()),
        |forger| forger.with(|forger| forger.terminator = "aws5_request".into()),
        |forger| forger.with(|forger| forger.terminator = "aws4_request/".into()),
        // Yesterday's scope, with the key of today and with that of yesterday.
        |forger| forger.with(|forger| forger.day = "20261121".into()),
        |forger| {
            forger.with(|forger| {
                forger.day = "20261121".into();
                forger.signed_at = now() - seconds(86_400);
            })
        },
    ];
    let dates = [
        "20261122T120000Z",
        "20261122T115500Z",
        "20261122T120500Z",
        "20261122T115459Z",
        "20261122T120501Z",
        "20261122T114459Z",
        "20261122T121501Z",
        "20261122T120000.0Z",
        "20261122T120000+0000",
        "2026-11-22T12:00:00Z",
        "",
    ];
    let values = ["tenant-1", " tenant-1 ", "tenant  1", "tenant 1", "ten/ant", "tenant\u{e9}", "a,b", ""];
    let extras: [Change; 10] = [
        |forger| forger,
        |forger| forger.add_signed("te", "trailers"),
        |forger| forger.add_signed("te", "trailers").add_signed("content-type", "application/grpc"),
        |forger| forger.add_unsigned("user-agent", "grpcurl/1.8.6"),
        |forger| forger.add_unsigned("host", AUTHORITY),
        |forger| forger.add_signed("user-agent", "grpcurl/1.8.6"),
        |forger| forger.add_unsigned("x-amz-target", "a"),
        |forger| forger.add_signed("x-splitplane-role", "a"),
        |forger| forger.add_unsigned("x-splitplane-tenant-id", "tenant-2"),
        |forger| forger.with(|forger| forger.signed.retain(|name| name != "x-splitplane-nonce")),
    ];
    let mut all = Vec::new();
    for (scope, extra) in scopes.iter().flat_map(|scope| extras.iter().map(move |extra| (scope, extra))) {
        for (date, value) in dates.iter().flat_map(|date| values.iter().map(move |value| (date, value))) {
            let forger =
                Forger::of(credentials.clone()).set("x-amz-date", date).set("x-splitplane-tenant-id", value);
            all.push(extra(scope(forger)).send());
        }
    }
    all
}

#[test]
fn whatever_passes_here_passes_there_however_it_is_signed() {
    let credentials = credentials();
    let (mut both, mut only_second, mut neither) = (0, 0, 0);
    for sent in forged(&credentials) {
        match (sent.verify(), second(&sent, &credentials, now())) {
            (Ok(_), Second::Accepts) => both += 1,
            (Ok(_), theirs) => panic!("accepted here, and there: {theirs:?}: {sent:?}"),
            (Err(VerifyError::Signature), Second::Accepts) => panic!("signed otherwise for us: {sent:?}"),
            (Err(_), Second::Accepts) => only_second += 1,
            (Err(_), Second::Refuses | Second::CannotCarry) => neither += 1,
        }
    }
    // Three dates and five sets of headers.
    assert_eq!((both, only_second, neither), (15, 305, 5_840));
}

#[test]
fn the_second_verifier_refuses_what_it_should_know() {
    let (credentials, other) = (credentials(), credentials());
    let sent = Sent::honest(&credentials, NONCE, now());
    assert_eq!(second(&sent, &credentials, now()), Second::Accepts);
    assert_eq!(second(&sent, &other, now()), Second::Refuses);
    // It allows 15 minutes, where ours allows five.
    assert_eq!(second(&sent, &credentials, now() + seconds(900)), Second::Accepts);
    assert_eq!(second(&sent, &credentials, now() + seconds(901)), Second::Refuses);
}

proptest! {
    #[test]
    fn whatever_is_signed_passes_both(
        key in "[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}/[A-Za-z0-9._-]{1,128}",
        nonce in "[A-Za-z0-9._-]{16,128}",
        path in "/[A-Za-z0-9_]{1,9}([.][A-Za-z0-9_]{1,9}){0,3}/[A-Za-z0-9_]{1,40}",
        message in proptest::collection::vec(any::<u8>(), 0..300),
        order in any::<u64>(),
        others in proptest::collection::vec(("[a-w][a-z0-9-]{2,12}x", "[!-~]{1,20}"), 0..4),
    ) {
        let credentials = credentials();
        let mut sent = signed(&credentials, &path, &key, &nonce, &message);
        sent.headers.extend(others.into_iter().map(|(name, value)| (name, value.into_bytes())));
        sent.headers.sort_by_key(|(name, _)| Digest::of(format!("{order}{name}").as_bytes()).to_string());
        prop_assert!(sent.verify().is_ok());
        prop_assert_eq!(second(&sent, &credentials, now()), Second::Accepts);
    }
}

//! A hostile caller with credentials of its own: everything here is signed correctly, by a signer
//! that normalises what it should refuse. Each case breaks one rule.

use crate::world::{AUTHORITY, KEY, NONCE, PATH, Sent, credentials, issuer, master, now, seconds};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use secrecy::{ExposeSecret as _, SecretString};
use splitplane_sigv4::{CredentialIssuer, TemporaryCredentials, VerifyError, frame};
use splitplane_types::{CompositeKey, Digest};
use std::time::SystemTime;

/// Signs whatever it is told to.
#[derive(Debug, Clone)]
pub(crate) struct Forger {
    pub(crate) path: String,
    pub(crate) authority: String,
    pub(crate) frame: Vec<u8>,
    pub(crate) access_key_id: String,
    pub(crate) secret: SecretString,
    pub(crate) signed_at: SystemTime,
    pub(crate) day: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) terminator: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) signed: Vec<String>,
}

impl Forger {
    fn new() -> Self {
        Self::of(credentials())
    }

    pub(crate) fn of(credentials: TemporaryCredentials) -> Self {
        let key: CompositeKey = KEY.parse().unwrap();
        let frame = frame(b"what");
        let headers = [
            ("x-amz-content-sha256", Digest::of(&frame).to_string()),
            ("x-amz-date", "20261122T120000Z".to_owned()),
            ("x-amz-security-token", credentials.session_token.expose_secret().to_owned()),
            ("x-splitplane-admin-id", key.admin().to_string()),
            ("x-splitplane-business-id", key.business().to_string()),
            ("x-splitplane-nonce", NONCE.to_owned()),
            ("x-splitplane-tenant-id", key.tenant().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        Self {
            path: PATH.into(),
            authority: AUTHORITY.into(),
            frame,
            access_key_id: credentials.access_key_id,
            secret: credentials.secret_access_key,
            signed_at: now(),
            day: "20261122".into(),
            region: "us-east-1".into(),
            service: "splitplane".into(),
            terminator: "aws4_request".into(),
            signed: std::iter::once("host".to_owned())
                .chain(headers.iter().map(|(name, _)| name.clone()))
                .collect(),
            headers: headers.into(),
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.with(|forger| {
            forger.headers.iter_mut().find(|(found, _)| found == name).unwrap().1 = value.to_owned()
        })
    }

    /// Adds a header, and puts it on the signed list in its place.
    pub(crate) fn add_signed(self, name: &str, value: &str) -> Self {
        self.with(|forger| {
            forger.headers.push((name.to_owned(), value.to_owned()));
            forger.signed.push(name.to_owned());
            forger.signed.sort();
        })
    }

    pub(crate) fn add_unsigned(self, name: &str, value: &str) -> Self {
        self.with(|forger| forger.headers.push((name.to_owned(), value.to_owned())))
    }

    // As lenient as the signers of the AWS suite: joins repeats, trims and collapses blanks.
    fn canonical_value(&self, name: &str) -> String {
        if name == "host" {
            return self.authority.clone();
        }
        let values = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        values
            .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn authorization(&self) -> String {
        let lines: String =
            self.signed.iter().map(|name| format!("{name}:{}\n", self.canonical_value(name))).collect();
        let signed = self.signed.join(";");
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let payload = self.canonical_value("x-amz-content-sha256");
        let canonical = format!("POST\n{path}\n{query}\n{lines}\n{signed}\n{payload}");
        let scope = format!("{}/{}/{}/{}", self.day, self.region, self.service, self.terminator);
        let date = self.canonical_value("x-amz-date");
        let digest = Digest::of(canonical.as_bytes());
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
        let key =
            generate_signing_key(self.secret.expose_secret(), self.signed_at, &self.region, &self.service);
        let signature = calculate_signature(key, to_sign.as_bytes());
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}",
            self.access_key_id
        )
    }

    pub(crate) fn send(&self) -> Sent {
        let mut headers = self.headers.clone();
        headers.push(("authorization".into(), self.authorization()));
        Sent {
            path: self.path.clone(),
            authority: self.authority.clone(),
            headers: headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
            frame: self.frame.clone(),
        }
    }

    fn refusal(&self) -> VerifyError {
        self.send().verify().expect_err(&format!("accepted {self:?}"))
    }

    fn is_accepted(&self) -> bool {
        self.send().verify().is_ok()
    }
}

#[test]
fn the_forger_can_sign_what_is_in_order() {
    assert!(Forger::new().is_accepted());
    assert!(Forger::new().add_signed("content-type", "application/grpc").is_accepted());
    assert!(Forger::new().add_signed("te", "trailers").is_accepted());
    let both = Forger::new().add_signed("te", "trailers").add_signed("content-type", "application/grpc");
    assert!(both.is_accepted());
    assert!(Forger::new().add_unsigned("host", AUTHORITY).is_accepted());
}

#[test]
fn paths_that_are_no_method_are_refused() {
    for path in [
        "/",
        "/a.B",
        "/a.B/",
        "/a.B/C/D",
        "//a.B/C",
        "/a.B/C?",
        "/a.B/C?x=1",
        "/a.B/%43",
        "/a.B/../C",
        "/./C",
        "/../C",
        "/a..B/C",
        "/.a/C",
        "a.B/C",
    ] {
        assert_eq!(
            Forger::new().with(|forger| forger.path = path.into()).refusal(),
            VerifyError::Path,
            "{path}"
        );
    }
}

#[test]
fn other_authorities_and_hosts_are_refused() {
    for authority in ["evil.example", "gateway.example", "GATEWAY.example:443", "gateway.example:443 ", ""] {
        let forger = Forger::new().with(|forger| forger.authority = authority.into());
        assert_eq!(forger.refusal(), VerifyError::Authority, "{authority}");
    }
    assert_eq!(Forger::new().add_unsigned("host", "localhost:7000").refusal(), VerifyError::Authority);
    let twice = Forger::new().add_unsigned("host", AUTHORITY).add_unsigned("host", AUTHORITY);
    assert_eq!(twice.refusal(), VerifyError::HeaderRepeated("host"));
}

#[test]
fn headers_of_the_signed_families_beyond_the_list_are_refused() {
    for name in
        ["x-amz-target", "x-splitplane-role", "x-splitplane-tenant-id2", "X-Splitplane-Role", "x-amz-"]
    {
        assert_eq!(Forger::new().add_unsigned(name, "a").refusal(), VerifyError::HeaderUnsigned, "{name}");
        assert_eq!(Forger::new().add_signed(name, "a").refusal(), VerifyError::HeaderUnsigned, "{name}");
    }
    let shouted = Forger::new().add_unsigned("X-Splitplane-Tenant-Id", "tenant-9");
    assert_eq!(shouted.refusal(), VerifyError::HeaderNotCanonical("x-splitplane-tenant-id"));
}

#[test]
fn repeated_headers_are_refused_even_when_signed_as_one() {
    let names: Vec<_> = Forger::new().headers.into_iter().map(|(name, _)| name).collect();
    for name in names {
        let value = Forger::new().canonical_value(&name);
        let refusal = Forger::new().add_unsigned(&name, &value).refusal();
        assert!(matches!(refusal, VerifyError::HeaderRepeated(found) if found == name), "{name}: {refusal}");
    }
}

#[test]
fn values_that_need_normalising_are_refused_even_when_signed_normalised() {
    for value in [" tenant-1", "tenant-1 ", "\ttenant-1", "tenant-1\r\n ", "tenant-1\n", "", "tenant\u{a0}1"]
    {
        let refusal = Forger::new().set("x-splitplane-tenant-id", value).refusal();
        assert_eq!(refusal, VerifyError::HeaderNotCanonical("x-splitplane-tenant-id"), "{value:?}");
    }
    let date = Forger::new().set("x-amz-date", " 20261122T120000Z");
    assert_eq!(date.refusal(), VerifyError::HeaderNotCanonical("x-amz-date"));
}

#[test]
fn every_header_must_be_there_and_on_the_list() {
    let names = Forger::new().signed;
    for name in &names {
        let unlisted = Forger::new().with(|forger| forger.signed.retain(|listed| listed != name));
        assert_eq!(unlisted.refusal(), VerifyError::SignedHeaders, "{name}");
    }
    for name in names.iter().filter(|name| *name != "host") {
        let absent = Forger::new().with(|forger| forger.headers.retain(|(found, _)| found != name));
        assert!(matches!(absent.refusal(), VerifyError::HeaderMissing(found) if found == name), "{name}");
    }
}

#[test]
fn the_list_has_one_form() {
    let refusals = [
        Forger::new().with(|forger| forger.signed.reverse()),
        Forger::new().with(|forger| forger.signed.push("x-splitplane-tenant-id".into())),
        Forger::new().with(|forger| forger.signed[0] = "Host".into()),
        Forger::new().with(|forger| forger.signed[0] = "host ".into()),
        Forger::new().with(|forger| forger.signed.push(String::new())),
        Forger::new().add_signed("user-agent", "curl"),
        Forger::new().add_signed("grpc-timeout", "1S"),
    ];
    for forger in refusals {
        assert_eq!(forger.refusal(), VerifyError::SignedHeaders, "{:?}", forger.signed);
    }
}

#[test]
fn the_optional_headers_have_one_value_each() {
    for value in ["application/grpc+proto", "application/json", "application/grpc-web"] {
        let refusal = Forger::new().add_signed("content-type", value).refusal();
        assert_eq!(refusal, VerifyError::HeaderNotCanonical("content-type"), "{value}");
    }
    assert_eq!(Forger::new().add_signed("te", "gzip").refusal(), VerifyError::HeaderNotCanonical("te"));
    let listed_only = Forger::new().with(|forger| forger.signed.insert(0, "content-type".into()));
    assert_eq!(listed_only.refusal(), VerifyError::HeaderMissing("content-type"));
}

#[test]
fn the_payload_must_be_hashed_and_be_one_frame() {
    let hash = Digest::of(&frame(b"what")).to_string();
    for payload in [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        &hash.to_uppercase(),
        hash.split_at(1).1,
        &Digest::of(b"what").to_string(),
        &Digest::of(b"").to_string(),
    ] {
        assert_eq!(
            Forger::new().set("x-amz-content-sha256", payload).refusal(),
            VerifyError::PayloadHash,
            "{payload}"
        );
    }
    let compressed = [&[1][..], &frame(b"what")[1..]].concat();
    let two = [frame(b"what"), frame(b"else")].concat();
    for body in [compressed, two, b"what".to_vec(), vec![], frame(b"what")[..8].to_vec()] {
        let forger = Forger::new().set("x-amz-content-sha256", &Digest::of(&body).to_string());
        assert_eq!(
            forger.with(|forger| forger.frame.clone_from(&body)).refusal(),
            VerifyError::Frame,
            "{body:?}"
        );
    }
}

#[test]
fn the_scope_is_ours_and_of_the_day() {
    for region in ["us-east-2", "US-EAST-1", "", "*"] {
        assert_eq!(
            Forger::new().with(|forger| forger.region = region.into()).refusal(),
            VerifyError::Scope,
            "{region}"
        );
    }
    for service in ["s3", "Splitplane", "", "splitplane "] {
        assert_eq!(
            Forger::new().with(|forger| forger.service = service.into()).refusal(),
            VerifyError::Scope
        );
    }
    for terminator in ["aws4_request/", "aws5_request", "", "aws4_request/x"] {
        let forger = Forger::new().with(|forger| forger.terminator = terminator.into());
        assert_eq!(forger.refusal(), VerifyError::Authorization, "{terminator}");
    }
    for day in ["20261121", "20261123", "2026112", ""] {
        let forger = Forger::new().with(|forger| {
            forger.day = day.into();
            forger.signed_at = now() - seconds(86_400);
        });
        assert_eq!(forger.refusal(), VerifyError::Date, "{day}");
    }
}

#[test]
fn dates_have_one_spelling_and_are_fresh() {
    for date in [
        "20261122T120000",
        "20261122t120000z",
        "2026-11-22T12:00:00Z",
        "20261122T120060Z",
        "+0261122T120000Z",
    ] {
        assert_eq!(Forger::new().set("x-amz-date", date).refusal(), VerifyError::Date, "{date}");
    }
    for date in ["20261122T115459Z", "20261122T120501Z", "20261122T000000Z"] {
        assert_eq!(Forger::new().set("x-amz-date", date).refusal(), VerifyError::Skew, "{date}");
    }
    for date in ["20261122T115500Z", "20261122T120500Z"] {
        assert!(Forger::new().set("x-amz-date", date).is_accepted(), "{date}");
    }
}

#[test]
fn nonces_and_ids_have_a_form() {
    for nonce in
        [&"n".repeat(15), &"n".repeat(129), "nonce with blanks", "nonce/with/slashes", "nonce:with:colons"]
    {
        assert_eq!(Forger::new().set("x-splitplane-nonce", nonce).refusal(), VerifyError::Nonce, "{nonce}");
    }
    for nonce in ["n".repeat(16), "n".repeat(128)] {
        assert!(Forger::new().set("x-splitplane-nonce", &nonce).is_accepted());
    }
    for name in ["x-splitplane-tenant-id", "x-splitplane-business-id", "x-splitplane-admin-id"] {
        for id in ["a/b", "a b", "a,a", "*", "a'--", &"a".repeat(129)] {
            assert_eq!(Forger::new().set(name, id).refusal(), VerifyError::Identity, "{name}: {id}");
        }
    }
}

#[test]
fn only_temporary_access_keys_are_known() {
    for id in [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPL",
        "ASIAIOSFODNN7EXAMPLEX",
        "asiaIOSFODNN7EXAMPLE",
        "",
        "ASIA",
    ] {
        assert_eq!(
            Forger::new().with(|forger| forger.access_key_id = id.into()).refusal(),
            VerifyError::AccessKey,
            "{id}"
        );
    }
}

#[test]
fn the_authorization_header_has_one_form() {
    let good = Forger::new().send();
    let text = Forger::new().authorization();
    let (front, signature) = text.split_at(text.len() - 64);
    let variants = [
        text.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"),
        text.replace("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "),
        text.replace("AWS4-HMAC-SHA256 ", "AWS4-ECDSA-P256-SHA256 "),
        text.replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 X=1, "),
        text.replace(", Signature", ",Signature"),
        text.replace(", SignedHeaders", ",SignedHeaders"),
        text.replace("Signature=", "signature="),
        format!("{text},"),
        format!("{text}, Signature={}", "0".repeat(64)),
        format!("{}0", text),
        text.split_at(text.len() - 1).0.to_owned(),
        format!("{front}{}", signature.to_uppercase()),
        front.to_owned(),
        "Bearer abc".to_owned(),
        "AWS4-HMAC-SHA256".to_owned(),
    ];
    for variant in variants {
        let mut sent = good.clone();
        *sent.header("authorization") = variant.clone().into_bytes();
        assert_eq!(sent.verify().unwrap_err(), VerifyError::Authorization, "{variant}");
    }
    let mut twice = good.clone();
    twice.headers.push(("authorization".into(), text.into_bytes()));
    assert_eq!(twice.verify().unwrap_err(), VerifyError::HeaderRepeated("authorization"));
}

#[test]
fn secrets_and_session_tokens_belong_to_one_access_key() {
    let other = credentials();
    let token = other.session_token.expose_secret();
    assert_eq!(Forger::new().set("x-amz-security-token", token).refusal(), VerifyError::UnknownCredentials);
    let secret = other.secret_access_key.clone();
    assert_eq!(Forger::new().with(|forger| forger.secret = secret).refusal(), VerifyError::Signature);
    let forger = Forger::new().with(|forger| forger.access_key_id = other.access_key_id);
    assert_eq!(forger.refusal(), VerifyError::UnknownCredentials);

    let stranger = CredentialIssuer::new(master(9), vec![])
        .issue(&"root".parse().unwrap(), seconds(900), now())
        .unwrap();
    let forger =
        Forger::new().set("x-amz-security-token", stranger.session_token.expose_secret()).with(|forger| {
            forger.access_key_id = stranger.access_key_id;
            forger.secret = stranger.secret_access_key;
        });
    assert_eq!(forger.refusal(), VerifyError::UnknownCredentials);
    for token in ["AAAA", "not*base64", "x"] {
        assert_eq!(
            Forger::new().set("x-amz-security-token", token).refusal(),
            VerifyError::UnknownCredentials
        );
    }
}

#[test]
fn expired_credentials_are_refused_however_fresh_the_signature() {
    let old = issuer().issue(&"worker".parse().unwrap(), seconds(900), now() - seconds(900)).unwrap();
    let forger =
        Forger::new().set("x-amz-security-token", old.session_token.expose_secret()).with(|forger| {
            forger.access_key_id = old.access_key_id;
            forger.secret = old.secret_access_key;
        });
    assert_eq!(forger.refusal(), VerifyError::Expired);
}

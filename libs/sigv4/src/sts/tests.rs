use super::*;
use crate::canonical;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use splitplane_types::frame;
use std::time::UNIX_EPOCH;

const PATH: &str = "/splitplane.gateway.v1.GatewayService/Ask";
const HOST: &str = "sts.us-east-1.amazonaws.com";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_440_938_160)
}

fn expectations() -> StsExpectations {
    StsExpectations {
        region: "us-east-1".into(),
        host: HOST.into(),
        audience: "mesh".into(),
        authorities: vec!["gateway:7100".into()],
        skew: Duration::from_secs(300),
    }
}

/// What the caller believes to ask for, and signs.
fn signed(values: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    let mut values: Vec<(&str, &str)> = values.to_vec();
    values.sort_unstable();
    let canonical = {
        let mut text = "POST\n/\n\n".to_owned();
        for (name, value) in &values {
            text.push_str(&format!("{name}:{value}\n"));
        }
        format!("{text}\n{}\n{}", canonical::names(&values), Digest::of(STS_BODY.as_bytes()))
    };
    let scope = "20150830/us-east-1/sts/aws4_request";
    let key = generate_signing_key("secret", now(), "us-east-1", "sts");
    let text = canonical::string_to_sign("20150830T123600Z", scope, &canonical);
    let signature = calculate_signature(key, text.as_bytes());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/{scope}, SignedHeaders={}, Signature={signature}",
        canonical::names(&values)
    );
    let ours = ["x-amz-date", "x-amz-security-token", "x-splitplane-tenant-id", "x-splitplane-business-id"];
    let ours = [&ours[..], &["x-splitplane-admin-id", "x-splitplane-nonce"]].concat();
    let mut headers: Vec<(String, Vec<u8>)> = values
        .iter()
        .filter(|(name, _)| ours.contains(name))
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    headers.push(("authorization".into(), authorization.into_bytes()));
    headers
}

fn body() -> Vec<u8> {
    frame(b"question")
}

fn values(digest: &str) -> Vec<(&'static str, String)> {
    [
        ("content-type", STS_CONTENT_TYPE),
        ("host", HOST),
        ("x-amz-date", "20150830T123600Z"),
        ("x-amz-security-token", "token"),
        ("x-splitplane-admin-id", "a"),
        ("x-splitplane-audience", "mesh"),
        ("x-splitplane-business-id", "b"),
        ("x-splitplane-content-sha256", digest),
        ("x-splitplane-method", PATH),
        ("x-splitplane-nonce", "nonce-0123456789abcdef"),
        ("x-splitplane-tenant-id", "t"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn rebuild(headers: &[(String, Vec<u8>)]) -> Result<StsRequest, VerifyError> {
    let frame = body();
    let request = RawRequest { path: PATH, authority: "gateway:7100", headers, frame: &frame };
    assert!(is_for_sts(&request) || headers.is_empty());
    StsRequest::rebuild(&request, &expectations(), now())
}

fn honest() -> Vec<(String, Vec<u8>)> {
    let digest = Digest::of(&body()).to_string();
    let values = values(&digest);
    signed(&values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
}

/// The signature that AWS computes over what it is sent.
fn at_aws(request: &StsRequest) -> bool {
    let all: Vec<(&str, &str)> = request.headers().collect();
    let authorization = all.iter().find(|(name, _)| *name == "authorization").unwrap().1;
    let sent: Vec<(&str, &str)> = all.iter().copied().filter(|(name, _)| *name != "authorization").collect();
    let again = signed(&sent);
    again.iter().any(|(name, value)| name == "authorization" && value == authorization.as_bytes())
}

#[test]
fn what_is_rebuilt_is_what_was_signed() {
    let request = rebuild(&honest()).unwrap();
    assert!(at_aws(&request));
    assert_eq!(request.composite().to_string(), "t/b/a");
}

#[test]
fn whatever_else_was_signed_is_not_what_aws_is_sent() {
    let digest = Digest::of(&body()).to_string();
    for at in 0..values(&digest).len() {
        let mut other = values(&digest);
        let (name, value) = &mut other[at];
        *value = match *name {
            "x-amz-date" => "20150830T123601Z".into(),
            "x-splitplane-content-sha256" => Digest::of(b"another").to_string(),
            _ => format!("{value}x"),
        };
        let other: Vec<(&str, &str)> = other.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut headers = signed(&other);
        // The caller signed one thing and tells us of another.
        for (header, value) in &mut headers {
            if let Some((_, honest)) = values(&digest).iter().find(|(name, _)| name == header) {
                honest.as_bytes().clone_into(value);
            }
        }
        if let Ok(request) = rebuild(&headers) {
            assert!(!at_aws(&request), "{:?}", other[at]);
        }
    }
}

#[test]
fn a_header_less_or_more_is_refused_before_aws_is_asked() {
    let digest = Digest::of(&body()).to_string();
    for at in 0..values(&digest).len() {
        let mut fewer = values(&digest);
        let (name, _) = fewer.remove(at);
        let fewer: Vec<(&str, &str)> = fewer.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert!(rebuild(&signed(&fewer)).is_err(), "{name}");
    }
    let mut more = values(&digest);
    more.push(("x-amz-target", "AWSSecurityTokenServiceV20110615.AssumeRole".into()));
    let more: Vec<(&str, &str)> = more.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(rebuild(&signed(&more)).unwrap_err(), VerifyError::SignedHeaders);
    let mut doubled = honest();
    doubled.push(doubled[0].clone());
    let frame = body();
    let request = RawRequest { path: PATH, authority: "gateway:7100", headers: &doubled, frame: &frame };
    assert!(StsRequest::rebuild(&request, &expectations(), now()).is_err());
}

#[test]
fn another_time_region_or_door_is_refused() {
    let (headers, frame) = (honest(), body());
    let with = |change: &dyn Fn(&mut StsExpectations), at| {
        let mut expectations = expectations();
        change(&mut expectations);
        let request = RawRequest { path: PATH, authority: "gateway:7100", headers: &headers, frame: &frame };
        StsRequest::rebuild(&request, &expectations, at).map(drop)
    };
    assert_eq!(with(&|_| (), now()), Ok(()));
    assert_eq!(with(&|e| e.region = "eu-central-1".into(), now()), Err(VerifyError::Scope));
    assert_eq!(with(&|e| e.authorities.clear(), now()), Err(VerifyError::Authority));
    assert_eq!(with(&|_| (), now() + Duration::from_secs(301)), Err(VerifyError::Skew));
    assert_eq!(with(&|_| (), now() - Duration::from_secs(301)), Err(VerifyError::Skew));
}

fn answer(arn: &str) -> String {
    format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult><Arn>{arn}</Arn>\
         <UserId>AROA:x</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
}

const ROLE: &str = "arn:aws:sts::123456789012:assumed-role/Portal";

#[test]
fn only_a_role_that_somebody_has_assumed_is_a_caller() {
    let judged = |status: u16, body: &str| {
        let known = |role: &AssumedRole| (role.arn() == ROLE).then(|| "portal".parse().unwrap());
        rebuild(&honest())
            .unwrap()
            .judged(status, body.as_bytes(), known)
            .map(|caller| caller.principal().to_string())
    };
    assert_eq!(judged(200, &answer(&format!("{ROLE}/session-1"))), Ok("portal".to_owned()));
    for (status, body, expected) in [
        (200, answer("arn:aws:iam::123456789012:user/ann"), StsError::NotARole),
        (200, answer("arn:aws:iam::123456789012:root"), StsError::NotARole),
        (200, answer("arn:aws:sts::123456789012:federated-user/ann"), StsError::NotARole),
        (200, answer("arn:aws:sts::123456789012:assumed-role/Portal"), StsError::NotARole),
        (200, answer("arn:aws:sts::123456789012:assumed-role/Portal/a/b"), StsError::NotARole),
        (200, answer("arn:aws:sts::12345678901:assumed-role/Portal/s"), StsError::NotARole),
        (200, answer("arn:evil:sts::123456789012:assumed-role/Portal/s"), StsError::NotARole),
        (200, answer("arn:aws:sts::123456789012:assumed-role/Other/s"), StsError::UnknownRole),
        // The forged answer of CVE-2020-16250: the right text in the wrong place.
        (200, format!("<Message>{}</Message>", answer(&format!("{ROLE}/s"))), StsError::Malformed),
        (200, answer(&format!("{ROLE}/s")).replace(NAMESPACE, "https://evil.example/"), StsError::Malformed),
        (200, answer(&format!("{ROLE}/s</Arn><Arn>{ROLE}/s")), StsError::Malformed),
        (200, "{\"GetCallerIdentityResponse\":{}}".to_owned(), StsError::Malformed),
        (200, " ".repeat(20_000), StsError::Malformed),
        (403, answer(&format!("{ROLE}/s")), StsError::Refused),
        (302, answer(&format!("{ROLE}/s")), StsError::Unavailable),
        (429, String::new(), StsError::Throttled),
        (
            400,
            format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Code>Throttling</Code></Error></ErrorResponse>"
            ),
            StsError::Throttled,
        ),
        (400, String::new(), StsError::Refused),
        (503, String::new(), StsError::Unavailable),
    ] {
        assert_eq!(judged(status, &body), Err(expected), "{status} {body}");
    }
}

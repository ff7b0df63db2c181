//! The AWS test suite for Signature Version 4, as it ships in the `aws-sigv4` package.

use super::*;
use crate::headers::{Headers, NONCE};
use crate::{RawRequest, VerifyError};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// All cases that are canonical POST requests as they stand.
const CANONICAL: [&str; 8] = [
    "post-header-key-case",
    "post-header-key-sort",
    "post-header-value-case",
    "post-sts-header-after",
    "post-sts-header-before",
    "post-vanilla",
    "post-x-www-form-urlencoded",
    "post-x-www-form-urlencoded-parameters",
];

/// All cases whose headers would have to be normalised.
const HEADERS_NOT_CANONICAL: [&str; 4] = [
    "get-header-key-duplicate",
    "get-header-value-multiline",
    "get-header-value-order",
    "get-header-value-trim",
];

const CASES: usize = 40;

struct Case {
    name: String,
    directory: PathBuf,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Case {
    fn read(directory: &Path) -> Self {
        let text = read_to_string(directory.join("request.txt")).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let (first, rest) = head.split_once('\n').unwrap();
        let (method, target) = first.strip_suffix(" HTTP/1.1").unwrap().split_once(' ').unwrap();
        // A line that begins with a blank continues the header before it.
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in rest.trim_end_matches('\n').split('\n') {
            if line.starts_with(' ') {
                let (_, value) = headers.last_mut().unwrap();
                value.push('\n');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
        }
        Self {
            name: directory.file_name().unwrap().to_str().unwrap().to_owned(),
            directory: directory.to_owned(),
            method: method.to_owned(),
            path: target.to_owned(),
            headers,
            body: body.to_owned(),
        }
    }

    fn has_canonical_headers(&self) -> bool {
        let names: BTreeSet<_> = self.headers.iter().map(|(name, _)| name).collect();
        names.len() == self.headers.len()
            && self.headers.iter().all(|(_, text)| value(text.as_bytes()).is_some())
    }

    fn expected(&self, stage: &str) -> String {
        read_to_string(self.directory.join(format!("header-{stage}.txt"))).unwrap()
    }
}

/// This platform's name: packages for others may not have been downloaded.
fn host() -> String {
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let said = String::from_utf8(rustc.stdout).unwrap();
    said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

fn cases() -> Vec<Case> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .other_options(["--offline".to_owned(), "--filter-platform".to_owned(), host()])
        .exec()
        .unwrap();
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "aws-sigv4").unwrap();
    let suite = package.manifest_path.parent().unwrap().join("aws-signing-test-suite/v4");
    let cases: Vec<_> =
        std::fs::read_dir(suite).unwrap().map(|entry| Case::read(&entry.unwrap().path())).collect();
    assert_eq!(cases.len(), CASES);
    cases
}

#[test]
fn every_canonical_case_agrees_at_every_stage() {
    let mut compared = BTreeSet::new();
    for case in cases() {
        if case.method != "POST" || case.path != "/" || !case.has_canonical_headers() {
            continue;
        }
        let context: serde_json::Value =
            serde_json::from_str(&read_to_string(case.directory.join("context.json")).unwrap()).unwrap();
        assert_eq!(context["timestamp"], "2015-08-30T12:36:00Z");
        let (date, scope) = ("20150830T123600Z", "20150830/us-east-1/service/aws4_request");
        let payload = Digest::of(case.body.as_bytes()).to_string();

        let mut headers: Vec<(&str, &str)> =
            case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(("x-amz-date", date));
        if context["sign_body"] == true {
            headers.push(("x-amz-content-sha256", &payload));
        }
        let token = context["credentials"]["token"].as_str();
        if let Some(token) = token.filter(|_| context["omit_session_token"] != true) {
            headers.push(("x-amz-security-token", token));
        }
        headers.sort_unstable();

        let canonical = request(&case.path, &headers, &payload);
        assert_eq!(canonical, case.expected("canonical-request"), "{}", case.name);
        let to_sign = string_to_sign(date, scope, &canonical);
        assert_eq!(to_sign, case.expected("string-to-sign"), "{}", case.name);
        let secret = context["credentials"]["secret_access_key"].as_str().unwrap();
        let signed_at = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let key = generate_signing_key(secret, signed_at, "us-east-1", "service");
        assert_eq!(calculate_signature(key, to_sign.as_bytes()), case.expected("signature"), "{}", case.name);
        compared.insert(case.name);
    }
    assert_eq!(compared, CANONICAL.map(str::to_owned).into());
}

#[test]
fn no_case_is_the_path_of_a_grpc_method() {
    for case in cases() {
        assert!(!is_method_path(&case.path), "{}: {}", case.name, case.path);
    }
    for path in ["/package.v1.Service/Method", "/S/M", "/a_b.C/d_e"] {
        assert!(is_method_path(path), "{path}");
    }
    for path in [
        "", "/", "S/M", "/S", "/S/", "//M", "/S/M/", "/S/M.N", "/S/M?", "/S/M?q=1", "/S/M#f", "/S/%4D",
        "/S/ M",
    ] {
        assert!(!is_method_path(path), "{path}");
    }
}

#[test]
fn headers_that_would_need_normalising_are_refused() {
    let mut refused = BTreeSet::new();
    for case in cases() {
        // As a header that counts, so that repeating it counts too.
        let headers: Vec<_> = case
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("my-header"))
            .map(|(_, value)| (NONCE.to_owned(), value.clone().into_bytes()))
            .collect();
        let request = RawRequest { path: "/S/M", authority: "a", headers: &headers, frame: b"" };
        let read = Headers::read(&request).and_then(|headers| headers.value(NONCE).map(str::to_owned));
        match read {
            Ok(text) => assert!(case.has_canonical_headers(), "{}: {text:?}", case.name),
            Err(VerifyError::HeaderRepeated(NONCE) | VerifyError::HeaderNotCanonical(NONCE)) => {
                refused.insert(case.name);
            }
            Err(VerifyError::HeaderMissing(NONCE)) => assert!(headers.is_empty(), "{}", case.name),
            Err(other) => panic!("{}: {other}", case.name),
        }
    }
    assert_eq!(refused, HEADERS_NOT_CANONICAL.map(str::to_owned).into());
}

#[test]
fn values_are_taken_as_they_are_or_not_at_all() {
    for text in ["a", "a b", "a b c", "~!\"#", &"x".repeat(VALUE_BYTES_MAX)] {
        assert_eq!(value(text.as_bytes()), Some(text));
    }
    for text in ["", " ", " a", "a ", "a  b", "a\tb", "\ta", "a\n", "a\r\n b", "a\0", "a\u{7f}", "\u{e9}"] {
        assert_eq!(value(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(value(b"a\xff"), None);
    assert_eq!(value("x".repeat(VALUE_BYTES_MAX + 1).as_bytes()), None);
}

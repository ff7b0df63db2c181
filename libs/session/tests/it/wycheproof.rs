//! `PublicKey::has_signed` held to the Wycheproof vectors: ES256 is ECDSA on P-256 with SHA-256, its
//! signature the two numbers of 32 bytes each, and nothing else passes. Likewise the DER form of a root's
//! signatures.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use splitplane_session::{KeyRoot, PublicKey};
use std::time::{Duration, UNIX_EPOCH};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

/// The vectors of one set that should pass, and that should not; and each that was decided otherwise.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdicts {
    valid: usize,
    invalid: usize,
    accepted: usize,
    decided_otherwise: Vec<usize>,
}

fn verdicts(name: TestName) -> Verdicts {
    verdicts_by(name, PublicKey::has_signed)
}

fn verdicts_by(name: TestName, has_signed: impl Fn(&PublicKey, &[u8], &[u8]) -> bool) -> Verdicts {
    let mut verdicts = Verdicts::default();
    for group in TestSet::load(name).unwrap().test_groups {
        let key = PublicKey::from_point(&group.key.key).unwrap();
        for test in group.tests {
            let accepted = has_signed(&key, &test.msg, &test.sig);
            let should = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("{name:?} {}: neither valid nor invalid", test.tc_id),
            };
            verdicts.valid += usize::from(should);
            verdicts.invalid += usize::from(!should);
            verdicts.accepted += usize::from(accepted);
            if accepted != should {
                verdicts.decided_otherwise.push(test.tc_id);
            }
        }
    }
    verdicts
}

#[test]
fn exactly_the_valid_signatures_pass() {
    let expected = Verdicts { valid: 173, invalid: 89, accepted: 173, decided_otherwise: vec![] };
    assert_eq!(verdicts(TestName::EcdsaSecp256r1Sha256P1363), expected);
}

// Valid, each in its own way: a verifier that read more than one encoding or hash would take them.
#[test]
fn signatures_in_der_or_over_another_digest_are_refused() {
    for (name, valid) in [
        (TestName::EcdsaSecp256r1Sha256, 174),
        (TestName::EcdsaSecp256r1Sha512P1363, 242),
        (TestName::EcdsaSecp256r1Shake128P1363, 175),
    ] {
        let verdicts = verdicts(name);
        assert_eq!((verdicts.valid, verdicts.accepted), (valid, 0), "{name:?}");
    }
}

/// The signature of any draft's certificate is the one that was attached, so that a draft converts for others.
fn der_has_signed(key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let root = KeyRoot::new(key.clone(), "issuer".into(), "domain".into());
    let draft = root.draft(key, Duration::from_secs(1), UNIX_EPOCH).unwrap();
    let Ok(certificate) = draft.attach(signature) else { return false };
    let converted = certificate.as_str().rsplit_once('.').unwrap().1;
    key.has_signed(message, &URL_SAFE_NO_PAD.decode(converted).unwrap())
}

#[test]
fn exactly_the_valid_signatures_in_der_pass_once_they_are_converted() {
    let verdicts = verdicts_by(TestName::EcdsaSecp256r1Sha256, der_has_signed);
    assert_eq!((verdicts.valid, verdicts.accepted), (174, 174), "{verdicts:?}");
    assert!(verdicts.invalid > 200 && verdicts.decided_otherwise.is_empty(), "{verdicts:?}");
}

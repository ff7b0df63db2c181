use super::*;
use secrecy::ExposeSecret as _;
use splitplane_session::{
    Feed, Minter, PublicKey, ReceiptClaims, ReceiptError, SessionGrant, TokenError, VerifiedSession,
    Verifier, receipt_issuer,
};
use splitplane_types::{SessionId, Txn};
use std::time::UNIX_EPOCH;

const BOUND: Duration = Duration::from_secs(5);
const LIFETIME: Duration = Duration::from_secs(120);
const DOMAIN: &str = "mesh.example";

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

fn written(file: &std::path::Path) -> PublicKey {
    let (key, pem) = SigningKey::generate().unwrap();
    std::fs::write(file, pem.expose_secret()).unwrap();
    key.public_key()
}

fn opened() -> (tempfile::TempDir, PublicKey, Rotation) {
    let folder = tempfile::tempdir().unwrap();
    let config = Receipts { signing_key: folder.path().join("receipt.key"), lifetime: LIFETIME };
    let key = written(&config.signing_key);
    let rotation = Rotation::open(&config, BOUND, |key| {
        ReceiptSigner::new(key, receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME)
    });
    (folder, key, rotation.unwrap())
}

/// A verifier that knows these receipt keys, and a session of a caller.
fn verifier(receipt_keys: Vec<PublicKey>, now: SystemTime) -> (Verifier, VerifiedSession) {
    let (key, _) = SigningKey::generate().unwrap();
    let verifier = Verifier::new("issuer".into(), DOMAIN.into(), BOUND);
    let session_keys = vec![key.public_key().into()];
    verifier
        .update(Feed { session_keys, receipt_keys, revocations: vec![], minimum_epoch: 0, epoch: 1 }, now)
        .unwrap();
    let grant = SessionGrant {
        composite: "tenant/business/admin".parse().unwrap(),
        role: "manager".parse().unwrap(),
        session_id: SessionId::from_parts(1, 2),
        txn: Txn::from_parts(3, 4),
        body_digest: Digest::of(b"frame"),
        method: "/splitplane.gateway.v1.GatewayService/Ask".into(),
        epoch: 1,
        principal: "worker".parse().unwrap(),
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        requesting_workload: "spiffe://mesh.example/gateway".into(),
    };
    let minter = Minter::new(key, "issuer".into(), DOMAIN.into(), LIFETIME);
    let session = verifier.verify(&minter.mint(&grant, now).unwrap().0, now).unwrap();
    (verifier, session)
}

/// Whether a receipt that is signed now passes where these keys are known.
fn passes(rotation: &Rotation, known: &[&PublicKey], now: SystemTime) -> Result<(), ReceiptError> {
    let (verifier, session) = verifier(known.iter().map(|key| (*key).clone()).collect(), now);
    let claims = ReceiptClaims {
        interpretation: "{}".into(),
        model: Digest::of(b"model"),
        policy: Digest::of(b"policy"),
        as_of: "now".into(),
    };
    let receipt = rotation.signer().sign(&session, &claims, now).unwrap();
    verifier.verify_receipt(&receipt, &session, now).map(drop)
}

#[test]
fn a_new_key_signs_once_every_verifier_must_have_seen_it_and_no_sooner() {
    let (_folder, old, mut rotation) = opened();
    rotation.refresh(at(1));
    let new = written(&rotation.file);
    let lead = (BOUND + LATENESS).as_secs();
    for second in 2..2 + lead {
        rotation.refresh(at(second));
        passes(&rotation, &[&old], at(second)).unwrap();
    }
    rotation.refresh(at(2 + lead));
    passes(&rotation, &[&old, &new], at(2 + lead)).unwrap();
    let unknown = ReceiptError::Token(TokenError::UnknownKey);
    assert_eq!(passes(&rotation, &[&old], at(2 + lead)), Err(unknown));
}

#[test]
fn a_file_that_is_gone_or_broken_leaves_the_key_in_use() {
    let (_folder, old, mut rotation) = opened();
    let pem = std::fs::read_to_string(&rotation.file).unwrap();
    for text in ["", "no key", pem.get(..60).unwrap()] {
        std::fs::write(&rotation.file, text).unwrap();
        rotation.refresh(at(1));
        rotation.refresh(at(100));
        passes(&rotation, &[&old], at(100)).unwrap();
    }
    std::fs::remove_file(&rotation.file).unwrap();
    rotation.refresh(at(101));
    passes(&rotation, &[&old], at(101)).unwrap();
    let new = written(&rotation.file);
    rotation.refresh(at(102));
    rotation.refresh(at(200));
    passes(&rotation, &[&new], at(200)).unwrap();
}

#[test]
fn a_key_that_cannot_be_read_is_no_start() {
    let (_folder, _, rotation) = opened();
    let open = || {
        let config = Receipts { signing_key: rotation.file.clone(), lifetime: LIFETIME };
        Rotation::open(&config, BOUND, |key| {
            ReceiptSigner::new(key, receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME)
        })
    };
    open().unwrap();
    std::fs::write(&rotation.file, "no key").unwrap();
    assert!(open().is_err());
    std::fs::remove_file(&rotation.file).unwrap();
    assert!(open().is_err());
}

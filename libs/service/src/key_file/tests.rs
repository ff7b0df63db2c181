use super::*;
use secrecy::ExposeSecret as _;
use splitplane_session::{
    Feed, Minter, PublicKey, ReceiptClaims, ReceiptError, ReceiptSigner, SessionGrant, TokenError,
    VerifiedSession, Verifier, receipt_issuer,
};
use splitplane_types::{SessionId, Txn};
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

const BOUND: Duration = Duration::from_secs(5);
const LIFETIME: Duration = Duration::from_secs(120);
const DOMAIN: &str = "mesh.example";

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

fn written(file: &Path) -> PublicKey {
    let (key, pem) = SigningKey::generate().unwrap();
    std::fs::write(file, pem.expose_secret()).unwrap();
    key.public_key()
}

fn opened() -> (tempfile::TempDir, PublicKey, SigningKeyFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipt.key");
    let key = written(&path);
    let file = SigningKeyFile::open(&path, BOUND, LIFETIME).unwrap();
    (folder, key, file)
}

/// A verifier that knows these receipt keys, and a session of a caller.
fn verifier(receipt_keys: Vec<PublicKey>, now: SystemTime) -> (Verifier, VerifiedSession) {
    let (key, _) = SigningKey::generate().unwrap();
    let verifier = Verifier::new("issuer".into(), DOMAIN.into(), BOUND);
    let feed = Feed {
        session_keys: vec![key.public_key().into()],
        receipt_keys,
        conversation_keys: vec![],
        revocations: vec![],
        minimum_epoch: 0,
        epoch: 1,
    };
    verifier.update(feed, now).unwrap();
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
fn passes(file: &SigningKeyFile, known: &[&PublicKey], now: SystemTime) -> Result<(), ReceiptError> {
    let (verifier, session) = verifier(known.iter().map(|key| (*key).clone()).collect(), now);
    let claims = ReceiptClaims {
        interpretation: "{}".into(),
        model: Digest::of(b"model"),
        policy: Digest::of(b"policy"),
        as_of: "now".into(),
    };
    let signer = ReceiptSigner::new(file.current(), receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME);
    let receipt = signer.sign(&session, &claims, now).unwrap();
    verifier.verify_receipt(&receipt, &session, now).map(drop)
}

#[test]
fn a_new_key_signs_once_every_verifier_must_have_seen_it_and_no_sooner() {
    let (_folder, old, mut file) = opened();
    file.refresh(at(1));
    let new = written(&file.file);
    let lead = (BOUND + LATENESS).as_secs();
    for second in 2..2 + lead {
        file.refresh(at(second));
        passes(&file, &[&old], at(second)).unwrap();
    }
    file.refresh(at(2 + lead));
    passes(&file, &[&old, &new], at(2 + lead)).unwrap();
    let unknown = ReceiptError::Token(TokenError::UnknownKey);
    assert_eq!(passes(&file, &[&old], at(2 + lead)), Err(unknown));
}

#[test]
fn a_file_that_is_gone_or_broken_leaves_the_key_in_use() {
    let (_folder, old, mut file) = opened();
    let pem = std::fs::read_to_string(&file.file).unwrap();
    for text in ["", "no key", pem.get(..60).unwrap()] {
        std::fs::write(&file.file, text).unwrap();
        file.refresh(at(1));
        file.refresh(at(100));
        passes(&file, &[&old], at(100)).unwrap();
    }
    std::fs::remove_file(&file.file).unwrap();
    file.refresh(at(101));
    passes(&file, &[&old], at(101)).unwrap();
    let new = written(&file.file);
    file.refresh(at(102));
    file.refresh(at(200));
    passes(&file, &[&new], at(200)).unwrap();
}

#[test]
fn a_key_that_cannot_be_read_is_no_start() {
    let (_folder, _, file) = opened();
    let open = || SigningKeyFile::open(&file.file, BOUND, LIFETIME);
    open().unwrap();
    std::fs::write(&file.file, "no key").unwrap();
    assert!(open().is_err());
    std::fs::remove_file(&file.file).unwrap();
    assert!(open().is_err());
}

#[tokio::test]
async fn whoever_follows_is_told_of_the_key_in_use_until_they_stop() {
    let (_folder, old, file) = opened();
    let (told, stop) = (Mutex::new(Vec::new()), CancellationToken::new());
    let use_key = |key: Arc<SigningKey>| {
        told.lock().unwrap().push(key.public_key());
        stop.cancel();
    };
    file.follow(Clock::new(|| at(1)), stop.clone(), use_key).await;
    assert_eq!(told.into_inner().unwrap(), [old]);
}

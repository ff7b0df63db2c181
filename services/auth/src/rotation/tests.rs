use super::*;
use crate::error::AuthError;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use secrecy::ExposeSecret as _;
use splitplane_service::PublicError as _;
use splitplane_session::{Feed, KeyRoot, MintError, SessionGrant, Verifier};
use splitplane_types::{Digest, Reason, SessionId, Txn};
use std::time::UNIX_EPOCH;

const LEAD: Duration = Duration::from_secs(5);
const LIFETIME: Duration = Duration::from_secs(120);
const ISSUER: &str = "https://auth.mesh.example";
const DOMAIN: &str = "mesh.example";

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

fn parts(key: &Arc<SigningKey>) -> (KeyRing, Arc<Minter>) {
    let minter = Minter::new(Arc::clone(key), ISSUER.into(), DOMAIN.into(), LIFETIME);
    (KeyRing::new(Arc::clone(key), LEAD, LIFETIME), Arc::new(minter))
}

fn rotation(every: Option<Duration>) -> (tempfile::TempDir, PathBuf, Rotation) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.key");
    let (key, pem) = SigningKey::generate().unwrap();
    std::fs::write(&path, pem.expose_secret()).unwrap();
    let (ring, minter) = parts(&Arc::new(key));
    let source = Source::file(path.clone(), pem.expose_secret(), every, at(0));
    (folder, path, Rotation::new(source, ring, minter, at(0)))
}

fn shown(feed: &mut watch::Receiver<Vec<OfferedKey>>) -> Vec<PublicKey> {
    feed.borrow_and_update().iter().map(|offered| offered.key.clone()).collect()
}

#[test]
fn a_new_key_in_the_file_is_shown_before_it_signs_and_the_old_one_until_its_tokens_are_gone() {
    let (_folder, path, mut rotation) = rotation(None);
    let mut feed = rotation.subscribe();
    let old = rotation.ring.current().public_key();
    rotation.refresh(at(1));
    assert!(!feed.has_changed().unwrap());
    let (key, pem) = SigningKey::generate().unwrap();
    std::fs::write(&path, pem.expose_secret()).unwrap();
    rotation.refresh(at(2));
    assert_eq!(shown(&mut feed), [old.clone(), key.public_key()]);
    rotation.refresh(at(6));
    assert_eq!(rotation.ring.current().public_key(), old);
    rotation.refresh(at(7));
    assert_eq!(rotation.ring.current().public_key(), key.public_key());
    assert_eq!(shown(&mut feed), [key.public_key(), old]);
    rotation.refresh(at(7 + 120));
    assert_eq!(shown(&mut feed), [key.public_key()]);
}

#[test]
fn a_file_that_is_gone_or_broken_leaves_the_key_in_use() {
    let (_folder, path, mut rotation) = rotation(None);
    let mut feed = rotation.subscribe();
    std::fs::write(&path, "no key").unwrap();
    rotation.refresh(at(1));
    std::fs::remove_file(&path).unwrap();
    rotation.refresh(at(2));
    assert!(!feed.has_changed().unwrap() && shown(&mut feed).len() == 1);
}

#[test]
fn a_key_that_has_got_old_is_replaced() {
    let (_folder, _path, mut rotation) = rotation(Some(Duration::from_secs(60)));
    let first = rotation.ring.current().public_key();
    for second in 0..=59 {
        rotation.refresh(at(second));
        assert_eq!(rotation.subscribe().borrow().len(), 1);
    }
    for second in 60..=64 {
        rotation.refresh(at(second));
        assert_eq!(rotation.ring.current().public_key(), first);
    }
    rotation.refresh(at(65));
    assert_ne!(rotation.ring.current().public_key(), first);
    for second in 66..=300 {
        rotation.refresh(at(second));
    }
    assert!(!shown(&mut rotation.subscribe()).contains(&first));
}

/// A root that signs as KMS does, and a mesh that pins it.
struct Mesh {
    der: EcdsaKeyPair,
    root: KeyRoot,
    verifier: Verifier,
    keys: mpsc::Sender<CertifiedKey>,
    rotation: Rotation,
}

/// How long certificates last, and how much before their end keys do.
const CERTIFIED: Duration = Duration::from_secs(600);
const MARGIN: Duration = Duration::from_secs(5);

impl Mesh {
    fn new() -> Self {
        let rng = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rng).unwrap();
        let der = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &rng).unwrap();
        let public = PublicKey::from_point(der.public_key().as_ref()).unwrap();
        let root = KeyRoot::new(public.clone(), ISSUER.into(), DOMAIN.into());
        let verifier = Verifier::new(ISSUER.into(), DOMAIN.into(), LEAD).with_root(public);
        let first = certified(&der, &root, at(0));
        let (ring, minter) = parts(&first.key);
        let (keys, arriving) = mpsc::channel(4);
        let rotation = Rotation::new(Source::certified(first, arriving, MARGIN), ring, minter, at(0));
        Self { der, root, verifier, keys, rotation }
    }

    fn arrives(&self, second: u64) -> PublicKey {
        let key = certified(&self.der, &self.root, at(second));
        let public = key.key.public_key();
        self.keys.try_send(key).unwrap();
        public
    }

    /// Whether somebody is authenticated at this moment, and let in by a service that hears the feed at once.
    fn lets_in(&mut self, second: u64) -> Result<(), MintError> {
        self.rotation.refresh(at(second));
        let session_keys = self.rotation.subscribe().borrow().clone();
        let feed = Feed {
            session_keys,
            receipt_keys: vec![],
            conversation_keys: vec![],
            revocations: vec![],
            minimum_epoch: 0,
            epoch: 1,
        };
        // A feed with a key that nothing vouches for would be none.
        self.verifier.update(feed, at(second)).unwrap();
        let (key, _) = self.rotation.minter.mint(&grant(), at(second))?;
        self.verifier.verify(&key, at(second)).unwrap();
        Ok(())
    }
}

fn certified(der: &EcdsaKeyPair, root: &KeyRoot, now: SystemTime) -> CertifiedKey {
    let key = Arc::new(SigningKey::generate().unwrap().0);
    let draft = root.draft(&key.public_key(), CERTIFIED, now).unwrap();
    let signature = der.sign(&SystemRandom::new(), draft.signing_input()).unwrap();
    let certificate = draft.attach(signature.as_ref()).unwrap();
    let expires_at = root.verify(&certificate, now).unwrap().expires_at();
    CertifiedKey { key, certificate, expires_at }
}

fn grant() -> SessionGrant {
    SessionGrant {
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
    }
}

#[test]
fn certified_keys_follow_one_another_and_every_feed_is_vouched_for() {
    let mut mesh = Mesh::new();
    let mut next = None;
    for second in 0..1_500 {
        if second > 0 && second % 400 == 0 {
            next = Some(mesh.arrives(second));
        }
        mesh.lets_in(second).unwrap();
        if second % 400 == 5 {
            let signs = mesh.rotation.ring.current().public_key();
            assert!(next.as_ref().is_none_or(|next| *next == signs), "{second}");
        }
    }
    let Source::Certified(certified) = &mesh.rotation.source else { panic!("another source") };
    assert_eq!(certified.certificates.len(), 1, "certificates of forgotten keys are forgotten");
}

#[test]
fn without_another_certificate_a_key_signs_until_its_own_ends_and_then_nothing_is_minted() {
    let mut mesh = Mesh::new();
    let last = CERTIFIED.as_secs() - MARGIN.as_secs();
    for second in [0, 300, last - 1] {
        mesh.lets_in(second).unwrap();
    }
    for second in [last, last + 1, 10_000] {
        assert!(matches!(mesh.lets_in(second), Err(MintError::KeyExpired)), "{second}");
        assert!(mesh.rotation.subscribe().borrow().is_empty());
    }
    // The caller did nothing wrong, and may come again.
    assert_eq!(AuthError::from(MintError::KeyExpired).reason(), Reason::ServiceUnavailable);
    // KMS is back.
    mesh.arrives(10_000);
    for second in 10_000..10_005 {
        assert!(matches!(mesh.lets_in(second), Err(MintError::KeyExpired)), "{second}");
    }
    mesh.lets_in(10_005).unwrap();
}

//! A pinned root: a service takes the feed only if the root vouches for the keys in it.

use super::pki::{Pki, TRUST_DOMAIN};
use super::sessions::{ISSUER, Mint, PATIENCE, state};
use super::stub::Stub;
use super::world::{Records, Running, dial, routes, serve, shared, start};
use crate::clock::Clock;
use crate::config::Shared;
use crate::deadline::Deadline;
use crate::feed::SessionFeed;
use crate::key_root::key_root;
use crate::start::StartError;
use crate::status::reason_of;
use crate::upstream::call;
use crate::workload::Workload;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use splitplane_proto::query::v1::OpenSandboxRequest;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_session::{KeyRoot, PublicKey};
use splitplane_types::Reason;
use std::path::Path;
use std::time::Duration;
use tonic::Status;

/// A root key that signs as KMS does.
struct Root(EcdsaKeyPair);

impl Root {
    fn new() -> Self {
        let rng = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rng).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &rng).unwrap())
    }

    fn public(&self) -> PublicKey {
        PublicKey::from_point(self.0.public_key().as_ref()).unwrap()
    }

    fn certify(&self, key: &PublicKey) -> String {
        let root = KeyRoot::new(self.public(), ISSUER.into(), TRUST_DOMAIN.into());
        let draft = root.draft(key, Duration::from_secs(600), Clock::system().now()).unwrap();
        let signature = self.0.sign(&SystemRandom::new(), draft.signing_input()).unwrap();
        draft.attach(signature.as_ref()).unwrap().as_str().to_owned()
    }

    /// The configuration of a service that pins this root.
    fn pinned(&self, pki: &Pki, folder: &Path) -> Shared {
        let mut shared = shared(pki.workload(Workload::Query));
        let file = folder.join("root.pub");
        std::fs::write(&file, self.public().to_text()).unwrap();
        shared.mesh.key_root = Some(file);
        shared
    }
}

/// A query service that follows the feed of `stub`.
async fn query(shared: Shared, auth: &Running) -> Running {
    let records = Records::default();
    let start = start(Workload::Query, shared, &records).await;
    let feed = SessionFeed::new(&start, start.upstream(Workload::Auth, &auth.upstream()).unwrap()).unwrap();
    let (identity, readiness) = (feed.require_session(), feed.readiness(|| true));
    let app = start.app(routes(Workload::Query, Stub::default()), identity, readiness);
    Running::new(app.with_task("session feed", move |stop| feed.follow(stop)), records)
}

async fn open(pki: &Pki, query: &Running, mint: &Mint) -> Result<(), Status> {
    let upstream = dial(pki.caller(Workload::Gateway), Workload::Query, query.address);
    let key = mint.key(TRUST_DOMAIN, Clock::system().now());
    let request = call(Deadline::after(PATIENCE), Some(&key), OpenSandboxRequest::default()).unwrap();
    QueryServiceClient::new(upstream).open_sandbox(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_pinned_root_vouches_for_opens_the_door() {
    let (pki, mint, root) = (Pki::new(), Mint::new(TRUST_DOMAIN), Root::new());
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::default();
    let mut shown = state(&mint);
    shown.keys[0].certificate = root.certify(&mint.public);
    *stub.feed.lock().unwrap() = shown;
    let auth = serve(&pki, Workload::Auth, stub).await;
    let mut query = query(root.pinned(&pki, folder.path()), &auth).await;
    let ready = query.readiness.wait_for(|is_ready| *is_ready);
    tokio::time::timeout(PATIENCE, ready).await.expect("never ready").unwrap();
    open(&pki, &query, &mint).await.unwrap();
    query.end().await;
    auth.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_the_pinned_root_does_not_vouch_for_is_none() {
    let (pki, mint, root) = (Pki::new(), Mint::new(TRUST_DOMAIN), Root::new());
    let folder = tempfile::tempdir().unwrap();
    for certificate in
        [String::new(), Root::new().certify(&mint.public), root.certify(&Mint::new("x").public)]
    {
        let stub = Stub::default();
        let mut shown = state(&mint);
        shown.keys[0].certificate = certificate;
        *stub.feed.lock().unwrap() = shown;
        let auth = serve(&pki, Workload::Auth, stub.clone()).await;
        let query = query(root.pinned(&pki, folder.path()), &auth).await;
        // Asked again and again: what came before was not taken.
        for _ in 0..3 {
            stub.entered.notified().await;
        }
        let refused = open(&pki, &query, &mint).await.unwrap_err();
        assert_eq!(reason_of(&refused), Some(Reason::ServiceUnavailable));
        assert!(!*query.readiness.borrow());
        let told = query.end().await;
        assert!(told.log().contains("the session feed is not the root's"), "{}", told.log());
        auth.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_root_that_cannot_be_read_is_no_start() {
    let (pki, root) = (Pki::new(), Root::new());
    let folder = tempfile::tempdir().unwrap();
    let shared = root.pinned(&pki, folder.path());
    assert_eq!(key_root(&shared.mesh).unwrap(), Some(root.public()));
    let file = folder.path().join("root.pub");
    std::fs::write(&file, "no key").unwrap();
    assert!(matches!(key_root(&shared.mesh), Err(StartError::Service { .. })));
    std::fs::remove_file(&file).unwrap();
    let start = start(Workload::Query, shared, &Records::default()).await;
    let auth = start.upstream(Workload::Auth, &crate::config::Upstream { address: "127.0.0.1:1".into() });
    assert!(matches!(SessionFeed::new(&start, auth.unwrap()), Err(StartError::Service { .. })));
}

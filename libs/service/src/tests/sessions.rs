//! Session keys at the door, and the feed that they are verified by.

use super::pki::{Pki, TRUST_DOMAIN};
use super::stub::Stub;
use super::world::{Records, Running, dial, routes, serve, shared, start};
use crate::accept::PeerInfo;
use crate::access;
use crate::clock::Clock;
use crate::config;
use crate::context::CallContext;
use crate::deadline::Deadline;
use crate::feed::SessionFeed;
use crate::layers::{RequireSession, TXN_TOKEN};
use crate::status::{metadata_of, reason_of};
use crate::upstream::call;
use crate::workload::{PeerIdentity, Workload};
use http::{HeaderValue, Request, Response};
use splitplane_proto::auth::v1::{KeyPurpose, VerifyingKey, WatchResponse};
use splitplane_proto::query::v1::OpenSandboxRequest;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_session::{Feed, Minter, PublicKey, SessionGrant, SessionKey, SigningKey, Verifier};
use splitplane_types::{Digest, Reason, SessionId, Txn};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer as _, ServiceExt as _};

pub(super) const ISSUER: &str = "https://auth.mesh.test";
/// A method that the table opens to the gateway and to the services behind it alike.
const WATCH: &str = "/splitplane.auth.v1.AuthService/Watch";
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Mint {
    minter: Minter,
    pub(super) public: PublicKey,
}

impl Mint {
    pub(super) fn new(trust_domain: &str) -> Self {
        let (key, _) = SigningKey::generate().unwrap();
        let public = key.public_key();
        let minter = Minter::new(key, ISSUER.into(), trust_domain.into(), Duration::from_secs(300));
        Self { minter, public }
    }

    pub(super) fn key(&self, trust_domain: &str, now: SystemTime) -> SessionKey {
        self.key_of(Workload::Gateway, trust_domain, now)
    }

    /// A key that this workload asked for.
    fn key_of(&self, requesting: Workload, trust_domain: &str, now: SystemTime) -> SessionKey {
        let grant = SessionGrant {
            composite: "acme/pizza/owner".parse().unwrap(),
            role: "owner".parse().unwrap(),
            session_id: SessionId::from_parts(1, 2),
            txn: Txn::from_parts(3, 4),
            body_digest: Digest::of(b"frame"),
            method: "/splitplane.gateway.v1.GatewayService/Ask".into(),
            epoch: 1,
            principal: "app".parse().unwrap(),
            access_key_id: "ASIAAAAAAAAAAAAAAAAA".into(),
            requesting_workload: requesting.spiffe_id(trust_domain),
        };
        self.minter.mint(&grant, now).unwrap().0
    }

    fn feed(&self) -> Feed {
        Feed {
            session_keys: vec![self.public.clone().into()],
            receipt_keys: vec![],
            conversation_keys: vec![],
            revocations: vec![],
            minimum_epoch: 0,
            epoch: 1,
        }
    }
}

fn verifier() -> Arc<Verifier> {
    Arc::new(Verifier::new(ISSUER.into(), TRUST_DOMAIN.into(), Duration::from_secs(5)))
}

/// What the handshake found out about a workload.
fn peer(workload: Workload) -> Option<PeerIdentity> {
    Some(PeerIdentity::Workload(workload))
}

/// Sends a request with these session keys from the gateway. `None` is let in.
async fn refusal(verifier: &Arc<Verifier>, now: SystemTime, keys: &[&str]) -> Option<Status> {
    refusal_of(verifier, now, keys, Some(peer(Workload::Gateway))).await
}

/// Sends a request with these session keys through the layer alone, from this peer: from nobody
/// (`Some(None)`), or without a word of the connection (`None`).
async fn refusal_of(
    verifier: &Arc<Verifier>,
    now: SystemTime,
    keys: &[&str],
    peer: Option<Option<PeerIdentity>>,
) -> Option<Status> {
    let layer = RequireSession::new(Arc::clone(verifier), Clock::new(move || now));
    let handler = tower::service_fn(|mut request: Request<Body>| async move {
        request.extensions_mut().insert(Deadline::after(PATIENCE));
        let context = CallContext::of(request.extensions()).unwrap();
        assert_eq!(context.session.composite().to_string(), "acme/pizza/owner");
        assert_eq!(context.session.key_digest(), context.key.digest());
        assert!(!request.headers().contains_key(TXN_TOKEN));
        Ok::<_, Infallible>(Response::new(Body::empty()))
    });
    let mut request = Request::post(WATCH).body(Body::empty()).unwrap();
    for key in keys {
        request.headers_mut().append(TXN_TOKEN, HeaderValue::from_bytes(key.as_bytes()).unwrap());
    }
    if let Some(peer) = peer {
        request.extensions_mut().insert(PeerInfo { peer, remote: "127.0.0.1:1".parse().unwrap() });
    }
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    Status::from_header_map(response.headers())
}

#[tokio::test]
async fn one_valid_session_key_opens_the_door() {
    let (mint, now) = (Mint::new(TRUST_DOMAIN), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let verifier = verifier();
    verifier.update(mint.feed(), now).unwrap();
    let key = mint.key(TRUST_DOMAIN, now);
    assert!(refusal(&verifier, now, &[key.expose()]).await.is_none());
}

#[tokio::test]
async fn every_credential_failure_has_the_same_bytes() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    let (mint, stranger) = (Mint::new(TRUST_DOMAIN), Mint::new(TRUST_DOMAIN));
    let verifier = verifier();
    verifier.update(mint.feed(), now).unwrap();
    let good = mint.key(TRUST_DOMAIN, now);
    let good = good.expose();
    let expired = mint.key(TRUST_DOMAIN, now - Duration::from_secs(3_000));
    let unknown = stranger.key(TRUST_DOMAIN, now);
    let cut = good.get(..good.len() - 4).unwrap();
    let gateway = || Some(peer(Workload::Gateway));
    let cases: [(&[&str], _); 12] = [
        (&[], gateway()),
        (&[""], gateway()),
        (&["x"], gateway()),
        (&["a.b.c"], gateway()),
        (&["schlüssel"], gateway()),
        (&[expired.expose()], gateway()),
        (&[unknown.expose()], gateway()),
        (&[cut], gateway()),
        (&[good, good], gateway()),
        (&[good], Some(peer(Workload::Query))),
        (&[good], Some(None)),
        (&[good], None),
    ];
    // The time is told in whole seconds: all are looked at within one.
    let mut is_compared = false;
    for _ in 0..10 {
        let mut seen = Vec::new();
        for (keys, peer) in cases.clone() {
            let status = refusal_of(&verifier, now, keys, peer).await;
            let status = status.expect("let in without one valid key of its own");
            seen.push((
                status.code(),
                status.message().to_owned(),
                status.details().to_vec(),
                metadata_of(&status),
            ));
        }
        let (first, last) = (seen.first().unwrap(), seen.last().unwrap());
        if first.3 == last.3 {
            assert!(seen.iter().all(|status| status == first), "{seen:?}");
            assert_eq!(first.3.keys().collect::<Vec<_>>(), ["server_time"]);
            is_compared = true;
            break;
        }
    }
    assert!(is_compared);
}

fn unauthenticated(refusal: Option<Status>) -> bool {
    refusal.is_some_and(|status| reason_of(&status) == Some(Reason::Unauthenticated))
}

#[tokio::test]
async fn a_key_is_good_in_the_hands_of_the_workload_that_asked_for_it_and_of_the_operator() {
    let (mint, now) = (Mint::new(TRUST_DOMAIN), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let verifier = verifier();
    verifier.update(mint.feed(), now).unwrap();
    for requesting in [Workload::Gateway, Workload::Reasoning] {
        let key = mint.key_of(requesting, TRUST_DOMAIN, now);
        for shown_by in Workload::ALL {
            let refusal = refusal_of(&verifier, now, &[key.expose()], Some(peer(shown_by))).await;
            if shown_by == requesting || shown_by == Workload::Operator {
                assert!(refusal.is_none(), "{requesting}'s key, shown by {shown_by}");
            } else {
                assert!(unauthenticated(refusal), "{requesting}'s key, shown by {shown_by}");
            }
        }
    }
    // It was not the table that refused these: it admits them to the method.
    for shown_by in [Workload::Gateway, Workload::Query, Workload::Reasoning] {
        assert_eq!(access::decide(Workload::Auth, WATCH, peer(shown_by).as_ref()), Ok(()));
    }
}

#[tokio::test]
async fn a_key_without_a_peer_to_compare_it_with_is_refused() {
    let (mint, now) = (Mint::new(TRUST_DOMAIN), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let verifier = verifier();
    verifier.update(mint.feed(), now).unwrap();
    let key = mint.key(TRUST_DOMAIN, now);
    let bootstrap = PeerIdentity::Bootstrap("spiffe://mesh.test/bootstrap/gateway".into());
    for peer in [None, Some(None), Some(Some(bootstrap))] {
        assert!(unauthenticated(refusal_of(&verifier, now, &[key.expose()], peer).await));
    }
}

#[tokio::test]
async fn a_stale_feed_is_unavailable_and_not_a_failure_of_the_caller() {
    let (mint, now) = (Mint::new(TRUST_DOMAIN), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let verifier = verifier();
    let key = mint.key(TRUST_DOMAIN, now);
    let status = refusal(&verifier, now, &[key.expose()]).await.unwrap();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    verifier.update(mint.feed(), now).unwrap();
    let later = now + Duration::from_secs(6);
    let status = refusal(&verifier, later, &[key.expose()]).await.unwrap();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
}

pub(super) fn state(mint: &Mint) -> WatchResponse {
    let key = VerifyingKey {
        kid: mint.public.kid().into(),
        purpose: KeyPurpose::Session.into(),
        public_key: mint.public.point().to_vec(),
        certificate: String::new(),
    };
    WatchResponse { keys: vec![key], revocations: vec![], epoch: 1, minimum_epoch: 0 }
}

async fn query_behind(pki: &Pki, auth: &Running, stub: Stub) -> Running {
    let records = Records::default();
    let start = start(Workload::Query, shared(pki.workload(Workload::Query)), &records).await;
    let feed = SessionFeed::new(&start, start.upstream(Workload::Auth, &auth.upstream()).unwrap()).unwrap();
    let (identity, readiness) = (feed.require_session(), feed.readiness(|| true));
    let app = start.app(routes(Workload::Query, stub), identity, readiness);
    Running::new(app.with_task("session feed", move |stop| feed.follow(stop)), records)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_ready_with_its_feed_and_lets_in_by_it() {
    let (pki, mint) = (Pki::new(), Mint::new(TRUST_DOMAIN));
    let auth_stub = Stub::default();
    *auth_stub.feed.lock().unwrap() = state(&mint);
    let auth = serve(&pki, Workload::Auth, auth_stub).await;
    let stub = Stub::default();
    let mut query = query_behind(&pki, &auth, stub.clone()).await;
    query.readiness.wait_for(|is_ready| *is_ready).await.unwrap();
    let key = mint.key(TRUST_DOMAIN, Clock::system().now());
    let upstream = dial(pki.caller(Workload::Gateway), Workload::Query, query.address);
    let open = |key: Option<&SessionKey>| {
        let request = call(Deadline::after(PATIENCE), key, OpenSandboxRequest::default()).unwrap();
        let mut client = QueryServiceClient::new(upstream.clone());
        async move { client.open_sandbox(request).await.map(drop) }
    };
    open(Some(&key)).await.unwrap();
    assert_eq!(reason_of(&open(None).await.unwrap_err()), Some(Reason::Unauthenticated));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 1);
    drop(upstream);
    let told = query.end().await;
    // The key itself is in no line; the transaction it belongs to is in those of its request.
    assert!(!told.log().contains(key.expose()));
    let txn = Txn::from_parts(3, 4).to_string();
    assert!(told.lines().iter().any(|line| line["txn"] == txn.as_str()), "{}", told.log());
    auth.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_needs_a_fresh_feed_and_the_services_own_word() {
    let pki = Pki::new();
    let start = start(Workload::Query, shared(pki.workload(Workload::Query)), &Records::default()).await;
    let auth = start.upstream(Workload::Auth, &config::Upstream { address: "127.0.0.1:1".into() }).unwrap();
    let feed = SessionFeed::new(&start, auth).unwrap();
    let (willing, unwilling) = (feed.readiness(|| true), feed.readiness(|| false));
    assert!(!willing.is_ready());
    feed.verifier().update(Mint::new(TRUST_DOMAIN).feed(), Clock::system().now()).unwrap();
    assert!(willing.is_ready() && !unwilling.is_ready());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_breaks_off_is_taken_up_again() {
    let (pki, mint) = (Pki::new(), Mint::new(TRUST_DOMAIN));
    let stub = Stub { feed_ends: true, ..Stub::default() };
    *stub.feed.lock().unwrap() = state(&mint);
    let auth = serve(&pki, Workload::Auth, stub.clone()).await;
    let mut query = query_behind(&pki, &auth, Stub::default()).await;
    for _ in 0..3 {
        stub.entered.notified().await;
    }
    query.readiness.wait_for(|is_ready| *is_ready).await.unwrap();
    query.end().await;
    auth.end().await;
}

//! Certificates that are replaced while a service runs on them.

use super::pki::{Pki, TRUST_DOMAIN, certificates, holder};
use super::stub::Stub;
use super::world::{Records, Running, dial, routes, shared, start};
use crate::client::Upstream;
use crate::clock::Clock;
use crate::config;
use crate::deadline::Deadline;
use crate::health::Readiness;
use crate::identity::{Files, Shown};
use crate::start::{Start, StartError};
use crate::status::{Chain, reason_of};
use crate::tls::{Owner, TlsError};
use crate::upstream::call;
use crate::workload::Workload;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};
use splitplane_proto::reasoning::v1::ValidateRequest;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_types::Reason;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tonic::Status;
use tower::layer::util::Identity;
use tracing::instrument::WithSubscriber as _;

const PATIENCE: Duration = Duration::from_secs(20);

/// A service whose identity is watched.
pub(super) struct Watched {
    pub(super) running: Running,
    shown: Shown<ServerConfig>,
}

impl Watched {
    pub(super) fn serve(start: Start, stub: Stub, records: Records) -> Self {
        let (shown, workload) = (start.shown(), start.workload());
        let app = start.app(routes(workload, stub), Identity::new(), Readiness::when(|| true));
        Self { running: Running::new(app, records), shown }
    }

    async fn of_files(files: config::Tls, stub: Stub) -> Self {
        let records = Records::default();
        let start = start(Workload::Reasoning, shared(files), &records).await;
        Self::serve(start, stub, records)
    }

    /// Waits until new connections are shown something else than before.
    pub(super) async fn renewed(&mut self) {
        Deadline::after(PATIENCE).limit(self.shown.changed()).await.unwrap().unwrap();
    }

    /// A call over a new connection.
    pub(super) async fn validate(&self, with: Arc<ClientConfig>) -> Result<(), Status> {
        validate(dial(with, Workload::Reasoning, self.running.address), "ok").await
    }
}

pub(super) async fn validate(upstream: Upstream, frame: &str) -> Result<(), Status> {
    let message = ValidateRequest { frame: frame.as_bytes().to_vec() };
    let request = call(Deadline::after(PATIENCE), None, message).unwrap();
    ReasoningServiceClient::new(upstream).validate(request).await.map(drop)
}

/// The certificate that a new connection is shown.
pub(super) async fn leaf(with: Arc<ClientConfig>, address: SocketAddr) -> CertificateDer<'static> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = Workload::Reasoning.server_name().try_into().unwrap();
    let stream = tokio_rustls::TlsConnector::from(with).connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn unavailable(answer: Result<(), Status>) -> bool {
    reason_of(&answer.expect_err("the call was let in")) == Some(Reason::ServiceUnavailable)
}

/// Puts the certificate and key of another identity in the place of these.
fn replace_leaf(files: &config::Tls, by: &config::Tls) {
    std::fs::copy(&by.certificate, &files.certificate).unwrap();
    std::fs::copy(&by.key, &files.key).unwrap();
}

/// Puts the files of another identity in the place of these.
fn replace(files: &config::Tls, by: &config::Tls) {
    replace_leaf(files, by);
    std::fs::copy(&by.ca, &files.ca).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_to_new_connections_and_the_others_stand() {
    let (pki, stub) = (Pki::new(), Stub::default());
    let files = pki.workload(Workload::Reasoning);
    let mut service = Watched::of_files(files.clone(), stub.clone()).await;
    let address = service.running.address;
    let standing = dial(pki.caller(Workload::Gateway), Workload::Reasoning, address);
    let at_work = tokio::spawn(validate(standing.clone(), "wait"));
    stub.entered.notified().await;
    let first = leaf(pki.caller(Workload::Gateway), address).await;
    assert_eq!(first, certificates(&files.certificate)[0]);

    pki.workload(Workload::Reasoning);
    service.renewed().await;
    let second = leaf(pki.caller(Workload::Gateway), address).await;
    assert_eq!(second, certificates(&files.certificate)[0]);
    assert_ne!(first, second);
    stub.release.notify_one();
    at_work.await.unwrap().unwrap();
    validate(standing, "ok").await.unwrap();
    let told = service.running.end().await;
    assert_eq!(told.log().matches("the certificate was renewed").count(), 1, "{}", told.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_authority_is_believed_and_the_old_one_no_longer() {
    let (old, new) = (Pki::new(), Pki::new());
    let files = old.workload(Workload::Reasoning);
    let old_ca = std::fs::read(old.ca()).unwrap();
    let old_caller = config::Tls { ca: new.ca(), ..old.workload(Workload::Gateway) };
    let mut service = Watched::of_files(files.clone(), Stub::default()).await;
    assert!(unavailable(service.validate(new.caller(Workload::Gateway)).await));

    // Both at once, for as long as certificates of both are about.
    let new_ca = std::fs::read(new.ca()).unwrap();
    std::fs::write(old.ca(), [old_ca, new_ca].concat()).unwrap();
    service.renewed().await;
    service.validate(old.caller(Workload::Gateway)).await.unwrap();
    replace_leaf(&files, &new.workload(Workload::Reasoning));
    service.renewed().await;
    service.validate(new.caller(Workload::Gateway)).await.unwrap();
    service.validate(holder(&old_caller)).await.unwrap();

    std::fs::copy(new.ca(), old.ca()).unwrap();
    service.renewed().await;
    service.validate(new.caller(Workload::Gateway)).await.unwrap();
    assert!(unavailable(service.validate(holder(&old_caller)).await));
    service.running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_to_the_services_behind() {
    let (old, new) = (Pki::new(), Pki::new());
    let behind = Watched::of_files(new.workload(Workload::Reasoning), Stub::default()).await;
    let files = old.workload(Workload::Gateway);
    let records = Records::default();
    let start = start(Workload::Gateway, shared(files.clone()), &records).await;
    let upstream = start.upstream(Workload::Reasoning, &behind.running.upstream()).unwrap();
    let mut gateway = Watched::serve(start, Stub::default(), records);
    assert!(unavailable(validate(upstream.clone(), "ok").await));
    replace(&files, &new.workload(Workload::Gateway));
    gateway.renewed().await;
    validate(upstream, "ok").await.unwrap();
    gateway.running.end().await;
    behind.running.end().await;
}

fn owner(clock: Clock) -> Owner {
    Owner { workload: Workload::Reasoning, trust_domain: TRUST_DOMAIN.into(), clock }
}

/// What is said of an identity, and how it was broken.
type Breakage<'a> = (&'static str, Box<dyn Fn() + 'a>);

fn breakages<'a>(files: &'a config::Tls, pki: &'a Pki, other: &'a Pki) -> Vec<Breakage<'a>> {
    let cut = |path: &'a Path| move || std::fs::write(path, &std::fs::read(path).unwrap()[..200]).unwrap();
    let take = |of: config::Tls| replace_leaf(files, &of);
    vec![
        ("is not the PEM", Box::new(cut(&files.certificate))),
        ("is not the PEM", Box::new(cut(&files.key))),
        ("is not the PEM", Box::new(cut(&files.ca))),
        ("holds no certificate", Box::new(|| std::fs::write(&files.certificate, "").unwrap())),
        ("holds no certificate", Box::new(|| std::fs::write(&files.ca, "none").unwrap())),
        ("cannot read", Box::new(|| std::fs::remove_file(&files.key).unwrap())),
        (
            "do not fit together",
            Box::new(|| {
                std::fs::copy(pki.workload(Workload::Query).key, &files.key).map(drop).unwrap();
            }),
        ),
        ("is not valid under", Box::new(|| std::fs::copy(other.ca(), &files.ca).map(drop).unwrap())),
        ("is not valid under", Box::new(move || take(other.workload(Workload::Reasoning)))),
        ("it names `query`", Box::new(move || take(pki.workload(Workload::Query)))),
        (
            "names nobody",
            Box::new(move || {
                take(pki.issue("else", "reasoning.splitplane.internal", "spiffe://else.test/reasoning"));
            }),
        ),
    ]
}

#[tokio::test]
async fn files_that_make_no_identity_change_nothing_and_are_said_once() {
    let (pki, other) = (Pki::new(), Pki::new());
    let issued =
        pki.issue("mine", &Workload::Reasoning.server_name(), &Workload::Reasoning.spiffe_id(TRUST_DOMAIN));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let files = config::Tls { certificate: at("pem"), key: at("key"), ca: at("ca"), ..issued.clone() };
    replace(&files, &issued);
    let (mut followed, _) = Files::open(&files, owner(Clock::system())).await.unwrap();
    for (said, break_up) in breakages(&files, &pki, &other) {
        let records = Records::default();
        let dispatch = records.telemetry("reasoning").dispatch();
        break_up();
        for _ in 0..3 {
            let found = followed.look().with_subscriber(dispatch.clone()).await;
            assert!(found.is_none(), "taken, though it {said}");
        }
        let lines = records.lines();
        assert_eq!(lines.len(), 1, "{said}: {}", records.log());
        assert!(lines[0]["error"].as_str().unwrap().contains(said), "{said}: {}", records.log());
        // As it was: nothing to take, nothing to say.
        replace(&files, &issued);
        assert!(followed.look().with_subscriber(dispatch).await.is_none());
        assert_eq!(records.lines().len(), 1, "{}", records.log());
    }
    replace(&files, &pki.workload(Workload::Reasoning));
    assert!(followed.look().await.is_some());
    assert!(followed.look().await.is_none());
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet_is_taken_once_it_is() {
    let (pki, seconds) = (Pki::new(), Arc::new(AtomicU64::new(1_795_000_000)));
    let files = pki.workload(Workload::Reasoning);
    let hands = Arc::clone(&seconds);
    let clock =
        Clock::new(move || SystemTime::UNIX_EPOCH + Duration::from_secs(hands.load(Ordering::SeqCst)));
    let (mut followed, _) = Files::open(&files, owner(clock)).await.unwrap();
    let (name, id) = (Workload::Reasoning.server_name(), Workload::Reasoning.spiffe_id(TRUST_DOMAIN));
    pki.issue_with("reasoning", &name, &id, |params| params.not_before = rcgen::date_time_ymd(2030, 1, 1));
    assert!(followed.look().await.is_none());
    seconds.store(1_900_000_000, Ordering::SeqCst);
    assert!(followed.look().await.is_some());
}

#[tokio::test]
async fn a_certificate_that_is_not_this_workloads_stops_a_service_before_it_starts() {
    let (pki, other) = (Pki::new(), Pki::new());
    let refusal = |files: config::Tls| async move {
        let error = Start::prepare(Workload::Reasoning, shared(files), Clock::system()).await.unwrap_err();
        let told = Chain(&error).to_string();
        let StartError::Tls(error) = error else { panic!("{told}") };
        error
    };
    for other in Workload::ALL.into_iter().filter(|workload| *workload != Workload::Reasoning) {
        let error = refusal(pki.workload(other)).await;
        assert!(matches!(&error, TlsError::OtherWorkload { found, .. } if found == other.name()), "{error}");
    }
    let bootstrap =
        pki.issue("b", &Workload::Reasoning.server_name(), "spiffe://mesh.test/bootstrap/reasoning");
    assert!(matches!(refusal(bootstrap).await, TlsError::OtherWorkload { .. }));
    let foreign = pki.issue("f", &Workload::Reasoning.server_name(), "spiffe://else.test/reasoning");
    assert!(matches!(refusal(foreign).await, TlsError::Nobody(_)));
    let mixed = config::Tls { ca: pki.ca(), ..other.workload(Workload::Reasoning) };
    assert!(matches!(refusal(mixed).await, TlsError::Unproved(_)));
}

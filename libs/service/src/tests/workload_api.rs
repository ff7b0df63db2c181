//! Identities from an agent of the SPIFFE Workload API.

use super::pki::{Pki, TRUST_DOMAIN, certificates, holder};
use super::renewal::{Watched, leaf, validate};
use super::stub::Stub;
use super::world::{Records, dial, shared};
use crate::clock::Clock;
use crate::config::{self, Shared};
use crate::deadline::Deadline;
use crate::identity::WorkloadApiError;
use crate::start::{Start, StartError};
use crate::status::{Chain, reason_of};
use crate::tls::TlsError;
use crate::workload::Workload;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use splitplane_testkit::{WorkloadApi, X509Svid};
use splitplane_types::Reason;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

/// Long enough for an agent that answers.
const WAIT: Duration = Duration::from_secs(10);
/// Long enough for an agent to have answered, where nothing good will come.
const SHORT_WAIT: Duration = Duration::from_millis(500);

/// An agent, and the authority that it has its SVIDs from.
struct World {
    pki: Pki,
    folder: TempDir,
    agent: WorkloadApi,
}

impl World {
    fn new(svids: impl FnOnce(&Pki) -> Vec<X509Svid>) -> Self {
        let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
        let agent = WorkloadApi::serve(&folder.path().join("agent.sock"), svids(&pki)).unwrap();
        Self { pki, folder, agent }
    }

    async fn serve(&self, stub: Stub) -> Watched {
        let records = Records::default();
        let start = start(&self.agent.endpoint(), WAIT, &records).await.unwrap();
        Watched::serve(start, stub, records)
    }
}

/// A configuration whose files are nowhere.
fn of_agent(endpoint: &str) -> Shared {
    let nowhere = || PathBuf::from("/nowhere");
    let workload_api = endpoint.to_owned();
    shared(config::Tls { certificate: nowhere(), key: nowhere(), ca: nowhere(), workload_api })
}

async fn start(endpoint: &str, wait: Duration, records: &Records) -> Result<Start, StartError> {
    let telemetry = records.telemetry("reasoning");
    Start::within(wait, Workload::Reasoning, of_agent(endpoint), Clock::system(), telemetry).await
}

async fn refusal(endpoint: &str) -> WorkloadApiError {
    let error = start(endpoint, SHORT_WAIT, &Records::default()).await.unwrap_err();
    let told = Chain(&error).to_string();
    let StartError::WorkloadApi(error) = error else { panic!("{told}") };
    error
}

/// An SVID of the same name in another trust domain, with that one's bundle.
fn foreign(other: &Pki) -> X509Svid {
    let id = Workload::Reasoning.spiffe_id("else.test");
    let files = other.issue("foreign", &Workload::Reasoning.server_name(), &id);
    let chain = certificates(&files.certificate)[0].to_vec();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap().secret_der().to_vec();
    X509Svid { spiffe_id: id, chain, key, ..other.svid(Workload::Reasoning) }
}

fn reasoning(pki: &Pki) -> Vec<X509Svid> {
    vec![pki.svid(Workload::Reasoning)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_shows_the_svid_of_its_own_id_whatever_stands_first() {
    let other = Pki::new();
    let world =
        World::new(|pki| vec![pki.svid(Workload::Query), foreign(&other), pki.svid(Workload::Reasoning)]);
    let service = world.serve(Stub::default()).await;
    // The connector asks for the id, and the server for a certificate of the bundle.
    service.validate(world.pki.caller(Workload::Gateway)).await.unwrap();
    // What another trust domain's authority issues names nobody here, whatever it says.
    let stranger = config::Tls { ca: world.pki.ca(), ..other.workload(Workload::Gateway) };
    let stranger = service.validate(holder(&stranger)).await.unwrap_err();
    assert_eq!(reason_of(&stranger), Some(Reason::ServiceUnavailable));
    service.running.end().await;
    world.agent.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_svid_is_shown_to_new_connections_and_the_others_stand() {
    let (world, stub) = (World::new(reasoning), Stub::default());
    let mut service = world.serve(stub.clone()).await;
    let address = service.running.address;
    let standing = dial(world.pki.caller(Workload::Gateway), Workload::Reasoning, address);
    let at_work = tokio::spawn(validate(standing.clone(), "wait"));
    stub.entered.notified().await;
    let first = leaf(world.pki.caller(Workload::Gateway), address).await;

    let renewed = world.pki.svid(Workload::Reasoning);
    world.agent.give(vec![renewed.clone()]);
    service.renewed().await;
    let second = leaf(world.pki.caller(Workload::Gateway), address).await;
    assert_eq!(second.to_vec(), renewed.chain);
    assert_ne!(first, second);
    stub.release.notify_one();
    at_work.await.unwrap().unwrap();
    validate(standing, "ok").await.unwrap();

    // Another authority altogether.
    let other = Pki::new();
    world.agent.give(reasoning(&other));
    service.renewed().await;
    service.validate(other.caller(Workload::Gateway)).await.unwrap();
    assert!(service.validate(world.pki.caller(Workload::Gateway)).await.is_err());
    service.running.end().await;
    world.agent.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_goes_away_changes_nothing_and_is_followed_when_it_is_back() {
    let world = World::new(reasoning);
    let mut service = world.serve(Stub::default()).await;
    world.agent.stop().await.unwrap();
    service.validate(world.pki.caller(Workload::Gateway)).await.unwrap();

    let renewed = world.pki.svid(Workload::Reasoning);
    let agent = WorkloadApi::serve(&world.folder.path().join("agent.sock"), vec![renewed.clone()]).unwrap();
    service.renewed().await;
    let shown = leaf(world.pki.caller(Workload::Gateway), service.running.address).await;
    assert_eq!(shown.to_vec(), renewed.chain);
    let told = service.running.end().await;
    assert!(told.log().contains("the agent of the SPIFFE Workload API fails"), "{}", told.log());
    agent.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_is_taken_back_is_used_no_more_until_there_is_one_again() {
    for nothing in [|_: &Pki| Vec::new(), |pki: &Pki| vec![pki.svid(Workload::Query)]] {
        let world = World::new(reasoning);
        let mut service = world.serve(Stub::default()).await;
        let standing =
            dial(world.pki.caller(Workload::Gateway), Workload::Reasoning, service.running.address);
        validate(standing.clone(), "ok").await.unwrap();
        world.agent.give(nothing(&world.pki));
        service.renewed().await;
        assert!(service.validate(world.pki.caller(Workload::Gateway)).await.is_err());
        validate(standing, "ok").await.unwrap();
        world.agent.give(reasoning(&world.pki));
        service.renewed().await;
        service.validate(world.pki.caller(Workload::Gateway)).await.unwrap();
        service.running.end().await;
        world.agent.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_svid_that_makes_no_identity_changes_nothing() {
    let world = World::new(reasoning);
    let mut service = world.serve(Stub::default()).await;
    let good = world.pki.svid(Workload::Reasoning);
    let kept = async |times| {
        while service.running.records.log().matches("the certificate in use stays").count() < times {
            tokio::task::yield_now().await;
        }
    };
    world.agent.give(vec![X509Svid { key: world.pki.svid(Workload::Query).key, ..good.clone() }]);
    Deadline::after(WAIT).limit(kept(1)).await.unwrap();
    world.agent.give(vec![X509Svid { bundle: Pki::new().svid(Workload::Reasoning).bundle, ..good.clone() }]);
    Deadline::after(WAIT).limit(kept(2)).await.unwrap();
    world.agent.give(vec![good.clone()]);
    service.renewed().await;
    // The first change that was made is the good one.
    let shown = leaf(world.pki.caller(Workload::Gateway), service.running.address).await;
    assert_eq!(shown.to_vec(), good.chain);
    service.running.end().await;
    world.agent.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_svid_of_its_own_a_service_does_not_start() {
    let world = World::new(|pki| vec![pki.svid(Workload::Query)]);
    let error = refusal(&world.agent.endpoint()).await;
    assert!(matches!(error, WorkloadApiError::NotGiven { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!("within 500 ms the agent gave no valid SVID of `spiffe://{TRUST_DOMAIN}/reasoning`")
    );
    world.agent.give(Vec::new());
    let error = refusal(&world.agent.endpoint()).await;
    assert!(matches!(error, WorkloadApiError::Silent { .. }), "{error}");
    // Of the right id, and of a key that is not its own.
    let mixed = X509Svid { key: world.pki.svid(Workload::Query).key, ..world.pki.svid(Workload::Reasoning) };
    world.agent.give(vec![mixed]);
    let error = refusal(&world.agent.endpoint()).await;
    assert!(matches!(error, WorkloadApiError::Svid(TlsError::Rejected(_))), "{error}");
    world.agent.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_agent_a_service_does_not_start_and_says_so_in_bounded_time() {
    let began = tokio::time::Instant::now();
    let error = refusal("unix:/nowhere/agent.sock").await;
    assert_eq!(error.to_string(), "within 500 ms the agent gave no identity: client_creation");
    assert!(began.elapsed() < WAIT, "{:?}", began.elapsed());
    for odd in ["tcp:127.0.0.1:8081", "/run/spire/agent.sock", "unix:agent.sock"] {
        let error = start(odd, SHORT_WAIT, &Records::default()).await.unwrap_err();
        assert!(matches!(error, StartError::OutOfRange { key: "tls.workload_api", .. }), "{error}");
    }
}

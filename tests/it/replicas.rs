//! Replicas of auth and of query that share what they must not forget: what was used at one of them is
//! used at the other. A replica with a memory of its own shows that the checks can fail.

use crate::inner_services::{Operator, channel_to, session};
use crate::support::{ANN, Bench, options};
use prost::Message as _;
use splitplane::caller::{ASK, question};
use splitplane::mesh::Configs;
use splitplane_proto::auth::v1::auth_service_client::AuthServiceClient;
use splitplane_proto::auth::v1::{AuthenticateRequest, Header};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::config::ServiceConfig;
use splitplane_service::{App, Clock, Start, StartError, Workload, reason_of};
use splitplane_sigv4::frame;
use splitplane_testkit::World;
use splitplane_types::Reason;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;

/// The name that clients sign for.
const AUTHORITY: &str = "analytics.test:443";

/// Starts a service beside the mesh, until the test ends.
async fn replica<C, F>(
    workload: Workload,
    config: C,
    build: impl FnOnce(C, Start) -> F,
    stop: &CancellationToken,
) -> SocketAddr
where
    C: ServiceConfig,
    F: Future<Output = Result<App, StartError>>,
{
    let start = Start::prepare(workload, config.shared(), Clock::system()).await.unwrap();
    let address = start.address();
    let app = build(config, start).await.unwrap();
    let mut ready = app.readiness();
    tokio::spawn(app.serve(stop.clone()));
    ready.wait_for(|ready| *ready).await.unwrap();
    address
}

async fn bench() -> (Bench, Configs) {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), &World::library(2));
    let mut configs = Configs::of(&options).unwrap();
    configs.auth.requests.authorities = vec![AUTHORITY.to_owned()];
    (Bench::start_at(folder, options, |_| {}).await, configs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_judged_once_by_all_replicas_of_auth() {
    let (bench, configs) = bench().await;
    let stop = CancellationToken::new();
    let mut forgetful = configs.auth.clone();
    forgetful.state.file = bench.folder.path().join("elsewhere.db");
    let mut replicas = Vec::new();
    for config in [configs.auth.clone(), configs.auth, forgetful] {
        let address = replica(Workload::Auth, config, splitplane_auth::build, &stop).await;
        let channel = channel_to(&bench, &address.to_string(), Workload::Gateway).await;
        replicas.push(AuthServiceClient::new(channel));
    }
    let mut signer = bench.caller(ANN).await.signer().clone();
    signer.authority = AUTHORITY.to_owned();
    let message = AskRequest { question: Some(question("total fees", None)), conversation: String::new() }
        .encode_to_vec();
    let headers = signer.headers(ASK, &message).unwrap();
    let request = AuthenticateRequest {
        path: ASK.to_owned(),
        authority: AUTHORITY.to_owned(),
        headers: headers
            .into_iter()
            .map(|(name, value)| Header { name, value: value.into_bytes() })
            .collect(),
        frame: frame(&message),
    };
    let [first, second, forgetful] = replicas.as_mut_slice() else { panic!("three were started") };
    let minted = first.authenticate(request.clone()).await.unwrap().into_inner();
    assert!(!minted.session_key.is_empty());
    for replica in [&mut *first, &mut *second] {
        let refused = replica.authenticate(request.clone()).await.unwrap_err();
        assert_eq!(reason_of(&refused), Some(Reason::Unauthenticated));
    }
    assert!(forgetful.authenticate(request).await.is_ok(), "nothing but what is shared refuses it");
    stop.cancel();
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_opens_one_sandbox_at_all_replicas_of_query() {
    let (bench, mut configs) = bench().await;
    let stop = CancellationToken::new();
    configs.query.auth.address = bench.address(Workload::Auth);
    let mut replicas = Vec::new();
    for name in ["second", "forgetful"] {
        let mut config = configs.query.clone();
        config.engine.spill = bench.folder.path().join(name);
        if name == "forgetful" {
            config.state.file = bench.folder.path().join("elsewhere.db");
        }
        let address = replica(Workload::Query, config, splitplane_query::build, &stop).await;
        replicas.push(Operator::beside(&bench, &address.to_string()).await);
    }
    let mut operator = Operator::of(&bench).await;
    let [second, forgetful] = replicas.as_mut_slice() else { panic!("two were started") };
    let session = session(&bench, ANN, "total fees").await;
    let key = &session.session_key;
    let receipt = operator.receipt(&session).await;
    operator.open(key, &receipt, &["loans"]).await.unwrap();
    let refused = second.open(key, &receipt, &["loans"]).await.unwrap_err();
    assert_eq!(reason_of(&refused), Some(Reason::Unauthenticated));
    forgetful.open(key, &receipt, &["loans"]).await.unwrap();
    // Not the replica is what refuses: it opens what was not used, and then the first one does not.
    let receipt = operator.receipt(&session).await;
    second.open(key, &receipt, &["loans"]).await.unwrap();
    assert!(operator.open(key, &receipt, &["loans"]).await.is_err());
    stop.cancel();
    bench.mesh.stop().await.unwrap();
}

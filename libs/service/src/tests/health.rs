//! Health and reflection as probes and people see them.

use super::pki::Pki;
use super::stub::Stub;
use super::world::{Records, Running, dial, routes, shared, start};
use crate::health::Readiness;
use crate::workload::Workload;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tower::layer::util::Identity;

async fn query(pki: &Pki, is_ready: &Arc<AtomicBool>) -> Running {
    let records = Records::default();
    let start = start(Workload::Query, shared(pki.workload(Workload::Query)), &records).await;
    let told = Arc::clone(is_ready);
    let readiness = Readiness::when(move || told.load(Ordering::SeqCst));
    Running::new(start.app(routes(Workload::Query, Stub::default()), Identity::new(), readiness), records)
}

async fn plain(service: &Running) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", service.health_address)).unwrap();
    endpoint.connect().await.unwrap()
}

async fn check(client: &mut HealthClient<Channel>, service: &str) -> Result<ServingStatus, Code> {
    let asked = client.check(HealthCheckRequest { service: service.into() }).await;
    asked.map(|answer| answer.into_inner().status()).map_err(|status| status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn health_begins_as_not_serving_follows_readiness_and_ends_as_not_serving() {
    let pki = Pki::new();
    let is_ready = Arc::new(AtomicBool::new(false));
    let service = query(&pki, &is_ready).await;
    let mut client = HealthClient::new(plain(&service).await);
    let names = ["", "readiness", "splitplane.query.v1.QueryService"];
    for name in names {
        assert_eq!(check(&mut client, name).await, Ok(ServingStatus::NotServing), "{name:?}");
    }
    assert_eq!(check(&mut client, "liveness").await, Ok(ServingStatus::Serving));
    assert_eq!(check(&mut client, "splitplane.auth.v1.AuthService").await, Err(Code::NotFound));

    let watch = HealthCheckRequest { service: "readiness".into() };
    let mut watched = client.watch(watch).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    is_ready.store(true, Ordering::SeqCst);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut readiness = service.readiness.clone();
    readiness.wait_for(|is_ready| *is_ready).await.unwrap();
    for name in names {
        assert_eq!(check(&mut client, name).await, Ok(ServingStatus::Serving), "{name:?}");
    }
    is_ready.store(false, Ordering::SeqCst);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    is_ready.store(true, Ordering::SeqCst);
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    service.stop.cancel();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watched, client));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_port_answers_health_and_nothing_else() {
    let pki = Pki::new();
    let service = query(&pki, &Arc::new(AtomicBool::new(true))).await;
    let channel = plain(&service).await;
    let asked = ServerReflectionRequest { host: String::new(), message_request: None };
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let status = reflection.server_reflection_info(tokio_stream::once(asked)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    let mut queries = splitplane_proto::query::v1::query_service_client::QueryServiceClient::new(channel);
    let status =
        queries.open_sandbox(splitplane_proto::query::v1::OpenSandboxRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    drop((reflection, queries));
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_names_the_services_own_methods_to_an_operator() {
    let pki = Pki::new();
    let service = query(&pki, &Arc::new(AtomicBool::new(true))).await;
    let upstream = dial(pki.caller(Workload::Operator), Workload::Query, service.address);
    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(upstream);
    let mut answers = client.server_reflection_info(tokio_stream::once(asked)).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let names: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
    let expected = [
        "splitplane.query.v1.QueryService",
        "splitplane.query.v1.PolicyService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
    ];
    assert_eq!(names, expected.map(str::to_owned).into_iter().collect());
    drop((answers, client));
    service.end().await;
}

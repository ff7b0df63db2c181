//! Who gets in: certificates, versions, the access table over the wire.

use super::pki::{Pki, TRUST_DOMAIN, holder};
use super::stub::Stub;
use super::world::{Running, dial, serve, shared};
use crate::client::Upstream;
use crate::clock::Clock;
use crate::config;
use crate::deadline::Deadline;
use crate::start::{Start, StartError};
use crate::status::{Chain, reason_of};
use crate::upstream::call;
use crate::workload::Workload;
use rustls::version::{TLS12, TLS13};
use splitplane_proto::gateway::v1::ListMetricsRequest;
use splitplane_proto::gateway::v1::gateway_service_client::GatewayServiceClient;
use splitplane_proto::reasoning::v1::ValidateRequest;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_types::Reason;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Status;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const PATIENCE: Duration = Duration::from_secs(20);

async fn validate(upstream: Upstream) -> Result<(), Status> {
    let request = call(Deadline::after(PATIENCE), None, ValidateRequest { frame: b"ok".to_vec() }).unwrap();
    ReasoningServiceClient::new(upstream).validate(request).await.map(drop)
}

async fn check_health(upstream: Upstream) -> Result<(), Status> {
    let message = HealthCheckRequest { service: "liveness".into() };
    let request = call(Deadline::after(PATIENCE), None, message).unwrap();
    HealthClient::new(upstream).check(request).await.map(drop)
}

fn refused(answer: Result<(), Status>) -> Option<Reason> {
    reason_of(&answer.expect_err("the call was let in"))
}

async fn reasoning(pki: &Pki) -> (Running, Stub) {
    let stub = Stub::default();
    (serve(pki, Workload::Reasoning, stub.clone()).await, stub)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_decides_over_the_wire_by_the_certificate() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let to = |workload| dial(pki.caller(workload), Workload::Reasoning, service.address);
    validate(to(Workload::Gateway)).await.unwrap();
    validate(to(Workload::Operator)).await.unwrap();
    assert_eq!(stub.calls.load(Ordering::SeqCst), 2);
    for other in [Workload::Auth, Workload::SchemaRouter, Workload::Query, Workload::Reasoning] {
        assert_eq!(refused(validate(to(other)).await), Some(Reason::PeerNotAllowed), "{other}");
        assert_eq!(refused(check_health(to(other)).await), Some(Reason::PeerNotAllowed), "{other}");
    }
    let bootstrap = pki.issue("report", "report.test", "spiffe://mesh.test/bootstrap/report");
    let bootstrap = dial(holder(&bootstrap), Workload::Reasoning, service.address);
    assert_eq!(refused(validate(bootstrap).await), Some(Reason::PeerNotAllowed));
    check_health(to(Workload::Gateway)).await.unwrap();
    assert_eq!(stub.calls.load(Ordering::SeqCst), 2, "a refused call reached the handler");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_of_the_mesh_no_request_reaches_an_inner_service() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let nobody = dial(pki.nobody(&[&TLS13]), Workload::Reasoning, service.address);
    assert_eq!(refused(validate(nobody).await), Some(Reason::ServiceUnavailable));
    // The right names from another authority, shown to somebody who trusts ours.
    let other = Pki::new();
    let foreign = other.workload(Workload::Gateway);
    let mixed = config::Tls { ca: pki.ca(), ..foreign };
    let foreign = dial(holder(&mixed), Workload::Reasoning, service.address);
    assert_eq!(refused(validate(foreign).await), Some(Reason::ServiceUnavailable));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 0);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_mesh_that_names_nobody_is_admitted_to_nothing() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let stranger = pki.issue("stranger", "gateway.splitplane.internal", "spiffe://elsewhere.test/gateway");
    let stranger = dial(holder(&stranger), Workload::Reasoning, service.address);
    assert_eq!(refused(validate(stranger).await), Some(Reason::PeerNotAllowed));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 0);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_in_tls_1_2_is_refused() {
    let pki = Pki::new();
    let gateway = serve(&pki, Workload::Gateway, Stub::default()).await;
    let old = dial(pki.nobody(&[&TLS12]), Workload::Gateway, gateway.address);
    let status = check_health(old).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    assert!(Chain(&status).to_string().contains("the handshake with gateway failed"), "{}", Chain(&status));
    // The same caller in 1.3 gets as far as the table.
    let new = dial(pki.nobody(&[&TLS13]), Workload::Gateway, gateway.address);
    assert_eq!(refused(check_health(new).await), Some(Reason::PeerNotAllowed));
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_lets_anyone_to_its_signed_methods_and_nobody_to_the_rest() {
    let pki = Pki::new();
    let stub = Stub::default();
    let gateway = serve(&pki, Workload::Gateway, stub.clone()).await;
    let nobody = dial(pki.nobody(&[&TLS13]), Workload::Gateway, gateway.address);
    let request = call(Deadline::after(PATIENCE), None, ListMetricsRequest {}).unwrap();
    let status = GatewayServiceClient::new(nobody.clone()).list_metrics(request).await.unwrap_err();
    // The handler was reached: it has no upstream.
    assert_eq!(reason_of(&status), Some(Reason::Internal));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 1);
    assert_eq!(refused(check_health(nobody.clone()).await), Some(Reason::PeerNotAllowed));
    assert_eq!(refused(validate(nobody).await), Some(Reason::MethodNotFound));
    check_health(dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address)).await.unwrap();
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_another_workload_is_sent_nothing() {
    let pki = Pki::new();
    let stub = Stub::default();
    // The right host name, and the id of another: what a hijacked name looks like.
    let tls =
        pki.issue("thief", &Workload::Query.server_name(), &Workload::Reasoning.spiffe_id(TRUST_DOMAIN));
    let records = super::world::Records::default();
    let start = super::world::start(Workload::Reasoning, shared(tls), &records).await;
    let routes = super::world::routes(Workload::Reasoning, stub.clone());
    let readiness = crate::health::Readiness::when(|| true);
    let thief = Running::new(start.app(routes, tower::layer::util::Identity::new(), readiness), records);
    let status =
        validate(dial(pki.caller(Workload::Gateway), Workload::Query, thief.address)).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    let told = Chain(&status).to_string();
    assert!(told.contains("the server is not query: its certificate names `reasoning`"), "{told}");
    assert_eq!(stub.calls.load(Ordering::SeqCst), 0);
    thief.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_fail_or_never_end_do_not_stop_the_next() {
    let pki = Pki::new();
    let (service, _) = reasoning(&pki).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        let mut garbage = tokio::net::TcpStream::connect(service.address).await.unwrap();
        garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        idle.push(garbage);
        idle.push(tokio::net::TcpStream::connect(service.address).await.unwrap());
    }
    validate(dial(pki.caller(Workload::Gateway), Workload::Reasoning, service.address)).await.unwrap();
    drop(idle);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_proves_its_certificate_anew() {
    let pki = Pki::new();
    let gateway = serve(&pki, Workload::Gateway, Stub::default()).await;
    let connector = tokio_rustls::TlsConnector::from(pki.nobody(&[&TLS13]));
    for _ in 0..2 {
        let stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
        let name = Workload::Gateway.server_name().try_into().unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        // A ticket to resume by would come with the first bytes.
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(rustls::HandshakeKind::Full));
    }
    gateway.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_never_shakes_hands_is_hung_up_on() {
    let pki = Pki::new();
    let (service, _) = reasoning(&pki).await;
    let mut silent = tokio::net::TcpStream::connect(service.address).await.unwrap();
    let ended = Deadline::after(PATIENCE).limit(silent.read(&mut [0; 64])).await;
    assert_eq!(ended.expect("the connection was kept").unwrap(), 0);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_and_a_value_out_of_range_stop_a_service_before_it_starts() {
    let pki = Pki::new();
    let (service, _) = reasoning(&pki).await;
    let mut taken = shared(pki.workload(Workload::Query));
    taken.listen.address = service.address;
    let error = Start::prepare(Workload::Query, taken, Clock::system()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", service.address));
    let mut odd = shared(pki.workload(Workload::Query));
    odd.mesh.trust_domain = "mesh.test/gateway".into();
    let error = Start::prepare(Workload::Query, odd, Clock::system()).await.unwrap_err();
    assert!(matches!(error, StartError::OutOfRange { key: "mesh.trust_domain", .. }), "{error}");
    let mut lost = shared(pki.workload(Workload::Query));
    lost.tls.key = "/nowhere/query.key".into();
    let error = Start::prepare(Workload::Query, lost, Clock::system()).await.unwrap_err();
    assert!(Chain(&error).to_string().contains("/nowhere/query.key"));
    service.end().await;
}

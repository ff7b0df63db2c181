//! One trace over two hops, what an outsider may do to it, and what is counted and logged.

use super::pki::Pki;
use super::stub::Stub;
use super::world::{Records, Running, dial, routes, serve, shared, start};
use crate::client::Upstream;
use crate::health::Readiness;
use crate::status::reason_of;
use crate::workload::Workload;
use opentelemetry::Value;
use opentelemetry::trace::SpanKind;
use opentelemetry_sdk::trace::SpanData;
use rustls::version::TLS13;
use splitplane_proto::gateway::v1::ListMetricsRequest;
use splitplane_proto::gateway::v1::gateway_service_client::GatewayServiceClient;
use splitplane_proto::reasoning::v1::ValidateRequest;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_types::Reason;
use std::collections::BTreeSet;
use tonic::Request;
use tower::layer::util::Identity;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const LIST_METRICS: &str = "splitplane.gateway.v1.GatewayService/ListMetrics";

fn find(spans: &[SpanData], kind: &SpanKind) -> SpanData {
    spans.iter().find(|span| span.span_kind == *kind).unwrap().clone()
}

fn attribute(span: &SpanData, key: &str) -> Option<Value> {
    span.attributes.iter().find(|pair| pair.key.as_str() == key).map(|pair| pair.value.clone())
}

pub(super) async fn two_services(pki: &Pki) -> (Running, Running, [Stub; 2]) {
    let stub = Stub::default();
    let reasoning = serve(pki, Workload::Reasoning, stub.clone()).await;
    let records = Records::default();
    let start = start(Workload::Gateway, shared(pki.workload(Workload::Gateway)), &records).await;
    let upstream = start.upstream(Workload::Reasoning, &reasoning.upstream()).unwrap();
    let door = Stub { reasoning: Some(upstream), ..Stub::default() };
    let app = start.app(routes(Workload::Gateway, door.clone()), Identity::new(), Readiness::when(|| true));
    (Running::new(app, records), reasoning, [door, stub])
}

/// Calls the gateway with a trace that the library of the caller did not make.
async fn ask(channel: Upstream) {
    let mut request = Request::new(ListMetricsRequest {});
    let headers = request.metadata_mut();
    headers.insert("baggage", "tenant=acme".parse().unwrap());
    GatewayServiceClient::with_interceptor(channel, Ok).list_metrics(request).await.unwrap();
}

/// Puts a `traceparent` of the caller's in place of the upstream's own.
#[derive(Clone)]
pub(super) struct WithTrace(pub(super) Upstream);

impl tower::Service<http::Request<tonic::body::Body>> for WithTrace {
    type Response = http::Response<tonic::body::Body>;
    type Error = tonic::Status;
    type Future = futures::future::BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), tonic::Status>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<tonic::body::Body>) -> Self::Future {
        let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
        request.headers_mut().insert("traceparent", parent.parse().unwrap());
        self.0.call(request)
    }
}

async fn ask_in_trace(channel: Upstream) {
    let mut client = GatewayServiceClient::new(WithTrace(channel));
    client.list_metrics(Request::new(ListMetricsRequest {})).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_over_two_hops_and_baggage_does_not() {
    let pki = Pki::new();
    let (gateway, reasoning, stubs) = two_services(&pki).await;
    ask(dial(pki.nobody(&[&TLS13]), Workload::Gateway, gateway.address)).await;
    for stub in &stubs {
        let seen = stub.headers.lock().unwrap().clone();
        assert!(!seen.contains(&"baggage".to_owned()), "{seen:?}");
    }
    let [_, inner] = stubs;
    assert!(inner.headers.lock().unwrap().contains(&"traceparent".to_owned()));
    drop(inner);
    let (gateway, reasoning) = (gateway.end().await, reasoning.end().await);

    let door = find(&gateway.spans(), &SpanKind::Server);
    let call = find(&gateway.spans(), &SpanKind::Client);
    let inner = find(&reasoning.spans(), &SpanKind::Server);
    assert_eq!(call.span_context.trace_id(), door.span_context.trace_id());
    assert_eq!(inner.span_context.trace_id(), door.span_context.trace_id());
    assert_eq!(call.parent_span_id, door.span_context.span_id());
    assert_eq!(inner.parent_span_id, call.span_context.span_id());
    assert_eq!(door.name, LIST_METRICS);
    assert_eq!(attribute(&door, "rpc.system.name"), Some("grpc".into()));
    assert_eq!(attribute(&door, "rpc.method"), Some(LIST_METRICS.into()));
    assert_eq!(attribute(&door, "rpc.response.status_code"), Some("OK".into()));
    assert_eq!(attribute(&door, "error.type"), None);
    assert_eq!(attribute(&inner, "peer"), Some("gateway".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outsiders_trace_is_linked_and_a_workloads_is_continued() {
    let pki = Pki::new();
    for (caller, is_parent) in [(pki.nobody(&[&TLS13]), false), (pki.caller(Workload::Operator), true)] {
        let (gateway, reasoning, stubs) = two_services(&pki).await;
        drop(stubs);
        ask_in_trace(dial(caller, Workload::Gateway, gateway.address)).await;
        let (gateway, _) = (gateway.end().await, reasoning.end().await);
        let door = find(&gateway.spans(), &SpanKind::Server);
        assert_eq!(door.span_context.trace_id().to_string() == TRACE, is_parent);
        let linked: Vec<String> =
            door.links.links.iter().map(|link| link.span_context.trace_id().to_string()).collect();
        assert_eq!(linked.contains(&TRACE.to_owned()), !is_parent, "{linked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_is_counted_traced_and_logged_once() {
    let pki = Pki::new();
    let reasoning = serve(&pki, Workload::Reasoning, Stub::default()).await;
    let mut client = ReasoningServiceClient::new(dial(
        pki.caller(Workload::Query),
        Workload::Reasoning,
        reasoning.address,
    ));
    let status = client.validate(ValidateRequest { frame: vec![] }).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::PeerNotAllowed));
    drop(client);
    let told = reasoning.end().await;

    let label = "rpc.server.call.duration [s] rpc.method=splitplane.reasoning.v1.ReasoningService/Validate \
                 rpc.response.status_code=PERMISSION_DENIED rpc.system.name=grpc";
    assert_eq!(told.counts().get(label), Some(&1), "{:?}", told.counts());
    let span = find(&told.spans(), &SpanKind::Server);
    assert_eq!(attribute(&span, "rpc.response.status_code"), Some("PERMISSION_DENIED".into()));
    let lines = told.lines();
    let refusals: Vec<_> = lines.iter().filter(|line| line["reason"] == "PEER_NOT_ALLOWED").collect();
    let [line] = refusals.as_slice() else { panic!("{}", told.log()) };
    assert_eq!(line["service"], "splitplane-reasoning");
    assert_eq!(line["level"], "WARN");
    assert_eq!(line["trace_id"], span.span_context.trace_id().to_string());
    assert_eq!(line["span_id"], span.span_context.span_id().to_string());
    assert_eq!(line["request_id"].as_str().map(str::len), Some(26));
    assert_eq!(line["peer"], "query");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_no_label_that_a_caller_chooses() {
    let pki = Pki::new();
    let gateway = serve(&pki, Workload::Gateway, Stub::default()).await;
    for path in ["/a/b", "/c/d", "/splitplane.gateway.v1.GatewayService/Asks"] {
        let request =
            http::Request::post(format!("http://x{path}")).body(tonic::body::Body::empty()).unwrap();
        let upstream = dial(pki.nobody(&[&TLS13]), Workload::Gateway, gateway.address);
        tower::ServiceExt::oneshot(upstream, request).await.unwrap();
    }
    let counts = gateway.end().await.counts();
    let unknown = "rpc.server.call.duration [s] error.type=UNIMPLEMENTED rpc.method=_OTHER \
                   rpc.response.status_code=UNIMPLEMENTED rpc.system.name=grpc";
    assert_eq!(counts.get(unknown), Some(&3), "{counts:?}");
    let keys: BTreeSet<&str> = counts
        .keys()
        .flat_map(|line| line.split(' ').skip(2))
        .filter_map(|label| label.split('=').next())
        .collect();
    assert_eq!(
        keys,
        ["error.type", "rpc.method", "rpc.response.status_code", "rpc.system.name"].into_iter().collect()
    );
}

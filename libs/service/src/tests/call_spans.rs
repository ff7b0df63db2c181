//! The spans of a call: who is told them, over which hops, in which answers, and what they never say.

use super::pki::{Pki, TRUST_DOMAIN, holder};
use super::stub::Stub;
use super::traces::{WithTrace, two_services};
use super::world::{Records, Running, dial, routes, serve, serve_with, shared, start};
use crate::accept::Incoming;
use crate::call_spans::{ask_for_spans, spans_in};
use crate::client::Upstream;
use crate::config;
use crate::deadline::Deadline;
use crate::health::Readiness;
use crate::net::frame_body;
use crate::start::Start;
use crate::status::reason_of;
use crate::upstream::call;
use crate::workload::Workload;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use rustls::ClientConfig;
use rustls::version::TLS13;
use splitplane_proto::common::v1::{Span, SpanList};
use splitplane_proto::gateway::v1::ListMetricsRequest;
use splitplane_proto::gateway::v1::gateway_service_client::GatewayServiceClient;
use splitplane_proto::query::v1::ExecuteRequest;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_proto::reasoning::v1::{ExplainRequest, ValidateRequest};
use splitplane_types::Reason;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::metadata::{BinaryMetadataValue, MetadataMap};
use tonic::{Code, Status};
use tower::ServiceExt as _;
use tower::layer::util::Identity;

const WISH: &str = "x-splitplane-trace";
const SPANS: &str = "splitplane-spans-bin";
const LIST_METRICS: &str = "splitplane.gateway.v1.GatewayService/ListMetrics";
const INNER_LIST_METRICS: &str = "splitplane.reasoning.v1.ReasoningService/ListMetrics";
const PATIENCE: Duration = Duration::from_secs(20);

fn asking<T>(message: T) -> tonic::Request<T> {
    let mut request = call(Deadline::after(PATIENCE), None, message).unwrap();
    ask_for_spans(request.metadata_mut());
    request
}

fn told(metadata: &MetadataMap) -> SpanList {
    spans_in(metadata).expect("there is a list of spans")
}

async fn list_metrics(channel: Upstream) -> Result<MetadataMap, Status> {
    let answer = GatewayServiceClient::new(channel).list_metrics(asking(ListMetricsRequest {})).await;
    answer.map(|answer| answer.metadata().clone())
}

async fn validate(channel: Upstream, frame: &[u8]) -> Result<MetadataMap, Status> {
    let request = asking(ValidateRequest { frame: frame.to_vec() });
    ReasoningServiceClient::new(channel).validate(request).await.map(|answer| answer.metadata().clone())
}

/// The spans as service, name and place of the parent in the list.
fn tree(list: &SpanList) -> Vec<(&str, &str, Option<usize>)> {
    let place = |id: u64| list.spans.iter().position(|span| span.span_id == id);
    let shown = |span: &'_ Span| place(span.parent_span_id);
    list.spans.iter().map(|span| (span.service.as_str(), span.name.as_str(), shown(span))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_asks_is_told_the_spans_of_both_services_as_they_hang_together() {
    let pki = Pki::new();
    let (gateway, reasoning, stubs) = two_services(&pki).await;
    let operator = dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address);
    let list = told(&list_metrics(operator).await.unwrap());
    let expected = [
        ("gateway", LIST_METRICS, None),
        ("gateway", INNER_LIST_METRICS, Some(0)),
        ("reasoning", INNER_LIST_METRICS, Some(1)),
    ];
    assert_eq!(tree(&list), expected);
    let [door, hop, inner] = list.spans.as_slice() else { panic!("{list:?}") };
    assert!(inner.duration_us <= hop.duration_us && hop.duration_us <= door.duration_us, "{list:?}");
    assert!(door.start_us <= hop.start_us && inner.duration_us > 0, "{list:?}");
    assert!(list.spans.iter().all(|span| !span.failed) && list.dropped == 0, "{list:?}");
    for stub in &stubs {
        let seen = stub.headers.lock().unwrap().clone();
        assert!(!seen.contains(&WISH.to_owned()), "{seen:?}");
    }
    drop(stubs);
    // The ids are those under which the spans are exported, the last of them a moment after the answer: a
    // connection lets go of a call when its trailers are on their way.
    let records = [&gateway, &reasoning].map(|service| service.records.clone());
    let exported = || records.iter().flat_map(Records::spans).map(|span| span.span_context.span_id());
    let is_whole = async {
        while exported().count() < list.spans.len() {
            tokio::task::yield_now().await;
        }
    };
    Deadline::after(PATIENCE).limit(is_whole).await.expect("the spans are exported");
    let mut exported: Vec<u64> = exported().map(|id| u64::from_be_bytes(id.to_bytes())).collect();
    let mut ids: Vec<u64> = list.spans.iter().map(|span| span.span_id).collect();
    exported.sort_unstable();
    ids.sort_unstable();
    assert_eq!(ids, exported);
    gateway.end().await;
    reasoning.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_span_names_the_span_that_the_operator_called_from() {
    let pki = Pki::new();
    let (gateway, reasoning, stubs) = two_services(&pki).await;
    drop(stubs);
    let operator = dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address);
    let mut client = GatewayServiceClient::new(WithTrace(operator));
    let answer = client.list_metrics(asking(ListMetricsRequest {})).await.unwrap();
    let list = told(answer.metadata());
    assert_eq!(list.spans[0].parent_span_id, 0xb7ad_6b71_6920_3331);
    drop(client);
    gateway.end().await;
    reasoning.end().await;
}

/// Everything that comes back for a request: head, messages and trailers.
async fn raw(channel: Upstream, path: &str, wish: Option<&str>) -> (HeaderMap, Bytes, HeaderMap) {
    let mut request = Request::post(format!("http://mesh{path}"))
        .header("content-type", "application/grpc")
        .body(frame_body(Bytes::from_static(&[0; 5])))
        .unwrap();
    request.extensions_mut().insert(Deadline::after(PATIENCE));
    if let Some(wish) = wish {
        request.headers_mut().insert(WISH, wish.parse().unwrap());
    }
    let (mut head, body) = channel.oneshot(request).await.unwrap().into_parts();
    head.headers.remove("date");
    let body = body.collect().await.unwrap();
    let trailers = body.trailers().cloned().unwrap_or_default();
    (head.headers, body.to_bytes(), trailers)
}

fn has_spans((head, _, trailers): &(HeaderMap, Bytes, HeaderMap)) -> bool {
    head.contains_key(SPANS) || trailers.contains_key(SPANS)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_ask_gets_the_bytes_that_they_would_have_got_without_asking() {
    let pki = Pki::new();
    let (gateway, reasoning, _stubs) = two_services(&pki).await;
    let bootstrap = pki.issue("report", "report.test", "spiffe://mesh.test/bootstrap/report");
    let foreign = pki.issue("stranger", "operator.test", "spiffe://elsewhere.test/operator");
    let mut callers: Vec<Arc<ClientConfig>> = vec![holder(&bootstrap), holder(&foreign)];
    callers.extend(
        [Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query]
            .map(|workload| pki.caller(workload)),
    );
    let at_gateway = format!("/{LIST_METRICS}");
    let at_reasoning = format!("/{INNER_LIST_METRICS}");
    let mut tried = 0;
    for tls in callers.iter().chain([&pki.nobody(&[&TLS13]), &pki.caller(Workload::Gateway)]) {
        let channel = dial(Arc::clone(tls), Workload::Gateway, gateway.address);
        let asked = raw(channel.clone(), &at_gateway, Some("1")).await;
        assert_eq!(asked, raw(channel, &at_gateway, None).await);
        assert!(!has_spans(&asked));
        tried += 1;
    }
    for tls in &callers {
        let channel = dial(Arc::clone(tls), Workload::Reasoning, reasoning.address);
        let asked = raw(channel.clone(), &at_reasoning, Some("1")).await;
        assert_eq!(asked, raw(channel, &at_reasoning, None).await);
        assert!(!has_spans(&asked));
        tried += 1;
    }
    assert_eq!(tried, 14);
    // And those who may get none either where they do not ask, or not in so many words.
    let operator = dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address);
    for wish in [None, Some("0"), Some(""), Some("true"), Some("11")] {
        let answer = raw(operator.clone(), &at_gateway, wish).await;
        assert_eq!(answer, raw(operator.clone(), &at_gateway, None).await);
        assert!(!has_spans(&answer), "{wish:?}");
    }
    let asked = raw(operator.clone(), &at_gateway, Some("1")).await;
    let (head, messages, mut trailers) = raw(operator, &at_gateway, None).await;
    assert!(has_spans(&asked));
    trailers.insert(SPANS, asked.2[SPANS].clone());
    assert_eq!(asked, (head, messages, trailers), "spans are all that is added");
    let hop = dial(pki.caller(Workload::Gateway), Workload::Reasoning, reasoning.address);
    assert!(has_spans(&raw(hop.clone(), &at_reasoning, Some("1")).await));
    assert!(!has_spans(&raw(hop, &at_reasoning, None).await));
}

async fn execute(channel: Upstream, sql: &str) -> Result<(u32, MetadataMap), (u32, Status)> {
    let message = ExecuteRequest { sql: sql.into(), ..ExecuteRequest::default() };
    let mut parts = QueryServiceClient::new(channel).execute(asking(message)).await.unwrap().into_inner();
    let mut messages = 0;
    loop {
        match parts.message().await {
            Ok(Some(_)) => messages += 1,
            Ok(None) => return Ok((messages, parts.trailers().await.unwrap().unwrap())),
            Err(status) => return Err((messages, status)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_spans_also_where_it_breaks_down_or_is_cut_off() {
    let pki = Pki::new();
    let limit = Duration::from_millis(300);
    let query =
        serve_with(&pki, Workload::Query, Stub::default(), |limits| limits.request_time_max = limit).await;
    let gateway = dial(pki.caller(Workload::Gateway), Workload::Query, query.address);
    let name = "splitplane.query.v1.QueryService/Execute";
    let (messages, trailers) = execute(gateway.clone(), "ok").await.unwrap();
    let list = told(&trailers);
    assert_eq!((messages, tree(&list)), (1, vec![("query", name, None)]));
    assert!(!list.spans[0].failed && list.spans[0].parent_span_id == 0, "{list:?}");
    for (sql, code) in [("panic", Code::Internal), ("hang", Code::DeadlineExceeded)] {
        let (messages, status) = execute(gateway.clone(), sql).await.unwrap_err();
        let list = told(status.metadata());
        assert_eq!((messages, status.code(), tree(&list)), (1, code, vec![("query", name, None)]), "{sql}");
        assert!(list.spans[0].failed, "{sql}: {list:?}");
        let took = Duration::from_micros(list.spans[0].duration_us);
        assert!(sql == "panic" || (took >= limit / 2 && took < PATIENCE), "{took:?}");
    }
    query.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_is_only_a_head_tells_its_spans_too() {
    let pki = Pki::new();
    let reasoning = serve(&pki, Workload::Reasoning, Stub::default()).await;
    let operator = dial(pki.caller(Workload::Operator), Workload::Reasoning, reasoning.address);
    let mut client = ReasoningServiceClient::new(operator.clone());
    let status = client.explain(asking(ExplainRequest::default())).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::Internal));
    let list = told(status.metadata());
    let name = "splitplane.reasoning.v1.ReasoningService/Explain";
    assert_eq!(tree(&list), [("reasoning", name, None)]);
    assert!(list.spans[0].failed, "{list:?}");
    // What is refused before it reaches a handler is a call as well.
    let (head, _, _) = raw(operator, "/no.Such/Method", Some("1")).await;
    assert_eq!(tree(&told(&MetadataMap::from_headers(head))), [("reasoning", "_OTHER", None)]);
    reasoning.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_be_reached_is_a_span_that_failed() {
    let pki = Pki::new();
    let records = Records::default();
    let start = start(Workload::Gateway, shared(pki.workload(Workload::Gateway)), &records).await;
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let gateway = door(start, &config::Upstream { address: nowhere.to_string() }, records);
    let operator = dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address);
    let status = list_metrics(operator).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    let list = told(status.metadata());
    assert_eq!(tree(&list), [("gateway", LIST_METRICS, None), ("gateway", INNER_LIST_METRICS, Some(0))]);
    assert!(list.spans.iter().all(|span| span.failed), "{list:?}");
    gateway.end().await;
}

/// The gateway's stub before a service at `to`.
fn door(start: Start, to: &config::Upstream, records: Records) -> Running {
    let upstream = start.upstream(Workload::Reasoning, to).unwrap();
    let stub = Stub { reasoning: Some(upstream), ..Stub::default() };
    let app = start.app(routes(Workload::Gateway, stub), Identity::new(), Readiness::when(|| true));
    Running::new(app, records)
}

/// A service with reasoning's certificate that puts `answer` beside its status, asked or not, and remembers
/// which of the requests asked.
async fn forger(pki: &Pki, code: u16, answer: &[u8]) -> (Start, SocketAddr, Arc<Mutex<Vec<bool>>>) {
    let tls = shared(pki.workload(Workload::Reasoning));
    let start = start(Workload::Reasoning, tls, &Records::default()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = Incoming::new(listener, start.shown(), TRUST_DOMAIN, CancellationToken::new());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let value = BinaryMetadataValue::from_bytes(answer);
    let service = tower::service_fn(move |request: Request<Body>| {
        seen.lock().unwrap().push(request.headers().contains_key(WISH));
        let mut status = HeaderMap::new();
        status.insert("grpc-status", code.to_string().parse().unwrap());
        status.insert(SPANS, value.as_encoded_bytes().try_into().unwrap());
        let mut response = Response::new(Body::empty());
        if code == 0 {
            let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async { Some(Ok(status)) });
            response = Response::new(Body::new(body));
        } else {
            response.headers_mut().extend(status);
        }
        response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
        async { Ok::<_, Infallible>(response) }
    });
    drop(tokio::spawn(tonic::transport::Server::builder().serve_with_incoming(service, incoming)));
    (start, address, asked)
}

fn forged(spans: Vec<Span>, dropped: u32) -> Vec<u8> {
    SpanList { spans, dropped }.encode_to_vec()
}

fn span(name: &str) -> Span {
    let (service, name) = ("reasoning".to_owned(), name.to_owned());
    Span { span_id: 7, parent_span_id: 3, service, name, start_us: 5, duration_us: 6, failed: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_behind_the_gateway_are_asked_for_an_operator_who_asks_and_for_nobody_else() {
    let pki = Pki::new();
    for code in [0, 14] {
        let (_start, address, asked) = forger(&pki, code, &forged(vec![span("theirs")], 2)).await;
        let records = Records::default();
        let start = start(Workload::Gateway, shared(pki.workload(Workload::Gateway)), &records).await;
        let gateway = door(start, &config::Upstream { address: address.to_string() }, records);
        let path = format!("/{LIST_METRICS}");
        for (tls, wish, is_told) in [
            (pki.nobody(&[&TLS13]), Some("1"), false),
            (pki.caller(Workload::Query), Some("1"), false),
            (pki.caller(Workload::Gateway), Some("1"), false),
            (pki.caller(Workload::Operator), None, false),
            (pki.caller(Workload::Operator), Some("1"), true),
        ] {
            let channel = dial(tls, Workload::Gateway, gateway.address);
            let (head, _, trailers) = raw(channel, &path, wish).await;
            let beside = if code == 0 { trailers } else { head };
            let list = spans_in(&MetadataMap::from_headers(beside));
            assert_eq!(asked.lock().unwrap().pop(), Some(is_told), "{code}");
            assert_eq!(list.is_some(), is_told, "{code}");
            let Some(list) = list else { continue };
            // What the service says is passed on with what the gateway says.
            assert_eq!((list.spans.len(), list.dropped), (3, 2), "{list:?}");
            assert_eq!(list.spans[2], span("theirs"));
        }
        gateway.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_forged_list_nothing_is_passed_on_that_could_not_be_shown() {
    let pki = Pki::new();
    let names = ["\u{1b}[2J", "a\nb", "SELECT 'x'", "", "naïve", &"n".repeat(129)];
    let mut odd: Vec<Span> = names.into_iter().map(span).collect();
    odd.push(Span { service: "a\u{7}".into(), ..span("ok") });
    odd.push(Span { start_us: u64::MAX, ..span("ok") });
    let left_out = u32::try_from(odd.len()).unwrap();
    odd.push(span("ok"));
    let many = vec![Span { name: "a".into(), ..Span::default() }; 2_000];
    for (answer, spans, dropped) in [
        (forged(odd, u32::MAX - left_out), vec![span("ok")], u32::MAX),
        (b"\xff\xff\xff".to_vec(), vec![], 0),
        (Vec::new(), vec![], 0),
        // More than any list of ours holds.
        (forged(many, 0), vec![], 0),
    ] {
        let (_start, address, _) = forger(&pki, 0, &answer).await;
        let records = Records::default();
        let start = start(Workload::Gateway, shared(pki.workload(Workload::Gateway)), &records).await;
        let gateway = door(start, &config::Upstream { address: address.to_string() }, records);
        let operator = dial(pki.caller(Workload::Operator), Workload::Gateway, gateway.address);
        let list = told(&list_metrics(operator).await.unwrap());
        assert_eq!((&list.spans[2..], list.dropped), (spans.as_slice(), dropped));
        gateway.end().await;
    }
}

/// What a handler does that has a thousand things to do.
pub(super) fn begin_many_spans() {
    for _ in 0..1_000 {
        tracing::info_span!("one of many things that a handler does").in_scope(|| {});
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_no_room_for_is_counted_and_the_answer_arrives_all_the_same() {
    let pki = Pki::new();
    let reasoning = serve(&pki, Workload::Reasoning, Stub::default()).await;
    let operator = dial(pki.caller(Workload::Operator), Workload::Reasoning, reasoning.address);
    let trailers = validate(operator, b"many").await.unwrap();
    let list = told(&trailers);
    assert!(list.spans.len() > 20, "{}", list.spans.len());
    assert_eq!(list.spans.len() + usize::try_from(list.dropped).unwrap(), 1_001);
    assert!(list.encoded_len() <= 5 * 1_024, "{}", list.encoded_len());
    assert!(list.spans[1..].iter().all(|span| span.parent_span_id == list.spans[0].span_id));
    // What gRPC in other languages takes by default, as HTTP/2 counts it.
    let sizes = trailers.as_ref().iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
    assert!(sizes.sum::<usize>() < 8 * 1_024);
    reasoning.end().await;
}

/// What a handler does that is careless with what it is told.
pub(super) fn begin_spans_with_secrets() {
    let sql = "SELECT * FROM t WHERE name = 'canary-sql'";
    tracing::info_span!("work", otel.name = sql, question = "canary-question").in_scope(|| {
        tracing::info!(row = "canary-row", "canary-event");
        let _theirs = tracing::info_span!(target: "sqlx::query", "canary-library");
        let failed = tracing::info_span!("failing", error.type = tracing::field::Empty);
        failed.record("error.type", "canary-error");
    });
    tracing::debug_span!("canary-debug").in_scope(|| {});
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_no_word_of_request_row_statement_or_error() {
    let pki = Pki::new();
    let reasoning = serve(&pki, Workload::Reasoning, Stub::default()).await;
    let operator = dial(pki.caller(Workload::Operator), Workload::Reasoning, reasoning.address);
    let mut request = asking(ValidateRequest { frame: b"secret".to_vec() });
    for (name, value) in [
        ("txn-token", "canary-key"),
        ("authorization", "canary-signature"),
        ("x-splitplane-tenant-id", "canary-tenant"),
        ("x-splitplane-business-id", "canary-business"),
        ("x-splitplane-admin-id", "canary-admin"),
        ("user-agent", "canary-agent"),
        ("tracestate", "canary=1"),
    ] {
        request.metadata_mut().insert(name, value.parse().unwrap());
    }
    let answer = ReasoningServiceClient::new(operator).validate(request).await.unwrap();
    let bytes = answer.metadata().get_bin(SPANS).unwrap().to_bytes().unwrap();
    let list = SpanList::decode(bytes.clone()).unwrap();
    let expected = [
        ("reasoning", "splitplane.reasoning.v1.ReasoningService/Validate", None),
        ("reasoning", "work", Some(0)),
        ("reasoning", "failing", Some(1)),
    ];
    assert_eq!(tree(&list), expected);
    assert_eq!(list.spans.iter().map(|span| span.failed).collect::<Vec<_>>(), [false, false, true]);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!text.contains("canary") && !text.contains("SELECT"), "{text}");
    // Nothing but the list was added for the one who asked.
    assert!(!format!("{:?}", answer.metadata()).contains("canary"));
    reasoning.end().await;
}

//! Deadlines, load, panics and the end.

use super::pki::Pki;
use super::stub::Stub;
use super::world::{Running, dial, serve, serve_with};
use crate::client::Upstream;
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::layers::LimitDeadline;
use crate::status::reason_of;
use crate::upstream::call;
use crate::workload::Workload;
use http::{Request, Response};
use splitplane_proto::auth::v1::WatchRequest;
use splitplane_proto::auth::v1::auth_service_client::AuthServiceClient;
use splitplane_proto::query::v1::ExecuteRequest;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::reasoning::v1::ValidateRequest;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_types::Reason;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use tower::{Layer as _, ServiceExt as _};

const PATIENCE: Duration = Duration::from_secs(20);

async fn validate(upstream: Upstream, frame: &[u8]) -> Result<(), Status> {
    let request = call(Deadline::after(PATIENCE), None, ValidateRequest { frame: frame.to_vec() }).unwrap();
    ReasoningServiceClient::new(upstream).validate(request).await.map(drop)
}

async fn execute(
    upstream: Upstream,
    sql: &str,
) -> Result<tonic::Streaming<splitplane_proto::query::v1::ExecuteResponse>, Status> {
    let message = ExecuteRequest { sql: sql.into(), ..Default::default() };
    let request = call(Deadline::after(PATIENCE), None, message).unwrap();
    Ok(QueryServiceClient::new(upstream).execute(request).await?.into_inner())
}

fn gateway_to(pki: &Pki, workload: Workload, service: &Running) -> Upstream {
    dial(pki.caller(Workload::Gateway), workload, service.address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_never_ends_is_ended_by_our_deadline() {
    let pki = Pki::new();
    let limit = Duration::from_millis(300);
    let service =
        serve_with(&pki, Workload::Reasoning, Stub::default(), |limits| limits.request_time_max = limit)
            .await;
    let began = Instant::now();
    let status = validate(gateway_to(&pki, Workload::Reasoning, &service), b"hang").await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(reason_of(&status), Some(Reason::Deadline));
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_never_ends_is_ended_by_our_deadline_after_what_it_sent() {
    let pki = Pki::new();
    let limit = Duration::from_millis(300);
    let service =
        serve_with(&pki, Workload::Query, Stub::default(), |limits| limits.request_time_max = limit).await;
    let began = Instant::now();
    let mut stream = execute(gateway_to(&pki, Workload::Query, &service), "hang").await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    let status = stream.message().await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status)), (Code::DeadlineExceeded, Some(Reason::Deadline)));
    // Ended by the service, and not by the caller's own patience.
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
    service.end().await;
}

/// What the layer makes of a handler, without a network between.
async fn limited<H, F>(timeout: &str, request_time_max: Duration, handler: H) -> Response<Body>
where
    H: FnMut(Request<Body>) -> F,
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    let layer = LimitDeadline {
        request_time_max,
        endless_time_max: Duration::from_secs(1),
        draining: CancellationToken::new(),
        clock: Clock::system(),
    };
    let request = Request::builder().header("grpc-timeout", timeout).body(Body::empty()).unwrap();
    layer.layer(tower::service_fn(handler)).oneshot(request).await.unwrap()
}

fn never(_: Request<Body>) -> std::future::Pending<Result<Response<Body>, Infallible>> {
    std::future::pending()
}

#[tokio::test]
async fn the_callers_timeout_counts_where_it_is_shorter() {
    for (timeout, ours) in [("100m", Duration::from_secs(600)), ("600S", Duration::from_millis(100))] {
        let began = Instant::now();
        let status = Status::from_header_map(limited(timeout, ours, never).await.headers()).unwrap();
        assert_eq!((status.code(), reason_of(&status)), (Code::DeadlineExceeded, Some(Reason::Deadline)));
        assert!(began.elapsed() < Duration::from_secs(60), "{timeout}");
    }
    let malformed = limited("soon", Duration::from_secs(1), never).await;
    let status = Status::from_header_map(malformed.headers()).unwrap();
    assert_eq!(reason_of(&status), Some(Reason::RequestMalformed));
}

#[tokio::test]
async fn our_deadline_comes_before_the_library_would_say_cancelled() {
    for (timeout, latest) in [("1S", Duration::from_millis(980)), ("20S", Duration::from_millis(19_950))] {
        let told = limited(timeout, Duration::from_secs(600), |request: Request<Body>| {
            let left = Deadline::of(request.extensions()).unwrap().remaining();
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(left);
            std::future::ready(Ok(response))
        });
        let left = *told.await.extensions().get::<Duration>().unwrap();
        assert!(left <= latest && left > latest / 2, "{left:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_more_than_the_service_accepts_is_refused_at_once() {
    let pki = Pki::new();
    let one = NonZeroUsize::new(1).unwrap();
    let service =
        serve_with(&pki, Workload::Query, Stub::default(), |limits| limits.concurrency_max = one).await;
    let upstream = gateway_to(&pki, Workload::Query, &service);
    // A stream holds its place after its head has come.
    let mut stream = execute(upstream.clone(), "hang").await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    let status = execute(upstream.clone(), "ok").await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status)), (Code::ResourceExhausted, Some(Reason::Overloaded)));
    let delay = status.get_error_details().retry_info().and_then(|retry| retry.retry_delay);
    assert_eq!(delay, Some(Duration::from_secs(1)));
    drop(stream);
    // The place is free as soon as the service learns that the reader has gone.
    let mut is_free = false;
    for _ in 0..1_000 {
        is_free = is_free || execute(upstream.clone(), "ok").await.is_ok();
    }
    assert!(is_free, "the place was not given back");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_answer_and_the_server_serves_on() {
    let pki = Pki::new();
    let service = serve(&pki, Workload::Reasoning, Stub::default()).await;
    let upstream = gateway_to(&pki, Workload::Reasoning, &service);
    let status = validate(upstream.clone(), b"panic").await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::Internal));
    validate(upstream, b"ok").await.unwrap();
    let told = service.end().await.log();
    assert!(told.contains("a handler panicked") && !told.contains("4111"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_stream_ends_the_stream_and_nothing_else() {
    let pki = Pki::new();
    let service = serve(&pki, Workload::Query, Stub::default()).await;
    let upstream = gateway_to(&pki, Workload::Query, &service);
    let mut stream = execute(upstream.clone(), "panic").await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(reason_of(&stream.message().await.unwrap_err()), Some(Reason::Internal));
    let mut stream = execute(upstream, "ok").await.unwrap();
    assert!(stream.message().await.unwrap().is_some());
    assert!(stream.message().await.unwrap().is_none());
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_at_work_is_finished_before_the_service_ends() {
    let pki = Pki::new();
    let stub = Stub::default();
    let service = serve(&pki, Workload::Reasoning, stub.clone()).await;
    let upstream = gateway_to(&pki, Workload::Reasoning, &service);
    let answer = tokio::spawn(validate(upstream.clone(), b"wait"));
    stub.entered.notified().await;
    let mut readiness = service.readiness.clone();
    let address = service.address;
    let ending = tokio::spawn(service.end());
    readiness.wait_for(|is_ready| !is_ready).await.unwrap();
    stub.release.notify_one();
    answer.await.unwrap().unwrap();
    drop(upstream);
    ending.await.unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is still open");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_stream_has_no_deadline_and_ends_when_the_service_drains() {
    let pki = Pki::new();
    let stub = Stub::default();
    let limit = Duration::from_millis(1);
    let auth = serve_with(&pki, Workload::Auth, stub, |limits| limits.request_time_max = limit).await;
    let mut client = AuthServiceClient::new(dial(pki.caller(Workload::Query), Workload::Auth, auth.address));
    let mut stream = client.watch(WatchRequest {}).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let began = Instant::now();
    auth.stop.cancel();
    assert_eq!(reason_of(&stream.message().await.unwrap_err()), Some(Reason::ServiceUnavailable));
    drop(client);
    auth.end().await;
    assert!(began.elapsed() < Duration::from_secs(9), "the drain waited for its bound");
}

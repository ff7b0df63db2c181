//! Calls to other services: what is tried again, and what is left of the deadline.

use super::pki::Pki;
use super::stub::Stub;
use super::world::{Running, dial, serve};
use crate::client::Upstream;
use crate::deadline::Deadline;
use crate::status::reason_of;
use crate::upstream::call;
use crate::workload::Workload;
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_proto::reasoning::v1::{ListMetricsRequest, ValidateRequest};
use splitplane_types::Reason;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tonic::Status;

const PATIENCE: Duration = Duration::from_secs(20);

/// A way to `to` that hangs up on the first `drops` connections, and on another when told to.
struct BadLine {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
    cut: Arc<Notify>,
    task: AbortHandle,
}

impl BadLine {
    async fn new(to: SocketAddr, drops: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counted, hang_up) = (Arc::clone(&taken), Arc::clone(&cut));
        let task = tokio::spawn(async move {
            loop {
                let (mut inbound, _) = listener.accept().await.unwrap();
                if counted.fetch_add(1, Ordering::SeqCst) >= drops {
                    let mut outbound = TcpStream::connect(to).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut inbound, &mut outbound) => {}
                        () = hang_up.notified() => {}
                    }
                }
            }
        });
        Self { address, taken, cut, task: task.abort_handle() }
    }
}

impl Drop for BadLine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn reasoning(pki: &Pki) -> (Running, Stub) {
    let stub = Stub::default();
    (serve(pki, Workload::Reasoning, stub.clone()).await, stub)
}

fn upstream(pki: &Pki, address: SocketAddr) -> Upstream {
    dial(pki.caller(Workload::Gateway), Workload::Reasoning, address)
}

async fn validate(upstream: Upstream, frame: &[u8], time: Duration) -> Result<(), Status> {
    let request = call(Deadline::after(time), None, ValidateRequest { frame: frame.to_vec() }).unwrap();
    ReasoningServiceClient::new(upstream).validate(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_to_connect_is_tried_again_twice_and_no_more() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let line = BadLine::new(service.address, 2).await;
    validate(upstream(&pki, line.address), b"ok", PATIENCE).await.unwrap();
    assert_eq!(line.taken.load(Ordering::SeqCst), 3);
    let line = BadLine::new(service.address, 3).await;
    let status = validate(upstream(&pki, line.address), b"ok", PATIENCE).await.unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    assert_eq!(line.taken.load(Ordering::SeqCst), 3);
    assert_eq!(stub.calls.load(Ordering::SeqCst), 1);
    drop(line);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reached_the_service_is_never_tried_again() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let line = BadLine::new(service.address, 0).await;
    let answer = tokio::spawn(validate(upstream(&pki, line.address), b"wait", PATIENCE));
    stub.entered.notified().await;
    line.cut.notify_one();
    let status = answer.await.unwrap().unwrap_err();
    assert_eq!(reason_of(&status), Some(Reason::ServiceUnavailable));
    assert_eq!(stub.calls.load(Ordering::SeqCst), 1);
    drop(line);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_carries_what_is_left_of_the_deadline() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let deadline = Deadline::after(Duration::from_secs(10));
    let request = call(deadline, None, ListMetricsRequest {}).unwrap();
    ReasoningServiceClient::new(upstream(&pki, service.address)).list_metrics(request).await.unwrap();
    let left = stub.remaining.lock().unwrap().unwrap();
    // Ours is 10 s, the service's own limit 30 s.
    assert!(left < Duration::from_secs(10) && left > Duration::from_secs(5), "{left:?}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_answer_costs_no_more_than_the_deadline() {
    let pki = Pki::new();
    let (service, _) = reasoning(&pki).await;
    // Accepts and says nothing: not even a handshake comes back.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for address in [service.address, silent.local_addr().unwrap()] {
        let began = Instant::now();
        let status =
            validate(upstream(&pki, address), b"hang", Duration::from_millis(400)).await.unwrap_err();
        assert_eq!(reason_of(&status), Some(Reason::Deadline), "{status:?}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_has_passed_sends_nothing() {
    let pki = Pki::new();
    let (service, stub) = reasoning(&pki).await;
    let upstream = upstream(&pki, service.address);
    validate(upstream.clone(), b"ok", PATIENCE).await.unwrap();
    // Often, on a connection that stands: what slips out does so within a tick of the timer.
    for _ in 0..200 {
        let status = validate(upstream.clone(), b"ok", Duration::ZERO).await.unwrap_err();
        assert_eq!(reason_of(&status), Some(Reason::Deadline));
    }
    drop(upstream);
    service.end().await;
    assert_eq!(stub.calls.load(Ordering::SeqCst), 1);
}

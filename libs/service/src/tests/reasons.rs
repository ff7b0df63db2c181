//! What the gRPC library refuses by itself, as a caller of ours sees it.

use super::pki::Pki;
use super::stub::Stub;
use super::world::{MESSAGE_BYTES_MAX, dial, serve};
use crate::client::Upstream;
use crate::net::frame_body;
use crate::status::reason_of;
use crate::workload::Workload;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use splitplane_types::Reason;
use std::sync::atomic::Ordering;
use tonic::{Code, Status};
use tower::ServiceExt as _;

const VALIDATE: &str = "/splitplane.reasoning.v1.ReasoningService/Validate";

async fn send(upstream: Upstream, path: &str, encoding: &str, frame: Vec<u8>) -> Status {
    let request = Request::post(format!("http://x{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-encoding", encoding)
        .body(frame_body(Bytes::from(frame)))
        .unwrap();
    let response = upstream.oneshot(request).await.unwrap();
    let head = response.headers().clone();
    let trailers = response.into_body().collect().await.unwrap().trailers().cloned();
    let headers =
        if head.contains_key("grpc-status") { head } else { trailers.unwrap_or_else(HeaderMap::new) };
    Status::from_header_map(&headers).unwrap()
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &length, message].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_never_reaches_a_handler_has_a_reason_too() {
    let pki = Pki::new();
    let stub = Stub::default();
    let service = serve(&pki, Workload::Reasoning, stub.clone()).await;
    let upstream = dial(pki.caller(Workload::Gateway), Workload::Reasoning, service.address);
    let large = vec![0; MESSAGE_BYTES_MAX + 1];
    for (what, encoding, frame) in [
        ("no message of this type", "identity", framed(0, &[0xff])),
        ("a message that is too large", "identity", framed(0, &large)),
        ("a frame that breaks off", "identity", framed(0, b"abc")[..6].to_vec()),
        ("no frame at all", "identity", vec![]),
        ("a compressed message", "gzip", framed(1, b"abc")),
        ("a message compressed without saying how", "identity", framed(1, b"abc")),
    ] {
        let status = send(upstream.clone(), VALIDATE, encoding, frame).await;
        assert_eq!(reason_of(&status), Some(Reason::RequestMalformed), "{what}: {status:?}");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.message(), "the request is malformed", "{what}");
    }
    let status =
        send(upstream.clone(), "/splitplane.reasoning.v1.ReasoningService/Nothing", "identity", vec![]).await;
    assert_eq!(reason_of(&status), Some(Reason::MethodNotFound));
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(stub.calls.load(Ordering::SeqCst), 0);
    let status = send(upstream, VALIDATE, "identity", framed(0, b"")).await;
    assert_eq!(status.code(), Code::Ok);
    service.end().await;
}

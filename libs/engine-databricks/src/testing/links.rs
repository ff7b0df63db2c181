//! The storage of results: a listener that knows no credentials and refuses them.
//!
//! Decides that a chunk is given for a link that was handed out, has not expired, and comes with its header.

use super::Shared;
use super::encode::{Data, in_capitals};
use super::script::is_due;
use super::socket::Answer;
use super::statements::Link;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use std::io::{Error, Result};

pub(crate) const KEY_HEADER: &str = "x-result-key";

pub(crate) fn answer(shared: &Shared, request: &http::Request<Incoming>) -> Result<Answer> {
    let has_authorization = request.headers().contains_key(http::header::AUTHORIZATION);
    shared.see(|seen| {
        seen.fetches += 1;
        seen.fetches_with_authorization += u32::from(has_authorization);
    });
    if has_authorization || request.method() != http::Method::GET {
        return whole(400, Bytes::new());
    }
    if is_due(&mut shared.faults().storage_unavailable) {
        return whole(503, Bytes::new());
    }
    let signature = request.uri().query().and_then(|query| query.strip_prefix("sig=")).unwrap_or_default();
    let Some(link) = shared.store.link(signature) else { return whole(403, Bytes::new()) };
    let key = request.headers().get(KEY_HEADER).and_then(|key| key.to_str().ok());
    if key != Some(link.key.as_str()) || request.uri().path() != link.path() {
        return whole(403, Bytes::new());
    }
    if link.is_expired || is_due(&mut shared.faults().links_expired) {
        return whole(403, Bytes::new());
    }
    chunk(shared, &link)
}

fn chunk(shared: &Shared, link: &Link) -> Result<Answer> {
    let Some(encoded) = link.entry.encoded() else { return whole(404, Bytes::new()) };
    let Some(Data::Arrow(bytes)) = encoded.chunks.get(link.chunk).map(|chunk| &chunk.data) else {
        return whole(404, Bytes::new());
    };
    let faults = shared.faults().clone();
    let half = bytes.slice(..bytes.len() / 2);
    if faults.dropped_in_chunk == Some(link.chunk) {
        let frames = [Ok(Frame::data(half)), Err(Error::other("the connection ends here"))];
        let body = StreamBody::new(futures::stream::iter(frames)).boxed();
        return http::Response::builder().status(200).body(body).map_err(Error::other);
    }
    if faults.cut_chunk == Some(link.chunk) {
        return whole(200, half);
    }
    if faults.garbled_chunk == Some(link.chunk) {
        // The head of a message of eight bytes, and nothing that could be one.
        let head = [255, 255, 255, 255, 8, 0, 0, 0];
        let rest = std::iter::repeat_n(171, bytes.len().saturating_sub(head.len()));
        return whole(200, head.into_iter().chain(rest).collect());
    }
    if faults.renamed_chunk == Some(link.chunk) {
        return whole(200, in_capitals(bytes).map_err(Error::other)?);
    }
    whole(200, bytes.clone())
}

pub(crate) fn whole(status: u16, bytes: Bytes) -> Result<Answer> {
    let body = Full::new(bytes).map_err(|never| match never {}).boxed();
    http::Response::builder().status(status).body(body).map_err(Error::other)
}

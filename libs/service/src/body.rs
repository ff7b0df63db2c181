//! Response bodies that end in a status: watched, added to, cut off, or kept company until their last byte.
//!
//! A response is not over when its head is: these wrappers carry a layer's work to the trailers.

use crate::status::status_of;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use splitplane_types::Reason;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;
use tonic::body::Body;
use tonic::{Code, Status};

type Next = Poll<Option<Result<Frame<Bytes>, Status>>>;

/// The status that a head or trailers carry.
pub(crate) fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

/// The trailers that end a stream with a reason.
pub(crate) fn trailers_of(reason: Reason, now: SystemTime) -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    // Our texts and details are always valid headers; a stream without a status is an error too.
    drop(status_of(reason, Vec::new(), now).add_header(&mut trailers));
    Frame::trailers(trailers)
}

/// Watches a response to its end, and tells the code that it ended in.
///
/// `scope` surrounds each look at the inner body. A body that is dropped half-way ended in
/// CANCELLED: the caller went away.
pub(crate) fn watch<S, E>(response: Response<Body>, scope: S, ended: E) -> Response<Body>
where
    S: Fn(&mut dyn FnMut()) + Send + Unpin + 'static,
    E: FnOnce(Code) + Send + Unpin + 'static,
{
    let (parts, inner) = response.into_parts();
    match code_in(&parts.headers) {
        Some(code) => {
            ended(code);
            Response::from_parts(parts, inner)
        }
        None => Response::from_parts(parts, Body::new(Watched { inner, scope, ended: Some(ended) })),
    }
}

struct Watched<S, E: FnOnce(Code)> {
    inner: Body,
    scope: S,
    ended: Option<E>,
}

impl<S, E: FnOnce(Code)> Watched<S, E> {
    fn end(&mut self, code: Code) {
        if let Some(ended) = self.ended.take() {
            ended(code);
        }
    }
}

impl<S, E: FnOnce(Code)> Drop for Watched<S, E> {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

impl<S, E> HttpBody for Watched<S, E>
where
    S: Fn(&mut dyn FnMut()) + Unpin,
    E: FnOnce(Code) + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        let this = self.get_mut();
        let mut next = Poll::Pending;
        let inner = &mut this.inner;
        (this.scope)(&mut || next = Pin::new(&mut *inner).poll_frame(cx));
        match &next {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code_in) {
                    this.end(code);
                }
            }
            Poll::Ready(Some(Err(status))) => this.end(status.code()),
            Poll::Ready(None) => this.end(Code::Unknown),
            Poll::Pending => {}
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Shows `edit` the headers that stand beside the status: the trailers, or the head of an answer that is
/// nothing else.
pub(crate) fn at_status<E>(mut response: Response<Body>, edit: E) -> Response<Body>
where
    E: FnOnce(&mut HeaderMap) + Send + Unpin + 'static,
{
    if code_in(response.headers()).is_some() {
        edit(response.headers_mut());
        return response;
    }
    response.map(|inner| Body::new(AtStatus { inner, edit: Some(edit) }))
}

struct AtStatus<E> {
    inner: Body,
    edit: Option<E>,
}

impl<E: FnOnce(&mut HeaderMap) + Unpin> HttpBody for AtStatus<E> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        let this = self.get_mut();
        let mut next = Pin::new(&mut this.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &mut next
            && let Some(trailers) = frame.trailers_mut()
            && let Some(edit) = this.edit.take()
        {
            edit(trailers);
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Ends a body with a reason as soon as `end` completes.
pub(crate) fn cut_off<F>(inner: Body, end: F) -> Body
where
    F: Future<Output = (Reason, SystemTime)> + Send + 'static,
{
    Body::new(CutOff { inner, end: Some(Box::pin(end)) })
}

struct CutOff<F> {
    inner: Body,
    end: Option<Pin<Box<F>>>,
}

impl<F: Future<Output = (Reason, SystemTime)>> HttpBody for CutOff<F> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        let this = self.get_mut();
        let Some(end) = &mut this.end else { return Poll::Ready(None) };
        // The end is looked at first: a stream that is always ready would never be ended.
        if let Poll::Ready((reason, now)) = end.as_mut().poll(cx) {
            this.end = None;
            this.inner = Body::empty();
            return Poll::Ready(Some(Ok(trailers_of(reason, now))));
        }
        Pin::new(&mut this.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() || self.inner.is_end_stream()
    }
}

/// Keeps a value for as long as the body lasts.
pub(crate) fn keep<T: Send + Unpin + 'static>(inner: Body, kept: T) -> Body {
    Body::new(Keeping { inner, _kept: kept })
}

struct Keeping<T> {
    inner: Body,
    _kept: T,
}

impl<T: Unpin> HttpBody for Keeping<T> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        Pin::new(&mut self.get_mut().inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Ends a body in INTERNAL when making its next frame panics, after `report`.
pub(crate) fn catch_panic<R>(inner: Body, report: R) -> Body
where
    R: Fn() -> SystemTime + Send + Unpin + 'static,
{
    Body::new(Catching { inner, report, has_panicked: false })
}

struct Catching<R> {
    inner: Body,
    report: R,
    has_panicked: bool,
}

impl<R: Fn() -> SystemTime + Unpin> HttpBody for Catching<R> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        let this = self.get_mut();
        if this.has_panicked {
            return Poll::Ready(None);
        }
        let inner = &mut this.inner;
        let caught = std::panic::catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx)));
        caught.unwrap_or_else(|_| {
            this.has_panicked = true;
            // What panicked is in a state that nobody may look at again.
            this.inner = Body::empty();
            Poll::Ready(Some(Ok(trailers_of(Reason::Internal, (this.report)()))))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.has_panicked || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

//! The spans of one call, kept for an operator who asks, and sent with its status.
//!
//! Decides for how long spans are kept and how many: those of one call, from its beginning until its
//! status is sent or its stream is dropped. Who may ask is `access`'s to say, what of a span is told and in
//! which form `wire`'s. A call of anybody else keeps nothing and allocates nothing.

mod keep;
mod wire;

pub(crate) use keep::KeepSpans;
pub use wire::{ask_for_spans, spans_in};
pub(crate) use wire::{is_wish, wish};

use crate::clock::Clock;
use crate::workload::Workload;
use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt as _;
use splitplane_proto::common::v1 as common;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, UNIX_EPOCH};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::registry::{LookupSpan as _, Registry};

/// Spans of one call that are kept at most; with the bound on a name, a bound on memory.
const SPANS_MAX: usize = 256;

/// The spans of one call at one service, with those that the services behind it sent.
#[derive(Debug)]
pub(crate) struct CallSpans {
    service: &'static str,
    /// One look at the wall clock for a call: within it, time only goes on.
    began: Instant,
    began_us: u64,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    entries: Vec<Entry>,
    dropped: u32,
}

#[derive(Debug)]
struct Entry {
    span: common::Span,
    is_open: bool,
}

/// Marks a span as one of a call whose spans are kept. Spans that begin inside it inherit the mark.
#[derive(Debug, Clone)]
struct Mark {
    spans: Arc<CallSpans>,
    id: u64,
    /// Its place in the list; none where there was no room.
    place: Option<usize>,
}

impl CallSpans {
    /// Begins to keep spans, with the server span of a call as the first. `remote` is the caller's.
    ///
    /// None where the span is one that nobody would be told of.
    pub(crate) fn begin(server: &Span, remote: &Context, service: Workload, name: &str) -> Option<Arc<Self>> {
        let id = id_in(&server.context())?;
        let since = Clock::system().now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let spans = Arc::new(Self {
            service: service.name(),
            began: Instant::now(),
            began_us: u64::try_from(since.as_micros()).unwrap_or(u64::MAX),
            list: Mutex::default(),
        });
        let place = spans.open(id, id_in(remote).unwrap_or(0), name);
        let mark = Mark { spans: Arc::clone(&spans), id, place };
        with_registered(server, |span| drop(span.extensions_mut().replace(mark)))?;
        Some(spans)
    }

    /// Those that a span is kept with.
    pub(crate) fn of(span: &Span) -> Option<Arc<Self>> {
        with_registered(span, |span| Some(Arc::clone(&span.extensions().get::<Mark>()?.spans))).flatten()
    }

    /// Puts the list beside a status.
    pub(crate) fn send(&self, headers: &mut HeaderMap) {
        let now_us = self.now_us();
        let list = self.list();
        let spans = list.entries.iter().map(|entry| {
            let mut span = entry.span.clone();
            if entry.is_open {
                span.duration_us = now_us.saturating_sub(span.start_us);
            }
            span
        });
        wire::put(spans, list.dropped, headers);
    }

    /// Takes the list of a service behind this one from beside its status.
    pub(crate) fn receive(&self, headers: &mut HeaderMap) {
        let Some(theirs) = wire::take(headers) else { return };
        let mut list = self.list();
        list.dropped = list.dropped.saturating_add(theirs.dropped);
        for span in theirs.spans {
            list.add(Entry { span, is_open: false });
        }
    }

    fn open(&self, id: u64, parent: u64, name: &str) -> Option<usize> {
        let span = common::Span {
            span_id: id,
            parent_span_id: parent,
            service: self.service.to_owned(),
            name: name.to_owned(),
            start_us: self.now_us(),
            duration_us: 0,
            failed: false,
        };
        self.list().add(Entry { span, is_open: true })
    }

    fn close(&self, place: usize) {
        let now_us = self.now_us();
        if let Some(entry) = self.list().entries.get_mut(place) {
            entry.span.duration_us = now_us.saturating_sub(entry.span.start_us);
            entry.is_open = false;
        }
    }

    fn fail(&self, place: usize) {
        if let Some(entry) = self.list().entries.get_mut(place) {
            entry.span.failed = true;
        }
    }

    fn now_us(&self) -> u64 {
        self.began_us.saturating_add(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    /// The place of what was added; none where there is no room for it.
    fn add(&mut self, entry: Entry) -> Option<usize> {
        let place = self.entries.len();
        if place >= SPANS_MAX {
            self.dropped = self.dropped.saturating_add(1);
            return None;
        }
        self.entries.push(entry);
        Some(place)
    }
}

/// The id of a context's span, if it has one.
fn id_in(context: &Context) -> Option<u64> {
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| u64::from_be_bytes(ids.span_id().to_bytes()))
}

fn with_registered<T>(
    span: &Span,
    look: impl FnOnce(tracing_subscriber::registry::SpanRef<'_, Registry>) -> T,
) -> Option<T> {
    span.with_subscriber(|(id, dispatch)| Some(look(dispatch.downcast_ref::<Registry>()?.span(id)?)))
        .flatten()
}

#[cfg(test)]
mod tests;

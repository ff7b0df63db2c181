use super::*;
use crate::config::{LogFormat, TelemetryConfig};
use crate::telemetry::{Outputs, Telemetry};
use splitplane_proto::common::v1::SpanList;
use std::sync::Weak;
use std::time::Duration;
use tonic::metadata::MetadataMap;
use tracing::dispatcher::with_default;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

/// Telemetry without an exporter, and with a log that nobody reads.
fn telemetry(sample_ratio: f64, log: &str) -> Telemetry {
    let log_format = LogFormat::Json;
    let config = TelemetryConfig { otlp_endpoint: String::new(), log: log.into(), log_format, sample_ratio };
    let outputs = Outputs { log: BoxMakeWriter::new(std::io::sink), ..Outputs::stderr() };
    Telemetry::with_outputs("query", &config, outputs).unwrap()
}

fn begin(server: &Span) -> Arc<CallSpans> {
    CallSpans::begin(server, &Context::new(), Workload::Query, "Execute").unwrap()
}

fn sent(spans: &CallSpans) -> SpanList {
    let mut headers = HeaderMap::new();
    spans.send(&mut headers);
    spans_in(&MetadataMap::from_headers(headers)).unwrap()
}

fn by_name<'a>(list: &'a SpanList, name: &str) -> &'a common::Span {
    list.spans.iter().find(|span| span.name == name).unwrap()
}

/// Lets the clock go on.
fn wait_until(has_happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !has_happened() {
        assert!(began.elapsed() < Duration::from_secs(10), "it does not happen");
    }
}

#[test]
fn without_an_exporter_and_without_sampling_spans_have_ids_and_hang_together() {
    for (ratio, log) in [(1.0, "info"), (0.0, "info"), (0.0, "off"), (1.0, "trace")] {
        let list = with_default(&telemetry(ratio, log).dispatch(), || {
            let server = tracing::info_span!("request", otel.name = "Execute");
            let spans = begin(&server);
            server.in_scope(|| {
                tracing::info_span!("outer").in_scope(|| {
                    let foreign = tracing::info_span!(target: "hyper", "foreign");
                    foreign.in_scope(|| {
                        tracing::debug_span!("fine").in_scope(|| drop(tracing::info_span!("inner")));
                    });
                });
                let _elsewhere = tracing::info_span!(parent: None, "elsewhere");
            });
            drop(tracing::info_span!(parent: &server, "late"));
            sent(&spans)
        });
        let names: Vec<&str> = list.spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["Execute", "outer", "inner", "late"], "{ratio} {log}");
        let id = |name| by_name(&list, name).span_id;
        let parent = |name| by_name(&list, name).parent_span_id;
        assert_eq!((parent("Execute"), parent("outer"), parent("late")), (0, id("Execute"), id("Execute")));
        // A span of somebody else's or of another level between the two does not tear them apart.
        assert_eq!(parent("inner"), id("outer"));
        let mut ids: Vec<u64> = list.spans.iter().map(|span| span.span_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() == 4 && !ids.contains(&0), "{ids:?}");
    }
}

#[test]
fn a_span_that_goes_on_is_told_with_its_time_so_far_and_one_that_is_over_with_its_own() {
    with_default(&telemetry(1.0, "info").dispatch(), || {
        let server = tracing::info_span!("request");
        let spans = begin(&server);
        let open = server.in_scope(|| {
            drop(tracing::info_span!("over"));
            tracing::info_span!("open")
        });
        let first = sent(&spans);
        wait_until(|| by_name(&sent(&spans), "open").duration_us > by_name(&first, "open").duration_us);
        let later = sent(&spans);
        assert_eq!(by_name(&later, "over"), by_name(&first, "over"));
        assert!(by_name(&later, "Execute").duration_us > by_name(&first, "Execute").duration_us);
        drop(open);
        let over = sent(&spans);
        wait_until(|| by_name(&sent(&spans), "Execute").duration_us > by_name(&over, "Execute").duration_us);
        assert_eq!(by_name(&sent(&spans), "open"), by_name(&over, "open"));
    });
}

#[test]
fn spans_are_let_go_with_their_call() {
    with_default(&telemetry(1.0, "info").dispatch(), || {
        let server = tracing::info_span!("request");
        let (spans, child) = {
            let spans = begin(&server);
            let child = server.in_scope(|| tracing::info_span!("child"));
            (Arc::downgrade(&spans), child)
        };
        assert_eq!(spans.strong_count(), 2, "by the two spans");
        assert!(CallSpans::of(&child).is_some());
        drop(server);
        assert!(spans.upgrade().is_some(), "a span inside keeps its parent");
        drop(child);
        assert!(Weak::upgrade(&spans).is_none());
    });
}

#[test]
fn a_call_of_nobody_who_asks_keeps_nothing() {
    with_default(&telemetry(1.0, "info").dispatch(), || {
        let server = tracing::info_span!("request");
        let child = server.in_scope(|| tracing::info_span!("child"));
        assert!(CallSpans::of(&server).is_none() && CallSpans::of(&child).is_none());
        // Another's wish, at the same time, changes nothing.
        let asked = tracing::info_span!("request");
        let spans = begin(&asked);
        drop(server.in_scope(|| tracing::info_span!("child")));
        assert_eq!(sent(&spans).spans.len(), 1);
    });
    // Where a span goes nowhere, there is nothing to tell of it.
    let nowhere = tracing::info_span!("request");
    assert!(CallSpans::begin(&nowhere, &Context::new(), Workload::Query, "Execute").is_none());
}

#[test]
fn no_more_than_so_many_spans_are_kept_whoever_sends_them() {
    with_default(&telemetry(1.0, "info").dispatch(), || {
        let server = tracing::info_span!("request");
        let spans = begin(&server);
        server.in_scope(|| {
            for _ in 0..200 {
                drop(tracing::info_span!("s"));
            }
        });
        let theirs = sent(&spans);
        let (kept, others) = (spans.list().entries.len(), theirs.spans.len());
        assert_eq!((kept, others + usize::try_from(theirs.dropped).unwrap()), (201, 201));
        let mut dropped = 0;
        for _ in 0..10 {
            let mut headers = HeaderMap::new();
            wire::put(theirs.spans.iter().cloned(), theirs.dropped, &mut headers);
            spans.receive(&mut headers);
            assert!(headers.is_empty(), "the list is taken out");
            dropped += usize::try_from(theirs.dropped).unwrap() + others;
        }
        let list = spans.list();
        assert_eq!(list.entries.len(), SPANS_MAX);
        let counted = usize::try_from(list.dropped).unwrap();
        assert_eq!(kept + dropped, SPANS_MAX + counted);
        drop(list);
        // A span without a place is followed without harm.
        server.in_scope(|| {
            let last = tracing::info_span!("last", error.type = tracing::field::Empty);
            last.record("error.type", "x");
        });
        assert_eq!(spans.list().dropped, u32::try_from(counted + 1).unwrap());
    });
}

#[test]
fn a_list_ends_before_the_first_span_that_there_is_no_room_for() {
    let span = |name: &str, id: u64| common::Span { name: name.into(), span_id: id, ..Default::default() };
    let long = "n".repeat(128);
    let mut spans: Vec<common::Span> = (1..=60).map(|id| span(&long, id)).collect();
    spans.push(span("small", 61));
    let mut headers = HeaderMap::new();
    wire::put(spans.into_iter(), u32::MAX - 3, &mut headers);
    assert!(headers.values().all(http::HeaderValue::is_sensitive), "kept out of the table of headers");
    let bytes =
        MetadataMap::from_headers(headers).get_bin("splitplane-spans-bin").unwrap().to_bytes().unwrap();
    assert!(
        bytes.len() <= wire::LIST_BYTES_MAX && bytes.len() > wire::LIST_BYTES_MAX - 256,
        "{}",
        bytes.len()
    );
    let list = <SpanList as prost::Message>::decode(bytes).unwrap();
    let ids: Vec<u64> = list.spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids, (1..=u64::try_from(ids.len()).unwrap()).collect::<Vec<_>>());
    assert_eq!(list.dropped, u32::MAX, "the count stops where it is full");
}

#[test]
fn names_are_methods_and_words_and_nothing_else() {
    for name in [
        "splitplane.query.v1.QueryService/Execute",
        "_OTHER",
        "task write_sql",
        "SELECT parcels routes",
        "chat arn:aws:bedrock:eu-west-1::foundation-model/x-1",
        &"n".repeat(128),
    ] {
        assert!(wire::is_name(name), "{name}");
    }
    for name in ["", "a'b", "a\"b", "a=1", "a;b", "a*", "a(b)", "a,b", "a\u{1b}", "\u{e9}", &"n".repeat(129)]
    {
        assert!(!wire::is_name(name), "{name}");
    }
}

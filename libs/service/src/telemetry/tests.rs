use super::*;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;

fn config() -> TelemetryConfig {
    TelemetryConfig {
        otlp_endpoint: String::new(),
        log: "info".into(),
        log_format: LogFormat::Json,
        sample_ratio: 1.0,
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged of one event inside a span, with the trace id that the code saw.
fn logged(config: &TelemetryConfig) -> (String, Option<String>) {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = BoxMakeWriter::new(move || writer.clone());
    let telemetry = Telemetry::with_outputs("query", config, Outputs { log, ..Outputs::stderr() }).unwrap();
    let seen = tracing::dispatcher::with_default(&telemetry.dispatch(), || {
        tracing::info_span!("request", request_id = "r1", txn = tracing::field::Empty).in_scope(|| {
            record_txn(Txn::from_parts(1, 1));
            decision("guard", false, "QUERY_NOT_ALLOWED");
            tracing::debug!("too fine");
            trace_id()
        })
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (text, seen)
}

#[test]
fn a_json_line_holds_the_event_and_the_spans_around_it() {
    let (text, _) = logged(&config());
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    for (key, value) in [
        ("service", "splitplane-query"),
        ("level", "INFO"),
        ("message", "layer decided"),
        ("layer", "guard"),
        ("decision", "refused"),
        ("reason", "QUERY_NOT_ALLOWED"),
        ("request_id", "r1"),
        ("txn", &Txn::from_parts(1, 1).to_string()),
    ] {
        assert_eq!(line[key], value, "{text}");
    }
    assert!(line["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
}

#[test]
fn the_other_formats_are_text_and_nothing() {
    let (text, _) = logged(&TelemetryConfig { log_format: LogFormat::Text, ..config() });
    assert!(text.contains("layer decided") && !text.starts_with('{'), "{text}");
    let (text, seen) = logged(&TelemetryConfig { log_format: LogFormat::Off, ..config() });
    assert_eq!(text, "");
    assert_eq!(seen.map(|id| id.len()), Some(32), "without logs there are trace ids still");
    let (text, _) = logged(&TelemetryConfig { log: "warn".into(), ..config() });
    assert_eq!(text, "");
}

#[test]
fn a_trace_that_is_not_sampled_has_an_id_still() {
    let (_, seen) = logged(&TelemetryConfig { sample_ratio: 0.0, ..config() });
    assert_eq!(seen.map(|id| id.len()), Some(32));
}

#[test]
fn a_filter_or_a_ratio_that_is_none_is_refused() {
    let refused = |config| Telemetry::new("query", &config).unwrap_err();
    for sample_ratio in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(refused(TelemetryConfig { sample_ratio, ..config() }), TelemetryError::SampleRatio));
    }
    let log = "query=loud=quiet".into();
    assert!(matches!(refused(TelemetryConfig { log, ..config() }), TelemetryError::Filter(_)));
}

/// Answers every export with an empty message, and remembers what was asked.
async fn collector() -> (String, Arc<Mutex<BTreeSet<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let paths = Arc::clone(&seen);
    let service = tower::service_fn(move |request: Request<Body>| {
        paths.lock().unwrap().insert(request.uri().path().to_owned());
        let trailers =
            HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("0"))]);
        let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(async { Some(Ok(trailers)) });
        let mut response = Response::new(Body::new(body));
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        async { Ok::<_, Infallible>(response) }
    });
    let incoming = TcpListenerStream::new(listener);
    drop(tokio::spawn(tonic::transport::Server::builder().serve_with_incoming(service, incoming)));
    (endpoint, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_metrics_reach_a_collector() {
    let (otlp_endpoint, seen) = collector().await;
    let config = TelemetryConfig { otlp_endpoint, log_format: LogFormat::Off, ..config() };
    let telemetry = Telemetry::new("query", &config).unwrap();
    tracing::dispatcher::with_default(&telemetry.dispatch(), || drop(tracing::info_span!("request")));
    telemetry.server_calls().record(0.1, &[]);
    tokio::task::spawn_blocking(move || telemetry.shutdown()).await.unwrap();
    let expected = [
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    ];
    assert_eq!(*seen.lock().unwrap(), expected.map(str::to_owned).into_iter().collect());
}

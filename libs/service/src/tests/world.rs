//! A service that runs, and callers of it.

use super::pki::{Pki, TRUST_DOMAIN};
use super::stub::Stub;
use crate::app::{App, ServeError};
use crate::client::{Dialer, Upstream};
use crate::clock::Clock;
use crate::config::{self, LimitsConfig, Listen, LogFormat, Mesh, Shared, TelemetryConfig};
use crate::health::Readiness;
use crate::start::Start;
use crate::telemetry::{Outputs, Telemetry};
use crate::workload::Workload;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use rustls::ClientConfig;
use splitplane_proto::auth::v1::auth_service_server::AuthServiceServer;
use splitplane_proto::gateway::v1::gateway_service_server::GatewayServiceServer;
use splitplane_proto::query::v1::query_service_server::QueryServiceServer;
use splitplane_proto::reasoning::v1::reasoning_service_server::ReasoningServiceServer;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::layer::util::Identity;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

pub(super) const MESSAGE_BYTES_MAX: usize = 4_096;

pub(super) fn shared(tls: config::Tls) -> Shared {
    let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    Shared {
        listen: Listen { address: anywhere, health_address: anywhere },
        tls,
        mesh: Mesh {
            trust_domain: TRUST_DOMAIN.into(),
            issuer: "https://auth.mesh.test".into(),
            revocation_bound: Duration::from_secs(5),
            key_root: None,
        },
        limits: LimitsConfig {
            concurrency_max: NonZeroUsize::new(64).unwrap(),
            request_time_max: Duration::from_secs(30),
            message_bytes_max: MESSAGE_BYTES_MAX,
            streams_per_connection_max: 64,
            connection_age_max: Duration::from_secs(600),
        },
        telemetry: telemetry_config(),
    }
}

fn telemetry_config() -> TelemetryConfig {
    TelemetryConfig {
        otlp_endpoint: String::new(),
        log: "info".into(),
        log_format: LogFormat::Json,
        sample_ratio: 1.0,
    }
}

/// What a service told: log lines, spans, and calls counted by metric and labels.
#[derive(Clone, Default, Debug)]
pub(super) struct Records {
    log: Arc<Mutex<Vec<u8>>>,
    spans: Arc<Mutex<Vec<SpanData>>>,
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Records {
    pub(super) fn telemetry(&self, name: &str) -> Arc<Telemetry> {
        let (log, spans, counts) = (self.clone(), self.clone(), self.clone());
        let outputs = Outputs {
            log: BoxMakeWriter::new(move || log.clone()),
            spans: Box::new(move |builder| builder.with_span_processor(spans)),
            metrics: Box::new(move |builder| builder.with_periodic_exporter(counts)),
        };
        Arc::new(Telemetry::with_outputs(name, &telemetry_config(), outputs).unwrap())
    }

    pub(super) fn log(&self) -> String {
        String::from_utf8(self.log.lock().unwrap().clone()).unwrap()
    }

    pub(super) fn lines(&self) -> Vec<serde_json::Value> {
        self.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn spans(&self) -> Vec<SpanData> {
        self.spans.lock().unwrap().clone()
    }

    pub(super) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap().clone()
    }
}

impl io::Write for Records {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpanProcessor for Records {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.spans.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl PushMetricExporter for Records {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut counts = self.counts.lock().unwrap();
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            if let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = metric.data() {
                for point in histogram.data_points() {
                    let mut labels: Vec<String> =
                        point.attributes().map(|label| format!("{}={}", label.key, label.value)).collect();
                    labels.sort();
                    counts.insert(
                        format!("{} [{}] {}", metric.name(), metric.unit(), labels.join(" ")),
                        point.count(),
                    );
                }
            }
        }
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

/// A service at work.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) health_address: SocketAddr,
    pub(super) readiness: watch::Receiver<bool>,
    pub(super) stop: CancellationToken,
    pub(super) records: Records,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(super) fn new(app: App, records: Records) -> Self {
        let stop = CancellationToken::new();
        Self {
            address: app.address(),
            health_address: app.health_address(),
            readiness: app.readiness(),
            served: tokio::spawn(app.serve(stop.clone())),
            stop,
            records,
        }
    }

    /// Stops, drains and hands over what was told.
    pub(super) async fn end(self) -> Records {
        self.stop.cancel();
        self.served.await.unwrap().unwrap();
        self.records
    }

    pub(super) fn upstream(&self) -> config::Upstream {
        config::Upstream { address: self.address.to_string() }
    }
}

pub(super) fn routes(workload: Workload, stub: Stub) -> Routes {
    match workload {
        Workload::Gateway => Routes::new(GatewayServiceServer::new(stub)),
        Workload::Auth => Routes::new(AuthServiceServer::new(stub)),
        Workload::Reasoning => {
            Routes::new(ReasoningServiceServer::new(stub).max_decoding_message_size(MESSAGE_BYTES_MAX))
        }
        Workload::Query => Routes::new(QueryServiceServer::new(stub)),
        Workload::SchemaRouter | Workload::Operator => Routes::default(),
    }
}

pub(super) async fn start(workload: Workload, shared: Shared, records: &Records) -> Start {
    let telemetry = records.telemetry(workload.name());
    Start::with_telemetry(workload, shared, Clock::system(), telemetry).await.unwrap()
}

/// Serves a stub with the limits given.
pub(super) async fn serve_with(
    pki: &Pki,
    workload: Workload,
    stub: Stub,
    limit: impl FnOnce(&mut LimitsConfig),
) -> Running {
    let mut shared = shared(pki.workload(workload));
    limit(&mut shared.limits);
    let records = Records::default();
    let start = start(workload, shared, &records).await;
    Running::new(start.app(routes(workload, stub), Identity::new(), Readiness::when(|| true)), records)
}

pub(super) async fn serve(pki: &Pki, workload: Workload, stub: Stub) -> Running {
    serve_with(pki, workload, stub, |_| {}).await
}

/// A caller's way to `workload` at `address`.
pub(super) fn dial(tls: Arc<ClientConfig>, workload: Workload, address: SocketAddr) -> Upstream {
    let dialer = Dialer {
        tls: watch::channel(Some(tls)).1,
        trust_domain: TRUST_DOMAIN.into(),
        telemetry: Records::default().telemetry("caller"),
        clock: Clock::system(),
    };
    dialer.upstream(workload, &config::Upstream { address: address.to_string() }).unwrap()
}

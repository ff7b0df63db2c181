//! Logs, traces and metrics of one service.
//!
//! Each service has its own dispatcher and its own providers, since several services may run in one
//! process: nothing here is global. Decides what is exported and where; no request's content, no
//! header and no session key is ever a field.

mod drafts;
mod models;

pub use drafts::DraftMetrics;
pub use models::{ModelCall, ModelMetrics};

use crate::call_spans::KeepSpans;
use crate::config::{LogFormat, TelemetryConfig};
use crate::log::JsonLines;
use opentelemetry::metrics::{Histogram, Meter, MeterProvider as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{MeterProviderBuilder, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, TracerProviderBuilder};
use splitplane_types::Txn;
use std::fmt;
use std::io::Write as _;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

/// Bounds of the duration histograms, in seconds, as the semantic conventions advise.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.log` is no filter.
    #[error("`telemetry.log` is not a log filter")]
    Filter(#[source] ParseError),
    /// `telemetry.sample_ratio` is out of range.
    #[error("`telemetry.sample_ratio` must be between 0 and 1")]
    SampleRatio,
    /// The exporter cannot be made.
    #[error("`telemetry.otlp_endpoint` cannot be used")]
    Exporter(#[source] ExporterBuildError),
}

/// Where telemetry goes besides OTLP. The default is logs to standard error and nothing else.
pub struct Outputs {
    /// Takes log lines.
    pub log: BoxMakeWriter,
    /// Adds span processors.
    pub spans: Box<dyn FnOnce(TracerProviderBuilder) -> TracerProviderBuilder>,
    /// Adds metric readers.
    pub metrics: Box<dyn FnOnce(MeterProviderBuilder) -> MeterProviderBuilder>,
}

impl Outputs {
    /// Logs to standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self {
            log: BoxMakeWriter::new(std::io::stderr),
            spans: Box::new(|builder| builder),
            metrics: Box::new(|builder| builder),
        }
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outputs")
    }
}

/// Telemetry of one service.
#[derive(Debug)]
pub struct Telemetry {
    dispatch: Dispatch,
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    server_calls: Histogram<f64>,
    client_calls: Histogram<f64>,
}

impl Telemetry {
    /// Sets up telemetry with logs on standard error.
    ///
    /// # Errors
    /// See [`TelemetryError`].
    pub fn new(name: &str, config: &TelemetryConfig) -> Result<Self, TelemetryError> {
        Self::with_outputs(name, config, Outputs::stderr())
    }

    /// Sets up telemetry. With an OTLP endpoint it must be called within a tokio runtime.
    ///
    /// # Errors
    /// See [`TelemetryError`].
    pub fn with_outputs(
        name: &str,
        config: &TelemetryConfig,
        outputs: Outputs,
    ) -> Result<Self, TelemetryError> {
        if !(0.0..=1.0).contains(&config.sample_ratio) {
            return Err(TelemetryError::SampleRatio);
        }
        let service = format!("splitplane-{name}");
        let resource = Resource::builder()
            .with_service_name(service.clone())
            .with_attribute(KeyValue::new("service.namespace", "splitplane"))
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.sample_ratio)));
        let mut tracers = SdkTracerProvider::builder().with_resource(resource.clone()).with_sampler(sampler);
        let mut meters = SdkMeterProvider::builder().with_resource(resource);
        if !config.otlp_endpoint.is_empty() {
            let spans = SpanExporter::builder().with_tonic().with_endpoint(&config.otlp_endpoint);
            tracers = tracers.with_batch_exporter(spans.build().map_err(TelemetryError::Exporter)?);
            let metrics = MetricExporter::builder().with_tonic().with_endpoint(&config.otlp_endpoint);
            meters = meters.with_periodic_exporter(metrics.build().map_err(TelemetryError::Exporter)?);
        }
        let tracers = (outputs.spans)(tracers).build();
        let meters = (outputs.metrics)(meters).build();
        let dispatch = dispatch(&service, config, outputs.log, &tracers)?;
        let meter = meters.meter("splitplane");
        Ok(Self {
            dispatch,
            tracers,
            server_calls: call_durations(&meter, "rpc.server.call.duration"),
            client_calls: call_durations(&meter, "rpc.client.call.duration"),
            meters,
        })
    }

    /// Where this service's spans and events go.
    #[must_use]
    pub fn dispatch(&self) -> Dispatch {
        self.dispatch.clone()
    }

    /// Makes instruments of the service's own.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meters.meter("splitplane")
    }

    pub(crate) const fn server_calls(&self) -> &Histogram<f64> {
        &self.server_calls
    }

    pub(crate) const fn client_calls(&self) -> &Histogram<f64> {
        &self.client_calls
    }

    /// Sends what is still held. Nothing is recorded afterwards. It may block for seconds.
    pub fn shutdown(&self) {
        let ends = [self.tracers.shutdown(), self.meters.shutdown()];
        for error in ends.into_iter().filter_map(Result::err) {
            tracing::dispatcher::with_default(&self.dispatch, || {
                tracing::warn!(%error, "telemetry was not flushed");
            });
        }
    }
}

fn call_durations(meter: &Meter, name: &'static str) -> Histogram<f64> {
    meter.f64_histogram(name).with_unit("s").with_boundaries(SECONDS.to_vec()).build()
}

fn dispatch(
    service: &str,
    config: &TelemetryConfig,
    log: BoxMakeWriter,
    tracers: &SdkTracerProvider,
) -> Result<Dispatch, TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.log).map_err(TelemetryError::Filter)?;
    let (json, text) = match config.log_format {
        LogFormat::Json => (Some(JsonLines::new(service, log).with_filter(filter)), None),
        LogFormat::Text => {
            let layer = tracing_subscriber::fmt::layer().with_writer(log).with_ansi(false);
            (None, Some(layer.with_filter(filter)))
        }
        LogFormat::Off => (None, None),
    };
    // Without an endpoint the spans go nowhere, but trace ids still join logs and audit records.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracers.tracer("splitplane"))
        .with_location(false)
        .with_threads(false)
        .with_filter(LevelFilter::INFO);
    Ok(Dispatch::new(Registry::default().with(spans).with(KeepSpans::layer()).with(json).with(text)))
}

/// Makes one event of a layer's decision: a log line, and an event of the current span.
pub fn decision(layer: &'static str, allowed: bool, reason: &str) {
    let decision = if allowed { "allowed" } else { "refused" };
    tracing::info!(layer, decision, reason, "layer decided");
}

/// Marks the request at hand with its transaction: the one name under which logs, spans and audit
/// records of a request are found, and which is no secret.
pub fn record_txn(txn: Txn) {
    tracing::Span::current().record("txn", tracing::field::display(txn));
}

/// Makes panics tell where they happened and nothing else: a message may hold a row's value.
///
/// For a process that serves; it replaces the process's panic hook.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        // Where standard error is closed, there is nowhere to say so.
        drop(writeln!(std::io::stderr(), "panicked at {place}"));
    }));
}

/// The current span's trace id in hexadecimal, for the audit record.
#[must_use]
pub fn trace_id() -> Option<String> {
    ids_of(&tracing::Span::current().context()).map(|(trace, _)| trace)
}

pub(crate) fn ids_of(context: &Context) -> Option<(String, String)> {
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| (ids.trace_id().to_string(), ids.span_id().to_string()))
}

/// W3C `traceparent` and `tracestate`; baggage is none of it.
pub(crate) fn propagator() -> TraceContextPropagator {
    TraceContextPropagator::new()
}

/// A span round one task of a language model, whichever answers it in the end. A model behind a network
/// adds a span of the GenAI conventions for each of its calls. No message is in it.
#[must_use]
pub fn model_span(model: &str, task: &'static str) -> tracing::Span {
    tracing::info_span!(
        "task",
        otel.name = %format_args!("task {task}"),
        splitplane.model = model,
        splitplane.task = task,
    )
}

#[cfg(test)]
mod tests;

//! Metrics of the GenAI conventions, for calls of a language model behind a network.
//!
//! Decides the labels: what is configured, and the kind of a failure. No tenant is one, and no text.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};
use std::time::Duration;

/// Bounds of the token histogram, as the conventions advise.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
/// Bounds of the duration histogram, in seconds, as the conventions advise.
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// One call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelCall<'a> {
    /// Provider, as the conventions name it.
    pub provider: &'static str,
    /// The model's id.
    pub model: &'a str,
    /// What it was asked for.
    pub task: &'static str,
    /// Tokens read.
    pub input_tokens: u64,
    /// Those of them that came from the prompt cache.
    pub cache_read_tokens: u64,
    /// Tokens put into the prompt cache.
    pub cache_write_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// US dollars.
    pub cost: f64,
    /// How long it took.
    pub duration: Duration,
    /// Kind of the failure.
    pub failure: Option<&'static str>,
}

/// The instruments.
#[derive(Debug)]
pub struct ModelMetrics {
    tokens: Histogram<u64>,
    durations: Histogram<f64>,
    cost: Counter<f64>,
}

impl ModelMetrics {
    /// Makes the instruments.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let tokens = meter.u64_histogram("gen_ai.client.token.usage").with_unit("{token}");
        let durations = meter.f64_histogram("gen_ai.client.operation.duration").with_unit("s");
        Self {
            tokens: tokens.with_boundaries(TOKENS.to_vec()).build(),
            durations: durations.with_boundaries(SECONDS.to_vec()).build(),
            cost: meter.f64_counter("splitplane.model.cost").with_unit("{USD}").build(),
        }
    }

    /// Records a call.
    pub fn record(&self, call: ModelCall<'_>) {
        let mut labels = vec![
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", call.provider),
            KeyValue::new("gen_ai.request.model", call.model.to_owned()),
            KeyValue::new("splitplane.task", call.task),
        ];
        let tokens = [
            ("input", call.input_tokens),
            ("output", call.output_tokens),
            ("cache_read", call.cache_read_tokens),
            ("cache_write", call.cache_write_tokens),
        ];
        for (kind, tokens) in tokens {
            // A call that got no answer has used none, and would only blur the histogram.
            if tokens > 0 {
                let kind = KeyValue::new("gen_ai.token.type", kind);
                self.tokens.record(tokens, &[labels.clone(), vec![kind]].concat());
            }
        }
        self.cost.add(call.cost, &labels);
        labels.extend(call.failure.map(|failure| KeyValue::new("error.type", failure)));
        self.durations.record(call.duration.as_secs_f64(), &labels);
    }
}

//! A metric of how often statements that a model wrote give the figures that were asked for.
//!
//! Decides the label: how a comparison ended. No tenant is one, and no text.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

/// The instrument.
#[derive(Debug)]
pub struct DraftMetrics(Counter<u64>);

impl DraftMetrics {
    /// Makes the instrument.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        let checks = meter.u64_counter("splitplane.draft.checks").with_unit("{statement}");
        Self(checks.with_description("Statements of a model, by how their result compares").build())
    }

    /// Records how one compares: `agrees`, or where it differs.
    pub fn record(&self, outcome: &'static str) {
        self.0.add(1, &[KeyValue::new("outcome", outcome)]);
    }
}

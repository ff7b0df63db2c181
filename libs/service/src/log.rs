//! Log lines as JSON, one object each.
//!
//! Decides their form: an event's fields stand beside those of the spans around it, so that every
//! line of a request has its `trace_id`, `span_id`, `request_id` and `txn` at the top.

use crate::clock::Clock;
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::io::Write as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Writes one JSON object a line.
pub(crate) struct JsonLines {
    service: String,
    writer: BoxMakeWriter,
    clock: Clock,
}

impl JsonLines {
    pub(crate) fn new(service: &str, writer: BoxMakeWriter) -> Self {
        Self { service: service.to_owned(), writer, clock: Clock::system() }
    }
}

/// The fields of a span, kept with it.
struct Fields(Map<String, Value>);

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields(Map::new());
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Fields(Map::new());
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.0.extend(fields.0.clone());
            }
        }
        event.record(&mut line);
        if let Ok(time) = jiff::Timestamp::try_from(self.clock.now()) {
            line.0.insert("timestamp".into(), time.to_string().into());
        }
        line.0.insert("level".into(), metadata.level().as_str().into());
        line.0.insert("target".into(), metadata.target().into());
        line.0.insert("service".into(), self.service.clone().into());
        let mut text = Value::Object(line.0).to_string();
        text.push('\n');
        // Where log lines cannot be written, there is nowhere to say so.
        drop(self.writer.make_writer_for(metadata).write_all(text.as_bytes()));
    }
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        // Directions to the exporter are no fields.
        if !field.name().starts_with("otel.") {
            self.0.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

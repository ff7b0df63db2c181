//! Follows spans that begin inside a call whose spans are kept.
//!
//! Decides what of a span is taken down: ids, name, times, and whether it failed. A span of anybody
//! else's code is not looked at, since nobody has checked what its name says.

use super::{Mark, id_in, wire};
use std::fmt::Debug;
use std::sync::OnceLock;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Level, Metadata, Subscriber};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// What the crates of this workspace begin with.
const OURS: &str = "splitplane";

/// Takes spans down. It stands after the layer that gives them their ids.
#[derive(Default)]
pub(crate) struct KeepSpans {
    dispatch: OnceLock<WeakDispatch>,
}

impl KeepSpans {
    /// The layer, looking at our own spans alone.
    pub(crate) fn layer<S>() -> impl Layer<S>
    where
        S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    {
        let is_ours = |metadata: &Metadata<'_>| {
            metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with(OURS)
        };
        let is_ours: FilterFn<_> = FilterFn::new(is_ours).with_max_level_hint(LevelFilter::INFO);
        Self::default().with_filter(is_ours)
    }

    fn id_of(&self, span: &Id) -> Option<u64> {
        id_in(&get_otel_context(span, &self.dispatch.get()?.upgrade()?)?)
    }
}

impl<S> Layer<S> for KeepSpans
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // A layer belongs to one dispatcher, which is registered once.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let Some(around) = span.parent().and_then(|parent| parent.extensions().get::<Mark>().cloned()) else {
            return;
        };
        let Some(own) = self.id_of(id) else { return };
        let mut said = Said::default();
        attributes.record(&mut said);
        let name = said.name.filter(|name| wire::is_name(name));
        let place = around.spans.open(own, around.id, name.as_deref().unwrap_or(span.name()));
        if let Some(place) = place.filter(|_| said.has_failed) {
            around.spans.fail(place);
        }
        drop(span.extensions_mut().replace(Mark { spans: around.spans, id: own, place }));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Mark { spans, place: Some(place), .. }) = span.extensions().get::<Mark>() {
            let mut said = Said::default();
            values.record(&mut said);
            if said.has_failed {
                spans.fail(*place);
            }
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let mark = span.extensions_mut().remove::<Mark>();
        if let Some(Mark { spans, place: Some(place), .. }) = mark {
            spans.close(place);
        }
    }
}

/// The two fields of a span that are looked at.
#[derive(Default)]
struct Said {
    name: Option<String>,
    has_failed: bool,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "otel.name" => self.name = Some(format!("{value:?}")),
            "error.type" => self.has_failed = true,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.name" => self.name = Some(value.to_owned()),
            "error.type" => self.has_failed = true,
            _ => {}
        }
    }
}

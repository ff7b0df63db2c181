//! What was understood before, as a model sees it that is asked what to change in it.
//!
//! Decides that it is written as the model would answer it, so that what stays can be copied; and that a
//! model sees none of it where the caller may no longer ask for all of it. Phrases and labels are those
//! of the questions before; periods are the days that they were.

use super::interpretation::{filters, order, thresholds};
use super::qualified;
use serde_json::{Value, json};
use splitplane_semantics::{Catalogue, Derived, Grain, Interpretation, Metric, Period};

/// The interpretation in the form of an answer; `None` where something in it is not in the catalogue.
pub(super) fn previous(of: &Interpretation, catalogue: &Catalogue<'_>) -> Option<Value> {
    if !is_known(of, catalogue) {
        return None;
    }
    let dimensions: Vec<Value> = of
        .dimensions
        .iter()
        .map(|dimension| {
            let grain = dimension.grain.map(Grain::name);
            json!({ "field": qualified(&dimension.field), "grain": grain })
        })
        .collect();
    let comparison = of.comparison.as_ref().map(|before| json!({ "kind": "period", "period": days(before) }));
    Some(json!({
        "metrics": of.metrics,
        "dimensions": dimensions,
        "filters": filters(of),
        "period": of.period.as_ref().map(days),
        "comparison": comparison,
        "thresholds": thresholds(of),
        "shares": of.shares,
        "order": order(of),
        "limit": of.limit,
    }))
}

fn days(period: &Period) -> Value {
    json!({
        "kind": "between",
        "label": period.label,
        "fiscal": false,
        "count": 0,
        "unit": "none",
        "year": 0,
        "month": 0,
        "quarter": 0,
        "from": period.first_day().to_string(),
        "to": period.last_day().to_string(),
    })
}

/// Whether the caller may ask for all that is in it, today.
fn is_known(of: &Interpretation, catalogue: &Catalogue<'_>) -> bool {
    let metrics: Option<Vec<&Metric>> = of.metrics.iter().map(|name| catalogue.metric(name)).collect();
    let Some(metrics) = metrics else { return false };
    let shown = catalogue.dimensions_of_all(&metrics);
    let dimensions = of.dimensions.iter().map(|dimension| &dimension.field);
    let mut fields = dimensions.chain(of.filters.iter().flat_map(|filter| &filter.fields));
    let is_figure = |by: &str| {
        let derived = |metric: &String| Derived::ALL.iter().any(|derived| derived.column(metric) == by);
        of.metrics.iter().any(|metric| metric == by || derived(metric))
    };
    let is_column = |by: &str| is_figure(by) || of.dimensions.iter().any(|other| other.field.field == by);
    fields.all(|field| shown.iter().any(|(d, f)| d.name == field.dataset && f.name == field.field))
        && of.thresholds.iter().all(|threshold| is_figure(&threshold.by))
        && of.order.iter().all(|order| is_column(&order.by))
}

//! An interpretation, as a model sees it that does something about it.
//!
//! Decides which of its parts are told, and in which names. Phrases are those of the question; no value
//! that they were resolved to is in an interpretation.

use super::output::aliases;
use super::qualified;
use serde_json::{Map, Value, json};
use splitplane_semantics::{
    Bound, Dimension, Grain, Interpretation, Metric, Period, SemanticModel, time_field,
};

/// What each task is told in its own way.
pub(super) struct Said {
    pub(super) metrics: Value,
    /// The time field of each dataset that is added up; `None` where that does not matter.
    pub(super) times: Option<Value>,
    pub(super) period: fn(&Period) -> Value,
}

/// For tasks that find rows: with expressions, and with periods by their instants.
pub(super) fn interpretation(asked: &Interpretation, model: &SemanticModel) -> Value {
    let metrics: Vec<&Metric> = asked.metrics.iter().filter_map(|name| model.metric(name)).collect();
    let mut datasets: Vec<&String> = Vec::new();
    for dataset in metrics.iter().flat_map(|metric| &metric.grains) {
        if !datasets.contains(&dataset) {
            datasets.push(dataset);
        }
    }
    let time = |dataset: &String| {
        let field = time_field(model, dataset).as_ref().map(qualified);
        json!({ "dataset": dataset, "time": field })
    };
    let times: Vec<Value> = datasets.into_iter().map(time).collect();
    let metric = |metric: &Metric| {
        json!({
            "name": metric.name,
            "label": metric.label,
            "datasets": metric.grains,
            "expression": metric.expression.to_string(),
            "unit": metric.unit,
        })
    };
    let metrics: Vec<Value> = metrics.into_iter().map(metric).collect();
    written(asked, Said { metrics: metrics.into(), times: Some(times.into()), period })
}

fn period(of: &Period) -> Value {
    json!({
        "from": of.from.to_string(),
        "to": of.to.to_string(),
        "zone": of.zone,
        "label": of.label,
    })
}

/// Each part by its name.
pub(super) fn written(asked: &Interpretation, said: Said) -> Value {
    let dimensions: Vec<Value> = asked
        .dimensions
        .iter()
        .zip(aliases(asked))
        .map(|(dimension, alias)| dimension_of(dimension, &alias))
        .collect();
    let mut whole = Map::new();
    whole.insert("metrics".to_owned(), said.metrics);
    whole.extend(said.times.map(|times| ("times".to_owned(), times)));
    whole.insert("dimensions".to_owned(), dimensions.into());
    whole.insert("filters".to_owned(), filters(asked));
    whole.insert("period".to_owned(), asked.period.as_ref().map(said.period).into());
    whole.insert("comparison".to_owned(), asked.comparison.as_ref().map(said.period).into());
    whole.insert("thresholds".to_owned(), thresholds(asked));
    whole.insert("shares".to_owned(), asked.shares.into());
    whole.insert("order".to_owned(), order(asked));
    whole.insert("limit".to_owned(), asked.limit.into());
    whole.extend(buckets(asked));
    Value::Object(whole)
}

/// Where days and weeks begin, where it is not where SQL cuts.
fn buckets(asked: &Interpretation) -> impl Iterator<Item = (String, Value)> {
    let buckets = asked.buckets;
    let days = buckets.days_before_monday();
    let minutes = buckets.minutes_after_midnight();
    let week = (days != 0).then(|| ("week_starts_days_before_monday".to_owned(), days.into()));
    let day = (minutes != 0).then(|| ("day_starts_minutes_after_midnight".to_owned(), minutes.into()));
    week.into_iter().chain(day)
}

fn dimension_of(dimension: &Dimension, alias: &str) -> Value {
    let grain = dimension.grain.map(Grain::name);
    json!({ "field": qualified(&dimension.field), "grain": grain, "alias": alias })
}

pub(super) fn filters(asked: &Interpretation) -> Value {
    let each = asked.filters.iter().map(|filter| {
        let fields: Vec<String> = filter.fields.iter().map(qualified).collect();
        json!({
            "phrases": filter.phrases,
            "fields": fields,
            "negated": filter.negated,
            "either": filter.either,
        })
    });
    each.collect()
}

pub(super) fn thresholds(asked: &Interpretation) -> Value {
    let each = asked.thresholds.iter().map(|threshold| {
        let bound = match threshold.bound {
            Bound::MoreThan => "more_than",
            Bound::AtLeast => "at_least",
            Bound::LessThan => "less_than",
            Bound::AtMost => "at_most",
            Bound::Exactly => "exactly",
        };
        json!({ "by": threshold.by, "bound": bound, "value": threshold.value })
    });
    each.collect()
}

pub(super) fn order(asked: &Interpretation) -> Value {
    asked.order.iter().map(|order| json!({ "by": order.by, "descending": order.descending })).collect()
}

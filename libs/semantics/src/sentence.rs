//! An interpretation as a sentence for people: "Late fees, by branch, 2026-11-16 to 2026-11-22, top 5".
//!
//! Says what was understood, in the model's labels and the question's own phrases. Holds no value
//! of the warehouse.

use crate::{
    Bound, Buckets, Derived, Dimension, Filter, Grain, Interpretation, Period, SemanticModel, Threshold,
    words_of,
};

/// Says what an interpretation means.
#[must_use]
pub fn sentence(interpretation: &Interpretation, model: &SemanticModel) -> String {
    let metrics: Vec<String> = interpretation
        .metrics
        .iter()
        .map(|name| model.metric(name).map_or_else(|| words_of(name), |metric| metric.label.clone()))
        .collect();
    let mut parts = vec![capitalised(&listed(&metrics))];
    parts.extend(interpretation.filters.iter().map(filter));
    let dimensions: Vec<String> =
        interpretation.dimensions.iter().map(|dimension| label(dimension, interpretation, model)).collect();
    if !dimensions.is_empty() {
        parts.push(format!("by {}", listed(&dimensions)));
    }
    if interpretation.shares {
        parts.push("as shares of the total".to_owned());
    }
    parts.extend(interpretation.thresholds.iter().map(|threshold| bound(threshold, model)));
    parts.push(interpretation.period.as_ref().map_or_else(|| "all time".to_owned(), period_text));
    parts.extend(
        interpretation.comparison.as_ref().map(|before| format!("compared with {}", period_text(before))),
    );
    parts.extend(rank(interpretation, model));
    parts.join(", ")
}

fn label(dimension: &Dimension, asked: &Interpretation, model: &SemanticModel) -> String {
    let field = model.field(&dimension.field);
    let label = field.map_or_else(|| words_of(&dimension.field.field), |field| field.label.clone());
    match dimension.grain {
        None => label,
        Some(Grain::Week) if asked.buckets.week_starts != Buckets::ISO.week_starts => {
            format!("week of {label} from {}", capitalised(asked.buckets.week_starts_name()))
        }
        Some(grain) => format!("{} of {label}", grain.name()),
    }
}

fn filter(filter: &Filter) -> String {
    let word = if filter.negated { "without" } else { "only" };
    let phrases: Vec<String> = filter.phrases.iter().map(|phrase| format!("\"{phrase}\"")).collect();
    format!("{word} {}", joined(&phrases, if filter.either { "or" } else { "and" }))
}

/// A period in days as people name them, the last one included: `2026-11-16 to 2026-11-22`.
#[must_use]
pub fn period_text(period: &Period) -> String {
    let (first, last) = (period.first_day(), period.last_day());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn rank(interpretation: &Interpretation, model: &SemanticModel) -> Option<String> {
    let of_dimension = |by: &str| interpretation.dimensions.iter().any(|d| d.field.field == *by);
    let is_metric = |by: &String| interpretation.metrics.contains(by);
    let by_figure =
        interpretation.order.first().filter(|order| is_metric(&order.by) || !of_dimension(&order.by));
    let word = match by_figure.map(|order| order.descending) {
        Some(true) => "top",
        Some(false) => "bottom",
        None => "first",
    };
    let derived = by_figure.filter(|order| !is_metric(&order.by));
    let by = derived.map_or_else(String::new, |order| format!(" by {}", figure_label(&order.by, model)));
    interpretation.limit.map(|limit| format!("{word} {limit}{by}"))
}

fn bound(threshold: &Threshold, model: &SemanticModel) -> String {
    let word = match threshold.bound {
        Bound::MoreThan => "more than",
        Bound::AtLeast => "at least",
        Bound::LessThan => "less than",
        Bound::AtMost => "at most",
        Bound::Exactly => "exactly",
    };
    format!("{} {word} {}", figure_label(&threshold.by, model), threshold.value)
}

/// What people call a figure of a result: a metric, or what is derived from one.
#[must_use]
pub fn figure_label(name: &str, model: &SemanticModel) -> String {
    if let Some(metric) = model.metric(name) {
        return metric.label.clone();
    }
    let derived = Derived::ALL.into_iter().find_map(|derived| {
        let metric = name.strip_suffix(derived.suffix())?.strip_suffix('_')?;
        Some((derived, model.metric(metric)?))
    });
    match derived {
        None => words_of(name),
        Some((Derived::Before, metric)) => format!("{} before", metric.label),
        Some((Derived::Change, metric)) => format!("change in {}", metric.label),
        Some((Derived::Growth, metric)) => format!("growth of {} in percent", metric.label),
        Some((Derived::Share, metric)) => format!("share of {} in percent", metric.label),
    }
}

fn listed(items: &[String]) -> String {
    joined(items, "and")
}

fn joined(items: &[String], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {word} {last}", most.join(", ")),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;

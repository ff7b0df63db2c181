//! An interpretation as a sentence for people: "Late fees, by branch, 2026-11-16 to 2026-11-22, top 5".
//!
//! Says what was understood, in the model's labels and the question's own phrases. Holds no value
//! of the warehouse.

use crate::{Dimension, Filter, Grain, Interpretation, Period, SemanticModel, words_of};

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
        interpretation.dimensions.iter().map(|dimension| label(dimension, model)).collect();
    if !dimensions.is_empty() {
        parts.push(format!("by {}", listed(&dimensions)));
    }
    parts.push(interpretation.period.as_ref().map_or_else(|| "all time".to_owned(), period_text));
    parts.extend(rank(interpretation));
    parts.join(", ")
}

fn label(dimension: &Dimension, model: &SemanticModel) -> String {
    let field = model.field(&dimension.field);
    let label = field.map_or_else(|| words_of(&dimension.field.field), |field| field.label.clone());
    match dimension.grain {
        None => label,
        Some(grain) => {
            let unit = match grain {
                Grain::Day => "day",
                Grain::Week => "week",
                Grain::Month => "month",
                Grain::Quarter => "quarter",
                Grain::Year => "year",
            };
            format!("{unit} of {label}")
        }
    }
}

fn filter(filter: &Filter) -> String {
    let word = if filter.negated { "without" } else { "only" };
    format!("{word} \"{}\"", filter.phrase)
}

/// A period in days as people name them, the last one included: `2026-11-16 to 2026-11-22`.
#[must_use]
pub fn period_text(period: &Period) -> String {
    let (first, last) = (period.first_day(), period.last_day());
    if first == last { first.to_string() } else { format!("{first} to {last}") }
}

fn rank(interpretation: &Interpretation) -> Option<String> {
    let by_metric = interpretation.order.first().filter(|order| interpretation.metrics.contains(&order.by));
    let word = match by_metric.map(|order| order.descending) {
        Some(true) => "top",
        Some(false) => "bottom",
        None => "first",
    };
    interpretation.limit.map(|limit| format!("{word} {limit}"))
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests;

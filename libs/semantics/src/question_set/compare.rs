//! An interpretation beside the expected one.
//!
//! Decides which differences count, and says each in words. The order of metrics, dimensions and filters is none.

use super::{Expectation, ExpectedDimension, ExpectedFilter};
use crate::{Dimension, FieldRef, Interpretation, Order, Threshold};
use jiff::civil::{Date, DateTime};
use splitplane_types::Decimal;

type Part = (&'static str, Vec<String>, Vec<String>);

impl Expectation {
    /// Where an interpretation is another than the expected one, in words.
    #[must_use]
    pub fn differences(&self, found: &Interpretation) -> Vec<String> {
        let Some(metrics) = &self.metrics else { return Vec::new() };
        let phrases = |negated: bool, phrases: &[String]| {
            phrases.iter().map(|phrase| filter_text(phrase, negated)).collect::<Vec<_>>()
        };
        let found_filters = found.filters.iter().flat_map(|filter| phrases(filter.negated, &filter.phrases));
        let mut parts: Vec<Part> = vec![
            ("metrics", sorted(metrics.iter().cloned()), sorted(found.metrics.iter().cloned())),
            (
                "dimensions",
                sorted(self.dimensions.iter().map(|dimension| with_grain(&dimension.field, dimension.grain))),
                sorted(found.dimensions.iter().map(|dimension| self.dimension_text(dimension))),
            ),
            (
                "filters",
                sorted(self.filters.iter().map(|filter| filter_text(&filter.phrase, filter.negated))),
                sorted(found_filters),
            ),
            (
                "period",
                self.period.map(days_text).into_iter().collect(),
                found.period.iter().map(|period| span_text(period.from, period.to)).collect(),
            ),
            (
                "limit",
                self.limit.iter().map(u32::to_string).collect(),
                found.limit.iter().map(u32::to_string).collect(),
            ),
        ];
        parts.extend(self.figures(found));
        parts.extend(self.filters.iter().filter_map(|filter| field_of(filter, found)));
        parts
            .into_iter()
            .filter(|(_, expected, found)| expected != found)
            .map(|(part, expected, found)| format!("{part}: expected {expected:?}, found {found:?}"))
            .collect()
    }

    /// The parts that are compared only where they are given.
    fn figures(&self, found: &Interpretation) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        if let Some(order) = &self.order {
            let texts = |orders: &[Order]| orders.iter().map(order_text).collect::<Vec<_>>();
            parts.push(("order", texts(order), texts(&found.order)));
        }
        if let Some(days) = self.comparison {
            let before = found.comparison.iter().map(|period| span_text(period.from, period.to));
            parts.push(("comparison", vec![days_text(days)], before.collect()));
        }
        if let Some(thresholds) = &self.thresholds {
            let texts = |bounds: &[Threshold]| sorted(bounds.iter().map(threshold_text));
            parts.push(("thresholds", texts(thresholds), texts(&found.thresholds)));
        }
        if let Some(shares) = self.shares {
            parts.push(("shares", vec![shares.to_string()], vec![found.shares.to_string()]));
        }
        parts
    }

    /// A dimension as it is expected: without its dataset, if that is how one of its name is.
    fn dimension_text(&self, dimension: &Dimension) -> String {
        let is_bare = |expected: &ExpectedDimension| expected.field == dimension.field.field;
        if self.dimensions.iter().any(is_bare) {
            return with_grain(&dimension.field.field, dimension.grain);
        }
        with_grain(&field_text(&dimension.field), dimension.grain)
    }
}

/// The field that a filter is expected to be of, and those that it is of if that is not among them.
fn field_of(expected: &ExpectedFilter, found: &Interpretation) -> Option<Part> {
    let field = expected.field.as_ref()?;
    let is_phrase = |phrase: &String| phrase.to_lowercase() == expected.phrase.to_lowercase();
    let filter = found.filters.iter().find(|filter| filter.phrases.iter().any(is_phrase))?;
    let is_field = |own: &FieldRef| own.field == *field || field_text(own) == *field;
    let own = filter.fields.iter().map(field_text).collect();
    (!filter.fields.iter().any(is_field)).then(|| ("filter fields", vec![field.clone()], own))
}

fn field_text(field: &FieldRef) -> String {
    format!("{}.{}", field.dataset, field.field)
}

fn with_grain(field: &str, grain: Option<crate::Grain>) -> String {
    grain.map_or_else(|| field.to_owned(), |grain| format!("{field}:{}", grain.name()))
}

fn filter_text(phrase: &str, negated: bool) -> String {
    format!("{}{}", if negated { "not " } else { "" }, phrase.to_lowercase())
}

fn order_text(order: &Order) -> String {
    format!("{}{}", order.by, if order.descending { " descending" } else { "" })
}

fn threshold_text(threshold: &Threshold) -> String {
    let value: Option<Decimal> = threshold.value.parse().ok();
    let value = value.map_or_else(|| threshold.value.clone(), |value| value.normalized(0).to_string());
    format!("{} {:?} {value}", threshold.by, threshold.bound)
}

fn days_text((from, to): (Date, Date)) -> String {
    format!("{from}..{to}")
}

/// A span of whole days as its dates; any other with its times.
fn span_text(from: DateTime, to: DateTime) -> String {
    let midnight = jiff::civil::Time::midnight();
    if from.time() == midnight && to.time() == midnight {
        days_text((from.date(), to.date()))
    } else {
        format!("{from}..{to}")
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

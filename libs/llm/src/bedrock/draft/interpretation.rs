//! An interpretation as a model writes it down.
//!
//! Decides that every list and every text in it is bounded, and that a number is written as one. Whether
//! its names exist and its parts go together is for `semantics::validate` to say.

use super::period::DraftPeriod;
use super::{FORM, NAMES_MAX, SIZE, TEXT_BYTES_MAX, few, name, names, present, text};
use crate::language_model::ModelError;
use serde::Deserialize;
use splitplane_semantics::{
    Bound, ComparisonExpr, Dimension, DraftInterpretation, FieldRef, Filter, Grain, Order, Threshold,
};
use splitplane_types::Decimal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    metrics: Vec<String>,
    dimensions: Vec<DraftDimension>,
    filters: Vec<DraftFilter>,
    #[serde(deserialize_with = "present")]
    period: Option<DraftPeriod>,
    #[serde(deserialize_with = "present")]
    comparison: Option<DraftComparison>,
    thresholds: Vec<DraftThreshold>,
    shares: bool,
    order: Vec<DraftOrder>,
    #[serde(deserialize_with = "present")]
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftDimension {
    field: String,
    #[serde(deserialize_with = "present")]
    grain: Option<Grain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFilter {
    phrases: Vec<String>,
    fields: Vec<String>,
    negated: bool,
    either: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftComparison {
    kind: ComparisonKind,
    #[serde(deserialize_with = "present")]
    period: Option<DraftPeriod>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ComparisonKind {
    Previous,
    LastYear,
    Period,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftThreshold {
    by: String,
    bound: Bound,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftOrder {
    by: String,
    descending: bool,
}

impl Draft {
    pub(super) fn interpretation(self) -> Result<DraftInterpretation, ModelError> {
        Ok(DraftInterpretation {
            metrics: names(self.metrics)?,
            dimensions: all(self.dimensions, DraftDimension::dimension)?,
            filters: all(self.filters, DraftFilter::filter)?,
            period: self.period.map(DraftPeriod::phrase).transpose()?,
            comparison: self.comparison.map(DraftComparison::expr).transpose()?,
            thresholds: all(self.thresholds, DraftThreshold::threshold)?,
            shares: self.shares,
            order: all(self.order, DraftOrder::order)?,
            limit: self.limit,
        })
    }
}

fn all<A, B>(parts: Vec<A>, each: fn(A) -> Result<B, ModelError>) -> Result<Vec<B>, ModelError> {
    few(parts, NAMES_MAX)?.into_iter().map(each).collect()
}

impl DraftDimension {
    fn dimension(self) -> Result<Dimension, ModelError> {
        Ok(Dimension { field: field(self.field)?, grain: self.grain })
    }
}

impl DraftFilter {
    fn filter(self) -> Result<Filter, ModelError> {
        let (phrases, fields) = (all(self.phrases, phrase)?, all(self.fields, field)?);
        // A filter of nothing would be no filter, or everything left out.
        if phrases.is_empty() || fields.is_empty() {
            return Err(FORM);
        }
        Ok(Filter { phrases, fields, negated: self.negated, either: self.either })
    }
}

fn phrase(of: String) -> Result<String, ModelError> {
    text(of, TEXT_BYTES_MAX)
}

impl DraftComparison {
    fn expr(self) -> Result<ComparisonExpr, ModelError> {
        match (self.kind, self.period) {
            (ComparisonKind::Previous, None) => Ok(ComparisonExpr::Previous),
            (ComparisonKind::LastYear, None) => Ok(ComparisonExpr::LastYear),
            (ComparisonKind::Period, Some(period)) => Ok(ComparisonExpr::With(period.phrase()?)),
            // A period that does not belong to the kind would say something else than the kind does.
            (ComparisonKind::Previous | ComparisonKind::LastYear | ComparisonKind::Period, _) => Err(FORM),
        }
    }
}

impl DraftThreshold {
    fn threshold(self) -> Result<Threshold, ModelError> {
        if self.value.len() > TEXT_BYTES_MAX {
            return Err(SIZE);
        }
        let number: Decimal = self.value.parse().or(Err(FORM))?;
        // Numbers have many spellings; a bound has one.
        if number.to_string() != self.value {
            return Err(FORM);
        }
        Ok(Threshold { by: name(self.by)?, bound: self.bound, value: self.value })
    }
}

impl DraftOrder {
    fn order(self) -> Result<Order, ModelError> {
        Ok(Order { by: name(self.by)?, descending: self.descending })
    }
}

fn field(of: String) -> Result<FieldRef, ModelError> {
    let whole = name(of)?;
    let (dataset, field) = whole.split_once('.').ok_or(FORM)?;
    Ok(FieldRef { dataset: dataset.to_owned(), field: field.to_owned() })
}

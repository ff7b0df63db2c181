//! The door from a draft to a validated interpretation.
//!
//! Decides whether every name of a draft is one that this role may use, and gives the period its
//! dates. Says nothing about values: those are resolved among the caller's own rows, by `query`.

use crate::calendar::shift;
use crate::{
    Buckets, Calendar, Catalogue, Dataset, Dimension, DraftInterpretation, Field, FieldRef, Interpretation,
    InterpretationError, Metric, Order, Period,
};
use splitplane_types::Decimal;
use std::time::SystemTime;

/// More metrics, dimensions, filters or orders than a question has.
const PARTS_MAX: usize = 16;
/// More characters than a name that someone asks for has.
const PHRASE_CHARS_MAX: usize = 256;

/// An interpretation whose every name was checked against a model and a policy for a role.
///
/// Only [`validate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidatedInterpretation {
    interpretation: Interpretation,
    json: String,
}

impl ValidatedInterpretation {
    /// The interpretation.
    #[must_use]
    pub const fn get(&self) -> &Interpretation {
        &self.interpretation
    }

    /// The interpretation as JSON; the same interpretation always has the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.json.clone()
    }
}

/// Checks a draft against what a role may use, and resolves its period as of an instant.
///
/// # Errors
/// See [`InterpretationError`]. What a role may not see fails as what does not exist.
pub fn validate(
    draft: DraftInterpretation,
    catalogue: &Catalogue<'_>,
    calendar: &Calendar,
    as_of: SystemTime,
) -> Result<ValidatedInterpretation, InterpretationError> {
    require_size(&draft)?;
    let metrics = metrics_of(&draft.metrics, catalogue)?;
    let shown = catalogue.dimensions_of_all(&metrics);
    check_dimensions(&draft.dimensions, &shown)?;
    for filter in &draft.filters {
        let empty = |phrase: &String| phrase.trim().is_empty();
        if filter.phrases.is_empty() || filter.phrases.iter().any(empty) || filter.fields.is_empty() {
            return Err(InterpretationError::EmptyFilter);
        }
        if let Some(field) = filter.fields.iter().find(|field| dimension_of(&shown, field).is_none()) {
            return Err(InterpretationError::UnknownDimension(field.clone()));
        }
    }
    let (period, comparison) = periods(&draft, (catalogue, &metrics), calendar, as_of)?;
    let interpretation = Interpretation {
        metrics: draft.metrics,
        dimensions: draft.dimensions,
        filters: draft.filters,
        period,
        comparison,
        thresholds: draft.thresholds,
        shares: draft.shares,
        order: draft.order,
        limit: draft.limit,
        buckets: Buckets { week_starts: calendar.week_starts(), day_starts: calendar.day_starts() },
    };
    check_order(&interpretation)?;
    check_figures(&interpretation, &metrics)?;
    check_buckets(&interpretation, &shown)?;
    let json = serde_json::to_string(&interpretation).map_err(InterpretationError::Malformed)?;
    Ok(ValidatedInterpretation { interpretation, json })
}

fn metrics_of<'a>(
    names: &[String],
    catalogue: &Catalogue<'a>,
) -> Result<Vec<&'a Metric>, InterpretationError> {
    let mut metrics: Vec<&Metric> = Vec::new();
    for name in names {
        let unknown = || InterpretationError::UnknownMetric(name.clone());
        let metric = catalogue.metric(name).ok_or_else(unknown)?;
        if metrics.iter().any(|other| other.name == *name) {
            return Err(InterpretationError::Repeated(name.clone()));
        }
        metrics.push(metric);
    }
    if metrics.is_empty() { Err(InterpretationError::NoMetric) } else { Ok(metrics) }
}

fn require_size(draft: &DraftInterpretation) -> Result<(), InterpretationError> {
    let phrases = || draft.filters.iter().flat_map(|filter| &filter.phrases);
    let lengths = [
        draft.metrics.len(),
        draft.dimensions.len(),
        draft.filters.len().max(phrases().count()),
        draft.thresholds.len(),
        draft.order.len(),
    ];
    let long = phrases().any(|phrase| phrase.chars().count() > PHRASE_CHARS_MAX);
    if long || lengths.into_iter().any(|length| length > PARTS_MAX) {
        return Err(InterpretationError::TooLarge);
    }
    Ok(())
}

/// The period and the one that it is compared with.
fn periods(
    draft: &DraftInterpretation,
    (catalogue, metrics): (&Catalogue<'_>, &[&Metric]),
    calendar: &Calendar,
    as_of: SystemTime,
) -> Result<(Option<Period>, Option<Period>), InterpretationError> {
    let Some(phrase) = &draft.period else {
        return match draft.comparison {
            None => Ok((None, None)),
            Some(_) => Err(InterpretationError::ComparisonWithoutPeriod),
        };
    };
    if metrics.iter().any(|metric| !catalogue.has_time(metric)) {
        return Err(InterpretationError::NoTimeField);
    }
    let period = calendar.resolve(phrase, as_of)?;
    let Some(comparison) = &draft.comparison else { return Ok((Some(period), None)) };
    let before = calendar.compared(comparison, (phrase, &period), as_of)?;
    if (before.from, before.to) == (period.from, period.to) {
        return Err(InterpretationError::SamePeriod);
    }
    Ok((Some(period), Some(before)))
}

fn check_dimensions(
    dimensions: &[Dimension],
    shown: &[(&Dataset, &Field)],
) -> Result<(), InterpretationError> {
    for (index, dimension) in dimensions.iter().enumerate() {
        let field = &dimension.field;
        let unknown = || InterpretationError::UnknownDimension(field.clone());
        let found = dimension_of(shown, field).ok_or_else(unknown)?;
        if dimensions.iter().take(index).any(|other| other == dimension) {
            return Err(InterpretationError::Repeated(field.field.clone()));
        }
        if dimension.grain.is_some() && !found.holds_time() {
            return Err(InterpretationError::NotTime(field.clone()));
        }
    }
    Ok(())
}

fn check_order(interpretation: &Interpretation) -> Result<(), InterpretationError> {
    let named = |order: &Order| {
        let dimensions = interpretation.dimensions.iter();
        // A figure wins over a dimension of the same name; two dimensions of one name are a riddle.
        is_figure(interpretation, &order.by)
            || dimensions.filter(|dimension| dimension.field.field == order.by).count() == 1
    };
    if let Some(order) = interpretation.order.iter().find(|order| !named(order)) {
        return Err(InterpretationError::UnknownOrder(order.by.clone()));
    }
    match interpretation.limit {
        Some(0) => Err(InterpretationError::ZeroLimit),
        Some(_) if interpretation.dimensions.is_empty() => Err(InterpretationError::LimitWithoutDimension),
        Some(_) | None => Ok(()),
    }
}

/// Whether the result has a figure of that name: a metric, or what is derived from one.
fn is_figure(interpretation: &Interpretation, name: &str) -> bool {
    let derived = interpretation.derived();
    let of = |metric: &String| metric == name || derived.iter().any(|derived| derived.column(metric) == name);
    interpretation.metrics.iter().any(of)
}

/// Bounds and shares.
fn check_figures(interpretation: &Interpretation, metrics: &[&Metric]) -> Result<(), InterpretationError> {
    let chooses = interpretation.shares || !interpretation.thresholds.is_empty();
    if chooses && interpretation.dimensions.is_empty() {
        return Err(InterpretationError::NothingToChoose);
    }
    for threshold in &interpretation.thresholds {
        if !is_figure(interpretation, &threshold.by) {
            return Err(InterpretationError::UnknownFigure(threshold.by.clone()));
        }
        let number: Option<Decimal> = threshold.value.parse().ok();
        // One spelling, which is what the statement will say.
        if number.is_none_or(|number| number.to_string() != threshold.value) {
            return Err(InterpretationError::NotANumber(threshold.value.clone()));
        }
    }
    match metrics.iter().find(|metric| interpretation.shares && !metric.is_additive()) {
        Some(metric) => Err(InterpretationError::NotAdditive(metric.name.clone())),
        None => Ok(()),
    }
}

/// Whether the rows of the two periods of a comparison can stand side by side.
fn check_buckets(
    interpretation: &Interpretation,
    shown: &[(&Dataset, &Field)],
) -> Result<(), InterpretationError> {
    let (Some(period), Some(before)) = (&interpretation.period, &interpretation.comparison) else {
        return Ok(());
    };
    for dimension in &interpretation.dimensions {
        let holds_time = dimension_of(shown, &dimension.field).is_some_and(Field::holds_time);
        if holds_time && shift(dimension.grain, period, before).is_none() {
            return Err(InterpretationError::Unaligned(dimension.field.field.clone()));
        }
    }
    Ok(())
}

/// Reads the interpretation of a receipt. The caller holds the verified receipt: nothing else may be
/// read with this.
///
/// # Errors
/// [`InterpretationError::Malformed`].
pub fn interpretation_from_receipt(json: &str) -> Result<Interpretation, InterpretationError> {
    serde_json::from_str(json).map_err(InterpretationError::Malformed)
}

/// Reads what a verified conversation says was meant before. It was validated for the role that the caller had then:
/// what is made of it is still to be validated.
///
/// # Errors
/// [`InterpretationError::Malformed`].
pub fn interpretation_from_conversation(json: &str) -> Result<Interpretation, InterpretationError> {
    serde_json::from_str(json).map_err(InterpretationError::Malformed)
}

fn dimension_of<'a>(shown: &[(&Dataset, &'a Field)], field: &FieldRef) -> Option<&'a Field> {
    let found =
        shown.iter().find(|(dataset, shown)| dataset.name == field.dataset && shown.name == field.field);
    found.map(|(_, field)| *field)
}

#[cfg(test)]
mod tests;

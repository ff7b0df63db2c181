//! The door from a draft to a validated interpretation.
//!
//! Decides whether every name of a draft is one that this role may use, and gives the period its
//! dates. Says nothing about values: those are resolved among the caller's own rows, by `query`.

use crate::{
    Calendar, Catalogue, Dataset, Dimension, DraftInterpretation, Field, FieldRef, Grain, Interpretation,
    InterpretationError, Metric, Order,
};
use jiff::civil::Weekday;
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
    let lengths = [draft.metrics.len(), draft.dimensions.len(), draft.filters.len(), draft.order.len()];
    let long = draft.filters.iter().any(|filter| filter.phrase.chars().count() > PHRASE_CHARS_MAX);
    if long || lengths.into_iter().any(|length| length > PARTS_MAX) {
        return Err(InterpretationError::TooLarge);
    }
    let metrics = metrics_of(&draft.metrics, catalogue)?;
    let first = metrics.first().ok_or(InterpretationError::NoMetric)?;
    let shown = catalogue.dimensions_of(first);
    check_dimensions(&draft.dimensions, &shown, calendar)?;
    for filter in &draft.filters {
        if filter.phrase.trim().is_empty() || filter.fields.is_empty() {
            return Err(InterpretationError::EmptyFilter);
        }
        if let Some(field) = filter.fields.iter().find(|field| dimension_of(&shown, field).is_none()) {
            return Err(InterpretationError::UnknownDimension(field.clone()));
        }
    }
    check_order(&draft)?;
    let period = match &draft.period {
        None => None,
        Some(_) if catalogue.time_field_of(first).is_none() => return Err(InterpretationError::NoTimeField),
        Some(phrase) => Some(calendar.resolve(phrase, as_of)?),
    };
    let interpretation = Interpretation {
        metrics: draft.metrics,
        dimensions: draft.dimensions,
        filters: draft.filters,
        period,
        order: draft.order,
        limit: draft.limit,
    };
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
    let mut datasets: Vec<String> = metrics.iter().map(|metric| metric.dataset.clone()).collect();
    datasets.sort();
    datasets.dedup();
    if datasets.len() > 1 {
        return Err(InterpretationError::SeveralDatasets(datasets));
    }
    Ok(metrics)
}

fn check_dimensions(
    dimensions: &[Dimension],
    shown: &[(&Dataset, &Field)],
    calendar: &Calendar,
) -> Result<(), InterpretationError> {
    for (index, dimension) in dimensions.iter().enumerate() {
        let field = &dimension.field;
        let unknown = || InterpretationError::UnknownDimension(field.clone());
        let found = dimension_of(shown, field).ok_or_else(unknown)?;
        if dimensions.iter().take(index).any(|other| other == dimension) {
            return Err(InterpretationError::Repeated(field.field.clone()));
        }
        match dimension.grain {
            Some(_) if !found.holds_time() => return Err(InterpretationError::NotTime(field.clone())),
            // SQL truncates to Mondays alone.
            Some(Grain::Week) if calendar.week_starts() != Weekday::Monday => {
                return Err(InterpretationError::WeekGrain);
            }
            // So do days of instants begin at midnight; a column of dates holds the calendar's own days.
            Some(_)
                if calendar.day_starts() != jiff::civil::Time::midnight()
                    && found.data_type != Some(splitplane_types::DataType::Date) =>
            {
                return Err(InterpretationError::DayGrain(field.clone()));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn check_order(draft: &DraftInterpretation) -> Result<(), InterpretationError> {
    let named = |order: &Order| {
        let metrics = draft.metrics.iter().filter(|name| **name == order.by).count();
        let dimensions =
            draft.dimensions.iter().filter(|dimension| dimension.field.field == order.by).count();
        // A metric wins over a dimension of the same name; two dimensions of one name are a riddle.
        metrics == 1 || dimensions == 1
    };
    if let Some(order) = draft.order.iter().find(|order| !named(order)) {
        return Err(InterpretationError::UnknownOrder(order.by.clone()));
    }
    match draft.limit {
        Some(0) => Err(InterpretationError::ZeroLimit),
        Some(_) if draft.dimensions.is_empty() => Err(InterpretationError::LimitWithoutDimension),
        Some(_) | None => Ok(()),
    }
}

/// Reads the interpretation of a receipt. The caller holds the verified receipt: nothing else may be
/// read with this.
///
/// # Errors
/// [`InterpretationError::Malformed`].
pub fn interpretation_from_receipt(json: &str) -> Result<Interpretation, InterpretationError> {
    serde_json::from_str(json).map_err(InterpretationError::Malformed)
}

fn dimension_of<'a>(shown: &[(&Dataset, &'a Field)], field: &FieldRef) -> Option<&'a Field> {
    let found =
        shown.iter().find(|(dataset, shown)| dataset.name == field.dataset && shown.name == field.field);
    found.map(|(_, field)| *field)
}

#[cfg(test)]
mod tests;

//! Resolves the interpretation's filters against the caller's own rows.
//!
//! One match is bound as a parameter, several give a question back, none gives the fixed answer of
//! "nothing by that name", which is the same for what does not exist and for what is not theirs.

use crate::token::ResolvedFilter;
use splitplane_engine::{Engine, EngineError, Lookup, Match};
use splitplane_semantics::{FieldRef, Filter, Interpretation, SemanticModel};
use splitplane_split_plane::SecurityPlane;
use splitplane_types::{Cell, DataType};
use std::sync::Arc;

/// Options of a clarification.
const OPTIONS_MAX: usize = 5;

/// What became of the filters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// Every filter has one value.
    Bound(Vec<ResolvedFilter>),
    /// A phrase means several values of the caller's rows.
    Ambiguous {
        /// The phrase.
        phrase: String,
        /// What it may mean, each as label and value.
        options: Vec<String>,
    },
    /// A phrase means nothing among the caller's rows.
    Nothing,
}

/// Looks every filter up in the sandbox.
pub(crate) async fn resolve(
    engine: &dyn Engine,
    plane: &Arc<SecurityPlane>,
    model: &SemanticModel,
    interpretation: &Interpretation,
) -> Result<Resolution, EngineError> {
    let mut bound = Vec::new();
    for (position, filter) in interpretation.filters.iter().enumerate() {
        let mut found = Vec::new();
        for field in &filter.fields {
            found.extend(matches(engine, plane, model, filter, field).await?);
        }
        match found.as_slice() {
            [] => return Ok(Resolution::Nothing),
            [(field, value)] => {
                let resolved = ResolvedFilter {
                    filter: position,
                    relation: field.dataset.clone(),
                    column: field.field.clone(),
                    value: value.clone(),
                };
                if let Some(other) = contradicted(&bound, &resolved, interpretation) {
                    let options =
                        [&other.value, value].map(|value| format!("{} {value}", label(model, field)));
                    return Ok(Resolution::Ambiguous {
                        phrase: filter.phrase.clone(),
                        options: options.into(),
                    });
                }
                bound.push(resolved);
            }
            several => {
                let options = several
                    .iter()
                    .take(OPTIONS_MAX)
                    .map(|(field, value)| format!("{} {value}", label(model, field)))
                    .collect();
                return Ok(Resolution::Ambiguous { phrase: filter.phrase.clone(), options });
            }
        }
    }
    Ok(Resolution::Bound(bound))
}

/// An earlier filter that wants another value of the same column: no row is both, so the sum would be
/// an empty answer to a question that nobody asked.
fn contradicted<'a>(
    bound: &'a [ResolvedFilter],
    resolved: &ResolvedFilter,
    interpretation: &Interpretation,
) -> Option<&'a ResolvedFilter> {
    let keeps = |position: usize| interpretation.filters.get(position).is_some_and(|filter| !filter.negated);
    bound.iter().find(|other| {
        keeps(other.filter)
            && keeps(resolved.filter)
            && (&other.relation, &other.column) == (&resolved.relation, &resolved.column)
            && other.value != resolved.value
    })
}

async fn matches(
    engine: &dyn Engine,
    plane: &Arc<SecurityPlane>,
    model: &SemanticModel,
    filter: &Filter,
    field: &FieldRef,
) -> Result<Vec<(FieldRef, String)>, EngineError> {
    if !is_searchable(plane, model, field) {
        return Ok(Vec::new());
    }
    let lookup = Lookup {
        plane: Arc::clone(plane),
        relation: field.dataset.clone(),
        columns: vec![field.field.clone()],
        matching: vec![Match::Phrase { column: field.field.clone(), phrase: filter.phrase.clone() }],
        limit: OPTIONS_MAX + 1,
    };
    let rows = engine.lookup(lookup).await?;
    let values = rows.into_iter().filter_map(|row| match row.into_iter().next() {
        Some(Cell::Text(text)) => Some((field.clone(), text)),
        Some(_) | None => None,
    });
    Ok(values.collect())
}

/// Whether the caller may find rows by this column: it is text, exposed, and not masked.
fn is_searchable(plane: &SecurityPlane, model: &SemanticModel, field: &FieldRef) -> bool {
    let exposed = plane
        .relation(&field.dataset)
        .and_then(|relation| relation.columns.iter().find(|column| column.name == field.field));
    let declared = model
        .datasets
        .iter()
        .find(|dataset| dataset.name == field.dataset)
        .and_then(|dataset| dataset.fields.iter().find(|candidate| candidate.name == field.field));
    let is_text = declared.is_some_and(|field| matches!(field.data_type, Some(DataType::String) | None));
    is_text && exposed.is_some_and(|column| column.mask.is_none())
}

fn label<'a>(model: &'a SemanticModel, field: &'a FieldRef) -> &'a str {
    model
        .datasets
        .iter()
        .find(|dataset| dataset.name == field.dataset)
        .and_then(|dataset| dataset.fields.iter().find(|candidate| candidate.name == field.field))
        .map_or(field.field.as_str(), |field| field.label.as_str())
}

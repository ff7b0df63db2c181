//! Resolves the interpretation's filters against the caller's own rows.
//!
//! One match is bound as a parameter, several give a question back, none gives the fixed answer of
//! "nothing by that name", which is the same for what does not exist and for what is not theirs.

use crate::builder::Sandbox;
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
    sandbox: &Sandbox,
    model: &SemanticModel,
    interpretation: &Interpretation,
) -> Result<Resolution, EngineError> {
    let mut bound = Vec::new();
    let phrases = |filter: &Filter| filter.phrases.clone().into_iter().enumerate();
    for (position, filter) in interpretation.filters.iter().enumerate() {
        for (at, phrase) in phrases(filter) {
            let mut found = Vec::new();
            for field in &filter.fields {
                found.extend(matches(engine, sandbox, model, &phrase, field).await?);
            }
            let named = |(field, value): &(FieldRef, String)| format!("{} {value}", label(model, field));
            let [(field, value)] = found.as_slice() else {
                if found.is_empty() {
                    return Ok(Resolution::Nothing);
                }
                let options = found.iter().take(OPTIONS_MAX).map(named).collect();
                return Ok(Resolution::Ambiguous { phrase, options });
            };
            let resolved = ResolvedFilter {
                filter: position,
                phrase: at,
                relation: field.dataset.clone(),
                column: field.field.clone(),
                value: value.clone(),
            };
            if let Some(other) = at_odds(&bound, &resolved, interpretation) {
                let (relation, column) = (other.relation.clone(), other.column.clone());
                let first = (FieldRef { dataset: relation, field: column }, other.value.clone());
                let second = (field.clone(), value.clone());
                return Ok(Resolution::Ambiguous { phrase, options: vec![named(&first), named(&second)] });
            }
            bound.push(resolved);
        }
    }
    Ok(Resolution::Bound(bound))
}

/// What does not go together with a filter: an earlier one that wants another value of the same column, since no
/// row is both and the sum would be an empty answer to a question that nobody asked; and a phrase that "or"
/// joins to it and that is a value of another column, since rows of either are no filter.
fn at_odds<'a>(
    bound: &'a [ResolvedFilter],
    resolved: &ResolvedFilter,
    interpretation: &Interpretation,
) -> Option<&'a ResolvedFilter> {
    let keeps = |position: usize| interpretation.filters.get(position).is_some_and(|filter| !filter.negated);
    let either = interpretation.filters.get(resolved.filter).is_some_and(|filter| filter.either);
    bound.iter().find(|other| {
        if other.filter == resolved.filter {
            return either && (&other.relation, &other.column) != (&resolved.relation, &resolved.column);
        }
        keeps(other.filter)
            && keeps(resolved.filter)
            && (&other.relation, &other.column) == (&resolved.relation, &resolved.column)
            && other.value != resolved.value
    })
}

async fn matches(
    engine: &dyn Engine,
    sandbox: &Sandbox,
    model: &SemanticModel,
    phrase: &str,
    field: &FieldRef,
) -> Result<Vec<(FieldRef, String)>, EngineError> {
    if !is_searchable(&sandbox.plane, model, field) {
        return Ok(Vec::new());
    }
    let lookup = Lookup {
        plane: Arc::clone(&sandbox.plane),
        relation: field.dataset.clone(),
        columns: vec![field.field.clone()],
        matching: vec![Match::Phrase { column: field.field.clone(), phrase: phrase.to_owned() }],
        limit: OPTIONS_MAX + 1,
        transaction: Some(sandbox.transaction.clone()),
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

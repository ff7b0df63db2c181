//! What a model gets to see of a task.
//!
//! Decides every value in a prompt. Each is taken by name, so that nothing is in a prompt because it
//! happened to be in a struct: no id, no role, no policy, no digest, no value of the warehouse but the
//! cells that are to be explained. How it is written down is for [`super::request`] to say.

mod explain;
mod interpretation;
mod output;
mod previous;
mod sql;

pub(super) use explain::explain;
pub(super) use sql::write_sql;

use crate::language_model::{RouteTask, ValidateTask};
use serde_json::{Value, json};
use splitplane_semantics::{Catalogue, Dataset, Field, FieldRef, Metric};
use splitplane_types::Question;

/// The data of a prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Input {
    /// What stays the same from question to question; `None` where nothing does.
    pub(super) context: Option<Value>,
    /// This question's own.
    pub(super) input: Value,
}

pub(super) fn validate(task: &ValidateTask<'_>) -> Input {
    let catalogue = task.catalogue;
    let mut datasets: Vec<(&Dataset, Vec<&Field>)> = Vec::new();
    let mut metrics = Vec::new();
    for metric in catalogue.metrics() {
        let dimensions = catalogue.dimensions_of(metric);
        let names: Vec<String> = dimensions.iter().map(|(of, field)| joined(&of.name, &field.name)).collect();
        for (dataset, field) in dimensions {
            add(&mut datasets, dataset, field);
        }
        metrics.push(metric_for_question(catalogue, metric, &names));
    }
    // In the order of the model, whichever metric came first.
    let model = catalogue.model();
    let place = |dataset: &Dataset| model.datasets.iter().position(|other| other.name == dataset.name);
    datasets.sort_by_key(|(dataset, _)| place(dataset));
    let datasets: Vec<Value> =
        datasets.into_iter().map(|(dataset, fields)| fields_of(dataset, &fields)).collect();
    let context = json!({ "metrics": metrics, "datasets": datasets });
    let previous = task.previous.and_then(|previous| previous::previous(previous, catalogue));
    let input = json!({
        "question": task.question.as_str(),
        "previous": previous,
        "asked_back": task.asked_back.map(Question::as_str),
    });
    Input { context: Some(context), input }
}

fn add<'a>(datasets: &mut Vec<(&'a Dataset, Vec<&'a Field>)>, dataset: &'a Dataset, field: &'a Field) {
    match datasets.iter_mut().find(|(known, _)| known.name == dataset.name) {
        Some((_, fields)) if fields.iter().any(|known| known.name == field.name) => {}
        Some((_, fields)) => fields.push(field),
        None => datasets.push((dataset, vec![field])),
    }
}

fn metric_for_question(catalogue: &Catalogue<'_>, metric: &Metric, dimensions: &[String]) -> Value {
    json!({
        "name": metric.name,
        "label": metric.label,
        "description": metric.description,
        "synonyms": metric.synonyms,
        "unit": metric.unit,
        "datasets": metric.grains,
        "has_periods": catalogue.has_time(metric),
        "adds_up": metric.is_additive(),
        "dimensions": dimensions,
    })
}

fn fields_of(dataset: &Dataset, fields: &[&Field]) -> Value {
    let fields: Vec<Value> = fields
        .iter()
        .map(|field| {
            json!({
                "name": joined(&dataset.name, &field.name),
                "label": field.label,
                "description": field.description,
                "synonyms": field.synonyms,
                "type": field.data_type.map(splitplane_types::DataType::as_str),
                "unit": field.unit,
                "is_time": field.holds_time(),
            })
        })
        .collect();
    json!({
        "name": dataset.name,
        "description": dataset.description,
        "synonyms": dataset.synonyms,
        "fields": fields,
    })
}

pub(super) fn route(task: &RouteTask<'_>) -> Input {
    let datasets: Vec<Value> = task
        .model
        .datasets
        .iter()
        .map(|dataset| json!({ "name": dataset.name, "description": dataset.description }))
        .collect();
    let relationships: Vec<Value> = task
        .model
        .relationships
        .iter()
        .map(|relationship| json!({ "from": relationship.from, "to": relationship.to }))
        .collect();
    let context = json!({ "datasets": datasets, "relationships": relationships });
    Input { context: Some(context), input: interpretation::interpretation(task.interpretation, task.model) }
}

fn qualified(field: &FieldRef) -> String {
    joined(&field.dataset, &field.field)
}

fn joined(dataset: &str, field: &str) -> String {
    format!("{dataset}.{field}")
}

#[cfg(test)]
mod tests;

//! Two made-up domains for tests: a lending library and a bike rental.

use crate::{
    Catalogue, Dimension, DraftInterpretation, FieldRef, Grain, Policy, RelationSchema, SemanticModel,
    parse_model, parse_policy,
};
use splitplane_types::{Column, DataType};

pub(crate) const LIBRARY_MODEL: &str = include_str!("../fixtures/library/model.yaml");
pub(crate) const LIBRARY_POLICY: &str = include_str!("../fixtures/library/policy.yaml");
pub(crate) const BIKES_MODEL: &str = include_str!("../fixtures/bikes/model.yaml");
pub(crate) const BIKES_POLICY: &str = include_str!("../fixtures/bikes/policy.yaml");

pub(crate) fn library() -> (SemanticModel, Policy) {
    world(LIBRARY_MODEL, LIBRARY_POLICY)
}

pub(crate) fn bikes() -> (SemanticModel, Policy) {
    world(BIKES_MODEL, BIKES_POLICY)
}

fn world(model: &str, policy: &str) -> (SemanticModel, Policy) {
    let model = parse_model("model.yaml", model).unwrap();
    let policy = parse_policy("policy.yaml", policy, &model).unwrap();
    (model, policy)
}

/// Every dataset of a model as a sandbox would show it to someone who sees all; a type that the model
/// does not declare is text.
pub(crate) fn relations(model: &SemanticModel) -> Vec<RelationSchema> {
    let column = |field: &crate::Field| Column {
        name: field.name.clone(),
        data_type: field.data_type.unwrap_or(DataType::String),
        unit: field.unit.clone(),
        masked: false,
    };
    let relation = |dataset: &crate::Dataset| RelationSchema {
        name: dataset.name.clone(),
        columns: dataset.fields.iter().map(column).collect(),
    };
    model.datasets.iter().map(relation).collect()
}

pub(crate) fn field(text: &str) -> FieldRef {
    let (dataset, field) = text.split_once('.').unwrap();
    FieldRef { dataset: dataset.to_owned(), field: field.to_owned() }
}

pub(crate) fn dimension(text: &str, grain: Option<Grain>) -> Dimension {
    Dimension { field: field(text), grain }
}

pub(crate) fn draft(metrics: &[&str]) -> DraftInterpretation {
    DraftInterpretation {
        metrics: metrics.iter().map(|name| (*name).to_owned()).collect(),
        dimensions: Vec::new(),
        filters: Vec::new(),
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: Vec::new(),
        limit: None,
    }
}

/// Names of the metrics that a catalogue shows.
pub(crate) fn metric_names(catalogue: &Catalogue<'_>) -> Vec<String> {
    catalogue.metrics().map(|metric| metric.name.clone()).collect()
}

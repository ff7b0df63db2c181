mod flow;
mod properties;
mod reading;
mod view;

use crate::{Imported, Kind, Options, import};
use splitplane_semantics::{SemanticModel, parse_model};

const CROSSINGS: &str = include_str!("../fixtures/ferries/crossings.yaml");
const NIGHTS: &str = include_str!("../fixtures/telescopes/nights.yml");
const NIGHT_METRICS: &str = include_str!("../fixtures/telescopes/metrics.yml");
const WELLS: &str = include_str!("../fixtures/wells/wells.yml");

fn files(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn view(text: &str) -> Imported {
    import(Kind::MetricView, &files(&[("view.yaml", text)]), &Options::default()).unwrap()
}

fn flow(text: &str) -> Imported {
    import(Kind::MetricFlow, &files(&[("flow.yml", text)]), &Options::default()).unwrap()
}

fn telescopes() -> Imported {
    let files = files(&[("nights.yml", NIGHTS), ("metrics.yml", NIGHT_METRICS)]);
    import(Kind::MetricFlow, &files, &Options::default()).unwrap()
}

fn model(imported: &Imported) -> SemanticModel {
    parse_model("imported.yaml", &imported.ossie_yaml).unwrap()
}

/// Names and expressions of the metrics.
fn metrics(imported: &Imported) -> Vec<(String, String)> {
    let metrics = model(imported).metrics;
    metrics.into_iter().map(|metric| (metric.name, metric.expression.to_string())).collect()
}

/// The expression of one metric.
fn metric(imported: &Imported, name: &str) -> String {
    let found = metrics(imported).into_iter().find(|(other, _)| other == name);
    found.unwrap_or_else(|| panic!("no metric `{name}`; notes: {:#?}", imported.notes)).1
}

/// Why something was not carried, or not wholly.
fn why(imported: &Imported, what: &str) -> String {
    let notes: Vec<&str> =
        imported.notes.iter().filter(|note| note.what == what).map(|note| note.why.as_str()).collect();
    assert_eq!(notes.len(), 1, "{what}: {:#?}\n{}", imported.notes, imported.ossie_yaml);
    notes[0].to_owned()
}

/// Fields of a dataset: name, expression, and whether it is a dimension (`d`), a time (`t`) or neither.
fn fields(imported: &Imported, dataset: &str) -> Vec<(String, String, char)> {
    let model = model(imported);
    let fields = &model.dataset(dataset).unwrap().fields;
    let line = |field: &splitplane_semantics::Field| {
        let expression = match &field.expression {
            splitplane_semantics::FieldExpression::Column(column) => column.clone(),
            splitplane_semantics::FieldExpression::Computed(expression) => expression.to_string(),
        };
        let role = match (field.is_dimension, field.is_time) {
            (_, true) => 't',
            (true, false) => 'd',
            (false, false) => ' ',
        };
        (field.name.clone(), expression, role)
    };
    fields.iter().map(line).collect()
}

fn relationships(imported: &Imported) -> Vec<String> {
    let text = |step: splitplane_semantics::Relationship| {
        format!(
            "{}({}) -> {}({})",
            step.from,
            step.from_columns.join(","),
            step.to,
            step.to_columns.join(",")
        )
    };
    model(imported).relationships.into_iter().map(text).collect()
}

//! What is doubtful in a semantic model that loads: joins that may multiply rows, times without a type, metrics
//! of which people are not told what they measure.

use super::{ModelDesk, holds_a_key, ticked};
use crate::{Metric, words_of};
use splitplane_types::DataType;
use sqlparser::ast::Expr;

const MODEL: &str = "semantic_model";

pub(super) fn lint(desk: ModelDesk<'_>) {
    joins(desk);
    times(desk);
    for metric in &desk.model.metrics {
        described(desk, metric);
    }
}

/// A join multiplies rows if its one side has several rows for one of the many side.
fn joins(desk: ModelDesk<'_>) {
    for relationship in &desk.model.relationships {
        let Some(one_side) = desk.model.dataset(&relationship.to) else { continue };
        let columns: Vec<&str> = relationship.to_columns.iter().map(String::as_str).collect();
        if holds_a_key(one_side, &columns) {
            continue;
        }
        let (name, dataset, list) = (&relationship.name, &one_side.name, ticked(columns.iter().copied()));
        let what = format!(
            "relationship `{name}` joins `{dataset}` by {list}, and no key of `{dataset}` says that these are \
             unique: rows that share them are joined several times, and metrics count them several times"
        );
        let columns = columns.join(", ");
        let remedy = if one_side.primary_key.is_empty() {
            format!("if no two rows share them, write `primary_key: [{columns}]` in `{dataset}`")
        } else {
            let key = ticked(one_side.primary_key.iter().map(String::as_str));
            format!(
                "join by the key {key}, or write `unique_keys: [[{columns}]]` in `{dataset}` if no two rows share them"
            )
        };
        desk.notes.warn("join-not-by-key", &[MODEL, "relationships", name, "to_columns"], what, remedy);
    }
}

fn times(desk: ModelDesk<'_>) {
    for dataset in &desk.model.datasets {
        for field in dataset.fields.iter().filter(|field| field.is_time) {
            let path = [MODEL, "datasets", &dataset.name, "fields", &field.name];
            let name = format!("`{}.{}`", dataset.name, field.name);
            match field.data_type {
                Some(DataType::Date | DataType::Timestamp | DataType::TimestampTz) => {}
                None => desk.notes.warn(
                    "time-without-type",
                    &path,
                    format!(
                        "{name} is a time and has no type, so the data decides whether periods apply to it"
                    ),
                    "write `datatype: Date`, `DateTime` or `DateTimeTz`".to_owned(),
                ),
                Some(_) => desk.notes.warn(
                    "time-of-wrong-type",
                    &[&path[..], &["datatype"]].concat(),
                    format!("{name} has the role of time and holds no time, so no period applies to it"),
                    "give it the type of its times, or write `dimension: {}`".to_owned(),
                ),
            }
        }
    }
}

/// Whether people are told what a metric measures, in what unit.
fn described(desk: ModelDesk<'_>, metric: &Metric) {
    let (name, path) = (&metric.name, [MODEL, "metrics", &metric.name]);
    if metric.description.is_empty() {
        desk.notes.warn(
            "metric-without-description",
            &path,
            format!("metric `{name}` has no description, so who is asked back sees its name alone"),
            "say in a sentence what it measures: `description: ..`".to_owned(),
        );
    }
    let Some((field, unit)) = unit_of_fields(desk, metric).filter(|_| metric.unit.is_none()) else { return };
    desk.notes.warn(
        "metric-without-unit",
        &path,
        format!("metric `{name}` has no unit, though its field {field} is in {unit}"),
        format!(
            "add `custom_extensions: [ {{ vendor_name: SPLITPLANE, data: '{{\"unit\": \"{unit}\"}}' }} ]`"
        ),
    );
}

/// The field and unit of an aggregate that keeps the unit of what it aggregates.
fn unit_of_fields(desk: ModelDesk<'_>, metric: &Metric) -> Option<(String, String)> {
    const KEEP: [&str; 6] = ["sum", "avg", "mean", "min", "max", "median"];
    let Expr::Function(call) = &metric.expression else { return None };
    let [field] = metric.fields.as_slice() else { return None };
    let unit = desk.model.field(field)?.unit.clone()?;
    let keeps = KEEP.contains(&words_of(&call.name.to_string()).as_str());
    // Anything but the bare field may change the unit.
    let bare = call.args.to_string() == format!("({}.{})", field.dataset, field.field);
    (keeps && bare).then(|| (format!("`{}.{}`", field.dataset, field.field), unit))
}

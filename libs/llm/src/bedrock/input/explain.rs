//! A result, as a model sees it that describes it.
//!
//! Decides how much of a result a model sees: the first rows, whole, of columns that are not masked.

use super::Input;
use super::interpretation::{Said, written};
use super::output::{Output, outputs};
use crate::language_model::ExplainTask;
use serde_json::{Value, json};
use splitplane_semantics::{Interpretation, Period, SemanticModel};
use splitplane_types::{Cell, Column};

/// Rows that a model may see.
const ROWS_MAX: usize = 50;
/// Bytes of all the rows that a model may see, as JSON.
const ROWS_BYTES_MAX: usize = 65_536;

pub(in super::super) fn explain(task: &ExplainTask<'_>) -> Input {
    let shown: Vec<bool> = task.table.columns.iter().map(|column| !column.masked).collect();
    let outputs = outputs(task.interpretation, task.model);
    let columns: Vec<Value> = task
        .table
        .columns
        .iter()
        .filter(|column| !column.masked)
        .map(|column| described(column, &outputs, task.model))
        .collect();
    let row = |row: &Vec<Cell>| -> Value {
        row.iter().zip(&shown).filter(|(_, is_shown)| **is_shown).map(|(cell, _)| value(cell)).collect()
    };
    // A cell is shown whole or not at all: a part of one would be another value.
    let mut bytes_left = ROWS_BYTES_MAX;
    let fits =
        |row: &Value| bytes_left.checked_sub(row.to_string().len()).map(|left| bytes_left = left).is_some();
    let rows: Vec<Value> = task.table.rows.iter().take(ROWS_MAX).map(row).take_while(fits).collect();
    let input = json!({
        "interpretation": asked(task.interpretation, task.model),
        "columns": columns,
        "rows": rows,
        "row_count": task.row_count,
    });
    Input { context: None, input }
}

fn asked(interpretation: &Interpretation, model: &SemanticModel) -> Value {
    let metric = |name: &String| {
        let metric = model.metric(name)?;
        Some(
            json!({ "name": metric.name, "label": metric.label, "unit": metric.unit, "adds_up": metric.is_additive() }),
        )
    };
    let metrics: Vec<Value> = interpretation.metrics.iter().filter_map(metric).collect();
    written(interpretation, Said { metrics: metrics.into(), times: None, period })
}

/// A period by its days, both included, which are what people read.
fn period(of: &Period) -> Value {
    json!({
        "first_day": of.first_day().to_string(),
        "last_day": of.last_day().to_string(),
        "label": of.label,
    })
}

fn described(column: &Column, outputs: &[Output], model: &SemanticModel) -> Value {
    let output = outputs.iter().find(|output| output.name == column.name);
    json!({
        "name": column.name,
        "type": column.data_type.as_str(),
        "unit": column.unit,
        "kind": output.map(|output| output.kind.name()),
        "label": output.map(|output| output.label(model)),
    })
}

/// Numbers are texts: JSON's own would lose digits.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) | Cell::Date(text) | Cell::Timestamp(text) => Value::String(text.clone()),
        Cell::Integer(number) => Value::String(number.to_string()),
        Cell::Decimal(number) => Value::String(number.to_string()),
        Cell::Float(number) => Value::String(number.to_string()),
        Cell::Boolean(truth) => Value::Bool(*truth),
    }
}

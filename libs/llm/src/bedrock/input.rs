//! What a model gets to see of a task.
//!
//! Decides every value in a prompt. Each is taken by name, so that nothing is in a prompt because it
//! happened to be in a struct: no id, no role, no policy, no digest, no value of the warehouse but the
//! cells that are to be explained. How it is written down is for [`super::request`] to say.

use crate::language_model::{ExplainTask, RouteTask, ValidateTask, WriteSqlTask};
use serde_json::{Map, Value, json};
use splitplane_semantics::{
    Catalogue, Dataset, Dimension, Field, FieldRef, Grain, Interpretation, Metric, SemanticModel, time_field,
};
use splitplane_types::Cell;

/// Rows that a model may see.
const ROWS_MAX: usize = 50;

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
    Input { context: Some(context), input: Value::String(task.question.as_str().to_owned()) }
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
        "dataset": metric.dataset(),
        "has_periods": catalogue.time_field_of(metric).is_some(),
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
    Input { context: Some(context), input: interpretation(task.interpretation, task.model) }
}

pub(super) fn write_sql(task: &WriteSqlTask<'_>) -> Input {
    let relations: Vec<Value> = task
        .relations
        .iter()
        .map(|relation| {
            let dataset = task.model.dataset(&relation.name);
            let columns: Vec<Value> = relation
                .columns
                .iter()
                .map(|column| {
                    let field = dataset.and_then(|dataset| dataset.field(&column.name));
                    json!({
                        "name": column.name,
                        "type": column.data_type.as_str(),
                        "unit": column.unit,
                        "masked": column.masked,
                        "description": field.map(|field| &field.description),
                    })
                })
                .collect();
            json!({ "name": relation.name, "columns": columns })
        })
        .collect();
    let filters: Vec<Value> = task
        .filters
        .iter()
        .map(|bound| {
            let filter = task.interpretation.filters.get(bound.filter);
            json!({
                "column": joined(&bound.relation, &bound.column),
                "parameter": bound.parameter,
                "negated": filter.is_some_and(|filter| filter.negated),
            })
        })
        .collect();
    let refusals: Vec<Value> = task
        .refusals
        .iter()
        .map(|refusal| json!({ "sql": refusal.sql, "reason": refusal.reason, "hint": refusal.hint }))
        .collect();
    let context = json!({ "relations": relations, "relationships": joins(task) });
    let interpretation = interpretation(task.interpretation, task.model);
    let input = json!({ "interpretation": interpretation, "filters": filters, "refusals": refusals });
    Input { context: Some(context), input }
}

pub(super) fn explain(task: &ExplainTask<'_>) -> Input {
    let shown: Vec<bool> = task.table.columns.iter().map(|column| !column.masked).collect();
    let columns: Vec<Value> = task
        .table
        .columns
        .iter()
        .filter(|column| !column.masked)
        .map(|column| json!({ "name": column.name, "type": column.data_type.as_str(), "unit": column.unit }))
        .collect();
    let row = |row: &Vec<Cell>| -> Value {
        row.iter().zip(&shown).filter(|(_, is_shown)| **is_shown).map(|(cell, _)| value(cell)).collect()
    };
    let rows: Vec<Value> = task.table.rows.iter().take(ROWS_MAX).map(row).collect();
    let input = json!({
        "interpretation": interpretation(task.interpretation, task.model),
        "columns": columns,
        "rows": rows,
        "row_count": task.row_count,
    });
    Input { context: None, input }
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

fn interpretation(asked: &Interpretation, model: &SemanticModel) -> Value {
    let metrics: Vec<&Metric> = asked.metrics.iter().filter_map(|name| model.metric(name)).collect();
    let dimensions: Vec<Value> =
        asked.dimensions.iter().map(|dimension| dimension_of(asked, dimension)).collect();
    let filters: Vec<Value> = asked
        .filters
        .iter()
        .map(|filter| {
            let fields: Vec<String> = filter.fields.iter().map(qualified).collect();
            json!({ "phrases": filter.phrases, "fields": fields, "negated": filter.negated })
        })
        .collect();
    let time = metrics.first().and_then(|metric| time_field(model, metric.dataset()));
    let period = asked.period.as_ref().map(|period| {
        json!({
            "time": time.as_ref().map(qualified),
            "from": period.from.to_string(),
            "to": period.to.to_string(),
            "zone": period.zone,
            "label": period.label,
        })
    });
    let order: Vec<Value> =
        asked.order.iter().map(|order| json!({ "by": order.by, "descending": order.descending })).collect();
    let metrics: Vec<Value> = metrics
        .into_iter()
        .map(|metric| {
            json!({
                "name": metric.name,
                "label": metric.label,
                "dataset": metric.dataset(),
                "expression": metric.expression.to_string(),
                "unit": metric.unit,
            })
        })
        .collect();
    let mut whole = Map::new();
    whole.insert("metrics".to_owned(), metrics.into());
    whole.insert("dimensions".to_owned(), dimensions.into());
    whole.insert("filters".to_owned(), filters.into());
    whole.insert("period".to_owned(), period.into());
    whole.insert("order".to_owned(), order.into());
    whole.insert("limit".to_owned(), asked.limit.into());
    Value::Object(whole)
}

fn dimension_of(asked: &Interpretation, dimension: &Dimension) -> Value {
    let grain = dimension.grain.map(Grain::name);
    let short = dimension.short_alias();
    let same = |other: &str| other.eq_ignore_ascii_case(&short);
    let clashes = asked.dimensions.iter().filter(|other| same(&other.short_alias())).count() > 1
        || asked.metrics.iter().any(|metric| same(metric));
    let alias = if clashes { format!("{}_{short}", dimension.field.dataset) } else { short };
    json!({ "field": qualified(&dimension.field), "grain": grain, "alias": alias })
}

/// The relationships whose every column is in the sandbox.
fn joins(task: &WriteSqlTask<'_>) -> Vec<Value> {
    let has = |name: &str, columns: &[String]| {
        let relation = task.relations.iter().find(|relation| relation.name == name);
        relation.is_some_and(|relation| {
            columns.iter().all(|name| relation.columns.iter().any(|column| column.name == *name))
        })
    };
    task.model
        .relationships
        .iter()
        .filter(|join| has(&join.from, &join.from_columns) && has(&join.to, &join.to_columns))
        .map(|join| {
            json!({
                "from": join.from,
                "to": join.to,
                "from_columns": join.from_columns,
                "to_columns": join.to_columns,
            })
        })
        .collect()
}

fn qualified(field: &FieldRef) -> String {
    joined(&field.dataset, &field.field)
}

fn joined(dataset: &str, field: &str) -> String {
    format!("{dataset}.{field}")
}

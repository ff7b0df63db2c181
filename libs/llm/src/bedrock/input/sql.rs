//! A sandbox, as a model sees it that writes SQL over it.
//!
//! Decides what of the sandbox a statement can be made of: relations, joins, conditions by parameter, and
//! the columns that the result must have.

use super::interpretation::interpretation;
use super::output::outputs;
use super::{Input, joined, qualified};
use crate::language_model::WriteSqlTask;
use jiff::civil::Date;
use serde_json::{Value, json};
use splitplane_semantics::{BoundFilter, Dimension, Grain};
use splitplane_types::DataType;

const MONTHS_OF_YEAR: i32 = 12;

pub(in super::super) fn write_sql(task: &WriteSqlTask<'_>) -> Input {
    let refusals: Vec<Value> = task
        .refusals
        .iter()
        .map(|refusal| json!({ "sql": refusal.sql, "reason": refusal.reason, "hint": refusal.hint }))
        .collect();
    let columns: Vec<Value> = outputs(task.interpretation, task.model)
        .into_iter()
        .map(|output| json!({ "name": output.name, "kind": output.kind.name(), "of": output.of }))
        .collect();
    let context = json!({ "relations": relations(task), "relationships": joins(task) });
    let input = json!({
        "interpretation": interpretation(task.interpretation, task.model),
        "columns": columns,
        "moved_by": moves(task),
        "filters": conditions(task),
        "refusals": refusals,
    });
    Input { context: Some(context), input }
}

fn relations(task: &WriteSqlTask<'_>) -> Vec<Value> {
    let relations = task.relations.iter().map(|relation| {
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
    });
    relations.collect()
}

/// One condition for each column of each filter, with a parameter for each of its values.
fn conditions(task: &WriteSqlTask<'_>) -> Vec<Value> {
    let mut conditions: Vec<(&BoundFilter, Vec<&str>)> = Vec::new();
    for bound in task.filters {
        let is_same = |other: &BoundFilter| {
            (other.filter, &other.relation, &other.column) == (bound.filter, &bound.relation, &bound.column)
        };
        match conditions.iter_mut().find(|(other, _)| is_same(other)) {
            Some((_, parameters)) => parameters.push(&bound.parameter),
            None => conditions.push((bound, vec![&bound.parameter])),
        }
    }
    let condition = |(bound, parameters): (&BoundFilter, Vec<&str>)| {
        let filter = task.interpretation.filters.get(bound.filter);
        json!({
            "column": joined(&bound.relation, &bound.column),
            "parameters": parameters,
            "negated": filter.is_some_and(|filter| filter.negated),
        })
    };
    conditions.into_iter().map(condition).collect()
}

/// How far the times of the period before are from where they stand beside the period asked about.
fn moves(task: &WriteSqlTask<'_>) -> Vec<Value> {
    let asked = task.interpretation;
    let (Some(period), Some(before)) = (&asked.period, &asked.comparison) else { return Vec::new() };
    let holds_time = |dimension: &&Dimension| {
        let relation = task.relations.iter().find(|relation| relation.name == dimension.field.dataset);
        let column = relation
            .and_then(|relation| relation.columns.iter().find(|column| column.name == dimension.field.field));
        column.is_some_and(|column| match column.data_type {
            DataType::Date | DataType::Timestamp | DataType::TimestampTz => true,
            DataType::String
            | DataType::Integer
            | DataType::Decimal
            | DataType::Float
            | DataType::Boolean => false,
        })
    };
    let (from, to) = (before.from.date(), period.from.date());
    let each = asked.dimensions.iter().filter(holds_time).map(|dimension| {
        let field = qualified(&dimension.field);
        match dimension.grain {
            None | Some(Grain::Day | Grain::Week) => json!({ "field": field, "days": days(from, to) }),
            Some(Grain::Month | Grain::Quarter | Grain::Year) => {
                json!({ "field": field, "months": months(from, to) })
            }
        }
    });
    each.collect()
}

fn days(from: Date, to: Date) -> Option<i32> {
    from.until(to).ok().map(|span| span.get_days())
}

fn months(from: Date, to: Date) -> i32 {
    let count = |day: Date| i32::from(day.year()) * MONTHS_OF_YEAR + i32::from(day.month());
    count(to) - count(from)
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

//! Relations as plans of Spark Connect: literals are literals of the plan, and what is read has no name.

use super::algebra::Algebra;
use super::keys::AnyOf;
use crate::connect::expression::{Value, column, function, literal, named, text};
use crate::connect::plan::{self, Files, JoinOn};
use crate::connect::wire::{Expression, Relation};
use crate::layout::{Format, Source};
use crate::types::{quoted, sql_type};
use arrow::datatypes::DataType as Arrow;

/// Makes plans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plans;

impl Algebra for Plans {
    type Relation = Relation;

    fn read(
        &mut self,
        source: &Source,
        path: &str,
        known: &[(String, Arrow)],
        columns: &[(String, Arrow)],
    ) -> Result<Relation, String> {
        if !source.table.is_empty() {
            return Ok(table(source));
        }
        let declared: &[(String, Arrow)] = match source.format {
            // A file's header is compared with these, place by place.
            Format::Csv => known,
            Format::Parquet | Format::Json | Format::Delta if columns.is_empty() => {
                known.get(..1).unwrap_or(known)
            }
            Format::Parquet | Format::Json | Format::Delta => columns,
        };
        let column = |(name, data_type): &(String, Arrow)| {
            let written =
                sql_type(data_type).ok_or_else(|| format!("a column of type {data_type} cannot be read"))?;
            Ok::<_, String>(format!("{} {written}", quoted(name)))
        };
        // Types are given, so that no row decides them.
        let schema = declared.iter().map(column).collect::<Result<Vec<_>, _>>()?.join(", ");
        Ok(files(source, path, (source.format != Format::Delta).then_some(schema)))
    }

    fn with_texts(&mut self, input: Relation, columns: &[&str], texts: &[(String, String)]) -> Relation {
        let literals = texts.iter().map(|(name, value)| (name.clone(), Value::Text(value.clone()))).collect();
        plan::with_literals(input, columns, literals)
    }

    fn having(&mut self, input: Relation, keys: &AnyOf) -> Relation {
        let all = |columns: &Vec<(String, Vec<Value>)>| {
            joined("and", columns.iter().map(|(name, values)| one_of(name, values)).collect())
        };
        let condition = joined("or", keys.iter().filter_map(all).collect());
        plan::filter(input, condition.unwrap_or_else(|| literal(Value::Boolean(false))))
    }

    fn semi_join(&mut self, left: Relation, right: Relation, condition: &str) -> Relation {
        plan::semi_join(left, right, JoinOn::Condition(text(condition)))
    }

    fn limit(&mut self, input: Relation, rows_max: i32) -> Relation {
        plan::limit(input, rows_max)
    }

    fn project(&mut self, input: Relation, expressions: &[(String, String)]) -> Relation {
        plan::project(input, expressions.iter().map(|(sql, name)| named(text(sql), name)).collect())
    }

    fn union_all(&mut self, left: Relation, right: Relation) -> Relation {
        plan::union_all(left, right)
    }

    fn empty(&mut self, columns: &[(String, String)]) -> Relation {
        let columns = columns.iter().map(|(name, written)| format!("{} {written}", quoted(name)));
        plan::empty(&columns.collect::<Vec<_>>().join(", "))
    }
}

/// A table of the engine's catalogue.
pub(crate) fn table(source: &Source) -> Relation {
    plan::named_table(&source.table.split('.').collect::<Vec<_>>())
}

fn one_of(name: &str, values: &[Value]) -> Expression {
    match values {
        [only] => function("==", vec![column(name), literal(only.clone())]),
        values => {
            let values = values.iter().cloned().map(literal);
            function("in", [column(name)].into_iter().chain(values).collect())
        }
    }
}

/// Conditions under one operator, as a balanced tree: an engine walks a long chain by recursion.
fn joined(operator: &str, mut conditions: Vec<Expression>) -> Option<Expression> {
    while conditions.len() > 1 {
        let mut halved = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut rest = conditions.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => function(operator, vec![left, right]),
                None => left,
            });
        }
        conditions = halved;
    }
    conditions.pop()
}

/// Files of a source's format.
pub(crate) fn files(source: &Source, path: &str, schema: Option<String>) -> Relation {
    let (format, options): (&str, &[(&str, &str)]) = match source.format {
        Format::Parquet => ("parquet", &[]),
        Format::Csv => ("csv", CSV),
        Format::Json => ("json", &[("mode", "FAILFAST")]),
        Format::Delta => ("delta", &[]),
    };
    plan::read_files(Files {
        format: format.to_owned(),
        schema,
        paths: vec![path.to_owned()],
        options: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    })
}

/// A source's folder, of which no file is looked into and no folder's name is read: it is there, or it is missing.
pub(crate) fn listed(source: &Source) -> Relation {
    plan::read_files(Files {
        format: "parquet".to_owned(),
        schema: Some("`there` STRING".to_owned()),
        paths: vec![source.path.clone()],
        options: vec![("recursiveFileLookup".to_owned(), "true".to_owned())],
    })
}

/// CSV as RFC 4180 has it.
const CSV: &[(&str, &str)] = &[
    ("header", "true"),
    ("inferSchema", "false"),
    ("enforceSchema", "false"),
    ("quote", "\""),
    ("escape", "\""),
    ("multiLine", "true"),
    ("mode", "FAILFAST"),
];

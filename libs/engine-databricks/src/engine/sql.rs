//! A relation of a sandbox as SQL text with parameters.
//!
//! Decides that no value of a scope and no key of a mask is in the text: each is a parameter with a type. Tables have
//! the three quoted parts of their configuration, columns are quoted, and every derived table has a generated name.

mod keys;

use super::tables;
use crate::statement::{Parameter, SqlType};
use arrow::datatypes::DataType as Arrow;
use splitplane_engine_spark::layout::Source;
use splitplane_engine_spark::scoped::{Algebra, AnyOf, at_least_one};
use splitplane_engine_spark::types::quoted;
use splitplane_spark_sql::{Kind, Refusal, masked_by, pads};
use splitplane_split_plane::ColumnMask;

/// A query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) text: String,
    /// A table without a condition: one may follow as it stands.
    is_bare: bool,
}

impl Query {
    const fn of(text: String) -> Self {
        Self { text, is_bare: false }
    }
}

/// Writes queries, and keeps what is bound to them.
#[derive(Debug, Default)]
pub(super) struct SqlText {
    values: Vec<Parameter>,
    pads: Vec<Parameter>,
    derived: usize,
}

impl SqlText {
    /// The values of scopes, and the keys of masks.
    pub(super) fn parameters(self) -> (Vec<Parameter>, Vec<Parameter>) {
        (self.values, self.pads)
    }

    /// Binds a value of a scope; its marker.
    fn value(&mut self, text: String, sql_type: SqlType) -> String {
        let name = format!("s{}", self.values.len());
        let marker = format!(":{name}");
        self.values.push(Parameter { name, value: Some(text), sql_type });
        marker
    }

    /// Binds a part of a mask's key; its marker.
    fn pad(&mut self, text: String) -> String {
        let name = format!("m{}", self.pads.len());
        let marker = format!(":{name}");
        self.pads.push(Parameter { name, value: Some(text), sql_type: SqlType::String });
        marker
    }

    /// The query under a name of its own.
    fn derived(&mut self, query: &Query) -> String {
        let at = self.derived;
        self.derived += 1;
        format!("({}) AS d{at}", query.text)
    }
}

fn listed(expressions: &[(String, String)]) -> String {
    let one = |(text, name): &(String, String)| {
        let name = quoted(name);
        if *text == name { name } else { format!("{text} AS {name}") }
    };
    expressions.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Algebra for SqlText {
    type Relation = Query;

    fn read(
        &mut self,
        source: &Source,
        path: &str,
        _known: &[(String, Arrow)],
        columns: &[(String, Arrow)],
    ) -> Result<Query, String> {
        if source.table.is_empty() {
            return Err("the source is no table".to_owned());
        }
        let wanted = columns.iter().map(|(name, _)| (quoted(name), name.clone())).collect();
        let text = format!("SELECT {} FROM {}", listed(&at_least_one(wanted)), tables::quoted(path));
        Ok(Query { text, is_bare: true })
    }

    fn with_texts(&mut self, input: Query, columns: &[&str], texts: &[(String, String)]) -> Query {
        let mut all: Vec<(String, String)> =
            columns.iter().map(|name| (quoted(name), (*name).to_owned())).collect();
        for (name, text) in texts {
            all.push((self.value(text.clone(), SqlType::String), name.clone()));
        }
        self.project(input, &all)
    }

    fn having(&mut self, input: Query, keys: &AnyOf) -> Query {
        let condition = self.condition(keys);
        if input.is_bare {
            return Query::of(format!("{} WHERE {condition}", input.text));
        }
        let from = self.derived(&input);
        Query::of(format!("SELECT * FROM {from} WHERE {condition}"))
    }

    fn semi_join(&mut self, left: Query, right: Query, condition: &str) -> Query {
        let (left, right) = (self.derived(&left), self.derived(&right));
        Query::of(format!("SELECT * FROM {left} LEFT SEMI JOIN {right} ON {condition}"))
    }

    fn limit(&mut self, input: Query, rows_max: i32) -> Query {
        let from = self.derived(&input);
        Query::of(format!("SELECT * FROM {from} LIMIT {rows_max}"))
    }

    fn project(&mut self, input: Query, expressions: &[(String, String)]) -> Query {
        let from = self.derived(&input);
        Query::of(format!("SELECT {} FROM {from}", listed(expressions)))
    }

    fn union_all(&mut self, left: Query, right: Query) -> Query {
        let (left, right) = (self.derived(&left), self.derived(&right));
        Query::of(format!("SELECT * FROM {left} UNION ALL SELECT * FROM {right}"))
    }

    fn empty(&mut self, columns: &[(String, String)]) -> Query {
        let null = |(name, written): &(String, String)| (format!("CAST(NULL AS {written})"), name.clone());
        let columns: Vec<_> = columns.iter().map(null).collect();
        Query::of(format!("SELECT {} WHERE FALSE", listed(&columns)))
    }

    fn masked(&mut self, text: &str, kind: Kind, mask: &ColumnMask) -> Result<(String, Kind), Refusal> {
        let ColumnMask::Hash(key) = mask else { return masked_by(text, kind, mask, ("", "")) };
        let (inner, outer) = pads(*key);
        let (inner, outer) = (self.pad(inner), self.pad(outer));
        masked_by(text, kind, mask, (&inner, &outer))
    }
}

#[cfg(test)]
mod tests;

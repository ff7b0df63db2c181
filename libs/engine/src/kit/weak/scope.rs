//! Whose rows: conditions of a plane over sources in memory, evaluated value by value.

use super::source::Source;
use crate::error::AnyError;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType as Arrow;
use splitplane_split_plane::{Condition, RowScope, ScopeValue};
use std::collections::{HashMap, HashSet};

/// Sources by name, and how their keys are compared.
pub(super) struct Scoping<'s> {
    pub(super) sources: &'s HashMap<String, Source>,
    /// Whether keys are compared trimmed and without case.
    pub(super) folded: bool,
}

type Tuple = Vec<String>;

impl Scoping<'_> {
    /// One flag per row, batch by batch.
    pub(super) fn mine(&self, source: &str, rows: &RowScope) -> Result<Vec<BooleanArray>, AnyError> {
        let source = self.sources.get(source).ok_or("no such source")?;
        let mut sets: Vec<(Vec<String>, HashSet<Tuple>)> = Vec::new();
        if let RowScope::All(conditions) = rows {
            for condition in conditions {
                sets.push(match condition {
                    Condition::Keys { columns, tuples } => {
                        let tuple =
                            |tuple: &Vec<ScopeValue>| tuple.iter().map(|v| self.folded(spelled(v))).collect();
                        (columns.clone(), tuples.iter().map(tuple).collect())
                    }
                    Condition::Exists { source, rows, by } => {
                        let (mine, theirs): (Vec<String>, Vec<String>) = by.iter().cloned().unzip();
                        (mine, self.existing(source, rows, &theirs)?)
                    }
                });
            }
        }
        let mut flags = Vec::with_capacity(source.batches.len());
        for batch in &source.batches {
            let mut kept = vec![true; batch.num_rows()];
            for (columns, set) in &sets {
                for (flag, tuple) in kept.iter_mut().zip(self.tuples(batch, columns)?) {
                    *flag &= tuple.is_some_and(|tuple| set.contains(&tuple));
                }
            }
            flags.push(BooleanArray::from(kept));
        }
        Ok(flags)
    }

    fn existing(
        &self,
        source: &str,
        rows: &RowScope,
        columns: &[String],
    ) -> Result<HashSet<Tuple>, AnyError> {
        let mine = self.mine(source, rows)?;
        let source = self.sources.get(source).ok_or("no such source")?;
        let mut found = HashSet::new();
        for (batch, mine) in source.batches.iter().zip(&mine) {
            let tuples = self.tuples(batch, columns)?;
            let kept = tuples.into_iter().zip(mine.iter()).filter(|(_, mine)| *mine == Some(true));
            found.extend(kept.filter_map(|(tuple, _)| tuple));
        }
        Ok(found)
    }

    /// Tuples as text; none where a part is NULL.
    fn tuples(&self, batch: &RecordBatch, columns: &[String]) -> Result<Vec<Option<Tuple>>, AnyError> {
        let mut tuples: Vec<Option<Tuple>> = vec![Some(Vec::new()); batch.num_rows()];
        for name in columns {
            let texts = cast(batch.column_by_name(name).ok_or("no such key")?, &Arrow::Utf8)?;
            let texts = texts.as_string::<i32>();
            for (row, tuple) in tuples.iter_mut().enumerate() {
                let text = texts.is_valid(row).then(|| self.folded(texts.value(row).to_owned()));
                *tuple = tuple.take().zip(text).map(|(tuple, text)| [tuple, vec![text]].concat());
            }
        }
        Ok(tuples)
    }

    fn folded(&self, text: String) -> String {
        if self.folded { text.trim().to_lowercase() } else { text }
    }
}

fn spelled(value: &ScopeValue) -> String {
    match value {
        ScopeValue::Text(text) | ScopeValue::Date(text) => text.clone(),
        ScopeValue::Integer(number) => number.to_string(),
    }
}

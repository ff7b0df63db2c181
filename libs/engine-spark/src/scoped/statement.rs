//! A statement over scoped relations: which of their columns it uses, what it is in the engine's SQL, and what has to be
//! true of what it read. The same for every engine of that SQL.

use super::{Check, Scoped};
use crate::types::quoted;
use splitplane_engine::{EngineError, Lookup};
use splitplane_spark_sql::{Relation, SparkStatement, statement};
use splitplane_split_plane::{GuardedQuery, ScopedRelation, SecurityPlane};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A relation of a plane.
///
/// # Errors
/// [`EngineError::Plan`] where the plane lacks it.
pub fn named<'p>(plane: &'p SecurityPlane, name: &str) -> Result<&'p ScopedRelation, EngineError> {
    plane.relation(name).ok_or_else(|| EngineError::plan("a relation that the plane lacks"))
}

/// The relations of a query, each with those of its columns that are used.
///
/// # Errors
/// See [`named`].
pub fn used<'p>(
    plane: &'p SecurityPlane,
    query: &GuardedQuery,
) -> Result<Vec<(&'p ScopedRelation, BTreeSet<String>)>, EngineError> {
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (relation, column) in query.columns() {
        columns.entry(relation).or_default().insert(column);
    }
    let names = query.relations().iter();
    names.map(|name| Ok((named(plane, name)?, columns.remove(name).unwrap_or_default()))).collect()
}

/// A query over planned relations, by the name of each.
///
/// # Errors
/// [`EngineError::Plan`] for what cannot be said without a failure.
pub fn translated<R>(
    query: &GuardedQuery,
    planned: &[(String, Scoped<R>)],
) -> Result<SparkStatement, EngineError> {
    let relation = |(name, scoped): &(String, Scoped<R>)| {
        let masked = scoped.columns.iter().filter(|shown| shown.is_masked);
        Relation {
            name: name.clone(),
            columns: scoped.columns.iter().map(|shown| (shown.name.clone(), shown.kind)).collect(),
            is_shared: !scoped.is_whole,
            masked: masked.map(|shown| shown.name.clone()).collect(),
        }
    };
    let relations: Vec<_> = planned.iter().map(relation).collect();
    statement(query, &relations).map_err(EngineError::plan)
}

/// The columns that a lookup reads: those that it returns, then one for each condition. `None` where no row can match.
///
/// # Errors
/// [`EngineError::Plan`] for a column that the relation lacks.
pub fn wanted<'l>(
    relation: &ScopedRelation,
    lookup: &'l Lookup,
) -> Result<Option<Vec<&'l String>>, EngineError> {
    let mut wanted: Vec<&String> = lookup.columns.iter().collect();
    for condition in &lookup.matching {
        let column = relation.columns.iter().find(|column| column.name == *condition.column());
        let column = column.ok_or_else(|| EngineError::plan("no such column"))?;
        // To say that a masked value matches would be to say what it is.
        if column.mask.is_some() {
            return Ok(None);
        }
        wanted.push(condition.column());
    }
    let is_missing = |name: &&&String| !relation.columns.iter().any(|column| column.name == ***name);
    if let Some(missing) = wanted.iter().find(is_missing) {
        return Err(EngineError::plan(format!("no such column: {missing}")));
    }
    Ok(Some(wanted))
}

/// Distinct tuples of columns of a relation, as SQL. Names are the plane's.
#[must_use]
pub fn distinct(columns: &[&String], from: &str) -> String {
    let columns: Vec<String> =
        columns.iter().enumerate().map(|(at, name)| format!("{} AS c{at}", quoted(name))).collect();
    format!("SELECT DISTINCT {} FROM {from}", columns.join(", "))
}

impl<R> Check<R> {
    /// The condition that is true of a row which would lose a value, if any can.
    #[must_use]
    pub fn loss(&self) -> Option<String> {
        (!self.loses.is_empty()).then(|| self.loses.join(" OR "))
    }

    /// Whether the answer is whole, by the number of rows and of those that would lose a value.
    ///
    /// # Errors
    /// [`EngineError::MemoryExceeded`] where the barrier may have cut rows off, [`EngineError::Warehouse`] where a value
    /// is not of its declared type.
    pub fn judge(
        &self,
        [rows, lost]: [i64; 2],
        barrier_rows: i32,
        sources: &[&str],
    ) -> Result<(), EngineError> {
        if self.is_barred && rows >= i64::from(barrier_rows) {
            return Err(EngineError::MemoryExceeded { cause: Arc::new(Cut) });
        }
        if lost > 0 {
            let cause = "a value is not of its declared type";
            return Err(EngineError::warehouse(&sources.join(", "), cause));
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a relation has as many rows as its barrier lets through")]
struct Cut;

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_engine::Match;
    use splitplane_split_plane::{ColumnExpression, ColumnMask, RowScope, ScopedColumn};

    #[test]
    fn no_row_matches_by_a_masked_column_and_a_column_that_is_not_there_is_an_error() {
        let column = |name: &str, mask| ScopedColumn {
            name: name.to_owned(),
            expression: ColumnExpression::Physical(name.to_owned()),
            data_type: None,
            unit: None,
            mask,
        };
        let relation = ScopedRelation {
            name: "loans".to_owned(),
            source: "loans".to_owned(),
            columns: vec![column("town", None), column("phone", Some(ColumnMask::Last(4)))],
            rows: RowScope::Public { reason: "hangs on every wall".to_owned() },
        };
        let plane = Arc::new(SecurityPlane::new(vec![relation.clone()]).unwrap());
        let lookup = |shown: &str, matched: &str| Lookup {
            plane: Arc::clone(&plane),
            relation: "loans".to_owned(),
            columns: vec![shown.to_owned()],
            matching: vec![Match::Phrase { column: matched.to_owned(), phrase: "1".to_owned() }],
            limit: 1,
            transaction: None,
        };
        let found = lookup("phone", "town");
        assert_eq!(wanted(&relation, &found).unwrap(), Some(vec![&"phone".to_owned(), &"town".to_owned()]));
        assert_eq!(wanted(&relation, &lookup("town", "phone")).unwrap(), None);
        assert!(wanted(&relation, &lookup("town", "street")).is_err());
        assert!(wanted(&relation, &lookup("street", "town")).is_err());
    }

    #[test]
    fn an_answer_is_whole_below_the_barrier_and_where_nothing_was_lost() {
        let check = |is_barred| Check { rows: (), loses: Vec::new(), is_barred };
        assert!(check(true).judge([9, 0], 10, &["a"]).is_ok());
        assert!(check(false).judge([10, 0], 10, &["a"]).is_ok());
        let cut = check(true).judge([10, 0], 10, &["a"]);
        assert!(matches!(cut, Err(EngineError::MemoryExceeded { .. })));
        let lost = check(false).judge([1, 1], 10, &["a", "b"]);
        assert!(matches!(lost, Err(EngineError::Warehouse { name, .. }) if name == "a, b"));
    }
}

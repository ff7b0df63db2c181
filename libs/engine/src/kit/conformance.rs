//! Whether another engine means by a statement what the embedded one means: both run it in the same world.
//!
//! Decides what counts as the same: names and types of columns, and values to the last digit of a decimal. Doubles may
//! differ in the tenth digit, since engines add in different orders; rows without an ORDER BY may come in any.

use super::guarded::Guarded;
use super::subject::Observation;
use splitplane_types::{Cell, Table};
use std::fmt;

/// How two engines compare in one statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// They mean the same.
    Same,
    /// Neither has a result, for reasons of the same class.
    Neither(String),
    /// They differ.
    Differs {
        /// What the reference gives.
        reference: String,
        /// What the other gives.
        other: String,
    },
}

impl Verdict {
    /// Whether nobody could tell the engines apart by the statement.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        matches!(self, Self::Same | Self::Neither(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.write_str("the same"),
            Self::Neither(class) => write!(f, "neither: {class}"),
            Self::Differs { reference, other } => write!(f, "{reference}\n    but {other}"),
        }
    }
}

/// Runs a statement of the caller on both.
pub async fn compare(reference: &Guarded, other: &Guarded, sql: &str) -> Verdict {
    let is_ordered = sql.contains(" ORDER BY ");
    match (reference.table(sql).await, other.table(sql).await) {
        (Ok(one), Ok(two)) => match difference(&one, &two, is_ordered) {
            None => Verdict::Same,
            Some((reference, other)) => Verdict::Differs { reference, other },
        },
        (Err(one), Err(two)) if class(&one) == class(&two) => Verdict::Neither(class(&one)),
        (one, two) => Verdict::Differs { reference: told(&one), other: told(&two) },
    }
}

fn class(seen: &Observation) -> String {
    match seen {
        Observation::Rows { .. } => "rows".to_owned(),
        Observation::Failed { class, .. } => class.clone(),
        Observation::Refused { kind, .. } => kind.clone(),
    }
}

fn told(outcome: &Result<Table, Observation>) -> String {
    match outcome {
        Ok(table) => format!("{} rows", table.rows.len()),
        Err(seen) => seen.to_string(),
    }
}

/// The first place in which two results differ.
fn difference(one: &Table, two: &Table, is_ordered: bool) -> Option<(String, String)> {
    let columns = |table: &Table| {
        let column = |column: &splitplane_types::Column| {
            let masked = if column.masked { " masked" } else { "" };
            format!("{} {}{masked}", column.name, column.data_type.as_str())
        };
        table.columns.iter().map(column).collect::<Vec<_>>().join(", ")
    };
    let (first, second) = (columns(one), columns(two));
    if first != second {
        return Some((first, second));
    }
    let (first, second) = (rows(one, is_ordered), rows(two, is_ordered));
    if first.len() != second.len() {
        return Some((format!("{} rows", first.len()), format!("{} rows", second.len())));
    }
    let differ = |(a, b): &(&Vec<Cell>, &Vec<Cell>)| !a.iter().zip(b.iter()).all(|(a, b)| same(a, b));
    let (a, b) = first.iter().zip(&second).find(differ)?;
    Some((format!("{a:?}"), format!("{b:?}")))
}

fn rows(table: &Table, is_ordered: bool) -> Vec<Vec<Cell>> {
    let mut rows = table.rows.clone();
    if !is_ordered {
        rows.sort_by_cached_key(|row| row.iter().map(sorting).collect::<Vec<_>>());
    }
    rows
}

/// A text by which rows are sorted; close doubles have one.
fn sorting(cell: &Cell) -> String {
    match cell {
        Cell::Float(value) => format!("{value:.8e}"),
        Cell::Decimal(value) => value.normalized(0).to_string(),
        Cell::Null
        | Cell::Text(_)
        | Cell::Integer(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => format!("{cell:?}"),
    }
}

/// Doubles are the same to nine digits.
const DOUBLES_APART_MAX: f64 = 1e-9;

fn same(one: &Cell, two: &Cell) -> bool {
    match (one, two) {
        (Cell::Float(a), Cell::Float(b)) => {
            (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= DOUBLES_APART_MAX * a.abs().max(b.abs())
        }
        (Cell::Decimal(a), Cell::Decimal(b)) => a.normalized(0) == b.normalized(0),
        (one, two) => one == two,
    }
}

#[cfg(test)]
mod tests {
    use super::super::corpus::CORPUS;
    use super::super::guarded::Embedded;
    use super::super::world::{Copy, Storage, World};
    use super::*;
    use crate::tests::fixture::folder;
    use splitplane_types::{Column, DataType};
    use std::collections::BTreeSet;

    fn table(data_type: DataType, cells: Vec<Cell>) -> Table {
        let column = Column { name: "x".to_owned(), data_type, unit: None, masked: false };
        Table { columns: vec![column], rows: cells.into_iter().map(|cell| vec![cell]).collect() }
    }

    #[test]
    fn values_types_and_order_count_and_the_last_digits_of_doubles_do_not() {
        let floats =
            |values: &[f64]| table(DataType::Float, values.iter().map(|v| Cell::Float(*v)).collect());
        assert_eq!(difference(&floats(&[0.1, 2.0]), &floats(&[0.1 + 1e-13, 2.0]), true), None);
        assert!(difference(&floats(&[0.1, 2.0]), &floats(&[0.1 + 1e-6, 2.0]), true).is_some());
        assert!(difference(&floats(&[0.1, 2.0]), &floats(&[2.0, 0.1]), true).is_some());
        assert_eq!(difference(&floats(&[0.1, 2.0]), &floats(&[2.0, 0.1]), false), None);
        assert!(difference(&floats(&[0.1]), &floats(&[0.1, 2.0]), false).is_some());
        let integers = table(DataType::Integer, vec![Cell::Integer(1)]);
        assert!(difference(&integers, &floats(&[1.0]), true).is_some());
        let null = table(DataType::Integer, vec![Cell::Null]);
        assert!(difference(&integers, &null, true).is_some());
    }

    #[tokio::test]
    async fn every_statement_of_the_corpus_has_a_result_on_the_embedded_engine() {
        let names: BTreeSet<_> = CORPUS.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), CORPUS.len());
        let world = World::of(500, Storage::File);
        let folder = folder();
        world.write(folder.path(), Copy::Whole).unwrap();
        let guarded = Embedded::default().guarded(&world, folder.path()).await.unwrap();
        let mut without = Vec::new();
        for (name, sql) in CORPUS {
            match guarded.table(sql).await {
                Ok(table) if !table.rows.is_empty() => {}
                other => without.push(format!("{name}: {other:?}")),
            }
            assert!(compare(&guarded, &guarded, sql).await.agrees(), "{name}");
        }
        assert!(without.is_empty(), "{without:#?}");
    }
}

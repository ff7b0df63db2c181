//! Values among the caller's own rows: what filters are resolved with, and coverage is counted from.

use crate::convert;
use crate::datafusion_engine::Shared;
use crate::interrupt::Interrupt;
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use crate::{EngineError, Lookup, Match};
use arrow::array::RecordBatch;
use splitplane_types::Cell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) fn lookup(
    shared: &Shared,
    lookup: &Lookup,
    interrupt: &Interrupt,
) -> Result<Vec<Vec<Cell>>, EngineError> {
    let relation =
        lookup.plane.relation(&lookup.relation).ok_or_else(|| EngineError::plan("no such relation"))?;
    let keep = shared.keep_for(&lookup.plane);
    let scan = Arc::new(ScopedScan::resolve(&shared.warehouse, relation, keep)?);
    let find = |name: &String| {
        let at = relation.columns.iter().position(|column| column.name == *name);
        at.ok_or_else(|| EngineError::plan("no such column"))
    };
    let mut wanted = lookup.columns.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let shown = wanted.len();
    for condition in &lookup.matching {
        let column = find(condition.column())?;
        // To say that a masked value matches would be to say what it is.
        if scan.is_masked(column) {
            return Ok(Vec::new());
        }
        wanted.push(column);
    }
    let mut found = Found::new(shown, &lookup.matching, lookup.limit);
    for batch in scan.rows(wanted, &Tests::default(), shared.context(interrupt))? {
        found.add(&batch?)?;
    }
    Ok(found.tuples())
}

/// Distinct tuples of rows that meet conditions, the smallest of them.
#[derive(Debug)]
pub struct Found<'m> {
    shown: usize,
    matching: &'m [Match],
    limit: usize,
    tuples: BTreeSet<Tuple>,
}

impl<'m> Found<'m> {
    /// None yet. Batches are to hold `shown` columns, then one for each condition.
    #[must_use]
    pub const fn new(shown: usize, matching: &'m [Match], limit: usize) -> Self {
        Self { shown, matching, limit, tuples: BTreeSet::new() }
    }

    /// Adds the rows of a batch that meet every condition.
    ///
    /// # Errors
    /// [`EngineError::Plan`] for a column of a type that no result has.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), EngineError> {
        for mut row in convert::cells(batch)? {
            let tested = row.split_off(self.shown);
            if self.matching.iter().zip(&tested).all(|(condition, cell)| condition.holds(cell)) {
                self.tuples.insert(Tuple(row));
            }
            // The smallest are kept, so that what a limit leaves out does not depend on the order of rows.
            if self.tuples.len() > self.limit {
                self.tuples.pop_last();
            }
        }
        Ok(())
    }

    /// The tuples, sorted.
    #[must_use]
    pub fn tuples(self) -> Vec<Vec<Cell>> {
        self.tuples.into_iter().map(|tuple| tuple.0).collect()
    }
}

impl Match {
    /// The column that it is on.
    #[must_use]
    pub fn column(&self) -> &String {
        match self {
            Self::Phrase { column, .. } | Self::Exactly { column, .. } | Self::NoneOf { column, .. } => {
                column
            }
        }
    }

    fn holds(&self, cell: &Cell) -> bool {
        match self {
            _ if *cell == Cell::Null => false,
            Self::Phrase { phrase, .. } => folded(&text(cell)) == folded(phrase),
            Self::Exactly { value, .. } => cell == value,
            Self::NoneOf { values, .. } => !values.contains(cell),
        }
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) | Cell::Date(text) | Cell::Timestamp(text) => text.clone(),
        Cell::Integer(value) => value.to_string(),
        Cell::Decimal(value) => value.normalized(0).to_string(),
        Cell::Float(value) => value.to_string(),
        Cell::Boolean(value) => value.to_string(),
    }
}

/// A row in the order of its values; NULL first, as everywhere.
#[derive(Debug)]
struct Tuple(Vec<Cell>);

impl Ord for Tuple {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|(a, b)| order(a, b))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Tuple {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Tuple {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Tuple {}

fn order(a: &Cell, b: &Cell) -> Ordering {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b))
        | (Cell::Date(a), Cell::Date(b))
        | (Cell::Timestamp(a), Cell::Timestamp(b)) => a.cmp(b),
        (Cell::Integer(a), Cell::Integer(b)) => a.cmp(b),
        (Cell::Decimal(a), Cell::Decimal(b)) => a.cmp(b),
        (Cell::Float(a), Cell::Float(b)) => a.total_cmp(b),
        (Cell::Boolean(a), Cell::Boolean(b)) => a.cmp(b),
        (a, b) => kind(a).cmp(&kind(b)),
    }
}

const fn kind(cell: &Cell) -> u8 {
    match cell {
        Cell::Null => 0,
        Cell::Boolean(_) => 1,
        Cell::Integer(_) => 2,
        Cell::Decimal(_) => 3,
        Cell::Float(_) => 4,
        Cell::Date(_) => 5,
        Cell::Timestamp(_) => 6,
        Cell::Text(_) => 7,
    }
}

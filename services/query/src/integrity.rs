//! Whether two results say the same: that of the statement compiled from what was asked, and that of the
//! statement which a model wrote for it.
//!
//! Rows are set side by side by their dimensions. Order is left aside, and so are ties where a limit cuts
//! among rows of the same figure; numbers are equal to 1e-9. Which of the two is the answer is not decided
//! here: it is always the compiled one.

use splitplane_semantics::{Derived, Interpretation};
use splitplane_types::{Cell, Table};
use std::collections::BTreeMap;

/// How far two numbers may be apart, of the larger one.
const RELATIVE: f64 = 1e-9;
/// How far two percentages may be apart: they are rounded to two digits, and a model may not round.
const PERCENT: f64 = 0.005 + RELATIVE;

/// How the results differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// Other columns.
    Columns,
    /// Rows that the other has not.
    Rows,
    /// Other figures in the same rows.
    Values,
    /// The draft went over a limit that the answer kept.
    Limits,
}

impl Difference {
    /// The name, on the wire and in metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Rows => "rows",
            Self::Values => "values",
            Self::Limits => "limits",
        }
    }
}

type Key = Vec<String>;
type Figures<'t> = Vec<&'t Cell>;

/// Where a draft's result differs from the answer, if it does.
pub(crate) fn difference(asked: &Interpretation, answer: &Table, draft: &Table) -> Option<Difference> {
    let Some(order) = columns(answer, draft) else { return Some(Difference::Columns) };
    let dimensions = asked.dimensions.len();
    let in_place: Vec<usize> = (0..answer.columns.len()).collect();
    let (ours, theirs) = (keyed(answer, &in_place, dimensions), keyed(draft, &order, dimensions));
    if answer.rows.len() != draft.rows.len() {
        return Some(Difference::Rows);
    }
    let tie = tie(asked, answer, dimensions);
    for (mine, other) in [(&ours, &theirs), (&theirs, &ours)] {
        for (key, rows) in mine.iter() {
            let matched = other.get(key).map_or(0, Vec::len);
            let is_tied = |figures: &Figures<'_>| {
                tie.is_some_and(|(column, last)| {
                    figures.get(column).is_some_and(|figure| is_same(figure, last))
                })
            };
            // A row that only one side has may be one of several that a limit chooses among.
            if rows.len() > matched && !rows.iter().all(is_tied) {
                return Some(Difference::Rows);
            }
        }
    }
    let percent: Vec<bool> = figures(asked).map(is_percent).collect();
    let differs = |key: &Key, rows: &Vec<Figures<'_>>| {
        let Some(others) = theirs.get(key).filter(|others| others.len() == rows.len()) else { return false };
        !rows.iter().zip(others).all(|(mine, other)| is_same_row(mine, other, &percent))
    };
    ours.iter().any(|(key, rows)| differs(key, rows)).then_some(Difference::Values)
}

/// The position in the draft of each column of the answer: by its name, or by its place where the draft has other
/// names.
fn columns(answer: &Table, draft: &Table) -> Option<Vec<usize>> {
    if answer.columns.len() != draft.columns.len() {
        return None;
    }
    let named = |name: &str| draft.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    let by_name: Option<Vec<usize>> = answer.columns.iter().map(|column| named(&column.name)).collect();
    Some(by_name.unwrap_or_else(|| (0..answer.columns.len()).collect()))
}

/// Rows by their dimensions, each with its figures.
fn keyed<'t>(table: &'t Table, order: &[usize], dimensions: usize) -> BTreeMap<Key, Vec<Figures<'t>>> {
    let mut rows: BTreeMap<Key, Vec<Figures<'t>>> = BTreeMap::new();
    for row in &table.rows {
        let mut cells = order.iter().filter_map(|position| row.get(*position));
        let key = cells.by_ref().take(dimensions).map(text).collect();
        rows.entry(key).or_default().push(cells.collect());
    }
    rows
}

/// The figure by which rows are ranked, and its value in the last row that a limit left.
fn tie<'t>(asked: &Interpretation, answer: &'t Table, dimensions: usize) -> Option<(usize, &'t Cell)> {
    asked.limit?;
    let by = &asked.order.first()?.by;
    let column = answer.columns.iter().skip(dimensions).position(|column| column.name == *by)?;
    Some((column, answer.rows.last()?.get(dimensions + column)?))
}

/// What each figure column is, in order.
fn figures(asked: &Interpretation) -> impl Iterator<Item = Option<Derived>> {
    let derived = asked.derived();
    let of_metric: Vec<Option<Derived>> =
        std::iter::once(None).chain(derived.into_iter().map(Some)).collect();
    let count = asked.metrics.len() * of_metric.len();
    of_metric.into_iter().cycle().take(count)
}

const fn is_percent(derived: Option<Derived>) -> bool {
    matches!(derived, Some(Derived::Growth | Derived::Share))
}

fn is_same_row(mine: &Figures<'_>, other: &Figures<'_>, percent: &[bool]) -> bool {
    mine.len() == other.len()
        && mine.iter().zip(other).enumerate().all(|(at, (mine, other))| {
            let percent = percent.get(at).copied().unwrap_or(false);
            if percent { is_near(mine, other) } else { is_same(mine, other) }
        })
}

fn is_near(mine: &Cell, other: &Cell) -> bool {
    match (number(mine), number(other)) {
        (Some(mine), Some(other)) => (mine - other).abs() <= PERCENT,
        (None, _) | (_, None) => mine == other,
    }
}

fn is_same(mine: &Cell, other: &Cell) -> bool {
    match (number(mine), number(other)) {
        (Some(mine), Some(other)) => {
            mine == other || (mine - other).abs() <= RELATIVE * mine.abs().max(other.abs())
        }
        (None, None) => text(mine) == text(other),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(number) => number.to_string().parse().ok(),
        Cell::Decimal(number) => Some(number.to_f64()),
        Cell::Float(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Boolean(_) | Cell::Date(_) | Cell::Timestamp(_) => None,
    }
}

/// A value in one spelling: midnight of a day is the day.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Text(text) => format!("text {text}"),
        Cell::Integer(number) => format!("number {number}"),
        Cell::Decimal(number) => format!("number {}", number.normalized(0)),
        Cell::Float(number) => format!("number {number}"),
        Cell::Boolean(truth) => format!("truth {truth}"),
        Cell::Date(date) => format!("time {date}"),
        Cell::Timestamp(at) => format!("time {}", at.strip_suffix("T00:00:00").unwrap_or(at)),
    }
}

#[cfg(test)]
mod tests;

//! The analysis that needs no model: cells and counts, nothing else.
//!
//! Decides what is worth saying, and says what it leaves out. What is told of a comparison stands in
//! [`compared`].

mod compared;

use crate::display::{display_cell, display_name, display_number};
use crate::facts::Facts;
use crate::measure::{Measure, When};
use crate::prove::{Context, ProvedNarrative};
use splitplane_types::{Cell, Table};

/// Rows that are written out.
const ROWS_SHOWN_MAX: usize = 3;

/// Longer names are cut, and end in dots.
const NAME_CHARS_MAX: usize = 80;

/// Writes an analysis of `table` from its cells. It claims no order and no total, but for the largest rise
/// and the largest fall of a comparison.
#[must_use]
pub fn template(table: &Table, context: &Context) -> ProvedNarrative {
    let facts = Facts::of(table, context);
    let period = context.period.as_ref().map_or_else(String::new, |(from, to)| format!("{from} to {to}"));
    if table.rows.is_empty() || context.row_count == 0 {
        let lead = if period.is_empty() { period } else { format!("{period}: ") };
        return ProvedNarrative::from_cells(format!("{lead}no rows."));
    }
    let mut sentences = if facts.is_compared() { compared::sentences(&facts) } else { plain(&facts) };
    sentences.extend(asked(&facts));
    let lead = if period.is_empty() { period } else { format!("{period}{}: ", compared::against(&facts)) };
    let text = format!("{lead}{}", sentences.join(" "));
    ProvedNarrative::from_cells(with_cut(text, table, context))
}

/// Says that rows are missing, where they are, whoever wrote the text.
pub(crate) fn with_cut(text: String, table: &Table, context: &Context) -> String {
    if table.rows.len() >= context.row_count {
        return text;
    }
    let (here, all) = (display_count(table.rows.len()), display_count(context.row_count));
    let note = format!("Only the first {here} of {all} rows are shown.");
    if text.ends_with(&note) { text } else { format!("{text} {note}") }
}

/// Says that there may be more rows than were asked for.
fn asked(facts: &Facts<'_>) -> Option<String> {
    let rows = facts.table.rows.len();
    let noun = if rows == 1 { "row" } else { "rows" };
    facts.context.limited.then(|| format!("No more than {} {noun} were asked for.", display_count(rows)))
}

/// The first rows, one after the other.
fn plain(facts: &Facts<'_>) -> Vec<String> {
    let count = facts.context.row_count;
    let mut sentences: Vec<String> = (count > 1).then(|| counted(count)).into_iter().collect();
    let rows: Vec<String> =
        (0..facts.table.rows.len().min(ROWS_SHOWN_MAX)).map(|row| one_row(row, facts)).collect();
    sentences.push(format!("{}.", rows.join("; ")));
    sentences.extend((facts.table.rows.len() > ROWS_SHOWN_MAX).then(others));
    sentences
}

fn counted(count: usize) -> String {
    format!("{} rows.", display_count(count))
}

fn others() -> String {
    "The other rows are in the table.".to_owned()
}

fn display_count(count: usize) -> String {
    i64::try_from(count)
        .map_or_else(|_beyond| count.to_string(), |count| display_cell(&Cell::Integer(count), None))
}

fn one_row(row: usize, facts: &Facts<'_>) -> String {
    let figures: Vec<String> = facts
        .measures
        .iter()
        .map(|measure| {
            format!("{} {}{}", measure.label(), amount(measure, When::Now, row), share(measure, row))
        })
        .collect();
    let name = name(row, facts);
    match (name.is_empty(), figures.is_empty()) {
        (true, _) => figures.join(", "),
        (false, true) => name,
        (false, false) => format!("{name}: {}", figures.join(", ")),
    }
}

/// What part of the whole a row is, where the result says so.
fn share(measure: &Measure, row: usize) -> String {
    measure
        .share_cell(row)
        .map_or_else(String::new, |share| format!(" ({} % of the total)", share.rounded(1).normalized(1)))
}

fn amount(measure: &Measure, when: When, row: usize) -> String {
    measure
        .value(when, row)
        .map_or_else(|| "unknown".to_owned(), |value| display_number(value, measure.unit.as_deref()))
}

/// The cells that name a row, in quotes: they may read like anything.
fn name(row: usize, facts: &Facts<'_>) -> String {
    let cells = facts.table.rows.get(row).into_iter().flatten().zip(&facts.table.columns).enumerate();
    let names = cells.filter(|(index, _)| facts.is_name(*index)).map(|(_, (cell, column))| {
        let text = display_name(cell, column.unit.as_deref());
        let clipped: String = text.chars().take(NAME_CHARS_MAX).collect();
        let dots = if clipped.len() < text.len() { "..." } else { "" };
        format!("\"{clipped}{dots}\"")
    });
    names.collect::<Vec<_>>().join(", ")
}

//! The analysis that needs no model: cells and counts, nothing else.

use crate::display::display_cell;
use crate::facts::words_of;
use crate::prove::{Context, ProvedNarrative};
use splitplane_types::{Cell, Column, Table};

/// Rows that are written out.
const ROWS_SHOWN_MAX: usize = 3;

/// Writes an analysis of `table` from its cells. It claims no order and no total.
#[must_use]
pub fn template(table: &Table, context: &Context) -> ProvedNarrative {
    let period = context.period.as_ref().map_or_else(String::new, |(from, to)| format!("{from} to {to}: "));
    let (Some(_), true) = (table.rows.first(), context.row_count > 0) else {
        return ProvedNarrative::from_cells(format!("{period}no rows."));
    };
    let mut text = period;
    if context.row_count > 1 {
        text.push_str(&format!("{} rows. ", display_count(context.row_count)));
    }
    let rows: Vec<String> = table.rows.iter().take(ROWS_SHOWN_MAX).map(|row| one_row(row, table)).collect();
    text.push_str(&rows.join("; "));
    text.push('.');
    if context.row_count > ROWS_SHOWN_MAX {
        text.push_str(" The other rows are in the table.");
    }
    ProvedNarrative::from_cells(text)
}

fn display_count(count: usize) -> String {
    i64::try_from(count)
        .map_or_else(|_beyond| count.to_string(), |count| display_cell(&Cell::Integer(count), None))
}

fn one_row(row: &[Cell], table: &Table) -> String {
    let cells = || row.iter().zip(&table.columns);
    let names = cells()
        .filter(|(_, column)| !column.data_type.is_number())
        .map(|(cell, column)| format!("\"{}\"", display_cell(cell, column.unit.as_deref())));
    let figures = cells()
        .filter(|(_, column)| column.data_type.is_number())
        .map(|(cell, column)| format!("{} {}", words_of(&column.name).join(" "), figure(cell, column)));
    let (names, figures): (Vec<_>, Vec<_>) = (names.collect(), figures.collect());
    match (names.is_empty(), figures.is_empty()) {
        (true, _) => figures.join(", "),
        (false, true) => names.join(", "),
        (false, false) => format!("{}: {}", names.join(", "), figures.join(", ")),
    }
}

fn figure(cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Null => "unknown".to_owned(),
        Cell::Text(_)
        | Cell::Integer(_)
        | Cell::Decimal(_)
        | Cell::Float(_)
        | Cell::Boolean(_)
        | Cell::Date(_)
        | Cell::Timestamp(_) => display_cell(cell, column.unit.as_deref()),
    }
}

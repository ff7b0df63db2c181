//! A table as text, for people.
//!
//! Decides widths and alignment. How a cell is shown is decided by `splitplane-grounding`, which the
//! narratives share, so that a figure looks the same everywhere.

use splitplane_grounding::display_cell;
use splitplane_types::Table;

/// The table, with a line of names and one under it.
pub(crate) fn text(table: &Table) -> String {
    let header: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&table.columns);
            cells.map(|(cell, column)| display_cell(cell, column.unit.as_deref())).collect()
        })
        .collect();
    let is_number: Vec<bool> = table.columns.iter().map(|column| column.data_type.is_number()).collect();
    let widths: Vec<usize> = (0..header.len())
        .map(|at| {
            let shown = std::iter::once(&header).chain(&rows).filter_map(|row| row.get(at));
            shown.map(|text| text.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: &[String]| {
        let aligned: Vec<String> = cells
            .iter()
            .zip(&widths)
            .zip(&is_number)
            .map(
                |((text, &width), &right)| {
                    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
                },
            )
            .collect();
        format!("{}\n", aligned.join("  ").trim_end())
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}{}{body}", line(&header), line(&rule))
}

/// Texts beside each other, each in a column of its own, wrapped at words.
pub(crate) fn side_by_side(left: &str, right: &str, width: usize) -> String {
    let (left, right) = (wrapped(left, width), wrapped(right, width));
    let mut text = String::new();
    for at in 0..left.len().max(right.len()) {
        let side = |lines: &[String]| lines.get(at).cloned().unwrap_or_else(String::new);
        let line = format!("{:<width$}  |  {}", side(&left), side(&right));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        // A line of a table keeps its inner spaces as long as it fits.
        if line.chars().count() <= width {
            lines.push(line.to_owned());
            continue;
        }
        for word in line.split_whitespace() {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_types::{Cell, Column, DataType};

    #[test]
    fn numbers_stand_right_and_units_are_shown() {
        let column = |name: &str, data_type, unit: Option<&str>| Column {
            name: name.to_owned(),
            data_type,
            unit: unit.map(str::to_owned),
            masked: false,
        };
        let table = Table {
            columns: vec![
                column("branch", DataType::String, None),
                column("fees", DataType::Decimal, Some("USD")),
            ],
            rows: vec![
                vec![Cell::Text("north".to_owned()), Cell::Decimal("84000.00".parse().unwrap())],
                vec![Cell::Null, Cell::Decimal("5".parse().unwrap())],
            ],
        };
        let expected = "branch        fees\n------  ----------\nnorth   $84,000.00\n-            $5.00\n";
        assert_eq!(text(&table), expected);
    }

    #[test]
    fn two_texts_stand_beside_each_other_however_long_they_are() {
        let text = side_by_side("one two three\nfour", "x", 9);
        assert_eq!(text, "one two    |  x\nthree      |\nfour       |\n");
    }
}

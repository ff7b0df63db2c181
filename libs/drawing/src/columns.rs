//! The columns of a table that can be drawn.
//!
//! Decides which figures are drawn together: those on one axis have one unit, and none of them is so
//! small beside another that nothing of it would be seen.

use crate::dimension::Dimension;
use crate::figure::Figure;
use crate::terminal::inert;
use crate::{ChartShape, ColumnRole};
use splitplane_types::{Cell, Table};

/// Figures of one row that are still told apart.
const FIGURES_MAX: usize = 4;
/// How many times as large one figure's largest value may be as another's.
const RATIO_MAX: f64 = 20.0;

/// A column of figures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FigureColumn {
    pub(crate) label: String,
    pub(crate) unit: Option<String>,
    pub(crate) values: Vec<Option<Figure>>,
}

/// The columns that are drawn on one axis; at least one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    /// Title of the axis.
    pub(crate) title: String,
    pub(crate) columns: Vec<FigureColumn>,
}

/// The dimensions of a table, in order.
pub(crate) fn dimensions(table: &Table, shape: &ChartShape) -> Vec<Dimension> {
    let columns =
        table.columns.iter().zip(&shape.columns).enumerate().filter(|(_, (column, _))| !column.masked);
    columns
        .filter_map(|(at, (column, role))| Dimension::of_role(role, column.data_type, &cells(table, at)))
        .collect()
}

/// The figures to draw; `None` where no column has a value.
pub(crate) fn figures(table: &Table, shape: &ChartShape) -> Option<Figures> {
    let (mut metrics, mut derived): (Vec<Group>, Vec<Group>) = (Vec::new(), Vec::new());
    for (at, (column, role)) in table.columns.iter().zip(&shape.columns).enumerate() {
        let is_drawable = !column.masked && column.data_type.is_number();
        let read = |label: &String, unit: &Option<String>| {
            is_drawable.then(|| figure_column(label, unit.clone(), table, at)).flatten()
        };
        match role {
            ColumnRole::Metric { label, unit } => {
                metrics.push(Group { figure: read(label, unit), before: None });
            }
            ColumnRole::Derived { label, unit } => {
                derived.push(Group { figure: read(label, unit), before: None });
            }
            ColumnRole::Before { label } => {
                if let Some(group) = metrics.last_mut() {
                    group.before = read(label, &None);
                }
            }
            ColumnRole::Dimension { .. } | ColumnRole::Other => {}
        }
    }
    together(metrics).or_else(|| together(derived))
}

/// A figure and what it is compared with.
struct Group {
    figure: Option<FigureColumn>,
    before: Option<FigureColumn>,
}

/// The first figure that can be drawn, with its comparison or with the others that fit beside it.
fn together(groups: Vec<Group>) -> Option<Figures> {
    let mut drawable = groups.into_iter().filter_map(|group| Some((group.figure?, group.before)));
    let (first, before) = drawable.next()?;
    let title = match &first.unit {
        Some(unit) => format!("{} ({unit})", first.label),
        None => first.label.clone(),
    };
    if let Some(before) = before.filter(|before| before.label != first.label) {
        return Some(Figures { title, columns: vec![first, before] });
    }
    let mut columns = vec![first];
    for (other, _) in drawable {
        let fits = columns.iter().all(|drawn| fits_beside(drawn, &other));
        if fits && columns.len() < FIGURES_MAX {
            columns.push(other);
        }
    }
    let unit = columns.first().and_then(|column| column.unit.clone());
    let title = unit.filter(|_| columns.len() > 1).unwrap_or(title);
    Some(Figures { title, columns })
}

fn fits_beside(drawn: &FigureColumn, other: &FigureColumn) -> bool {
    let (a, b) = (largest(drawn), largest(other));
    drawn.label != other.label
        && drawn.unit.is_some()
        && drawn.unit == other.unit
        && a / RATIO_MAX <= b
        && b / RATIO_MAX <= a
}

fn largest(column: &FigureColumn) -> f64 {
    column.values.iter().flatten().map(|figure| figure.drawn().abs()).fold(0.0, f64::max)
}

/// The column, where its cells are numbers and at least one is there.
fn figure_column(label: &str, unit: Option<String>, table: &Table, at: usize) -> Option<FigureColumn> {
    let values: Result<Vec<Option<Figure>>, _> = cells(table, at).into_iter().map(Figure::of).collect();
    let values = values.ok()?;
    values.iter().any(Option::is_some).then(|| FigureColumn {
        label: inert(label),
        unit: unit.map(|unit| inert(&unit)),
        values,
    })
}

fn cells(table: &Table, at: usize) -> Vec<&Cell> {
    table.rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null)).collect()
}

#[cfg(test)]
mod tests;

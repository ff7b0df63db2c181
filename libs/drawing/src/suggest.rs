//! Whether a chart helps to read a table, and which one.
//!
//! A line where three points in time or more follow each other; bars where there are few places; and
//! nothing where a drawing would hide what the table says. Rows keep the table's order.

use crate::chart::{Chart, Form, Point, Series};
use crate::columns::{FigureColumn, Figures, dimensions, figures};
use crate::dimension::Dimension;
use crate::terminal::inert;
use crate::{ChartShape, figure::Figure};
use splitplane_types::Table;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Moments that make a line.
const MOMENTS_MIN: usize = 3;
/// Values on lines.
const POINTS_MAX: usize = 1_000;
/// Lines, or bars at one place.
const SERIES_MAX: usize = 6;
/// Places with bars.
const PLACES_MAX: usize = 25;
/// Bars.
const BARS_MAX: usize = 50;
/// Values that there have to be: one is read faster as a number.
const VALUES_MIN: usize = 2;

/// Suggests a chart for a table; `None` where none helps.
///
/// A shape that has not as many columns as the table, and rows that the drawn dimensions do not tell
/// apart, have no chart.
#[must_use]
pub fn suggest(table: &Table, shape: &ChartShape) -> Option<Chart> {
    let width = table.columns.len();
    let is_whole = shape.columns.len() == width && table.rows.iter().all(|row| row.len() == width);
    if !is_whole || table.rows.len() < 2 {
        return None;
    }
    let figures = figures(table, shape)?;
    let dimensions = dimensions(table, shape);
    let chart = match dimensions.as_slice() {
        [places] => by_one(places, &figures),
        [first, second] => by_two(first, second, &figures),
        _ => None,
    }?;
    let chart = Chart { title: inert(&shape.title), ..chart };
    (chart.figures().count() >= VALUES_MIN).then_some(chart)
}

/// One dimension: each figure of a row is a series of its own.
fn by_one(places: &Dimension, figures: &Figures) -> Option<Chart> {
    let rows = places.of_rows.len();
    let columns = &figures.columns;
    let first = columns.first()?;
    if places.places.len() != rows {
        return None;
    }
    let series = (columns.len() > 1)
        .then(|| Series { title: None, names: columns.iter().map(|column| column.label.clone()).collect() });
    let is_line = rows * columns.len() <= POINTS_MAX
        && follow_each_other(places, 0..rows).is_some()
        && moments(places, columns) >= MOMENTS_MIN;
    let bars = PLACES_MAX.min(BARS_MAX / columns.len().max(1));
    let (form, shown) = match rows {
        _ if is_line => (Form::Line(places.grain), rows),
        few if few <= bars => (Form::Bars, few),
        _ if is_ranked(first) => (Form::Bars, bars),
        _ => return None,
    };
    let point = |row: usize, (series, column): (usize, &FigureColumn)| Point {
        place: row,
        series,
        figure: column.values.get(row).copied().flatten(),
    };
    let points = (0..shown).flat_map(|row| columns.iter().enumerate().map(move |column| point(row, column)));
    Some(Chart {
        title: String::new(),
        note: (shown < rows).then(|| format!("The first {shown} of {rows} rows.")),
        form,
        place_title: places.label.clone(),
        value_title: figures.title.clone(),
        places: places.places.iter().take(shown).cloned().collect(),
        series,
        points: points.collect(),
    })
}

/// Two dimensions: one is the place, the other the series. Only the first figure is drawn.
fn by_two(first: &Dimension, second: &Dimension, figures: &Figures) -> Option<Chart> {
    let column = figures.columns.first()?;
    let pairs: BTreeSet<(usize, usize)> =
        first.of_rows.iter().copied().zip(second.of_rows.iter().copied()).collect();
    if pairs.len() != first.of_rows.len() {
        return None;
    }
    let chart = |form: Form, places: &Dimension, series: &Dimension| {
        let keys = places.of_rows.iter().zip(&series.of_rows).zip(&column.values);
        Chart {
            title: String::new(),
            note: None,
            form,
            place_title: places.label.clone(),
            value_title: title_of(figures, column),
            places: places.places.clone(),
            series: Some(Series {
                title: Some(series.label.clone()),
                names: series.places.iter().map(|place| place.name.clone()).collect(),
            }),
            points: keys
                .map(|((place, series), figure)| Point { place: *place, series: *series, figure: *figure })
                .collect(),
        }
    };
    let in_time = match (first.is_time, second.is_time) {
        (true, false) => Some((first, second)),
        (false, true) => Some((second, first)),
        (true, true) | (false, false) => None,
    };
    if let Some((time, series)) = in_time.filter(|(time, series)| are_lines(time, series, column)) {
        return Some(chart(Form::Line(time.grain), time, series));
    }
    let is_few = |dimension: &Dimension, most: usize| dimension.places.len() <= most;
    let (places, series) = if is_few(second, SERIES_MAX) { (first, second) } else { (second, first) };
    let are_bars = is_few(series, SERIES_MAX) && is_few(places, PLACES_MAX) && pairs.len() <= BARS_MAX;
    are_bars.then(|| chart(Form::Bars, places, series))
}

/// The title of the axis for one figure of several.
fn title_of(figures: &Figures, column: &FigureColumn) -> String {
    match (&column.unit, figures.columns.len()) {
        (Some(unit), 2..) => format!("{} ({unit})", column.label),
        (_, _) => figures.title.clone(),
    }
}

/// Whether the rows of each series go through time in one direction, the same for all.
fn are_lines(time: &Dimension, series: &Dimension, column: &FigureColumn) -> bool {
    let rows = time.of_rows.len();
    let directions: Option<Vec<Ordering>> = (0..series.places.len())
        .map(|of| {
            let rows = series.of_rows.iter().enumerate().filter(|(_, series)| **series == of);
            follow_each_other(time, rows.map(|(row, _)| row))
        })
        .collect();
    let Some(directions) = directions else { return false };
    let is_one_way = !directions.contains(&Ordering::Less) || !directions.contains(&Ordering::Greater);
    is_one_way
        && rows <= POINTS_MAX
        && series.places.len() <= SERIES_MAX
        && moments(time, std::slice::from_ref(column)) >= MOMENTS_MIN
}

/// The direction in which rows go through time: `Less` forwards, `Greater` backwards, `Equal` for one
/// row. `None` where they jump, as ranked rows do, and where there is no time.
fn follow_each_other(time: &Dimension, rows: impl Iterator<Item = usize>) -> Option<Ordering> {
    let moments: Option<Vec<i64>> = rows.map(|row| time.moment_of_row(row)).collect();
    let moments = moments.filter(|_| time.is_time)?;
    let pairs = moments.iter().zip(moments.iter().skip(1));
    let steps: Vec<Ordering> = pairs.map(|(a, b)| a.cmp(b)).collect();
    let first = steps.first().copied().unwrap_or(Ordering::Equal);
    let is_one_way = steps.iter().all(|step| step.is_ne() && *step == first);
    is_one_way.then_some(first)
}

/// Moments at which there is a value.
fn moments(time: &Dimension, columns: &[FigureColumn]) -> usize {
    let places = columns.iter().flat_map(|column| {
        let values = time.of_rows.iter().zip(&column.values);
        values.filter(|(_, figure)| figure.is_some()).map(|(place, _)| *place)
    });
    places.collect::<BTreeSet<usize>>().len()
}

/// Whether rows are sorted by the figure, so that the first ones are a top or a bottom.
fn is_ranked(column: &FigureColumn) -> bool {
    // What is not there stands at an end: where it stands between, nobody sorted by it.
    let present: Vec<bool> = column.values.iter().map(Option::is_some).collect();
    let changes = present.iter().zip(present.iter().skip(1)).filter(|(a, b)| a != b).count();
    let values: Vec<f64> = column.values.iter().flatten().map(|figure: &Figure| figure.drawn()).collect();
    let falls = values.is_sorted_by(|a, b| a >= b);
    let rises = values.is_sorted_by(|a, b| a <= b);
    changes <= 1 && (falls != rises) && present.first() == Some(&true)
}

#[cfg(test)]
mod tests;

//! Bars as text: a line for each point, with its place, its series, its value and its bar.
//!
//! Decides how the columns of a line are shared out. Names give way first, then the values go, and the
//! bars last.

use crate::chart::{Chart, Point};
use crate::figure::Digits;
use crate::scale::{Scale, Sides};
use crate::terminal::{columns, left, right};

/// Fewer columns show no difference.
const BAR_MIN: usize = 8;

/// The lines of the bars.
pub(crate) fn lines(chart: &Chart, width: usize) -> Vec<String> {
    let rows = rows(chart);
    let widest = |part: fn(&Row) -> &String| rows.iter().map(|row| columns(part(row))).max().unwrap_or(0);
    let place = widest(|row| &row.place).min(width / 3);
    let series = widest(|row| &row.series).min(width / 4);
    let value = widest(|row| &row.value);
    let names = place + 1 + if series > 0 { series + 1 } else { 0 };
    // One column is the axis.
    let room = |taken: usize| width.checked_sub(taken + 1).filter(|room| *room >= BAR_MIN);
    let (value, bar) = match room(names + value + 1) {
        Some(bar) => (value, bar),
        None => (0, width.saturating_sub(names + 1)),
    };
    let sides = Scale::of(chart.values()).split(bar);
    let line = |row: &Row| {
        let mut line = left(&row.place, place) + " ";
        for (text, width) in [(left(&row.series, series), series), (right(&row.value, value), value)] {
            // A column without any width has no gap behind it either.
            if width > 0 {
                line += &text;
                line.push(' ');
            }
        }
        line + &bar_of(row.drawn, sides)
    };
    rows.iter().map(line).collect()
}

struct Row {
    place: String,
    series: String,
    value: String,
    drawn: Option<f64>,
}

/// The points, those of one place together; a place is named once.
fn rows(chart: &Chart) -> Vec<Row> {
    let digits = Digits::of(chart.figures());
    let mut points: Vec<&Point> = chart.points.iter().collect();
    points.sort_by_key(|point| (point.place, point.series));
    let mut before = None;
    let row = |point: &Point| {
        let is_new = before.replace(point.place) != Some(point.place);
        let place = chart.places.get(point.place).filter(|_| is_new);
        let series = chart.series.as_ref().and_then(|series| series.names.get(point.series));
        Row {
            place: place.map_or_else(String::new, |place| place.name.clone()),
            series: series.map_or_else(String::new, Clone::clone),
            value: point.figure.map_or_else(|| "-".to_owned(), |figure| figure.written(digits)),
            drawn: point.figure.map(|figure| figure.drawn()),
        }
    };
    points.into_iter().map(row).collect()
}

/// A bar on its side of the axis.
fn bar_of(value: Option<f64>, sides: Sides) -> String {
    let eighths = value.map_or(0, |value| sides.eighths(value));
    let is_below = value.is_some_and(|value| value < 0.0);
    let (below, above) =
        if is_below { (to_the_left(eighths), String::new()) } else { (String::new(), to_the_right(eighths)) };
    format!("{}│{above}", right(&below, sides.below))
}

pub(crate) fn to_the_right(eighths: usize) -> String {
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"].get(eighths % 8).copied().unwrap_or("");
    "█".repeat(eighths / 8) + rest
}

/// There are fewer characters that are filled from the right: an eighth, a half and a whole.
fn to_the_left(eighths: usize) -> String {
    let (whole, rest) = match eighths % 8 {
        0 => (0, ""),
        1 | 2 => (0, "▕"),
        3..=5 => (0, "▐"),
        _ => (1, ""),
    };
    rest.to_owned() + &"█".repeat(eighths / 8 + whole)
}

#[cfg(test)]
mod tests;

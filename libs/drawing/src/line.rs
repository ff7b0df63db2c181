//! Lines as text: values by their height, moments by their distance from the left.
//!
//! Decides what stands on the axes: the highest and the lowest value, zero, and the first and the last
//! moment. A value that is not there breaks its line.

use crate::chart::{Chart, Point};
use crate::figure::{Digits, Figure};
use crate::raster::{Dot, MARKS, Raster, SEVERAL};
use crate::scale::{Scale, nearest};
use crate::terminal::{clip, columns, flow, right};

/// Lines of text of the drawing.
const HEIGHT: usize = 12;

/// The lines of the drawing.
pub(crate) fn lines(chart: &Chart, width: usize) -> Vec<String> {
    let scale = Scale::of(chart.values());
    let ticks = ticks(chart, scale);
    let margin = ticks.iter().map(|(_, text)| columns(text)).max().unwrap_or(0);
    // Without room for both, the drawing stays and the values go.
    let (margin, ticks) = if margin + 10 <= width { (margin, ticks) } else { (0, Vec::new()) };
    let room = width.saturating_sub(margin + 2).max(1);
    let mut raster = match chart.series {
        None => Raster::new(room * 2, HEIGHT * 4),
        Some(_) => Raster::new(room, HEIGHT),
    };
    draw(chart, scale, &mut raster);
    let rows = if chart.series.is_some() { raster.marks() } else { raster.braille() };
    let mut drawn: Vec<String> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let tick = ticks.iter().find(|(height, _)| HEIGHT - 1 - nearest(*height, HEIGHT - 1) == at);
        let text = tick.map_or("", |(_, text)| text.as_str());
        let edge = if tick.is_some() { '┤' } else { '│' };
        drawn.push(format!("{} {edge}{row}", right(text, margin)));
    }
    drawn.push(format!("{} └{}", " ".repeat(margin), "─".repeat(room)));
    drawn.push(format!("{}{}", " ".repeat(margin + 2), ends(chart, room)));
    drawn.extend(legend(chart, &raster, width));
    drawn
}

/// Heights at which a value is written: both ends of the axis, and zero between them.
fn ticks(chart: &Chart, scale: Scale) -> Vec<(f64, String)> {
    let digits = Digits::of(chart.figures());
    let by_value = |a: &Figure, b: &Figure| a.drawn().total_cmp(&b.drawn());
    let high = chart.figures().max_by(by_value).filter(|_| scale.has_positive());
    let low = chart.figures().min_by(by_value).filter(|_| scale.has_negative());
    let ends = [high, low].into_iter().flatten();
    let mut ticks: Vec<(f64, String)> =
        ends.map(|figure| (scale.height(figure.drawn()), figure.written(digits))).collect();
    ticks.push((scale.height(0.0), "0".to_owned()));
    ticks
}

fn draw(chart: &Chart, scale: Scale, raster: &mut Raster) {
    let moment = |point: &Point| chart.places.get(point.place)?.moment.map(|moment| moment.us);
    let all = chart.points.iter().filter_map(moment);
    let (Some(first), Some(last)) = (all.clone().min(), all.max()) else { return };
    let series = chart.series.as_ref().map_or(1, |series| series.names.len());
    for series in 0..series {
        let of_series = chart.points.iter().filter(|point| point.series == series);
        // They go through time in one direction.
        let points = of_series.filter_map(|point| Some((moment(point)?, point.figure)));
        let mut before: Option<Dot> = None;
        for (moment, figure) in points {
            let dot = figure.map(|figure| {
                let height = scale.height(figure.drawn());
                (share_of(moment, first, last, raster.right()), nearest(height, raster.top()))
            });
            if let Some(dot) = dot {
                raster.trace(series, before.unwrap_or(dot), dot);
            }
            before = dot;
        }
    }
}

/// Where a moment is between two others, in whole steps, rounded.
fn share_of(moment: i64, first: i64, last: i64, steps: usize) -> usize {
    let span = i128::from(last.abs_diff(first)).max(1);
    let way = i128::from(moment.abs_diff(first));
    let steps = i128::try_from(steps).unwrap_or(i128::MAX);
    usize::try_from((way * steps * 2 + span) / (span * 2)).unwrap_or(0)
}

/// The first and the last moment, under their ends of the axis.
fn ends(chart: &Chart, room: usize) -> String {
    let moments = chart.places.iter().filter_map(|place| Some((place.moment?.us, place.name.clone())));
    let first = moments.clone().min().map_or_else(String::new, |(_, name)| name);
    let last = moments.max().map_or_else(String::new, |(_, name)| name);
    match room.checked_sub(columns(&first) + 1).filter(|room| *room >= columns(&last)) {
        Some(rest) => format!("{first} {}", right(&last, rest)),
        None => clip(&first, room),
    }
}

/// Which mark is whose.
fn legend(chart: &Chart, raster: &Raster, width: usize) -> Vec<String> {
    let Some(series) = &chart.series else { return Vec::new() };
    let entries = MARKS.iter().zip(&series.names).map(|(mark, name)| format!("{mark} {name}"));
    let several = raster.has_several().then(|| format!("{SEVERAL} several"));
    let entries: Vec<String> = entries.chain(several).collect();
    flow(entries.iter().map(String::as_str), "   ", width)
}

#[cfg(test)]
mod tests;

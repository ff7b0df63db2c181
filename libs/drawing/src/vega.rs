//! A chart as a specification in Vega-Lite 5.
//!
//! Decides marks and encodings. Cells are values: the names of fields are `c0` (place), `c1` (value),
//! `c2` (series) and `c3` (what a reader is told of a point), and no expression is written. Vega-Lite
//! makes some of its own, and these two are kept free of cells and labels:
//!
//! - A list of values to sort by would become one; orders are those of the data.
//! - The titles of fields would become one, to describe a point; `c3` describes it instead, and has a
//!   decimal's digits where `c1` has its nearest double.

use crate::Grain;
use crate::chart::{Chart, Form, Point};
use crate::dimension::Place;
use crate::terminal::columns;
use serde_json::{Map, Value, json};

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v5.json";
/// Bars stand upright while there are so few of them, with names so short.
const UPRIGHT_PLACES_MAX: usize = 8;
const UPRIGHT_NAME_MAX: usize = 12;
/// So few moments have a tick each.
const TICKS_MAX: usize = 12;

/// The specification.
pub(crate) fn specification(chart: &Chart) -> Value {
    let mut specification = json!({
        "$schema": SCHEMA,
        "title": title(chart),
        "data": { "values": chart.points.iter().map(|point| record(chart, point)).collect::<Vec<_>>() },
    });
    let parts = match chart.form {
        Form::Line(grain) => line(chart, grain),
        Form::Bars => bars(chart),
    };
    if let Some(object) = specification.as_object_mut() {
        object.extend(parts);
    }
    specification
}

fn title(chart: &Chart) -> Value {
    match &chart.note {
        None => json!(chart.title),
        Some(note) => json!({ "text": chart.title, "subtitle": note }),
    }
}

fn record(chart: &Chart, point: &Point) -> Value {
    let place = chart.places.get(point.place).map(|place| match chart.form {
        Form::Bars => place.name.clone(),
        Form::Line(_) => instant(place),
    });
    let mut record = json!({ "c0": place, "c1": point.figure.map(|figure| figure.json()) });
    let series = chart.series.as_ref().and_then(|series| series.names.get(point.series));
    if let Some(name) = series {
        insert(&mut record, "c2", json!(name));
    }
    let place = chart.places.get(point.place).map(|place| &place.name);
    let names: Vec<&str> = place.into_iter().chain(series).map(String::as_str).collect();
    let value = point.figure.map_or_else(|| "-".to_owned(), |figure| figure.exact());
    insert(&mut record, "c3", json!(format!("{}: {value}", names.join(", "))));
    record
}

/// A moment for JavaScript, which reads a date as one in UTC and a time without zone as one where the
/// reader is. All are put in UTC, and drawn in UTC, so that no reader sees another day.
fn instant(place: &Place) -> String {
    let is_zoned = place.moment.is_some_and(|moment| moment.is_zoned);
    if is_zoned || !place.text.contains('T') { place.text.clone() } else { format!("{}Z", place.text) }
}

/// Units of time are not used: Vega-Lite describes a point of such a unit in the reader's own time,
/// which may be a day before, and its weeks start on Sunday.
fn line(chart: &Chart, grain: Option<Grain>) -> Map<String, Value> {
    let mut axis = json!({});
    let format = grain.map(|grain| match grain {
        Grain::Day | Grain::Week => "%Y-%m-%d",
        Grain::Month => "%Y-%m",
        Grain::Quarter => "%Y Q%q",
        Grain::Year => "%Y",
    });
    if let Some(format) = format {
        insert(&mut axis, "format", json!(format));
    }
    if chart.places.len() <= TICKS_MAX {
        let moments = chart.places.iter().filter_map(|place| place.moment);
        let milliseconds: Vec<i64> = moments.map(|moment| moment.us.div_euclid(1000)).collect();
        insert(&mut axis, "values", json!(milliseconds));
    }
    let place = json!({
        "field": "c0",
        "type": "temporal",
        "title": chart.place_title,
        "scale": { "type": "utc" },
        "axis": axis,
    });
    let encoding = encoding(chart, [("x", place), ("y", value(chart))]);
    // A point without neighbours is no line.
    let mark = json!({ "type": "line", "point": { "size": 20 } });
    Map::from_iter([
        ("width".to_owned(), json!(600)),
        ("mark".to_owned(), mark),
        ("encoding".to_owned(), encoding),
    ])
}

fn bars(chart: &Chart) -> Map<String, Value> {
    let is_upright = chart.places.len() <= UPRIGHT_PLACES_MAX
        && chart.places.iter().all(|place| columns(&place.name) <= UPRIGHT_NAME_MAX);
    let (along, across) = if is_upright { ("x", "y") } else { ("y", "x") };
    let place = json!({ "field": "c0", "type": "nominal", "title": chart.place_title, "sort": null });
    let mut encoding = encoding(chart, [(along, place), (across, value(chart))]);
    if chart.series.is_some() && is_crowded(chart) {
        let offset = json!({ "field": "c2", "type": "nominal", "sort": null });
        insert(&mut encoding, &format!("{along}Offset"), offset);
    }
    // What is not left out keeps its place, and has a bar of no length.
    let mark = json!({ "type": "bar", "invalid": null });
    Map::from_iter([("mark".to_owned(), mark), ("encoding".to_owned(), encoding)])
}

/// The axes, the colour, and what is told of a point.
fn encoding(chart: &Chart, axes: [(&str, Value); 2]) -> Value {
    let told = json!({ "field": "c3", "type": "nominal" });
    let mut encoding = json!({ "tooltip": told.clone(), "description": told });
    for (channel, axis) in axes {
        insert(&mut encoding, channel, axis);
    }
    if let Some(series) = &chart.series {
        let colour = json!({ "field": "c2", "type": "nominal", "title": series.title, "sort": null });
        insert(&mut encoding, "color", colour);
    }
    encoding
}

fn value(chart: &Chart) -> Value {
    json!({ "field": "c1", "type": "quantitative", "title": chart.value_title, "scale": { "zero": true } })
}

/// Whether a place has several bars, which then stand beside each other.
fn is_crowded(chart: &Chart) -> bool {
    let mut taken = vec![false; chart.places.len()];
    chart
        .points
        .iter()
        .any(|point| taken.get_mut(point.place).is_some_and(|taken| std::mem::replace(taken, true)))
}

fn insert(value: &mut Value, key: &str, part: Value) {
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), part);
    }
}

#[cfg(test)]
mod tests;

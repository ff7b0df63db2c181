//! A chart as a specification in Vega-Lite 5.
//!
//! Decides marks and encodings. Cells, labels and titles are values and plain strings: the names of
//! fields are `c0` (place), `c1` (value) and `c2` (series), and no expression is written at all. Orders
//! are those of the data, because a list of values to sort by would be compiled to an expression.

use crate::Grain;
use crate::chart::{Chart, Form, Point};
use crate::dimension::Place;
use crate::terminal::columns;
use serde_json::{Map, Value, json};

const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v5.json";
/// Bars stand upright while there are so few of them, with names so short.
const UPRIGHT_PLACES_MAX: usize = 8;
const UPRIGHT_NAME_MAX: usize = 12;

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
    if let (Some(name), Some(object)) = (series, record.as_object_mut()) {
        object.insert("c2".to_owned(), json!(name));
    }
    record
}

/// A moment for JavaScript, which reads a date as one in UTC and a time without zone as one where the
/// reader is. All are put in UTC, and drawn in UTC, so that no reader sees another day.
fn instant(place: &Place) -> String {
    let is_zoned = place.moment.is_some_and(|moment| moment.is_zoned);
    if is_zoned || !place.text.contains('T') { place.text.clone() } else { format!("{}Z", place.text) }
}

fn line(chart: &Chart, grain: Option<Grain>) -> Map<String, Value> {
    let mut place = json!({ "field": "c0", "type": "temporal", "title": chart.place_title });
    let unit = match grain {
        None => ("scale", json!({ "type": "utc" })),
        // Vega's weeks start on Sunday: the day is what is known.
        Some(Grain::Day | Grain::Week) => ("timeUnit", json!("utcyearmonthdate")),
        Some(Grain::Month) => ("timeUnit", json!("utcyearmonth")),
        Some(Grain::Quarter) => ("timeUnit", json!("utcyearquarter")),
        Some(Grain::Year) => ("timeUnit", json!("utcyear")),
    };
    insert(&mut place, unit.0, unit.1);
    let mut encoding = json!({ "x": place, "y": value(chart) });
    if let Some(colour) = colour(chart) {
        insert(&mut encoding, "color", colour);
    }
    // A point without neighbours is no line.
    let mark = json!({ "type": "line", "point": { "size": 20 }, "tooltip": true });
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
    let mut encoding = json!({ along: place, across: value(chart) });
    if let Some(colour) = colour(chart) {
        insert(&mut encoding, "color", colour);
        if is_crowded(chart) {
            let offset = json!({ "field": "c2", "type": "nominal", "sort": null });
            insert(&mut encoding, &format!("{along}Offset"), offset);
        }
    }
    let mark = json!({ "type": "bar", "tooltip": true });
    Map::from_iter([("mark".to_owned(), mark), ("encoding".to_owned(), encoding)])
}

fn value(chart: &Chart) -> Value {
    json!({ "field": "c1", "type": "quantitative", "title": chart.value_title, "scale": { "zero": true } })
}

fn colour(chart: &Chart) -> Option<Value> {
    let series = chart.series.as_ref()?;
    Some(json!({ "field": "c2", "type": "nominal", "title": series.title, "sort": null }))
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

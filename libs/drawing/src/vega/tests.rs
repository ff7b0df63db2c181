use super::*;
use crate::tests::{
    any_table, asked, daily_line, decimal, dimension, harmless, metric, name_of, named_bars, number_of, text,
};
use crate::{ColumnRole, suggest};
use proptest::prelude::*;
use splitplane_types::{Cell, DataType};
use std::collections::BTreeSet;

#[test]
fn bars_with_short_names_stand_and_others_lie() {
    let upright =
        named_bars(&[("north", decimal("84000.50")), ("south", Cell::Null), ("east", decimal("3"))]);
    assert_eq!(
        upright.vega_lite(),
        json!({
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": "What was asked",
            "data": { "values": [
                { "c0": "north", "c1": 84000.5, "c3": "north: 84,000.50" },
                { "c0": "south", "c1": null, "c3": "south: -" },
                { "c0": "east", "c1": 3, "c3": "east: 3" },
            ] },
            "mark": { "type": "bar", "invalid": null },
            "encoding": {
                "tooltip": { "field": "c3", "type": "nominal" },
                "description": { "field": "c3", "type": "nominal" },
                "x": { "field": "c0", "type": "nominal", "title": "Branch", "sort": null },
                "y": { "field": "c1", "type": "quantitative", "title": "Fees (USD)", "scale": { "zero": true } },
            },
        })
    );
    let lying = named_bars(&[("north by north-west", decimal("1")), ("south", decimal("2"))]).vega_lite();
    assert_eq!(
        (&lying["encoding"]["x"]["field"], &lying["encoding"]["y"]["field"]),
        (&json!("c1"), &json!("c0"))
    );
    let many: Vec<String> = (0..9).map(|at| format!("b{at}")).collect();
    let many: Vec<(&str, Cell)> = many.iter().map(|name| (name.as_str(), decimal("1"))).collect();
    assert_eq!(named_bars(&many).vega_lite()["encoding"]["y"]["field"], "c0");
}

#[test]
fn a_line_is_drawn_in_utc_and_named_by_its_grain() {
    let days = daily_line(&[(3, decimal("1")), (4, decimal("2")), (5, decimal("3"))]).vega_lite();
    assert_eq!(days["data"]["values"][0], json!({ "c0": "2031-01-03", "c1": 1, "c3": "2031-01-03: 1" }));
    assert_eq!(days["mark"]["type"], "line");
    let place = |grain: Option<Grain>, data_type: DataType, dates: [&str; 3]| {
        let rows =
            dates.iter().map(|date| vec![Cell::Timestamp((*date).to_owned()), Cell::Integer(1)]).collect();
        let roles = vec![dimension("When", grain), metric("Loans", None)];
        let (table, shape) = asked(roles, &[data_type, DataType::Integer], rows);
        let spec = suggest(&table, &shape).unwrap().vega_lite();
        let x = &spec["encoding"]["x"];
        assert_eq!(
            (&x["field"], &x["type"], &x["title"]),
            (&json!("c0"), &json!("temporal"), &json!("When"))
        );
        assert_eq!(x["scale"], json!({ "type": "utc" }));
        (x["axis"].clone(), spec["data"]["values"][1]["c0"].as_str().unwrap().to_owned())
    };
    // Seconds since 1970, as GNU date has them.
    let ticks = [1_924_992_000_000_i64, 1_956_528_000_000, 1_988_150_400_000];
    let years = ["2031-01-01T00:00:00", "2032-01-01T00:00:00", "2033-01-01T00:00:00"];
    for (grain, format) in [
        (Grain::Day, "%Y-%m-%d"),
        (Grain::Week, "%Y-%m-%d"),
        (Grain::Month, "%Y-%m"),
        (Grain::Quarter, "%Y Q%q"),
        (Grain::Year, "%Y"),
    ] {
        let axis = json!({ "format": format, "values": ticks });
        assert_eq!(place(Some(grain), DataType::Timestamp, years), (axis, "2032-01-01T00:00:00Z".to_owned()));
    }
    // What does not start its unit is not named by it.
    let fiscal = ["2031-02-01T00:00:00", "2031-05-01T00:00:00", "2031-08-01T00:00:00"];
    assert_eq!(place(Some(Grain::Quarter), DataType::Timestamp, fiscal).0.get("format"), None);
    let instants = ["2031-01-01T00:00:00+02:00", "2031-01-01T00:30:00+02:00", "2031-01-01T01:00:00+02:00"];
    let (axis, instant) = place(None, DataType::TimestampTz, instants);
    assert_eq!(axis, json!({ "values": [ticks[0] - 7_200_000, ticks[0] - 5_400_000, ticks[0] - 3_600_000] }));
    assert_eq!(instant, "2031-01-01T00:30:00+02:00");
}

#[test]
fn only_a_few_moments_have_ticks_of_their_own() {
    let ticks = |days: u32| {
        let rows: Vec<(u32, Cell)> = (1..=days).map(|day| (day, decimal("1"))).collect();
        daily_line(&rows).vega_lite()["encoding"]["x"]["axis"]["values"].as_array().map(Vec::len)
    };
    assert_eq!((ticks(12), ticks(13)), (Some(12), None));
}

#[test]
fn bars_of_one_place_stand_beside_each_other_and_not_on_each_other() {
    let spec = |rows: Vec<(&str, &str)>| {
        let rows = rows.iter().map(|(a, b)| vec![text(a), text(b), Cell::Integer(2)]).collect();
        let roles = vec![dimension("Branch", None), dimension("Way", None), metric("Loans", None)];
        let (table, shape) = asked(roles, &[DataType::String, DataType::String, DataType::Integer], rows);
        suggest(&table, &shape).unwrap().vega_lite()
    };
    let crowded = spec(vec![("a", "x"), ("a", "y"), ("b", "x")]);
    assert_eq!(crowded["encoding"]["xOffset"], json!({ "field": "c2", "type": "nominal", "sort": null }));
    let colour = json!({ "field": "c2", "type": "nominal", "title": "Way", "sort": null });
    assert_eq!(crowded["encoding"]["color"], colour);
    assert_eq!(crowded["data"]["values"][1], json!({ "c0": "a", "c1": 2, "c2": "y", "c3": "a, y: 2" }));
    let alone = spec(vec![("a", "x"), ("b", "x")]);
    assert_eq!((&alone["encoding"]["color"], alone["encoding"].get("xOffset")), (&colour, None));
}

#[test]
fn what_is_left_out_is_said_under_the_title() {
    let many: Vec<(String, Cell)> = (0..30).map(|at| (format!("b{at}"), Cell::Integer(100 - at))).collect();
    let many: Vec<(&str, Cell)> = many.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let title = json!({ "text": "What was asked", "subtitle": "The first 25 of 30 rows." });
    assert_eq!(named_bars(&many).vega_lite()["title"], title);
}

#[test]
fn integers_beyond_doubles_are_told_apart_as_places() {
    let rows = [9_007_199_254_740_992_i64, 9_007_199_254_740_993]
        .map(|id| vec![Cell::Integer(id), Cell::Integer(1)]);
    let roles = vec![dimension("Card", None), metric("Loans", None)];
    let (table, shape) = asked(roles, &[DataType::Integer, DataType::Integer], rows.to_vec());
    let spec = suggest(&table, &shape).unwrap().vega_lite();
    assert_eq!(spec["data"]["values"][1]["c0"], "9007199254740993");
}

/// Strings of a value, with the keys that lead to them.
fn strings(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        Value::Array(parts) => parts.iter().for_each(|part| strings(part, path, found)),
        Value::Object(parts) => {
            for (key, part) in parts {
                strings(part, &format!("{path}/{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    #[test]
    fn each_record_is_a_row_and_each_value_its_cell((table, shape) in any_table()) {
        let Some(chart) = suggest(&table, &shape) else { return Ok(()) };
        let spec = chart.vega_lite();
        let records = spec["data"]["values"].as_array().unwrap();
        let keys = table.columns.len() - 2;
        let is_grouped = spec["encoding"].get("color").is_some();
        let figures = if keys == 1 && is_grouped { 2 } else { 1 };
        let value = if spec["encoding"]["y"]["field"] == "c1" { "y" } else { "x" };
        let first = usize::from(spec["encoding"][value]["title"] == "Fines (USD)");
        let is_cut = spec["title"].is_object();
        prop_assert_eq!(records.len(), if is_cut { 25 * figures } else { table.rows.len() * figures });
        for (at, record) in records.iter().enumerate() {
            let (row, figure) = (&table.rows[at / figures], first + at % figures);
            // As a reader gets it.
            let value = Some(record["c1"].to_string()).filter(|value| value != "null");
            prop_assert_eq!(value.map(|value| value.parse().unwrap()), number_of(&row[keys + figure]), "{}", record);
            let mut names = vec![record["c0"].as_str().unwrap()];
            names.extend(record.get("c2").map(|name| name.as_str().unwrap()));
            prop_assert_eq!(names.len(), if is_grouped { 2 } else { 1 });
            let fields: Vec<&String> = record.as_object().unwrap().keys().collect();
            prop_assert_eq!(fields, if is_grouped { vec!["c0", "c1", "c2", "c3"] } else { vec!["c0", "c1", "c3"] });
            if let Cell::Decimal(value) = &row[keys + figure] {
                let told = record["c3"].as_str().unwrap().replace(',', "");
                prop_assert!(told.ends_with(&format!(": {value}")), "{told}");
            }
            if figures == 2 {
                let role = &shape.columns[keys + figure];
                let label = names.pop().unwrap().to_owned();
                let roles = [metric(&label, Some("USD")), ColumnRole::Before { label }];
                prop_assert!(roles.contains(role));
            }
            for (column, cell) in row[..keys].iter().enumerate() {
                let is_named = match name_of(cell) {
                    Some(name) => names.contains(&harmless(name).as_str()),
                    None => names.iter().any(|name| {
                        let is_cell = table.rows.iter().any(|row| row[column] == text(name));
                        name.trim_matches(['(', ')']) == "none" && !is_cell
                    }),
                };
                prop_assert!(is_named, "{cell:?} is not in {record}");
            }
        }
    }

    #[test]
    fn no_cell_is_outside_the_data((table, shape) in any_table()) {
        let Some(chart) = suggest(&table, &shape) else { return Ok(()) };
        let mut spec = chart.vega_lite();
        spec.as_object_mut().unwrap().remove("data");
        let mut found = Vec::new();
        strings(&spec, "", &mut found);
        let words: BTreeSet<&str> = [
            SCHEMA, "bar", "line", "nominal", "quantitative", "temporal", "utc", "c0", "c1", "c2", "c3", "%Y-%m-%d",
        ].into();
        let titles = ["What was asked", "Branch", "Day", "Side", "Fees", "Fees (USD)", "Fines (USD)", "USD"];
        for (path, text) in found {
            let is_title = path.ends_with("/title") && titles.contains(&text.as_str());
            let is_note = path == "/title/text" || (path == "/title/subtitle" && text.starts_with("The first "));
            prop_assert!(words.contains(text.as_str()) || is_title || is_note, "{path} is {text}");
        }
    }
}

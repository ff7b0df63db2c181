//! What tests of charts share: tables, and what holds for every chart of any table.

use crate::{Chart, ChartShape, ColumnRole, Grain, suggest};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use splitplane_types::{Cell, Column, DataType, Table};
use std::collections::BTreeMap;

/// A table whose columns have the kinds of their first cells, and its shape.
pub(crate) fn asked(roles: Vec<ColumnRole>, types: &[DataType], rows: Vec<Vec<Cell>>) -> (Table, ChartShape) {
    let columns = types.iter().map(|data_type| Column {
        name: "x".to_owned(),
        data_type: *data_type,
        unit: None,
        masked: false,
    });
    let table = Table { columns: columns.collect(), rows };
    (table, ChartShape { title: "What was asked".to_owned(), columns: roles })
}

pub(crate) fn dimension(label: &str, grain: Option<Grain>) -> ColumnRole {
    ColumnRole::Dimension { label: label.to_owned(), grain }
}

pub(crate) fn metric(label: &str, unit: Option<&str>) -> ColumnRole {
    ColumnRole::Metric { label: label.to_owned(), unit: unit.map(str::to_owned) }
}

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(crate) fn decimal(text: &str) -> Cell {
    Cell::Decimal(text.parse().unwrap())
}

/// A chart with a bar for each name.
pub(crate) fn named_bars(rows: &[(&str, Cell)]) -> Chart {
    let rows = rows.iter().map(|(name, value)| vec![text(name), value.clone()]).collect();
    let roles = vec![dimension("Branch", None), metric("Fees", Some("USD"))];
    let (table, shape) = asked(roles, &[DataType::String, DataType::Decimal], rows);
    suggest(&table, &shape).unwrap()
}

/// A chart with a line over days of 2031-01.
pub(crate) fn daily_line(rows: &[(u32, Cell)]) -> Chart {
    let date = |day: u32| Cell::Date(format!("2031-01-{day:02}"));
    let rows = rows.iter().map(|(day, value)| vec![date(*day), value.clone()]).collect();
    let roles = vec![dimension("Day", Some(Grain::Day)), metric("Fees", Some("USD"))];
    let (table, shape) = asked(roles, &[DataType::Date, DataType::Decimal], rows);
    suggest(&table, &shape).unwrap()
}

/// The text of a cell that is one.
pub(crate) fn name_of(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) | Cell::Date(text) => Some(text),
        Cell::Null
        | Cell::Integer(_)
        | Cell::Decimal(_)
        | Cell::Float(_)
        | Cell::Boolean(_)
        | Cell::Timestamp(_) => None,
    }
}

/// The number of a cell that has one, as the standard library reads it.
pub(crate) fn number_of(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(value) => value.to_string().parse().ok(),
        Cell::Decimal(value) => value.to_string().parse().ok(),
        Cell::Float(value) => Some(*value).filter(|value| value.is_finite()),
        Cell::Null | Cell::Text(_) | Cell::Boolean(_) | Cell::Date(_) | Cell::Timestamp(_) => None,
    }
}

/// A text as it may be drawn: this says what the generators here put in, and no more.
pub(crate) fn harmless(name: &str) -> String {
    name.replace(|c: char| c.is_control() || c == '\u{202e}', "\u{fffd}")
}

const HOSTILE: [&str; 9] = [
    "\u{1b}[31mred",
    "a\u{7}\u{9b}b",
    "two\nlines\r",
    "\u{202e}turned",
    "datum.c1",
    "c0'] || alert(1)",
    "a.b[\"c\"]\\",
    "{{signal}}",
    "(none)",
];

/// Names from an alphabet of which the wide ones are known: see [`width_of`].
pub(crate) fn name() -> impl Strategy<Value = Cell> {
    prop_oneof![
        6 => "[a-zA-Zé東🙂 ]{0,18}".prop_map(Cell::Text),
        2 => prop::sample::select(HOSTILE.to_vec()).prop_map(text),
        1 => Just(Cell::Null),
    ]
}

pub(crate) fn width_of(line: &str) -> usize {
    line.chars().count() + line.matches(['東', '🙂']).count()
}

pub(crate) fn number() -> impl Strategy<Value = Cell> {
    prop_oneof![
        4 => (-100_000_i128..1_000_000, 0_u8..5).prop_map(|(unscaled, scale)| Cell::Decimal(splitplane_types::Decimal::new(unscaled, scale).unwrap())),
        2 => (-1_000_i64..1_000).prop_map(Cell::Integer),
        1 => any::<f64>().prop_map(Cell::Float),
        1 => any::<i64>().prop_map(Cell::Integer),
        1 => Just(Cell::Null),
    ]
}

fn day() -> impl Strategy<Value = Cell> {
    (1_u32..=28, 1_u32..=3).prop_map(|(day, month)| Cell::Date(format!("2031-{month:02}-{day:02}")))
}

/// Tables with every combination of columns, sorted as the query service sorts them or not at all.
pub(crate) fn any_table() -> impl Strategy<Value = (Table, ChartShape)> {
    let row = (name(), day(), prop::sample::select(vec!["N", "S", "\u{1b}E"]), number(), number());
    (prop::collection::vec(row, 0..40), 0_usize..5, any::<bool>(), any::<bool>()).prop_map(
        |(rows, kind, is_sorted, is_compared)| {
            let (category, time) = (dimension("Branch", None), dimension("Day", Some(Grain::Day)));
            let dimensions = match kind {
                0 => vec![(category, DataType::String, 0)],
                1 => vec![(time, DataType::Date, 1)],
                2 => vec![(category, DataType::String, 2), (time, DataType::Date, 1)],
                3 => vec![(time, DataType::Date, 1), (category, DataType::String, 2)],
                _ => vec![(category, DataType::String, 0), (dimension("Side", None), DataType::String, 2)],
            };
            let other = ColumnRole::Before { label: "Fees before".to_owned() };
            let other = if is_compared { other } else { metric("Fines", Some("USD")) };
            let mut keyed: Vec<(Vec<Cell>, Vec<Cell>)> = Vec::new();
            for (name, day, side, a, b) in rows {
                let cells = [name, day, text(side)];
                let key: Vec<Cell> = dimensions.iter().map(|(_, _, at)| cells[*at].clone()).collect();
                if !keyed.iter().any(|(other, _)| *other == key) {
                    keyed.push((key, vec![a, b]));
                }
            }
            if is_sorted {
                keyed.sort_by_key(|(key, _)| format!("{key:?}"));
            }
            let rows = keyed.into_iter().map(|(key, figures)| [key, figures].concat()).collect();
            let (mut roles, mut types): (Vec<_>, Vec<_>) =
                dimensions.into_iter().map(|(role, data_type, _)| (role, data_type)).unzip();
            roles.extend([metric("Fees", Some("USD")), other]);
            types.extend([DataType::Decimal, DataType::Decimal]);
            asked(roles, &types, rows)
        },
    )
}

#[test]
fn titles_and_labels_are_harmless_too() {
    let hostile = "a\u{1b}]0;b\u{7}\nc\u{202e}";
    let (table, mut shape) = asked(
        vec![dimension(hostile, None), dimension(hostile, None), metric(hostile, Some(hostile))],
        &[DataType::String, DataType::String, DataType::Integer],
        (0..3).map(|at| vec![text(&at.to_string()), text("x"), Cell::Integer(at)]).collect(),
    );
    shape.title = hostile.to_owned();
    let chart = suggest(&table, &shape).unwrap();
    let drawn = chart.text(80);
    let title = "a\u{fffd}]0;b\u{fffd}\u{fffd}c\u{fffd}";
    assert_eq!(drawn.lines().take(2).collect::<Vec<_>>(), [title.to_owned(), format!("{title} ({title})")]);
    let spec = chart.vega_lite();
    assert_eq!((&spec["title"], &spec["encoding"]["x"]["title"]), (&title.into(), &title.into()));
    assert_eq!(spec["encoding"]["color"]["title"], title);
    assert_eq!(spec["encoding"]["y"]["title"], format!("{title} ({title})"));
}

#[test]
fn every_kind_of_chart_comes_of_the_tables_above() {
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeMap::<String, usize>::new();
    for _ in 0..400 {
        let (table, shape) = any_table().new_tree(&mut runner).unwrap().current();
        let kind = suggest(&table, &shape).map_or("none".to_owned(), |chart| {
            let spec = chart.vega_lite();
            let is_offset = spec["encoding"].as_object().unwrap().keys().any(|key| key.ends_with("Offset"));
            format!("{} {} {is_offset}", spec["mark"]["type"], spec["encoding"].get("color").is_some())
        });
        *kinds.entry(kind).or_default() += 1;
    }
    for kind in
        ["none", "\"bar\" false false", "\"bar\" true true", "\"line\" false false", "\"line\" true false"]
    {
        assert!(kinds.get(kind).is_some_and(|count| *count > 5), "{kind}: {kinds:?}");
    }
}

proptest! {
    #[test]
    fn a_drawing_is_never_wider_than_asked_and_holds_nothing_that_steers((table, shape) in any_table(), width in 0_usize..110) {
        let Some(chart) = suggest(&table, &shape) else { return Ok(()) };
        let drawn = chart.text(width);
        for line in drawn.lines() {
            prop_assert!(width_of(line) <= width, "{line:?} is wider than {width}");
        }
        for part in drawn.lines().chain([chart.vega_lite().to_string().as_str()]) {
            prop_assert_eq!(harmless(part), part);
        }
        prop_assert_eq!(drawn, suggest(&table, &shape).unwrap().text(width));
    }
}

use super::*;
use crate::tests::{asked, daily_line, decimal, dimension, metric, text};
use crate::{ColumnRole, Grain};
use proptest::prelude::*;
use splitplane_types::{Cell, DataType};

/// What is drawn: the form, the places and the series.
fn drawn(table: &Table, shape: &ChartShape) -> Option<(&'static str, usize, usize)> {
    let chart = suggest(table, shape)?;
    let form = match chart.form {
        Form::Bars => "bars",
        Form::Line(_) => "line",
    };
    Some((form, chart.places.len(), chart.series.map_or(0, |series| series.names.len())))
}

fn by_branch(values: &[Cell]) -> (Table, ChartShape) {
    let rows = values.iter().enumerate().map(|(at, value)| vec![text(&format!("b{at}")), value.clone()]);
    let roles = vec![dimension("Branch", None), metric("Fees", Some("USD"))];
    asked(roles, &[DataType::String, DataType::Integer], rows.collect())
}

fn date(day: i64) -> Cell {
    Cell::Date(format!("{}-{:02}-{:02}", 2031 + day / 336, 1 + day / 28 % 12, 1 + day % 28))
}

fn by_day(days: &[i64]) -> (Table, ChartShape) {
    let rows = days.iter().map(|day| vec![date(*day), Cell::Integer(*day)]).collect();
    let roles = vec![dimension("Day", Some(Grain::Day)), metric("Fees", None)];
    asked(roles, &[DataType::Date, DataType::Integer], rows)
}

/// Days and branches, in the order of the pairs.
fn by_both(pairs: &[(i64, &str)]) -> (Table, ChartShape) {
    let rows =
        pairs.iter().map(|(day, branch)| vec![date(*day), text(branch), Cell::Integer(*day)]).collect();
    let roles = vec![dimension("Day", Some(Grain::Day)), dimension("Branch", None), metric("Fees", None)];
    asked(roles, &[DataType::Date, DataType::String, DataType::Integer], rows)
}

fn by_branch_and_way(branches: usize, ways: usize) -> (Table, ChartShape) {
    let rows = (0..branches).flat_map(|branch| {
        (0..ways)
            .map(move |way| vec![text(&format!("b{branch}")), text(&format!("w{way}")), Cell::Integer(1)])
    });
    let roles = vec![dimension("Branch", None), dimension("Way", None), metric("Loans", None)];
    asked(roles, &[DataType::String, DataType::String, DataType::Integer], rows.collect())
}

#[test]
fn one_row_or_one_value_is_no_chart() {
    let is_drawn = |values: &[Cell]| drawn(&by_branch(values).0, &by_branch(values).1).is_some();
    let one = Cell::Integer(7);
    assert!(is_drawn(&[one.clone(), one.clone()]));
    assert!(is_drawn(&[one.clone(), Cell::Null, one.clone()]));
    assert!(!is_drawn(&[]));
    assert!(!is_drawn(std::slice::from_ref(&one)));
    assert!(!is_drawn(&[one.clone(), Cell::Null]));
    assert!(!is_drawn(&[one, Cell::Float(f64::NAN)]));
    assert!(!is_drawn(&[Cell::Null, Cell::Null]));
    let roles = vec![dimension("Branch", None), metric("Fees", Some("USD")), metric("Fines", Some("USD"))];
    let types = [DataType::String, DataType::Integer, DataType::Integer];
    let (mut table, shape) = asked(roles, &types, vec![vec![text("a"), Cell::Integer(1), Cell::Integer(2)]]);
    assert_eq!(drawn(&table, &shape), None);
    table.rows.push(vec![text("b"), Cell::Integer(1), Cell::Integer(2)]);
    assert_eq!(drawn(&table, &shape), Some(("bars", 2, 2)));
}

#[test]
fn a_shape_that_is_not_the_tables_has_no_chart() {
    let (table, shape) = by_branch(&[Cell::Integer(1), Cell::Integer(2)]);
    let mut longer = shape.clone();
    longer.columns.push(ColumnRole::Other);
    assert_eq!((drawn(&table, &shape), drawn(&table, &longer)), (Some(("bars", 2, 0)), None));
    let (mut ragged, shape) = by_branch(&[Cell::Integer(1), Cell::Integer(2), Cell::Integer(3)]);
    ragged.rows[1].pop();
    assert_eq!(drawn(&ragged, &shape), None);
}

#[test]
fn rows_that_are_not_told_apart_have_no_chart() {
    let (mut table, shape) = by_branch(&[Cell::Integer(1), Cell::Integer(2)]);
    table.rows[1][0] = text("b0");
    assert_eq!(drawn(&table, &shape), None);
    let (mut table, mut shape) = by_branch_and_way(2, 2);
    shape.columns[1] = ColumnRole::Other;
    assert_eq!(drawn(&table, &shape), None);
    shape.columns[1] = dimension("Way", None);
    assert_eq!(drawn(&table, &shape), Some(("bars", 2, 2)));
    let mut twice = table.clone();
    twice.rows[1] = twice.rows[0].clone();
    assert_eq!(drawn(&twice, &shape), None);
    table.columns[1].masked = true;
    assert_eq!(drawn(&table, &shape), None);
}

#[test]
fn one_instant_written_in_several_ways_is_no_line() {
    let instants = ["2031-02-03T00:00:00Z", "2031-02-03T01:00:00+01:00", "2031-02-03T02:00:00+02:00"];
    let rows = instants.map(|text| vec![Cell::Timestamp(text.to_owned()), Cell::Integer(1)]);
    let roles = vec![dimension("When", None), metric("Loans", None)];
    let (table, shape) = asked(roles, &[DataType::TimestampTz, DataType::Integer], rows.to_vec());
    assert_eq!(drawn(&table, &shape), Some(("bars", 3, 0)));
}

#[test]
fn without_a_dimension_or_with_three_there_is_no_chart() {
    let (table, mut shape) = by_branch_and_way(2, 2);
    shape.columns[2] = dimension("Loans", None);
    assert_eq!(drawn(&table, &shape), None);
    let rows = vec![vec![Cell::Integer(1), Cell::Integer(2)]; 3];
    let roles = vec![metric("a", Some("USD")), metric("b", Some("USD"))];
    let (table, shape) = asked(roles, &[DataType::Integer; 2], rows);
    assert_eq!(drawn(&table, &shape), None);
    let rows =
        (0..4).map(|at| vec![text(&at.to_string()), text("x"), text("y"), Cell::Integer(at)]).collect();
    let roles = vec![dimension("a", None), dimension("b", None), dimension("c", None), metric("d", None)];
    let types = [DataType::String, DataType::String, DataType::String, DataType::Integer];
    let (table, shape) = asked(roles, &types, rows);
    assert_eq!(drawn(&table, &shape), None);
}

#[test]
fn more_places_than_can_be_read_are_drawn_only_as_the_top_of_a_ranking() {
    let of = |count: i64, value: fn(i64) -> Cell| {
        let (table, shape) = by_branch(&(0..count).map(value).collect::<Vec<_>>());
        suggest(&table, &shape).map(|chart| (chart.places.len(), chart.note))
    };
    let jumps = |at| Cell::Integer(at * 7 % 11);
    assert_eq!(of(25, jumps), Some((25, None)));
    assert_eq!(of(26, jumps), None);
    let note = Some("The first 25 of 26 rows.".to_owned());
    assert_eq!(of(26, |at| Cell::Integer(-at)), Some((25, note.clone())));
    assert_eq!(of(26, Cell::Integer), Some((25, note.clone())));
    assert_eq!(of(26, |at| if at < 20 { Cell::Integer(-at) } else { Cell::Null }), Some((25, note)));
    assert_eq!(of(26, |at| if at == 5 { Cell::Null } else { Cell::Integer(-at) }), None);
    assert_eq!(of(26, |at| if at == 0 { Cell::Null } else { Cell::Integer(-at) }), None);
    assert_eq!(of(26, |_| Cell::Integer(1)), None);
}

#[test]
fn three_moments_that_follow_each_other_make_a_line() {
    let of = |days: &[i64]| drawn(&by_day(days).0, &by_day(days).1);
    assert_eq!(of(&[1, 2]), Some(("bars", 2, 0)));
    assert_eq!(of(&[1, 2, 3]), Some(("line", 3, 0)));
    assert_eq!(of(&[3, 2, 1]), Some(("line", 3, 0)));
    // Ranked days are read from the top.
    assert_eq!(of(&[1, 3, 2]), Some(("bars", 3, 0)));
    assert_eq!(of(&(0..300).collect::<Vec<_>>()), Some(("line", 300, 0)));
    let (mut table, shape) = by_day(&[1, 2, 3]);
    table.rows[2][1] = Cell::Null;
    assert_eq!(drawn(&table, &shape), Some(("bars", 3, 0)));
    // A day that is not there has no place in time, and is not left out.
    let (mut table, shape) = by_day(&[1, 2, 3, 4]);
    table.rows[3][0] = Cell::Null;
    assert_eq!(drawn(&table, &shape), Some(("bars", 4, 0)));
}

#[test]
fn more_points_than_a_line_can_show_are_no_chart() {
    let of = |count: i64| {
        let rows = (0..count).map(|at| {
            vec![
                Cell::Timestamp(format!("2031-01-01T00:{:02}:{:02}", at / 60, at % 60)),
                Cell::Integer(at % 3),
            ]
        });
        let roles = vec![dimension("When", None), metric("Loans", None)];
        let (table, shape) = asked(roles, &[DataType::Timestamp, DataType::Integer], rows.collect());
        drawn(&table, &shape)
    };
    assert_eq!((of(1000), of(1001)), (Some(("line", 1000, 0)), None));
}

#[test]
fn few_series_over_time_are_lines_whichever_comes_first() {
    let of = |pairs: &[(i64, &str)]| drawn(&by_both(pairs).0, &by_both(pairs).1);
    let days = [(1, "n"), (1, "s"), (2, "n"), (2, "s"), (3, "n"), (3, "s")];
    assert_eq!(of(&days), Some(("line", 3, 2)));
    assert_eq!(of(&[(1, "n"), (2, "n"), (3, "n"), (2, "s")]), Some(("line", 3, 2)));
    assert_eq!(of(&[(3, "n"), (2, "n"), (1, "n"), (3, "s"), (1, "s")]), Some(("line", 3, 2)));
    // Ranked, in both directions, or too few to be a line.
    assert_eq!(of(&[(2, "n"), (1, "s"), (3, "n"), (1, "n")]), Some(("bars", 3, 2)));
    assert_eq!(of(&[(1, "n"), (2, "n"), (3, "n"), (3, "s"), (2, "s")]), Some(("bars", 3, 2)));
    assert_eq!(of(&days[..4]), Some(("bars", 2, 2)));
    let (table, shape) = by_both(&days);
    let turn = |mut row: Vec<Cell>| {
        row.swap(0, 1);
        row
    };
    let mut turned = asked(
        shape.columns.clone(),
        &[DataType::String, DataType::Date, DataType::Integer],
        table.rows.into_iter().map(turn).collect(),
    );
    turned.1.columns.swap(0, 1);
    assert_eq!(drawn(&turned.0, &turned.1), Some(("line", 3, 2)));
}

#[test]
fn many_series_over_time_are_no_chart() {
    let of = |series: usize| {
        let names: Vec<String> = (0..series).map(|at| at.to_string()).collect();
        let pairs: Vec<(i64, &str)> =
            (0..30).flat_map(|day| names.iter().map(move |name| (day, name.as_str()))).collect();
        drawn(&by_both(&pairs).0, &by_both(&pairs).1)
    };
    assert_eq!((of(6), of(7)), (Some(("line", 30, 6)), None));
    let pairs = |days| (1..=days).flat_map(|day| ["a", "b", "c"].map(|name| (day, name))).collect::<Vec<_>>();
    let of = |days| drawn(&by_both(&pairs(days)).0, &by_both(&pairs(days)).1);
    assert_eq!((of(333), of(334)), (Some(("line", 333, 3)), None));
}

#[test]
fn two_small_dimensions_are_bars_beside_each_other() {
    let of =
        |branches, ways| drawn(&by_branch_and_way(branches, ways).0, &by_branch_and_way(branches, ways).1);
    assert_eq!(of(3, 6), Some(("bars", 3, 6)));
    assert_eq!(of(8, 6), Some(("bars", 8, 6)));
    assert_eq!(of(9, 6), None);
    // The one with fewer values is the series.
    assert_eq!(of(3, 7), Some(("bars", 7, 3)));
    assert_eq!(of(7, 7), None);
    assert_eq!(of(25, 2), Some(("bars", 25, 2)));
    assert_eq!(of(26, 1), None);
}

#[test]
fn a_comparison_is_two_bars_or_two_lines_and_says_its_unit() {
    let compared = |role: ColumnRole, data_type, key: fn(i64) -> Cell| {
        let rows = (0..4).map(|at| vec![key(at), decimal("2.5"), decimal("3")]).collect();
        let before = ColumnRole::Before { label: "Fees before".to_owned() };
        let roles = vec![role, metric("Fees", Some("USD")), before];
        let (table, shape) = asked(roles, &[data_type, DataType::Decimal, DataType::Decimal], rows);
        let chart = suggest(&table, &shape).unwrap();
        assert_eq!(chart.series.as_ref().unwrap().names, ["Fees", "Fees before"]);
        assert_eq!((chart.value_title.as_str(), chart.points.len()), ("Fees (USD)", 8));
        chart.form
    };
    assert_eq!(compared(dimension("Branch", None), DataType::String, |at| text(&at.to_string())), Form::Bars);
    let line = compared(dimension("Day", Some(Grain::Day)), DataType::Date, date);
    assert_eq!(line, Form::Line(Some(Grain::Day)));
}

#[test]
fn of_two_dimensions_one_figure_is_drawn_under_its_own_name() {
    let (mut table, mut shape) = by_branch_and_way(2, 2);
    shape.columns[2] = metric("Fees", Some("USD"));
    shape.columns.push(metric("Fines", Some("USD")));
    table.columns.push(table.columns[2].clone());
    table.rows.iter_mut().for_each(|row| row.push(Cell::Integer(2)));
    let chart = suggest(&table, &shape).unwrap();
    assert_eq!((chart.value_title.as_str(), chart.points.len()), ("Fees (USD)", 4));
}

#[test]
fn a_title_is_what_was_asked() {
    let chart = daily_line(&[(1, Cell::Integer(1)), (2, Cell::Integer(2)), (3, Cell::Integer(3))]);
    assert_eq!((chart.title.as_str(), chart.place_title.as_str()), ("What was asked", "Day"));
}

proptest! {
    #[test]
    fn no_row_is_left_out_in_silence(values in prop::collection::vec(prop::option::of(-50_i64..50), 0..60), is_sorted in any::<bool>()) {
        let mut values = values;
        if is_sorted {
            values.sort_by_key(|value| (value.is_none(), *value));
        }
        let cells: Vec<Cell> = values.iter().map(|value| value.map_or(Cell::Null, Cell::Integer)).collect();
        let (table, shape) = by_branch(&cells);
        if let Some(chart) = suggest(&table, &shape) {
            prop_assert_eq!(chart.points.len() < values.len(), chart.note.is_some());
            prop_assert_eq!(chart.points.len() < values.len(), chart.text(80).contains(&format!("of {} rows", values.len())));
        }
    }
}

use super::*;
use crate::tests::{asked, daily_line, decimal, dimension, metric, text};
use crate::{ColumnRole, Grain, suggest};
use proptest::prelude::*;
use splitplane_types::{Cell, DataType};

/// The rows of the drawing from above, without the axis.
fn rows(drawn: &str) -> Vec<Vec<char>> {
    let lines = drawn.lines().skip(3).take(HEIGHT);
    lines.map(|line| line.chars().skip_while(|c| !['│', '┤'].contains(c)).skip(1).collect()).collect()
}

#[test]
fn a_line_goes_from_its_first_value_to_its_last_over_zero() {
    let drawn = daily_line(&[(1, decimal("0")), (2, decimal("550")), (3, decimal("1100"))]).text(30);
    let expected = "\
What was asked
Fees (USD)

1,100 ┤                     ⡠⠊
      │                   ⡠⠊
      │                 ⡠⠊
      │               ⢀⠔⠁
      │             ⢀⠔⠁
      │           ⢀⠔⠁
      │         ⢀⠔⠁
      │       ⢀⠔⠁
      │      ⡔⠁
      │    ⡠⠊
      │  ⡠⠊
    0 ┤⡠⠊
      └───────────────────────
       2031-01-01   2031-01-03
";
    assert_eq!(drawn, expected);
}

#[test]
fn the_axis_says_the_highest_the_lowest_and_zero() {
    let ticks = |values: [&str; 3]| {
        let chart = daily_line(&[(1, decimal(values[0])), (2, decimal(values[1])), (3, decimal(values[2]))]);
        let drawn = chart.text(60);
        let ticks = drawn
            .lines()
            .skip(3)
            .enumerate()
            .filter_map(|(at, line)| Some((at, line.split_once('┤')?.0.trim().to_owned())));
        ticks.collect::<Vec<(usize, String)>>()
    };
    let named = |ticks: &[(usize, &str)]| {
        ticks.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(ticks(["5", "7", "12000"]), named(&[(0, "12,000"), (11, "0")]));
    assert_eq!(ticks(["-5", "-7", "-1"]), named(&[(0, "0"), (11, "-7")]));
    assert_eq!(ticks(["-5", "6", "1"]), named(&[(0, "6"), (6, "0"), (11, "-5")]));
    assert_eq!(ticks(["0", "0", "0"]), named(&[(11, "0")]));
}

#[test]
fn a_value_that_is_not_there_breaks_the_line_and_a_row_that_is_not_there_does_not() {
    let value = || decimal("8");
    let gap = |rows: &[(u32, Cell)]| {
        let drawn = rows_of_top(&daily_line(rows).text(70));
        drawn.trim().chars().any(|c| c == ' ')
    };
    assert!(gap(&[(1, value()), (2, value()), (3, Cell::Null), (4, value()), (5, value())]));
    assert!(!gap(&[(1, value()), (2, value()), (4, value()), (5, value())]));
}

fn rows_of_top(drawn: &str) -> String {
    rows(drawn)[0].iter().collect()
}

#[test]
fn a_value_without_neighbours_is_a_dot() {
    let chart = daily_line(&[
        (1, decimal("4")),
        (2, Cell::Null),
        (3, decimal("8")),
        (4, Cell::Null),
        (5, decimal("4")),
    ]);
    let top = rows_of_top(&chart.text(70));
    assert_eq!(top.chars().filter(|c| *c != ' ').count(), 1, "{top:?}");
}

#[test]
fn several_lines_have_marks_and_a_legend() {
    let rows = (1..=3).flat_map(|day| {
        ["north", "so\u{1b}uth"].map(|name| {
            vec![
                Cell::Date(format!("2031-0{day}-01")),
                text(name),
                Cell::Integer(if name == "north" { 2 } else { day - 1 }),
            ]
        })
    });
    let roles =
        vec![dimension("Month", Some(Grain::Month)), dimension("Branch", None), metric("Loans", None)];
    let (table, shape) = asked(roles, &[DataType::Date, DataType::String, DataType::Integer], rows.collect());
    let drawn = suggest(&table, &shape).unwrap().text(33);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines[1], "Loans");
    // Where the second line reaches the first, both are.
    assert!(lines[3].starts_with("2 ┤****") && lines[3].ends_with('&'), "{drawn}");
    assert!(lines[14].starts_with("0 ┤o"), "{drawn}");
    assert_eq!(lines[16], "   2031-01                2031-03");
    assert_eq!(lines[17], "* north   o so\u{fffd}uth   & several");
    assert_eq!(lines.len(), 18);
}

#[test]
fn a_comparison_over_time_is_two_lines() {
    let rows =
        (1..=3).map(|day| vec![Cell::Date(format!("2031-01-0{day}")), Cell::Integer(day), Cell::Integer(4)]);
    let before = ColumnRole::Before { label: "A year before".to_owned() };
    let roles = vec![dimension("Day", Some(Grain::Day)), metric("Loans", None), before];
    let (table, shape) =
        asked(roles, &[DataType::Date, DataType::Integer, DataType::Integer], rows.collect());
    let drawn = suggest(&table, &shape).unwrap().text(40);
    assert_eq!(drawn.lines().last(), Some("* Loans   o A year before"));
    assert!(rows_of_top(&drawn).chars().all(|c| c == 'o'), "{drawn}");
}

#[test]
fn without_room_the_values_go_and_the_drawing_stays() {
    let chart = daily_line(&[(1, decimal("1")), (2, decimal("2")), (3, decimal("1000000"))]);
    let drawn = chart.text(12);
    assert!(
        !drawn.contains('┤') && drawn.contains('⠈') | drawn.contains('⢸') | drawn.contains('⡇'),
        "{drawn}"
    );
    assert!(drawn.contains("2031-01-01") && !drawn.contains("2031-01-03"), "{drawn}");
}

/// Dots of braille, from the lower left corner.
fn dots(drawn: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (line, row) in rows(drawn).iter().enumerate() {
        for (at, c) in row.iter().enumerate().filter(|(_, c)| **c != ' ') {
            let code = u32::from(*c) - 0x2800;
            for (bit, (x, down)) in
                [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)].into_iter().enumerate()
            {
                if code & (1 << bit) != 0 {
                    found.push((at * 2 + x, HEIGHT * 4 - 1 - line * 4 - down));
                }
            }
        }
    }
    found
}

fn double(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

proptest! {
    #[test]
    fn each_value_has_a_dot_at_its_moment_and_its_height(
        values in prop::collection::btree_map(1_u32..=31, -500_i32..500, 3..25),
        width in 24_usize..160,
    ) {
        let rows: Vec<(u32, Cell)> = values.iter().map(|(day, value)| (*day, Cell::Integer((*value).into()))).collect();
        let drawn = daily_line(&rows).text(width);
        let dots = dots(&drawn);
        let axis = drawn.lines().find(|line| line.contains('└')).unwrap();
        let room = axis.chars().filter(|c| *c == '─').count();
        prop_assert_eq!(axis.chars().count(), width);
        let (first, last) = (*values.keys().next().unwrap(), *values.keys().last().unwrap());
        let low = f64::from(*values.values().min().unwrap().min(&0));
        let high = f64::from(*values.values().max().unwrap().max(&0));
        let expected = |day: u32, value: i32| {
            let along = f64::from(day - first) / f64::from(last - first) * double(room * 2 - 1);
            let up = if high > low { (f64::from(value) - low) / (high - low) * double(HEIGHT * 4 - 1) } else { 0.0 };
            (along, up)
        };
        for (day, value) in &values {
            let (along, up) = expected(*day, *value);
            let is_there = dots.iter().any(|(x, y)| (double(*x) - along).abs() <= 0.501 && (double(*y) - up).abs() <= 0.501);
            prop_assert!(is_there, "{day} {value}\n{drawn}");
        }
        // And no dot is off the lines between them.
        let points: Vec<(f64, f64)> = values.iter().map(|(day, value)| expected(*day, *value)).collect();
        for (x, y) in dots {
            let is_near = points.windows(2).any(|pair| {
                let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
                let within = double(x) >= x0 - 1.0 && double(x) <= x1 + 1.0 && double(y) >= y0.min(y1) - 1.0 && double(y) <= y0.max(y1) + 1.0;
                let off = ((x1 - x0) * (double(y) - y0) - (y1 - y0) * (double(x) - x0)).abs() / (x1 - x0).abs().max((y1 - y0).abs()).max(1.0);
                within && off <= 2.0
            });
            prop_assert!(is_near, "{x} {y}\n{drawn}");
        }
    }
}

use crate::chart::Form;
use crate::tests::{any_table, decimal, harmless, name_of, named_bars, number_of, text};
use crate::{suggest, tests};
use proptest::prelude::*;
use splitplane_types::Cell;

#[test]
fn bars_stand_on_both_sides_of_zero() {
    let chart = named_bars(&[
        ("north", decimal("84000.5")),
        ("a branch with a long name", decimal("-42000.25")),
        ("south", Cell::Null),
        ("zero", decimal("0")),
        ("least", decimal("0.01")),
    ]);
    let expected = "\
What was asked
Fees (USD)

north          84,000.50      │██████████
a branch wit… -42,000.25 █████│
south                  -      │
zero                0.00      │
least               0.01      │▏
";
    assert_eq!(chart.text(41), expected);
}

#[test]
fn values_go_before_bars_do_and_bars_before_all_is_lost() {
    let chart = named_bars(&[("north", decimal("84000.50")), ("south", decimal("42000.25"))]);
    assert_eq!(
        chart.text(25),
        "What was asked\nFees (USD)\n\nnorth 84,000.50 │████████\nsouth 42,000.25 │████\n"
    );
    assert_eq!(chart.text(24), "What was asked\nFees (USD)\n\nnorth │█████████████████\nsouth │████████▌\n");
    assert_eq!(chart.text(4), "What\nwas\nask…\nFee…\n\n… │█\n… │▌\n");
    assert!(chart.text(0).lines().all(str::is_empty));
    assert_eq!(chart.text(400), chart.text(usize::MAX));
}

#[test]
fn the_bars_of_one_place_stand_together_under_one_name() {
    let rows = [("b", "x", 4), ("a", "y", 2), ("b", "y", 1)]
        .map(|(a, b, n)| vec![text(a), text(b), Cell::Integer(n)]);
    let roles =
        vec![tests::dimension("Branch", None), tests::dimension("Way", None), tests::metric("Loans", None)];
    let types = [
        splitplane_types::DataType::String,
        splitplane_types::DataType::String,
        splitplane_types::DataType::Integer,
    ];
    let (table, shape) = tests::asked(roles, &types, rows.to_vec());
    let drawn = suggest(&table, &shape).unwrap().text(15);
    assert_eq!(drawn, "What was asked\nLoans\n\nb x 4 │████████\n  y 1 │██\na y 2 │████\n");
}

/// Eighths on both sides of the axis, after the names and the values.
fn lengths(line: &str) -> (usize, usize) {
    let eighths = |c: char| match c {
        '▏' | '▕' => 1,
        '▎' => 2,
        '▍' => 3,
        '▌' | '▐' => 4,
        '▋' => 5,
        '▊' => 6,
        '▉' => 7,
        '█' => 8,
        _ => 0,
    };
    let (left, right) = line.rsplit_once('│').unwrap();
    (left.chars().map(eighths).sum(), right.chars().map(eighths).sum())
}

fn f64_of(eighths: usize) -> f64 {
    f64::from(u32::try_from(eighths).unwrap())
}

proptest! {
    #[test]
    fn bars_are_as_long_as_their_values_are_large(values in prop::collection::vec(-1000_i64..1000, 2..20), width in 30_usize..200) {
        let names: Vec<String> = (0..values.len()).map(|at| format!("b{at}")).collect();
        let rows: Vec<(&str, Cell)> = names.iter().zip(&values).map(|(name, value)| (name.as_str(), Cell::Integer(*value))).collect();
        let drawn = named_bars(&rows).text(width);
        let lines: Vec<&str> = drawn.lines().skip(3).collect();
        prop_assert_eq!(lines.len(), values.len());
        let bars: Vec<(usize, usize)> = lines.iter().map(|line| lengths(line)).collect();
        let largest = values.iter().map(|value| value.unsigned_abs()).max().unwrap();
        let at = values.iter().position(|value| value.unsigned_abs() == largest).unwrap();
        let longest = f64_of(bars[at].0 + bars[at].1);
        for (value, (below, above)) in values.iter().zip(&bars) {
            prop_assert_eq!((*below > 0, *above > 0), (*value < 0, *value > 0));
            let share = f64::from(u32::try_from(value.unsigned_abs()).unwrap()) / f64::from(u32::try_from(largest.max(1)).unwrap());
            // An eighth for each rounding, and two where a character for the exact length is missing.
            let slack = 1.0 + if *value < 0 { 2.0 } else { 0.0 } + if values[at] < 0 { 2.0 } else { 0.0 };
            prop_assert!((f64_of(below + above) - share * longest).abs() <= slack, "{drawn}");
        }
        for (a, (below_a, above_a)) in values.iter().zip(&bars) {
            for (b, (below_b, above_b)) in values.iter().zip(&bars) {
                prop_assert!(a > b || (above_a <= above_b && below_a >= below_b), "{a} and {b}: {drawn}");
            }
        }
        // The room is used: the largest value on one of the sides is as long as it can be.
        let fills = lines.iter().any(|line| tests::width_of(line) + 1 >= width || (line.contains(['█', '▐', '▕']) && line.trim_end().ends_with('│')));
        prop_assert!(fills || largest == 0, "{drawn}");
    }

    #[test]
    fn every_name_and_every_number_is_a_cell_of_its_row((table, shape) in any_table()) {
        let Some(chart) = suggest(&table, &shape).filter(|chart| chart.form == Form::Bars && chart.series.is_none()) else {
            return Ok(());
        };
        let drawn = chart.text(200);
        let lines: Vec<&str> = drawn.lines().skip(3).filter(|line| line.contains('│')).collect();
        prop_assert_eq!(lines.len(), table.rows.len().min(25));
        let is_fines = drawn.lines().nth(1) == Some("Fines (USD)");
        for (line, row) in lines.iter().zip(&table.rows) {
            let named = line.trim_start_matches('(');
            match name_of(&row[0]) {
                None => prop_assert!(named.starts_with("none)"), "{line:?}"),
                Some(name) => {
                    let shown = harmless(name);
                    prop_assert!(named.starts_with(shown.trim_start_matches('(').trim_end()), "{line:?} is not {shown:?}");
                }
            }
            let text = line.rsplit_once('│').unwrap().0.trim_end_matches([' ', '█', '▐', '▕']);
            let shown = text.rsplit(' ').next().unwrap().replace(',', "");
            match number_of(&row[if is_fines { 2 } else { 1 }]) {
                None => prop_assert_eq!(shown, "-"),
                Some(value) => {
                    let read: f64 = shown.parse().unwrap();
                    prop_assert!((read - value).abs() <= 0.005_001 + value.abs() * 0.001, "{read} is not {value}");
                }
            }
        }
    }
}

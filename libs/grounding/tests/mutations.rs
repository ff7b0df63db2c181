//! A digit of a true narrative is changed. The narrative must be refused, unless the change made
//! another true figure; the oracle says so in doubles, from the numbers that were put in.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "helpers of tests: a failure here is a failed test"
)]

use proptest::prelude::*;
use splitplane_grounding::{Context, display_cell, prove, template};
use splitplane_types::{Cell, Column, DataType, Decimal, Table};

const NAMES: [&str; 6] = ["Harbour", "Old Mill", "Castle", "North Quay", "Meadow", "Station Road"];

fn table(cents: &[i64]) -> Table {
    let column = |name: &str, data_type, unit: Option<&str>| Column {
        name: name.into(),
        data_type,
        unit: unit.map(str::to_owned),
        masked: false,
    };
    let rows = cents.iter().zip(NAMES).map(|(cents, name)| {
        vec![Cell::Text(name.into()), Cell::Decimal(Decimal::new(i128::from(*cents), 2).unwrap())]
    });
    Table {
        columns: vec![
            column("branch", DataType::String, None),
            column("late_fees", DataType::Decimal, Some("USD")),
        ],
        rows: rows.collect(),
    }
}

fn context(rows: usize) -> Context {
    Context {
        period: Some(("2031-02-03".into(), "2031-02-09".into())),
        row_count: rows,
        limited: false,
        additive: true,
        allowed: vec!["Late fees".into()],
    }
}

fn dollars(cents: i64) -> String {
    display_cell(&Cell::Decimal(Decimal::new(i128::from(cents), 2).unwrap()), Some("USD"))
}

/// A true narrative, and the true figures that could stand in it.
fn narrative(cents: &[i64], style: usize) -> (String, Vec<f64>) {
    let total: i64 = cents.iter().sum();
    let extreme = |value: i64| NAMES[cents.iter().position(|c| *c == value).unwrap()];
    let (high, low) = (*cents.iter().max().unwrap(), *cents.iter().min().unwrap());
    let share = |value: i64, decimals: usize| format!("{:.decimals$}", exact_share(value, total, decimals));
    let count = cents.len();
    let text = match style {
        0 => format!(
            "Late fees came to {} from 2031-02-03 to 2031-02-09, across {count} branches. \"{}\" had the highest, {} \
             ({}% of the total), and \"{}\" the lowest, {}.",
            dollars(total),
            extreme(high),
            dollars(high),
            share(high, 1),
            extreme(low),
            dollars(low),
        ),
        1 => format!(
            "{} leads {} by {}, with {} in late fees.",
            extreme(high),
            extreme(low),
            dollars(high - low),
            dollars(low),
        ),
        _ => format!(
            "Within 7 days, the highest late fees were {}, which is {}% of the total. {} was the lowest with {}.",
            dollars(high),
            share(high, 0),
            extreme(low),
            dollars(low),
        ),
    };
    let mut truths: Vec<f64> = cents.iter().map(|c| *c as f64 / 100.0).collect();
    truths.extend([total as f64 / 100.0, (high - low) as f64 / 100.0, count as f64, 7.0]);
    truths.extend(cents.iter().flat_map(|c| [0, 1].map(|decimals| exact_share(*c, total, decimals))));
    (text, truths)
}

/// Half away from zero, in whole numbers: doubles would round 0.5 to even.
fn exact_share(part: i64, whole: i64, decimals: usize) -> f64 {
    let factor = 100 * 10_i64.pow(decimals as u32);
    ((2 * part * factor + whole) / (2 * whole)) as f64 / 10_f64.powi(decimals as i32)
}

/// The number around position `at` of `text`, without separators.
fn number_around(text: &[char], at: usize) -> f64 {
    let inside = |c: &char| c.is_ascii_digit() || *c == '.' || *c == ',';
    let start = (0..=at).rev().take_while(|i| inside(&text[*i])).last().unwrap();
    let number: String = text[start..].iter().take_while(|c| inside(c)).filter(|c| **c != ',').collect();
    number.trim_end_matches('.').parse().unwrap_or(f64::NAN)
}

fn amounts() -> impl Strategy<Value = Vec<i64>> {
    // Distinct, so that the highest and the lowest have one name each.
    proptest::collection::btree_set(100_i64..9_999_999, 2..=6)
        .prop_map(|set| set.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_digit_is_caught(cents in amounts(), style in 0_usize..3, at in any::<prop::sample::Index>(), shift in 1_u32..10) {
        let (text, truths) = narrative(&cents, style);
        // With two rows the figure after two names belongs to the second; with more, likewise.
        let (table, context) = (table(&cents), context(cents.len()));
        prop_assert!(prove(&text, &table, &context).is_ok(), "refused: {text}");
        let chars: Vec<char> = text.chars().collect();
        let digits: Vec<usize> = (0..chars.len()).filter(|i| chars[*i].is_ascii_digit()).collect();
        let at = digits[at.index(digits.len())];
        let mut changed = chars.clone();
        changed[at] = char::from_digit((chars[at].to_digit(10).unwrap() + shift) % 10, 10).unwrap();
        let number = number_around(&changed, at);
        prop_assume!(!truths.iter().any(|truth| (truth - number).abs() < 1e-9));
        let changed: String = changed.into_iter().collect();
        prop_assert!(prove(&changed, &table, &context).is_err(), "proved: {changed}");
    }

    #[test]
    fn swapped_names_are_caught(cents in amounts()) {
        let (table, context) = (table(&cents), context(cents.len()));
        let text = |a: &str, b: &str| {
            format!("{a} had {} and {b} {}.", dollars(cents[0]), dollars(cents[1]))
        };
        prop_assert!(prove(&text(NAMES[0], NAMES[1]), &table, &context).is_ok());
        prop_assert!(prove(&text(NAMES[1], NAMES[0]), &table, &context).is_err());
    }

    #[test]
    fn swapped_extremes_are_caught(cents in amounts()) {
        let (table, context) = (table(&cents), context(cents.len()));
        let (text, _) = narrative(&cents, 0);
        let swapped = text.replace("highest", "@").replace("lowest", "highest").replace('@', "lowest");
        prop_assert!(prove(&swapped, &table, &context).is_err(), "{swapped}");
    }

    #[test]
    fn no_text_makes_it_fail_otherwise(text in ".{0,200}", cents in amounts()) {
        let _ = prove(&text, &table(&cents), &context(cents.len()));
    }

    #[test]
    fn templates_prove_themselves(cents in amounts()) {
        let (table, context) = (table(&cents), context(cents.len()));
        let text = template(&table, &context);
        prop_assert!(prove(text.as_str(), &table, &context).is_ok(), "{text}");
    }
}

//! The sentences of the model that needs no network: whatever the cells are, they are proved.

use crate::tables::{Case, case, column};
use crate::world::{Dice, rounded, shown, tenths};
use splitplane_grounding::{Context, prove};
use splitplane_types::{Cell, DataType, Decimal};

const LETTERS: [char; 20] =
    ['a', 'B', 'z', 'Q', '1', '9', ' ', '"', '%', '$', '.', 'é', '-', 'o', 'e', 'R', '0', 't', 'N', '5'];

fn judged(case: &Case, text: &str) {
    let proved = prove(text, &case.table, &case.context);
    assert!(proved.is_ok(), "{text:?}: {proved:?}");
}

/// Late fees or rides by a name of any letters.
fn by_name(names: &[String], values: &[i128], money: bool) -> Case {
    let metric = if money { "late_fees" } else { "ride_count" };
    let data_type = if money { DataType::Decimal } else { DataType::Integer };
    let columns = vec![
        column("branch_name", DataType::String, None),
        column(metric, data_type, money.then_some("USD")),
    ];
    let cell = |value: i128| match money {
        true => Cell::Decimal(Decimal::new(value, 2).unwrap()),
        false => Cell::Integer(i64::try_from(value / 100).unwrap()),
    };
    let rows = names.iter().zip(values).map(|(name, value)| vec![Cell::Text(name.clone()), cell(*value)]);
    case(columns, rows.collect(), Some(("2031-05-05".into(), "2031-05-11".into())))
}

#[test]
fn sentences_of_totals_and_extremes_are_proved_for_any_cells() {
    let mut judged_ones = 0;
    for seed in 0..1_500 {
        let mut dice = Dice::new(seed + 424_000);
        let money = dice.coin();
        let mut names: Vec<String> = Vec::new();
        for _ in 0..2 + dice.below(5) {
            let length = 1 + dice.below(12);
            let name: String = (0..length).map(|_| LETTERS[dice.below(LETTERS.len())]).collect();
            let plain = name.trim().to_lowercase();
            if !plain.is_empty() && names.iter().all(|other| other.trim().to_lowercase() != plain) {
                names.push(name);
            }
        }
        let values: Vec<i128> = names.iter().map(|_| dice.between(-99_999, 9_999_999) / 100 * 100).collect();
        let (unit, fees) = if money { (Some("USD"), "late fees") } else { (None, "ride count") };
        let case = by_name(&names, &values, money);
        let total: i128 = values.iter().sum();
        let top = (0..values.len()).max_by_key(|row| values[*row]).unwrap();
        let low = (0..values.len()).min_by_key(|row| values[*row]).unwrap();
        if names.len() < 2 || values[top] == values[low] {
            continue;
        }
        judged_ones += 1;
        let share = if total > 0 && values[top] >= 0 {
            format!(" ({}% of the total)", tenths(rounded(1_000 * values[top], total)))
        } else {
            String::new()
        };
        let extremes = format!(
            "\"{}\" had the highest {fees}, {}{share}, and \"{}\" the lowest, {}.",
            names[top],
            shown(values[top], unit),
            names[low],
            shown(values[low], unit)
        );
        judged(
            &case,
            &format!(
                "Altogether, {fees} came to {} from 2031-05-05 to 2031-05-11, across {} rows. {extremes}",
                shown(total, unit),
                names.len()
            ),
        );
        let limited = Context { limited: true, row_count: 60, ..case.context.clone() };
        let case = Case { context: limited, ..case };
        let extremes = extremes.replace(&share, "");
        judged(
            &case,
            &format!("The result covers {fees} from 2031-05-05 to 2031-05-11. Of the rows shown, {extremes}"),
        );
        let one = by_name(&names[..1], &values[..1], money);
        let first = shown(values[0], unit);
        judged(&one, &format!("For \"{}\", {fees} came to {first} from 2031-05-05 to 2031-05-11.", names[0]));
    }
    assert!(judged_ones > 1_000, "{judged_ones}");
}

#[test]
fn other_sentences_of_it_are_proved() {
    let mut averages = by_name(&["Harbour".into(), "Castle".into()], &[250, 150], true);
    averages.table.columns[1].name = "average_fee".into();
    averages.context.additive = false;
    let text = "The result covers average fee. \"Harbour\" had the highest average fee, $2.50, and \"Castle\" the lowest, $1.50.";
    judged(&averages, text);
    let mut empty = by_name(&[], &[], true);
    judged(&empty, "There are no rows from 2031-05-05 to 2031-05-11.");
    empty.table.rows.push(vec![Cell::Text("Harbour".into()), Cell::Null]);
    empty.context.row_count = 1;
    judged(&empty, "For \"Harbour\", late fees is unknown from 2031-05-05 to 2031-05-11.");
    judged(&empty, "The rows are in the table.");
    let number = by_name(&["Harbour".into()], &[120_050], true);
    let mut number = Case { table: number.table.clone(), ..number };
    number.table.columns.remove(0);
    number.table.rows[0].remove(0);
    judged(&number, "Late fees came to $1,200.50 from 2031-05-05 to 2031-05-11.");
}

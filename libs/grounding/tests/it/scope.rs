//! What may be said of results that are cut, limited, not to be added up, or told apart by two columns.

use crate::statements::Statement;
use crate::tables::{Case, case, column, named, text};
use crate::world::{Dice, World, rounded, tenths};
use splitplane_grounding::{Context, Ranking, prove};
use splitplane_types::{Cell, DataType};

fn is_proved(text: &str, case: &Case, context: &Context) -> bool {
    prove(text, &case.table, context).is_ok()
}

#[test]
fn totals_and_ranks_need_all_rows_and_addable_ones() {
    let case = named("fees");
    let all = case.context.clone();
    let limited = Context { limited: true, ..all.clone() };
    let cut = Context { row_count: 9, ..all.clone() };
    let averages = Context { additive: false, ..all.clone() };
    let (total, share) = ("Late fees were $2,500.00 in total.", "Harbour had 48.0% of the total late fees.");
    let rank = "Harbour had the highest late fees.";
    for text in [total, share, rank] {
        assert!(is_proved(text, &case, &all), "{text}");
        assert!(!is_proved(text, &case, &limited), "{text}");
        assert!(!is_proved(text, &case, &cut), "{text}");
    }
    assert!(!is_proved(total, &case, &averages) && !is_proved(share, &case, &averages));
    assert!(is_proved(rank, &case, &averages));
    assert!(is_proved("The branches shown had $2,500.00 in late fees in total.", &case, &limited));
    assert!(is_proved("Of those shown, Harbour had the highest late fees.", &case, &limited));
    let ranked =
        |column, descending| Context { ranked: Some(Ranking { column, descending }), ..limited.clone() };
    assert!(is_proved(rank, &case, &ranked(1, true)));
    // Of another column, in the other direction, or not in that order after all.
    assert!(!is_proved(rank, &case, &ranked(2, true)));
    assert!(!is_proved(rank, &case, &ranked(1, false)));
    assert!(!is_proved("\"Castle \"East\"\" had the lowest late fees.", &case, &ranked(1, true)));
    let mut shuffled = case.clone();
    shuffled.table.rows.reverse();
    assert!(!is_proved(rank, &shuffled, &ranked(1, true)));
    // One row of those that were asked for is the highest only if it was asked for as such.
    let mut first = case;
    first.table.rows.truncate(1);
    let one = Context { row_count: 1, ..ranked(1, true) };
    assert!(is_proved(rank, &first, &one));
    assert!(!is_proved(rank, &first, &Context { ranked: None, ..one }));
}

/// Whether a statement needs rows that are not there, or sums.
fn needs(statement: &Statement) -> (bool, bool) {
    match statement {
        Statement::Total { .. }
        | Statement::TotalAcross { .. }
        | Statement::Share { .. }
        | Statement::MovedInAll { .. } => (true, true),
        Statement::Together { .. } => (true, true),
        Statement::Count { .. }
        | Statement::Extreme { .. }
        | Statement::ExtremeAt { .. }
        | Statement::Ends { .. } => (true, false),
        Statement::Rank { .. }
        | Statement::Order { .. }
        | Statement::Mean { .. }
        | Statement::Range { .. } => (true, false),
        Statement::Largest { .. } | Statement::HowMany { .. } => (true, false),
        Statement::Value { .. } | Statement::Two { .. } | Statement::Both { .. } | Statement::Gap { .. } => {
            (false, false)
        }
        Statement::Compare { .. } | Statement::Percent { .. } | Statement::Times { .. } => (false, false),
        Statement::Moved { .. } | Statement::Flat { .. } | Statement::Without { .. } => (false, false),
    }
}

#[test]
fn what_rows_that_are_missing_could_change_is_refused() {
    let (mut judged, mut kept) = (0, 0);
    for seed in 0..3_000 {
        let mut dice = Dice::new(seed + 55_000);
        let world = World::new(&mut dice);
        let Some(statement) = Statement::any(&world, &mut dice) else { continue };
        let text = statement.say(&world, &mut dice);
        // An order of two names is told as a list of ranks only where it says so.
        let listed = text.starts_with("1.");
        let (rows, sums) = needs(&statement);
        let context = &world.case.context;
        let cut = Context { row_count: context.row_count + 5, ..context.clone() };
        let averages = Context { additive: false, ..context.clone() };
        assert!(!rows || listed || !is_proved(&text, &world.case, &cut), "cut: {text}");
        assert!(!sums || !is_proved(&text, &world.case, &averages), "not additive: {text}");
        judged += usize::from(rows || sums);
        kept += usize::from(
            !rows && is_proved(&text, &world.case, &cut) && is_proved(&text, &world.case, &averages),
        );
    }
    assert!(judged > 800 && kept > 500, "{judged} {kept}");
}

/// Passes by month and channel: a row is named by both.
fn grid(dice: &mut Dice) -> (Case, Vec<Vec<i128>>) {
    let columns = vec![
        column("month", DataType::Timestamp, None),
        column("channel", DataType::String, None),
        column("passes", DataType::Integer, None),
    ];
    let months = 2 + dice.below(2);
    let values: Vec<Vec<i128>> =
        (0..months).map(|_| (0..3).map(|_| dice.between(100, 9_999)).collect()).collect();
    let mut rows = Vec::new();
    for (month, row) in values.iter().enumerate() {
        for (channel, value) in CHANNELS.iter().zip(row) {
            let day = Cell::Timestamp(format!("2031-0{}-01T00:00:00", month + 4));
            rows.push(vec![day, text(channel), Cell::Integer(i64::try_from(*value).unwrap())]);
        }
    }
    (case(columns, rows, Some(("2031-04-01".into(), format!("2031-0{}-30", months + 3)))), values)
}

const CHANNELS: [&str; 3] = ["Online", "Counter", "Phone"];
const MONTHS: [&str; 3] = ["April 2031", "May 2031", "June 2031"];

#[test]
fn a_row_of_two_names_is_told_by_both() {
    for seed in 0..1_000 {
        let mut dice = Dice::new(seed + 91_000);
        let (case, values) = grid(&mut dice);
        let (m, n) = (dice.below(values.len()), dice.below(values.len()));
        let (c, d) = (dice.below(3), dice.below(3));
        let (month, channel, value) = (MONTHS[m], CHANNELS[c], values[m][c]);
        let told = |month: &str, channel: &str, value: i128, style: usize| match style {
            0 => format!("In {month}, {channel} had {value} passes."),
            1 => format!("{channel} had {value} passes in {month}."),
            2 => format!("{month}: {channel} {value} passes."),
            3 => format!("{value} passes came from {channel} in {month}."),
            _ => format!("Passes in {month}:\n- {channel}: {value}"),
        };
        let style = dice.below(5);
        let text = told(month, channel, value, style);
        assert!(is_proved(&text, &case, &case.context), "{text:?} {values:?}");
        for (other, wrong) in [
            (MONTHS[n], told(MONTHS[n], channel, value, style)),
            (CHANNELS[d], told(month, CHANNELS[d], value, style)),
            ("sum", format!("{channel} had {value} passes.")),
            ("all", format!("In {month}, passes were {value}.")),
        ] {
            let same = other == month || other == channel || values[n][c] == value || values[m][d] == value;
            assert!(
                same && other != "sum" && other != "all" || !is_proved(&wrong, &case, &case.context),
                "{wrong:?} {values:?}"
            );
        }
        let sum: i128 = values.iter().map(|row| row[c]).sum();
        let all: i128 = values.iter().flatten().sum();
        let share = tenths(rounded(1_000 * sum, all));
        for text in [
            format!("{channel} had {sum} passes in total, {share}% of all passes."),
            format!("Passes in {month} came to {}.", values[m].iter().sum::<i128>()),
        ] {
            assert!(is_proved(&text, &case, &case.context), "{text:?} {values:?}");
        }
    }
}

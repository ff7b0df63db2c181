//! Names of metrics beside the words of grammar that they are made of.

use crate::worlds::{ask, barrels, library, line};

#[test]
fn a_sum_of_what_is_measured_answers_how_many_and_a_sum_of_money_does_not() {
    let world = barrels();
    for (question, expected) in [
        ("How many litres were sent last week?", "litres_sent during last week"),
        ("how many litres did we send per depot", "litres_sent by depots.depot"),
        ("how many takings", "unsupported"),
        ("how many litre takings", "unsupported"),
    ] {
        assert_eq!(line(&ask(&world, question)), expected, "{question}");
    }
}

#[test]
fn a_superlative_before_a_name_that_begins_with_first_ranks_by_it() {
    let world = barrels();
    let lowest = "first_try_rate by depots.depot order first_try_rate limit 1";
    for (question, expected) in [
        ("which depot had the lowest first try success", lowest),
        ("which depot had the lowest first try rate", lowest),
        ("first try rate by depot, lowest first", "first_try_rate by depots.depot order first_try_rate"),
    ] {
        assert_eq!(line(&ask(&world, question)), expected, "{question}");
    }
}

#[test]
fn a_month_without_a_year_beside_one_with_its_year_is_the_last_one() {
    let world = library();
    for (question, expected) in [
        ("late fees in April compared with April 2030", "late_fees during April vs (April 2030)"),
        ("late fees in April 2030 compared with April", "late_fees during April vs (April 2030)"),
        ("late fees in Q1 vs Q1 2030", "late_fees during Q1 vs (Q1 2030)"),
        ("late fees in fiscal Q1 2030 vs fiscal Q1", "late_fees during fiscal Q1 vs (fiscal Q1 2030)"),
        // A year that is said once counts for both where they are different months.
        ("late fees in March compared with April 2030", "late_fees during April 2030 vs (March)"),
        ("late fees in April 2030 compared with April 2030", "unsupported"),
    ] {
        assert_eq!(line(&ask(&world, question)), expected, "{question}");
    }
}

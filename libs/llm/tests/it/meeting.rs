//! Comparisons whose rows do not meet: what is offered in their place, and that all of it is supported.

use crate::worlds::{World, ask, gated, library, line, near};
use jiff::civil::date;
use splitplane_llm::ValidateReply;
use splitplane_semantics::{
    ComparisonExpr, DraftInterpretation, InterpretationError, PeriodExpr, PeriodPhrase,
};

fn draft(world: &World, question: &str) -> DraftInterpretation {
    match ask(world, question) {
        ValidateReply::Supported(draft) => draft,
        reply => panic!("{question}: {}", line(&reply)),
    }
}

/// The options of a question whose rows do not meet; each leads to an answer.
fn options(world: &World, question: &str) -> Vec<String> {
    let draft = draft(world, question);
    let refused = gated(world, draft.clone());
    assert!(matches!(refused, Err(InterpretationError::Unaligned(_))), "{question}: {refused:?}");
    let Some((back, options)) = near(world, &draft) else { panic!("{question}: nothing near") };
    assert!(back.ends_with('?') && (1..=5).contains(&options.len()), "{back} {options:?}");
    options.iter().for_each(|option| check_option(world, &draft, option));
    options
}

/// It is supported, and asks for the same but for the unit of its rows or what it is compared with.
fn check_option(world: &World, asked: &DraftInterpretation, option: &str) {
    let near = draft(world, option);
    gated(world, near.clone()).unwrap_or_else(|error| panic!("{option}: {error}"));
    assert_eq!((&near.metrics, &near.filters), (&asked.metrics, &asked.filters), "{option}");
    let period = |draft: &DraftInterpretation| draft.period.as_ref().map(|period| period.expr);
    assert_eq!(period(&near), period(asked), "{option}");
    let things = |draft: &DraftInterpretation| {
        let dimensions = draft.dimensions.iter().filter(|dimension| dimension.grain.is_none());
        dimensions.map(|dimension| dimension.field.clone()).collect::<Vec<_>>()
    };
    assert_eq!(things(&near), things(asked), "{option}");
    assert!(near.comparison.is_some(), "{option}");
    let changed = [near.dimensions != asked.dimensions, near.comparison != asked.comparison];
    assert_eq!(changed.into_iter().filter(|changed| *changed).count(), 1, "{option}");
}

#[test]
fn rows_that_do_not_meet_are_offered_in_other_units_against_other_periods_and_as_one() {
    let world = library();
    for (question, expected) in [
        (
            "late fees by week in April 2031 compared with March 2031",
            [
                "late fees by day in April 2031 compared with March 2031",
                "late fees by month in April 2031 compared with March 2031",
                "late fees in April 2031 compared with March 2031",
            ]
            .as_slice(),
        ),
        (
            "loans by genre and by quarter in April 2031 compared with March 2031",
            [
                "number of loans by genre and by quarter in April 2031 compared with a year ago",
                "number of loans by genre and by day in April 2031 compared with March 2031",
                "number of loans by genre and by month in April 2031 compared with March 2031",
                "number of loans by genre in April 2031 compared with March 2031",
            ]
            .as_slice(),
        ),
        // Two of a kind, though quarters would meet as well.
        (
            "late fees by year in Q1 2031 compared with Q3 2030",
            [
                "late fees by year in Q1 2031 compared with a year ago",
                "late fees by day in Q1 2031 compared with Q3 2030",
                "late fees by month in Q1 2031 compared with Q3 2030",
                "late fees in Q1 2031 compared with Q3 2030",
            ]
            .as_slice(),
        ),
    ] {
        assert_eq!(options(&world, question), expected);
    }
}

#[test]
fn every_option_of_every_comparison_whose_rows_do_not_meet_is_supported() {
    let world = library();
    let periods =
        ["in April 2031", "in Q1 2031", "last week", "in 2030", "this month", "in the last 40 days"];
    let others = [
        "the previous period",
        "a year ago",
        "March 2031",
        "Q3 2030",
        "2029",
        "the week before",
        "last month",
    ];
    let (mut met, mut apart) = (0, 0);
    for unit in ["day", "week", "month", "quarter", "year"] {
        for group in ["", "branch and by ", "genre and by "] {
            for (period, other) in periods.iter().flat_map(|period| others.map(|other| (period, other))) {
                let question =
                    format!("late fees by {group}{unit} for Harbour {period} compared with {other}");
                let ValidateReply::Supported(draft) = ask(&world, &question) else { continue };
                match gated(&world, draft) {
                    Err(InterpretationError::Unaligned(_)) => {
                        options(&world, &question);
                        apart += 1;
                    }
                    Ok(_) => met += 1,
                    Err(_) => {}
                }
            }
        }
    }
    assert!(met > 100 && apart > 100, "{met} {apart}");
}

#[test]
fn nothing_is_offered_where_no_words_ask_for_what_is_near() {
    let world = library();
    let mut asked = draft(&world, "late fees by week in April 2031 compared with March 2031");
    // A rank of weeks by a figure: no option could say it.
    asked.limit = Some(3);
    assert!(matches!(gated(&world, asked.clone()), Err(InterpretationError::Unaligned(_))));
    assert_eq!(near(&world, &asked), None);
}

#[test]
fn a_period_that_another_model_labelled_in_its_own_way_is_offered_by_its_label() {
    let world = library();
    let mut asked = draft(&world, "late fees by week in April 2031 compared with March 2031");
    let expr = PeriodExpr::Month { year: Some(2031), month: 3 };
    for label in ["in March 2031", "our March 2031"] {
        asked.comparison = Some(ComparisonExpr::With(PeriodPhrase { expr, label: label.to_owned() }));
        let (_, options) = near(&world, &asked).unwrap();
        assert_eq!(options.len(), 3, "{options:?}");
        for option in options {
            let before = gated(&world, draft(&world, &option)).unwrap().comparison.unwrap();
            assert_eq!((before.first_day(), before.last_day()), (date(2031, 3, 1), date(2031, 3, 31)));
        }
    }
    // Words that do not say which days they are ask for nothing.
    let label = "those days".to_owned();
    asked.comparison = Some(ComparisonExpr::With(PeriodPhrase { expr, label }));
    assert_eq!(near(&world, &asked), None);
}

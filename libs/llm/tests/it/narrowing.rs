//! "Only", at the beginning and at the end: what it narrows, and where it is part of a question of its own.

use crate::worlds::{World, ask, ask_after, ask_after_open, barrels, library, line, validated};
use splitplane_llm::ValidateReply;
use splitplane_semantics::Interpretation;

fn first(world: &World, question: &str) -> Interpretation {
    let ValidateReply::Supported(draft) = ask(world, question) else {
        panic!("{question}: {}", line(&ask(world, question)))
    };
    validated(world, draft)
}

#[test]
fn only_with_a_value_and_another_metric_may_narrow_or_ask_for_that_metric() {
    let world = library();
    let previous = first(&world, "late fees by branch last month");
    for fragment in ["rural loans only", "only rural loans", "just rural loans"] {
        let reply = ask_after(&world, fragment, &previous);
        let ValidateReply::Ambiguous { options, .. } = &reply else { panic!("{fragment}: {}", line(&reply)) };
        assert_eq!(
            *options,
            [
                "number of loans by branch name for \"rural\" from 2031-04-01 to 2031-04-30",
                "late fees by branch name for \"rural\" from 2031-04-01 to 2031-04-30",
            ],
            "{fragment}"
        );
        for option in options {
            let ValidateReply::Supported(draft) = ask(&world, option) else { panic!("{option}") };
            validated(&world, draft);
        }
    }
    // What was narrowed before is not named again.
    let filtered = first(&world, "late fees by branch in Harbour last month");
    assert_eq!(
        line(&ask_after(&world, "only Harbour loans", &filtered)),
        line(&ask_after(&world, "same for loans", &filtered))
    );
    // Of the same metric it narrows, and a metric alone takes the place of the other.
    let any = "loans.genre|branches.place_id|branches.branch_name|branches.town|members.member_id|members.name|members.town";
    for (fragment, expected) in [
        (
            "rural late fees only",
            format!("late_fees by branches.branch_name \"rural\" in {any} during last month"),
        ),
        ("only loans", "loan_count by branches.branch_name during last month".to_owned()),
    ] {
        assert_eq!(line(&ask_after(&world, fragment, &previous)), expected, "{fragment}");
    }
}

#[test]
fn a_question_that_says_all_may_end_with_only() {
    let world = library();
    let previous = first(&world, "top 3 branches by late fees in Harbour last month");
    let whole = "loans by genre in March 2031, Castle only";
    let alone = line(&ask(&world, whole));
    assert!(
        alone.starts_with("loan_count by loans.genre \"Castle\" in ") && alone.ends_with("during March 2031")
    );
    assert_eq!(line(&ask_after(&world, whole, &previous)), alone);
    assert_eq!(line(&ask_after_open(&world, Some(&previous), "and why?", whole)), alone);
    assert_eq!(line(&ask_after_open(&world, None, "profit by branch", whole)), alone);
    // Where it begins with the word, it changes what was before.
    let reply = ask_after(&world, "only Castle loans by genre in March 2031", &previous);
    assert!(!matches!(reply, ValidateReply::Supported(_)), "{}", line(&reply));
    // Without its rows or its days it may be about those before.
    for fragment in ["loans in March 2031, Castle only", "loans by genre, Castle only"] {
        let reply = line(&ask_after(&world, fragment, &previous));
        assert_ne!(reply, line(&ask(&world, fragment)), "{fragment}");
    }
}

#[test]
fn a_question_that_says_all_after_one_that_was_not_answered_may_begin_with_ok() {
    let world = library();
    let previous = first(&world, "late fees last week");
    for (question, supported) in [
        ("ok, then loans by genre last month", true),
        ("ok, then loans by genre", false),
        ("ok, then loans last month", false),
    ] {
        for previous in [None, Some(&previous)] {
            let reply = ask_after_open(&world, previous, "profit by branch", question);
            assert_eq!(
                matches!(reply, ValidateReply::Supported(_)),
                supported,
                "{question}: {}",
                line(&reply)
            );
        }
    }
    // What is kept from before is not said in it.
    let filtered = first(&world, "late fees in Harbour last week");
    let reply = ask_after_open(&world, Some(&filtered), "and why?", "ok, then loans by genre last month");
    assert!(matches!(reply, ValidateReply::Ambiguous { .. }), "{}", line(&reply));
}

#[test]
fn a_change_without_a_number_is_between_the_two_periods_that_it_is_said_of() {
    let world = library();
    for (question, expected) in [
        ("did late fees go up from 2029 to 2030", "late_fees during 2030 vs (2029)"),
        (
            "have late fees gone down between March 2031 and April 2031",
            "late_fees during April 2031 vs (March 2031)",
        ),
        ("did late fees go up last month", "late_fees during last month vs previous"),
    ] {
        assert_eq!(line(&ask(&world, question)), expected, "{question}");
    }
}

#[test]
fn a_word_of_one_name_alone_is_asked_back() {
    let world = barrels();
    let ValidateReply::Ambiguous { question, options } =
        ask(&world, "which depot got the most litres last week")
    else {
        panic!("{}", line(&ask(&world, "which depot got the most litres last week")))
    };
    assert_eq!(question, "Which do you mean by \"litres\": Litres sent or Litre takings?");
    assert_eq!(options.len(), 2);
    let one = ask(&world, "which depot had the highest try last week");
    let ValidateReply::Ambiguous { question, options } = &one else { panic!("{}", line(&one)) };
    assert_eq!(question, "Do you mean First try rate by \"try\"?");
    assert_eq!(*options, ["which depot had the highest First try rate last week"]);
    assert!(matches!(ask(&world, &options[0]), ValidateReply::Supported(_)));
}

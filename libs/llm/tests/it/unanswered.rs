//! What comes after a question that was not answered: it must not be read as if that had not been asked.

use crate::worlds::{World, answer_to, ask, ask_after, ask_after_open, bikes, library, line, validated};
use splitplane_llm::ValidateReply;
use splitplane_semantics::Interpretation;

fn first(world: &World, question: &str) -> Interpretation {
    let ValidateReply::Supported(draft) = ask(world, question) else {
        panic!("{question}: {}", line(&ask(world, question)))
    };
    validated(world, draft)
}

/// The option of a question back, which must be one question of its own, in this conversation and in any.
fn option(world: &World, previous: Option<&Interpretation>, open: &str, fragment: &str) -> String {
    let reply = ask_after_open(world, previous, open, fragment);
    let ValidateReply::Ambiguous { question, options } = &reply else {
        panic!("{open} > {fragment}: {}", line(&reply))
    };
    assert!(question.ends_with('?'), "{question}");
    let [option] = options.as_slice() else { panic!("{options:?}") };
    let whole = ask(world, option);
    let ValidateReply::Supported(draft) = &whole else { panic!("{option}: {}", line(&whole)) };
    validated(world, draft.clone());
    // Chosen, it comes after the fragment, which was not answered either.
    assert_eq!(ask_after_open(world, previous, fragment, option), whole, "{option}");
    line(&whole)
}

/// Of each kind that ends without an answer: not supported, unclear, and clear until the data plane asked back.
const OPEN: [&str; 6] = [
    "only the broken ones",
    "and why?",
    "and the email of each member",
    "late fees by town",
    "and by town",
    "late fees in Harbour",
];

#[test]
fn a_fragment_after_a_question_that_was_not_answered_is_asked_back() {
    let world = library();
    let previous = first(&world, "late fees by branch in April 2031");
    for open in OPEN {
        for (fragment, whole) in [
            ("and by genre?", "late_fees by loans.genre during from 2031-04-01 to 2031-04-30"),
            (
                "compared with March",
                "late_fees by branches.branch_name during from 2031-04-01 to 2031-04-30 vs (March)",
            ),
            (
                "top 3",
                "late_fees by branches.branch_name during from 2031-04-01 to 2031-04-30 order late_fees desc limit 3",
            ),
            ("same for loans", "loan_count by branches.branch_name during from 2031-04-01 to 2031-04-30"),
        ] {
            // Without it, the same fragment is a change.
            let alone = ask_after(&world, fragment, &previous);
            assert!(matches!(alone, ValidateReply::Supported(_)), "{fragment}: {}", line(&alone));
            assert_eq!(option(&world, Some(&previous), open, fragment), whole, "{open} > {fragment}");
        }
    }
}

#[test]
fn no_fragment_is_an_answer_after_a_question_that_was_not_answered() {
    let world = library();
    let previous = first(&world, "late fees by branch in Harbour last month");
    let fragments = [
        "and by genre?",
        "and loans?",
        "only Castle",
        "Castle only",
        "what about June?",
        "top 3",
        "in percent",
        "without the filter",
        "also by genre",
        "sort by branch",
        "those with more than 100 loans",
        "compare that with the month before",
        "by week instead",
        "highest first",
        "and for the month before?",
    ];
    for open in OPEN {
        for fragment in fragments {
            let reply = ask_after_open(&world, Some(&previous), open, fragment);
            assert!(!matches!(reply, ValidateReply::Supported(_)), "{open} > {fragment}: {}", line(&reply));
        }
    }
}

#[test]
fn a_whole_question_after_one_that_was_not_answered_is_read_alone() {
    let world = library();
    let previous = first(&world, "late fees by branch in Harbour last month");
    for open in OPEN {
        for (question, whole) in [
            ("number of loans by genre", "loan_count by loans.genre"),
            ("What were late fees last week?", "late_fees during last week"),
        ] {
            assert_eq!(line(&ask_after_open(&world, Some(&previous), open, question)), whole);
            assert_eq!(line(&ask_after_open(&world, None, open, question)), whole);
        }
    }
}

/// "and loans?" is a question of its own only where nothing was asked.
#[test]
fn a_fragment_after_a_first_question_that_was_not_answered_is_asked_back() {
    let world = library();
    let open = "profit by branch in April 2031";
    assert_eq!(line(&ask(&world, open)), "unsupported");
    assert_eq!(line(&ask(&world, "and loans?")), "loan_count");
    assert_eq!(option(&world, None, open, "and loans?"), "loan_count");
    assert_eq!(line(&ask_after_open(&world, None, open, "and by genre?")), "unsupported");
}

#[test]
fn what_answers_a_question_back_is_still_its_answer_whatever_was_understood_before() {
    let world = bikes("rides, takings", "rides");
    let previous = first(&world, "takings by bike type last week");
    let (asked, answer) = ("rides by station in July 2030", "the number of rides");
    let expected = "ride_count by stations.station_name during July 2030";
    assert_eq!(line(&ask_after_open(&world, Some(&previous), asked, answer)), expected);
    assert_eq!(line(&answer_to(&world, asked, answer)), expected);
}

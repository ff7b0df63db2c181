//! Questions back: what is offered, and that each option leads to an answer.

use crate::worlds::{World, ask, bikes, library, line, validated};
use splitplane_llm::ValidateReply;

const ALL: &str =
    "branches.place_id|branches.branch_name|branches.town|members.member_id|members.name|members.town";

fn check(world: &World, cases: &[(&str, &str)]) {
    for (question, expected) in cases {
        assert_eq!(line(&ask(world, question)), *expected, "{question}");
    }
}

/// Every option of a question back leads to an answer.
fn options(world: &World, question: &str) -> Vec<String> {
    let ValidateReply::Ambiguous { options, question: back } = ask(world, question) else {
        panic!("{question}: {}", line(&ask(world, question)));
    };
    assert!(back.ends_with('?') || back.starts_with("Did you mean"), "{back}");
    assert!((1..=5).contains(&options.len()));
    options
        .iter()
        .map(|option| match ask(world, option) {
            ValidateReply::Supported(draft) => {
                validated(world, draft.clone());
                format!("{option} -> {}", line(&ValidateReply::Supported(draft)))
            }
            reply => panic!("{option}: {}", line(&reply)),
        })
        .collect()
}

#[test]
fn a_word_of_two_metrics_is_asked_back() {
    let shared = bikes("rides, takings", "rides");
    assert_eq!(
        options(&shared, "What were total rides last week?"),
        [
            "What were Ride revenue last week? -> ride_revenue during last week",
            "What were Number of rides last week? -> ride_count during last week",
        ]
    );
    assert_eq!(options(&shared, "top 5 stations by rides").len(), 2);
    check(
        &shared,
        &[
            ("number of rides last week", "ride_count during last week"),
            ("ride revenue last week", "ride_revenue during last week"),
            ("takings by station", "ride_revenue by stations.station_name"),
            // Only a count answers "how many".
            ("how many rides last week", "ride_count during last week"),
        ],
    );
    // The same code, another model: here the word means the amount alone.
    let clear = bikes("rides, total rides", "trips");
    check(
        &clear,
        &[
            ("What were total rides last week?", "ride_revenue during last week"),
            ("number of rides last week", "ride_count during last week"),
        ],
    );
}

#[test]
fn a_word_of_two_dimensions_is_asked_back() {
    let library = library();
    assert_eq!(
        options(&library, "late fees by town"),
        [
            "late fees by branch town -> late_fees by branches.town",
            "late fees by member town -> late_fees by members.town",
        ]
    );
    assert_eq!(
        options(&library, "late fees for my branches last week?"),
        [
            "late fees by branch name last week? -> late_fees by branches.branch_name during last week",
            "late fees last week? -> late_fees during last week",
        ]
    );
}

#[test]
fn unclear_periods_and_slips_are_asked_back() {
    let library = library();
    assert!(
        options(&library, "late fees in the week before last").iter().all(|option| option.contains("during"))
    );
    assert_eq!(
        options(&library, "late feez last week"),
        ["late fee last week -> late_fees during last week"]
    );
    assert_eq!(options(&library, "late fees by gendre"), ["late fees by genre -> late_fees by loans.genre"]);
}

#[test]
fn the_words_of_one_model_mean_nothing_to_another() {
    let bikes = bikes("takings", "hires");
    assert_eq!(line(&ask(&bikes, "late fees by branch")), "unsupported");
    assert_eq!(line(&ask(&library(), "takings by station")), "unsupported");
}

#[test]
fn a_name_that_may_begin_with_its_kind_is_asked_back() {
    let library = library();
    let offered = options(&library, "late fees at the Branch Harbour");
    let anywhere = format!("late_fees \"Branch Harbour\" in loans.genre|{ALL}");
    assert_eq!(
        offered,
        [
            format!("late fees at the \"Branch Harbour\" -> {anywhere}"),
            "late fees at the branch \"Harbour\" -> late_fees \"Harbour\" in branches.branch_name".to_owned(),
        ]
    );
}

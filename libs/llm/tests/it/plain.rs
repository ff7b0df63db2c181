//! Plain ways of asking that hold in every domain, and what is close to them and means something else.

use crate::worlds::{World, ask, bikes, library, line, validated};
use splitplane_llm::ValidateReply;

fn check(world: &World, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(question, expected)| {
            let reply = ask(world, question);
            if let ValidateReply::Supported(draft) = &reply {
                validated(world, draft.clone());
            }
            let got = line(&reply);
            (got != *expected).then(|| format!("{question}\n  expected {expected}\n  got      {got}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn periods_over_one_another_and_of_last_year_are_compared() {
    check(
        &library(),
        &[
            (
                "which branch had the highest growth in late fees in Q4 over Q3",
                "late_fees by branches.branch_name during Q4 vs (Q3) order late_fees_growth desc limit 1",
            ),
            (
                "top 3 branches by absolute change in late fees, 2030 against 2029",
                "late_fees by branches.branch_name during 2030 vs (2029) order late_fees_change desc limit 3",
            ),
            ("late fees in July vs July last year", "late_fees during July vs last year"),
            ("late fees in August vs July last year", "unsupported"),
            ("late fees between Q4 and Q1", "late_fees during between Q4 and Q1"),
        ],
    );
}

#[test]
fn things_but_for_some_and_things_named_like_words_without_meaning_are_read() {
    check(
        &library(),
        &[
            (
                "late fees in branches other than Harbour, yesterday",
                "late_fees not \"Harbour\" in branches.branch_name during yesterday",
            ),
            (
                "late fees of branches without roof",
                "ask back: late fees by branch name without roof | late fees without roof",
            ),
            ("ok, then late fees by branch", "late_fees by branches.branch_name"),
            ("gimme late fees by branch pls, 2030", "late_fees by branches.branch_name during 2030"),
            ("late fees, Harbour only", &format!("late_fees \"Harbour\" in {ANY}")),
            ("late fees, poetry only", &format!("late_fees \"poetry\" in {ANY}")),
            ("what share of late fees goes to each branch", "late_fees by branches.branch_name shares"),
            (
                "what percentage of late fees does each branch make up",
                "late_fees by branches.branch_name shares",
            ),
            ("what makes up late fees", "unsupported"),
        ],
    );
}

const ANY: &str = "loans.genre|branches.place_id|branches.branch_name|branches.town|members.member_id|members.name|members.town";

#[test]
fn a_word_that_names_of_several_metrics_share_is_asked_about() {
    check(
        &bikes("gross takings", "takings in cash"),
        &[
            ("takings by station", "ask back: Ride revenue by station | Number of rides by station"),
            ("gross takings by station", "ride_revenue by stations.station_name"),
            ("takeover by station", "unsupported"),
        ],
    );
}

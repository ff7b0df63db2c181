//! Plain ways of asking that hold in every domain, and what is close to them and means something else.

use crate::worlds::{World, ask, bikes, library, line, validated};
use splitplane_llm::ValidateReply;
use splitplane_semantics::{load_model, load_policy};
use std::path::Path;

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
            (
                "late fees by branch, poetry only, last week",
                &format!("late_fees by branches.branch_name \"poetry\" in {ANY} during last week"),
            ),
            ("late fees by branch and poetry only", "unsupported"),
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
fn a_year_after_a_metric_or_what_is_grouped_by_is_a_period_and_after_a_thing_it_is_not() {
    check(
        &library(),
        &[
            ("late fees 2030", "late_fees during 2030"),
            ("fines 2030 by genre", "late_fees by loans.genre during 2030"),
            ("late fees by genre 2030 vs 2029", "late_fees by loans.genre during 2030 vs (2029)"),
            ("late fees in branch 2030", "unsupported"),
        ],
    );
}

#[test]
fn what_is_excluded_after_a_period_is_a_value_and_a_name_keeps_its_words_of_grammar() {
    check(
        &library(),
        &[
            (
                "late fees last week excluding Harbour",
                &format!("late_fees not \"Harbour\" in {ANY} during last week"),
            ),
            (
                "late fees excluding Solar Plus, last week",
                &format!("late_fees not \"Solar Plus\" in {ANY} during last week"),
            ),
            (
                "late fees of Top Gun Maverick by branch",
                &format!("late_fees by branches.branch_name \"Top Gun Maverick\" in {ANY}"),
            ),
            ("Late Fees In Harbour Plus Castle", &format!("late_fees \"Harbour+Castle\" in {ANY}")),
            ("late fees in Harbour plus Castle", &format!("late_fees \"Harbour+Castle\" in {ANY}")),
        ],
    );
}

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

/// The model of `evals/airline`: it has percentages, and minutes that are added up and averaged.
fn airline() -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/airline");
    let model = load_model(&folder.join("model.yaml")).unwrap_or_else(|error| panic!("{error}"));
    let policy = load_policy(&folder.join("policy.yaml"), &model).unwrap_or_else(|error| panic!("{error}"));
    World { model, policy }
}

#[test]
fn a_percentage_bounds_what_is_measured_in_percent_and_a_share_of_what_is_not() {
    check(
        &airline(),
        &[
            (
                "routes with load factor below 60 percent",
                "load_factor by routes.route_code where load_factor LessThan 60",
            ),
            (
                "routes with less than 60% load factor",
                "load_factor by routes.route_code where load_factor LessThan 60",
            ),
            (
                "hubs with more than 20% of tickets sold",
                "tickets_sold by hubs.hub_name where tickets_sold_share MoreThan 20 shares",
            ),
            ("hubs with ticket revenue over 20%", "unsupported"),
            ("hubs with more than 60% of load factor", "unsupported"),
        ],
    );
}

#[test]
fn a_name_that_two_things_share_is_asked_about() {
    check(
        &airline(),
        &[
            ("delay by hub", "ask back: total delay by hub | average delay by hub"),
            ("total delay by hub", "total_delay by hubs.hub_name"),
            ("flights by type", "ask back: flights by haul | flights by aircraft type"),
            ("load factor for long haul", "load_factor \"long haul\" in routes.haul"),
            ("load factor for the Cork hub", "load_factor \"Cork\" in hubs.hub_name"),
        ],
    );
}

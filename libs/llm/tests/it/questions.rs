//! Questions and what the embedded model makes of them.

use crate::worlds::{World, ask, library, line, validated};
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

const ALL: &str =
    "branches.place_id|branches.branch_name|branches.town|members.member_id|members.name|members.town";

#[test]
fn metrics_are_found_by_name_label_and_synonym() {
    check(
        &library(),
        &[
            ("What were late fees last week?", "late_fees during last week"),
            ("late_fees", "late_fees"),
            ("number of sites", "sites"),
            ("Please show me the total late fees for last month, thanks!", "late_fees during last month"),
            ("How much did we make in fines yesterday?", "late_fees during yesterday"),
            ("total of the charges in July 2030", "late_fees during July 2030"),
            (
                "number of loans between 2030-05-01 and 2030-08-30",
                "loan_count during between 2030-05-01 and 2030-08-30",
            ),
            ("How many loans did we have?", "loan_count"),
            ("checkout", "loan_count"),
            ("What was the average fee this year?", "average_fee during this year"),
            ("LATE FEES LAST WEEK", "late_fees during LAST WEEK"),
            ("monthly readers", "borrowers"),
            ("late fees and number of loans by genre", "late_fees, loan_count by loans.genre"),
            ("late fees, loans", "late_fees, loan_count"),
            ("show me \"late fees\"", "late_fees"),
            ("I would like to see what the late fees were, please", "late_fees"),
            ("How many loans are there?", "loan_count"),
            ("How many branch names are there?", "branches_lending"),
            ("late fees by branch name", "late_fees by branches.branch_name"),
            (
                "branch names with the highest late fees",
                "late_fees by branches.branch_name order late_fees desc",
            ),
        ],
    );
}

#[test]
fn dimensions_are_found_in_all_their_forms() {
    check(
        &library(),
        &[
            ("late fees by branch", "late_fees by branches.branch_name"),
            ("late fees per genre last week", "late_fees by loans.genre during last week"),
            ("late fees for each branch", "late_fees by branches.branch_name"),
            ("late fees broken down by kind of book", "late_fees by loans.genre"),
            ("by branch, what were the late fees?", "late_fees by branches.branch_name"),
            ("late fees by branch and genre", "late_fees by branches.branch_name by loans.genre"),
            ("late fees by branch, genre", "late_fees by branches.branch_name by loans.genre"),
            ("late fees by member", "late_fees by members.name"),
            ("late fees by member id", "late_fees by members.member_id"),
            ("late fees by month", "late_fees by loans.lent_on:month order lent_on"),
            (
                "monthly late fees this year",
                "late_fees by loans.lent_on:month during this year order lent_on",
            ),
            (
                "daily loans last week by branch",
                "loan_count by loans.lent_on:day by branches.branch_name during last week order lent_on",
            ),
            ("loans per day", "loan_count by loans.lent_on:day order lent_on"),
            ("loans by lending date", "loan_count by loans.lent_on:day order lent_on"),
            ("late fees by members' town", "late_fees by members.town"),
            ("late fees by branch town", "late_fees by branches.town"),
        ],
    );
}

#[test]
fn ranks_order_and_limit() {
    check(
        &library(),
        &[
            ("top 5 branches by late fees", "late_fees by branches.branch_name order late_fees desc limit 5"),
            (
                "top five branches by late fees last week",
                "late_fees by branches.branch_name during last week order late_fees desc limit 5",
            ),
            ("the 3 worst branches by loans", "loan_count by branches.branch_name order loan_count limit 3"),
            (
                "Which branch had the highest late fees last month?",
                "late_fees by branches.branch_name during last month order late_fees desc limit 1",
            ),
            ("Which branches had the lowest late fees?", "late_fees by branches.branch_name order late_fees"),
            (
                "branch with the most loans",
                "loan_count by branches.branch_name order loan_count desc limit 1",
            ),
            ("highest late fees by branch", "late_fees by branches.branch_name order late_fees desc"),
            ("Which 2 genres had the most loans?", "loan_count by loans.genre order loan_count desc limit 2"),
            (
                "which month had the fewest loans",
                "loan_count by loans.lent_on:month order loan_count limit 1",
            ),
            (
                "the branch that had the most loans",
                "loan_count by branches.branch_name order loan_count desc limit 1",
            ),
            ("branches ranked by late fees", "late_fees by branches.branch_name order late_fees desc"),
            (
                "what are the top 3 genres by number of loans in Q1 2031",
                "loan_count by loans.genre during Q1 2031 order loan_count desc limit 3",
            ),
            (
                "late fees by branch, sorted by loans",
                "late_fees, loan_count by branches.branch_name order loan_count desc",
            ),
            // A number of pairs is not what "top 5" means, and without a dimension there is nothing to rank.
            ("top 5 branches by late fees by month", "unsupported"),
            ("highest late fees last week", "unsupported"),
            ("top 0 branches by late fees", "unsupported"),
        ],
    );
}

#[test]
fn values_stay_phrases() {
    let library = library();
    let any = |rest: &str| {
        rest.replace("ANY", ALL).replace("OWN", "branches.place_id|branches.branch_name|branches.town")
    };
    let cases: Vec<(&str, String)> = [
        ("late fees in Harbour last week", "late_fees \"Harbour\" in GENRE|ANY during last week"),
        ("late fees in old mill", "late_fees \"old mill\" in GENRE|ANY"),
        ("late fees for \"Castle & Sons\"", "late_fees \"Castle & Sons\" in GENRE|ANY"),
        ("Harbour late fees", "late_fees \"Harbour\" in GENRE|ANY"),
        ("late fees at House of Glass", "late_fees \"House of Glass\" in GENRE|ANY"),
        ("late fees excluding Harbour", "late_fees not \"Harbour\" in GENRE|ANY"),
        ("late fees except for Harbour and Castle", "late_fees not \"Harbour+Castle\" in GENRE|ANY"),
        ("late fees without poetry or drama", "late_fees not \"poetry+drama\" in GENRE|ANY"),
        ("late fees not in Harbour", "late_fees not \"Harbour\" in GENRE|ANY"),
        ("late fees by genre other than poetry", "late_fees by loans.genre not \"poetry\" in GENRE|ANY"),
        ("late fees of genre poetry", "late_fees \"poetry\" in GENRE"),
        ("late fees where genre is poetry", "late_fees \"poetry\" in GENRE"),
        ("late fees in the Harbour branch", "late_fees \"Harbour\" in branches.branch_name"),
        ("late fees of branch Harbour", "late_fees \"Harbour\" in branches.branch_name"),
        ("late fees of member 544", "late_fees \"544\" in members.member_id|members.name"),
        ("late fees of the guild 544", "late_fees \"guild 544\" in GENRE|ANY"),
        ("late fees for genre poetry in Harbour", "late_fees \"poetry\" in GENRE \"Harbour\" in GENRE|ANY"),
        ("late fees by branch excluding genre poetry in St. Olaf last week",
         "late_fees by branches.branch_name not \"poetry\" in GENRE \"St. Olaf\" in GENRE|ANY during last week"),
        ("Did Harbour have late fees?", "late_fees \"Harbour\" in GENRE|ANY"),
        // Values of one field widen one another.
        ("late fees in Harbour and in Castle", "late_fees \"Harbour+Castle\" in GENRE|ANY"),
        ("late fees in Harbour or Castle", "late_fees \"Harbour or Castle\" in GENRE|ANY"),
        ("late fees for genre poetry and genre drama", "late_fees \"poetry+drama\" in GENRE"),
        ("late fees of branches Harbour, Castle and Old Mill", "late_fees \"Harbour+Castle+Old Mill\" in branches.branch_name"),
        ("late fees of the Harbour and Castle branches", "late_fees \"Harbour+Castle\" in GENRE|ANY"),
        ("late fees of branch Harbour and genre poetry", "late_fees \"Harbour\" in branches.branch_name \"poetry\" in GENRE"),
        ("late fees of branch Harbour or genre poetry", "unsupported"),
        ("late fees in Harbour and Castle or Old Mill", "unsupported"),
        ("drive-through late fees", "late_fees \"drive-through\" in GENRE|ANY"),
        ("poetry and drama loans", "loan_count \"poetry+drama\" in GENRE|ANY"),
    ]
    .into_iter()
    .map(|(question, expected)| (question, any(expected).replace("GENRE", "loans.genre")))
    .collect();
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(question, expected)| (*question, expected.as_str())).collect();
    check(&library, &cases);
}

#[test]
fn what_is_not_understood_is_not_answered() {
    let library = library();
    for question in [
        "What is the weather?",
        "late fees compared to last year",
        "growth of late fees",
        "late fees compared to target",
        "late fees last month vs last month",
        "late fees last month vs last quarter",
        "Harbour vs Castle late fees",
        "number of loans above 50 by branch",
        "loans by branch with more than $50 in loans",
        "share of late fees",
        "Harbour's share of late fees",
        "share of average fee by branch",
        "what percentage of late fees comes from Harbour by genre",
        "late fees above 100",
        "late fees more than $5",
        "late fees per",
        "late fees excluding",
        "late fees by",
        "late fees by colour",
        "median late fees",
        "maximum late fees",
        "average late fees",
        "average number of loans",
        "how many late fees",
        "late fees of loans",
        "late fees loans",
        "percent of late fees",
        "late fees if it rained",
        "late fees next week",
        "unpaid late fees",
        "late fees forecast",
        "late fees not last week",
        "loans that were renewed",
        "which late fees",
        "secret score",
        "loans by email",
        "late fees by town and month and year",
        "late fees of branches renovated",
        "late fees in zork zork zork zork zork zork zork",
        "number of sites last week",
        "number of sites by month",
        "late fees for those",
        "late fees for them last week",
        "late fees for this branch",
        "late fees there",
        "late fees now",
        "late fees as of last week",
        "late fees from Harbour to Castle",
        "genres like poetry by late fees",
    ] {
        let reply = ask(&library, question);
        assert!(!matches!(reply, ValidateReply::Supported(_)), "{question}: {}", line(&reply));
    }
}

#[test]
fn what_sounds_like_a_metric_and_is_another_thing_is_not_answered() {
    let library = library();
    for question in [
        "average fees by branch",
        "the largest loan by branch",
        "loans by day of week last month",
        "how many loans did we not renew",
        "loan number",
        "list members",
        "who are our members",
        "late fees for branches with two genres",
        "late fees from private members",
        "late fees and loans by branch, top 5",
        "branch with the most loans by late fees",
        "late fees in the month",
        "weekend late fees",
        "late fees by branch not only Harbour",
        "late fees at 5 pm",
        "late fees excluding Harbour and including Castle",
        "late fees excluding Harbour but not Castle",
        "late fees at 5 am",
        "loans made by members in Harbour",
        "Monday late fees",
        "late fees of all tenants",
        "net late fees",
    ] {
        let reply = ask(&library, question);
        assert!(!matches!(reply, ValidateReply::Supported(_)), "{question}: {}", line(&reply));
    }
}

#[test]
fn sorting_counting_and_repeating_words_are_read() {
    check(
        &library(),
        &[
            ("late fees by branch, lowest first", "late_fees by branches.branch_name order late_fees"),
            (
                "late fees by branch in descending order",
                "late_fees by branches.branch_name order late_fees desc",
            ),
            (
                "list the three branches with the most loans",
                "loan_count by branches.branch_name order loan_count desc limit 3",
            ),
            ("how much did we charge last week", "late_fees during last week"),
            ("late fees charged last week", "late_fees during last week"),
            ("break down late fees by genre", "late_fees by loans.genre"),
            ("late fees by branch Harbour", "late_fees \"Harbour\" in branches.branch_name"),
            ("late fees in the month of July 2030", "late_fees during July 2030"),
            ("late fees in fiscal Q3", "late_fees during fiscal Q3"),
        ],
    );
}

#[test]
fn nearest_metrics_come_first_and_hidden_ones_never() {
    let nearest = |question| match ask(&library(), question) {
        ValidateReply::Unsupported { nearest } => nearest,
        reply => panic!("{question}: {}", line(&reply)),
    };
    assert_eq!(nearest("what about unpaid fees of the year").first().map(String::as_str), Some("late_fees"));
    assert_eq!(nearest("loans that were renewed").first().map(String::as_str), Some("loan_count"));
    let all = nearest("secret score");
    assert_eq!(all.len(), 6);
    assert!(!all.contains(&"secret_score".to_owned()), "{all:?}");
}

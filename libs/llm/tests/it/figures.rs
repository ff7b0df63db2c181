//! Comparisons, growth, bounds and shares, as the embedded model reads them.

use crate::worlds::{World, ask, library, line, validated};
use splitplane_llm::ValidateReply;

const BY: &str = "by branches.branch_name";

fn check(world: &World, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(question, expected)| {
            let reply = ask(world, question);
            if let ValidateReply::Supported(draft) = &reply {
                validated(world, draft.clone());
            }
            let (got, expected) = (line(&reply), expected.replace("BY", BY));
            (got != expected).then(|| format!("{question}\n  expected {expected}\n  got      {got}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn a_period_is_set_against_another() {
    check(
        &library(),
        &[
            ("late fees last month compared with last year", "late_fees during last month vs last year"),
            ("late fees last week vs the week before", "late_fees during last week vs previous"),
            ("late fees this month versus last month", "late_fees during this month vs previous"),
            ("late fees this year compared to last year", "late_fees during this year vs previous"),
            (
                "compare late fees this month with the same month last year",
                "late_fees during this month vs last year",
            ),
            (
                "late fees in Q1 2031 against the same period last year",
                "late_fees during Q1 2031 vs last year",
            ),
            (
                "late fees by branch last quarter vs the previous quarter",
                "late_fees BY during last quarter vs previous",
            ),
            ("late fees in March vs February", "late_fees during March vs (February)"),
            ("late fees in February vs March", "late_fees during March vs (February)"),
            ("late fees in March 2031 versus March 2030", "late_fees during March 2031 vs (March 2030)"),
            ("compare loans in March and February", "loan_count during March vs (February)"),
            ("late fees year over year for April 2031", "late_fees during April 2031 vs last year"),
            ("late fees last month, MoM", "late_fees during last month vs previous"),
            (
                "late fees past 30 days compared with the previous 30 days",
                "late_fees during past 30 days vs previous",
            ),
            ("late fees yesterday vs the day before", "late_fees during yesterday vs previous"),
            (
                "were late fees up or down on last year in April 2031",
                "late_fees during April 2031 vs last year",
            ),
        ],
    );
}

#[test]
fn growth_is_a_comparison_with_the_period_before() {
    check(
        &library(),
        &[
            (
                "branches where late fees fell by more than 20% last month",
                "late_fees BY during last month vs previous where late_fees_growth LessThan -20",
            ),
            (
                "which branch had the highest increase in percent of late fees last month",
                "late_fees BY during last month vs previous order late_fees_growth desc limit 1",
            ),
            ("late fee growth by branch last month in percent", "late_fees BY during last month vs previous"),
            ("growth in late fees last month", "late_fees during last month vs previous"),
            ("late fee growth by branch last quarter", "late_fees BY during last quarter vs previous"),
            ("how did loans change last week", "loan_count during last week vs previous"),
            ("change in late fees from February to March", "late_fees during March vs (February)"),
            ("late fees from 2031-02-01 to 2031-03-31", "late_fees during from 2031-02-01 to 2031-03-31"),
            (
                "which branch had the biggest drop in late fees last month",
                "late_fees BY during last month vs previous order late_fees_change limit 1",
            ),
            (
                "top 5 branches by late fee growth last month",
                "late_fees BY during last month vs previous order late_fees_growth desc limit 5",
            ),
            (
                "which branch's late fees grew the most last month",
                "late_fees BY during last month vs previous order late_fees_growth desc limit 1",
            ),
            (
                "biggest increase in loans by branch last week",
                "loan_count BY during last week vs previous order loan_count_change desc",
            ),
        ],
    );
}

#[test]
fn what_may_be_another_figure_is_not_answered() {
    let library = library();
    for question in [
        "growth of late fees over last year",
        "late fees last week vs the month before",
        "late fees in March 2031 vs last quarter",
        "branches with exactly 0 loans",
        "branches with fewer than 1 loans",
        "compare Harbour and Castle late fees",
        "top 5 branches by late fees with growth last month",
        "late fees by branch with more than 10% loans",
        "late fees increase increase last month",
        "late fees last month vs the week before last",
        "late fees last month vs yesterday vs last year",
    ] {
        let reply = ask(&library, question);
        assert!(!matches!(reply, ValidateReply::Supported(_)), "{question}: {}", line(&reply));
    }
}

#[test]
fn figures_are_bounded() {
    check(
        &library(),
        &[
            (
                "late fees by branch with more than 100 loans",
                "late_fees, loan_count BY where loan_count MoreThan 100",
            ),
            (
                "which branches had more than 100 loans last week",
                "loan_count BY during last week where loan_count MoreThan 100",
            ),
            ("branches with at least ten loans", "loan_count BY where loan_count AtLeast 10"),
            (
                "late fees by branch with over $5,000 in late fees",
                "late_fees BY where late_fees MoreThan 5000",
            ),
            (
                "late fees by branch where late fees are under 1.5k",
                "late_fees BY where late_fees LessThan 1500",
            ),
            (
                "loans by branch with between 10 and 20 loans",
                "loan_count BY where loan_count AtLeast 10 where loan_count AtMost 20",
            ),
            (
                "loans by branch with no more than two thousand loans",
                "loan_count BY where loan_count AtMost 2000",
            ),
            ("loans by branch with 1,000+ loans", "loan_count BY where loan_count AtLeast 1000"),
            ("loans by branch with 5 or fewer loans", "loan_count BY where loan_count AtMost 5"),
            ("loans by genre with exactly 5 loans", "loan_count by loans.genre where loan_count Exactly 5"),
        ],
    );
}

#[test]
fn shares_are_of_all_groups() {
    check(
        &library(),
        &[
            ("share of late fees by branch", "late_fees BY shares"),
            ("what percentage of loans comes from each branch", "loan_count BY shares"),
            ("loans by branch as percent of total", "loan_count BY shares"),
            ("loans by genre in percent last week", "loan_count by loans.genre during last week shares"),
            ("percentage breakdown of late fees by genre", "late_fees by loans.genre shares"),
            ("percent of total late fees by branch", "late_fees BY shares"),
            (
                "late fees by branch with more than 20% of late fees",
                "late_fees BY where late_fees_share MoreThan 20 shares",
            ),
        ],
    );
}

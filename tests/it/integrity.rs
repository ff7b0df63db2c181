//! Answer integrity: SQL that the guard rightly lets through, and that answers another question than was asked.
//!
//! A scripted model writes it. What is answered is what was asked, to the cent; the difference is reported in the
//! answer and in the audit log. Statements that only look different are not reported.

use crate::support::{BEA, Bench, Scripted, ask, table};
use splitplane::answer::Answer;
use splitplane_testkit::World;
use splitplane_types::Outcome;

const QUESTION: &str = "total fees and number of loans by branch last week, excluding city Oslo";

/// What the compiled statement says, in a model's own words.
const RIGHT: [&str; 5] = [
    "SELECT b.branch_name, SUM(l.fee) AS total_fees, COUNT(l.loan_id) AS number_of_loans FROM loans l \
     JOIN branches b ON l.branch_key = b.branch_key WHERE {period} AND {filter} GROUP BY b.branch_name",
    "SELECT SUM(fee) AS total_fees, branch_name, COUNT(*) AS number_of_loans FROM loans \
     LEFT JOIN branches USING (branch_key) WHERE {period} AND {filter} GROUP BY branch_name ORDER BY total_fees",
    "WITH per_branch AS (SELECT branch_key, SUM(fee) AS fees, COUNT(*) AS n FROM loans WHERE {period} GROUP BY branch_key) \
     SELECT branch_name, SUM(fees), SUM(n) FROM per_branch JOIN branches USING (branch_key) WHERE {filter} GROUP BY branch_name",
    "SELECT branch_name AS house, CAST(SUM(fee) AS DOUBLE) AS f, COUNT(DISTINCT loan_id) AS n FROM loans \
     JOIN branches USING (branch_key) WHERE loaned_on BETWEEN DATE '2026-11-09' AND DATE '2026-11-15' AND {filter} GROUP BY branch_name",
    "SELECT branch_name, SUM(CASE WHEN {period} THEN fee ELSE 0 END) AS total_fees, \
     SUM(CASE WHEN {period} THEN 1 ELSE 0 END) AS number_of_loans FROM loans JOIN branches USING (branch_key) \
     WHERE {filter} GROUP BY branch_name",
];

/// What a model forgets, swaps or invents: a part of the first statement, and what stands there instead.
const SLIPS: [(&str, &str, &str); 24] = [
    ("dropped filter", " AND {filter}", ""),
    ("turned filter", "{filter}", "city = 'Oslo'"),
    ("other value", "{filter}", "city <> 'Bergen'"),
    ("other column", "{filter}", "branch_name <> 'Hill'"),
    ("added filter", "{filter}", "{filter} AND fee > 8"),
    ("added limit", "GROUP BY b.branch_name", "GROUP BY b.branch_name ORDER BY b.branch_name LIMIT 1"),
    (
        "added offset",
        "GROUP BY b.branch_name",
        "GROUP BY b.branch_name ORDER BY b.branch_name LIMIT 100 OFFSET 1",
    ),
    ("added bound", "GROUP BY b.branch_name", "GROUP BY b.branch_name HAVING COUNT(*) > 1000"),
    ("dropped period", "{period} AND ", ""),
    (
        "period of another year",
        "{period}",
        "loaned_on >= DATE '2025-01-01' AND loaned_on < DATE '2026-01-01'",
    ),
    ("a day more", "{period}", "loaned_on >= DATE '2026-11-09' AND loaned_on <= DATE '2026-11-16'"),
    ("a day less", "{period}", "loaned_on > DATE '2026-11-09' AND loaned_on < DATE '2026-11-16'"),
    ("other metric", "SUM(l.fee)", "SUM(l.pages)"),
    ("average for a sum", "SUM(l.fee)", "AVG(l.fee)"),
    ("largest for a sum", "SUM(l.fee)", "MAX(l.fee)"),
    ("rounded to whole units", "SUM(l.fee)", "ROUND(SUM(l.fee), 0)"),
    ("a cent more", "SUM(l.fee)", "SUM(l.fee) + 0.01"),
    ("a tenth more", "SUM(l.fee)", "SUM(l.fee) * 1.1"),
    ("distinct branches for loans", "COUNT(l.loan_id)", "COUNT(DISTINCT l.branch_key)"),
    (
        "figures swapped",
        "SUM(l.fee) AS total_fees, COUNT(l.loan_id) AS number_of_loans",
        "COUNT(l.loan_id) AS total_fees, SUM(l.fee) AS number_of_loans",
    ),
    (
        "fan-out",
        "JOIN branches b ON l.branch_key = b.branch_key",
        "JOIN branches b ON l.branch_key = b.branch_key JOIN (SELECT branch_key AS other FROM loans) again ON again.other = l.branch_key",
    ),
    ("wrong join", "l.branch_key = b.branch_key", "l.branch_key = b.city"),
    (
        "a join on too little",
        "JOIN branches b ON l.branch_key = b.branch_key",
        "JOIN branches b ON l.tenant_id = b.tenant_id",
    ),
    ("other dimension", "b.branch_name", "b.city"),
];

fn filled(sql: &str) -> String {
    let period = "loaned_on >= DATE '2026-11-09' AND loaned_on < DATE '2026-11-16'";
    sql.replace("{period}", period).replace("{filter}", "city <> 'Oslo'")
}

/// Rows as text, whose order does not matter.
fn rows(answer: &Answer) -> Vec<String> {
    let mut rows: Vec<String> = table(answer).rows.iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

fn differed(bench: &Bench) -> usize {
    let log = std::fs::read_to_string(bench.mesh.audit_log()).unwrap();
    log.lines().filter(|line| line.contains("\"event\":\"draft_differed\"")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_sql_that_the_guard_rightly_lets_through_changes_no_figure() {
    let world = World::library(40);
    let model = Scripted::writing(["SELECT 1"]);
    let bench = Bench::start_with(&world, |options| options.language = Some(model.clone())).await;
    let caller = bench.caller(BEA).await;
    model.write_next("DROP TABLE loans");
    let right = ask(&caller, QUESTION).await;
    assert_eq!((right.outcome, right.refused_drafts.len()), (Outcome::Answered, 3), "{right:?}");
    assert!(rows(&right).len() > 1, "one row would hide a wrong dimension: {right:?}");

    let mut same = 0;
    for sql in RIGHT {
        model.write_next(&filled(sql));
        let answer = ask(&caller, QUESTION).await;
        let check = answer.check.clone().unwrap_or_else(|| panic!("{sql}: {:?}", answer.refused_drafts));
        assert!(check.agrees, "{sql}: {check:?}");
        assert_eq!(rows(&answer), rows(&right), "{sql}");
        same += 1;
    }
    assert_eq!((same, differed(&bench)), (RIGHT.len(), 0));

    for (name, part, instead) in SLIPS {
        assert!(RIGHT[0].contains(part), "{name}");
        model.write_next(&filled(&RIGHT[0].replace(part, instead)));
        let answer = ask(&caller, QUESTION).await;
        let check = answer.check.clone().unwrap_or_else(|| panic!("{name}: {:?}", answer.refused_drafts));
        assert!(!check.agrees && !check.difference.is_empty(), "{name}: {check:?}");
        assert_eq!(rows(&answer), rows(&right), "{name}");
    }
    assert_eq!(differed(&bench), SLIPS.len());
    bench.mesh.stop().await.unwrap();
}

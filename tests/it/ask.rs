//! Questions through the whole mesh, held against sums computed from the plain rows.

use crate::support::{ANN, BEA, Bench, RITA, SUE, Scripted, ask, cents, table};
use splitplane_testkit::World;
use splitplane_types::{Cell, Outcome};

#[tokio::test(flavor = "multi_thread")]
async fn everyone_gets_the_right_number_for_their_rows() {
    let world = World::library(40);
    let bench = Bench::start(&world).await;
    for composite in [ANN, BEA, SUE, RITA] {
        let answer = bench.ask(composite, "What were total fees last week?").await;
        assert_eq!(answer.outcome, Outcome::Answered, "{answer:?}");
        assert_eq!(cents(&answer), world.fees_cents(composite, "2026-11-09", "2026-11-15"), "{composite}");
    }
    let coverage = bench.ask(ANN, "total fees last week").await.coverage.unwrap();
    assert_eq!((coverage.covered, coverage.granted), (2, 2));
    assert_eq!(coverage.sentence, "2 of your 2 branches, 2026-11-09 to 2026-11-15");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_orders_and_filters_are_those_of_the_question() {
    let world = World::library(30);
    let bench = Bench::start(&world).await;
    let caller = bench.caller(BEA).await;

    let answer = ask(&caller, "total fees by branch in November 2026").await;
    let rows = &table(&answer).rows;
    assert_eq!(rows.len(), 3, "{answer:?}");
    let fees = |name: &str| -> i64 {
        let of = |loan: &&splitplane_testkit::Loan| world.branches[loan.branch].name == name;
        world.seen_loans(BEA).filter(of).map(|loan| loan.fee_cents).sum()
    };
    for row in rows {
        let [Cell::Text(name), Cell::Decimal(amount)] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(amount.rounded(2).normalized(2).unscaled(), i128::from(fees(name)), "{name}");
    }

    let answer = ask(&caller, "top 1 branch by number of loans in November 2026").await;
    assert_eq!(table(&answer).rows.len(), 1, "{answer:?}");

    let answer = ask(&caller, "number of loans in Oslo in November 2026").await;
    assert_eq!(table(&answer).rows, [[Cell::Integer(30)]], "{answer:?}");
    let coverage = answer.coverage.unwrap();
    assert_eq!((coverage.covered, coverage.granted), (1, 3), "{coverage:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_yours_and_what_does_not_exist_are_the_same_bytes() {
    let world = World::library(5);
    let bench = Bench::start(&world).await;
    let caller = bench.caller(ANN).await;
    let foreign = ask(&caller, "total fees in Secretville").await;
    let nowhere = ask(&caller, "total fees in Atlantisville").await;
    assert_eq!(foreign.outcome, Outcome::NothingInScope, "{foreign:?}");
    assert_eq!((foreign.outcome, &foreign.nothing), (nowhere.outcome, &nowhere.nothing));
    // Oslo is a city of the same business, but not of a branch of hers.
    assert_eq!(ask(&caller, "total fees in Oslo").await.nothing, nowhere.nothing);
    assert_eq!(ask(&caller, "total fees in Bergen").await.outcome, Outcome::Answered);
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_supported_lists_what_is_and_hides_what_is_hidden() {
    let bench = Bench::start(&World::library(3)).await;
    let caller = bench.caller(ANN).await;
    let answer = ask(&caller, "What is the weather on Mars?").await;
    assert_eq!(answer.outcome, Outcome::Unsupported, "{answer:?}");
    let names = |metrics: &[splitplane_proto::common::v1::Metric]| {
        metrics.iter().map(|metric| metric.name.clone()).collect::<Vec<_>>()
    };
    let listed = names(answer.metrics.as_ref().unwrap());
    assert!(listed.contains(&"total_fees".to_owned()), "{listed:?}");
    assert!(!listed.contains(&"readers".to_owned()), "a metric over a hidden column is listed");
    assert_eq!(names(&caller.list_metrics().await.unwrap()).len(), listed.len());
    assert_eq!(ask(&caller, "how many readers").await.outcome, Outcome::Unsupported);
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_draft_is_repaired_and_three_are_the_end() {
    let good = "SELECT SUM(loans.fee) AS total_fees FROM loans";
    let model = Scripted::writing(["SELECT * FROM secrets", "DROP TABLE loans", good]);
    let world = World::library(6);
    let bench = Bench::start_with(&world, |options| options.language = Some(model.clone())).await;
    let caller = bench.caller(ANN).await;
    let answer = ask(&caller, "total fees").await;
    assert_eq!(answer.outcome, Outcome::Answered, "{answer:?}");
    assert_eq!(answer.refused_drafts.len(), 2);
    assert_eq!(cents(&answer), world.fees_cents(ANN, "2026-01-01", "2026-12-31"));
    model.write_next("DELETE FROM loans");
    let answer = ask(&caller, "total fees").await;
    assert_eq!((answer.outcome, answer.refused_drafts.len()), (Outcome::Answered, 3), "{answer:?}");
    assert_eq!(
        cents(&answer),
        world.fees_cents(ANN, "2026-01-01", "2026-12-31"),
        "what was asked is answered"
    );
    assert_eq!(answer.check, None, "there was nothing to compare with");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_figure_is_replaced_by_the_template() {
    let model = Scripted::narrating("Fees were $1,000,000.00, up 12 percent.");
    let bench = Bench::start_with(&World::library(6), |options| options.language = Some(model)).await;
    let answer = bench.ask(ANN, "total fees").await;
    let narrative = answer.narrative.unwrap();
    assert!(!narrative.contains("1,000,000") && !narrative.contains("12 percent"), "{narrative}");
    assert!(!narrative.is_empty());
    bench.mesh.stop().await.unwrap();
}

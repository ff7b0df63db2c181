//! Non-interference through the whole mesh: everything that a caller can obtain stays the same when
//! everybody else's rows are gone.

use crate::inner_services::rows_of_draft;
use crate::support::{ANN, BEA, Bench, RITA, SUE, ask, obtained};
use splitplane_proto::common::v1::cell::Kind;
use splitplane_testkit::{SECRET, World};
use splitplane_types::Outcome;

const QUESTIONS: &[&str] = &[
    "What were total fees last week?",
    "total fees by branch",
    "number of loans by city in November 2026",
    "top 2 branches by total fees",
    "total fines",
    "number of loans in Bergen",
    "number of loans in Oslo",
    "total fees in Secretville",
    "total fees for Harbour",
    "total fees excluding Hill",
    "how many readers",
    "show me everything of rival-books",
];

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_the_same_with_and_without_everybody_else() {
    let world = World::library(45);
    let shared = Bench::start(&world).await;
    for composite in [ANN, BEA] {
        let single = Bench::start(&world.only_of(composite)).await;
        let (in_shared, in_single) = (shared.caller(composite).await, single.caller(composite).await);
        let mut answered = 0;
        for question in QUESTIONS {
            let (a, b) = (ask(&in_shared, question).await, ask(&in_single, question).await);
            answered += usize::from(a.outcome == Outcome::Answered);
            assert_eq!(obtained(&a), obtained(&b), "{composite}: {question}");
            assert!(!obtained(&a).contains(SECRET), "{composite}: {question}");
        }
        assert!(answered >= 6, "only {answered} questions were answered: the test says little");
        single.mesh.stop().await.unwrap();
    }
    shared.mesh.stop().await.unwrap();
}

/// How many ask at the same time.
const CALLERS: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_at_the_same_time_get_what_they_get_alone() {
    let bench = Bench::start_with(&World::library(20), |options| {
        let policy = std::fs::read_to_string(&options.world.policy).unwrap();
        let at_once = policy.replace("concurrent_per_tenant: 4", "concurrent_per_tenant: 64");
        assert_ne!(policy, at_once);
        std::fs::write(&options.world.policy, at_once).unwrap();
    })
    .await;
    let mut alone = Vec::new();
    for composite in [ANN, BEA, SUE, RITA] {
        let caller = bench.caller(composite).await;
        for question in QUESTIONS.iter().take(8) {
            let answer = obtained(&ask(&caller, question).await);
            alone.push((caller.clone(), *question, answer));
        }
    }
    let distinct: std::collections::BTreeSet<&String> = alone.iter().map(|(_, _, answer)| answer).collect();
    assert!(distinct.len() > 16, "only {} answers differ: a mix-up would not show", distinct.len());
    let at_once = alone.iter().cycle().take(CALLERS).map(|(caller, question, alone)| async move {
        assert_eq!(&obtained(&ask(caller, question).await), alone, "{question}");
    });
    futures::future::join_all(at_once).await;
    bench.mesh.stop().await.unwrap();
}

/// The library's policy with an e-mail address hashed and pages in buckets of ten.
fn masked(options: &mut splitplane::mesh::MeshOptions) {
    let policy = std::fs::read_to_string(&options.world.policy).unwrap();
    let hidden = "{ reader_email: hidden }";
    assert!(policy.contains(hidden), "{policy}");
    let masks = "{ reader_email: { mask: hash }, pages: { mask: { bucket: 10 } } }";
    std::fs::write(&options.world.policy, policy.replace(hidden, masks)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn masked_columns_reach_a_statement_masked_and_each_tenant_has_hashes_of_its_own() {
    let mut world = World::library(20);
    // One reader, in two tenants and twice in one of them.
    for loan in &mut world.loans {
        loan.id = format!("L-{}", loan.id.split('-').nth(1).unwrap());
    }
    let bench = Bench::start_with(&world, masked).await;
    let mut seen = Vec::new();
    for composite in [ANN, RITA] {
        let sql = "SELECT reader_email, pages FROM loans WHERE loan_id = 'L-00003'";
        let rows = rows_of_draft(&bench, composite, "number of loans", sql).await;
        assert!(!format!("{rows:?}").contains('@'), "{rows:?}");
        for row in rows {
            let cells: Vec<_> = row.cells.into_iter().filter_map(|cell| cell.kind).collect();
            let [Kind::Text(hash), Kind::Integer(pages)] = cells.as_slice() else { panic!("{cells:?}") };
            assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
            assert_eq!(pages % 10, 0);
            seen.push(hash.clone());
        }
    }
    let [first, second, rival] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(first, second, "one reader of one tenant");
    assert_ne!(first, rival, "the same reader of another tenant");
    bench.mesh.stop().await.unwrap();
}

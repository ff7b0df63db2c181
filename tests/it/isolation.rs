//! Non-interference through the whole mesh: everything that a caller can obtain stays the same when
//! everybody else's rows are gone.

use crate::support::{ANN, BEA, Bench, ask, obtained};
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

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_get_what_they_get_alone() {
    let world = World::library(20);
    let bench = Bench::start(&world).await;
    let mut tasks = Vec::new();
    for (composite, question) in [ANN, BEA, "city-libraries/south/sue", "rival-books/north/rita"]
        .into_iter()
        .flat_map(|composite| QUESTIONS.iter().take(4).map(move |question| (composite, *question)))
    {
        let caller = bench.caller(composite).await;
        let alone = obtained(&ask(&caller, question).await);
        tasks.push((caller, question, alone));
    }
    let at_once = tasks.iter().map(|(caller, question, alone)| async move {
        let answer = ask(caller, question).await;
        // A tenant at its limit is refused; everything else must be what it was alone.
        if answer.reason() != Some(splitplane_types::Reason::TenantBusy) {
            assert_eq!(&obtained(&answer), alone, "{question}");
        }
    });
    futures::future::join_all(at_once).await;
    bench.mesh.stop().await.unwrap();
}

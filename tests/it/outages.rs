//! Parts that are down: the answer is a typed refusal within the deadline, never a weaker check.

use crate::support::{ANN, Bench, ask};
use splitplane_service::Workload;
use splitplane_testkit::World;
use splitplane_types::{Outcome, Reason};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn each_service_that_is_down_is_unavailable_and_the_gateway_says_so() {
    for down in [Workload::Reasoning, Workload::SchemaRouter, Workload::Query] {
        let mut bench = Bench::start(&World::library(2)).await;
        let caller = bench.caller(ANN).await;
        assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
        bench.mesh.stop_service(down).await.unwrap();
        let answer = ask(&caller, "total fees").await;
        assert_eq!(answer.reason(), Some(Reason::ServiceUnavailable), "{down}: {answer:?}");
        let mut ready = bench.mesh.readiness(Workload::Gateway).unwrap();
        let turned = tokio::time::timeout(Duration::from_secs(10), ready.wait_for(|ready| !ready)).await;
        turned.expect("the gateway stayed green").unwrap();
        bench.mesh.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_auth_stops_the_mesh_within_the_bound() {
    let mut bench = Bench::start(&World::library(2)).await;
    let caller = bench.caller(ANN).await;
    assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    let mut query = bench.mesh.readiness(Workload::Query).unwrap();
    bench.mesh.stop_service(Workload::Auth).await.unwrap();
    assert_eq!(ask(&caller, "total fees").await.reason(), Some(Reason::ServiceUnavailable));
    let turned = tokio::time::timeout(Duration::from_secs(10), query.wait_for(|ready| !ready)).await;
    turned.expect("query serves without a feed").unwrap();
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_registry_leaves_nobody_in_and_heals() {
    let bench = Bench::start(&World::library(2)).await;
    let caller = bench.caller(ANN).await;
    let good = std::fs::read(bench.mesh.registry()).unwrap();
    std::fs::write(bench.mesh.registry(), "version: 1\nprincipals: [").unwrap();
    wait_for(&caller, |answer| answer.reason() == Some(Reason::ServiceUnavailable)).await;
    std::fs::write(bench.mesh.registry(), good).unwrap();
    wait_for(&caller, |answer| answer.outcome == Outcome::Answered).await;
    bench.mesh.stop().await.unwrap();
}

async fn wait_for(
    caller: &splitplane::caller::Caller,
    reached: impl Fn(&splitplane::answer::Answer) -> bool,
) {
    let started = tokio::time::Instant::now();
    loop {
        let answer = ask(caller, "total fees").await;
        if reached(&answer) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "{answer:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_file_that_is_missing_or_corrupt_is_unavailable_until_it_is_back() {
    let world = World::library(2);
    let bench = Bench::start(&world).await;
    let caller = bench.caller(ANN).await;
    let before = ask(&caller, "total fees").await;
    assert_eq!(before.outcome, Outcome::Answered, "{before:?}");
    for file in ["loans.csv", "admin_branches.csv"] {
        let path = bench.data().join(file);
        std::fs::remove_file(&path).unwrap();
        let missing = ask(&caller, "total fees").await;
        assert_eq!(missing.reason(), Some(Reason::WarehouseUnavailable), "{file}: {missing:?}");
        std::fs::write(&path, b"\xff\xfe,\"broken").unwrap();
        let corrupt = ask(&caller, "total fees").await;
        assert_eq!(corrupt.reason(), Some(Reason::WarehouseUnavailable), "{file}: {corrupt:?}");
        let text = format!("{:?}", corrupt.error);
        assert!(!text.contains("csv") && !text.contains("broken"), "{text}");
        world.write(&bench.data()).unwrap();
        assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    }
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_leaves_when_its_record_cannot_be_written() {
    let bench = Bench::start(&World::library(2)).await;
    let caller = bench.caller(ANN).await;
    assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    // A log whose last record was changed is not appended to.
    let log = bench.mesh.audit_log();
    let mut changed = std::fs::read(log).unwrap();
    let digit = changed.len() - "0\"}\n".len();
    changed[digit] = if changed[digit] == b'0' { b'1' } else { b'0' };
    std::fs::write(log, changed).unwrap();
    let answer = ask(&caller, "total fees").await;
    assert_eq!(answer.reason(), Some(Reason::AuditUnavailable), "{answer:?}");
    assert!(answer.table.is_none());
    bench.mesh.stop().await.unwrap();
}

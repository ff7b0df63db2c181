//! The spans of an answer: one tree over the five services, and who is told it.

use crate::support::{ANN, Bench, as_of, ask};
use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, Caller, question};
use splitplane_proto::common::v1::SpanList;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::{Clock, Workload, ask_for_spans};
use splitplane_testkit::{SECRET, World};
use splitplane_types::Outcome;
use std::collections::BTreeSet;

/// A caller who shows the certificate of a workload.
async fn showing(bench: &Bench, workload: Workload) -> Caller {
    let profile = bench.profile(ANN).await;
    let pki = bench.mesh.pki();
    let (certificate, key) = (pki.certificate(workload), pki.key(workload));
    Caller::with_certificate(&certificate, &key, &profile, Clock::system()).unwrap()
}

async fn ask_and_trace(caller: &Caller, text: &str) -> Answer {
    let message = AskRequest { question: Some(question(text, Some(as_of()))), conversation: String::new() };
    let mut request = caller.signer().request(ASK, message).unwrap();
    ask_for_spans(request.metadata_mut());
    answer(caller, request, &mut |_| {}).await.unwrap()
}

/// Each span as service, name, and service and name of its parent.
fn tree(list: &SpanList) -> Vec<String> {
    let shown = |id: u64| {
        let span = list.spans.iter().find(|span| span.span_id == id);
        span.map_or_else(|| format!("?{id}"), |span| format!("{} {}", span.service, span.name))
    };
    let line = |span: &splitplane_proto::common::v1::Span| {
        let parent = if span.parent_span_id == 0 { "nothing".into() } else { shown(span.parent_span_id) };
        format!("{} in {parent}", shown(span.span_id))
    };
    list.spans.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_one_tree_over_the_five_services_and_nothing_of_the_question() {
    let bench = Bench::start(&World::library(20)).await;
    let operator = showing(&bench, Workload::Operator).await;
    let asked = ask_and_trace(&operator, "total fees in Bergen").await;
    assert_eq!(asked.outcome, Outcome::Answered, "{asked:?}");
    let list = asked.spans.unwrap();
    let lines = tree(&list);
    assert_eq!(lines[0], "gateway splitplane.gateway.v1.GatewayService/Ask in nothing");
    assert!(lines[1..].iter().all(|line| !line.contains('?') && !line.ends_with("nothing")), "{lines:#?}");
    let services: BTreeSet<&str> = list.spans.iter().map(|span| span.service.as_str()).collect();
    assert_eq!(services, BTreeSet::from(["auth", "gateway", "query", "reasoning", "schema-router"]));
    let execute = "splitplane.query.v1.QueryService/Execute";
    assert!(lines.contains(&format!("query {execute} in gateway {execute}")), "{lines:#?}");
    assert!(list.dropped == 0 && list.spans.iter().all(|span| !span.failed), "{list:?}");
    let said = format!("{list:?}").to_lowercase();
    for word in ["bergen", "city-libraries", "north", "ann", "2026-11"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_told_spans_and_their_answers_stay_as_they_are() {
    let bench = Bench::start(&World::library(20)).await;
    let text = "What were total fees last week?";
    let plain = bench.ask(ANN, text).await;
    let mut callers = vec![bench.caller(ANN).await];
    for workload in Workload::ALL.into_iter().filter(|workload| *workload != Workload::Operator) {
        callers.push(showing(&bench, workload).await);
    }
    for caller in &callers {
        let answer = ask_and_trace(caller, text).await;
        assert!(answer.spans.is_none(), "{answer:?}");
        assert_eq!((answer.outcome, &answer.table), (plain.outcome, &plain.table));
    }
    let operator = showing(&bench, Workload::Operator).await;
    assert!(ask(&operator, text).await.spans.is_none(), "who does not ask is told none");
    assert_eq!(ask_and_trace(&operator, text).await.table, plain.table);
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_with_the_spans_that_there_were() {
    let mut bench = Bench::start(&World::library(5)).await;
    let operator = showing(&bench, Workload::Operator).await;
    bench.mesh.stop_service(Workload::Query).await.unwrap();
    let asked = ask_and_trace(&operator, "total fees last week").await;
    assert_eq!(asked.outcome, Outcome::Unavailable, "{asked:?}");
    let list = asked.spans.unwrap();
    let failed: Vec<&str> =
        list.spans.iter().filter(|span| span.failed).map(|span| span.name.as_str()).collect();
    assert_eq!(
        failed,
        ["splitplane.gateway.v1.GatewayService/Ask", "splitplane.query.v1.QueryService/OpenSandbox"]
    );
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_the_same_with_and_without_everybody_elses_rows() {
    let world = World::library(30);
    let (shared, single) = (Bench::start(&world).await, Bench::start(&world.only_of(ANN)).await);
    let (in_shared, in_single) =
        (showing(&shared, Workload::Operator).await, showing(&single, Workload::Operator).await);
    for text in
        ["total fees by branch", "total fees in Secretville", "number of loans in Oslo", "total fines"]
    {
        let (a, b) = (ask_and_trace(&in_shared, text).await, ask_and_trace(&in_single, text).await);
        let (a, b) = (a.spans.unwrap(), b.spans.unwrap());
        assert_eq!(tree(&a), tree(&b), "{text}");
        assert!(!format!("{a:?}").contains(SECRET), "{text}");
    }
    shared.mesh.stop().await.unwrap();
    single.mesh.stop().await.unwrap();
}

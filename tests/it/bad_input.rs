//! Bad input: a typed error that says what to do, nothing leaked, and the mesh still serves.

use crate::support::{ANN, Bench, ask, options};
use splitplane::answer::answer;
use splitplane::caller::{ASK, CallerError, question, with_headers};
use splitplane::mesh::{Mesh, Ports};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::{Workload, reason_of};
use splitplane_testkit::World;
use splitplane_types::{Outcome, Reason};
use std::error::Error as _;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_are_none_are_named() {
    let bench = Bench::start(&World::library(2)).await;
    let caller = bench.caller(ANN).await;
    let long = "x".repeat(8_193);
    let cases = [
        ("", Reason::QuestionEmpty),
        ("  \n ", Reason::QuestionEmpty),
        (long.as_str(), Reason::QuestionTooLong),
        ("total\u{0} fees", Reason::QuestionMalformed),
        ("total fees\u{1b}[2J", Reason::QuestionMalformed),
    ];
    for (text, reason) in cases {
        let answer = ask(&caller, text).await;
        assert_eq!(answer.reason(), Some(reason), "{answer:?}");
        assert_eq!(answer.error.as_ref().unwrap().code, "INVALID_ARGUMENT");
        let Err(CallerError::Refused(status)) = caller.open_session(question(text, None)).await else {
            panic!("a session for {text:?}")
        };
        assert_eq!((status.code(), reason_of(&status)), (Code::InvalidArgument, Some(reason)));
    }
    let exact = "x ".repeat(4_096);
    assert_eq!(ask(&caller, &exact).await.outcome, Outcome::Unsupported, "8,192 bytes are a question");
    assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    bench.mesh.stop().await.unwrap();
}

/// A message with a question whose text is not UTF-8.
#[derive(Clone, PartialEq, prost::Message)]
struct RawAsk {
    #[prost(message, optional, tag = "1")]
    question: Option<RawQuestion>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawQuestion {
    #[prost(bytes = "vec", tag = "1")]
    text: Vec<u8>,
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_utf8_and_messages_that_do_not_decode_are_typed_errors() {
    use prost::Message as _;
    let bench = Bench::start(&World::library(2)).await;
    let caller = bench.caller(ANN).await;
    let channel = crate::inner_services::channel(&bench, Workload::Gateway, Workload::Operator).await;
    let raw = RawAsk { question: Some(RawQuestion { text: vec![0xff, 0xfe] }) };
    let headers = caller.signer().headers(ASK, &raw.encode_to_vec()).unwrap();
    let request = with_headers(raw, &headers).unwrap();
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec: tonic_prost::ProstCodec<RawAsk, ()> = tonic_prost::ProstCodec::default();
    let status = client.server_streaming(request, ASK.parse().unwrap(), codec).await.unwrap_err();
    assert_eq!((status.code(), reason_of(&status)), (Code::InvalidArgument, Some(Reason::RequestMalformed)));
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_as_of_beyond_the_calendar_is_refused_and_one_in_it_is_used() {
    let bench = Bench::start(&World::library(20)).await;
    let caller = bench.caller(ANN).await;
    let at = |seconds| {
        let mut question = question("total fees yesterday", None);
        question.as_of = Some(prost_types::Timestamp { seconds, nanos: 0 });
        AskRequest { question: Some(question), conversation: String::new() }
    };
    let send = async |message: AskRequest| {
        let request = caller.signer().request(ASK, message).unwrap();
        answer(&caller, request, &mut |_| {}).await.unwrap()
    };
    assert_eq!(send(at(i64::MAX)).await.reason(), Some(Reason::RequestMalformed));
    let early = send(at(1_793_620_800)).await;
    assert_eq!(early.outcome, Outcome::Answered, "{early:?}");
    assert!(early.as_of.unwrap().starts_with("2026-11-02"), "the answer shows from when it counts");
    assert_eq!(early.interpretation.unwrap().period.unwrap().from, "2026-11-01T00:00:00");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mesh_that_cannot_start_says_what_to_do() {
    let world = World::library(1);
    let mistakes: [(&str, &str, &str); 4] = [
        ("policy.yaml", "branch: branch_id } }\n", "branch_idd"),
        ("policy.yaml", "model: library_loans", "library_loans"),
        ("model.yaml", "SUM(loans.fee)", "loans.fee"),
        ("policy.yaml", "fines: { scope", "fines"),
    ];
    let changes: [&dyn Fn(String) -> String; 4] = [
        &|text| {
            text.replace(
                "branches: { scope: { tenant: tenant_id, business: business_id, branch: branch_id } }",
                "branches: { scope: { tenant: tenant_id, business: business_id, branch: branch_idd } }",
            )
        },
        &|text| text.replace("model: library_loans", "model: another_model"),
        &|text| text.replace("SUM(loans.fee)", "SUM(loans.fees_of_nobody)"),
        &|text| text.lines().filter(|line| !line.contains("fines: {")).collect::<Vec<_>>().join("\n"),
    ];
    for ((file, _, says), change) in mistakes.iter().zip(changes) {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), &world);
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed);
        std::fs::write(&path, changed).unwrap();
        let error = Mesh::start(options).await.unwrap_err();
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(&format!(": {error}"));
            cause = error.source();
        }
        assert!(message.contains(file), "{message}");
        assert!(message.contains(says) || message.contains("fees_of_nobody"), "{message}");
        let line = message.split(&format!("{file}:")).nth(1).and_then(|rest| rest.split(':').next());
        assert!(line.is_some_and(|line| line.parse::<u32>().is_ok()), "no line: {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named() {
    let bench = Bench::start(&World::library(1)).await;
    let taken = bench.mesh.addresses().of_service(Workload::Gateway).unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path(), &World::library(1));
    options.ports = Ports::from_base(taken);
    let error = Mesh::start(options).await.unwrap_err();
    let message = format!("{error}: {:?}", error.source());
    assert!(message.contains(&taken.to_string()), "{message}");
    assert_eq!(bench.ask(ANN, "total fees").await.outcome, Outcome::Answered, "the mesh still serves");
    bench.mesh.stop().await.unwrap();
}

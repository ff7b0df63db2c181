//! Language models that misbehave, in a whole mesh: what they write is too long, is nothing, never ends, or is a panic.
//!
//! The figures are what was asked in any case, or there is a typed refusal within the deadline; the mesh serves the
//! next question.

use crate::support::{ANN, Bench, as_of, ask, cents};
use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, Caller, question};
use splitplane_llm::{
    EmbeddedModel, ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask,
    WriteSqlTask,
};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_testkit::World;
use splitplane_types::{Outcome, Reason};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a model does when it is asked for text.
#[derive(Debug, Clone)]
enum Manner {
    Says(String),
    NeverEnds,
    Panics,
}

impl Manner {
    async fn text(&self) -> String {
        match self {
            Self::Says(text) => text.clone(),
            Self::NeverEnds => std::future::pending().await,
            Self::Panics => panic!("a model that cannot go on"),
        }
    }
}

#[derive(Debug)]
struct Misbehaving {
    embedded: EmbeddedModel,
    sql: Mutex<Option<Manner>>,
    narrative: Mutex<Option<Manner>>,
}

impl Misbehaving {
    fn new() -> Arc<Self> {
        Arc::new(Self { embedded: EmbeddedModel::new(), sql: Mutex::default(), narrative: Mutex::default() })
    }

    fn write(&self, manner: Option<Manner>) {
        *self.sql.lock().unwrap() = manner;
    }

    fn explain_as(&self, manner: Option<Manner>) {
        *self.narrative.lock().unwrap() = manner;
    }
}

#[tonic::async_trait]
impl LanguageModel for Misbehaving {
    fn name(&self) -> &str {
        "misbehaving"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.embedded.validate(task).await
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.embedded.route(task).await
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        let manner = self.sql.lock().unwrap().clone();
        match manner {
            Some(manner) => Ok(manner.text().await),
            None => self.embedded.write_sql(task).await,
        }
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        let manner = self.narrative.lock().unwrap().clone();
        match manner {
            Some(manner) => Ok(manner.text().await),
            None => self.embedded.explain(task).await,
        }
    }
}

async fn ask_within(caller: &Caller, text: &str, timeout: Duration) -> Answer {
    let message = AskRequest { question: Some(question(text, Some(as_of()))), conversation: String::new() };
    let mut request = caller.signer().request(ASK, message).unwrap();
    request.set_timeout(timeout);
    answer(caller, request, &mut |_| {}).await.unwrap()
}

const PATIENCE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_model_writes_the_figures_are_what_was_asked() {
    let world = World::library(6);
    let model = Misbehaving::new();
    let bench = Bench::start_with(&world, |options| options.language = Some(model.clone())).await;
    let caller = bench.caller(ANN).await;
    let fees = world.fees_cents(ANN, "2026-01-01", "2026-12-31");
    let long = |bytes: usize| format!("SELECT {} FROM loans", "fee, ".repeat(bytes / 5));
    for sql in [
        String::new(),
        "\0\0\0".to_owned(),
        "I cannot help with that.".to_owned(),
        long(20 << 10),
        long(1 << 20),
        long(10 << 20),
        "(".repeat(12 << 10),
    ] {
        model.write(Some(Manner::Says(sql.clone())));
        let answer = ask(&caller, "total fees").await;
        let begins: String = sql.chars().take(20).collect();
        assert_eq!(answer.outcome, Outcome::Answered, "{begins}: {:?}", answer.error);
        assert_eq!((cents(&answer), answer.refused_drafts.len()), (fees, 3), "{begins}");
    }
    model.write(None);
    for text in ["x".repeat(10 << 20), "\u{1b}[2J".to_owned(), String::new(), "9".repeat(100_000)] {
        model.explain_as(Some(Manner::Says(text.clone())));
        let answer = ask(&caller, "total fees").await;
        let narrative = answer.narrative.clone().unwrap_or_default();
        assert_eq!((answer.outcome, cents(&answer)), (Outcome::Answered, fees));
        assert!(!narrative.is_empty() && narrative.len() < 10_000 && narrative != text, "{narrative:.80}");
        assert!(!narrative.contains('\u{1b}'));
    }
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_never_ends_or_panics_is_a_typed_refusal_and_the_mesh_serves_on() {
    let world = World::library(3);
    let model = Misbehaving::new();
    let bench = Bench::start_with(&world, |options| options.language = Some(model.clone())).await;
    let caller = bench.caller(ANN).await;
    model.write(Some(Manner::NeverEnds));
    let began = Instant::now();
    let stuck = ask_within(&caller, "total fees", PATIENCE).await;
    assert!(began.elapsed() < PATIENCE * 3, "{:?}", began.elapsed());
    assert_eq!(stuck.outcome, Outcome::Unavailable, "{stuck:?}");
    assert!(stuck.table.is_none());
    model.write(Some(Manner::Panics));
    let broken = ask(&caller, "total fees").await;
    let reasons = [Some(Reason::Internal), Some(Reason::ServiceUnavailable)];
    assert!(reasons.contains(&broken.reason()), "{broken:?}");
    assert!(!format!("{broken:?}").contains("cannot go on"), "{broken:?}");
    model.write(None);
    model.explain_as(Some(Manner::NeverEnds));
    let unexplained = ask_within(&caller, "total fees", PATIENCE).await;
    assert!(unexplained.table.is_some(), "the rows are right without an analysis: {unexplained:?}");
    model.explain_as(Some(Manner::Panics));
    let explained = ask(&caller, "total fees").await;
    assert_eq!(explained.outcome, Outcome::Answered, "{:?}", explained.error);
    model.explain_as(None);
    assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    bench.mesh.stop().await.unwrap();
}

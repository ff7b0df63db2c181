use super::*;
use secrecy::ExposeSecret as _;
use splitplane_llm::{BudgetConfig, LanguageModel, RouteTask, WriteSqlTask};
use splitplane_proto::common::v1 as common;
use splitplane_semantics::{DraftInterpretation, parse_model, parse_policy};
use splitplane_service::AuditConfig;
use splitplane_session::{ConversationSigner, Feed, Minter, SessionGrant, SigningKey, receipt_issuer};
use splitplane_types::{Reason, SessionId, Txn, frame};
use std::num::NonZeroU64;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const MODEL: &str = include_str!("../../../../libs/semantics/fixtures/library/model.yaml");
pub(super) const POLICY: &str = include_str!("../../../../libs/semantics/fixtures/library/policy.yaml");
pub(super) const DOMAIN: &str = "mesh.example";
const LIFETIME: Duration = Duration::from_secs(120);
/// Life of a conversation.
pub(super) const CONVERSATION: Duration = Duration::from_secs(600);

pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_936_519_200)
}

/// Says one thing to every question, counts them, and keeps what each is told to continue.
#[derive(Debug)]
struct Says {
    reply: Result<ValidateReply, ModelError>,
    asked: Arc<AtomicUsize>,
    told: Arc<Mutex<Vec<Option<Interpretation>>>>,
    asked_back: Arc<Mutex<Option<String>>>,
}

#[tonic::async_trait]
impl LanguageModel for Says {
    fn name(&self) -> &str {
        "says"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.told.lock().unwrap().push(task.previous.cloned());
        *self.asked_back.lock().unwrap() = task.asked_back.map(|question| question.as_str().to_owned());
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.reply.clone()
    }

    async fn route(&self, _: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        Err(ModelError::Empty)
    }

    async fn write_sql(&self, _: WriteSqlTask<'_>) -> Result<String, ModelError> {
        Err(ModelError::Empty)
    }

    async fn explain(&self, _: ExplainTask<'_>) -> Result<String, ModelError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok("There are no rows.".to_owned())
    }
}

pub(super) struct Bench {
    pub(super) layer2: Layer2,
    pub(super) session: VerifiedSession,
    pub(super) frame: Vec<u8>,
    asked: Arc<AtomicUsize>,
    pub(super) told: Arc<Mutex<Vec<Option<Interpretation>>>>,
    pub(super) asked_back: Arc<Mutex<Option<String>>>,
    pub(super) minter: Minter,
    pub(super) gateway: ConversationSigner,
    _folder: tempfile::TempDir,
}

/// The frame of a question in a conversation.
pub(super) fn asks(conversation: &str) -> Vec<u8> {
    let question = common::Question { text: "how much was lent".into(), as_of: None };
    frame(&AskRequest { question: Some(question), conversation: conversation.to_owned() }.encode_to_vec())
}

/// A session for this frame.
pub(super) fn grant(frame: &[u8]) -> SessionGrant {
    SessionGrant {
        composite: "tenant/business/admin".parse().unwrap(),
        role: "manager".parse().unwrap(),
        session_id: SessionId::from_parts(1, 2),
        txn: Txn::from_parts(3, 4),
        body_digest: Digest::of(frame),
        method: "/splitplane.gateway.v1.GatewayService/Ask".into(),
        epoch: 1,
        principal: "worker".parse().unwrap(),
        access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
        requesting_workload: "spiffe://mesh.example/gateway".into(),
    }
}

pub(super) fn bench(reply: Result<ValidateReply, ModelError>, budget: BudgetConfig, policy: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let model = parse_model("model.yaml", MODEL).unwrap();
    let policy = parse_policy("policy.yaml", policy, &model).unwrap();
    let frame = asks("");

    let [(session_key, _), (receipt_key, pem), (conversation_key, _)] =
        [(); 3].map(|()| SigningKey::generate().unwrap());
    let verifier = Verifier::new("issuer".into(), DOMAIN.into(), Duration::from_secs(5));
    let session_keys = vec![session_key.public_key().into()];
    let receipt_keys = vec![receipt_key.public_key()];
    let conversation_keys = vec![conversation_key.public_key()];
    let (revocations, minimum_epoch, epoch) = (vec![], 0, 1);
    let feed = Feed { session_keys, receipt_keys, conversation_keys, revocations, minimum_epoch, epoch };
    verifier.update(feed, now()).unwrap();
    let minter = Minter::new(session_key, "issuer".into(), DOMAIN.into(), LIFETIME);
    let session = verifier.verify(&minter.mint(&grant(&frame), now()).unwrap().0, now()).unwrap();

    let signing_key = folder.path().join("audit.key");
    std::fs::write(&signing_key, pem.expose_secret()).unwrap();
    let audit = AuditConfig {
        file: folder.path().join("log.jsonl"),
        checkpoints: folder.path().join("checkpoints.jsonl"),
        signing_key,
        checkpoint_period: Duration::from_secs(60),
        segment_bytes_max: NonZeroU64::MAX,
        keep: Duration::ZERO,
    };
    let (asked, told, asked_back) = (Arc::<AtomicUsize>::default(), Arc::default(), Arc::default());
    let language = Arc::new(Says {
        reply,
        asked: Arc::clone(&asked),
        told: Arc::clone(&told),
        asked_back: Arc::clone(&asked_back),
    });
    let layer2 = Layer2 {
        model,
        policy,
        language: Asked::new(language, budget, Box::new(|_| {})),
        signer: Arc::new(ReceiptSigner::new(receipt_key, receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME)),
        verifier: Arc::new(verifier),
        audit: Auditor::open(&audit).unwrap(),
        clock: Clock::new(now),
    };
    let gateway = ConversationSigner::new(conversation_key, DOMAIN.into(), CONVERSATION).unwrap();
    Bench { layer2, session, frame, asked, told, asked_back, minter, gateway, _folder: folder }
}

pub(super) const NO_LIMIT: BudgetConfig =
    BudgetConfig { tokens_per_tenant_and_day: 0, tokens_held_per_task: 0 };

async fn verdict(reply: Result<ValidateReply, ModelError>) -> Result<Verdict, Reason> {
    let bench = bench(reply, NO_LIMIT, POLICY);
    let verdict = bench.layer2.validate(&bench.session, &bench.frame).await;
    verdict.map(|by| by.answer).map_err(|error| error.reason())
}

pub(super) fn draft(metric: &str) -> Result<ValidateReply, ModelError> {
    Ok(ValidateReply::Supported(DraftInterpretation {
        metrics: vec![metric.to_owned()],
        dimensions: vec![],
        filters: vec![],
        period: None,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order: vec![],
        limit: None,
    }))
}

#[tokio::test]
async fn what_a_model_declines_is_unsupported_and_what_it_fails_at_is_unavailable() {
    for error in [ModelError::Guardrail, ModelError::Declined] {
        assert!(matches!(verdict(Err(error)).await, Ok(Verdict::Unsupported { .. })));
    }
    for error in [
        ModelError::Throttled,
        ModelError::Unavailable,
        ModelError::TimedOut,
        ModelError::Resting,
        ModelError::Unauthorised,
        ModelError::Rejected,
        ModelError::Empty,
        ModelError::Malformed("not JSON"),
    ] {
        assert_eq!(verdict(Err(error)).await.unwrap_err(), Reason::ModelUnavailable);
    }
}

#[tokio::test]
async fn a_draft_is_supported_only_when_it_passes_the_gate() {
    let metric = parse_model("model.yaml", MODEL).unwrap().metrics.first().unwrap().name.clone();
    assert!(matches!(verdict(draft(&metric)).await, Ok(Verdict::Supported { .. })));
    assert!(matches!(verdict(draft("no_such_metric")).await, Ok(Verdict::Unsupported { .. })));
}

#[tokio::test]
async fn a_tenant_over_its_budget_is_refused_before_the_model_is_asked() {
    let budget = BudgetConfig { tokens_per_tenant_and_day: 10, tokens_held_per_task: 11 };
    let bench = bench(draft("any"), budget, POLICY);
    let refused = bench.layer2.validate(&bench.session, &bench.frame).await.unwrap_err();
    assert_eq!((refused.reason(), bench.asked.load(Ordering::SeqCst)), (Reason::Overloaded, 0));
}

#[tokio::test]
async fn a_policy_that_wants_the_template_lets_no_model_see_a_row() {
    let metric = parse_model("model.yaml", MODEL).unwrap().metrics.first().unwrap().name.clone();
    let table = Table { columns: vec![], rows: vec![] };
    for (policy, asked) in [(POLICY.to_owned(), 2), (format!("{POLICY}explain: template\n"), 1)] {
        let bench = bench(draft(&metric), NO_LIMIT, &policy);
        let verdict = bench.layer2.validate(&bench.session, &bench.frame).await.unwrap().answer;
        let Verdict::Supported { receipt, .. } = verdict else { panic!("{verdict:?}") };
        let explained = bench.layer2.explain(&bench.session, &receipt, &table, 0).await;
        let refused = explained.map(|by| by.answer).map_err(|error| error.reason());
        let expected =
            if asked == 2 { Ok("There are no rows.".into()) } else { Err(Reason::RequestMalformed) };
        assert_eq!((refused, bench.asked.load(Ordering::SeqCst)), (expected, asked));
    }
}

/// What the embedded model makes of a question to this fixture.
async fn read(bench: &Bench, text: &str) -> ValidateReply {
    let catalogue = bench.layer2.catalogue(&bench.session);
    let question = Question::new(text).unwrap();
    let task = ValidateTask { question: &question, catalogue: &catalogue, previous: None, asked_back: None };
    splitplane_llm::EmbeddedModel::new().validate(task).await.unwrap()
}

#[tokio::test]
async fn a_comparison_whose_rows_do_not_meet_is_asked_back_with_options_that_are_supported() {
    let reader = bench(Err(ModelError::Empty), NO_LIMIT, POLICY);
    let apart = read(&reader, "loan count by week in April 2031 compared with March 2031").await;
    assert!(matches!(apart, ValidateReply::Supported(_)), "{apart:?}");
    let Ok(Verdict::Clarify { question, options }) = verdict(Ok(apart)).await else {
        panic!("not asked back")
    };
    assert!(question.ends_with('?') && options.len() > 1, "{question} {options:?}");
    for option in options {
        let reply = read(&reader, &option).await;
        assert!(matches!(verdict(Ok(reply)).await, Ok(Verdict::Supported { .. })), "{option}");
    }
}

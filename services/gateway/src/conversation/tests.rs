use super::*;
use prost::Message as _;
use splitplane_proto::common::v1::Question;
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::PublicError as _;
use splitplane_session::{
    Feed, Minter, ReceiptClaims, ReceiptSigner, SessionGrant, SigningKey, receipt_issuer,
};
use splitplane_types::{Digest, Reason, SessionId, Txn, frame};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DOMAIN: &str = "mesh.example";
const LIFETIME: Duration = Duration::from_secs(120);

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_348_800 + second)
}

struct Bench {
    keeper: Keeper,
    minter: Minter,
    receipts: ReceiptSigner,
    feed: Feed,
    now: Arc<Mutex<u64>>,
}

impl Bench {
    fn new() -> Self {
        let [session, receipt, conversation] = [(); 3].map(|()| SigningKey::generate().unwrap().0);
        let feed = Feed {
            session_keys: vec![session.public_key().into()],
            receipt_keys: vec![receipt.public_key()],
            conversation_keys: vec![conversation.public_key()],
            revocations: vec![],
            minimum_epoch: 0,
            epoch: 1,
        };
        let now = Arc::new(Mutex::new(0));
        let told = Arc::clone(&now);
        let keeper = Keeper {
            signer: Arc::new(
                ConversationSigner::new(conversation, DOMAIN.into(), Duration::from_secs(60)).unwrap(),
            ),
            verifier: Arc::new(Verifier::new("issuer".into(), DOMAIN.into(), Duration::from_secs(5))),
            clock: Clock::new(move || at(*told.lock().unwrap())),
        };
        let bench = Self {
            keeper,
            minter: Minter::new(session, "issuer".into(), DOMAIN.into(), LIFETIME),
            receipts: ReceiptSigner::new(receipt, receipt_issuer(DOMAIN), DOMAIN.into(), LIFETIME),
            feed,
            now,
        };
        bench.at(0);
        bench
    }

    /// It is so late, and the feed is fresh.
    fn at(&self, second: u64) {
        *self.now.lock().unwrap() = second;
        self.keeper.verifier.update(self.feed.clone(), at(second)).unwrap();
    }

    fn session(&self, composite: &str, conversation: u128) -> VerifiedSession {
        let grant = SessionGrant {
            composite: composite.parse().unwrap(),
            role: "manager".parse().unwrap(),
            session_id: SessionId::from_parts(1, conversation),
            txn: Txn::from_parts(3, 4),
            body_digest: Digest::of(b"frame"),
            method: "/splitplane.gateway.v1.GatewayService/Ask".into(),
            epoch: 1,
            principal: "worker".parse().unwrap(),
            access_key_id: "ASIAIOSFODNN7EXAMPLE".into(),
            requesting_workload: "spiffe://mesh.example/gateway".into(),
        };
        let now = self.keeper.clock.now();
        self.keeper.verifier.verify(&self.minter.mint(&grant, now).unwrap().0, now).unwrap()
    }

    fn receipt(&self, session: &VerifiedSession, interpretation: &str) -> String {
        let claims = ReceiptClaims {
            interpretation: interpretation.into(),
            model: Digest::of(b"model"),
            policy: Digest::of(b"policy"),
            as_of: "now".into(),
        };
        self.receipts.sign(session, &claims, self.keeper.clock.now()).unwrap()
    }

    /// The token of an answer to a first question.
    fn token(&self, session: &VerifiedSession) -> String {
        let mut turn = self.keeper.turn(session);
        turn.approved(&self.receipt(session, "first")).unwrap();
        turn.token(Outcome::Answered, &asks(""))
    }
}

fn asks(conversation: &str) -> Vec<u8> {
    let question = Question { text: "and by channel?".into(), as_of: None };
    frame(&AskRequest { question: Some(question), conversation: conversation.into() }.encode_to_vec())
}

#[test]
fn an_answer_ends_with_what_layer_2_signed_that_the_question_means() {
    let bench = Bench::new();
    let session = bench.session("t/b/a", 1);
    for outcome in [Outcome::Answered, Outcome::NothingInScope] {
        let mut turn = bench.keeper.turn(&session);
        // Where replicas held different policies, the second reading counts.
        turn.approved(&bench.receipt(&session, "first")).unwrap();
        turn.approved(&bench.receipt(&session, "second")).unwrap();
        let token = turn.token(outcome, &asks(&bench.token(&session)));
        let now = bench.keeper.clock.now();
        let verified = bench.keeper.verifier.verify_conversation(&token, session.composite(), now).unwrap();
        assert_eq!(verified.interpretation(), "second");
        assert_eq!((verified.model(), verified.policy()), (Digest::of(b"model"), Digest::of(b"policy")));
        assert_eq!(verified.session_id(), session.session_id());
    }
    // Nothing was approved: there is nothing to say.
    assert_eq!(bench.keeper.turn(&session).token(Outcome::Answered, &asks("")), "");
}

#[test]
fn a_receipt_that_is_not_this_questions_ends_the_question() {
    let bench = Bench::new();
    let session = bench.session("t/b/a", 1);
    let others = bench.receipt(&bench.session("t/b/other", 1), "first");
    let mut turn = bench.keeper.turn(&session);
    for receipt in [others.as_str(), "", "garbage"] {
        assert_eq!(turn.approved(receipt).unwrap_err().reason(), Reason::Internal, "{receipt}");
        assert_eq!(turn.token(Outcome::Answered, &asks("")), "");
    }
    let receipt = bench.receipt(&session, "first");
    *bench.now.lock().unwrap() = 6;
    assert_eq!(turn.approved(&receipt).unwrap_err().reason(), Reason::ServiceUnavailable);
}

#[test]
fn where_nothing_came_of_a_question_the_token_holds_it_and_what_stood_before() {
    let bench = Bench::new();
    let session = bench.session("t/b/a", 1);
    let now = bench.keeper.clock.now();
    let asked = || "and by channel?".to_owned();
    for (outcome, is_approved) in
        [(Outcome::Clarify, false), (Outcome::Clarify, true), (Outcome::Unsupported, false)]
    {
        let says = |conversation: &str, session: &VerifiedSession| {
            let mut turn = bench.keeper.turn(session);
            if is_approved {
                // The data plane asked back.
                turn.approved(&bench.receipt(session, "second")).unwrap();
            }
            let token = turn.token(outcome, &asks(conversation));
            let verified =
                bench.keeper.verifier.verify_conversation(&token, session.composite(), now).unwrap();
            assert_eq!(verified.session_id(), session.session_id());
            (verified.interpretation().to_owned(), verified.asked_back().to_owned())
        };
        assert_eq!(says("", &session), (String::new(), asked()));
        let token = bench.token(&session);
        assert_eq!(says(&token, &session), ("first".to_owned(), asked()));
        assert_eq!(says("garbage", &session), (String::new(), asked()));
        // What stands in a token that is not this conversation's is not carried on.
        for (composite, conversation) in [("t/b/a", 2), ("t/b/other", 1)] {
            assert_eq!(says(&token, &bench.session(composite, conversation)), (String::new(), asked()));
        }
    }
    let token = bench.token(&session);
    assert_eq!(bench.keeper.turn(&session).token(Outcome::Unspecified, &asks(&token)), "");
}

#[test]
fn an_answer_whose_meaning_is_too_long_for_a_token_ends_without_one() {
    let bench = Bench::new();
    let session = bench.session("t/b/a", 1);
    let mut turn = bench.keeper.turn(&session);
    turn.approved(&bench.receipt(&session, &"i".repeat(20_000))).unwrap();
    assert_eq!(turn.token(Outcome::Answered, &asks("")), "");
}

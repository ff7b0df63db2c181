use crate::layer2::tests::{Bench, CONVERSATION, DOMAIN, NO_LIMIT, POLICY, asks, bench, draft, grant, now};
use crate::layer2::{Layer2, Verdict};
use splitplane_semantics::interpretation_from_receipt;
use splitplane_service::PublicError as _;
use splitplane_session::{
    ConversationSigner, ReceiptClaims, SessionGrant, SigningKey, VerifiedReceipt, VerifiedSession,
};
use splitplane_types::{Digest, Reason, SessionId, Txn};
use std::time::Duration;

/// Shown as it is to a head librarian, and to nobody else.
const PHONES: &str = "phones";

/// A mesh in which a model understands every question as one about this metric.
fn understanding(metric: &str) -> Bench {
    bench(draft(metric), NO_LIMIT, POLICY)
}

impl Bench {
    fn session_of(&self, grant: &SessionGrant) -> VerifiedSession {
        let (key, _) = self.minter.mint(grant, now()).unwrap();
        self.layer2.verifier.verify(&key, now()).unwrap()
    }

    /// The receipt of an approved question.
    async fn approved(&self, session: &VerifiedSession, frame: &[u8]) -> VerifiedReceipt {
        let verdict = self.layer2.validate(session, frame).await.unwrap().answer;
        let Verdict::Supported { receipt, .. } = verdict else { panic!("{verdict:?}") };
        self.layer2.verifier.verify_receipt(&receipt, session, now()).unwrap()
    }

    /// What the gateway hands out after the first question.
    async fn token(&self) -> String {
        let receipt = self.approved(&self.session, &self.frame).await;
        self.gateway.sign(&self.session, &receipt, now()).unwrap()
    }

    /// What comes of a question that continues `conversation`, and whether the model was told what came before.
    async fn follow_up(
        &self,
        conversation: &str,
        change: impl FnOnce(&mut SessionGrant),
    ) -> Result<(Verdict, bool), Reason> {
        let frame = asks(conversation);
        let mut granted = grant(&frame);
        granted.txn = Txn::from_parts(5, 6);
        change(&mut granted);
        self.told.lock().unwrap().clear();
        let verdict = self.layer2.validate(&self.session_of(&granted), &frame).await;
        let told = self.told.lock().unwrap().clone();
        match verdict {
            Ok(by) => {
                let [previous] = <[_; 1]>::try_from(told).unwrap();
                Ok((by.answer, previous.is_some()))
            }
            Err(error) => {
                assert!(told.is_empty(), "a refused question came to the model");
                Err(error.reason())
            }
        }
    }

    /// A token in which this stands, whatever layer 2 thinks of it, and when it was signed.
    async fn token_of(&self, change: impl FnOnce(&mut ReceiptClaims), ago: Duration) -> String {
        let approved = self.approved(&self.session, &self.frame).await;
        let mut claims = ReceiptClaims {
            interpretation: approved.interpretation().to_owned(),
            model: approved.model(),
            policy: approved.policy(),
            as_of: "now".into(),
        };
        change(&mut claims);
        let receipt = self.layer2.signer.sign(&self.session, &claims, now()).unwrap();
        let receipt = self.layer2.verifier.verify_receipt(&receipt, &self.session, now()).unwrap();
        self.gateway.sign(&self.session, &receipt, now() - ago).unwrap()
    }
}

fn is_supported(outcome: &Result<(Verdict, bool), Reason>, with_previous: bool) -> bool {
    matches!(outcome, Ok((Verdict::Supported { .. }, previous)) if *previous == with_previous)
}

#[tokio::test]
async fn a_follow_up_is_read_with_what_the_question_before_it_meant() {
    let bench = understanding("loan_count");
    let receipt = bench.approved(&bench.session, &bench.frame).await;
    assert_eq!(*bench.told.lock().unwrap(), [None]);
    let token = bench.gateway.sign(&bench.session, &receipt, now()).unwrap();
    let outcome = bench.follow_up(&token, |_| {}).await;
    assert!(is_supported(&outcome, true), "{outcome:?}");
    let told = bench.told.lock().unwrap().clone();
    assert_eq!(told, [Some(interpretation_from_receipt(receipt.interpretation()).unwrap())]);
}

#[tokio::test]
async fn what_answers_a_question_back_is_read_with_that_question() {
    let bench = understanding("loan_count");
    let token = bench.gateway.sign_asked_back(&bench.session, None, "which loans", now()).unwrap();
    let outcome = bench.follow_up(&token, |_| {}).await;
    assert!(is_supported(&outcome, false), "{outcome:?}");
    assert_eq!(bench.asked_back.lock().unwrap().as_deref(), Some("which loans"));
    let outcome = bench.follow_up("", |_| {}).await;
    assert!(is_supported(&outcome, false), "{outcome:?}");
    assert_eq!(*bench.asked_back.lock().unwrap(), None);
}

#[tokio::test]
async fn the_conversation_is_the_one_in_the_bytes_that_were_signed() {
    let bench = understanding("loan_count");
    let token = bench.token().await;
    // Signed without a conversation, and sent with one, or with another than the signed one.
    for (signed, sent) in [("", token.as_str()), (token.as_str(), ""), (token.as_str(), "x")] {
        let session = bench.session_of(&grant(&asks(signed)));
        let refused = bench.layer2.validate(&session, &asks(sent)).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::Unauthenticated);
    }
}

#[tokio::test]
async fn a_conversation_of_another_session_or_combination_is_a_failure_of_credentials() {
    let bench = understanding("loan_count");
    let token = bench.token().await;
    let refused = Some(Reason::Unauthenticated);
    let other_session = |granted: &mut SessionGrant| granted.session_id = SessionId::from_parts(1, 3);
    assert_eq!(bench.follow_up(&token, other_session).await.err(), refused);
    for other in ["tenant/business/other", "tenant/other/admin", "other/business/admin"] {
        let outcome = bench.follow_up(&token, |granted| granted.composite = other.parse().unwrap()).await;
        assert_eq!(outcome.err(), refused, "{other}");
    }
    let (key, _) = SigningKey::generate().unwrap();
    let stranger = ConversationSigner::new(key, DOMAIN.into(), CONVERSATION).unwrap();
    let receipt = bench.approved(&bench.session, &bench.frame).await;
    let forged = stranger.sign(&bench.session, &receipt, now()).unwrap();
    for token in [forged.as_str(), "garbage", &token.replace('.', "")] {
        assert_eq!(bench.follow_up(token, |_| {}).await.err(), refused, "{token}");
    }
    assert!(is_supported(&bench.follow_up(&token, |_| {}).await, true));
}

#[tokio::test]
async fn what_was_meant_under_another_policy_or_model_is_not_continued() {
    let bench = understanding("loan_count");
    let other = Digest::of(b"other");
    let none = Duration::ZERO;
    for (token, continues) in [
        (bench.token_of(|_| {}, none).await, true),
        (bench.token_of(|claims| claims.policy = other, none).await, false),
        (bench.token_of(|claims| claims.model = other, none).await, false),
        (bench.token_of(|claims| claims.interpretation = "{}".into(), none).await, false),
        (bench.token_of(|claims| claims.interpretation = "no JSON".into(), none).await, false),
    ] {
        let outcome = bench.follow_up(&token, |_| {}).await;
        assert!(is_supported(&outcome, continues), "{continues}: {outcome:?}");
    }
}

/// auth gives a conversation that is over a session of its own, so that its id is another.
#[tokio::test]
async fn a_conversation_that_is_over_or_about_to_be_is_not_continued_and_no_failure() {
    let bench = understanding("loan_count");
    for (ago, continues) in [(594, true), (595, false), (599, false), (600, false), (10_000, false)] {
        let token = bench.token_of(|_| {}, Duration::from_secs(ago)).await;
        let outcome = bench.follow_up(&token, |_| {}).await;
        assert!(is_supported(&outcome, continues), "{ago}: {outcome:?}");
        if !continues {
            let other = |granted: &mut SessionGrant| granted.session_id = SessionId::from_parts(1, 3);
            let outcome = bench.follow_up(&token, other).await;
            assert!(is_supported(&outcome, false), "{ago}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn what_has_become_hidden_from_the_caller_is_refused_whatever_was_said_before() {
    let bench = understanding(PHONES);
    let head = |granted: &mut SessionGrant| granted.role = "head-librarian".parse().unwrap();
    let mut granted = grant(&bench.frame);
    head(&mut granted);
    let session = bench.session_of(&granted);
    let receipt = bench.approved(&session, &bench.frame).await;
    let token = bench.gateway.sign(&session, &receipt, now()).unwrap();
    let outcome = bench.follow_up(&token, head).await;
    assert!(is_supported(&outcome, true), "{outcome:?}");
    // The registry gives them another role since: the policy, and with it its digest, is the same.
    let outcome = bench.follow_up(&token, |_| {}).await;
    let Ok((Verdict::Unsupported { nearest }, true)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(nearest, Vec::<String>::new());
}

#[tokio::test]
async fn without_a_feed_no_conversation_is_judged() {
    let bench = understanding("loan_count");
    let token = bench.token().await;
    let frame = asks(&token);
    let session = bench.session_of(&grant(&frame));
    let late = splitplane_service::Clock::new(|| now() + Duration::from_secs(6));
    let layer2 = Layer2 { clock: late, ..bench.layer2 };
    let refused = layer2.validate(&session, &frame).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::ServiceUnavailable);
}

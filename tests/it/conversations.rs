//! Follow-ups through the whole mesh: what they keep, whose they are, and that nobody but the caller remembers.

use crate::support::{ANN, BEA, Bench, RITA, SUE, ask, ask_in, cents, claims_of, obtained, options, table};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use splitplane::answer::Answer;
use splitplane::caller::Caller;
use splitplane_testkit::World;
use splitplane_types::{Cell, Outcome, Reason};
use std::collections::BTreeSet;

const LAST_WEEK: (&str, &str) = ("2026-11-09", "2026-11-15");

fn token(answer: &Answer) -> &str {
    answer.conversation.as_deref().unwrap_or_else(|| panic!("no conversation: {answer:?}"))
}

/// Fees in cents that the admin sees of the branches of a city, last week.
fn of_city(world: &World, composite: &str, city: &str) -> i64 {
    let (from, to) = LAST_WEEK;
    world
        .seen_loans(composite)
        .filter(|loan| world.branches[loan.branch].city == city)
        .filter(|loan| (from..=to).contains(&loan.day.as_str()))
        .map(|loan| loan.fee_cents)
        .sum()
}

/// The amounts of a table of names and amounts, in cents.
fn amounts(answer: &Answer) -> i64 {
    let amount = |row: &Vec<Cell>| match row.last() {
        Some(Cell::Decimal(amount)) => i64::try_from(amount.rounded(2).normalized(2).unscaled()).unwrap(),
        other => panic!("not an amount: {other:?}"),
    };
    table(answer).rows.iter().map(amount).sum()
}

fn period(answer: &Answer) -> (String, String) {
    let period = answer.interpretation.as_ref().unwrap().period.clone().unwrap();
    (period.first_day, period.last_day)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_keeps_the_period_and_changes_what_it_says() {
    let world = World::library(40);
    let bench = Bench::start(&world).await;
    let caller = bench.caller(BEA).await;
    let first = ask(&caller, "total fees last week").await;
    let all = world.fees_cents(BEA, LAST_WEEK.0, LAST_WEEK.1);
    assert_eq!(cents(&first), all);
    let grouped = ask_in(&caller, "by branch", token(&first)).await;
    assert_eq!(grouped.outcome, Outcome::Answered, "{grouped:?}");
    assert_eq!(period(&grouped), period(&first));
    assert_eq!((table(&grouped).rows.len(), amounts(&grouped)), (3, all));
    let narrowed = ask_in(&caller, "only Oslo", token(&grouped)).await;
    assert_eq!(narrowed.outcome, Outcome::Answered, "{narrowed:?}");
    assert_eq!(period(&narrowed), period(&first));
    let oslo = of_city(&world, BEA, "Oslo");
    assert_eq!(amounts(&narrowed), oslo);
    assert!(0 < oslo && oslo < all, "the filter says little");
    // Nothing is carried on that is not sent.
    let alone = ask(&caller, "only Oslo").await;
    assert_ne!(alone.outcome, Outcome::Answered, "{alone:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_can_be_followed_up_twice() {
    let world = World::library(40);
    let bench = Bench::start(&world).await;
    let caller = bench.caller(BEA).await;
    let first = ask(&caller, "total fees last week").await;
    let by_branch = ask_in(&caller, "by branch", token(&first)).await;
    let by_city = ask_in(&caller, "by city", token(&first)).await;
    let fields = |answer: &Answer| -> Vec<String> {
        answer.interpretation.as_ref().unwrap().dimensions.iter().map(|by| by.field.clone()).collect()
    };
    // The second knows nothing of the first.
    assert_eq!((fields(&by_branch), fields(&by_city)), (vec!["branch_name".into()], vec!["city".into()]));
    let ids: BTreeSet<String> = [&first, &by_branch, &by_city]
        .map(|answer| claims_of(token(answer))["session_id"].to_string())
        .into();
    assert_eq!(ids.len(), 1, "one conversation: {ids:?}");
    let other = ask(&caller, "total fees last week").await;
    assert!(!ids.contains(&claims_of(token(&other))["session_id"].to_string()));
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_anybody_else_is_refused_as_every_credential_is() {
    let bench = Bench::start(&World::library(10)).await;
    let ann = bench.caller(ANN).await;
    let first = ask(&ann, "total fees last week").await;
    let mine = token(&first).to_owned();
    let mut seen = BTreeSet::new();
    let mut refuse = async |caller: &Caller, conversation: &str| {
        let answer = ask_in(caller, "by branch", conversation).await;
        assert_eq!(answer.reason(), Some(Reason::Unauthenticated), "{conversation}: {answer:?}");
        seen.insert(obtained(&answer));
    };
    for other in [BEA, SUE, RITA] {
        let caller = bench.caller(other).await;
        refuse(&caller, &mine).await;
        // Theirs is good to them, and of no use to Ann.
        let theirs = ask(&caller, "total fees last week").await;
        let grouped = ask_in(&caller, "by branch", token(&theirs)).await;
        assert_eq!(grouped.outcome, Outcome::Answered, "{grouped:?}");
        refuse(&ann, token(&theirs)).await;
    }
    let [header, claims, signature] = <[&str; 3]>::try_from(mine.split('.').collect::<Vec<_>>()).unwrap();
    let mut changed = claims_of(&mine);
    changed["sub"] = RITA.into();
    let changed = URL_SAFE_NO_PAD.encode(changed.to_string());
    let rita = bench.caller(RITA).await;
    refuse(&rita, &format!("{header}.{changed}.{signature}")).await;
    for forged in [format!("{header}.{claims}.").as_str(), "garbage"] {
        refuse(&ann, forged).await;
    }
    // A receipt and a session key, and what has nothing to do with conversations.
    let session = crate::inner_services::session(&bench, ANN, "total fees").await;
    let receipt = crate::inner_services::Operator::of(&bench).await.receipt(&session).await;
    for other in [receipt, session.session_key] {
        refuse(&ann, &other).await;
    }
    let mut stranger = ann.signer().clone();
    stranger.composite = RITA.parse().unwrap();
    refuse(&ann.with_signer(stranger), "").await;
    assert_eq!(seen.len(), 1, "refusals differ: {seen:#?}");
    assert_eq!(ask_in(&ann, "by branch", &mine).await.outcome, Outcome::Answered);
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_outlives_the_mesh_while_its_keys_stay() {
    let world = World::library(20);
    let bench = Bench::start(&world).await;
    let first = bench.ask(ANN, "total fees last week").await;
    let Bench { folder, mesh } = bench;
    mesh.stop().await.unwrap();
    // Whatever the services kept is gone.
    std::fs::remove_dir_all(folder.path().join("home").join("state")).unwrap();
    let options = options(folder.path(), &world);
    let bench = Bench::start_at(folder, options, |_| {}).await;
    let caller = bench.caller(ANN).await;
    let grouped = ask_in(&caller, "by branch", token(&first)).await;
    assert_eq!(grouped.outcome, Outcome::Answered, "{grouped:?}");
    assert_eq!(amounts(&grouped), cents(&first));
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_question_that_comes_to_nothing_a_fragment_is_asked_back_and_acts_on_nothing_in_silence() {
    let bench = Bench::start(&World::library(10)).await;
    let caller = bench.caller(ANN).await;
    let first = ask(&caller, "total fees last week").await;
    let lost = ask_in(&caller, "what is the weather like", token(&first)).await;
    assert_eq!(lost.outcome, Outcome::Unsupported, "{lost:?}");
    let claims = crate::support::claims_of(token(&lost));
    assert_eq!(claims["asked_back"], "what is the weather like");
    assert_eq!(claims["interpretation"], crate::support::claims_of(token(&first))["interpretation"]);
    let back = ask_in(&caller, "by branch", token(&lost)).await;
    assert_eq!(back.outcome, Outcome::Clarify, "{back:?}");
    let options = back.clarification.as_ref().unwrap().options.clone();
    let grouped = ask_in(&caller, &options[0], token(&back)).await;
    assert_eq!((grouped.outcome, period(&grouped)), (Outcome::Answered, period(&first)), "{options:?}");
    // One that begins with nothing has nothing to go on from.
    let nothing = ask(&caller, "what is the weather like").await;
    assert_eq!(crate::support::claims_of(token(&nothing))["interpretation"], "");
    bench.mesh.stop().await.unwrap();
}

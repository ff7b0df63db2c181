//! The attack catalogue through the front door: each attack, and the control that must stop it.

use crate::support::{ANN, BEA, Bench, RITA, Scripted, ask, obtained};
use splitplane::answer::{Answer, answer};
use splitplane::caller::{ASK, Caller, Signer, question, with_headers};
use splitplane_proto::gateway::v1::AskRequest;
use splitplane_service::Clock;
use splitplane_testkit::{SECRET, World};
use splitplane_types::{Outcome, Reason};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use tonic::Request;

fn message() -> AskRequest {
    AskRequest { question: Some(question("total fees", None)), conversation: String::new() }
}

fn signed(signer: &Signer) -> Vec<(String, String)> {
    use prost::Message as _;
    signer.headers(ASK, &message().encode_to_vec()).unwrap()
}

async fn send(caller: &Caller, headers: &[(String, String)]) -> Answer {
    let request: Request<AskRequest> = with_headers(message(), headers).unwrap();
    answer(caller, request, &mut |_| {}).await.unwrap()
}

fn replace(headers: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let swap = |(header, old): &(String, String)| {
        (header.clone(), if header == name { value.to_owned() } else { old.clone() })
    };
    headers.iter().map(swap).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_credential_failure_is_refused_in_the_same_bytes() {
    let bench = Bench::start(&World::library(3)).await;
    let caller = bench.caller(ANN).await;
    let good = signed(caller.signer());
    let other = bench.profile(RITA).await;
    let resigned = |change: &dyn Fn(&mut Signer)| {
        let mut signer = caller.signer().clone();
        change(&mut signer);
        signed(&signer)
    };
    let offset = |seconds: i64| {
        Clock::new(move || {
            let now = Clock::system().now();
            let by = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 { now - by } else { now + by }
        })
    };
    let cases: Vec<(&str, Vec<(String, String)>)> = vec![
        ("unsigned", Vec::new()),
        ("wrong signature", {
            let authorization = &good.iter().find(|(name, _)| name == "authorization").unwrap().1;
            let flipped = if authorization.ends_with('0') { "1" } else { "0" };
            let cut = &authorization[..authorization.len() - 1];
            replace(&good, "authorization", &format!("{cut}{flipped}"))
        }),
        ("tenant swapped after signing", replace(&good, "x-splitplane-tenant-id", "rival-books")),
        ("business swapped after signing", replace(&good, "x-splitplane-business-id", "south")),
        ("admin swapped after signing", replace(&good, "x-splitplane-admin-id", "bea")),
        ("re-signed for the rival", resigned(&|signer| signer.composite = RITA.parse().unwrap())),
        ("re-signed for a colleague", resigned(&|signer| signer.composite = BEA.parse().unwrap())),
        (
            "unregistered combination",
            resigned(&|signer| signer.composite = "rival-books/south/ann".parse().unwrap()),
        ),
        ("the rival's credentials", resigned(&|signer| signer.credentials = other.credentials.clone())),
        ("signed six minutes ago", resigned(&|signer| signer.clock = offset(-360))),
        ("signed six minutes ahead", resigned(&|signer| signer.clock = offset(360))),
        ("another region", resigned(&|signer| signer.region = "eu-central-1".to_owned())),
        ("another host", resigned(&|signer| signer.authority = "evil.example:443".to_owned())),
        ("no token", good.iter().filter(|(name, _)| name != "x-amz-security-token").cloned().collect()),
        ("tenant twice", {
            let mut headers = good.clone();
            headers.push(("x-splitplane-tenant-id".to_owned(), "rival-books".to_owned()));
            headers
        }),
        ("unsigned payload", replace(&good, "x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
    ];
    let mut seen = BTreeSet::new();
    for (name, headers) in &cases {
        let answer = send(&caller, headers).await;
        assert_eq!(answer.reason(), Some(Reason::Unauthenticated), "{name}: {answer:?}");
        let error = answer.error.clone().unwrap();
        let server_time: u64 = error.metadata["server_time"].parse().unwrap();
        let now = Clock::system().now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(server_time) < 60, "{name}");
        seen.insert(obtained(&answer));
    }
    assert_eq!(seen.len(), 1, "refusals differ: {seen:#?}");
    assert_eq!(send(&caller, &good).await.outcome, Outcome::Answered, "the mesh still serves");
    let replayed = send(&caller, &good).await;
    assert_eq!(replayed.reason(), Some(Reason::Unauthenticated), "a captured request passed twice");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_body_is_refused() {
    let bench = Bench::start(&World::library(3)).await;
    let caller = bench.caller(ANN).await;
    let headers = signed(caller.signer());
    let swapped =
        AskRequest { question: Some(question("number of loans", None)), conversation: String::new() };
    let answer = answer(&caller, with_headers(swapped, &headers).unwrap(), &mut |_| {}).await.unwrap();
    assert_eq!(answer.reason(), Some(Reason::Unauthenticated), "{answer:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_admin_is_out_within_the_bound() {
    let bench = Bench::start(&World::library(3)).await;
    let caller = bench.caller(ANN).await;
    assert_eq!(ask(&caller, "total fees").await.outcome, Outcome::Answered);
    let registry = std::fs::read_to_string(bench.mesh.registry()).unwrap();
    let line = registry
        .lines()
        .find(|line| line.contains("\"ann\"") && line.contains("city-libraries") && line.contains("role"))
        .unwrap();
    let disabled = registry.replace(line, &line.replace("active: true", "active: false"));
    assert_ne!(disabled, registry);
    std::fs::write(bench.mesh.registry(), disabled).unwrap();
    let started = tokio::time::Instant::now();
    loop {
        let answer = ask(&caller, "total fees").await;
        if answer.reason() == Some(Reason::Unauthenticated) {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "still in after the bound: {answer:?}");
        tokio::task::yield_now().await;
    }
    bench.mesh.stop().await.unwrap();
}

/// Statements of a hostile model: what each must lead to is decided by [`SECRET`] alone.
const HOSTILE: &[&str] = &[
    "SELECT * FROM secrets",
    "SELECT * FROM admin_branches",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM datafusion.public.loans",
    "SELECT * FROM lib.main.loans",
    "WITH loans AS (SELECT * FROM branches) SELECT * FROM loans",
    "WITH x AS (INSERT INTO loans VALUES (1)) SELECT 1",
    "SELECT loan_id INTO stolen FROM loans",
    "SELECT loan_id FROM loans FOR UPDATE",
    "SELECT 1; SELECT note FROM loans",
    "DELETE FROM loans",
    "COPY loans TO '/tmp/stolen.csv'",
    "SET x = 1",
    "EXPLAIN ANALYZE SELECT note FROM loans",
    "SHOW TABLES",
    "DESCRIBE loans",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM csv.`/etc/passwd`",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT * FROM unnest(ARRAY[1, 2])",
    "SELECT version()",
    "SELECT current_user()",
    "SELECT reflect('java.lang.System', 'getenv', 'HOME')",
    "SELECT TRANSFORM(note) USING 'cat' FROM loans",
    "SELECT repeat('a', 2000000000) FROM loans",
    "SELECT a.loan_id FROM loans a CROSS JOIN loans b CROSS JOIN loans c",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
    "SELECT reader_email FROM loans",
    "SELECT * FROM loans WHERE CAST(note AS INT) > 0 ORDER BY loan_id",
    "SELECT count(*) AS n FROM loans WHERE CAST(note AS INT) >= 0",
    "SELECT count(*) AS n FROM loans WHERE 1 / (pages - 42) > 0",
    "SELECT count(*) AS n FROM loans WHERE 10 % (pages - 42) >= 0",
    "SELECT sum(fee) AS total_fees FROM loans WHERE note = 'x' OR 1 = 1",
    "SELECT tenant_id, business_id, branch_id, count(loan_id) AS n FROM loans GROUP BY tenant_id, business_id, branch_id",
    "SELECT note, count(loan_id) AS n FROM loans GROUP BY note HAVING CAST(note AS INT) < 5",
    "SELECT max(note) AS m, min(note) AS l, count(loan_id) AS n FROM loans",
    "SELECT count(DISTINCT tenant_id) AS n FROM loans",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_model_obtains_nothing_that_it_would_not_obtain_alone() {
    let world = World::library(60);
    let alone = world.only_of(ANN);
    let (shared_model, alone_model) = (Scripted::writing([""]), Scripted::writing([""]));
    let shared = Bench::start_with(&world, |options| options.language = Some(shared_model.clone())).await;
    let single = Bench::start_with(&alone, |options| options.language = Some(alone_model.clone())).await;
    let (in_shared, in_single) = (shared.caller(ANN).await, single.caller(ANN).await);
    let mut answered = 0;
    for statement in HOSTILE {
        shared_model.write_next(statement);
        alone_model.write_next(statement);
        let (a, b) = (ask(&in_shared, "total fees").await, ask(&in_single, "total fees").await);
        let (a, b) = (without_sql(a), without_sql(b));
        answered += usize::from(a.outcome == Outcome::Answered);
        let (a, b) = (obtained(&a), obtained(&b));
        assert!(!a.contains(SECRET) && !a.contains("Secretville"), "{statement}: {a}");
        assert_eq!(a, b, "{statement}");
    }
    assert!(answered >= 6, "only {answered} statements ran: the test says little");
    shared.mesh.stop().await.unwrap();
    single.mesh.stop().await.unwrap();
}

/// What the model wrote is the same in both worlds by construction, and may hold any word.
fn without_sql(mut answer: Answer) -> Answer {
    for draft in &mut answer.refused_drafts {
        draft.sql.clear();
    }
    answer.sql = None;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_bad_signatures_is_not_looked_at_for_long_and_others_are_served() {
    let bench = Bench::start(&World::library(2)).await;
    let (ann, bea) = (bench.caller(ANN).await, bench.caller(BEA).await);
    let mut forged = ann.signer().clone();
    forged.composite = RITA.parse().unwrap();
    let flooding = ann.with_signer(forged);
    let mut reasons = Vec::new();
    while reasons.last() != Some(&Some(Reason::Overloaded)) && reasons.len() < 500 {
        reasons.push(ask(&flooding, "total fees").await.reason());
    }
    let looked_at = reasons.len() - 1;
    assert!((50..200).contains(&looked_at), "{looked_at}");
    assert!(
        reasons[..looked_at].iter().all(|reason| *reason == Some(Reason::Unauthenticated)),
        "{reasons:?}"
    );
    // Everyone else is, from the same address; whoever has that key is again once it is quiet.
    assert_eq!(ask(&bea, "total fees").await.outcome, Outcome::Answered);
    let mut again = ask(&ann, "total fees").await;
    while again.reason() == Some(Reason::Overloaded) {
        again = ask(&ann, "total fees").await;
    }
    assert_eq!(again.outcome, Outcome::Answered);
    bench.mesh.stop().await.unwrap();
}

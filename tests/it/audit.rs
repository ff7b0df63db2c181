//! The audit log of a mesh: a record for each answer and each refusal, in one chain.

use crate::inner_services::rows_of_draft;
use crate::support::{ANN, Bench, Scripted, ask};
use splitplane_audit::verify;
use splitplane_testkit::{SECRET, World};
use splitplane_types::{Outcome, Reason};

fn records(bench: &Bench) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(bench.mesh.audit_log()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_refusals_are_recorded_and_any_change_is_found() {
    let model = Scripted::writing(["SELECT SUM(fee) AS total_fees FROM loans"]);
    let bench = Bench::start_with(&World::library(4), |options| options.language = Some(model.clone())).await;
    let caller = bench.caller(ANN).await;
    let answered = ask(&caller, "total fees").await;
    assert_eq!(answered.outcome, Outcome::Answered);
    model.write_next("SELECT * FROM secrets");
    assert_eq!(ask(&caller, "total fees").await.refused_drafts.len(), 3);
    let mut forged = caller.signer().clone();
    forged.composite = "rival-books/north/rita".parse().unwrap();
    assert_eq!(ask(&caller.with_signer(forged), "total fees").await.reason(), Some(Reason::Unauthenticated));

    let records = records(&bench);
    let of = |decision: &str, service: &str| {
        records.iter().filter(|record| record["decision"] == decision && record["service"] == service).count()
    };
    assert_eq!(
        (of("answered", "query"), of("refused", "query"), of("refused", "auth")),
        (2, 3, 1),
        "{records:#?}"
    );
    let answer = records.iter().find(|record| record["decision"] == "answered").unwrap();
    assert_eq!(answer["composite"], ANN);
    assert_eq!(answer["txn"].as_str(), answered.txn.as_deref());
    assert_eq!(answer["rows"], 1);
    assert!(answer["result_digest"].as_str().is_some_and(|digest| digest.len() == 64));
    let text = std::fs::read_to_string(bench.mesh.audit_log()).unwrap();
    assert!(!text.contains(SECRET));

    let log = bench.mesh.audit_log().clone();
    bench.mesh.stop().await.unwrap();
    assert_eq!(verify(&log).unwrap().records, u64::try_from(records.len()).unwrap());
    let lines: Vec<&str> = text.lines().collect();
    let broken = [
        text.replacen("refused", "answered", 1),
        lines[1..].join("\n") + "\n",
        [lines[0], lines[2], lines[1]].join("\n") + "\n",
        text[..text.len() - 10].to_owned(),
    ];
    for text in broken {
        std::fs::write(&log, text).unwrap();
        assert!(verify(&log).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_draft_leave_with_a_record_of_their_own() {
    let bench = Bench::start(&World::library(4)).await;
    // The same figure, and a result of its own: another name, another type.
    let sql = "SELECT CAST(SUM(fee) AS DOUBLE) AS f FROM loans";
    assert_eq!(rows_of_draft(&bench, ANN, "total fees", sql).await.len(), 1);
    let records = records(&bench);
    let of = |event: &str| records.iter().filter(|record| record["event"] == event).collect::<Vec<_>>();
    let (drafts, answers) = (of("draft_released"), of("rows_released"));
    let ([draft], [answer]) = (drafts.as_slice(), answers.as_slice()) else { panic!("{records:#?}") };
    assert_eq!((draft["rows"].as_u64(), of("draft_differed").len()), (Some(1), 0));
    assert!(draft["sql"].as_str().is_some_and(|sql| sql.contains("CAST")), "{draft}");
    assert_ne!(draft["result_digest"], answer["result_digest"]);
    bench.mesh.stop().await.unwrap();
}

//! The policy lab of a running mesh: what an operator is told, under the grants as they are now, and what is on record of it.

use crate::inner_services::channel;
use crate::support::{ANN, BEA, Bench, RITA, options};
use splitplane_proto::query::v1::policy_service_client::PolicyServiceClient;
use splitplane_proto::query::v1::{
    AdminRef, FieldValue, WhatCanRequest, WhatCanResponse, WhoCanSeeRequest, WhyNotRequest,
};
use splitplane_service::{Workload, metadata_of, reason_of};
use splitplane_testkit::World;
use splitplane_types::Reason;
use std::collections::BTreeSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

async fn desk(bench: &Bench) -> PolicyServiceClient<Channel> {
    PolicyServiceClient::new(channel(bench, Workload::Query, Workload::Operator).await)
}

fn admin(composite: &str) -> Option<AdminRef> {
    let parts: Vec<String> = composite.split('/').map(str::to_owned).collect();
    let [tenant_id, business_id, admin_id] = parts.try_into().unwrap();
    Some(AdminRef { tenant_id, business_id, admin_id })
}

fn key(field: &str, value: &str) -> Vec<FieldValue> {
    vec![FieldValue { field: field.to_owned(), value: value.to_owned() }]
}

async fn who(bench: &Bench, dataset: &str, key: Vec<FieldValue>) -> Result<BTreeSet<String>, Status> {
    let message = WhoCanSeeRequest { dataset: dataset.to_owned(), key };
    let found = desk(bench).await.who_can_see(message).await?.into_inner();
    let seers = found.groups.iter().flat_map(|group| &group.seers);
    Ok(seers
        .map(|seer| {
            assert!(!seer.because.is_empty(), "{seer:?}");
            let of = seer.admin.as_ref().unwrap();
            format!("{}/{}/{}", of.tenant_id, of.business_id, of.admin_id)
        })
        .collect())
}

async fn what(bench: &Bench, composite: &str, dataset: &str) -> Result<WhatCanResponse, Status> {
    let message =
        WhatCanRequest { admin: admin(composite), role: "member".to_owned(), dataset: dataset.to_owned() };
    Ok(desk(bench).await.what_can(message).await?.into_inner())
}

fn policy_records(bench: &Bench) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(bench.mesh.audit_log()).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    all.filter(|record| record["event"] == "policy_asked").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_learns_who_sees_what_under_the_grants_as_they_are_now() {
    let mut world = World::library(6);
    let bench = Bench::start(&world).await;
    let mill = world.loans.iter().find(|loan| loan.branch == 2).unwrap().id.clone();
    let expected = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(who(&bench, "loans", key("loan_id", &mill)).await.unwrap(), expected(&[BEA]));
    assert_eq!(who(&bench, "fines", key("loan_id", &mill)).await.unwrap(), expected(&[BEA]));
    assert_eq!(who(&bench, "loans", key("loan_id", "nothing")).await.unwrap(), expected(&[]));

    for composite in [ANN, BEA, RITA] {
        let view = what(&bench, composite, "loans").await.unwrap();
        let [loans] = view.datasets.as_slice() else { panic!("{view:?}") };
        let seen = u64::try_from(world.seen_loans(composite).count()).unwrap();
        assert_eq!((loans.rows_seen, loans.rows), (seen, 42), "{composite}");
        let email = loans.columns.iter().find(|column| column.field == "reader_email").unwrap();
        assert_eq!(email.exposure, "hidden");
        assert!(view.metrics.contains(&"total_fees".to_owned()), "{view:?}");
        assert!(view.unsupported_metrics.contains(&"readers".to_owned()), "{view:?}");
    }

    let why = |composite: &str| WhyNotRequest {
        admin: admin(composite),
        dataset: "fines".to_owned(),
        key: key("loan_id", &mill),
    };
    let found = desk(&bench).await.why_not(why(ANN)).await.unwrap().into_inner();
    let [verdict] = found.verdicts.as_slice() else { panic!("{found:?}") };
    assert!(!verdict.seen && verdict.because.iter().any(|line| line.contains("'002'")), "{verdict:?}");
    // A grant that was just written counts for the next question.
    world.grants.push(splitplane_testkit::Grant {
        tenant: "city-libraries",
        business: "north",
        admin: "ann",
        branch: "002",
    });
    world.write(&bench.data()).unwrap();
    let found = desk(&bench).await.why_not(why(ANN)).await.unwrap().into_inner();
    assert!(found.verdicts.iter().all(|verdict| verdict.seen), "{found:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_use_of_the_policy_desk_is_on_record_and_no_answer_leaves_without() {
    let world = World::library(2);
    let bench = Bench::start(&world).await;
    who(&bench, "loans", key("loan_id", "L0-00000")).await.unwrap();
    what(&bench, ANN, "").await.unwrap();
    assert_eq!(who(&bench, "nothing", key("loan_id", "1")).await.unwrap_err().code(), Code::InvalidArgument);
    let records = policy_records(&bench);
    let [first, second, third] = records.as_slice() else { panic!("{records:#?}") };
    let parameters =
        |record: &serde_json::Value, name: &str| record["parameters"][name].as_str().map(str::to_owned);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!((&first["relations"][0], &first["decision"]), (&"loans".into(), &"answered".into()));
    assert_eq!(parameters(first, "key loan_id"), some("L0-00000"));
    assert_eq!((parameters(second, "subject"), parameters(second, "role")), (some(ANN), some("member")));
    assert_eq!((&third["decision"], &third["reason"]), (&"refused".into(), &"REQUEST_MALFORMED".into()));
    assert!(records.iter().all(|record| record["policy"].is_string() && record["service"] == "query"));
    // Who is asked about is not who asked.
    assert!(records.iter().all(|record| record["composite"].is_null()), "{records:#?}");

    let log = bench.mesh.audit_log();
    let mut changed = std::fs::read(log).unwrap();
    let digit = changed.len() - "0\"}\n".len();
    changed[digit] = if changed[digit] == b'0' { b'1' } else { b'0' };
    std::fs::write(log, changed).unwrap();
    let refused = who(&bench, "loans", key("loan_id", "L0-00000")).await.unwrap_err();
    assert_eq!(reason_of(&refused), Some(Reason::AuditUnavailable), "{refused:?}");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_is_told_with_the_nearest_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), &World::library(2));
    // The hidden column by another name.
    let model = std::fs::read_to_string(&options.world.model).unwrap();
    let field = "          - name: reader_email\n";
    let other = "          - { name: contact, datatype: String, expression: { dialects: [ { dialect: ANSI_SQL, expression: reader_email } ] } }\n";
    assert!(model.contains(field));
    std::fs::write(&options.world.model, model.replacen(field, &format!("{other}{field}"), 1)).unwrap();
    let bench = Bench::start_at(folder, options, |_| {}).await;
    let hint = |status: Status| {
        assert_eq!(reason_of(&status), Some(Reason::RequestMalformed), "{status:?}");
        metadata_of(&status).get("hint").cloned().unwrap_or_default()
    };
    let asked = who(&bench, "lones", key("loan_id", "1")).await.unwrap_err();
    assert!(hint(asked).contains("did you mean `loans`?"));
    let asked = who(&bench, "loans", key("load_id", "1")).await.unwrap_err();
    assert!(hint(asked).contains("did you mean `loan_id`?"));
    let asked = who(&bench, "loans", Vec::new()).await.unwrap_err();
    assert!(hint(asked).contains("names no field"));
    let asked = who(&bench, "loans", key("reader_email", "L0-00000@example.org")).await.unwrap_err();
    assert!(hint(asked).contains("hidden or masked"), "whether a row holds a value tells the value");
    let asked = who(&bench, "loans", key("contact", "L0-00000@example.org")).await.unwrap_err();
    assert!(hint(asked).contains("hidden or masked"), "the same column by another name");
    let twice = [key("loan_id", "1"), key("loan_id", "2")].concat();
    assert!(hint(who(&bench, "loans", twice).await.unwrap_err()).contains("twice"));
    let long = key("loan_id", &"1".repeat(700_000));
    assert!(hint(who(&bench, "loans", long).await.unwrap_err()).contains("too long"));
    let asked = who(&bench, "admin_branches", key("branch_id", "1")).await.unwrap_err();
    assert!(hint(asked).contains("holds the grants"));
    let asked = what(&bench, "city-libraries/north/anne", "").await.unwrap_err();
    assert!(hint(asked).contains("did you mean `city-libraries/north/ann`?"));
    let refused = policy_records(&bench).iter().filter(|record| record["decision"] == "refused").count();
    assert_eq!(refused, 9, "each is on record");
    let log = std::fs::metadata(bench.mesh.audit_log()).unwrap().len();
    assert!(log < 100_000, "a long value is cut in the log: {log} bytes");
    bench.mesh.stop().await.unwrap();
}

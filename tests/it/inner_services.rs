//! The services behind the gateway, called as an operator or a compromised gateway would: with valid
//! certificates, and with keys, receipts and sandboxes that are not quite theirs.

use crate::support::{ANN, BEA, Bench, as_of};
use splitplane::caller::question;
use splitplane_proto::common::v1::{Relation, Row};
use splitplane_proto::gateway::v1::OpenSessionResponse;
use splitplane_proto::query::v1::execute_response::Part;
use splitplane_proto::query::v1::open_sandbox_response::Outcome as Opened;
use splitplane_proto::query::v1::query_service_client::QueryServiceClient;
use splitplane_proto::query::v1::{ExecuteRequest, OpenSandboxRequest, Sandbox};
use splitplane_proto::reasoning::v1::reasoning_service_client::ReasoningServiceClient;
use splitplane_proto::reasoning::v1::{ValidateRequest, validate_response::Outcome as Validated};
use splitplane_proto::schema_router::v1::schema_router_service_client::SchemaRouterServiceClient;
use splitplane_proto::schema_router::v1::{RouteRequest, WriteSqlRequest};
use splitplane_service::{Workload, reason_of};
use splitplane_testkit::World;
use splitplane_types::Reason;
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

/// A channel to a service with a workload's certificate.
pub(crate) async fn channel(bench: &Bench, to: Workload, with: Workload) -> Channel {
    channel_to(bench, &bench.address(to), with).await
}

/// A channel to an address with a workload's certificate.
pub(crate) async fn channel_to(bench: &Bench, address: &str, with: Workload) -> Channel {
    let pki = bench.mesh.pki();
    let read = |path: std::path::PathBuf| std::fs::read(path).unwrap();
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(read(pki.ca())))
        .identity(Identity::from_pem(read(pki.certificate(with)), read(pki.key(with))));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    endpoint.tls_config(tls).unwrap().connect().await.unwrap()
}

pub(crate) struct Operator {
    reasoning: ReasoningServiceClient<Channel>,
    router: SchemaRouterServiceClient<Channel>,
    query: QueryServiceClient<Channel>,
}

fn with_key<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("txn-token", key.parse().unwrap());
    request
}

impl Operator {
    pub(crate) async fn of(bench: &Bench) -> Self {
        Self {
            reasoning: ReasoningServiceClient::new(
                channel(bench, Workload::Reasoning, Workload::Operator).await,
            ),
            router: SchemaRouterServiceClient::new(
                channel(bench, Workload::SchemaRouter, Workload::Operator).await,
            ),
            query: QueryServiceClient::new(channel(bench, Workload::Query, Workload::Operator).await),
        }
    }

    /// Whose query service is another replica than the mesh's.
    pub(crate) async fn beside(bench: &Bench, query: &str) -> Self {
        let query = QueryServiceClient::new(channel_to(bench, query, Workload::Operator).await);
        Self { query, ..Self::of(bench).await }
    }

    pub(crate) async fn receipt(&mut self, session: &OpenSessionResponse) -> String {
        let message = ValidateRequest { frame: session.frame.clone() };
        let answer = self.reasoning.validate(with_key(&session.session_key, message)).await.unwrap();
        match answer.into_inner().outcome {
            Some(Validated::Supported(supported)) => supported.receipt,
            other => panic!("{other:?}"),
        }
    }

    async fn route(&mut self, key: &str, receipt: &str) -> Result<Vec<String>, Status> {
        let message = RouteRequest { receipt: receipt.to_owned() };
        Ok(self.router.route(with_key(key, message)).await?.into_inner().relations)
    }

    async fn write(&mut self, key: &str, receipt: &str, relations: Vec<Relation>) -> Result<String, Status> {
        let message = WriteSqlRequest {
            receipt: receipt.to_owned(),
            relations,
            filters: Vec::new(),
            refusals: Vec::new(),
        };
        Ok(self.router.write_sql(with_key(key, message)).await?.into_inner().sql)
    }

    pub(crate) async fn open(
        &mut self,
        key: &str,
        receipt: &str,
        relations: &[&str],
    ) -> Result<Sandbox, Status> {
        let relations = relations.iter().map(|name| (*name).to_owned()).collect();
        let message = OpenSandboxRequest { receipt: receipt.to_owned(), relations };
        match self.query.open_sandbox(with_key(key, message)).await?.into_inner().outcome {
            Some(Opened::Sandbox(sandbox)) => Ok(sandbox),
            other => panic!("{other:?}"),
        }
    }

    async fn execute(&mut self, key: &str, sandbox_id: &str, sql: &str) -> Result<usize, Status> {
        let message =
            ExecuteRequest { sandbox_id: sandbox_id.to_owned(), sql: sql.to_owned(), with_draft_rows: true };
        let mut parts = self.query.execute(with_key(key, message)).await?.into_inner();
        let mut count = 0;
        while parts.message().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// The rows of a statement that somebody wrote by hand, in the sandbox of a question.
pub(crate) async fn rows_of_draft(bench: &Bench, composite: &str, text: &str, sql: &str) -> Vec<Row> {
    let mut operator = Operator::of(bench).await;
    let session = session(bench, composite, text).await;
    let (key, receipt) = (session.session_key.clone(), operator.receipt(&session).await);
    let relations = operator.route(&key, &receipt).await.unwrap();
    let relations: Vec<&str> = relations.iter().map(String::as_str).collect();
    let sandbox = operator.open(&key, &receipt, &relations).await.unwrap();
    let message =
        ExecuteRequest { sandbox_id: sandbox.sandbox_id, sql: sql.to_owned(), with_draft_rows: true };
    let mut parts = operator.query.execute(with_key(&key, message)).await.unwrap().into_inner();
    let mut rows = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        if let Some(Part::DraftBatch(batch)) = part.part {
            rows.extend(batch.rows);
        }
    }
    rows
}

pub(crate) async fn session(bench: &Bench, composite: &str, text: &str) -> OpenSessionResponse {
    bench.caller(composite).await.open_session(question(text, Some(as_of()))).await.unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, Status>, reason: Reason) {
    let status = result.expect_err("it passed");
    assert_eq!(reason_of(&status), Some(reason), "{status:?}");
}

pub(crate) const SQL: &str = "SELECT SUM(fee) AS total_fees FROM loans";

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_walks_the_chain_by_hand() {
    let bench = Bench::start(&World::library(3)).await;
    let mut operator = Operator::of(&bench).await;
    let session = session(&bench, ANN, "total fees").await;
    let key = session.session_key.clone();
    let receipt = operator.receipt(&session).await;
    let relations = operator.route(&key, &receipt).await.unwrap();
    assert_eq!(relations, ["loans"]);
    let sandbox = operator.open(&key, &receipt, &["loans"]).await.unwrap();
    assert!(sandbox.security_sql.contains("city-libraries"), "{}", sandbox.security_sql);
    let columns: Vec<_> = sandbox.relations[0].columns.iter().map(|column| column.name.as_str()).collect();
    assert!(columns.contains(&"fee") && !columns.contains(&"reader_email"), "{columns:?}");
    let sql = operator.write(&key, &receipt, sandbox.relations.clone()).await.unwrap();
    assert_eq!(
        operator.execute(&key, &sandbox.sandbox_id, &sql).await.unwrap(),
        5,
        "header, rows, summary; and the draft's"
    );
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_receipts_and_questions_cannot_be_swapped() {
    let bench = Bench::start(&World::library(3)).await;
    let mut operator = Operator::of(&bench).await;
    let questions = [(ANN, "total fees"), (ANN, "number of loans"), (BEA, "total fees")];
    let mut sessions = Vec::new();
    for (composite, text) in questions {
        let session = session(&bench, composite, text).await;
        let receipt = operator.receipt(&session).await;
        sessions.push((session, receipt));
    }
    for (i, (mine, _)) in sessions.iter().enumerate() {
        for (j, (theirs, receipt)) in sessions.iter().enumerate() {
            let key = &mine.session_key;
            if i == j {
                assert!(operator.route(key, receipt).await.is_ok());
                continue;
            }
            refused(operator.route(key, receipt).await, Reason::Unauthenticated);
            refused(operator.write(key, receipt, Vec::new()).await, Reason::Unauthenticated);
            refused(operator.open(key, receipt, &["loans"]).await, Reason::Unauthenticated);
            if mine.frame != theirs.frame {
                // A gateway that slips in another question than the signed one.
                let message = ValidateRequest { frame: theirs.frame.clone() };
                refused(operator.reasoning.validate(with_key(key, message)).await, Reason::Unauthenticated);
            }
        }
    }
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_opens_one_sandbox_and_a_sandbox_is_its_callers() {
    let bench = Bench::start(&World::library(3)).await;
    let mut operator = Operator::of(&bench).await;
    let ann = session(&bench, ANN, "total fees").await;
    let bea = session(&bench, BEA, "total fees").await;
    let receipt = operator.receipt(&ann).await;
    // Only what the interpretation needs, whoever asks for more or less.
    refused(
        operator.open(&ann.session_key, &receipt, &["loans", "branches"]).await,
        Reason::QueryOutsideView,
    );
    refused(operator.open(&ann.session_key, &receipt, &["secrets"]).await, Reason::QueryOutsideView);
    refused(operator.open(&ann.session_key, &receipt, &["admin_branches"]).await, Reason::QueryOutsideView);
    let sandbox = operator.open(&ann.session_key, &receipt, &["loans"]).await.unwrap();
    refused(operator.open(&ann.session_key, &receipt, &["loans"]).await, Reason::Unauthenticated);
    refused(operator.execute(&bea.session_key, &sandbox.sandbox_id, SQL).await, Reason::SandboxNotFound);
    let mut other = sandbox.sandbox_id.clone().into_bytes();
    other[20] = if other[20] == b'A' { b'B' } else { b'A' };
    let other = String::from_utf8(other).unwrap();
    refused(operator.execute(&ann.session_key, &other, SQL).await, Reason::SandboxNotFound);
    let key = &ann.session_key;
    for _ in 0..3 {
        refused(
            operator.execute(key, &sandbox.sandbox_id, "DROP TABLE loans").await,
            Reason::QueryNotAllowed,
        );
    }
    refused(operator.execute(key, &sandbox.sandbox_id, SQL).await, Reason::SandboxExhausted);
    assert_eq!(
        operator.execute(key, &sandbox.sandbox_id, "").await.unwrap(),
        3,
        "the compiled statement alone"
    );
    refused(operator.execute(key, &sandbox.sandbox_id, "").await, Reason::SandboxExhausted);
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_is_taken_away_closes_open_sandboxes() {
    let bench = Bench::start(&World::library(3)).await;
    let mut operator = Operator::of(&bench).await;
    let ann = session(&bench, ANN, "total fees").await;
    let receipt = operator.receipt(&ann).await;
    let sandbox = operator.open(&ann.session_key, &receipt, &["loans"]).await.unwrap();
    let mut world = World::library(3);
    world.grants.retain(|grant| grant.admin != "ann");
    world.write(&bench.data()).unwrap();
    let message =
        ExecuteRequest { sandbox_id: sandbox.sandbox_id, sql: SQL.to_owned(), with_draft_rows: true };
    let mut parts = operator.query.execute(with_key(&ann.session_key, message)).await.unwrap().into_inner();
    let mut rows = Vec::new();
    while let Some(part) = parts.message().await.unwrap() {
        if let Some(Part::Batch(batch)) = part.part {
            rows.extend(batch.rows);
        }
    }
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].cells[0].kind, None, "a sum over no rows is NULL");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_session_keys_are_refused_everywhere() {
    let bench = Bench::start(&World::library(3)).await;
    let mut operator = Operator::of(&bench).await;
    let session = session(&bench, ANN, "total fees").await;
    let key = session.session_key.clone();
    let parts: Vec<&str> = key.split('.').collect();
    let bytes = |at: usize| {
        let mut changed = parts[at].as_bytes().to_vec();
        let middle = changed.len() / 2;
        changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[at] = String::from_utf8(changed).unwrap();
        parts.join(".")
    };
    let mut bad =
        vec![bytes(0), bytes(1), bytes(2), String::from("x"), format!("{key}x"), key.to_uppercase()];
    bad.push(format!("{}.{}.", parts[0], parts[1]));
    for key in bad {
        let message = ValidateRequest { frame: session.frame.clone() };
        refused(operator.reasoning.validate(with_key(&key, message)).await, Reason::Unauthenticated);
        refused(operator.route(&key, "x").await, Reason::Unauthenticated);
        refused(operator.open(&key, "x", &["loans"]).await, Reason::Unauthenticated);
        refused(operator.execute(&key, "x", SQL).await, Reason::Unauthenticated);
    }
    let twice = {
        let mut request = with_key(&key, RouteRequest { receipt: "x".to_owned() });
        request.metadata_mut().append("txn-token", key.parse().unwrap());
        operator.router.route(request).await
    };
    refused(twice, Reason::Unauthenticated);
    let status = operator.router.route(RouteRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "no key at all");
    bench.mesh.stop().await.unwrap();
}

/// Calls with a key that was good until it is refused for `reason`; fails after the bound, with a margin
/// for the second in which the registry is read.
async fn void_within_the_bound(operator: &mut Operator, key: &str, receipt: &str, reason: Reason) {
    let started = tokio::time::Instant::now();
    loop {
        if let Err(status) = operator.route(key, receipt).await {
            assert_eq!(reason_of(&status), Some(reason), "{status:?}");
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(8), "the key still passes after the bound");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_key_of_a_disabled_admin_is_void_within_the_bound() {
    let bench = Bench::start(&World::library(2)).await;
    let mut operator = Operator::of(&bench).await;
    let (ann, bea) = (session(&bench, ANN, "total fees").await, session(&bench, BEA, "total fees").await);
    let (of_ann, of_bea) = (operator.receipt(&ann).await, operator.receipt(&bea).await);
    let registry = std::fs::read_to_string(bench.mesh.registry()).unwrap();
    let listed = "admin: \"ann\", role: \"member\", active: true";
    assert!(registry.contains(listed), "{registry}");
    std::fs::write(bench.mesh.registry(), registry.replace(listed, &listed.replace("true", "false")))
        .unwrap();
    void_within_the_bound(&mut operator, &ann.session_key, &of_ann, Reason::Unauthenticated).await;
    assert!(operator.route(&bea.session_key, &of_bea).await.is_ok(), "everybody else goes on");
    bench.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_registry_is_unusable_no_key_is_trusted() {
    let bench = Bench::start(&World::library(2)).await;
    let mut operator = Operator::of(&bench).await;
    let ann = session(&bench, ANN, "total fees").await;
    let receipt = operator.receipt(&ann).await;
    std::fs::write(bench.mesh.registry(), "version: 1\nprincipals: [").unwrap();
    void_within_the_bound(&mut operator, &ann.session_key, &receipt, Reason::ServiceUnavailable).await;
    bench.mesh.stop().await.unwrap();
}

//! A whole mesh on a Databricks SQL warehouse: the strict server, over TLS, in front of an engine that
//! `SPLITPLANE_SAIL` names. The same questions have the same answers as on the embedded engine.

use crate::support::{ANN, BEA, Bench, RITA, ask, options};
use splitplane::answer::Answer;
use splitplane::mesh::{Mesh, MeshOptions};
use splitplane_engine_databricks::testing::{Faults, Lake, Options, TestServer};
use splitplane_engine_spark::{Address, Client, ClientOptions, Files};
use splitplane_service::Clock;
use splitplane_testkit::World;
use splitplane_types::{Outcome, Reason};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const PROOF: &str = "header.proof-of-the-pod.signature";
const WAREHOUSE: &str = "w1";
/// A table, and its columns with the types that a warehouse would have declared.
const TABLES: [(&str, &str); 4] = [
    (
        "branches",
        "tenant_id STRING, business_id STRING, branch_id STRING, branch_key STRING, branch_name STRING, city STRING",
    ),
    (
        "loans",
        "loan_id STRING, tenant_id STRING, business_id STRING, branch_id STRING, branch_key STRING, loaned_on DATE, \
         fee DECIMAL(12, 2), pages BIGINT, note STRING, reader_email STRING",
    ),
    ("fines", "fine_id STRING, loan_id STRING, amount DECIMAL(12, 2)"),
    ("admin_branches", "tenant_id STRING, business_id STRING, admin_id STRING, branch_id STRING"),
];

const IN_OSLO: &str = "number of loans in Oslo";
const QUESTIONS: [&str; 6] = [
    "What were total fees last week?",
    "total fees by branch",
    IN_OSLO,
    "total fines by branch",
    "number of loans by month",
    "top 2 branches by number of loans",
];

async fn server(address: &str, data: &Path) -> TestServer {
    let client = Client::new(Address::parse(address).unwrap(), None, ClientOptions::default()).unwrap();
    let table = |(name, schema): (&'static str, &str)| {
        let paths = vec![data.join(format!("{name}.csv")).to_str().unwrap().to_owned()];
        let options = vec![("header".to_owned(), "true".to_owned())];
        (
            ["lake", "main", name],
            Files { format: "csv".to_owned(), schema: Some(schema.to_owned()), paths, options },
        )
    };
    let lake = Lake::open(&client, TABLES.map(table)).await.unwrap();
    let options = Options {
        is_tls: true,
        warehouse_id: WAREHOUSE.to_owned(),
        subject_token: PROOF.to_owned(),
        client_id: None,
        client_secret: None,
        token_time: Duration::from_secs(3600),
        chunk_rows: 3,
        link_time: Duration::from_secs(900),
        clock: || Clock::system().now(),
    };
    TestServer::start(Arc::new(lake), options).await.unwrap()
}

/// What of the services' configuration makes a mesh run on the server.
fn environment(server: &TestServer, folder: &Path) -> Vec<(String, String)> {
    let (proof, ca) = (folder.join("proof"), folder.join("ca.pem"));
    std::fs::write(&proof, PROOF).unwrap();
    std::fs::write(&ca, server.certificate_pem().unwrap()).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let mut set = vec![
        ("WAREHOUSE__ENGINE".to_owned(), "databricks".to_owned()),
        ("DATABRICKS__WORKSPACE__URL".to_owned(), server.url().to_owned()),
        ("DATABRICKS__WORKSPACE__WAREHOUSE_ID".to_owned(), WAREHOUSE.to_owned()),
        ("DATABRICKS__WORKSPACE__POLL_PAUSE_FIRST".to_owned(), "5ms".to_owned()),
        ("DATABRICKS__WORKSPACE__RETRY_PAUSE_FIRST".to_owned(), "5ms".to_owned()),
        ("DATABRICKS__WORKSPACE__CA_FILE".to_owned(), text(&ca)),
        ("DATABRICKS__CREDENTIALS__FROM".to_owned(), "service-account-token".to_owned()),
        ("DATABRICKS__CREDENTIALS__FILE".to_owned(), text(&proof)),
    ];
    for (name, _) in TABLES {
        let key = format!("WAREHOUSE__SOURCES__{}__TABLE", name.to_ascii_uppercase());
        set.push((key, format!("lake.main.{name}")));
    }
    set.into_iter().map(|(key, value)| (format!("SPLITPLANE_QUERY__{key}"), value)).collect()
}

fn told(answer: &Answer) -> String {
    format!("{:?} {:?} {:?} {:?}", answer.outcome, answer.table, answer.coverage, answer.interpretation)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "runs where an engine is at hand")]
async fn a_mesh_on_a_databricks_warehouse_answers_as_the_embedded_engine_does() {
    let Ok(address) = std::env::var("SPLITPLANE_SAIL") else {
        println!("SKIPPED: SPLITPLANE_SAIL is to say where Sail listens");
        return;
    };
    let world = World::library(3);
    let embedded = Bench::start(&world).await;
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path(), &world);
    let server = server(&address, &folder.path().join("data")).await;
    let environment = environment(&server, folder.path());
    let remote = Bench::start_at(folder, options, |options| options.environment = environment).await;
    for admin in [ANN, BEA, RITA] {
        let (here, there) = (embedded.caller(admin).await, remote.caller(admin).await);
        for question in QUESTIONS {
            let before = server.seen().texts.len();
            let (expected, found) = (ask(&here, question).await, ask(&there, question).await);
            // One of them alone has a branch in Oslo.
            let is_nothing = question == IN_OSLO && admin != BEA;
            let outcome = if is_nothing { Outcome::NothingInScope } else { Outcome::Answered };
            assert_eq!(expected.outcome, outcome, "{question}: {expected:?}");
            assert_eq!(told(&found), told(&expected), "{admin}: {question}");
            let transaction = ("transaction".to_owned(), found.txn.unwrap().to_string());
            let seen = server.seen();
            let asked = seen.texts.iter().zip(&seen.tags).skip(before);
            // A table's columns are asked for nobody.
            let mut of_the_caller = asked.filter(|(text, _)| !text.ends_with(" LIMIT 0")).peekable();
            assert!(of_the_caller.peek().is_some(), "{question}");
            for (text, tags) in of_the_caller {
                assert!(tags.contains(&transaction), "{question}: {text}");
            }
        }
    }
    let caller = remote.caller(ANN).await;
    server.script(|faults| (faults.unavailable, faults.retry_after_seconds) = (1_000, Some(0)));
    assert_eq!(ask(&caller, QUESTIONS[0]).await.reason(), Some(Reason::WarehouseUnavailable));
    server.script(|faults| *faults = Faults::default());
    assert_eq!(ask(&caller, QUESTIONS[0]).await.outcome, Outcome::Answered);
    assert_eq!(server.seen().fetches_with_authorization, 0);
    remote.mesh.stop().await.unwrap();
    embedded.mesh.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mesh_does_not_start_on_a_warehouse_that_is_not_configured_or_not_there() {
    let set = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| (format!("SPLITPLANE_QUERY__{key}"), (*value).to_owned())).collect()
    };
    let proof = tempfile::NamedTempFile::new().unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}");
    let engine = ("WAREHOUSE__ENGINE", "databricks");
    let who = [
        engine,
        ("DATABRICKS__WORKSPACE__WAREHOUSE_ID", WAREHOUSE),
        ("DATABRICKS__WORKSPACE__RETRIES_MAX", "1"),
        ("DATABRICKS__CREDENTIALS__FROM", "service-account-token"),
        ("DATABRICKS__CREDENTIALS__FILE", proof.path().to_str().unwrap()),
    ];
    let there = [&who[..], &[("DATABRICKS__WORKSPACE__URL", url.as_str())]].concat();
    for (pairs, expected) in [
        (&[engine][..], "the Databricks warehouse is not configured"),
        (&who, "the Databricks warehouse cannot be used as configured"),
        (&there, "the Databricks warehouse cannot be used"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path(), &World::library(1));
        let error = Mesh::start(MeshOptions { environment: set(pairs), ..options }).await.err().unwrap();
        let mut told = format!("{error}");
        let mut next = std::error::Error::source(&error);
        while let Some(source) = next {
            told = format!("{told}: {source}");
            next = source.source();
        }
        assert!(told.contains(expected), "{told}");
    }
}

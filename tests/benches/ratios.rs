//! Speed as ratios, both sides of each taken in turn in one run, so that a noisy machine weighs on both.
//!
//! - What the guard costs over parsing alone.
//! - What a whole warm `Ask` costs over a bare tonic chain of the same hops: eight calls over mutual
//!   TLS 1.3 that carry nothing and check nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::explicit_write,
    reason = "a benchmark stops where something is not as it must be"
)]

#[path = "../it/support.rs"]
#[expect(dead_code, reason = "shared with the end-to-end suite, which uses all of it")]
mod support;

use splitplane::pki::Pki;
use splitplane_service::Workload;
use splitplane_split_plane::{SandboxView, ViewRelation};
use splitplane_testkit::World;
use splitplane_types::{Column, DataType, Outcome};
use sqlparser::dialect::DatabricksDialect;
use sqlparser::parser::Parser;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::{Duration, Instant};
use support::{ANN, Bench, ask};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// Calls that the gateway makes for one answered question: authenticate, validate, route, open sandbox,
/// write SQL, execute, explain.
const INNER_CALLS: usize = 7;

const STATEMENTS: [&str; 5] = [
    "SELECT SUM(fee) AS total_fees FROM loans",
    "SELECT branch_id, COUNT(loan_id) AS n FROM loans WHERE loaned_on >= DATE '2026-11-09' GROUP BY branch_id ORDER BY n DESC LIMIT 5",
    "WITH daily AS (SELECT loaned_on, SUM(fee) AS fees FROM loans GROUP BY loaned_on) SELECT MAX(fees) AS best FROM daily",
    "SELECT b.branch_name, SUM(l.fee) AS fees FROM loans AS l JOIN branches AS b ON l.branch_key = b.branch_key GROUP BY b.branch_name HAVING SUM(l.fee) > 10",
    "SELECT loan_id, fee, RANK() OVER (PARTITION BY branch_id ORDER BY fee DESC, loan_id) AS place FROM loans WHERE fee BETWEEN 1 AND 100 OR note LIKE 'a%'",
];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    report("guard", "parsing alone", guard());
    report(
        "warm Ask, embedded model",
        "bare tonic chain of the same hops over mTLS",
        runtime.block_on(mesh()),
    );
}

/// Prints medians and their ratio.
fn report(ours: &str, theirs: &str, (mut a, mut b): (Vec<Duration>, Vec<Duration>)) {
    a.sort();
    b.sort();
    let (a, b) = (a[a.len() / 2], b[b.len() / 2]);
    let ratio = a.as_secs_f64() / b.as_secs_f64();
    writeln!(std::io::stdout(), "{ours}: {a:?}   {theirs}: {b:?}   ratio {ratio:.2}").unwrap();
}

fn view() -> SandboxView {
    let column = |(name, data_type): (&str, DataType)| Column {
        name: name.into(),
        data_type,
        unit: None,
        masked: false,
    };
    let relation = |name: &str, columns: &[(&str, DataType)]| ViewRelation {
        name: name.into(),
        columns: columns.iter().copied().map(column).collect(),
    };
    let loans = [
        ("loan_id", DataType::String),
        ("branch_key", DataType::String),
        ("branch_id", DataType::String),
        ("loaned_on", DataType::Date),
        ("fee", DataType::Decimal),
        ("note", DataType::String),
    ];
    let branches = [("branch_key", DataType::String), ("branch_name", DataType::String)];
    SandboxView::new(vec![relation("loans", &loans), relation("branches", &branches)], BTreeMap::new())
        .unwrap()
}

fn guard() -> (Vec<Duration>, Vec<Duration>) {
    let view = view();
    let (mut guarded, mut parsed) = (Vec::new(), Vec::new());
    for round in 0..400 {
        let started = Instant::now();
        for statement in STATEMENTS {
            std::hint::black_box(view.guard(std::hint::black_box(statement)).unwrap());
        }
        let guarding = started.elapsed();
        let started = Instant::now();
        for statement in STATEMENTS {
            let text = std::hint::black_box(statement);
            std::hint::black_box(Parser::parse_sql(&DatabricksDialect {}, text).unwrap());
        }
        let parsing = started.elapsed();
        if round >= 50 {
            guarded.push(guarding);
            parsed.push(parsing);
        }
    }
    (guarded, parsed)
}

async fn mesh() -> (Vec<Duration>, Vec<Duration>) {
    let bench = Bench::start(&World::library(20)).await;
    let caller = bench.caller(ANN).await;
    let bare = bare_chain(bench.mesh.pki()).await;
    let (mut asked, mut called) = (Vec::new(), Vec::new());
    for round in 0..220 {
        let started = Instant::now();
        let answer = ask(&caller, "What were total fees last week?").await;
        let asking = started.elapsed();
        assert_eq!(answer.outcome, Outcome::Answered);
        let started = Instant::now();
        HealthClient::new(bare.clone()).check(HealthCheckRequest::default()).await.unwrap();
        let calling = started.elapsed();
        if round >= 20 {
            asked.push(asking);
            called.push(calling);
        }
    }
    bench.mesh.stop().await.unwrap();
    (asked, called)
}

/// A server that answers, and one before it that first makes [`INNER_CALLS`] calls to it.
async fn bare_chain(pki: &Pki) -> Channel {
    let inner = serve(pki, Workload::Query, Bare { behind: None }).await;
    let behind = channel(pki, &inner, Workload::Gateway).await;
    let front = serve(pki, Workload::Gateway, Bare { behind: Some(behind) }).await;
    channel(pki, &front, Workload::Operator).await
}

struct Bare {
    behind: Option<Channel>,
}

#[tonic::async_trait]
impl Health for Bare {
    type WatchStream = tokio_stream::Pending<Result<HealthCheckResponse, Status>>;

    async fn check(&self, _: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        if let Some(behind) = &self.behind {
            for _ in 0..INNER_CALLS {
                HealthClient::new(behind.clone()).check(HealthCheckRequest::default()).await?;
            }
        }
        Ok(Response::new(HealthCheckResponse::default()))
    }

    async fn watch(&self, _: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(tokio_stream::pending()))
    }
}

fn identity(pki: &Pki, workload: Workload) -> Identity {
    Identity::from_pem(
        std::fs::read(pki.certificate(workload)).unwrap(),
        std::fs::read(pki.key(workload)).unwrap(),
    )
}

async fn serve(pki: &Pki, workload: Workload, bare: Bare) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let ca = Certificate::from_pem(std::fs::read(pki.ca()).unwrap());
    let tls = ServerTlsConfig::new().identity(identity(pki, workload)).client_ca_root(ca);
    let server = Server::builder().tls_config(tls).unwrap().add_service(HealthServer::new(bare));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

async fn channel(pki: &Pki, address: &str, workload: Workload) -> Channel {
    let ca = Certificate::from_pem(std::fs::read(pki.ca()).unwrap());
    let tls = ClientTlsConfig::new().ca_certificate(ca).identity(identity(pki, workload));
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap();
    endpoint.connect().await.unwrap()
}

//! What a scope costs: our scoped statement over the same statement filtered by hand on the bare engine.
//!
//! Same data, one process, CPU time of the whole process, the best of interleaved rounds. The bare engine
//! has what it likes best: one warm shared context with the whole warehouse registered, and the caller's
//! tenant, business and branches written into the statement by hand. Needs the feature `bare`:
//!
//! `cargo bench -p splitplane-engine --features bare --bench scoped -- [--rows 20000000] [--rounds 15]
//! [--only opening|ratios|kept|curve|cancel]`

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a benchmark stops where something is not as it must be, and compares with a bare context"
)]

use arrow::array::RecordBatch;
use arrow::datatypes::DataType as Arrow;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use rustix::time::{ClockId, clock_gettime};
use splitplane_engine::{
    DataFusionEngine, Engine, EngineConfig, GrantsRequest, KeptConfig, Statement, Warehouse,
};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, SandboxView, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane, ViewRelation,
};
use splitplane_types::{Column, DataType, Limits};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[path = "scoped/warehouse.rs"]
mod warehouse;

use warehouse::{BRANCHES, BUSINESS, TENANT, write_others, write_warehouse};

/// Each statement as a caller's model writes it, and as someone who filters by hand does.
const STATEMENTS: [(&str, &str, &str); 8] = [
    (
        "sum by period",
        "SELECT SUM(fee) AS total FROM loans WHERE day BETWEEN DATE '2026-03-01' AND DATE '2026-03-31'",
        "SELECT SUM(fee) AS total FROM loans WHERE {scope} AND day BETWEEN DATE '2026-03-01' AND DATE '2026-03-31'",
    ),
    (
        "group by branch",
        "SELECT branch_id, SUM(fee) AS fees, COUNT(*) AS n FROM loans GROUP BY branch_id ORDER BY branch_id",
        "SELECT branch_id, SUM(fee) AS fees, COUNT(*) AS n FROM loans WHERE {scope} GROUP BY branch_id ORDER BY branch_id",
    ),
    (
        "by month",
        "SELECT date_trunc('month', day) AS month, SUM(fee) AS fees FROM loans GROUP BY date_trunc('month', day) ORDER BY month",
        "SELECT date_trunc('month', day) AS month, SUM(fee) AS fees FROM loans WHERE {scope} GROUP BY date_trunc('month', day) ORDER BY month",
    ),
    (
        "top ten",
        "SELECT branch_id, SUM(fee) AS fees FROM loans GROUP BY branch_id ORDER BY fees DESC, branch_id LIMIT 10",
        "SELECT branch_id, SUM(fee) AS fees FROM loans WHERE {scope} GROUP BY branch_id ORDER BY fees DESC, branch_id LIMIT 10",
    ),
    (
        "distinct count",
        "SELECT COUNT(DISTINCT member_id) AS members FROM loans",
        "SELECT COUNT(DISTINCT member_id) AS members FROM loans WHERE {scope}",
    ),
    (
        "join",
        "SELECT b.region AS region, SUM(l.fee) AS fees FROM loans l JOIN branches b ON l.branch_id = b.branch_id GROUP BY b.region ORDER BY region",
        "SELECT b.region AS region, SUM(l.fee) AS fees FROM (SELECT * FROM loans WHERE {scope}) l JOIN (SELECT * FROM branches WHERE {scope}) b ON l.branch_id = b.branch_id GROUP BY b.region ORDER BY region",
    ),
    (
        "window",
        "SELECT branch_id, month, SUM(fees) OVER (PARTITION BY branch_id ORDER BY month) AS running FROM (SELECT branch_id, date_trunc('month', day) AS month, SUM(fee) AS fees FROM loans GROUP BY branch_id, date_trunc('month', day)) m ORDER BY branch_id, month",
        "SELECT branch_id, month, SUM(fees) OVER (PARTITION BY branch_id ORDER BY month) AS running FROM (SELECT branch_id, date_trunc('month', day) AS month, SUM(fee) AS fees FROM loans WHERE {scope} GROUP BY branch_id, date_trunc('month', day)) m ORDER BY branch_id, month",
    ),
    (
        "filtered ratio",
        "SELECT SUM(CASE WHEN kind = 'kind 3' THEN fee ELSE 0 END) / SUM(fee) AS share FROM loans WHERE copies >= 2",
        "SELECT SUM(CASE WHEN kind = 'kind 3' THEN fee ELSE 0 END) / SUM(fee) AS share FROM loans WHERE {scope} AND copies >= 2",
    ),
];

struct Arguments {
    rows: usize,
    rounds: usize,
    only: Option<String>,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments { rows: 20_000_000, rounds: 15, only: None };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().expect("a value follows");
        match name.as_str() {
            "--rows" => arguments.rows = value().parse().unwrap(),
            "--rounds" => arguments.rounds = value().parse().unwrap(),
            "--only" => arguments.only = Some(value()),
            // What cargo itself adds.
            "--bench" => {}
            other => panic!("{other}?"),
        }
    }
    arguments
}

fn main() {
    let arguments = arguments();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("loans-{}", arguments.rows));
    if !root.join("done").exists() {
        write_warehouse(&root, arguments.rows);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let wants = |section: &str| arguments.only.as_deref().is_none_or(|only| only == section);
    runtime.block_on(async {
        if wants("opening") {
            opening(&root).await;
        }
        if wants("ratios") {
            for branches in [200, 2] {
                ratios(&root, branches, arguments.rounds).await;
            }
        }
        // Only where it is asked for: for a profiler.
        if arguments.only.as_deref() == Some("kept") {
            kept(&root, arguments.rounds).await;
        }
        if wants("curve") {
            curve(arguments.rounds).await;
        }
        if wants("cancel") {
            cancel(&root).await;
        }
    });
}

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

// === the two sides ===

fn branches_of(count: usize) -> Vec<i64> {
    if count == 2 { vec![41, 137] } else { (0..BRANCHES).collect() }
}

const LOANS: [(&str, DataType); 7] = [
    ("loan_id", DataType::Integer),
    ("branch_id", DataType::Integer),
    ("day", DataType::Date),
    ("kind", DataType::String),
    ("fee", DataType::Decimal),
    ("copies", DataType::Integer),
    ("member_id", DataType::Integer),
];
const BRANCH: [(&str, DataType); 2] = [("branch_id", DataType::Integer), ("region", DataType::String)];

fn plane(tenant: &str, business: &str, branches: &[i64]) -> SecurityPlane {
    let text = |text: &str| ScopeValue::Text(text.to_owned());
    let tuple = |branch: &i64| vec![text(tenant), text(business), ScopeValue::Integer(*branch)];
    let rows = RowScope::All(vec![Condition::Keys {
        columns: ["tenant_id", "business_id", "branch_id"].map(str::to_owned).to_vec(),
        tuples: branches.iter().map(tuple).collect(),
    }]);
    let relation = |name: &str, columns: &[(&str, DataType)]| ScopedRelation {
        name: name.to_owned(),
        source: name.to_owned(),
        columns: columns
            .iter()
            .map(|(name, data_type)| ScopedColumn {
                name: (*name).to_owned(),
                expression: ColumnExpression::Physical((*name).to_owned()),
                data_type: Some(*data_type),
                unit: None,
                mask: None,
            })
            .collect(),
        rows: rows.clone(),
    };
    SecurityPlane::new(vec![relation("loans", &LOANS), relation("branches", &BRANCH)]).unwrap()
}

fn view() -> SandboxView {
    let relation = |name: &str, columns: &[(&str, DataType)]| ViewRelation {
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|(name, data_type)| Column {
                name: (*name).to_owned(),
                data_type: *data_type,
                unit: None,
                masked: false,
            })
            .collect(),
    };
    SandboxView::new(vec![relation("loans", &LOANS), relation("branches", &BRANCH)], BTreeMap::new()).unwrap()
}

fn limits() -> Limits {
    Limits {
        rows_max: 100_000,
        bytes_max: 1 << 28,
        time_max: Duration::from_secs(300),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 4,
    }
}

fn engine(root: &Path, kept: KeptConfig) -> DataFusionEngine {
    let config =
        EngineConfig { threads: 2, memory_bytes_max: 4 << 30, stack_bytes: EngineConfig::STACK_BYTES };
    DataFusionEngine::open(Warehouse::open(root).unwrap(), &config, kept, None).unwrap()
}

const KEPT: KeptConfig =
    KeptConfig { bytes_max: 256 << 20, relation_bytes_max: 32 << 20, age_max: Duration::from_secs(300) };

async fn ours(engine: &DataFusionEngine, plane: &Arc<SecurityPlane>, view: &SandboxView, sql: &str) -> usize {
    let query = view.guard(sql).unwrap();
    let statement = Statement::new(Arc::clone(plane), query, limits());
    engine.execute(statement).await.unwrap().table.rows.len()
}

async fn bare(root: &Path) -> SessionContext {
    let context = SessionContext::new();
    for table in ["loans", "branches"] {
        let partitions = vec![("tenant_id".to_owned(), Arrow::Utf8), ("business_id".to_owned(), Arrow::Utf8)];
        let options = ParquetReadOptions::default().table_partition_cols(partitions);
        context.register_parquet(table, root.join(table).to_str().unwrap(), options).await.unwrap();
    }
    context
}

async fn theirs(context: &SessionContext, sql: &str) -> usize {
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    batches.iter().map(RecordBatch::num_rows).sum()
}

// === what is measured ===

/// Best CPU time of each side, per statement, and the geometric means of their ratios.
async fn ratios(root: &Path, branches: usize, rounds: usize) {
    let ids = branches_of(branches);
    let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let scope = format!("tenant_id = '{TENANT}' AND business_id = '{BUSINESS}' AND branch_id IN ({list})");
    let (context, view) = (bare(root).await, view());
    let (reads, keeps) = (engine(root, KeptConfig::NOTHING), engine(root, KEPT));
    let unowned = Arc::new(plane(TENANT, BUSINESS, &ids));
    let owned = plane(TENANT, BUSINESS, &ids).owned_by(TENANT.to_owned(), "an admin".to_owned());
    let owned = Arc::new(owned);
    let mut best = [[Duration::MAX; 3]; STATEMENTS.len()];
    for round in 0..rounds + 2 {
        for (at, (_, sql, by_hand)) in STATEMENTS.iter().enumerate() {
            let by_hand = by_hand.replace("{scope}", &scope);
            let start = cpu();
            let (rows, first) = (theirs(&context, &by_hand).await, cpu());
            assert_eq!(ours(&reads, &unowned, &view, sql).await, rows, "{sql}");
            let second = cpu();
            assert_eq!(ours(&keeps, &owned, &view, sql).await, rows, "{sql}");
            let third = cpu();
            // The first rounds warm all sides up.
            if round >= 2 {
                for (best, this) in best[at].iter_mut().zip([first - start, second - first, third - second]) {
                    *best = this.min(*best);
                }
            }
        }
    }
    println!("\n{branches} branches: CPU time, best of {rounds}");
    println!(
        "{:<16} {:>10} {:>10} {:>6} {:>10} {:>6}",
        "statement", "by hand", "scoped", "ratio", "kept", "ratio"
    );
    let mut logs = [0.0; 2];
    for ((name, _, _), [theirs, scoped, kept]) in STATEMENTS.iter().zip(best) {
        let [scoped_ratio, kept_ratio] = [scoped, kept].map(|ours| ours.as_secs_f64() / theirs.as_secs_f64());
        logs[0] += scoped_ratio.ln();
        logs[1] += kept_ratio.ln();
        println!(
            "{name:<16} {theirs:>10.2?} {scoped:>10.2?} {scoped_ratio:>6.2} {kept:>10.2?} {kept_ratio:>6.2}"
        );
    }
    let [scoped, kept] = logs.map(|product| (product / STATEMENTS.len() as f64).exp());
    println!("geometric means: scoped {scoped:.3}, kept {kept:.3}");
}

/// Kept statements of a small caller, and nothing else.
async fn kept(root: &Path, rounds: usize) {
    let (engine, view) = (engine(root, KEPT), view());
    let owned = plane(TENANT, BUSINESS, &branches_of(2)).owned_by(TENANT.to_owned(), "an admin".to_owned());
    let owned = Arc::new(owned);
    let start = cpu();
    for _ in 0..rounds {
        for (_, sql, _) in STATEMENTS {
            ours(&engine, &owned, &view, sql).await;
        }
    }
    let statements = u32::try_from(rounds * STATEMENTS.len()).unwrap();
    println!("kept, 2 branches: {:.2?} a statement", (cpu() - start) / statements);
}

/// What opening a sandbox costs: the grants read anew, the plane built, every relation's schema resolved.
async fn opening(root: &Path) {
    for admin in ["wide", "narrow"] {
        let engine = engine(root, KeptConfig::NOTHING);
        let mut times = Vec::new();
        for _ in 0..50 {
            let started = Instant::now();
            let pair = |column: &str, value: &str| (column.to_owned(), value.to_owned());
            let request = GrantsRequest {
                source: "grants".to_owned(),
                identity: vec![
                    pair("tenant_id", TENANT),
                    pair("business_id", BUSINESS),
                    pair("admin_id", admin),
                ],
                yields: vec!["branch_id".to_owned()],
                transaction: None,
            };
            let granted = engine.read_grants(request).await.unwrap();
            let ids: Vec<i64> = granted
                .iter()
                .filter_map(|tuple| match tuple.as_slice() {
                    [ScopeValue::Integer(id)] => Some(*id),
                    _ => None,
                })
                .collect();
            let plane = plane(TENANT, BUSINESS, &ids);
            std::hint::black_box((plane.to_sql(), view()));
            times.push(started.elapsed());
        }
        times.sort();
        println!("opening a sandbox, {admin}: median {:?}, slowest {:?}", times[25], times[49]);
    }
}

/// A fixed caller while everyone else's rows grow a hundredfold.
async fn curve(rounds: usize) {
    println!("\nother tenants' rows against CPU time and bytes read of one fixed caller");
    for layout in ["by folders", "one file, sorted"] {
        for times in [1, 10, 100] {
            let root = tempfile::tempdir().unwrap();
            write_others(root.path(), layout, times);
            let (engine, view) = (engine(root.path(), KeptConfig::NOTHING), view());
            let plane = Arc::new(plane(TENANT, BUSINESS, &branches_of(2)));
            let (mut best, mut bytes) = (Duration::MAX, 0);
            for _ in 0..rounds {
                let (start, before) = (cpu(), engine.bytes_read());
                ours(&engine, &plane, &view, "SELECT SUM(fee) AS total FROM loans").await;
                (best, bytes) = (best.min(cpu() - start), engine.bytes_read() - before);
            }
            println!("{layout:<18} x{times:<4} {best:>10.2?} {bytes:>9} bytes");
        }
    }
}

/// CPU that is still used once a statement's time is over.
async fn cancel(root: &Path) {
    let (engine, view) = (engine(root, KeptConfig::NOTHING), view());
    let plane = Arc::new(plane(TENANT, BUSINESS, &branches_of(200)));
    println!("\nCPU time used in the half second after a statement's second is over");
    for sql in [
        "SELECT COUNT(*) AS n FROM loans a JOIN loans b ON a.kind = b.kind WHERE a.loan_id + b.loan_id < 0",
        "SELECT COUNT(*) AS n FROM loans a JOIN loans b ON a.copies = b.copies",
        "SELECT a.kind AS kind, SUM(b.fee) AS fees FROM loans a JOIN loans b ON a.kind = b.kind GROUP BY a.kind ORDER BY kind",
    ] {
        let limits = Limits { time_max: Duration::from_secs(1), ..limits() };
        let statement = Statement::new(Arc::clone(&plane), view.guard(sql).unwrap(), limits);
        let before = cpu();
        let ended = engine.execute(statement).await;
        let during = cpu();
        let mut running = engine.activity();
        let stopped = Instant::now();
        running.wait_for(|running| *running == 0).await.unwrap();
        let (stopped, settled) = (stopped.elapsed(), cpu());
        std::thread::sleep(Duration::from_millis(500));
        println!(
            "{:<10} running {:>8.2?}, until it had stopped {:>8.2?} ({stopped:.2?}), after {:>8.2?}",
            if ended.is_err() { "over time" } else { "answered" },
            during - before,
            settled - during,
            cpu() - settled,
        );
    }
}

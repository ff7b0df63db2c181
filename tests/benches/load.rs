//! Many callers at once: 300 businesses, 2,000 admins, mixed statements; and the same while one tenant floods.
//!
//! Prints the memory of the process as the load goes on, and the latency of everybody but the flooding
//! tenant with and without the flood, in one run. `cargo bench -p splitplane-tests --bench load`

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a benchmark stops where something is not as it must be"
)]

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use splitplane_engine::{DataFusionEngine, Engine, EngineConfig, KeptConfig, Statement, Warehouse};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, SandboxView, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane, ViewRelation,
};
use splitplane_types::{Column, DataType, Limits};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const TENANTS: usize = 100;
const BUSINESSES: usize = 3;
const ADMINS: usize = 2_000;
const BRANCHES: usize = 20;
const ROWS: usize = 4_000;
const STATEMENTS: usize = 6_000;
const CALLERS: usize = 8;
const FLOOD: usize = 24;
const MEMORY_MAX: u64 = 256 << 20;

const MIX: [&str; 5] = [
    "SELECT SUM(fee) AS total FROM loans",
    "SELECT branch_id, SUM(fee) AS fees, COUNT(*) AS n FROM loans GROUP BY branch_id ORDER BY branch_id",
    "SELECT day, SUM(fee) AS fees FROM loans WHERE day >= DATE '2026-02-01' GROUP BY day ORDER BY day",
    "SELECT COUNT(DISTINCT member) AS members FROM loans",
    "SELECT branch_id, fee, RANK() OVER (PARTITION BY branch_id ORDER BY fee DESC) AS place FROM loans QUALIFY RANK() OVER (PARTITION BY branch_id ORDER BY fee DESC) <= 3",
];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let config =
        EngineConfig { threads: 2, memory_bytes_max: MEMORY_MAX, stack_bytes: EngineConfig::STACK_BYTES };
    let kept =
        KeptConfig { bytes_max: 64 << 20, relation_bytes_max: 8 << 20, age_max: Duration::from_secs(300) };
    let engine =
        DataFusionEngine::open(Warehouse::open(folder.path()).unwrap(), &config, kept, None).unwrap();
    let engine = Arc::new(engine);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    println!("resident before: {} MiB", resident());
    let _warm = runtime.block_on(load(&engine, STATEMENTS / 4));
    let calm = runtime.block_on(load(&engine, STATEMENTS));
    let stop = Arc::new(AtomicBool::new(false));
    let flood: Vec<_> =
        (0..FLOOD).map(|at| runtime.spawn(flood(Arc::clone(&engine), at, Arc::clone(&stop)))).collect();
    let flooded = runtime.block_on(load(&engine, STATEMENTS));
    stop.store(true, Ordering::Relaxed);
    let answered: usize = flood.into_iter().map(|task| runtime.block_on(task).unwrap()).sum();
    println!("the flooding tenant had {answered} answers, from {FLOOD} callers");
    for (at, name) in [(50, "p50"), (99, "p99")] {
        let (calm, flooded) = (percentile(&calm, at), percentile(&flooded, at));
        println!(
            "{name}: {calm:?} alone, {flooded:?} beside the flood, ratio {:.2}",
            flooded.as_secs_f64() / calm.as_secs_f64()
        );
    }
    println!(
        "resident after: {} MiB; kept {} MiB; the engine's limit is {} MiB",
        resident(),
        engine.kept_bytes() >> 20,
        MEMORY_MAX >> 20
    );
}

/// Callers ask one after the other until all statements have run; how long each took.
async fn load(engine: &Arc<DataFusionEngine>, statements: usize) -> Vec<Duration> {
    let next = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (engine, next) = (Arc::clone(engine), Arc::clone(&next));
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= statements {
                        return took;
                    }
                    if at % (STATEMENTS / 4) == 0 {
                        println!("  after {at} statements: {} MiB resident", resident());
                    }
                    // Tenant 0 is the one that floods.
                    let admin = 1 + mixed(at) % (ADMINS - 1);
                    let admin = if admin.is_multiple_of(TENANTS) { admin + 1 } else { admin };
                    let started = Instant::now();
                    engine.execute(statement(admin, at)).await.unwrap();
                    took.push(started.elapsed());
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for caller in callers {
        all.extend(caller.await.unwrap());
    }
    all.sort_unstable();
    all
}

async fn flood(engine: Arc<DataFusionEngine>, at: usize, stop: Arc<AtomicBool>) -> usize {
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        // More than a tenant may have waiting is refused; it comes again at once.
        answered += usize::from(engine.execute(statement(TENANTS * (at % 20), at + answered)).await.is_ok());
        tokio::task::yield_now().await;
    }
    answered
}

/// Spreads numbers, always in the same way.
const fn mixed(number: usize) -> usize {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 17) % 1_000_003
}

fn statement(admin: usize, turn: usize) -> Statement {
    let (tenant, business) =
        (format!("t{:03}", admin % TENANTS), format!("b{}", (admin / TENANTS) % BUSINESSES));
    let branches = 1 + mixed(admin) % BRANCHES;
    let text = |text: &str| ScopeValue::Text(text.to_owned());
    let tuple = |branch| vec![text(&tenant), text(&business), ScopeValue::Integer(branch as i64)];
    let rows = RowScope::All(vec![Condition::Keys {
        columns: ["tenant_id", "business_id", "branch_id"].map(str::to_owned).to_vec(),
        tuples: (0..branches).map(tuple).collect(),
    }]);
    let columns = [
        ("branch_id", DataType::Integer),
        ("day", DataType::Date),
        ("member", DataType::String),
        ("fee", DataType::Integer),
    ];
    let scoped = columns.map(|(name, data_type)| ScopedColumn {
        name: name.to_owned(),
        expression: ColumnExpression::Physical(name.to_owned()),
        data_type: Some(data_type),
        unit: None,
        mask: None,
    });
    let shown = columns.map(|(name, data_type)| Column {
        name: name.to_owned(),
        data_type,
        unit: None,
        masked: false,
    });
    let view = SandboxView::new(
        vec![ViewRelation { name: "loans".to_owned(), columns: shown.to_vec() }],
        BTreeMap::new(),
    );
    let relation = ScopedRelation {
        name: "loans".to_owned(),
        source: "loans".to_owned(),
        columns: scoped.to_vec(),
        rows,
    };
    let plane = SecurityPlane::new(vec![relation])
        .unwrap()
        .owned_by(tenant.clone(), format!("{tenant}/{business}/{admin}"));
    let limits = Limits {
        rows_max: 10_000,
        bytes_max: 16 << 20,
        time_max: Duration::from_secs(60),
        memory_bytes_max: 64 << 20,
        concurrent_per_tenant_max: 4,
    };
    Statement::new(Arc::new(plane), view.unwrap().guard(MIX[turn % MIX.len()]).unwrap(), limits)
}

fn write(folder: &Path) {
    for tenant in 0..TENANTS {
        for business in 0..BUSINESSES {
            let at = folder.join(format!("loans/tenant_id=t{tenant:03}/business_id=b{business}"));
            fs::create_dir_all(&at).unwrap();
            let branch: Int64Array = (0..ROWS).map(|row| (row * BRANCHES / ROWS) as i64).collect();
            let day: Date32Array = (0..ROWS).map(|row| Some(20_454 + (row % 120) as i32)).collect();
            let member: StringArray = (0..ROWS).map(|row| Some(format!("m{}", mixed(row) % 900))).collect();
            let fee: Int64Array = (0..ROWS).map(|row| (mixed(row) % 5_000) as i64).collect();
            let columns: Vec<(&str, ArrayRef)> = vec![
                ("branch_id", Arc::new(branch)),
                ("day", Arc::new(day)),
                ("member", Arc::new(member)),
                ("fee", Arc::new(fee)),
            ];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let mut writer =
                ArrowWriter::try_new(File::create(at.join("part.parquet")).unwrap(), batch.schema(), None)
                    .unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
    }
}

/// What the process holds, in MiB.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) / 1024
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

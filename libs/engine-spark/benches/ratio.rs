//! What a scope costs on an engine that runs elsewhere: the CPU time that the engine takes for this engine's statements,
//! against what it takes for the same questions written by hand, through the same client.
//!
//! `SPLITPLANE_SAIL` and `SPLITPLANE_SPARK` name engines on this machine; without one there is nothing to measure. The
//! tenant's own folder is read by both sides in the first column; in the second the rows of all tenants lie in one file, the
//! hand-written statement says whose it wants in its WHERE, and this engine bars them.

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use splitplane_engine::{Engine as _, Statement};
use splitplane_engine_spark::layout::{Format, Source, Sources};
use splitplane_engine_spark::{Address, Client, ClientOptions, Files, SparkConfig, SparkEngine, plan};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, SandboxView, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane, ViewRelation,
};
use splitplane_types::{Column, DataType, Limits};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

type AnyError = Box<dyn Error + Send + Sync>;

/// Rows of each tenant, and tenants.
const ROWS: usize = 1_000_000;
const TENANTS: usize = 4;
const TURNS: usize = 5;

/// Questions over `loans`, which mean the same by hand and by the guard.
const QUERIES: [&str; 8] = [
    "SELECT count(*) AS n FROM loans",
    "SELECT sum(fee) AS s FROM loans",
    "SELECT branch, sum(fee) AS s, count(*) AS n FROM loans GROUP BY branch ORDER BY branch",
    "SELECT date_trunc('month', lent_on) AS m, sum(fee) AS s FROM loans GROUP BY date_trunc('month', lent_on) ORDER BY m",
    "SELECT branch, avg(fee) AS a FROM loans WHERE lent_on >= DATE '2025-03-01' GROUP BY branch ORDER BY branch",
    "SELECT count(DISTINCT reader) AS readers FROM loans",
    "SELECT branch, kind, sum(fee) AS s FROM loans GROUP BY branch, kind ORDER BY s DESC, branch, kind LIMIT 10",
    "SELECT kind, sum(fee) / nullif(count(*), 0) AS each FROM loans WHERE branch IN ('b1', 'b2', 'b3') GROUP BY kind ORDER BY kind",
];

const COLUMNS: [(&str, DataType); 5] = [
    ("branch", DataType::String),
    ("kind", DataType::String),
    ("reader", DataType::Integer),
    ("lent_on", DataType::Date),
    ("fee", DataType::Decimal),
];

fn main() -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir()?;
        let mut is_written = false;
        for (name, variable) in [("Sail", "SPLITPLANE_SAIL"), ("Spark", "SPLITPLANE_SPARK")] {
            #[expect(clippy::disallowed_methods, reason = "a bench that runs where an engine is at hand")]
            let address = std::env::var(variable);
            let Ok(address) = address else {
                say(&format!("SKIPPED: {name} is not there; {variable} is to say where it listens"));
                continue;
            };
            if !is_written {
                write(folder.path())?;
                is_written = true;
            }
            measure(name, &address, folder.path()).await?;
        }
        Ok(())
    })
}

#[expect(clippy::print_stdout, reason = "what a bench is for")]
fn say(line: &str) {
    println!("{line}");
}

async fn measure(name: &str, address: &str, folder: &Path) -> Result<(), AnyError> {
    let process = process(address)?;
    let client = Client::new(Address::parse(address)?, None, ClientOptions::default())?;
    let own = folder.join("own").join("tenant=t1").to_string_lossy().into_owned();
    let all = folder.join("all.parquet").to_string_lossy().into_owned();
    for (layout, partitions, path, hand, hand_where) in [
        ("the tenant's own folder", true, folder.join("own"), own, ""),
        ("one file of all tenants, barred", false, folder.join("all.parquet"), all, " WHERE tenant = 't1'"),
    ] {
        let engine = engine(&client, &path, partitions).await?;
        let (mut ours, mut theirs) = (0.0, 0.0);
        for turn in 0..=TURNS {
            let before = seconds(process)?;
            for sql in QUERIES {
                by_hand(&client, &hand, hand_where, sql).await?;
            }
            let between = seconds(process)?;
            for sql in QUERIES {
                by_engine(&engine, sql).await?;
            }
            let after = seconds(process)?;
            // The first turn warms both up.
            if turn > 0 {
                theirs += between - before;
                ours += after - between;
            }
        }
        let ratio = ours / theirs;
        say(&format!(
            "{name}: {layout}: {ratio:.2} (engine's CPU: {ours:.2} s here, {theirs:.2} s by hand, {TURNS} x {} statements)",
            QUERIES.len()
        ));
    }
    Ok(())
}

async fn engine(client: &Client, path: &Path, is_partitioned: bool) -> Result<SparkEngine, AnyError> {
    let source = Source {
        path: path.to_string_lossy().into_owned(),
        table: String::new(),
        format: Format::Parquet,
        partitions: is_partitioned.then(|| "tenant".to_owned()).into_iter().collect(),
        schema: String::new(),
    };
    let sources = Sources::from([("loans".to_owned(), source)]);
    let config = SparkConfig { sources, sessions_max: 1, barrier_rows: SparkConfig::BARRIER_ROWS };
    Ok(SparkEngine::open(client.clone(), config).await?)
}

async fn by_engine(engine: &SparkEngine, sql: &str) -> Result<(), AnyError> {
    let column = |(name, data_type): (&str, DataType)| ScopedColumn {
        name: name.to_owned(),
        expression: ColumnExpression::Physical(name.to_owned()),
        data_type: Some(data_type),
        unit: None,
        mask: None,
    };
    let tuples = vec![vec![ScopeValue::Text("t1".to_owned())]];
    let relation = ScopedRelation {
        name: "loans".to_owned(),
        source: "loans".to_owned(),
        columns: COLUMNS.map(column).to_vec(),
        rows: RowScope::All(vec![Condition::Keys { columns: vec!["tenant".to_owned()], tuples }]),
    };
    let shown = |(name, data_type): (&str, DataType)| Column {
        name: name.to_owned(),
        data_type,
        unit: None,
        masked: false,
    };
    let view = ViewRelation { name: "loans".to_owned(), columns: COLUMNS.map(shown).to_vec() };
    let query = SandboxView::new(vec![view], BTreeMap::new())?.guard(sql)?;
    let limits = Limits {
        rows_max: 100_000,
        bytes_max: 1 << 26,
        time_max: Duration::from_secs(300),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 1,
    };
    let plane = Arc::new(SecurityPlane::new(vec![relation])?);
    engine.execute(Statement::new(plane, query, limits)).await?;
    Ok(())
}

async fn by_hand(client: &Client, path: &str, condition: &str, sql: &str) -> Result<(), AnyError> {
    let session = client.session()?;
    session.configure(&[("spark.sql.ansi.enabled", "true"), ("spark.sql.session.timeZone", "UTC")]).await?;
    let files = Files { format: "parquet".to_owned(), paths: vec![path.to_owned()], ..Files::default() };
    session.view("base", plan::read_files(files)).await?;
    let text = format!("WITH loans AS (SELECT * FROM base{condition}) {sql}");
    let batches: Vec<RecordBatch> = session.run(plan::sql(&text, Vec::new()), "hand")?.try_collect().await?;
    drop(batches);
    session.close().await?;
    Ok(())
}

/// A tenant in each folder, and all of them in one file, their rows among each other.
fn write(folder: &Path) -> Result<(), AnyError> {
    for tenant in 1..=TENANTS {
        let own = folder.join("own").join(format!("tenant=t{tenant}"));
        std::fs::create_dir_all(&own)?;
        save(&own.join("data.parquet"), &columns(&(0..ROWS).map(|row| (tenant, row)).collect::<Vec<_>>())?)?;
    }
    let rows = (0..ROWS * TENANTS).map(|row| (row % TENANTS + 1, row / TENANTS)).collect::<Vec<_>>();
    let tenants: ArrayRef =
        Arc::new(rows.iter().map(|(tenant, _)| Some(format!("t{tenant}"))).collect::<StringArray>());
    let mut all = columns(&rows)?;
    all.push(("tenant", tenants));
    save(&folder.join("all.parquet"), &all)
}

fn columns(rows: &[(usize, usize)]) -> Result<Vec<(&'static str, ArrayRef)>, AnyError> {
    // Spread without a pattern that an encoding would swallow.
    let mixed = |(tenant, row): &(usize, usize), of: usize| {
        (row.wrapping_mul(2_654_435_761).wrapping_add(*tenant) >> 7) % of
    };
    let number =
        |of: usize| rows.iter().map(move |row| i64::try_from(mixed(row, of)).ok()).collect::<Vec<_>>();
    let text = |letter: &'static str, of: usize| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(format!("{letter}{}", mixed(row, of)))).collect::<StringArray>())
    };
    let days = number(420).into_iter().map(|day| i32::try_from(day? + 20_000).ok());
    let fees: Decimal128Array = number(90_000).into_iter().map(|fee| fee.map(i128::from)).collect();
    Ok(vec![
        ("branch", text("b", 40)),
        ("kind", text("k", 9)),
        ("reader", Arc::new(Int64Array::from(number(50_000)))),
        ("lent_on", Arc::new(days.collect::<Date32Array>())),
        ("fee", Arc::new(fees.with_precision_and_scale(12, 2)?)),
    ])
}

fn save(path: &Path, columns: &[(&'static str, ArrayRef)]) -> Result<(), AnyError> {
    let batch = RecordBatch::try_from_iter(columns.iter().cloned())?;
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path)?, batch.schema(), None)?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

/// The process that listens where an address says.
fn process(address: &str) -> Result<u32, AnyError> {
    let port: u16 =
        address.rsplit(':').next().and_then(|port| port.parse().ok()).ok_or("no port in the address")?;
    let wanted = format!(":{port:04X}");
    let tables =
        ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let listens = |line: &str| -> Option<String> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1)?.ends_with(&wanted) && *fields.get(3)? == "0A";
        is_it.then(|| fields.get(9).map(|inode| format!("socket:[{inode}]")))?
    };
    let socket =
        tables.iter().flat_map(|table| table.lines()).find_map(listens).ok_or("nobody listens there")?;
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(files) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        let is_it = |file: std::io::Result<std::fs::DirEntry>| {
            file.and_then(|file| std::fs::read_link(file.path()))
                .is_ok_and(|to| to.to_string_lossy() == socket)
        };
        if files.into_iter().any(is_it) {
            return Ok(process);
        }
    }
    Err("whoever listens there is not to be seen".into())
}

/// CPU seconds of a process so far.
fn seconds(process: u32) -> Result<f64, AnyError> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after = stat.rsplit(')').next().ok_or("no such line")?;
    let ticks = after.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    // The kernel counts hundredths there, whatever its own clock.
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}

//! The published pattern against this engine: a common table expression with the tenant's condition in front of the
//! model's statement, and the leaks that it has on each engine, shape by shape.

use super::{Remote, remotes};
use crate::layout::{Format, Source, Sources};
use crate::{Client, ClientOptions, ConnectError, Files, Session, SparkEngine, plan};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use splitplane_engine::{Engine, EngineError, Statement};
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

/// A value of somebody else's.
const SECRET: &str = "hunter2";

/// What a model writes over `sales`, whose rows all have numbers in `a` and never 42 in `n`.
const SHAPES: &[(&str, &str)] = &[
    ("cast", "SELECT count(*) AS x FROM sales WHERE CAST(a AS INT) > 0"),
    ("div", "SELECT count(*) AS x FROM sales WHERE 1 % (n - 42) >= 0"),
    ("quotient", "SELECT count(*) AS x FROM sales WHERE 1 / (n - 42) > -5"),
    ("infereq", "SELECT count(*) AS x FROM sales WHERE a = b AND CAST(b AS INT) > 0"),
    ("infern", "SELECT count(*) AS x FROM sales WHERE n = m AND 1 % (m - 42) >= 0"),
    ("having", "SELECT a, count(*) AS x FROM sales GROUP BY a HAVING CAST(a AS INT) < 0"),
    ("case", "SELECT count(*) AS x FROM sales WHERE CASE WHEN CAST(a AS INT) > 0 THEN TRUE ELSE FALSE END"),
    ("join", "SELECT count(*) AS x FROM sales s JOIN sales t ON CAST(s.a AS INT) = t.n"),
    (
        "corr",
        "SELECT count(*) AS x FROM sales s WHERE EXISTS (SELECT 1 FROM sales t WHERE CAST(t.a AS INT) = s.n)",
    ),
    ("decimal", "SELECT count(*) AS x FROM sales WHERE CAST(a AS DECIMAL(9, 2)) > 0"),
    ("product", "SELECT count(*) AS x FROM sales WHERE big * 3 > 0"),
    (
        "window",
        "SELECT count(*) AS x FROM (SELECT sum(CAST(a AS INT)) OVER (PARTITION BY b) AS s FROM sales) q WHERE q.s > 0",
    ),
];

/// How the published pattern says whose rows they are. `{c}` are the columns.
const SCOPES: &[(&str, &str)] = &[
    ("tenant = literal", "SELECT {c} FROM base WHERE tenant = 't1'"),
    ("place IN literals", "SELECT {c} FROM base WHERE place IN ('p1', 'p2')"),
    (
        "IN a grants table",
        "SELECT {c} FROM base WHERE place IN (SELECT place FROM granted WHERE admin = 'a1')",
    ),
    (
        "join with grants",
        "SELECT {c} FROM base JOIN granted ON base.place = granted.place AND granted.admin = 'a1'",
    ),
];

const COLUMNS: [&str; 5] = ["a", "b", "n", "m", "big"];

/// What was seen of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// The same as without anybody else's rows.
    Nothing,
    /// A failure that others' rows decide.
    Bit,
    /// A value of others' rows.
    Value,
    /// Refused before anything ran.
    Refused,
}

fn write(folder: &Path, with_others: bool) {
    let mine = |row: usize| row.is_multiple_of(2);
    let rows: Vec<usize> = (0..4_000).filter(|row| with_others || mine(*row)).collect();
    let text = |of: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(*row))).collect::<StringArray>())
    };
    let number = |of: &dyn Fn(usize) -> i64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(*row))).collect::<Int64Array>())
    };
    let small = |row: usize| i64::try_from(row % 37).unwrap() + 1;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("tenant", text(&|row| if mine(row) { "t1" } else { "t2" }.to_owned())),
        ("place", text(&|row| format!("p{}", if mine(row) { row % 4 / 2 + 1 } else { row % 4 + 10 }))),
        ("a", text(&|row| if mine(row) { small(row).to_string() } else { SECRET.to_owned() })),
        ("b", text(&|row| small(row).to_string())),
        ("n", number(&|row| if mine(row) { small(row) } else { 42 })),
        ("m", number(&|row| small(row))),
        ("big", number(&|row| if mine(row) { small(row) } else { i64::MAX })),
    ];
    save(&folder.join("sales.parquet"), columns);
    let grants = |values: [&str; 2]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    save(
        &folder.join("granted.parquet"),
        vec![("admin", grants(["a1", "a1"])), ("place", grants(["p1", "p2"]))],
    );
}

fn save(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Everything that stands in an error and behind it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

async fn published(
    session: &Session,
    folder: &Path,
    scope: &str,
    shape: &str,
) -> Result<String, ConnectError> {
    for (name, file) in [("base", "sales.parquet"), ("granted", "granted.parquet")] {
        let paths = vec![folder.join(file).to_str().unwrap().to_owned()];
        let files = Files { format: "parquet".to_owned(), paths, ..Files::default() };
        session.view(name, plan::read_files(files)).await?;
    }
    let scope = scope.replace("{c}", &COLUMNS.join(", "));
    let text = format!("WITH sales AS ({scope}) {shape}");
    let batches: Vec<RecordBatch> =
        session.run(plan::sql(&text, Vec::new()), "published")?.try_collect().await?;
    Ok(format!("{batches:?}"))
}

async fn seen_of_the_published(
    remote: &Remote,
    whole: &Path,
    alone: &Path,
    scope: &str,
    shape: &str,
) -> Seen {
    let client =
        Client::new(crate::Address::parse(&remote.address).unwrap(), None, ClientOptions::default()).unwrap();
    let mut outcomes = Vec::new();
    for folder in [whole, alone] {
        let session = client.session().unwrap();
        session.configure(&[("spark.sql.ansi.enabled", "true")]).await.unwrap();
        outcomes.push(published(&session, folder, scope, shape).await);
        session.close().await.unwrap();
    }
    match (&outcomes[0], &outcomes[1]) {
        (Err(error), _) if told(error).contains(SECRET) => Seen::Value,
        (Err(_), Ok(_)) => Seen::Bit,
        (Ok(whole), Ok(alone)) => {
            assert_eq!(whole, alone, "{scope} {shape}");
            Seen::Nothing
        }
        (_, Err(error)) => panic!("{scope} {shape}: the caller alone has no answer: {}", told(error)),
    }
}

async fn ours(engine: &SparkEngine, shape: &str) -> Option<Result<String, EngineError>> {
    let type_of = |name: &str| if ["a", "b"].contains(&name) { DataType::String } else { DataType::Integer };
    let column = |name: &&str| ScopedColumn {
        name: (*name).to_owned(),
        expression: ColumnExpression::Physical((*name).to_owned()),
        data_type: Some(type_of(name)),
        unit: None,
        mask: None,
    };
    let tuples =
        ["p1", "p2"].map(|place| vec![ScopeValue::Text("t1".to_owned()), ScopeValue::Text(place.to_owned())]);
    let keys =
        Condition::Keys { columns: vec!["tenant".to_owned(), "place".to_owned()], tuples: tuples.to_vec() };
    let relation = ScopedRelation {
        name: "sales".to_owned(),
        source: "sales".to_owned(),
        columns: COLUMNS.iter().map(column).collect(),
        rows: RowScope::All(vec![keys]),
    };
    let shown = |name: &&str| Column {
        name: (*name).to_owned(),
        data_type: type_of(name),
        unit: None,
        masked: false,
    };
    let relations =
        vec![ViewRelation { name: "sales".to_owned(), columns: COLUMNS.iter().map(shown).collect() }];
    let view = SandboxView::new(relations, BTreeMap::new()).unwrap();
    let query = view.guard(shape).ok()?;
    let limits = Limits {
        rows_max: 10_000,
        bytes_max: 1 << 24,
        time_max: Duration::from_secs(60),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 1,
    };
    let plane = Arc::new(SecurityPlane::new(vec![relation]).unwrap());
    let result = engine.execute(Statement::new(plane, query, limits)).await;
    Some(result.map(|result| format!("{:?}", result.table)))
}

async fn seen_of_ours(whole: &SparkEngine, alone: &SparkEngine, shape: &str) -> Seen {
    match (ours(whole, shape).await, ours(alone, shape).await) {
        (None, None) => Seen::Refused,
        (Some(Ok(whole)), Some(Ok(alone))) if whole == alone => Seen::Nothing,
        (Some(Err(error)), _) if error.to_string().contains(SECRET) => Seen::Value,
        (Some(Err(one)), Some(Err(other))) if one.to_string() == other.to_string() => Seen::Nothing,
        (one, other) => {
            println!("{shape}: {one:?}\n{other:?}");
            Seen::Bit
        }
    }
}

fn mapping(folder: &Path) -> Sources {
    let source = Source {
        path: folder.join("sales.parquet").to_str().unwrap().to_owned(),
        table: String::new(),
        format: Format::Parquet,
        partitions: Vec::new(),
        schema: String::new(),
    };
    Sources::from([("sales".to_owned(), source)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_pattern_leaks_where_this_engine_does_not() {
    for remote in remotes().await {
        let (whole, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(whole.path(), true);
        write(alone.path(), false);
        let engines = (
            remote.engine(mapping(whole.path())).await.unwrap(),
            remote.engine(mapping(alone.path())).await.unwrap(),
        );
        let scopes: Vec<&str> = SCOPES.iter().map(|(name, _)| *name).collect();
        println!("{} | shape | {} | this engine |", remote.name, scopes.join(" | "));
        let (mut leaks, mut ours) = (0, Vec::new());
        for (name, shape) in SHAPES {
            let mut cells = Vec::new();
            for (_, scope) in SCOPES {
                let seen = seen_of_the_published(&remote, whole.path(), alone.path(), scope, shape).await;
                leaks += usize::from(matches!(seen, Seen::Value | Seen::Bit));
                cells.push(format!("{seen:?}"));
            }
            let seen = seen_of_ours(&engines.0, &engines.1, shape).await;
            println!("{} | {name} | {} | {seen:?} |", remote.name, cells.join(" | "));
            if matches!(seen, Seen::Value | Seen::Bit) {
                ours.push(*name);
            }
        }
        println!("{}: {leaks} of {} leak", remote.name, SHAPES.len() * SCOPES.len());
        assert!(ours.is_empty(), "{}: {ours:?}", remote.name);
        // A check that finds nothing in the published pattern would prove nothing here.
        assert!(leaks >= 5, "{}: {leaks}", remote.name);
    }
}

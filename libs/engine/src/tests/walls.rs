//! The second wall and the leaf, with the guard out of the way: plans that it would never let through.

use super::fixture::*;
use crate::interrupt::Interrupt;
use crate::leaf::{ScopedExec, ScopedTable};
use crate::scan::ScopedScan;
use crate::{session, wall};
use arrow::array::{ArrayRef, Int32Array, StringArray};
use arrow::datatypes::DataType as Arrow;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{
    Expr, LogicalPlan, TableProviderFilterPushDown, cast, col, lit, not, try_cast,
};
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::sql::parser::DFParser;
use splitplane_split_plane::{ColumnMask, ScopedColumn};
use splitplane_types::DataType;
use std::collections::BTreeSet;
use std::ops::Div as _;
use std::path::Path;
use std::sync::Arc;

fn table(folder: &Path) -> Arc<dyn TableProvider> {
    let tanks =
        relation("tanks", vec![column("fish", None), column("tank", None)], keys(&["tenant"], &[&["t1"]]));
    let scan = ScopedScan::new(&warehouse(folder), &tanks).unwrap();
    let threads = crate::threads::Threads::new(1, 1 << 20).unwrap();
    Arc::new(ScopedTable::new(scan, threads.activity().clone(), Interrupt::default()))
}

fn state(folder: &Path) -> SessionState {
    let schema = table(folder).schema();
    let foreign: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(schema, vec![vec![]]).unwrap());
    let relations = vec![("tanks".to_owned(), table(folder)), ("raw".to_owned(), foreign)];
    session::sandbox(relations).unwrap()
}

async fn plan(state: &SessionState, sql: &str) -> Result<LogicalPlan, datafusion::error::DataFusionError> {
    let statement = DFParser::parse_sql(sql).unwrap().pop_front().unwrap();
    state.statement_to_plan(statement).await
}

async fn physical(state: &SessionState, sql: &str) -> Arc<dyn ExecutionPlan> {
    state.create_physical_plan(&plan(state, sql).await.unwrap()).await.unwrap()
}

fn world() -> tempfile::TempDir {
    let folder = folder();
    csv(folder.path(), "tanks.csv", "tenant,tank,fish\nt1,7,eel\nt2,7,ray\n");
    folder
}

#[tokio::test]
async fn what_is_not_on_the_list_is_refused_whatever_the_guard_says() {
    let folder = world();
    let state = state(folder.path());
    let relations: BTreeSet<String> = ["tanks".to_owned(), "raw".to_owned()].into();
    let refused = async |sql: &str| match plan(&state, sql).await {
        Ok(plan) => wall::check_logical(&plan, &relations).is_err(),
        Err(_unknown) => true,
    };
    assert!(!refused("SELECT fish, count(*) FROM tanks GROUP BY fish").await);
    for sql in [
        "SELECT fish FROM raw",
        "SELECT fish FROM tanks WHERE tank IN (SELECT tank FROM raw)",
        "SELECT (SELECT max(fish) FROM raw) FROM tanks",
        "VALUES (1)",
        "SELECT * FROM (VALUES (1)) v",
        "EXPLAIN SELECT fish FROM tanks",
        "EXPLAIN ANALYZE SELECT fish FROM tanks",
        "DESCRIBE tanks",
        "SHOW TABLES",
        "SHOW ALL",
        "SET datafusion.execution.batch_size = 1",
        "CREATE TABLE x AS SELECT fish FROM tanks",
        "CREATE VIEW x AS SELECT fish FROM tanks",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "INSERT INTO tanks SELECT fish, tank FROM tanks",
        "COPY tanks TO '/tmp/x.csv'",
        "PREPARE p AS SELECT 1",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
        "SELECT * FROM range(5)",
        "SELECT * FROM generate_series(1, 5)",
        "SELECT * FROM unnest([1, 2])",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'file:///etc/passwd'",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM sandbox.information_schema.columns",
        "SELECT version()",
        "SELECT now()",
        "SELECT random()",
        "SELECT uuid()",
        "SELECT repeat('a', 1000000000)",
        "SELECT arrow_cast('1', 'Int32')",
        "SELECT struct(fish) FROM tanks",
        "SELECT $1",
        "SELECT @variable",
        "SELECT @@version",
    ] {
        assert!(refused(sql).await, "{sql}");
    }
    let only_tanks = ["tanks".to_owned()].into();
    assert!(wall::check_logical(&plan(&state, "SELECT fish FROM tanks").await.unwrap(), &only_tanks).is_ok());
    assert!(
        wall::check_logical(&plan(&state, "SELECT fish FROM tanks").await.unwrap(), &BTreeSet::new())
            .is_err()
    );
}

#[tokio::test]
async fn a_physical_plan_reads_from_scopes_alone() {
    let folder = world();
    let state = state(folder.path());
    assert!(wall::check_physical(&physical(&state, "SELECT fish FROM tanks").await).is_ok());
    assert!(wall::check_physical(&physical(&state, "SELECT 1 AS one").await).is_ok());
    assert!(
        wall::check_physical(
            &physical(&state, "SELECT r.fish FROM raw r JOIN tanks t ON r.tank = t.tank").await
        )
        .is_err()
    );
}

/// Each is something that some optimizer would like to put beneath a scan.
const PUSHED: [&str; 8] = [
    "SELECT fish FROM tanks WHERE CAST(tank AS INT) > 0",
    "SELECT fish FROM tanks WHERE tank = '7'",
    "SELECT fish FROM tanks LIMIT 1",
    "SELECT fish FROM tanks ORDER BY tank LIMIT 1",
    "SELECT CAST(tank AS INT) AS n FROM tanks",
    "SELECT max(tank) AS m, count(*) AS n FROM tanks",
    "SELECT a.fish FROM tanks a JOIN tanks b ON a.tank = b.tank WHERE b.fish = 'eel'",
    "SELECT DISTINCT fish FROM tanks WHERE tank IN (SELECT tank FROM tanks WHERE fish = 'cod')",
];

#[tokio::test]
async fn nothing_of_a_statement_goes_beneath_the_leaf() {
    let folder = world();
    let state = state(folder.path());
    for sql in PUSHED {
        let plan = physical(&state, sql).await;
        let text = displayable(plan.as_ref()).indent(true).to_string();
        let leaves: Vec<&str> =
            text.lines().map(str::trim).filter(|line| line.starts_with("ScopedExec")).collect();
        assert!(!leaves.is_empty(), "{sql}: {text}");
        // The leaf's own words: it has nothing to say about filters, limits, orders or expressions.
        assert!(leaves.iter().all(|line| *line == "ScopedExec"), "{sql}: {text}");
        wall::check_physical(&plan).unwrap();
    }
    let filtered = displayable(physical(&state, PUSHED[0]).await.as_ref()).indent(true).to_string();
    assert!(filtered.contains("FilterExec"), "{filtered}");
}

#[tokio::test]
async fn the_leaf_shows_columns_and_nothing_else() {
    let folder = world();
    let table = table(folder.path());
    assert!(
        table.statistics().is_none() && table.constraints().is_none() && table.get_logical_plan().is_none()
    );
    let state = state(folder.path());
    let leaf = table.scan(&state, None, &[col("tank").eq(lit("7"))], Some(1)).await.unwrap();
    assert!(leaf.is::<ScopedExec>() && leaf.children().is_empty());
    assert!(leaf.fetch().is_none() && leaf.with_fetch(Some(1)).is_none() && !leaf.supports_limit_pushdown());
    let known = leaf.properties();
    assert!(known.output_ordering().is_none() && known.output_partitioning().partition_count() == 1);
    // An error of someone's plan, or `EXPLAIN`, could print the leaf: no scope, no file, no count.
    let shown = displayable(leaf.as_ref()).indent(true).to_string();
    assert_eq!(shown.trim(), "ScopedExec");
}

/// A relation with columns of every kind: as they are, declared otherwise, masked, computed.
fn kinds(folder: &Path) -> Arc<dyn TableProvider> {
    let text = |values: [&str; 2]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let number: ArrayRef = Arc::new(Int32Array::from(vec![1, 2]));
    let columns = vec![
        ("tenant", text(["t1", "t2"])),
        ("plain", text(["a", "b"])),
        ("number", number),
        ("digits", text(["1", "x"])),
    ];
    parquet(folder, "kinds.parquet", columns);
    let columns = vec![
        column("plain", None),
        column("number", Some(DataType::Integer)),
        ScopedColumn { name: "declared".to_owned(), ..column("digits", Some(DataType::Integer)) },
        ScopedColumn { name: "hidden".to_owned(), ..masked("plain", ColumnMask::Null) },
        ScopedColumn { name: "ending".to_owned(), ..masked("plain", ColumnMask::Last(1)) },
        computed("half", "number / 2", Some(DataType::Float)),
    ];
    let kinds = relation("kinds", columns, keys(&["tenant"], &[&["t1"]]));
    let scan = ScopedScan::new(&warehouse(folder), &kinds).unwrap();
    let threads = crate::threads::Threads::new(1, 1 << 20).unwrap();
    Arc::new(ScopedTable::new(scan, threads.activity().clone(), Interrupt::default()))
}

#[tokio::test]
async fn only_a_column_as_it_is_compared_with_a_literal_goes_beneath_the_leaf() {
    let folder = folder();
    let table = kinds(folder.path());
    let goes = |filter: Expr| {
        table.supports_filters_pushdown(&[&filter]).unwrap() == [TableProviderFilterPushDown::Exact]
    };
    for filter in [
        col("plain").eq(lit("a")),
        lit("a").lt(col("plain")),
        col("plain").lt_eq(lit("a")),
        col("number").gt(lit(1_i64)),
        col("number").gt_eq(lit(1_i64)),
        col("number").between(lit(1_i64), lit(2_i64)),
        col("plain").in_list(vec![lit("a"), lit("b")], false),
        col("plain").in_list(vec![lit("a")], true),
        col("plain").is_null(),
        col("number").is_not_null(),
        // Read by a conversion that may fail: that runs first, on the rows of the scope.
        col("declared").eq(lit(1_i64)),
        col("declared").is_null(),
    ] {
        assert!(goes(filter.clone()), "{filter}");
    }
    for filter in [
        // Masked or computed.
        col("hidden").is_null(),
        col("hidden").eq(lit("a")),
        col("ending").eq(lit("a")),
        col("half").gt(lit(0.5)),
        col("half").is_null(),
        // Of another type, and so converted by someone.
        col("number").eq(lit("1")),
        col("number").eq(lit(1_i32)),
        col("plain").eq(lit(1_i64)),
        cast(col("plain"), Arrow::Int64).gt(lit(0_i64)),
        try_cast(col("plain"), Arrow::Int64).is_null(),
        // No single column and literal.
        col("plain").eq(col("plain")),
        (col("number") + lit(1_i64)).eq(lit(2_i64)),
        lit(10_i64).div(col("number")).gt(lit(1_i64)),
        col("number").eq(lit(1_i64)).or(col("plain").eq(lit("a"))),
        not(col("plain").eq(lit("a"))),
        col("plain").like(lit("a%")),
        col("plain").not_eq(lit("a")),
        col("number").in_list(vec![lit(10_i64).div(lit(0_i64))], false),
        col("number").between(lit(1_i64), col("number")),
        lit(true),
    ] {
        assert!(!goes(filter.clone()), "{filter}");
    }
}

/// Statement, and what of it is still evaluated above the leaf.
const EVALUATED_ABOVE: [(&str, bool); 8] = [
    ("SELECT fish FROM tanks WHERE tank = '7'", false),
    ("SELECT fish FROM tanks WHERE '7' >= tank AND fish IN ('eel', 'cod') AND fish IS NOT NULL", false),
    ("SELECT fish FROM tanks WHERE tank = '7' AND CAST(tank AS INT) > 0", true),
    ("SELECT fish FROM tanks WHERE tank = '7' OR fish = 'eel'", true),
    ("SELECT fish FROM tanks WHERE substr(tank, 1, 9) = '7'", true),
    ("SELECT fish FROM tanks WHERE tank LIKE '7%'", true),
    ("SELECT fish FROM tanks WHERE tank < fish", true),
    ("SELECT fish FROM tanks WHERE 10 / CAST(tank AS INT) > 1", true),
];

#[tokio::test]
async fn a_filter_stays_above_the_leaf_unless_it_is_such_a_comparison() {
    let folder = world();
    let state = state(folder.path());
    for (sql, above) in EVALUATED_ABOVE {
        let text = displayable(physical(&state, sql).await.as_ref()).indent(true).to_string();
        assert_eq!(text.contains("FilterExec"), above, "{sql}: {text}");
    }
}

#[tokio::test]
async fn branches_of_a_union_are_one_partition_read_in_order() {
    let folder = world();
    let state = state(folder.path());
    for sql in [
        "SELECT fish FROM tanks UNION ALL SELECT tank FROM tanks",
        "SELECT count(*) AS n FROM (SELECT fish FROM tanks UNION ALL SELECT tank FROM tanks) u",
        "SELECT fish FROM tanks UNION SELECT tank FROM tanks ORDER BY fish",
    ] {
        let plan = physical(&state, sql).await;
        let text = displayable(plan.as_ref()).indent(true).to_string();
        assert!(text.contains("InOrderExec"), "{sql}: {text}");
        for chance in ["CoalescePartitions", "Repartition", "SortPreservingMerge"] {
            assert!(!text.contains(chance), "{sql}: {text}");
        }
        wall::check_physical(&plan).unwrap();
    }
}

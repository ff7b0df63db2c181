//! What statements give: masks, chains, types, arithmetic, lookups and grants.

use super::fixture::*;
use crate::{Engine, EngineError, GrantsRequest, Lookup, Match};
use arrow::array::{Int64Array, StringArray};
use splitplane_split_plane::{ColumnMask, ScopeValue, SecurityPlane};
use splitplane_types::{Cell, DataType};
use std::sync::Arc;

const TANKS: &str = "tenant,tank,fish,phone,price,secret\nt1,7,eel,5550001234,10.50,x\nt2,7,ray,5559990000,99,raw\nt1,8,cod,12,0.25,y\nt1,7,,,,z\n";

#[tokio::test]
async fn only_the_callers_tuples_are_there() {
    let folder = folder();
    csv(folder.path(), "tanks.csv", TANKS);
    let columns =
        || vec![column("tank", None), column("fish", None), column("price", Some(DataType::Decimal))];
    let tanks = |tuples: &[&[&str]]| [relation("tanks", columns(), keys(&["tenant", "tank"], tuples))];
    let all = "SELECT fish, price FROM tanks ORDER BY price NULLS LAST";
    assert_eq!(rows(folder.path(), &tanks(&[&["t1", "7"]]), all).await, ["eel|10.500000", "NULL|NULL"]);
    assert_eq!(rows(folder.path(), &tanks(&[&["t2", "7"]]), all).await, ["ray|99.000000"]);
    assert_eq!(rows(folder.path(), &tanks(&[]), "SELECT count(*) AS n FROM tanks").await, ["0"]);
}

#[tokio::test]
async fn masked_values_are_gone_before_a_statement_sees_them() {
    let folder = folder();
    csv(folder.path(), "tanks.csv", TANKS);
    let columns =
        vec![masked("phone", ColumnMask::Last(4)), masked("secret", ColumnMask::Null), column("fish", None)];
    let tanks = [relation("tanks", columns, keys(&["tenant"], &[&["t1"]]))];
    let shown =
        rows(folder.path(), &tanks, "SELECT phone, secret FROM tanks ORDER BY phone NULLS LAST").await;
    assert_eq!(shown, ["**|NULL", "******1234|NULL", "NULL|NULL"]);
    for probe in [
        "phone = '5550001234'",
        "phone LIKE '555%'",
        "secret = 'x'",
        "secret IS NOT NULL",
        "length(secret) = 1",
    ] {
        let sql = format!("SELECT count(*) AS n FROM tanks WHERE {probe}");
        assert_eq!(rows(folder.path(), &tanks, &sql).await, ["0"], "{probe}");
    }
    let sql = "SELECT concat(phone, '!') AS a, count(*) AS n, max(fish) AS f FROM tanks GROUP BY concat(phone, '!')";
    let result = run(folder.path(), &tanks, sql).await.unwrap();
    let flags: Vec<bool> = result.table.columns.iter().map(|column| column.masked).collect();
    assert_eq!(flags, [true, false, false]);
}

#[tokio::test]
async fn a_chain_of_relationships_leads_to_the_tenant() {
    let folder = folder();
    csv(folder.path(), "halls.csv", "hall,tenant\nh1,t1\nh2,t2\n");
    csv(folder.path(), "tanks.csv", "tank,hall\n1,h1\n2,h2\n3,h1\n4,\n");
    csv(folder.path(), "fish.csv", "name,tank\neel,1\nray,2\ncod,3\ncod,3\nghost,\nlost,9\n");
    let halls = keys(&["tenant"], &[&["t1"]]);
    let scope = through("tanks", through("halls", halls, "hall", "hall"), "tank", "tank");
    let fish = [relation("fish", vec![column("name", None)], scope)];
    assert_eq!(
        rows(folder.path(), &fish, "SELECT name FROM fish ORDER BY name").await,
        ["cod", "cod", "eel"]
    );
}

#[tokio::test]
async fn keys_of_both_sides_meet_in_any_width_and_in_text() {
    let folder = folder();
    let ids = Arc::new(arrow::array::Int32Array::from(vec![1, 2, 10]));
    let tenants = Arc::new(StringArray::from(vec!["t1", "t2", "t1"]));
    parquet(folder.path(), "tanks.parquet", vec![("id", ids), ("tenant", tenants)]);
    csv(folder.path(), "fish.csv", "name,tank\neel,1\nray,2\nfake,01\ncod,10\n");
    let scope = through("tanks", keys(&["tenant"], &[&["t1"]]), "tank", "id");
    let fish = [relation("fish", vec![column("name", None)], scope)];
    assert_eq!(rows(folder.path(), &fish, "SELECT name FROM fish ORDER BY name").await, ["cod", "eel"]);
}

#[tokio::test]
async fn division_is_that_of_databricks() {
    let folder = folder();
    csv(folder.path(), "n.csv", "a,b,d,z\n5,2,7.00,0\n");
    let integer = |name| column(name, Some(DataType::Integer));
    let columns = vec![integer("a"), integer("b"), column("d", Some(DataType::Decimal)), integer("z")];
    let n = [relation("n", columns, public())];
    let one = async |sql: &str| rows(folder.path(), &n, sql).await.join(";");
    assert_eq!(one("SELECT a / b AS x FROM n").await, "2.5");
    assert_eq!(one("SELECT sum(a) / count(*) AS x FROM n").await, "5.0");
    assert_eq!(one("SELECT a / nullif(z, 0) AS x FROM n").await, "NULL");
    assert_eq!(one("SELECT CASE WHEN z <> 0 THEN a / z ELSE -1 END AS x FROM n").await, "-1.0");
    assert!(one("SELECT d / 2 AS x FROM n").await.starts_with("3.5000"));
    for sql in [
        "a / z",
        "d / z",
        "a % z",
        "CAST(a AS DOUBLE) / z",
        "CAST(a AS DOUBLE) % z",
        "a / (b - b)",
        "CAST(concat(a, 'x') AS INT)",
    ] {
        let failed = run(folder.path(), &n, &format!("SELECT {sql} AS x FROM n")).await;
        assert!(matches!(failed, Err(EngineError::Data { .. })), "{sql}: {failed:?}");
    }
}

#[tokio::test]
async fn columns_the_owner_computes_are_exact_and_see_scoped_rows_alone() {
    let folder = folder();
    let cents = Arc::new(Int64Array::from(vec![1_250, 99, 0]));
    let tenants = Arc::new(StringArray::from(vec!["t1", "t1", "t2"]));
    parquet(folder.path(), "sales.parquet", vec![("Cents", cents), ("tenant", tenants)]);
    let columns = vec![
        computed("amount", "sales.cents / 100.0", Some(DataType::Decimal)),
        computed("inverse", "100 / cents", Some(DataType::Float)),
    ];
    let sales = [relation("sales", columns, keys(&["tenant"], &[&["t1"]]))];
    assert_eq!(rows(folder.path(), &sales, "SELECT sum(amount) AS s FROM sales").await, ["13.490000"]);
    // The other tenant's zero would make this fail.
    assert_eq!(rows(folder.path(), &sales, "SELECT max(inverse) AS m FROM sales").await, ["1.0101010101"]);
    let unknown = [relation("sales", vec![computed("x", "tenants", None)], keys(&["tenant"], &[&["t1"]]))];
    assert!(matches!(
        run(folder.path(), &unknown, "SELECT x FROM sales").await,
        Err(EngineError::Plan { .. })
    ));
}

#[tokio::test]
async fn branches_of_a_union_come_in_order() {
    let folder = folder();
    let ids: Int64Array = (0..20_000).collect();
    parquet(folder.path(), "a.parquet", vec![("id", Arc::new(ids))]);
    let a = [relation("a", vec![column("id", Some(DataType::Integer))], public())];
    let sql = "SELECT id FROM a UNION ALL SELECT id + 20000 FROM a UNION ALL SELECT id + 40000 FROM a";
    let result = run(folder.path(), &a, sql).await.unwrap();
    let ids: Vec<Cell> = result.table.rows.into_iter().flatten().collect();
    // The guard may add an order of its own; without one, branches follow each other.
    assert_eq!(ids, (0..60_000).map(Cell::Integer).collect::<Vec<_>>());
}

#[tokio::test]
async fn lookups_find_values_without_regard_to_case_in_scope_alone() {
    let folder = folder();
    csv(
        folder.path(),
        "tanks.csv",
        "tenant,fish,hall,phone\nt1,Émile,North,1\nt1,émile ,South,2\nt2,ÉMILE,East,3\nt1,cod,North,4\nt1,,West,5\n",
    );
    let columns = vec![
        column("fish", None),
        column("hall", None),
        masked("phone", ColumnMask::Null),
        masked("tenant", ColumnMask::Last(1)),
    ];
    let plane = SecurityPlane::new(vec![relation("tanks", columns, keys(&["tenant"], &[&["t1"]]))]).unwrap();
    let plane = Arc::new(plane);
    let engine = engine(folder.path());
    let find = async |columns: &[&str], matching: Vec<Match>, limit| {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let lookup = Lookup {
            plane: Arc::clone(&plane),
            relation: "tanks".to_owned(),
            columns,
            matching,
            limit,
            transaction: None,
        };
        let found = engine.lookup(lookup).await.unwrap();
        found.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect::<Vec<_>>()
    };
    let phrase =
        |column: &str, phrase: &str| Match::Phrase { column: column.to_owned(), phrase: phrase.to_owned() };
    let cell = |text: &str| Cell::Text(text.to_owned());
    assert_eq!(find(&["fish"], vec![phrase("fish", " éMILE")], 9).await, ["Émile", "émile "]);
    assert_eq!(find(&["hall"], vec![], 9).await, ["North", "South", "West"]);
    assert_eq!(find(&["hall"], vec![], 2).await, ["North", "South"]);
    let exactly = Match::Exactly { column: "hall".to_owned(), value: cell("North") };
    assert_eq!(find(&["fish"], vec![exactly.clone()], 9).await, ["cod", "Émile"]);
    let others = Match::NoneOf { column: "fish".to_owned(), values: vec![cell("cod")] };
    assert_eq!(find(&["fish", "hall"], vec![exactly, others.clone()], 9).await, ["Émile|North"]);
    assert_eq!(find(&["hall"], vec![others], 9).await, ["North", "South"]);
    assert_eq!(find(&["hall", "phone"], vec![], 1).await, ["North|NULL"]);
    assert_eq!(find(&["hall"], vec![phrase("phone", "1")], 9).await, Vec::<String>::new());
    // Not even by what is shown of it.
    assert_eq!(find(&["tenant"], vec![], 9).await, ["*1"]);
    assert_eq!(find(&["hall"], vec![phrase("tenant", "*1")], 9).await, Vec::<String>::new());
    assert_eq!(find(&["hall"], vec![phrase("hall", "East")], 9).await, Vec::<String>::new());
}

#[tokio::test]
async fn grants_are_typed_exact_and_read_anew() {
    let folder = folder();
    let request = || GrantsRequest {
        source: "grants".to_owned(),
        identity: vec![("tenant".to_owned(), "t1".to_owned()), ("keeper".to_owned(), "ann".to_owned())],
        yields: vec!["tank".to_owned(), "since".to_owned()],
        transaction: None,
    };
    let write = |keepers: Vec<&str>| {
        let n = keepers.len();
        let tanks = Int64Array::from(
            (0..n).map(|i| (i != 3).then(|| 9 - i64::try_from(i).unwrap())).collect::<Vec<_>>(),
        );
        let since = arrow::array::Date32Array::from(vec![20_000; n]);
        let tenants = StringArray::from((0..n).map(|i| if i == 2 { "t2" } else { "t1" }).collect::<Vec<_>>());
        let keepers = StringArray::from(keepers);
        let columns: Vec<(&str, arrow::array::ArrayRef)> = vec![
            ("tank", Arc::new(tanks)),
            ("since", Arc::new(since)),
            ("tenant", Arc::new(tenants)),
            ("keeper", Arc::new(keepers)),
        ];
        parquet(folder.path(), "grants.parquet", columns);
        refresh(folder.path());
    };
    let engine = engine(folder.path());
    write(vec!["ann", "Ann", "ann", "ann", "ann", "ann "]);
    let day = || ScopeValue::Date("2024-10-04".to_owned());
    let granted = engine.read_grants(request()).await.unwrap();
    assert_eq!(granted, [vec![ScopeValue::Integer(5), day()], vec![ScopeValue::Integer(9), day()]]);
    write(vec!["bob"]);
    assert_eq!(engine.read_grants(request()).await.unwrap(), Vec::<Vec<ScopeValue>>::new());
    std::fs::write(folder.path().join("grants.parquet"), "not a Parquet file").unwrap();
    refresh(folder.path());
    assert!(matches!(engine.read_grants(request()).await, Err(EngineError::Warehouse { .. })));
    let nobody = GrantsRequest { identity: Vec::new(), ..request() };
    assert!(matches!(engine.read_grants(nobody).await, Err(EngineError::Plan { .. })));
}

#[tokio::test]
async fn whole_decimals_are_granted_as_numbers() {
    let folder = folder();
    let tanks = arrow::array::Decimal128Array::from(vec![7, 12]).with_precision_and_scale(38, 0).unwrap();
    let names = |name: &str| -> arrow::array::ArrayRef { Arc::new(StringArray::from(vec![name; 2])) };
    let columns: Vec<(&str, arrow::array::ArrayRef)> =
        vec![("tank", Arc::new(tanks)), ("tenant", names("t1"))];
    parquet(folder.path(), "grants.parquet", columns);
    let request = GrantsRequest {
        source: "grants".to_owned(),
        identity: vec![("tenant".to_owned(), "t1".to_owned())],
        yields: vec!["tank".to_owned()],
        transaction: None,
    };
    let granted = engine(folder.path()).read_grants(request).await.unwrap();
    assert_eq!(granted, [vec![ScopeValue::Integer(7)], vec![ScopeValue::Integer(12)]]);
}

/// The first query of a set operation says the names, not the types: what is computed from its columns is computed in
/// the types that all queries agree on.
#[tokio::test]
async fn columns_of_a_set_operation_are_computed_in_the_types_that_they_get() {
    let folder = folder();
    csv(folder.path(), "tanks.csv", TANKS);
    let columns = vec![column("tank", None), column("price", Some(DataType::Decimal))];
    let tanks = [relation("tanks", columns, keys(&["tenant"], &[&["t1"]]))];
    let of = |figure: &str, first: &str| {
        format!(
            "SELECT {figure} AS figure FROM (SELECT max(a) AS a, max(b) AS b FROM ({first} \
             UNION ALL SELECT max(price) AS a, min(price) AS b FROM tanks) AS parts) AS figures"
        )
    };
    let nulls = "SELECT CASE WHEN count(tank) < 0 THEN NULL END AS a, NULL AS b FROM tanks";
    let integers = "SELECT count(tank) - count(tank) AS a, count(tank) - count(tank) AS b FROM tanks";
    for (figure, expected) in [
        ("a - b", "10.250000"),
        ("a + b", "10.750000"),
        ("a * b", "2.625000000000"),
        ("a / b", "42.0000000000000000"),
        ("a % b", "0.000000"),
        ("a - b + 1", "11.250000"),
    ] {
        let found = rows(folder.path(), &tanks, &of(figure, nulls)).await;
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        assert!((number(&found[0]) - number(expected)).abs() < 1e-9, "{figure}: {found:?}");
    }
    assert_eq!(rows(folder.path(), &tanks, &of("a - b", integers)).await, ["10.250000"]);
}

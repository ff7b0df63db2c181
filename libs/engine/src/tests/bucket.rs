//! The same answers and the same silence over an object store that others have written, and over JSON lines.
//!
//! Over a store where `SPLITPLANE_S3` names one; the other suites then read from it as well.

use super::fixture::*;
use super::interference::over;
use super::mirror;
use crate::kit::Subjects;
use crate::kit::guarded::Guarded;
use crate::kit::interference::Check;
use crate::kit::subject::Subject;
use crate::kit::world::World;
use crate::{Engine, Warehouse};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use async_trait::async_trait;
use splitplane_split_plane::ScopedRelation;
use splitplane_types::DataType;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The engine over a copy in the object store.
#[derive(Debug)]
struct OverStore;

#[async_trait]
impl Subjects for OverStore {
    async fn over(
        &self,
        world: &World,
        folder: &Path,
    ) -> Result<Box<dyn Subject>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Box::new(Guarded::open(Arc::new(engine(folder)), world).await?))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_an_object_store_nothing_depends_on_the_rows_of_others() {
    if mirror::store().is_none() {
        return;
    }
    let report = over(Check::new(17, 175), OverStore).await;
    assert!(report.differences.is_empty(), "{report}\n{:#?}", report.differences);
    assert_eq!(report.probes, 175);
    assert!(report.storages.len() == 4 && report.shares.len() == 7, "{report}");
    println!("{report}");
}

/// The engine over a world whose CSV files were rewritten as JSON lines.
#[derive(Debug)]
struct OverLines;

#[async_trait]
impl Subjects for OverLines {
    async fn over(
        &self,
        world: &World,
        folder: &Path,
    ) -> Result<Box<dyn Subject>, Box<dyn std::error::Error + Send + Sync>> {
        let mut declared = BTreeMap::new();
        for entry in folder.read_dir()? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "csv") {
                let source = path.file_stem().unwrap().to_str().unwrap().to_owned();
                declared.insert(source, rewrite(&path));
            }
        }
        let warehouse = Warehouse::open(folder)?.declaring(declared);
        Ok(Box::new(Guarded::open(Arc::new(engine_over(warehouse)), world).await?))
    }
}

/// Rewrites a CSV file as JSON lines; gives the names in its header.
fn rewrite(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).unwrap();
    let format = arrow::csv::reader::Format::default().with_header(true);
    let (header, _) = format.infer_schema(std::fs::File::open(path).unwrap(), Some(0)).unwrap();
    let names: Vec<String> = header.fields().iter().map(|field| field.name().clone()).collect();
    let fields: Vec<_> = names
        .iter()
        .map(|name| arrow::datatypes::Field::new(name, arrow::datatypes::DataType::Utf8, true))
        .collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let mut lines = String::new();
    for batch in arrow::csv::ReaderBuilder::new(schema).with_header(true).build(file).unwrap() {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let mut object = serde_json::Map::new();
            for (name, column) in names.iter().zip(batch.columns()) {
                let texts = arrow::array::AsArray::as_string::<i32>(column);
                let is_null = arrow::array::Array::is_null(texts, row);
                // Every other NULL is written, every other left out.
                if !is_null {
                    object.insert(name.clone(), texts.value(row).into());
                } else if row % 2 == 0 {
                    object.insert(name.clone(), serde_json::Value::Null);
                }
            }
            lines += &format!("{}\n", serde_json::Value::Object(object));
        }
    }
    std::fs::write(path.with_extension("jsonl"), lines).unwrap();
    std::fs::remove_file(path).unwrap();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_json_lines_nothing_depends_on_the_rows_of_others() {
    let report = over(Check::new(23, 600), OverLines).await;
    assert!(report.differences.is_empty(), "{report}\n{:#?}", report.differences);
    let lines = report.storages.get(&crate::kit::world::Storage::Csv).copied().unwrap_or_default();
    assert!(lines >= 50, "{report}");
}

fn numbers(range: std::ops::Range<i64>) -> ArrayRef {
    Arc::new(range.collect::<Int64Array>())
}

fn declaring(folder: &Path, source: &str, names: &[&str]) -> Warehouse {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    warehouse(folder).declaring(BTreeMap::from([(source.to_owned(), names)]))
}

async fn answer(warehouse: &Warehouse, relation: &ScopedRelation, sql: &str) -> Vec<String> {
    let result = engine_over(warehouse.clone()).execute(statement(std::slice::from_ref(relation), sql)).await;
    let table = result.unwrap_or_else(|error| panic!("{sql}: {error:?}")).table;
    table.rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join("|")).collect()
}

#[tokio::test]
async fn json_lines_have_the_declared_columns_and_exact_numbers() {
    let folder = folder();
    let text = concat!(
        r#"{"tenant":"t1","price":0.1,"fish":"eel","extra":{"x":1}}"#,
        "\n",
        r#"{"tenant":"t1","price":"0.2","fish":null}"#,
        "\n",
        r#"{"tenant":"t2","price":"nonsense","fish":["x"]}"#,
        "\n",
        r#"{"tenant":"t1","price":123456789012345678901234.000001}"#,
        "\n",
    );
    std::fs::write(folder.path().join("n.jsonl"), text).unwrap();
    let warehouse = declaring(folder.path(), "n", &["tenant", "price", "fish", "later"]);
    let columns: Vec<_> = warehouse.columns("n").unwrap().into_iter().map(|column| column.name).collect();
    assert_eq!(columns, ["tenant", "price", "fish", "later"]);
    let columns = || {
        vec![
            column("price", Some(DataType::Decimal)),
            column("fish", None),
            column("later", Some(DataType::Integer)),
        ]
    };
    let n = |tenant: &str| relation("n", columns(), keys(&["tenant"], &[&[tenant]]));
    let sql = "SELECT sum(price) AS s, count(fish) AS f, count(later) AS l, count(*) AS c FROM n";
    assert_eq!(answer(&warehouse, &n("t1"), sql).await, ["123456789012345678901234.300001|1|0|3"]);
    // Somebody else's value is nobody's business but theirs.
    assert_eq!(answer(&warehouse, &n("t2"), "SELECT fish FROM n").await, [r#"["x"]"#]);
    let theirs = engine_over(warehouse.clone()).execute(statement(&[n("t2")], sql)).await;
    assert!(matches!(theirs, Err(crate::EngineError::Warehouse { .. })), "{theirs:?}");
    // A name that nobody has declared is not there, whatever the rows hold.
    let undeclared = relation("n", vec![column("extra", None)], public());
    let error = engine_over(warehouse).execute(statement(&[undeclared], "SELECT extra FROM n")).await;
    assert!(matches!(error, Err(crate::EngineError::Warehouse { .. })), "{error:?}");
    // Nor is anything there of a source of which nobody has declared anything.
    assert!(super::mirror::warehouse(folder.path()).columns("n").is_err());
}

#[tokio::test]
async fn folders_hold_json_lines_beside_csv_and_parquet() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("n").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("tenant=t1/a.jsonl", "{\"n\":1}\n{\"n\":2}\n");
    write("tenant=t1/b.csv", "n\n30\n");
    write("tenant=t1/c.ndjson", "\n{\"n\":\"400\"}");
    write("tenant=t2/a.jsonl", "broken");
    parquet(folder.path(), "n/tenant=t1/d.parquet", vec![("n", numbers(5_000..5_001))]);
    let warehouse = declaring(folder.path(), "n", &["n", "tenant"]);
    let n = |tenant: &str| {
        relation("n", vec![column("n", Some(DataType::Integer))], keys(&["tenant"], &[&[tenant]]))
    };
    let sql = "SELECT sum(n) AS s, count(*) AS c FROM n";
    assert_eq!(answer(&warehouse, &n("t1"), sql).await, ["5433|5"]);
    let broken = engine_over(warehouse).execute(statement(&[n("t2")], sql)).await.unwrap_err();
    assert_eq!(broken.to_string(), "source `n` of the warehouse cannot be read");
}

#[tokio::test]
async fn objects_that_are_encrypted_with_a_key_of_kms_are_read_like_others() {
    let Some(store) = mirror::store() else { return };
    let folder = folder();
    parquet(folder.path(), "n.parquet", vec![("id", numbers(0..1_000))]);
    let prefix = mirror::prefix_of(folder.path());
    store
        .put_encrypted(format!("{prefix}n.parquet"), std::fs::read(folder.path().join("n.parquet")).unwrap());
    store.put_encrypted(format!("{prefix}m.jsonl"), b"{\"id\":7}\n".to_vec());
    let warehouse = store.open(&prefix).declaring(BTreeMap::from([("m".to_owned(), vec!["id".to_owned()])]));
    let sum = |name: &str| format!("SELECT sum(id) AS s FROM {name}");
    for (name, expected) in [("n", "499500"), ("m", "7")] {
        let source = relation(name, vec![column("id", Some(DataType::Integer))], public());
        assert_eq!(answer(&warehouse, &source, &sum(name)).await, [expected]);
    }
    // Replaced while the engine lives: the next statement reads the next version.
    store.put_encrypted(format!("{prefix}m.jsonl"), b"{\"id\":8}\n".to_vec());
    let source = relation("m", vec![column("id", Some(DataType::Integer))], public());
    assert_eq!(answer(&warehouse, &source, &sum("m")).await, ["8"]);
}

#[tokio::test]
async fn a_listing_of_more_than_a_page_is_whole() {
    let Some(store) = mirror::store() else { return };
    let folder = folder();
    let prefix = mirror::prefix_of(folder.path());
    for tenant in 0..1_200 {
        store.put(format!("{prefix}n/tenant=t{tenant}/1.csv"), format!("a\n{tenant}\n").into_bytes());
    }
    let warehouse = store.open(&prefix);
    assert_eq!(warehouse.files("n").unwrap().len(), 1_200);
    let sql = "SELECT count(*) AS c, max(a) AS m FROM n";
    let columns = vec![column("a", Some(DataType::Integer))];
    let one = relation("n", columns, keys(&["tenant"], &[&["t1100"]]));
    let before = warehouse.requests();
    assert_eq!(answer(&warehouse, &one, sql).await, ["1|1100"]);
    // The folder of folders has two pages.
    println!("{} requests for one tenant of 1200", warehouse.requests() - before);
    assert!(warehouse.requests() - before <= 6, "{}", warehouse.requests() - before);
}

/// What one tenant's question costs over data that lies in folders by tenant, against everyone's.
#[tokio::test]
async fn a_tenants_question_costs_what_the_tenant_has() {
    let Some(store) = mirror::store() else { return };
    let (folder, tenants, rows) = (folder(), 50, 20_000_i64);
    for tenant in 0..tenants {
        let ids: Int64Array = (0..rows).map(|row| row * 7_919 % 104_729).collect();
        let words: StringArray =
            (0..rows).map(|row| Some(format!("{:024x}", i128::from(row) * 0x9e37_79b9_7f4a_7c15))).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![("id", Arc::new(ids)), ("word", Arc::new(words))];
        parquet(folder.path(), &format!("n/tenant=t{tenant}/1.parquet"), columns);
    }
    let warehouse = store.mirror(folder.path());
    let columns = || vec![column("id", None), column("word", None)];
    let mut cost = Vec::new();
    for (rows, sql) in [
        (keys(&["tenant"], &[&["t7"]]), "SELECT sum(id) AS s FROM n"),
        (keys(&["tenant"], &[&["t7"]]), "SELECT sum(id) AS s, max(word) AS m FROM n"),
        (public(), "SELECT sum(id) AS s, max(word) AS m FROM n"),
    ] {
        let before = (warehouse.bytes_read(), warehouse.requests());
        answer(&warehouse, &relation("n", columns(), rows), sql).await;
        cost.push((warehouse.bytes_read() - before.0, warehouse.requests() - before.1));
        println!("{sql}: {} bytes, {} requests", cost.last().unwrap().0, cost.last().unwrap().1);
    }
    let [narrow, own, all] = cost[..] else { panic!() };
    assert!(narrow.0 < own.0 && own.0 * tenants < all.0 * 3 / 2 && own.1 < 10, "{cost:?}");
}

//! Files: folders, types, drift, corruption; and batches that are the caller's alone.

use super::fixture::*;
use super::orchards::{self as world, Share};
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use crate::{Engine, EngineError};
use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use splitplane_split_plane::ScopedRelation;
use splitplane_types::DataType;
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn strings(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn resolved(folder: &Path, relation: &ScopedRelation) -> Arc<ScopedScan> {
    Arc::new(ScopedScan::new(&warehouse(folder), relation).unwrap())
}

/// All columns of all rows, and the scan that read them.
fn read(scan: &Arc<ScopedScan>) -> Result<Vec<RecordBatch>, EngineError> {
    let wanted = (0..scan.schema().fields().len()).collect();
    scan.rows(wanted, &Tests::default(), unlimited())?.collect()
}

fn scan(folder: &Path, relation: &str) -> Vec<RecordBatch> {
    let plane = world::plane().unwrap();
    read(&resolved(folder, plane.relation(relation).unwrap())).unwrap()
}

#[test]
fn batches_have_the_same_edges_whatever_others_have() {
    let folder = folder();
    for (index, share) in Share::ALL.into_iter().enumerate() {
        for whole in [true, false] {
            let root = folder.path().join(format!("{index}-{whole}"));
            fs::create_dir(&root).unwrap();
            world::write(&root, share, whole).unwrap();
        }
        for relation in ["harvests", "baskets"] {
            let whole = scan(&folder.path().join(format!("{index}-true")), relation);
            let alone = scan(&folder.path().join(format!("{index}-false")), relation);
            assert_eq!(whole, alone, "{share:?}");
            let sizes: Vec<usize> = whole.iter().map(RecordBatch::num_rows).collect();
            let memory = |batches: &[RecordBatch]| {
                batches.iter().map(RecordBatch::get_array_memory_size).collect::<Vec<_>>()
            };
            assert_eq!(memory(&whole), memory(&alone), "{share:?}");
            match share {
                Share::Nothing => assert!(sizes.is_empty()),
                Share::OneRow => assert_eq!(sizes, [1]),
                Share::PerMille(_) => assert_eq!(sizes, [8_192, 1_808]),
            }
        }
    }
}

#[tokio::test]
async fn a_folder_is_read_by_partitions_and_another_tenants_file_is_not_even_opened() {
    let folder = folder();
    let write = |name: &str, fish: &[&str]| parquet(folder.path(), name, vec![("fish", strings(fish))]);
    write("tanks/tenant=t1/place=a%2Fb/2.parquet", &["cod"]);
    write("tanks/tenant=t1/place=a%2Fb/1.parquet", &["eel"]);
    write("tanks/tenant=t2/place=a%2Fb/1.parquet", &["ray"]);
    fs::create_dir_all(folder.path().join("tanks/tenant=t3")).unwrap();
    fs::write(folder.path().join("tanks/tenant=t3/broken.parquet"), "PAR1 and then nothing").unwrap();
    let tanks = |tenant: &str| {
        let columns = vec![column("fish", None), column("place", None)];
        [relation("tanks", columns, keys(&["tenant", "place"], &[&[tenant, "a/b"]]))]
    };
    let sql = "SELECT fish, place FROM tanks";
    assert_eq!(rows(folder.path(), &tanks("t1"), sql).await.len(), 2);
    assert_eq!(rows(folder.path(), &tanks("t2"), sql).await, ["ray|a/b"]);
    assert_eq!(rows(folder.path(), &tanks("t9"), sql).await, Vec::<String>::new());
    fs::write(folder.path().join("tanks/tenant=t1/place=a%2Fb/3.parquet"), "new and broken").unwrap();
    assert!(matches!(run(folder.path(), &tanks("t1"), sql).await, Err(EngineError::Warehouse { .. })));
}

#[tokio::test]
async fn a_type_is_never_taken_from_values() {
    let folder = folder();
    csv(folder.path(), "n.csv", "tenant,undeclared,declared\nt1,1,007\nt2,x,not a number\n");
    let columns = || vec![column("undeclared", None), column("declared", Some(DataType::Integer))];
    let of = |tenant: &str| [relation("n", columns(), keys(&["tenant"], &[&[tenant]]))];
    let result = run(folder.path(), &of("t1"), "SELECT undeclared, declared FROM n").await.unwrap();
    let types: Vec<DataType> = result.table.columns.iter().map(|column| column.data_type).collect();
    assert_eq!(types, [DataType::String, DataType::Integer]);
    // The caller whose own value is not of the declared type is told that the source cannot be read.
    let failed = run(folder.path(), &of("t2"), "SELECT undeclared, declared FROM n").await;
    assert!(matches!(failed, Err(EngineError::Warehouse { .. })), "{failed:?}");
    assert_eq!(rows(folder.path(), &of("t2"), "SELECT undeclared FROM n").await, ["x"]);
}

#[tokio::test]
async fn files_of_a_source_agree_or_it_cannot_be_read() {
    let folder = folder();
    parquet(folder.path(), "n/1.parquet", vec![("id", Arc::new(Int32Array::from(vec![1])))]);
    parquet(folder.path(), "n/2.parquet", vec![("id", Arc::new(Int64Array::from(vec![2])))]);
    let n = [relation("n", vec![column("id", None)], public())];
    assert_eq!(rows(folder.path(), &n, "SELECT sum(CAST(id AS INT)) AS s FROM n").await, ["3"]);
    parquet(folder.path(), "n/3.parquet", vec![("id", strings(&["3"]))]);
    assert!(matches!(run(folder.path(), &n, "SELECT id FROM n").await, Err(EngineError::Warehouse { .. })));
}

#[tokio::test]
async fn a_source_that_is_missing_or_torn_is_unreadable_and_says_no_more() {
    let folder = folder();
    let ids: Int64Array = (0..50_000).collect();
    parquet(folder.path(), "n.parquet", vec![("id", Arc::new(ids))]);
    let whole = fs::read(folder.path().join("n.parquet")).unwrap();
    let n = [relation("n", vec![column("id", Some(DataType::Integer))], public())];
    let sql = "SELECT sum(id) AS s FROM n";
    let engine = engine(folder.path());
    let ask = async || {
        refresh(folder.path());
        engine.execute(statement(&n, sql)).await
    };
    let whole_answer = ask().await.unwrap();
    assert_eq!(show(&whole_answer.table.rows[0][0]), "1249975000");
    let mut flipped = whole.clone();
    for byte in flipped.iter_mut().skip(4).take(200) {
        *byte ^= 0xff;
    }
    for torn in [&whole[..whole.len() / 2], &[], &flipped] {
        fs::write(folder.path().join("n.parquet"), torn).unwrap();
        let error = ask().await.unwrap_err();
        assert!(matches!(error, EngineError::Warehouse { .. }), "{error:?}");
        assert_eq!(error.to_string(), "source `n` of the warehouse cannot be read");
    }
    fs::remove_file(folder.path().join("n.parquet")).unwrap();
    assert!(matches!(ask().await, Err(EngineError::Warehouse { .. })));
    fs::write(folder.path().join("n.parquet"), whole).unwrap();
    assert_eq!(ask().await.unwrap().table, whole_answer.table);
}

#[test]
fn the_declared_schema_is_the_files() {
    let folder = folder();
    csv(folder.path(), "n.csv", "\u{feff}a,b\n1,2\n");
    parquet(folder.path(), "m/key=1/x.parquet", vec![("id", Arc::new(Int32Array::from(vec![1])))]);
    let warehouse = warehouse(folder.path());
    let columns = |source: &str| -> Vec<(String, DataType)> {
        warehouse.columns(source).unwrap().into_iter().map(|column| (column.name, column.data_type)).collect()
    };
    assert_eq!(columns("n"), [("a".to_owned(), DataType::String), ("b".to_owned(), DataType::String)]);
    assert_eq!(columns("m"), [("id".to_owned(), DataType::Integer), ("key".to_owned(), DataType::String)]);
    assert!(warehouse.has("m") && !warehouse.has("o"));
}

//! Files of one source that differ, and files that change: what a caller sees is of their own files, of
//! one version each.

use super::fixture::*;
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use crate::{EngineError, Warehouse};
use arrow::array::{
    ArrayRef, Decimal128Array, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use splitplane_split_plane::ScopedRelation;
use splitplane_types::DataType;
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn strings(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn integers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn small(values: &[i32]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn money(values: &[i128], precision: u8, scale: i8) -> ArrayRef {
    let values = Decimal128Array::from(values.to_vec());
    Arc::new(values.with_precision_and_scale(precision, scale).unwrap())
}

#[tokio::test]
async fn a_file_that_lacks_a_column_has_nulls_in_it() {
    let folder = folder();
    parquet(folder.path(), "n/1.parquet", vec![("id", integers(&[1])), ("note", strings(&["old"]))]);
    parquet(
        folder.path(),
        "n/2.parquet",
        vec![("late", small(&[7])), ("note", strings(&["new"])), ("id", small(&[2]))],
    );
    let n = [relation("n", vec![column("id", None), column("late", None), column("note", None)], public())];
    let all = rows(folder.path(), &n, "SELECT id, late, note FROM n ORDER BY id").await;
    assert_eq!(all, ["1|NULL|old", "2|7|new"]);
    // Also where a comparison of it goes below the boundary.
    assert_eq!(rows(folder.path(), &n, "SELECT id FROM n WHERE late IS NULL").await, ["1"]);
    assert_eq!(rows(folder.path(), &n, "SELECT id FROM n WHERE late = 7").await, ["2"]);
    let gone = [relation("n", vec![column("nowhere", None)], public())];
    assert!(matches!(
        run(folder.path(), &gone, "SELECT nowhere FROM n").await,
        Err(EngineError::Warehouse { .. })
    ));
}

#[tokio::test]
async fn a_file_that_lacks_a_column_of_the_scope_is_refused() {
    let folder = folder();
    parquet(folder.path(), "n/1.parquet", vec![("id", integers(&[1])), ("tenant", strings(&["t1"]))]);
    parquet(folder.path(), "n/2.parquet", vec![("id", integers(&[2]))]);
    let n = [relation("n", vec![column("id", None)], keys(&["tenant"], &[&["t1"]]))];
    assert!(matches!(run(folder.path(), &n, "SELECT id FROM n").await, Err(EngineError::Warehouse { .. })));
}

#[tokio::test]
async fn widths_of_one_family_meet_in_the_wider_and_other_families_are_refused() {
    let folder = folder();
    parquet(
        folder.path(),
        "n/1.parquet",
        vec![
            ("id", small(&[1])),
            ("fee", money(&[150], 6, 2)),
            ("x", Arc::new(Float32Array::from(vec![0.5]))),
        ],
    );
    parquet(
        folder.path(),
        "n/2.parquet",
        vec![
            ("id", integers(&[2])),
            ("fee", money(&[12_345], 12, 4)),
            ("x", Arc::new(Float64Array::from(vec![0.25]))),
        ],
    );
    let n = [relation("n", vec![column("id", None), column("fee", None), column("x", None)], public())];
    let sql = "SELECT sum(id) AS s, sum(fee) AS f, sum(x) AS x FROM n";
    assert_eq!(rows(folder.path(), &n, sql).await, ["3|2.7345|0.75"]);
    parquet(folder.path(), "n/3.parquet", vec![("id", strings(&["3"])), ("fee", money(&[1], 6, 2))]);
    assert!(matches!(run(folder.path(), &n, sql).await, Err(EngineError::Warehouse { .. })));
    // A declared type is the type, whatever a file has: here a text that is a number.
    let declared = [relation("n", vec![column("id", Some(DataType::Integer))], public())];
    assert_eq!(rows(folder.path(), &declared, "SELECT sum(id) AS s FROM n").await, ["6"]);
}

#[tokio::test]
async fn what_others_files_declare_is_nobodys_business() {
    let folder = folder();
    parquet(folder.path(), "n/tenant=t1/1.parquet", vec![("id", integers(&[1]))]);
    let n = |tenant: &str| [relation("n", vec![column("id", None)], keys(&["tenant"], &[&[tenant]]))];
    let alone = run(folder.path(), &n("t1"), "SELECT id FROM n").await.unwrap();
    parquet(folder.path(), "n/tenant=t2/1.parquet", vec![("id", strings(&["x"])), ("more", integers(&[1]))]);
    fs::create_dir_all(folder.path().join("n/tenant=t3")).unwrap();
    fs::write(folder.path().join("n/tenant=t3/1.parquet"), "broken").unwrap();
    assert_eq!(run(folder.path(), &n("t1"), "SELECT id FROM n").await.unwrap(), alone);
    // Whose folder is not there has no rows; that others have some changes nothing.
    let nobody = run(folder.path(), &n("t9"), "SELECT id FROM n").await.unwrap();
    for tenant in ["t1", "t2", "t3"] {
        fs::remove_dir_all(folder.path().join(format!("n/tenant={tenant}"))).unwrap();
    }
    assert_eq!(run(folder.path(), &n("t9"), "SELECT id FROM n").await.unwrap(), nobody);
    assert!(nobody.table.rows.is_empty());
}

#[tokio::test]
async fn folders_of_csv_are_read_by_partitions_too() {
    let folder = folder();
    for (name, text) in [
        ("tenant=t1/day=2026-01-02/a.csv", "fish,price\neel,1\n"),
        ("tenant=t1/day=2026-01-01/a.csv", "price,fish\n2,cod\n"),
        ("tenant=t2/day=2026-01-01/a.csv", "fish,price\nray,nonsense\n"),
        ("tenant=t3/day=2026-01-01/a.csv", "fish,fish\nx,y\n"),
    ] {
        let path = folder.path().join("tanks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let columns = || {
        vec![
            column("fish", None),
            column("price", Some(DataType::Integer)),
            column("day", Some(DataType::Date)),
        ]
    };
    let tanks = |tenant: &str| [relation("tanks", columns(), keys(&["tenant"], &[&[tenant]]))];
    let sql = "SELECT fish, price, day FROM tanks ORDER BY day";
    assert_eq!(rows(folder.path(), &tanks("t1"), sql).await, ["cod|2|2026-01-01", "eel|1|2026-01-02"]);
    assert!(matches!(run(folder.path(), &tanks("t2"), sql).await, Err(EngineError::Warehouse { .. })));
}

fn resolved(folder: &Path, relation: &ScopedRelation) -> Arc<ScopedScan> {
    Arc::new(ScopedScan::new(&warehouse(folder), relation).unwrap())
}

/// In a folder, whatever the other suites read.
fn on_disk(folder: &Path, relation: &ScopedRelation) -> Arc<ScopedScan> {
    Arc::new(ScopedScan::new(&Warehouse::open(folder).unwrap(), relation).unwrap())
}

fn read(scan: &Arc<ScopedScan>) -> Result<Vec<RecordBatch>, EngineError> {
    let wanted = (0..scan.schema().fields().len()).collect();
    scan.rows(wanted, &Tests::default(), unlimited())?.collect()
}

fn numbers(folder: &Path, name: &str, from: i64, rows: i64) {
    let ids: Int64Array = (from..from + rows).collect();
    let same: Int64Array = (0..rows).map(|_row| from).collect();
    parquet(folder, name, vec![("id", Arc::new(ids)), ("from", Arc::new(same))]);
}

#[test]
fn a_file_renamed_over_while_it_is_read_stays_the_version_that_was_opened() {
    let folder = folder();
    numbers(folder.path(), "n/1.parquet", 0, 60_000);
    let n = relation("n", vec![column("id", None), column("from", None)], public());
    let scan = on_disk(folder.path(), &n);
    let before = read(&scan).unwrap();
    let mut rows = scan.rows(vec![0, 1], &Tests::default(), unlimited()).unwrap();
    let first = rows.next().unwrap().unwrap();
    numbers(folder.path(), "next.parquet", 1_000_000, 90_000);
    fs::rename(folder.path().join("next.parquet"), folder.path().join("n/1.parquet")).unwrap();
    let rest: Result<Vec<RecordBatch>, _> = rows.collect();
    assert_eq!([vec![first], rest.unwrap()].concat(), before);
    // The next statement sees the next version, whole.
    let after = read(&on_disk(folder.path(), &n)).unwrap();
    assert_eq!(after.iter().map(RecordBatch::num_rows).sum::<usize>(), 90_000);
}

#[test]
fn a_file_rewritten_in_place_while_it_is_read_is_an_error_and_no_mixture() {
    let folder = folder();
    csv(folder.path(), "n.csv", &format!("id\n{}", "1\n".repeat(40_000)));
    let n = relation("n", vec![column("id", None)], public());
    let scan = resolved(folder.path(), &n);
    let mut rows = scan.rows(vec![0], &Tests::default(), unlimited()).unwrap();
    rows.next().unwrap().unwrap();
    csv(folder.path(), "n.csv", &format!("id\n{}", "2\n".repeat(50_000)));
    refresh(folder.path());
    let rest: Result<Vec<RecordBatch>, _> = rows.collect();
    assert!(matches!(rest, Err(EngineError::Warehouse { .. })));
}

#[test]
fn of_many_files_one_that_was_replaced_before_its_turn_is_an_error() {
    let folder = folder();
    for file in 0..70 {
        csv(folder.path(), &format!("{file:02}.csv"), "id\n1\n");
        fs::create_dir_all(folder.path().join("n")).unwrap();
        fs::rename(
            folder.path().join(format!("{file:02}.csv")),
            folder.path().join(format!("n/{file:02}.csv")),
        )
        .unwrap();
    }
    let n = relation("n", vec![column("id", None)], public());
    let scan = resolved(folder.path(), &n);
    assert_eq!(read(&scan).unwrap()[0].num_rows(), 70);
    csv(folder.path(), "next.csv", "id\n2\n");
    fs::rename(folder.path().join("next.csv"), folder.path().join("n/69.csv")).unwrap();
    refresh(folder.path());
    assert!(matches!(read(&scan), Err(EngineError::Warehouse { .. })));
}

#[tokio::test]
async fn how_someone_elses_file_is_written_changes_nothing() {
    let (alone, shared) = (folder(), folder());
    // Where `crates` is small, `note` is no number: whoever casts it there fails.
    let ours = || {
        let (crates, notes): (Vec<i64>, Vec<&str>) =
            (0..100).map(|row| if row % 2 == 0 { (9, "7") } else { (1, "none") }).unzip();
        vec![("tenant", strings(&["t1"; 100])), ("crates", integers(&crates)), ("note", strings(&notes))]
    };
    for folder in [&alone, &shared] {
        parquet(folder.path(), "n/1.parquet", ours());
    }
    let theirs =
        vec![("tenant", strings(&["t2"])), ("crates", strings(&["many"])), ("note", strings(&["x"]))];
    parquet(shared.path(), "n/2.parquet", theirs);
    let columns = vec![column("crates", Some(DataType::Integer)), column("note", Some(DataType::String))];
    let n = [relation("n", columns, keys(&["tenant"], &[&["t1"]]))];
    let sql = "SELECT count(*) AS c FROM n WHERE crates > 3 AND CAST(note AS INT) > 0";
    assert_eq!(rows(alone.path(), &n, sql).await, ["50"]);
    assert_eq!(rows(shared.path(), &n, sql).await, ["50"]);
}

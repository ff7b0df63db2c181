//! What is read: bytes follow the caller's rows, and what is left out changes nothing but bytes.

use super::fixture::*;
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use crate::{Engine, EngineError, Warehouse};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use splitplane_split_plane::ScopedRelation;
use splitplane_types::DataType;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

const OWN_ROWS: usize = 5_000;

/// Rows of tenants, one after the other; every value tells whose it is.
fn rows_of(tenants: &[(&str, usize)]) -> RecordBatch {
    let all = || tenants.iter().flat_map(|(tenant, rows)| std::iter::repeat_n(*tenant, *rows).enumerate());
    let number = |f: &dyn Fn(usize) -> i64| -> ArrayRef {
        Arc::new(all().map(|(row, _)| f(row)).collect::<Int64Array>())
    };
    let text = |f: &dyn Fn(usize, &str) -> String| -> ArrayRef {
        Arc::new(all().map(|(row, tenant)| Some(f(row, tenant))).collect::<StringArray>())
    };
    RecordBatch::try_from_iter(vec![
        ("tenant", text(&|_row, tenant| tenant.to_owned())),
        ("n", number(&|row| i64::try_from(row * 7_919 % 10_007).unwrap())),
        ("word", text(&|row, tenant| format!("{tenant} says {}", row * 31 % 997))),
        ("day", number(&|row| i64::try_from(row / 50).unwrap())),
    ])
    .unwrap()
}

fn write(path: &Path, batch: &RecordBatch, properties: WriterPropertiesBuilder) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn groups_of(rows: usize) -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows))
        .set_data_page_row_count_limit(500)
        .set_write_batch_size(100)
}

fn talk(tenant: &str) -> ScopedRelation {
    let columns = vec![
        column("n", Some(DataType::Integer)),
        column("word", None),
        column("day", Some(DataType::Integer)),
    ];
    relation("talk", columns, keys(&["tenant"], &[&[tenant]]))
}

fn resolved(folder: &Path, relation: &ScopedRelation) -> Arc<ScopedScan> {
    Arc::new(ScopedScan::new(&Warehouse::open(folder).unwrap(), relation).unwrap())
}

/// Rows of a full scan, and the bytes that it took.
fn read(folder: &Path, relation: &ScopedRelation) -> (usize, u64) {
    let scan = resolved(folder, relation);
    let wanted = (0..scan.schema().fields().len()).collect();
    let batches: Result<Vec<RecordBatch>, _> =
        scan.rows(wanted, &Tests::default(), unlimited()).unwrap().collect();
    (batches.unwrap().iter().map(RecordBatch::num_rows).sum(), scan.meter().bytes())
}

/// Bytes of what a file says of itself: its footer, and its index of pages.
fn own_words(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap();
    let length: [u8; 4] = bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap();
    let metadata = ArrowReaderMetadata::load(&File::open(path).unwrap(), ArrowReaderOptions::new()).unwrap();
    let chunks = metadata.metadata().row_groups().iter().flat_map(|group| group.columns());
    let index = chunks.map(|chunk| {
        u64::try_from(chunk.column_index_length().unwrap() + chunk.offset_index_length().unwrap()).unwrap()
    });
    u64::from(u32::from_le_bytes(length)) + 8 + index.sum::<u64>()
}

#[test]
fn bytes_read_stay_the_same_while_everyone_elses_rows_grow_a_hundredfold() {
    let (mut by_folder, mut in_one_file) = (Vec::new(), Vec::new());
    for times in [1, 10, 100] {
        let folder = folder();
        for (tenant, rows) in [("t0", OWN_ROWS * times), ("t1", OWN_ROWS), ("t2", OWN_ROWS * times)] {
            let rows = rows_of(&[(tenant, rows)]);
            let path = folder.path().join(format!("talk/tenant={tenant}/1.parquet"));
            write(&path, &rows.project(&[1, 2, 3]).unwrap(), groups_of(2_000));
        }
        by_folder.push(read(folder.path(), &talk("t1")));

        let folder = super::fixture::folder();
        let path = folder.path().join("talk.parquet");
        let rows = rows_of(&[("t0", OWN_ROWS * times), ("t1", OWN_ROWS), ("t2", OWN_ROWS * times)]);
        write(&path, &rows, groups_of(2_000));
        let (rows, bytes) = read(folder.path(), &talk("t1"));
        in_one_file.push((rows, bytes - own_words(&path)));
    }
    assert!(by_folder.iter().all(|seen| *seen == by_folder[0]), "{by_folder:?}");
    assert_eq!(by_folder[0].0, OWN_ROWS);
    // Beside the footer and the index, which every reader of a file must read: here row groups begin where
    // others' rows end, so at most one row group and its pages more or less.
    assert!(in_one_file.iter().all(|seen| seen.0 == OWN_ROWS), "{in_one_file:?}");
    let (least, most) = (
        in_one_file.iter().map(|seen| seen.1).min().unwrap(),
        in_one_file.iter().map(|seen| seen.1).max().unwrap(),
    );
    assert!(most < least + least / 5, "{in_one_file:?}");
}

#[test]
fn pages_of_others_in_a_shared_row_group_are_not_read() {
    let folder = folder();
    let path = folder.path().join("talk.parquet");
    // One row group for all; the caller has one row in a hundred. Dictionaries would be everyone's.
    let properties = groups_of(200_000).set_dictionary_enabled(false);
    write(&path, &rows_of(&[("t0", 50_000), ("t1", 1_000), ("t2", 50_000)]), properties);
    let (rows, bytes) = read(folder.path(), &talk("t1"));
    assert_eq!(rows, 1_000);
    let data = fs::metadata(&path).unwrap().len() - own_words(&path);
    let read = bytes - own_words(&path);
    assert!(read < data / 10, "{read} of {data}");
}

#[tokio::test]
async fn rows_are_the_same_whatever_a_file_says_of_itself() {
    let sql = "SELECT sum(n) AS s, count(*) AS c, min(word) AS a, max(word) AS z FROM talk";
    let mut seen = Vec::new();
    let tenants = [("t0", 3_000), ("t1", 2_500), ("t1 ", 700), ("t10", 900), ("T1", 900), ("t2", 10)];
    let dictionaries = |properties: WriterPropertiesBuilder, on| properties.set_dictionary_enabled(on);
    let statistics = |properties: WriterPropertiesBuilder, level| properties.set_statistics_enabled(level);
    for properties in [
        groups_of(100_000),
        groups_of(700),
        statistics(groups_of(700), EnabledStatistics::None),
        statistics(groups_of(700), EnabledStatistics::Chunk),
        dictionaries(groups_of(700), false),
        // Dictionaries that overflow in the middle of a chunk.
        groups_of(100_000).set_dictionary_page_size_limit(64),
        groups_of(100_000).set_statistics_truncate_length(Some(1)).set_column_index_truncate_length(Some(1)),
    ] {
        let folder = folder();
        write(&folder.path().join("talk.parquet"), &rows_of(&tenants), properties);
        seen.push(rows(folder.path(), &[talk("t1")], sql).await);
    }
    assert!(seen.iter().all(|rows| *rows == seen[0]), "{seen:?}");
    assert!(seen[0][0].contains("|2500|t1 says"), "{seen:?}");
}

#[tokio::test]
async fn what_others_have_in_a_shared_file_may_be_undecodable() {
    let folder = folder();
    let path = folder.path().join("talk.parquet");
    write(&path, &rows_of(&[("t0", 4_000), ("t1", 2_000), ("t2", 4_000)]), groups_of(2_000));
    let sql = "SELECT sum(n) AS s, max(word) AS w, count(*) AS c FROM talk WHERE day >= 3";
    let whole = rows(folder.path(), &[talk("t1")], sql).await;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
    let metadata = ArrowReaderMetadata::load(&File::open(&path).unwrap(), options).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    for (group, metadata) in metadata.metadata().row_groups().iter().enumerate() {
        if group != 2 {
            for chunk in metadata.columns() {
                let (start, length) = chunk.byte_range();
                let (start, end) =
                    (usize::try_from(start).unwrap(), usize::try_from(start + length).unwrap());
                bytes[start..end].fill(0xff);
            }
        }
    }
    fs::write(&path, bytes).unwrap();
    assert_eq!(rows(folder.path(), &[talk("t1")], sql).await, whole);
    let theirs = run(folder.path(), &[talk("t0")], sql).await;
    assert!(matches!(theirs, Err(EngineError::Warehouse { .. })), "{theirs:?}");
}

/// Comparisons, each of which some rows of the caller meet and some do not.
const COMPARISONS: [&str; 12] = [
    "n = 7919",
    "n < 500",
    "n >= 9000 AND day <= 30",
    "5000 > n",
    "n BETWEEN 100 AND 4000",
    "n NOT BETWEEN 100 AND 9000",
    "n IN (0, 7919, 5831)",
    "n NOT IN (0, 7919) AND day = 1",
    "word = 't1 says 31'",
    "word > 't1 says 5' AND word <= 't1 says 9'",
    "word IS NOT NULL AND n = 0",
    "word IS NULL",
];

#[tokio::test]
async fn a_comparison_means_below_the_boundary_what_it_means_above() {
    let folder = folder();
    let path = folder.path().join("talk.parquet");
    write(&path, &rows_of(&[("t0", 3_000), ("t1", 20_000), ("t2", 3_000)]), groups_of(6_000));
    let engine = engine(folder.path());
    for comparison in COMPARISONS {
        let mut answers = Vec::new();
        // A CASE is no comparison with a literal: it stays above.
        for filter in [comparison.to_owned(), format!("CASE WHEN {comparison} THEN 1 ELSE 0 END = 1")] {
            let sql = format!("SELECT n, word, day FROM talk WHERE {filter} ORDER BY n, word, day");
            let result = engine.execute(statement(&[talk("t1")], &sql)).await.unwrap();
            answers.push(result.table);
        }
        assert_eq!(answers[0], answers[1], "{comparison}");
        assert!(answers[0].rows.len() < 20_000, "{comparison}");
    }
}

#[test]
fn the_rows_that_a_comparison_leaves_are_cut_anew() {
    let folder = folder();
    let sizes = |tenants: &[(&str, usize)], group_rows| {
        let path = folder.path().join("talk.parquet");
        write(&path, &rows_of(tenants), groups_of(group_rows));
        let scan = resolved(folder.path(), &talk("t1"));
        let state = crate::session::expressions().unwrap();
        let filter = datafusion::logical_expr::col("n").lt(datafusion::logical_expr::lit(9_000_i64));
        let tests = Tests::new(&[filter], &|name| scan.comparable(name), &state).unwrap();
        let batches = scan.rows(vec![0, 1], &tests, unlimited()).unwrap();
        batches.map(Result::unwrap).collect::<Vec<RecordBatch>>()
    };
    let alone = sizes(&[("t1", 30_000)], 100_000);
    assert!(alone.len() > 2 && alone[0].num_rows() == 8_192 && alone[1].num_rows() == 8_192);
    assert_eq!(sizes(&[("t0", 999), ("t1", 30_000), ("t2", 77)], 5_000), alone);
}

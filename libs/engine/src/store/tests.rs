//! What an object store may do, and what a caller then sees.

use super::StoreError;
use crate::interrupt::Interrupt;
use crate::reading::{Meter, Reading};
use crate::tests::fixture::*;
use crate::tests::objects::{Fault, Objects};
use crate::warehouse::Format;
use crate::{Engine, EngineError};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use parquet::file::reader::ChunkReader;
use proptest::prelude::*;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are nowhere the same.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap()).collect()
}

fn reading(store: &Objects, source: &str, meter: &Meter) -> Reading {
    let warehouse = store.warehouse("").unwrap();
    let file = warehouse.files(source).unwrap().remove(0);
    let opened = warehouse.store().open(&file).unwrap();
    // The reading must not outlive the store whose threads it waits for.
    std::mem::forget(warehouse);
    Reading::of(opened, meter, &Interrupt::default())
}

fn parquet_bytes(rows: i64) -> Vec<u8> {
    let folder = folder();
    let ids: ArrayRef = Arc::new((0..rows).collect::<Int64Array>());
    let words: StringArray =
        (0..rows).map(|row| Some(format!("{:032x}", i128::from(row) * 0x9e37_79b9_7f4a))).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![("id", ids), ("word", Arc::new(words))];
    parquet(folder.path(), "n.parquet", columns);
    std::fs::read(folder.path().join("n.parquet")).unwrap()
}

fn failure(error: &EngineError) -> String {
    assert!(!format!("{error}").contains("SECRET"), "{error}");
    let EngineError::Warehouse { name, cause } = error else { panic!("{error:?}") };
    assert_eq!(error.to_string(), format!("source `{name}` of the warehouse cannot be read"));
    cause.to_string()
}

#[test]
fn a_listing_of_several_pages_is_whole_and_names_that_lead_elsewhere_are_passed_over() {
    let store = Objects::start();
    for key in [
        "raw/n/tenant=t1/1.parquet",
        "raw/n/tenant=t1/2.csv",
        "raw/n/tenant=t1/3.jsonl",
        "raw/n/tenant=t1/4.ndjson",
        "raw/n/tenant=t1/5.parquet",
        "raw/n/tenant=a%2Fb c/1.csv",
        "raw/n/tenant=\u{e9}\u{1}<&>/1.csv",
        "raw/n/tenant=t1/_SUCCESS",
        "raw/n/tenant=t1/.hidden.csv",
        "raw/n/tenant=t1/x.txt",
        "raw/n/",
        "raw/n//1.csv",
        "raw/n/../1.csv",
        "raw/n/./1.csv",
        "raw/n/tenant=t1//1.csv",
        "raw/n/plain/1.csv",
        "rawer/n/1.csv",
        "n/1.csv",
    ] {
        store.put(key, "a\n1\n");
    }
    let warehouse = store.warehouse("raw/").unwrap();
    let files: Vec<(String, Option<String>)> = warehouse
        .files("n")
        .unwrap()
        .into_iter()
        .map(|mut file| (file.name, file.partitions.pop().unwrap().1))
        .collect();
    let of = |name: &str, tenant: &str| (format!("n/tenant={name}"), Some(tenant.to_owned()));
    assert_eq!(
        files,
        [
            of("a%2Fb c/1.csv", "a/b c"),
            of("t1/1.parquet", "t1"),
            of("t1/2.csv", "t1"),
            of("t1/3.jsonl", "t1"),
            of("t1/4.ndjson", "t1"),
            of("t1/5.parquet", "t1"),
            of("\u{e9}\u{1}<&>/1.csv", "\u{e9}\u{1}<&>"),
        ]
    );
    for name in ["../n", "n/tenant=t1", "", "..", "rawer"] {
        assert!(!warehouse.has(name), "{name}");
    }
}

#[tokio::test]
async fn a_source_that_has_a_file_is_that_file_and_one_that_has_none_is_a_folder_perhaps_of_nobody() {
    let store = Objects::start();
    store.put("n/tenant=t1/1.csv", "a\n1\n");
    let names = |warehouse: &crate::Warehouse| -> Vec<(String, Format)> {
        let files = warehouse.files_where("n", &mut |_| Ok(true)).unwrap();
        files.into_iter().map(|file| (file.name, file.format)).collect()
    };
    let warehouse = store.warehouse("").unwrap();
    assert_eq!(names(&warehouse), [("n/tenant=t1/1.csv".to_owned(), Format::Csv)]);
    store.remove("n/tenant=t1/1.csv");
    // To whoever has no rows it is the same whether others have some.
    assert_eq!(names(&warehouse), []);
    assert!(!warehouse.has("n"));
    for (name, format) in [
        ("n.ndjson", Format::JsonLines),
        ("n.jsonl", Format::JsonLines),
        ("n.csv", Format::Csv),
        ("n.parquet", Format::Parquet),
    ] {
        store.put(name, "a\n1\n");
        store.put("n/tenant=t2/1.csv", "a\n1\n");
        assert_eq!(names(&warehouse), [(name.to_owned(), format)]);
    }
    // What was a file and is gone is missing: that is nobody's rows, but all of them.
    for end in ["ndjson", "jsonl", "csv", "parquet"] {
        store.remove(&format!("n.{end}"));
    }
    assert_eq!(names(&warehouse), [("n/tenant=t2/1.csv".to_owned(), Format::Csv)]);
    store.remove("n/tenant=t2/1.csv");
    assert!(warehouse.files_where("n", &mut |_| Ok(true)).is_err());
    store.put("n/tenant=t2/1.csv", "a\n1\n");
    // A folder that is named like a file is none.
    for name in ["n.ndjson", "n.jsonl", "n.csv", "n.parquet"] {
        store.put(&format!("{name}/x.csv"), "a\n1\n");
    }
    assert_eq!(names(&warehouse), [("n/tenant=t2/1.csv".to_owned(), Format::Csv)]);
}

#[tokio::test]
async fn only_folders_that_may_matter_are_listed() {
    let store = Objects::start();
    for tenant in 0..20 {
        store.put(&format!("n/tenant=t{tenant}/day=1/1.csv"), "a\n1\n");
    }
    let n = [relation("n", vec![column("a", None)], keys(&["tenant"], &[&["t7"]]))];
    let engine = engine_over(store.warehouse("").unwrap());
    store.asked();
    let result = engine.execute(statement(&n, "SELECT a FROM n")).await.unwrap();
    assert_eq!(result.table.rows.len(), 1);
    let asked = store.asked();
    assert!(
        asked.iter().all(|request| !request.contains("tenant=") || request.contains("tenant=t7/")),
        "{asked:?}"
    );
    assert!(asked.iter().any(|request| request.starts_with("get n/tenant=t7/day=1/1.csv")), "{asked:?}");
}

#[tokio::test]
async fn an_object_that_is_replaced_between_its_footer_and_its_data_is_an_error_and_no_mixture() {
    let store = Objects::start();
    store.put("n.parquet", parquet_bytes(60_000));
    let warehouse = store.warehouse("").unwrap();
    let n = relation("n", vec![column("id", None), column("word", None)], public());
    let scan = Arc::new(crate::scan::ScopedScan::new(&warehouse, &n).unwrap());
    let read = |scan: &Arc<crate::scan::ScopedScan>| -> Result<usize, EngineError> {
        let mut rows = 0;
        for batch in scan.rows(vec![0, 1], &crate::pushed::Tests::default(), unlimited())? {
            rows += batch?.num_rows();
        }
        Ok(rows)
    };
    assert_eq!(read(&scan).unwrap(), 60_000);
    store.put("n.parquet", parquet_bytes(61_000));
    assert!(failure(&read(&scan).unwrap_err()).contains("replaced"));
    // A store that does not know conditions gives the new object. Its length may be the same: its tag is another.
    store.put("n.parquet", parquet_bytes(60_000));
    store.fails("n.parquet", Fault::NoConditions, 1);
    let told = failure(&read(&scan).unwrap_err());
    assert!(told.contains("something else"), "{told}");
    store.remove("n.parquet");
    assert!(failure(&read(&scan).unwrap_err()).contains("not there any more"));
    // The next statement sees the next version, whole.
    store.put("n.parquet", parquet_bytes(61_000));
    let scan = Arc::new(crate::scan::ScopedScan::new(&warehouse, &n).unwrap());
    assert_eq!(read(&scan).unwrap(), 61_000);
}

#[test]
fn a_text_that_is_replaced_while_it_is_streamed_is_an_error_and_no_mixture() {
    let store = Objects::start();
    store.put("n.csv", format!("id\n{}", "11\n".repeat(400_000)));
    let warehouse = store.warehouse("").unwrap();
    let n = relation("n", vec![column("id", None)], public());
    let scan = Arc::new(crate::scan::ScopedScan::new(&warehouse, &n).unwrap());
    let mut rows = scan.rows(vec![0], &crate::pushed::Tests::default(), unlimited()).unwrap();
    rows.next().unwrap().unwrap();
    store.put("n.csv", format!("id\n{}", "22\n".repeat(400_000)));
    let rest: Result<Vec<_>, _> = rows.collect();
    assert!(failure(&rest.unwrap_err()).contains("replaced"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_asked_for_again_and_then_an_error() {
    let store = Objects::start();
    store.put("n.parquet", parquet_bytes(20_000));
    let n = [relation("n", vec![column("id", None)], public())];
    let engine = engine_over(store.warehouse("").unwrap());
    let sql = "SELECT count(*) AS c, sum(id) AS s FROM n";
    let whole = engine.execute(statement(&n, sql)).await.unwrap();
    store.fails("n.parquet", Fault::BreaksOff, 2);
    assert_eq!(engine.execute(statement(&n, sql)).await.unwrap().table, whole.table);
    store.fails("n.parquet", Fault::BreaksOff, 100);
    assert!(failure(&engine.execute(statement(&n, sql)).await.unwrap_err()).contains("failed"));
    store.fails("n.parquet", Fault::NoRanges, 1);
    assert!(failure(&engine.execute(statement(&n, sql)).await.unwrap_err()).contains("something else"));
    store.fails("n.parquet", Fault::Failure, 1);
    assert_eq!(engine.execute(statement(&n, sql)).await.unwrap().table, whole.table);
}

#[tokio::test]
async fn an_object_that_may_not_be_read_makes_its_source_unreadable_and_no_other_and_says_nothing() {
    let store = Objects::start();
    for tenant in ["t1", "t2"] {
        store.put(&format!("n/tenant={tenant}/1.csv"), "a\n1\n");
    }
    store.fails("n/tenant=t2/1.csv", Fault::Forbidden, usize::MAX);
    let n = |tenant: &str| [relation("n", vec![column("a", None)], keys(&["tenant"], &[&[tenant]]))];
    let engine = engine_over(store.warehouse("").unwrap());
    assert!(engine.execute(statement(&n("t1"), "SELECT a FROM n")).await.is_ok());
    let error = engine.execute(statement(&n("t2"), "SELECT a FROM n")).await.unwrap_err();
    assert_eq!(failure(&error), "the object store refused");
    let EngineError::Warehouse { cause, .. } = error else { panic!() };
    assert!(matches!(cause.downcast_ref(), Some(StoreError::Refused(_))), "{cause:?}");
}

#[tokio::test]
async fn a_statement_that_waits_for_a_silent_store_ends_when_its_caller_leaves() {
    let store = Objects::start();
    store.put("n.csv", "a\n1\n");
    store.fails("n.csv", Fault::Silent, usize::MAX);
    let n = [relation("n", vec![column("a", None)], public())];
    let engine = engine_over(store.warehouse("").unwrap());
    let mut running = engine.activity();
    let mut limited = statement(&n, "SELECT a FROM n");
    limited.limits.time_max = Duration::from_millis(200);
    assert!(matches!(engine.execute(limited).await, Err(EngineError::TimeExceeded { .. })));
    // The thread comes back long before a request would be given up for its own sake.
    let back = running.wait_for(|running| *running == 0);
    tokio::time::timeout(Duration::from_secs(5), back).await.unwrap().unwrap();
}

#[test]
fn a_store_that_is_not_there_or_refuses_is_no_warehouse() {
    let s3 =
        crate::S3Config { path_style: true, endpoint: "http://127.0.0.1:9".to_owned(), ..Default::default() };
    let error = crate::Warehouse::connect(std::path::Path::new("s3://lake/raw"), &s3).unwrap_err();
    assert_eq!(error.to_string(), "source `lake` of the warehouse cannot be read");
}

#[test]
fn few_requests_read_a_row_group_and_near_chunks_are_one() {
    let store = Objects::start();
    store.put("n.parquet", parquet_bytes(200_000));
    let warehouse = store.warehouse("").unwrap();
    let n = relation("n", vec![column("id", None), column("word", None)], public());
    store.asked();
    let scan = Arc::new(crate::scan::ScopedScan::new(&warehouse, &n).unwrap());
    let rows = scan.rows(vec![0, 1], &crate::pushed::Tests::default(), unlimited()).unwrap();
    assert_eq!(rows.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 200_000);
    let asked = store.asked();
    let gets = asked.iter().filter(|request| request.starts_with("get")).count();
    let size = warehouse.store().version(&warehouse.files("n").unwrap()[0]).unwrap().length();
    println!("{gets} requests for {size} bytes, {} read", warehouse.bytes_read());
    // A footer, and ten row groups, whose two chunks lie side by side.
    assert_eq!(gets, 11, "{asked:?}");
    assert!(warehouse.bytes_read() < size + size / 4, "{}", warehouse.bytes_read());
}

#[test]
fn what_is_read_ahead_is_bounded_whatever_is_expected() {
    let store = Objects::start();
    let whole = bytes(90_000_000);
    store.put("n.parquet", whole.clone());
    let length = u64::try_from(whole.len()).unwrap();
    // Two columns that are read side by side, from one chunk each.
    let reading = reading(&store, "n", &Meter::default()).expecting(&[0..length / 2, length / 2..length]);
    let mut most = 0;
    for at in (0..whole.len() / 2).step_by(500_000) {
        for start in [at, whole.len() / 2 + at] {
            let read = reading.get_bytes(u64::try_from(start).unwrap(), 300_000).unwrap();
            assert!(read == whole[start..start + 300_000]);
            most = most.max(reading.taken_ahead().0);
        }
    }
    let bound = reading.taken_ahead().1;
    assert!(most <= bound && most > bound / 2, "{most} of {bound}");
    let gets = store.asked().len();
    assert!(gets < 30, "{gets}");
}

#[tokio::test]
async fn what_is_kept_of_objects_is_found_until_one_is_another() {
    use crate::tests::kept::{ask, asked_by, kept};
    let store = Objects::start();
    store.put("n.parquet", parquet_bytes(30_000));
    let n = relation("n", vec![column("id", None)], public());
    let config = crate::EngineConfig {
        threads: 1,
        memory_bytes_max: 1 << 30,
        stack_bytes: crate::EngineConfig::STACK_BYTES,
    };
    let warehouse = store.warehouse("").unwrap();
    let engine = crate::DataFusionEngine::open(warehouse, &config, kept(), None).unwrap();
    let sql = "SELECT count(*) AS c, sum(id) AS s FROM n";
    let (first, bytes) = ask(&engine, asked_by("k", &n, sql)).await;
    assert!(first == "30000" && bytes > 0);
    store.asked();
    assert_eq!(ask(&engine, asked_by("k", &n, sql)).await, (first, 0));
    // Whether it is still there is asked every time, and nothing else is.
    assert!(store.asked().iter().all(|asked| asked.starts_with("list ")));
    store.put("n.parquet", parquet_bytes(30_001));
    assert_eq!(ask(&engine, asked_by("k", &n, sql)).await.0, "30001");
}

#[test]
fn a_stream_of_an_object_is_its_bytes() {
    let store = Objects::start();
    for length in [0, 1, 65_535, 65_536, 65_537, 9_000_000] {
        store.put("n.csv", bytes(length));
        let meter = Meter::default();
        let reading = reading(&store, "n", &meter);
        reading.hold(reading.begin_start()).unwrap();
        let mut read = Vec::new();
        reading.stream().read_to_end(&mut read).unwrap();
        assert!(read == bytes(length), "{length}");
        assert_eq!(meter.bytes(), u64::try_from(length).unwrap(), "none is read twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_expected_what_is_read_are_the_objects_bytes(
        expected in prop::collection::vec((0_u64..6_000_000, 0_u64..3_000_000), 0..8),
        asked in prop::collection::vec((0_u64..6_000_000, 0_usize..900_000), 1..12),
        hold_end: bool,
    ) {
        static STORE: std::sync::OnceLock<(Objects, Vec<u8>)> = std::sync::OnceLock::new();
        let (store, whole) = STORE.get_or_init(|| {
            let (store, whole) = (Objects::start(), bytes(6_000_000));
            store.put("n.parquet", whole.clone());
            (store, whole)
        });
        let reading = reading(store, "n", &Meter::default());
        if hold_end {
            reading.hold(reading.begin_end()).unwrap();
        }
        let expected: Vec<_> = expected.into_iter().map(|(start, length)| start..start + length).collect();
        let reading = reading.expecting(&expected);
        for (start, length) in asked {
            let at = usize::try_from(start).unwrap();
            match whole.get(at..at + length) {
                Some(there) => prop_assert!(reading.get_bytes(start, length).unwrap() == there),
                None => prop_assert!(reading.get_bytes(start, length).is_err()),
            }
            let mut some = vec![0; length.min(100_000)];
            let read = reading.get_read(start).unwrap().read(&mut some).unwrap();
            prop_assert!(some[..read] == whole[at..at + read]);
        }
    }
}

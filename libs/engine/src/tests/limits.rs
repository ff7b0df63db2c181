//! Limits and cancellation: never a partial result, and nothing keeps running.

use super::fixture::*;
use crate::{Engine, EngineError};
use arrow::array::Int64Array;
use splitplane_split_plane::ScopedRelation;
use splitplane_types::{DataType, Limits};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn numbers(folder: &Path, rows: i64) -> [ScopedRelation; 1] {
    let ids: Int64Array = (0..rows).collect();
    let same: Int64Array = (0..rows).map(|_row| 1).collect();
    parquet(folder, "n.parquet", vec![("id", Arc::new(ids)), ("same", Arc::new(same))]);
    let integer = |name| column(name, Some(DataType::Integer));
    [relation("n", vec![integer("id"), integer("same")], public())]
}

async fn limited(
    folder: &Path,
    relations: &[ScopedRelation],
    sql: &str,
    limits: Limits,
) -> Result<usize, EngineError> {
    let statement = crate::Statement { limits, ..statement(relations, sql) };
    engine(folder).execute(statement).await.map(|result| result.table.rows.len())
}

#[tokio::test]
async fn a_result_over_a_limit_is_no_result() {
    let folder = folder();
    let n = numbers(folder.path(), 20_000);
    let sql = "SELECT id FROM n";
    let rows = |rows_max| Limits { rows_max, ..limits() };
    let bytes = |bytes_max| Limits { bytes_max, ..limits() };
    assert_eq!(limited(folder.path(), &n, sql, rows(20_000)).await.unwrap(), 20_000);
    let over = limited(folder.path(), &n, sql, rows(19_999)).await;
    assert!(matches!(over, Err(EngineError::RowsExceeded { rows_max: 19_999 })), "{over:?}");
    assert_eq!(limited(folder.path(), &n, sql, bytes(160_000)).await.unwrap(), 20_000);
    let over = limited(folder.path(), &n, sql, bytes(159_999)).await;
    assert!(matches!(over, Err(EngineError::BytesExceeded { bytes_max: 159_999 })), "{over:?}");
}

#[tokio::test]
async fn a_memory_bomb_is_refused() {
    let folder = folder();
    let n = numbers(folder.path(), 200_000);
    let small = Limits { memory_bytes_max: 1 << 20, ..limits() };
    for sql in [
        "SELECT count(DISTINCT id) AS d FROM n",
        "SELECT id FROM n ORDER BY id DESC",
        "SELECT count(*) AS c FROM n a JOIN n b ON a.id = b.id",
        "SELECT id, count(*) AS c FROM n GROUP BY id",
    ] {
        let refused = limited(folder.path(), &n, sql, small.clone()).await;
        assert!(matches!(refused, Err(EngineError::MemoryExceeded { .. })), "{sql}: {refused:?}");
    }
    assert_eq!(limited(folder.path(), &n, "SELECT sum(id) AS s FROM n", small).await.unwrap(), 1);
}

#[tokio::test]
async fn the_sets_of_a_scope_count_as_memory() {
    let folder = folder();
    let [mut n] = numbers(folder.path(), 50_000);
    n.rows = through("n", public(), "id", "id");
    let small = Limits { memory_bytes_max: 1 << 20, ..limits() };
    let refused = limited(folder.path(), &[n], "SELECT count(*) AS c FROM n", small).await;
    assert!(matches!(refused, Err(EngineError::MemoryExceeded { .. })), "{refused:?}");
}

/// Forty billion pairs: nobody waits for this to end by itself.
const ENDLESS: [&str; 3] = [
    // The condition is part of the join, which finds no pair and so never gives a batch.
    "SELECT count(*) AS c FROM n a JOIN n b ON a.same = b.same WHERE a.id + b.id < 0",
    // The join gives every pair, and what follows drops them.
    "SELECT count(*) AS c FROM (SELECT a.id + b.id AS s FROM n a JOIN n b ON a.same = b.same) j WHERE s < 0",
    "SELECT count(*) AS c FROM n a JOIN n b ON a.same = b.same",
];

/// Waits until nothing of the engine runs; a minute is what a stuck thread is given to show itself.
async fn quiet(engine: &crate::DataFusionEngine) {
    let mut running = engine.activity();
    tokio::time::timeout(Duration::from_secs(60), running.wait_for(|running| *running == 0))
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_dropped_statement_stops_its_thread_and_its_scans() {
    let folder = folder();
    let n = numbers(folder.path(), 200_000);
    let engine = engine(folder.path());
    let mut running = engine.activity();
    {
        let mut statement = std::pin::pin!(engine.execute(statement(&n, ENDLESS[0])));
        // The statement and a scan: the other may have been read to its end before anyone looked.
        let busy = running.wait_for(|running| *running >= 2);
        tokio::select! {
            ended = &mut statement => panic!("{ended:?}"),
            busy = busy => drop(busy.unwrap()),
        }
    }
    quiet(&engine).await;
}

#[tokio::test]
async fn a_statement_over_its_time_is_answered_and_stops_in_the_middle_of_a_join() {
    let folder = folder();
    let n = numbers(folder.path(), 200_000);
    let engine = engine(folder.path());
    for sql in ENDLESS {
        let limits = Limits { time_max: Duration::from_secs(2), ..limits() };
        let over = engine.execute(crate::Statement { limits, ..statement(&n, sql) }).await;
        assert!(matches!(over, Err(EngineError::TimeExceeded { .. })), "{sql}: {over:?}");
        quiet(&engine).await;
    }
}

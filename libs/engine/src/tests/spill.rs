//! Spilling: beyond its memory a statement goes on, on disk nothing can be read, and nothing stays there.

use super::fixture::*;
use crate::{DataFusionEngine, Engine, EngineConfig, EngineError, KeptConfig, SpillConfig, Statement};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use splitplane_split_plane::ScopedRelation;
use splitplane_types::{DataType, Limits};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

const ROWS: i64 = 300_000;

fn rows_on(folder: &Path) -> [ScopedRelation; 1] {
    let shuffled = |row: i64| row * 7_919 % ROWS;
    let ids: ArrayRef = Arc::new((0..ROWS).map(shuffled).collect::<Int64Array>());
    let words = (0..ROWS).map(|row| Some(format!("PLAINTEXT-{:06}", shuffled(row))));
    let words: ArrayRef = Arc::new(words.collect::<StringArray>());
    parquet(folder, "n.parquet", vec![("id", ids), ("word", words)]);
    [relation("n", vec![column("id", Some(DataType::Integer)), column("word", None)], public())]
}

fn spilling(folder: &Path, spill: &Path, statement_bytes_max: u64, bytes_max: u64) -> DataFusionEngine {
    let config =
        EngineConfig { threads: 2, memory_bytes_max: 1 << 30, stack_bytes: EngineConfig::STACK_BYTES };
    let spill = SpillConfig { folder: spill.to_owned(), statement_bytes_max, bytes_max };
    DataFusionEngine::open(warehouse(folder), &config, KeptConfig::NOTHING, Some(&spill)).unwrap()
}

fn within(memory_bytes_max: u64, relations: &[ScopedRelation], sql: &str) -> Statement {
    Statement { limits: Limits { memory_bytes_max, ..limits() }, ..statement(relations, sql) }
}

/// Spill files there are, whichever engine's.
fn files(spill: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for folder in fs::read_dir(spill).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "spill") {
                files.push(path);
            }
        }
    }
    files
}

const SPILLING: [&str; 5] = [
    "SELECT id, word FROM n ORDER BY word DESC",
    "SELECT max(c) AS c, sum(s) AS s, min(word) AS w FROM (SELECT word, count(*) AS c, sum(id) AS s FROM n GROUP BY word) g",
    "SELECT sum(c) AS c, max(w) AS w FROM (SELECT id, count(*) AS c, max(word) AS w FROM n GROUP BY id) g",
    // Several that spill at once: none may have taken all that there is.
    "SELECT word, count(*) AS c FROM n GROUP BY word ORDER BY word",
    "SELECT word, id, row_number() OVER (ORDER BY word) AS r FROM n ORDER BY id DESC",
];

#[tokio::test]
async fn a_statement_beyond_its_memory_spills_gives_the_same_answer_and_leaves_nothing() {
    let (folder, spill) = (folder(), folder());
    let n = rows_on(folder.path());
    let (plain, spills) = (engine(folder.path()), spilling(folder.path(), spill.path(), 1 << 30, 1 << 30));
    for sql in SPILLING {
        let small = 8 << 20;
        let refused = plain.execute(within(small, &n, sql)).await;
        assert!(matches!(refused, Err(EngineError::MemoryExceeded { .. })), "{sql}: {refused:?}");
        let expected = plain.execute(within(1 << 30, &n, sql)).await.unwrap();
        for _ in 0..2 {
            let result = spills.execute(within(small, &n, sql)).await.unwrap();
            assert_eq!(result.table, expected.table, "{sql}");
        }
        assert_eq!(files(spill.path()), Vec::<std::path::PathBuf>::new());
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(spill.path()), 0o700);
    drop(spills);
    assert_eq!(fs::read_dir(spill.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_spilled_cannot_be_read_and_is_wiped_at_the_next_start() {
    let (folder, spill) = (folder(), folder());
    let n = rows_on(folder.path());
    let engine = spilling(folder.path(), spill.path(), 1 << 30, 1 << 30);
    let statement = within(8 << 20, &n, SPILLING[0]);
    let mut running = engine.execute(statement);
    let mut seen = Vec::new();
    // Looks at the folder while the statement runs.
    let result = loop {
        tokio::select! {
            result = &mut running => break result,
            () = tokio::task::yield_now() => {
                for path in files(spill.path()) {
                    // It may be gone by now.
                    if seen.len() < 1 << 20 && let Ok(bytes) = fs::read(path) {
                        seen.extend(bytes);
                    }
                }
            }
        }
    };
    drop(running);
    result.unwrap();
    assert!(seen.len() > 1 << 16, "nothing was spilled");
    let holds = |plain: &[u8]| seen.windows(plain.len()).any(|window| window == plain);
    assert!(!holds(b"PLAINTEXT") && !holds(b"ARROW") && !holds(b"word"));
    drop(engine);

    // Of a process that was killed: a folder with a lock that nobody holds.
    let left = spill.path().join("left");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    fs::write(left.join("7.spill"), "old").unwrap();
    // And something that is not ours.
    fs::create_dir(spill.path().join("theirs")).unwrap();
    let (one, other) =
        (spilling(folder.path(), spill.path(), 1, 1), spilling(folder.path(), spill.path(), 1, 1));
    assert!(!left.exists() && spill.path().join("theirs").exists());
    assert_eq!(fs::read_dir(spill.path()).unwrap().count(), 3, "a folder of its own for each of two engines");
    drop((one, other));
}

#[tokio::test]
async fn beyond_its_spill_quota_a_statement_needs_too_much_memory() {
    let (folder, spill) = (folder(), folder());
    let n = rows_on(folder.path());
    for (statement_bytes_max, bytes_max) in [(1 << 20, 1 << 30), (1 << 30, 1 << 20)] {
        let engine = spilling(folder.path(), spill.path(), statement_bytes_max, bytes_max);
        for sql in SPILLING {
            let refused = engine.execute(within(8 << 20, &n, sql)).await;
            assert!(matches!(refused, Err(EngineError::MemoryExceeded { .. })), "{sql}: {refused:?}");
            assert_eq!(files(spill.path()).len(), 0);
        }
        // What was set aside for those counts no longer.
        let fits = engine.execute(within(1 << 30, &n, SPILLING[0])).await;
        assert!(fits.is_ok());
    }
}

#[tokio::test]
async fn a_process_without_memory_is_no_reason_to_spill() {
    let (folder, spill) = (folder(), folder());
    let n = rows_on(folder.path());
    let config =
        EngineConfig { threads: 2, memory_bytes_max: 8 << 20, stack_bytes: EngineConfig::STACK_BYTES };
    let spill =
        SpillConfig { folder: spill.path().to_owned(), statement_bytes_max: 1 << 30, bytes_max: 1 << 30 };
    let warehouse = warehouse(folder.path());
    let engine = DataFusionEngine::open(warehouse, &config, KeptConfig::NOTHING, Some(&spill)).unwrap();
    // Its own limit would let the statement have it all in memory: whether others leave it that much must not
    // decide in which order its sums are made.
    for sql in SPILLING {
        let refused = engine.execute(within(1 << 30, &n, sql)).await;
        assert!(matches!(refused, Err(EngineError::MemoryExceeded { .. })), "{sql}: {refused:?}");
    }
}

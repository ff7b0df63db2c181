//! What is kept between questions: for its owner, of these rows, of these files, and no longer than it may be.

use super::fixture::*;
use super::orchards::{self as world, HOSTILE, Share};
use crate::{DataFusionEngine, Engine, EngineConfig, KeptConfig, Lookup, Statement, Warehouse};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use splitplane_split_plane::{ScopedRelation, SecurityPlane};
use splitplane_types::{DataType, Limits};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const ROWS: i64 = 20_000;

fn keeping(folder: &Path, memory_bytes_max: u64, kept: KeptConfig) -> DataFusionEngine {
    let config = EngineConfig { threads: 2, memory_bytes_max, stack_bytes: EngineConfig::STACK_BYTES };
    DataFusionEngine::open(Warehouse::open(folder).unwrap(), &config, kept, None).unwrap()
}

pub(crate) fn kept() -> KeptConfig {
    KeptConfig { bytes_max: 64 << 20, relation_bytes_max: 16 << 20, age_max: Duration::from_secs(3_600) }
}

/// Written long ago, as far as its times tell.
fn age(path: &Path) {
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
        .unwrap();
}

fn write(folder: &Path, name: &str, first: i64) {
    let ids: ArrayRef = Arc::new((first..first + ROWS).collect::<Int64Array>());
    let tenants = (0..ROWS).map(|row| Some(if row % 2 == 0 { "t1" } else { "t2" }));
    let tenants: ArrayRef = Arc::new(tenants.collect::<StringArray>());
    let places: ArrayRef =
        Arc::new((0..ROWS).map(|row| Some(format!("p{}", row % 5))).collect::<StringArray>());
    parquet(folder, name, vec![("tenant", tenants), ("place", places), ("id", ids)]);
    age(&folder.join(name));
}

fn n(tuples: &[&[&str]]) -> ScopedRelation {
    let columns = vec![column("id", Some(DataType::Integer)), column("place", None)];
    relation("n", columns, keys(&["tenant", "place"], tuples))
}

pub(crate) fn asked_by(key: &str, relation: &ScopedRelation, sql: &str) -> Statement {
    let plain = statement(std::slice::from_ref(relation), sql);
    let plane = SecurityPlane::new(vec![relation.clone()]).unwrap();
    Statement { plane: Arc::new(plane.owned_by("t1".to_owned(), key.to_owned())), ..plain }
}

/// The first cell of the answer, and the bytes read for it.
pub(crate) async fn ask(engine: &DataFusionEngine, statement: Statement) -> (String, u64) {
    let before = engine.bytes_read();
    let result = engine.execute(statement).await.unwrap();
    assert_eq!(result.bytes_read, engine.bytes_read() - before);
    (show(&result.table.rows[0][0]), result.bytes_read)
}

const SUM: &str = "SELECT sum(id) AS s FROM n";

#[tokio::test]
async fn the_same_owners_next_question_reads_nothing_and_another_admins_reads_all() {
    let folder = folder();
    write(folder.path(), "n.parquet", 0);
    let engine = keeping(folder.path(), 1 << 30, kept());
    let relation = n(&[&["t1", "p0"], &["t1", "p2"]]);
    let (first, read) = ask(&engine, asked_by("t1/b/ann", &relation, SUM)).await;
    assert!(read > 0 && engine.kept_bytes() > 0);
    assert_eq!(ask(&engine, asked_by("t1/b/ann", &relation, SUM)).await, (first.clone(), 0));
    let filtered = "SELECT count(*) AS c FROM n WHERE id >= 100 AND id < 200";
    assert_eq!(ask(&engine, asked_by("t1/b/ann", &relation, filtered)).await, ("20".to_owned(), 0));
    // A column that was not asked for before is read, and is there from then on.
    let places = "SELECT count(DISTINCT place) AS c FROM n";
    assert!(ask(&engine, asked_by("t1/b/ann", &relation, places)).await.1 > 0);
    assert_eq!(ask(&engine, asked_by("t1/b/ann", &relation, places)).await, ("2".to_owned(), 0));
    assert_eq!(ask(&engine, asked_by("t1/b/ann", &relation, SUM)).await, (first.clone(), 0));
    for other in ["t1/b/bob", "t1/b/ann ", "t1/b", ""] {
        let (sum, read) = ask(&engine, asked_by(other, &relation, SUM)).await;
        assert!(sum == first && read > 0, "{other:?}");
    }
    // Without an owner nothing is kept and nothing is found.
    for _ in 0..2 {
        assert!(ask(&engine, statement(std::slice::from_ref(&relation), SUM)).await.1 > 0);
    }
}

#[tokio::test]
async fn a_changed_grant_finds_nothing_and_lets_go_of_what_was_granted() {
    let folder = folder();
    write(folder.path(), "n.parquet", 0);
    let engine = keeping(folder.path(), 1 << 30, kept());
    let both = n(&[&["t1", "p0"], &["t1", "p2"]]);
    let (all, _) = ask(&engine, asked_by("ann", &both, SUM)).await;
    let held = engine.kept_bytes();
    let one = n(&[&["t1", "p0"]]);
    let (less, read) = ask(&engine, asked_by("ann", &one, SUM)).await;
    assert!(read > 0 && less != all);
    assert!(engine.kept_bytes() < held, "what is no longer granted is gone");
    assert!(ask(&engine, asked_by("ann", &both, SUM)).await.1 > 0);
}

#[tokio::test]
async fn a_replaced_file_is_read_anew_also_one_that_the_scope_leads_through() {
    let folder = folder();
    write(folder.path(), "n.parquet", 0);
    csv(folder.path(), "places.csv", "name,tenant\np0,t1\np1,t2\n");
    age(&folder.path().join("places.csv"));
    let engine = keeping(folder.path(), 1 << 30, kept());
    let direct = n(&[&["t1", "p0"]]);
    let by = through("places", keys(&["tenant"], &[&["t1"]]), "place", "name");
    let led = ScopedRelation { rows: by, ..n(&[]) };
    for relation in [&direct, &led] {
        write(folder.path(), "n.parquet", 0);
        let (before, _) = ask(&engine, asked_by("ann", relation, SUM)).await;
        assert_eq!(ask(&engine, asked_by("ann", relation, SUM)).await, (before.clone(), 0));
        write(folder.path(), "next.parquet", 1);
        fs::rename(folder.path().join("next.parquet"), folder.path().join("n.parquet")).unwrap();
        let (after, read) = ask(&engine, asked_by("ann", relation, SUM)).await;
        assert!(after != before && read > 0);
    }
    let (before, _) = ask(&engine, asked_by("ann", &led, SUM)).await;
    csv(folder.path(), "places.csv", "name,tenant\np0,t1\np1,t1\n");
    age(&folder.path().join("places.csv"));
    let (after, read) = ask(&engine, asked_by("ann", &led, SUM)).await;
    assert!(after != before && read > 0);
    assert_eq!(ask(&engine, asked_by("ann", &led, SUM)).await, (after, 0));
}

#[tokio::test]
async fn a_file_that_was_written_just_now_is_not_kept() {
    let folder = folder();
    write(folder.path(), "n.parquet", 0);
    let engine = keeping(folder.path(), 1 << 30, kept());
    let file = File::options().write(true).open(folder.path().join("n.parquet")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(32_503_680_000)).unwrap();
    ask(&engine, asked_by("ann", &n(&[&["t1", "p0"]]), SUM)).await;
    assert_eq!(engine.kept_bytes(), 0);
}

#[tokio::test]
async fn what_is_kept_is_bounded_in_bytes_and_age_and_is_part_of_the_memory_limit() {
    let folder = folder();
    write(folder.path(), "n.parquet", 0);
    let relation = n(&[&["t1", "p0"]]);
    let one = {
        let engine = keeping(folder.path(), 1 << 30, kept());
        ask(&engine, asked_by("ann", &relation, SUM)).await;
        engine.kept_bytes()
    };
    let room_for = |entries: usize| u64::try_from(one * entries + one / 2).unwrap();
    let engine = keeping(folder.path(), 1 << 30, KeptConfig { bytes_max: room_for(3), ..kept() });
    for owner in ["a", "b", "c", "a", "d"] {
        ask(&engine, asked_by(owner, &relation, SUM)).await;
        assert!(engine.kept_bytes() <= one * 3);
    }
    // Longest unused goes first: `b`, since `a` asked again.
    let reads = async |owner| ask(&engine, asked_by(owner, &relation, SUM)).await.1 > 0;
    assert!(!reads("a").await && !reads("c").await && !reads("d").await && reads("b").await);

    let too_large = keeping(folder.path(), 1 << 30, KeptConfig { relation_bytes_max: 40_000, ..kept() });
    ask(&too_large, asked_by("a", &n(&[&["t1", "p0"], &["t1", "p2"], &["t1", "p4"], &["t2", "p1"]]), SUM))
        .await;
    assert_eq!(too_large.kept_bytes(), 0);
    let at_once_old = keeping(folder.path(), 1 << 30, KeptConfig { age_max: Duration::ZERO, ..kept() });
    for _ in 0..2 {
        assert!(ask(&at_once_old, asked_by("a", &relation, SUM)).await.1 > 0);
    }

    // A statement that needs the memory gets it.
    let memory = u64::try_from(one).unwrap() + (3 << 20);
    let engine = keeping(folder.path(), memory, kept());
    ask(&engine, asked_by("a", &relation, SUM)).await;
    assert_eq!(engine.kept_bytes(), one);
    let all = n(&[&["t1", "p0"], &["t1", "p2"], &["t1", "p4"], &["t2", "p1"], &["t2", "p3"]]);
    let limits = Limits { memory_bytes_max: memory, ..limits() };
    let sort = statement(&[all], "SELECT id, place FROM n ORDER BY place DESC, id DESC");
    let step = u64::try_from(one / 8).unwrap();
    let mut held = step;
    // What it needs with nothing kept.
    while engine
        .execute(Statement { limits: Limits { memory_bytes_max: held, ..limits.clone() }, ..sort.clone() })
        .await
        .is_err()
    {
        held += step;
    }
    let tight = keeping(folder.path(), held + u64::try_from(one / 2).unwrap(), kept());
    ask(&tight, asked_by("a", &relation, SUM)).await;
    assert_eq!(tight.kept_bytes(), one);
    tight.execute(Statement { limits, ..sort }).await.unwrap();
    assert_eq!(tight.kept_bytes(), 0);
}

#[tokio::test]
async fn answers_are_the_same_from_files_and_from_what_was_kept() {
    let folder = folder();
    for (index, share) in [Share::OneRow, Share::PerMille(200), Share::PerMille(999)].into_iter().enumerate()
    {
        let root = folder.path().join(index.to_string());
        fs::create_dir(&root).unwrap();
        world::write(&root, share, true).unwrap();
        for file in ["harvests.parquet", "baskets.parquet"] {
            age(&root.join(file));
        }
        let (plain, keeps) = (engine(&root), keeping(&root, 1 << 30, kept()));
        let shown = |result: Result<crate::QueryResult, crate::EngineError>| {
            result
                .map(|result| format!("{:?} {}", result.table, result.bytes))
                .map_err(|error| error.to_string())
        };
        let owned = || Arc::new(world::plane().unwrap().owned_by("c-1".to_owned(), "ann".to_owned()));
        for sql in HOSTILE {
            let Ok(query) = world::view().unwrap().guard(sql) else { continue };
            let plane = Arc::new(world::plane().unwrap());
            let statement = Statement::new(plane, query, limits());
            let expected = shown(plain.execute(statement.clone()).await);
            for round in 0..2 {
                let answer = keeps.execute(Statement { plane: owned(), ..statement.clone() }).await;
                assert_eq!(shown(answer), expected, "{sql} {round} {share:?}");
            }
        }
        let lookup = |plane| Lookup {
            plane,
            relation: "harvests".to_owned(),
            columns: vec!["orchard".to_owned(), "grower".to_owned()],
            matching: Vec::new(),
            limit: 9,
            transaction: None,
        };
        let unowned = plain.lookup(lookup(Arc::new(world::plane().unwrap()))).await.unwrap();
        let first = keeps.lookup(lookup(owned())).await.unwrap();
        assert_eq!(keeps.lookup(lookup(owned())).await.unwrap(), unowned);
        assert_eq!(first, unowned);
        // Masks are put on what is kept, each time.
        assert!(unowned.iter().all(|row| show(&row[1]) == "NULL"));
    }
}

//! The corpus means on an engine what it means on the embedded one.

use super::remotes;
use splitplane_engine::kit::bounds;
use splitplane_engine::kit::conformance::{Verdict, compare};
use splitplane_engine::kit::corpus::CORPUS;
use splitplane_engine::kit::guarded::Embedded;
use splitplane_engine::kit::world::{Copy, Storage, World};
use std::collections::BTreeSet;

/// Statements that an engine reads otherwise, each with the reason.
const KNOWN: &[(&str, &str, &str)] = &[
    ("Sail", "deviation", SHARED),
    ("Sail", "correlation", SHARED),
    ("Sail", "rounding of halves", BINARY),
    (
        "Sail",
        "window over groups",
        "it cannot plan a window in the order of a sum that is there on a condition",
    ),
    ("Spark", "deviation", SHARED),
    ("Spark", "correlation", SHARED),
    ("Sail", "average of decimals", CUT),
    ("Sail", "division of decimals", CUT),
    ("Sail", "division by sums", CUT),
    ("Sail", "share of a total", CUT),
    ("Sail", "share of a partition", CUT),
    ("Sail", "moving average", "it fails on sliding means of decimals of more than 28 digits"),
];
const BINARY: &str = "it rounds doubles by their binary value, not by the digits that they are written with";
const SHARED: &str =
    "it is refused where the rows lie among others', whose place would be seen in the last digits";
const CUT: &str = "it cuts quotients of decimals off, at another digit than Databricks keeps";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corpus_means_what_it_means_on_the_embedded_engine() {
    for remote in remotes().await {
        let (mut differences, mut met) = (Vec::new(), BTreeSet::new());
        for storage in [Storage::File, Storage::Hive, Storage::Csv] {
            let world = World::of(500, storage);
            let folder = tempfile::tempdir().unwrap();
            world.write(folder.path(), Copy::Whole).unwrap();
            let reference = Embedded::default().guarded(&world, folder.path()).await.unwrap();
            let other = remote.guarded(&world, folder.path()).await.unwrap();
            for (name, sql) in CORPUS {
                let verdict = compare(&reference, &other, sql).await;
                let is_known = KNOWN.iter().any(|(engine, known, _)| *engine == remote.name && known == name);
                if verdict == Verdict::Same {
                    continue;
                }
                if is_known {
                    met.insert(*name);
                } else {
                    differences.push(format!("{storage:?} {name}: {verdict}"));
                }
            }
        }
        println!("{}: {} statements in 3 storages", remote.name, CORPUS.len());
        assert!(differences.is_empty(), "{}:\n{}", remote.name, differences.join("\n"));
        let known = KNOWN.iter().filter(|(engine, _, _)| *engine == remote.name);
        let gone: Vec<_> = known.filter(|(_, name, _)| !met.contains(name)).collect();
        assert!(gone.is_empty(), "no longer so: {gone:?}");
    }
}

/// Statements that run at the same time: sessions of a test's engine.
const PARALLEL: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_an_end_in_time_and_classes_of_errors_are_kept() {
    for remote in remotes().await {
        let world = World::of(500, Storage::File);
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path(), Copy::Whole).unwrap();
        let guarded = remote.guarded(&world, folder.path()).await.unwrap();
        assert_eq!(bounds::broken(&guarded, PARALLEL).await, Vec::<String>::new(), "{}", remote.name);
    }
}

//! Invariant 10, and that the check can see it broken.

use super::fixture::{engine, folder};
use crate::kit::guarded::Embedded;
use crate::kit::interference::{Check, PROBES_PER_WORLD, check};
use crate::kit::report::{Report, percent};
use crate::kit::statement::draft;
use crate::kit::subject::{Ask, Observation};
use crate::kit::weak::Weakness;
use crate::kit::world::{Admin, Copy, Form, Share, Storage, World};
use crate::kit::{Subjects, report};
use crate::{Engine, QueryResult};
use std::path::PathBuf;
use std::sync::Arc;

/// Probes of the check in `cargo test`.
const PROBES: u64 = 2_000;
const SEED: u64 = 3;

pub(crate) async fn over(what: Check, subjects: impl Subjects + 'static) -> Report {
    let folder = folder();
    check(&what, Arc::new(subjects), folder.path(), &mut |_report| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_caller_can_obtain_depends_on_the_rows_of_others() {
    let report = over(Check::new(SEED, PROBES), Embedded::default()).await;
    assert!(report.differences.is_empty(), "{report}\n{:#?}", report.differences);
    assert_eq!(report.hostile_accepted, Vec::<String>::new());
    assert_eq!(report.probes, PROBES);
    // The statements are worth comparing.
    assert!(percent(report.accepted, report.statements) >= 80, "{report}");
    assert!(percent(report.touched, report.accepted) >= 60, "{report}");
    assert!(report.hostile >= PROBES / 20 && report.after_colleague >= PROBES / 20, "{report}");
    assert_eq!(report.functions_missed(), Vec::<&str>::new(), "{report}");
    assert_eq!(report.kinds_missed(), Vec::<&str>::new(), "{report}");
    assert!(Form::ALL.iter().all(|form| report.forms.contains_key(form)), "{report}");
    assert!(Share::ALL.iter().all(|share| report.shares.contains_key(share)), "{report}");
    assert!(Storage::ALL.iter().all(|storage| report.storages.contains_key(storage)), "{report}");
    println!("{report}");
}

/// The first finding of a weakness.
async fn caught(weakness: Weakness, seed: u64) -> Option<report::Difference> {
    let what = Check::new(seed, CAUGHT_WITHIN).until_found();
    over(what, weakness).await.differences.into_iter().next()
}

/// Probes within which every weakness is to be found.
const CAUGHT_WITHIN: u64 = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_weak_engine_is_caught() {
    for weakness in Weakness::ALL {
        let found = caught(weakness, SEED).await;
        let found = found.unwrap_or_else(|| panic!("{} is not caught", weakness.name()));
        println!("{}: probe {}, {:?}: {}", weakness.name(), found.number, found.why, found.probe);
        // Its reproduction is the same finding, from the same command line.
        let line = found.reproduction(weakness.name());
        assert!(line.ends_with(&format!("--seed {SEED} --only {}", found.number)), "{line}");
        let again = over(Check::only(SEED, found.number), weakness).await;
        assert_eq!(again.differences, [found], "{}", weakness.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_with_a_filter_is_caught() {
    let found = caught(Weakness::PlainViews, SEED + 1).await.unwrap();
    assert_eq!(found.why, report::Why::Interference);
    // It fails on another's row, and the caller alone has an answer.
    assert!(matches!(found.whole, Observation::Failed { .. }), "{found:#?}");
    assert!(matches!(found.alone, Observation::Rows { .. }), "{found:#?}");
}

/// The files of a copy of a world, by name.
fn files(world: &World, copy: Copy) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder();
    world.write(folder.path(), copy).unwrap();
    let mut files = Vec::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder.path()).unwrap().to_owned();
            files.push((name, std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn the_alone_copy_holds_nothing_of_anyone_else_and_the_whole_one_does() {
    let holds = |files: &[(PathBuf, Vec<u8>)], word: &str| {
        files.iter().any(|(_, bytes)| bytes.windows(word.len()).any(|bytes| bytes == word.as_bytes()))
    };
    let mut gone = 0;
    for number in 0..28 {
        let world = World::new(11, number);
        let (whole, alone) = (files(&world, Copy::Whole), files(&world, Copy::Alone));
        for word in ["SECRET", "A-1"] {
            assert!(holds(&whole, word), "{word}: {}", world.describe());
            assert!(!holds(&alone, word), "{word}: {}", world.describe());
        }
        let named = |files: &[(PathBuf, Vec<u8>)]| {
            files.iter().filter(|(name, _)| name.to_string_lossy().contains("coop=")).count()
        };
        assert!(world.storage() != Storage::Hive || named(&alone) > 0, "{}", world.describe());
        gone += usize::from(named(&whole) > named(&alone));
    }
    // Others' folders are gone, where others have some.
    assert!(gone >= 4, "{gone}");
}

#[test]
fn worlds_and_probes_are_a_function_of_the_seed() {
    let files = |number: u64| files(&World::new(7, number), Copy::Whole);
    for number in 0..4 {
        assert_eq!(files(number), files(number));
    }
    assert_ne!(files(1), files(29));
    let drafts = |seed: u64| {
        let drafted = |number| draft(&World::new(seed, number / PROBES_PER_WORLD), seed, number);
        (0..60).map(drafted).collect::<Vec<_>>()
    };
    assert_eq!(drafts(7), drafts(7));
    assert_ne!(drafts(7), drafts(8));
}

#[tokio::test]
async fn an_engine_answers_the_same_twice() {
    let folder = folder();
    let world = World::new(SEED, 1);
    world.write(folder.path(), Copy::Whole).unwrap();
    let engine = engine(folder.path());
    let granted = engine.read_grants(world.grants_request(Admin::Caller)).await.unwrap();
    let plane = Arc::new(world.plane(&granted).unwrap());
    let mut answered = 0;
    for number in 0..60 {
        let Ask::Statement(sql) = draft(&world, SEED, number).probe.ask else { continue };
        let Ok(query) = world.view().unwrap().guard(&sql) else { continue };
        let statement = crate::Statement::new(Arc::clone(&plane), query, super::fixture::limits());
        let (one, other) = (engine.execute(statement.clone()).await, engine.execute(statement).await);
        answered += usize::from(one.is_ok());
        let shown = |result: Result<QueryResult, crate::EngineError>| match result {
            Ok(result) => Observation::of_table(&result.table, result.bytes),
            Err(error) => Observation::of_error(&error),
        };
        assert_eq!(shown(one), shown(other), "{sql}");
    }
    assert!(answered > 20, "{answered}");
}

//! The kit, through the engine, the client and the strict server, on a real engine.

use crate::lake::remotes;
use splitplane_engine::kit::bounds;
use splitplane_engine::kit::conformance::{Verdict, compare};
use splitplane_engine::kit::corpus::CORPUS;
use splitplane_engine::kit::guarded::Embedded;
use splitplane_engine::kit::interference::{Check, check, limits};
use splitplane_engine::kit::world::{Admin, Copy, Storage, World};
use splitplane_engine::{DataFusionEngine, Engine, EngineConfig, Statement, Warehouse};
use splitplane_engine_databricks::Disposition;
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, ScopeValue, ScopedColumn, ScopedRelation, SecurityPlane,
};
use splitplane_types::Table;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Statements that an engine reads otherwise, each with the reason.
const KNOWN: &[(&str, &str, &str)] = &[
    ("Sail", "deviation", SHARED),
    ("Sail", "correlation", SHARED),
    ("Sail", "rounding of halves", BINARY),
    ("Spark", "deviation", SHARED),
    ("Spark", "correlation", SHARED),
    ("Sail", "division of decimals", CUT),
    ("Sail", "division by sums", CUT),
    ("Sail", "share of a total", CUT),
    ("Sail", "share of a partition", CUT),
    ("Sail", "moving average", CUT),
];
const BINARY: &str = "it rounds doubles by their binary value, not by the digits that they are written with";
const SHARED: &str =
    "it is refused where the rows lie among others', whose place would be seen in the last digits";
const CUT: &str = "it cuts quotients of decimals off, at another digit than Databricks keeps";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corpus_means_what_it_means_on_the_embedded_engine() {
    for remote in remotes() {
        let world = World::of(500, Storage::File);
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path(), Copy::Whole).unwrap();
        let reference = Embedded::default().guarded(&world, folder.path()).await.unwrap();
        for disposition in [Disposition::ExternalLinks, Disposition::Inline] {
            let other = crate::lake::Remote { disposition, ..remote.clone() };
            let other = other.caller(&world, folder.path()).await.unwrap();
            let (mut differences, mut met) = (Vec::new(), BTreeSet::new());
            for (name, sql) in CORPUS {
                let verdict = compare(&reference, &other.guarded, sql).await;
                let is_known = KNOWN.iter().any(|(engine, known, _)| *engine == remote.name && known == name);
                if matches!(verdict, Verdict::Same) {
                    continue;
                }
                if is_known {
                    met.insert(*name);
                } else {
                    differences.push(format!("{name}: {verdict}"));
                }
            }
            println!("{}: {} statements, {disposition:?}", remote.name, CORPUS.len());
            assert!(differences.is_empty(), "{} {disposition:?}:\n{}", remote.name, differences.join("\n"));
            let known = KNOWN.iter().filter(|(engine, _, _)| *engine == remote.name);
            let gone: Vec<_> = known.filter(|(_, name, _)| !met.contains(name)).collect();
            assert!(gone.is_empty(), "no longer so: {gone:?}");
        }
    }
}

/// Probes in `cargo test`; `SPLITPLANE_PROBES` asks for more.
const PROBES: u64 = 100;
const SEED: u64 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_caller_can_obtain_depends_on_the_rows_of_others() {
    #[expect(clippy::disallowed_methods, reason = "how long to look is the asker's to say")]
    let probes = std::env::var("SPLITPLANE_PROBES").map_or(PROBES, |text| text.parse().unwrap());
    for remote in remotes() {
        let folder = tempfile::tempdir().unwrap();
        let what = Check { parallel: 1, storage: Some(Storage::File), ..Check::new(SEED, probes) };
        let name = remote.name;
        let report = check(&what, Arc::new(remote), folder.path(), &mut |_report| {}).await.unwrap();
        assert!(report.differences.is_empty(), "{name}: {report}\n{:#?}", report.differences);
        assert_eq!(report.hostile_accepted, Vec::<String>::new(), "{name}");
        println!("{name}: {report}");
    }
}

/// Harvests of whoever holds one of the tuples.
fn harvests(columns: &[&str], tuples: Vec<Vec<ScopeValue>>) -> SecurityPlane {
    let shown = |name: &str| ScopedColumn {
        name: name.to_owned(),
        expression: ColumnExpression::Physical(name.to_owned()),
        data_type: None,
        unit: None,
        mask: None,
    };
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let relation = ScopedRelation {
        name: "harvests".to_owned(),
        source: "harvests".to_owned(),
        columns: vec![shown("id"), shown("crates")],
        rows: RowScope::All(vec![Condition::Keys { columns, tuples }]),
    };
    SecurityPlane::new(vec![relation]).unwrap()
}

async fn counted(engine: &dyn Engine, world: &World, plane: SecurityPlane) -> Table {
    let sql = "SELECT count(id) AS n, sum(crates) AS s, min(id) AS low, max(id) AS high FROM harvests";
    let query = world.view().unwrap().guard(sql).unwrap();
    let statement = Statement::new(Arc::new(plane), query, limits());
    engine.execute(statement).await.unwrap().table
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_of_many_keys_has_the_same_rows_as_on_the_embedded_engine() {
    let text = |value: &str| ScopeValue::Text(value.to_owned());
    for remote in remotes() {
        let world = World::of(500, Storage::File);
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path(), Copy::Whole).unwrap();
        let config =
            EngineConfig { threads: 1, memory_bytes_max: 1 << 30, stack_bytes: EngineConfig::STACK_BYTES };
        let reference = DataFusionEngine::new(Warehouse::open(folder.path()).unwrap(), &config).unwrap();
        let other = remote.caller(&world, folder.path()).await.unwrap();
        let granted = reference.read_grants(world.grants_request(Admin::Caller)).await.unwrap();
        let strangers = (0..3_000).map(|number| vec![text(&format!("no,such.site-{number}"))]);
        let many: Vec<_> = granted.into_iter().chain(strangers).collect();
        // A pair that is not one of all pairs, with a number, and with text alone.
        let crates = (0..40).map(|number| vec![text("c-1"), ScopeValue::Integer(number)]);
        let crates = crates.chain([vec![text("c-2"), ScopeValue::Integer(1)]]).collect();
        let houses = vec![vec![text("c-1"), text("h-1")], vec![text("nobody"), text("h,2.")]];
        let planes = [
            world.plane(&many).unwrap(),
            harvests(&["coop", "crates"], crates),
            harvests(&["coop", "house"], houses),
        ];
        for plane in planes {
            let expected = counted(&reference, &world, plane.clone()).await;
            let nothing = splitplane_types::Cell::Integer(0);
            assert!(expected.rows[0][0] != nothing, "{expected:?}");
            assert_eq!(counted(other.engine.as_ref(), &world, plane).await.rows, expected.rows);
        }
    }
}

/// Statements that run at the same time: requests of a test's engine.
const PARALLEL: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_an_end_in_time_and_classes_of_errors_are_kept() {
    for remote in remotes() {
        let world = World::of(500, Storage::File);
        let folder = tempfile::tempdir().unwrap();
        world.write(folder.path(), Copy::Whole).unwrap();
        let caller = remote.caller(&world, folder.path()).await.unwrap();
        assert_eq!(bounds::broken(&caller.guarded, PARALLEL).await, Vec::<String>::new(), "{}", remote.name);
    }
}

//! An answer is made of all that it should be made of, or there is none; and what is known of a source follows it.

use super::{Remote, remotes, sources};
use crate::layout::{Format, Source, Sources};
use crate::{SparkConfig, SparkEngine};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use futures::TryStreamExt as _;
use parquet::arrow::ArrowWriter;
use splitplane_engine::kit::world::{Copy, Storage, World};
use splitplane_engine::{Catalog, Engine as _, EngineError, GrantsRequest, Lookup, SurveyColumn, Warehouse};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, ScopeValue, ScopedColumn, ScopedRelation, SecurityPlane,
};
use splitplane_types::{Cell, DataType};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn mapping(path: &Path, format: Format) -> Sources {
    let source = Source {
        path: path.to_str().unwrap().to_owned(),
        table: String::new(),
        format,
        partitions: Vec::new(),
        schema: String::new(),
    };
    Sources::from([("loans".to_owned(), source)])
}

/// The sizes of a town's loans.
async fn sizes(engine: &SparkEngine, town: &str) -> Result<Vec<Vec<Cell>>, EngineError> {
    let tuples = vec![vec![ScopeValue::Text(town.to_owned())]];
    sizes_of(engine, vec![Condition::Keys { columns: vec!["town".to_owned()], tuples }]).await
}

/// The sizes of loans in a scope.
async fn sizes_of(engine: &SparkEngine, scope: Vec<Condition>) -> Result<Vec<Vec<Cell>>, EngineError> {
    let size = ScopedColumn {
        name: "size".to_owned(),
        expression: ColumnExpression::Physical("size".to_owned()),
        data_type: Some(DataType::Integer),
        unit: None,
        mask: None,
    };
    let relation = ScopedRelation {
        name: "loans".to_owned(),
        source: "loans".to_owned(),
        columns: vec![size],
        rows: RowScope::All(scope),
    };
    let plane = Arc::new(SecurityPlane::new(vec![relation]).unwrap());
    let columns = vec!["size".to_owned()];
    engine
        .lookup(Lookup {
            plane,
            relation: "loans".to_owned(),
            columns,
            matching: Vec::new(),
            limit: 100,
            transaction: None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_that_fills_its_barrier_is_an_error_and_no_short_answer() {
    for remote in remotes().await {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.parquet");
        let numbers: ArrayRef = Arc::new(Int64Array::from((0..20).collect::<Vec<i64>>()));
        let towns: Vec<&str> = (0..20).map(|row| if row < 12 { "t1" } else { "t2" }).collect();
        write(&path, vec![("town", text(&towns)), ("size", numbers)]);
        let barred = |barrier_rows| Remote { barrier_rows, ..remote.clone() };
        let engine = barred(12).engine(mapping(&path, Format::Parquet)).await.unwrap();
        let filled = sizes(&engine, "t1").await;
        assert!(matches!(filled, Err(EngineError::MemoryExceeded { .. })), "{}: {filled:?}", remote.name);
        assert_eq!(sizes(&engine, "t2").await.unwrap().len(), 8);
        let wide = barred(SparkConfig::BARRIER_ROWS).engine(mapping(&path, Format::Parquet)).await.unwrap();
        assert_eq!(sizes(&wide, "t1").await.unwrap().len(), 12);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_that_another_is_scoped_through_fills_its_barrier_as_loudly() {
    for remote in remotes().await {
        let folder = tempfile::tempdir().unwrap();
        let (loans, desks) = (folder.path().join("loans.parquet"), folder.path().join("desks.parquet"));
        write(&loans, vec![("desk", text(&["d1", "d2"])), ("size", Arc::new(Int64Array::from(vec![1, 2])))]);
        write(&desks, vec![("town", text(&["t1"; 20])), ("id", text(&["d1"; 20]))]);
        let mut sources = mapping(&loans, Format::Parquet);
        sources
            .extend(mapping(&desks, Format::Parquet).into_values().map(|desks| ("desks".to_owned(), desks)));
        let tuples = vec![vec![ScopeValue::Text("t1".to_owned())]];
        let desks = RowScope::All(vec![Condition::Keys { columns: vec!["town".to_owned()], tuples }]);
        let by = vec![("desk".to_owned(), "id".to_owned())];
        let through = || {
            let rows = Box::new(desks.clone());
            vec![Condition::Exists { source: "desks".to_owned(), rows, by: by.clone() }]
        };
        let barred = |barrier_rows| Remote { barrier_rows, ..remote.clone() };
        let engine = barred(20).engine(sources.clone()).await.unwrap();
        let filled = sizes_of(&engine, through()).await;
        assert!(matches!(filled, Err(EngineError::MemoryExceeded { .. })), "{}: {filled:?}", remote.name);
        let engine = barred(21).engine(sources.clone()).await.unwrap();
        assert_eq!(sizes_of(&engine, through()).await.unwrap(), [[Cell::Integer(1)]]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_is_not_of_its_declared_type_is_an_error_to_whose_it_is_and_to_nobody_else() {
    for remote in remotes().await {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.csv");
        std::fs::write(&path, "town,size\nt1,5\nt1,SECRET\nt2,7\nt2,\n").unwrap();
        let engine = remote.engine(mapping(&path, Format::Csv)).await.unwrap();
        let lost = sizes(&engine, "t1").await;
        let Err(error @ EngineError::Warehouse { .. }) = lost else { panic!("{}: {lost:?}", remote.name) };
        assert_eq!(error.to_string(), "source `loans` of the warehouse cannot be read");
        assert_eq!(sizes(&engine, "t2").await.unwrap(), [[Cell::Null], [Cell::Integer(7)]]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_changes_its_types_is_read_again_at_the_latest_after_an_error() {
    for remote in remotes().await {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.parquet");
        let engine = remote.engine(mapping(&path, Format::Parquet));
        let request = || GrantsRequest {
            source: "loans".to_owned(),
            identity: vec![("town".to_owned(), "t1".to_owned())],
            yields: vec!["desk".to_owned()],
            transaction: None,
        };
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        write(&path, vec![("town", text(&["t1", "t2"])), ("desk", numbers)]);
        let engine = engine.await.unwrap();
        assert_eq!(engine.read_grants(request()).await.unwrap(), [[ScopeValue::Integer(1)]]);
        write(&path, vec![("town", text(&["t1", "t2"])), ("desk", text(&["one", "two"]))]);
        let renamed = [[ScopeValue::Text("one".to_owned())]];
        if let Ok(granted) = engine.read_grants(request()).await {
            assert_eq!(granted, renamed, "{}", remote.name);
        }
        assert_eq!(engine.read_grants(request()).await.unwrap(), renamed, "{}", remote.name);
    }
}

/// A table of Spark's own catalogue, which goes with the test.
struct Table {
    name: String,
    remote: Remote,
}

impl Table {
    fn new(remote: &Remote, name: &str) -> Self {
        Self { name: format!("{name}_{}", std::process::id()), remote: remote.clone() }
    }

    /// Runs statements in which `$` is the table.
    async fn run(&self, statements: &[&str]) {
        let session = self.remote.client().unwrap().session().unwrap();
        for statement in statements {
            let sql = statement.replace('$', &self.name);
            let rows = session.run(crate::plan::sql(&sql, Vec::new()), "test").unwrap();
            rows.try_collect::<Vec<_>>().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        session.close().await.unwrap();
    }

    fn mapping(&self, partitions: &[&str]) -> Sources {
        let source = Source {
            path: String::new(),
            table: self.name.clone(),
            format: Format::Parquet,
            partitions: partitions.iter().map(|column| (*column).to_owned()).collect(),
            schema: String::new(),
        };
        Sources::from([("loans".to_owned(), source)])
    }
}

/// Sail forgets tables with the session that made them.
async fn with_a_catalogue() -> Vec<Remote> {
    remotes().await.into_iter().filter(|remote| remote.name == "Spark").collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_read_with_the_types_that_it_has_now() {
    for remote in with_a_catalogue().await {
        let table = Table::new(&remote, "changing");
        table.run(&["DROP TABLE IF EXISTS $", "CREATE TABLE $ AS SELECT 1L AS town, 5 AS size"]).await;
        let engine = remote.engine(table.mapping(&[])).await.unwrap();
        assert_eq!(sizes(&engine, "1").await.unwrap(), [[Cell::Integer(5)]]);
        // As a number, another's key would fail the statement.
        let texts = "CREATE TABLE $ AS SELECT '1' AS town, '6' AS size UNION ALL SELECT 'other', 'SECRET'";
        table.run(&["DROP TABLE $", texts]).await;
        assert_eq!(sizes(&engine, "1").await.unwrap(), [[Cell::Integer(6)]]);
        table.run(&["DROP TABLE $"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_a_collation_takes_for_equal_are_no_keys() {
    for remote in with_a_catalogue().await {
        let table = Table::new(&remote, "collated");
        table
            .run(&[
                "DROP TABLE IF EXISTS $",
                "CREATE TABLE $ (town STRING COLLATE UTF8_LCASE, size INT) USING parquet",
                "INSERT INTO $ VALUES ('T1', 5), ('t1', 6)",
            ])
            .await;
        let engine = remote.engine(table.mapping(&[])).await.unwrap();
        let refused = sizes(&engine, "t1").await;
        assert!(matches!(refused, Err(EngineError::Warehouse { .. })), "{refused:?}");
        table.run(&["DROP TABLE $"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_of_a_table_are_those_that_it_has_and_not_those_of_its_mapping() {
    for remote in with_a_catalogue().await {
        let table = Table::new(&remote, "parted");
        table
            .run(&[
                "DROP TABLE IF EXISTS $",
                "CREATE TABLE $ (size INT, desk STRING, town STRING) USING parquet PARTITIONED BY (town)",
                "INSERT INTO $ VALUES (5, 'a', 't1'), (6, 'b', 't2')",
            ])
            .await;
        let engine = remote.engine(table.mapping(&["town"])).await.unwrap();
        assert_eq!(sizes(&engine, "t1").await.unwrap(), [[Cell::Integer(5)]]);
        let engine = remote.engine(table.mapping(&["town", "desk"])).await.unwrap();
        let refused = sizes(&engine, "t1").await;
        assert!(matches!(refused, Err(EngineError::Warehouse { .. })), "{refused:?}");
        table.run(&["DROP TABLE $"]).await;
    }
}

/// Rows of a source, everybody's, and how often there is each.
fn surveyed(catalog: &dyn Catalog, source: &str, columns: &[String]) -> BTreeMap<Vec<Option<String>>, u32> {
    let mut rows: BTreeMap<Vec<Option<String>>, u32> = BTreeMap::new();
    let mut visit = |columns: Vec<SurveyColumn>, count: usize| {
        for row in 0..count {
            let value = |column: &SurveyColumn| {
                let code = column.codes[row]?;
                Some(column.values[usize::try_from(code).unwrap()].clone())
            };
            *rows.entry(columns.iter().map(value).collect()).or_default() += 1;
        }
        ControlFlow::Continue(())
    };
    catalog.survey(source, columns, &mut visit).unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_survey_tells_of_every_row_what_the_embedded_engines_does() {
    for remote in remotes().await {
        for storage in [Storage::File, Storage::Hive] {
            let world = World::of(500, storage);
            let folder = tempfile::tempdir().unwrap();
            world.write(folder.path(), Copy::Whole).unwrap();
            // Spark reads no table of which a folder's name has an empty value.
            for name in ["harvests", "plots"] {
                let _ = std::fs::remove_dir_all(folder.path().join(name).join("coop="));
            }
            let engine = remote.engine(sources(&world, folder.path())).await.unwrap();
            let root = folder.path().to_owned();
            let compared = tokio::task::spawn_blocking(move || {
                let files = Warehouse::open(&root).unwrap();
                for (source, columns) in [
                    ("keepers", &["coop", "house", "admin", "site"][..]),
                    ("harvests", &["coop", "id"]),
                    ("varieties", &[]),
                ] {
                    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
                    let expected = surveyed(&files, source, &columns);
                    assert!(!expected.is_empty());
                    assert_eq!(surveyed(&engine, source, &columns), expected, "{source}");
                }
                assert!(!engine.has("elsewhere").unwrap());
            });
            compared.await.unwrap();
        }
    }
}

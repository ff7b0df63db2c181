//! Of which class the errors are that engines send.

use super::*;
use crate::{Files, Relation, plan};
use std::fmt::Write as _;
use std::path::Path;

/// What a class is called, apart from what it holds.
fn name(error: &ConnectError) -> String {
    let shown = format!("{error:?}");
    shown.split([' ', '{']).next().unwrap().to_owned()
}

fn files(format: &str, schema: &str, path: &Path) -> Relation {
    plan::read_files(Files {
        format: format.to_owned(),
        schema: Some(schema.to_owned()),
        paths: vec![path.to_str().unwrap().to_owned()],
        options: vec![],
    })
}

/// A Parquet file of `id BIGINT`, written by the engine's reader's format: none is at hand, so the bytes
/// are no Parquet at all.
fn corrupt(folder: &Path) -> Relation {
    std::fs::write(folder.join("x.parquet"), b"PAR1 neither pages nor a footer PAR1").unwrap();
    files("parquet", "id BIGINT", folder)
}

#[tokio::test]
async fn errors_are_told_apart_and_never_quoted() {
    let sql = |query: &str| plan::sql(query, vec![]);
    let rows = "(select cast(id as string) || 'SECRET' as s, id as n from range(3))";
    for engine in engines().await {
        let folder = tempfile::Builder::new().prefix("splitplane-").tempdir().unwrap();
        let both = |class| (class, class);
        let cases = [
            ("parse", sql("select from from ("), both("Plan")),
            ("two statements", sql("select 1; select 2"), both("Plan")),
            ("column", sql("select nope from (select 1 as a)"), both("Plan")),
            ("function", sql("select nope(1)"), both("Plan")),
            ("types", sql("select array(1) + 2"), both("Plan")),
            ("parameter", sql("select :missing"), both("Plan")),
            // Sail has one name for this and for a column that does not exist.
            ("table", sql("select * from nope"), ("Plan", "MissingTable")),
            ("cast", sql(&format!("select cast(s as int) from {rows}")), both("Data")),
            ("division", sql(&format!("select 1 / (n - 1) from {rows}")), both("Data")),
            ("remainder", sql(&format!("select 1 % (n - 1) from {rows}")), both("Data")),
            ("decimal", sql(&format!("select cast(n * 100000 as decimal(3, 0)) from {rows}")), both("Data")),
            (
                "regex",
                sql(&format!("select s rlike (case when n = 1 then '(' else 'a' end) from {rows}")),
                both("Data"),
            ),
            ("raised", sql(&format!("select raise_error(s) from {rows}")), both("Data")),
            ("subquery", sql(&format!("select (select n from {rows})")), both("Data")),
            // Sail reads a path that is not there as no rows.
            ("path", files("parquet", "id BIGINT", &folder.path().join("SECRET-path")), ("", "MissingPath")),
            // Sail's handler breaks down, and its stream with it.
            ("corrupt", corrupt(folder.path()), ("Incomplete", "File")),
        ];
        let mut wrong = String::new();
        for (what, relation, (sail, spark)) in cases {
            let expected = if engine.kind == Kind::Sail { sail } else { spark };
            let session = engine.session().await;
            let found = match collected(session.run(relation, "t").unwrap()).await {
                Ok(_) => String::new(),
                Err(error) => {
                    assert!(!error.to_string().contains("SECRET"), "{error}");
                    name(&error)
                }
            };
            if found != expected {
                writeln!(wrong, "{:?} {what}: {found}, not {expected}", engine.kind).unwrap();
            }
            session.close().await.unwrap();
        }
        assert!(wrong.is_empty(), "{wrong}");
    }
}

#[tokio::test]
async fn a_setting_that_spark_does_not_take_is_named() {
    for engine in engines().await.into_iter().filter(|engine| engine.kind == Kind::Spark) {
        let session = engine.client().session().unwrap();
        for (key, value) in [
            ("spark.sql.warehouse.dir", "/elsewhere"),
            ("spark.sql.session.timeZone", "Nowhere"),
            ("spark.sql.ansi.enabled", "perhaps"),
        ] {
            let settings = [("spark.sql.shuffle.partitions", "2"), (key, value)];
            let error = session.configure(&settings).await.unwrap_err();
            assert!(matches!(&error, ConnectError::Setting { key: named, .. } if named == key), "{error:?}");
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_session_that_was_released_is_lost_and_another_is_not() {
    for engine in engines().await {
        let client = engine.client();
        let (first, second) = (client.session().unwrap(), client.session().unwrap());
        settle(&first).await;
        settle(&second).await;
        first.close().await.unwrap();
        assert!(collected(second.run(plan::sql("select 1", vec![]), "t").unwrap()).await.is_ok());
        second.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let session = super::super::double::client_of(address, short()).session().unwrap();
    let error = session.configure(&[("k", "v")]).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unavailable { .. }), "{error:?}");
    let error = collected(session.run(plan::sql("select 1", vec![]), "t").unwrap()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unavailable { .. }), "{error:?}");
}

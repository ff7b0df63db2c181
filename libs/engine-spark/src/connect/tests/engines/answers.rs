//! What engines answer: types, parameters, plans, large rows, broken connections.

use super::*;
use crate::expression::{Value, column, field, function, literal, named};
use crate::{Files, JoinOn, expression, plan};
use arrow::array::{ArrayRef, AsArray as _, Int64Array, StringArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::sync::Arc;

/// The cells of a batch, as text.
fn shown(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    // The formatter knows no zone by its name.
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let offset = |column: &ArrayRef| {
        let has_zone = matches!(column.data_type(), DataType::Timestamp(_, Some(_)));
        if has_zone { arrow::compute::cast(column, &instant).unwrap() } else { Arc::clone(column) }
    };
    let columns: Vec<ArrayRef> = batch.columns().iter().map(offset).collect();
    let columns: Vec<_> =
        columns.iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let row = |row| columns.iter().map(|column| column.value(row).to_string()).collect();
    let mut rows: Vec<Vec<String>> = (0..batch.num_rows()).map(row).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn every_type_arrives_as_what_it_is() {
    let query = "select cast('12345678901234567890.123456' as decimal(38,6)) as dec, \
        timestamp'2024-03-31 02:30:00.123456+02:00' as tz, timestamp_ntz'2024-03-31 02:30:00.123456' as ntz, \
        date'1969-12-31' as d, cast('ab' as binary) as bin, array(1, null, 3) as arr, \
        named_struct('x', 1, 'y', 'z') as st, map('k', 2L) as m, cast(1.5 as double) as dbl, \
        cast(1.5 as float) as flt, true as b, cast(null as string) as nothing, 7Y as tiny, 8S as small";
    for engine in engines().await {
        let session = engine.session().await;
        let relation = plan::sql(query, vec![]);
        let said = session.schema(relation.clone()).await.unwrap();
        let batch = whole(session.run(relation, "t").unwrap()).await.unwrap();
        let sent = batch.schema();
        for (said, sent) in said.fields().iter().zip(sent.fields()) {
            assert_eq!(said.name(), sent.name());
            let is_same = said.data_type().equals_datatype(sent.data_type());
            assert!(is_same, "{:?} {said:?} {sent:?}", engine.kind);
        }
        let micros = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
        assert_eq!(*sent.field(0).data_type(), DataType::Decimal128(38, 6));
        assert_eq!(*sent.field(1).data_type(), micros(Some("UTC")));
        assert_eq!(*sent.field(2).data_type(), micros(None));
        let digits = batch.column(0).as_primitive::<Decimal128Type>().value(0);
        assert_eq!(digits, 12_345_678_901_234_567_890_123_456);
        let instant = batch.column(1).as_primitive::<TimestampMicrosecondType>().value(0);
        let local = batch.column(2).as_primitive::<TimestampMicrosecondType>().value(0);
        assert_eq!((instant, local), (1_711_845_000_123_456, 1_711_852_200_123_456));
        assert_eq!(
            shown(&batch)[0][3..],
            [
                "1969-12-31",
                "6162",
                "[1, NULL, 3]",
                "{x: 1, y: z}",
                "{k: 2}",
                "1.5",
                "1.5",
                "true",
                "NULL",
                "7",
                "8"
            ]
        );
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_empty_answer_has_its_schema() {
    for engine in engines().await {
        let session = engine.session().await;
        for relation in [
            plan::sql("select 1 as a, cast('x' as string) as b where false", vec![]),
            plan::sql("select id as a, cast('x' as string) as b from range(100) where id < 0", vec![]),
            plan::empty("a INT, b STRING"),
        ] {
            let mut batches = session.run(relation, "t").unwrap();
            let schema = batches.schema().await.unwrap();
            let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            assert_eq!(names, ["a", "b"]);
            let batches = collected(batches).await.unwrap();
            assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_value_is_data_whatever_it_holds() {
    let texts = [
        "x' OR '1'='1",
        "\\' union all select note from base -- ",
        "\\",
        "'",
        "\"",
        "${env:HOME}",
        "\\u0041",
        "%_",
        "line\nline",
        "\u{212a}elvin",
        "",
    ];
    for engine in engines().await {
        let session = engine.session().await;
        for text in texts {
            let arguments = vec![("x".to_owned(), Value::Text(text.to_owned()))];
            let relation = plan::sql("select :x as v", arguments);
            let batch = whole(session.run(relation, "t").unwrap()).await.unwrap();
            assert_eq!(batch.column(0).as_string::<i32>().value(0), text, "{:?}", engine.kind);
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn every_kind_of_value_arrives() {
    let cases = [
        (Value::Null, "NULL"),
        (Value::Boolean(true), "true"),
        (Value::Integer(i32::MIN), "-2147483648"),
        (Value::Long(i64::MIN), "-9223372036854775808"),
        (Value::Double(-0.1), "-0.1"),
        (Value::Decimal { digits: -5, precision: 10, scale: 2 }, "-0.05"),
        (
            Value::Decimal { digits: 99_999_999_999_999_999_999, precision: 38, scale: 6 },
            "99999999999999.999999",
        ),
        (Value::Binary(vec![0, 255, 39]), "00ff27"),
        (Value::Date(-1), "1969-12-31"),
        (Value::Timestamp(1), "1970-01-01T00:00:00.000001Z"),
        (Value::TimestampNtz(-1), "1969-12-31T23:59:59.999999"),
    ];
    for engine in engines().await {
        let session = engine.session().await;
        for (value, expected) in cases.clone() {
            let by_name = plan::sql("select :x as v", vec![("x".to_owned(), value.clone())]);
            let by_expression =
                plan::sql_with_expressions("select :x as v", vec![("x".to_owned(), literal(value.clone()))]);
            let by_plan =
                plan::project(plan::sql("select 1 as one", vec![]), vec![named(literal(value), "v")]);
            for relation in [by_name, by_expression, by_plan] {
                let batch = whole(session.run(relation, "t").unwrap()).await.unwrap();
                assert_eq!(shown(&batch), [[expected]], "{:?}", engine.kind);
            }
        }
        session.close().await.unwrap();
    }
}

/// A folder with a file `sales.csv`: columns `id`, `place`, `odd name`.
fn sales() -> (tempfile::TempDir, Files) {
    let folder = tempfile::Builder::new().prefix("splitplane-").tempdir().unwrap();
    std::fs::write(folder.path().join("sales.csv"), "id,place,odd\n1,a,x\n2,b,y\n3,a,z\n").unwrap();
    let files = Files {
        format: "csv".to_owned(),
        schema: Some("id BIGINT, place STRING, `odd.na``me` STRING".to_owned()),
        paths: vec![folder.path().to_str().unwrap().to_owned()],
        options: vec![("header".to_owned(), "true".to_owned())],
    };
    (folder, files)
}

#[tokio::test]
async fn a_plan_of_every_relation_gives_its_rows() {
    let (_folder, files) = sales();
    let places: ArrayRef = Arc::new(StringArray::from(vec!["a", "c"]));
    let places = RecordBatch::try_from_iter([("place", places)]).unwrap();
    let is_after = |id| function(">", vec![column("id"), literal(Value::Long(id))]);
    for engine in engines().await {
        let session = engine.session().await;
        let read = || plan::read_files(files.clone());
        let by_columns =
            plan::semi_join(read(), plan::rows(&places).unwrap(), JoinOn::Columns(vec!["place".to_owned()]));
        let condition = function("=", vec![field(&["s", "place"]), field(&["p", "place"])]);
        let by_condition = plan::semi_join(
            plan::aliased(read(), "s"),
            plan::aliased(plan::rows(&places).unwrap(), "p"),
            JoinOn::Condition(condition),
        );
        let cast = expression::cast(column("id"), "string");
        let odd =
            plan::project(plan::filter(read(), is_after(2)), vec![column("odd.na`me"), named(cast, "t")]);
        let added = vec![("tenant".to_owned(), Value::Text("o'\\".to_owned()))];
        let cases = [
            (plan::filter(read(), is_after(2)), vec![vec!["3", "a", "z"]]),
            // The columns that are matched by name come first.
            (by_columns, vec![vec!["a", "1", "x"], vec!["a", "3", "z"]]),
            (by_condition, vec![vec!["1", "a", "x"], vec!["3", "a", "z"]]),
            (odd, vec![vec!["z", "3"]]),
            (plan::with_literals(plan::filter(read(), is_after(2)), &["id"], added), vec![vec!["3", "o'\\"]]),
            (plan::count(plan::union_all(read(), read()), "n"), vec![vec!["6"]]),
            (plan::count(plan::limit(read(), 2), "n"), vec![vec!["2"]]),
            (plan::filter(plan::rows(&places).unwrap(), expression::text("place = 'c'")), vec![vec!["c"]]),
        ];
        for (place, (relation, expected)) in cases.into_iter().enumerate() {
            let batch = whole(session.run(relation, "t").unwrap()).await;
            let batch = batch.unwrap_or_else(|error| panic!("{:?} {place} {error:?}", engine.kind));
            assert_eq!(shown(&batch), expected, "{:?} {place}", engine.kind);
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_view_has_a_name_in_its_session_alone() {
    let (_folder, files) = sales();
    for engine in engines().await {
        let session = engine.session().await;
        session.view("sales", plan::read_files(files.clone())).await.unwrap();
        let query = plan::sql("select count(*) as n from sales", vec![]);
        let batch = whole(session.run(query.clone(), "t").unwrap()).await.unwrap();
        assert_eq!(shown(&batch), [["3"]]);
        let read = session.input_files(query.clone()).await.unwrap();
        assert_eq!(read.len(), 1, "{read:?}");
        let other = engine.session().await;
        let missing = whole(other.run(query, "t").unwrap()).await;
        assert!(missing.is_err());
        other.close().await.unwrap();
        session.close().await.unwrap();
    }
}

/// Rows far larger than a message may be arrive on Spark in pieces; Sail sends no pieces.
#[tokio::test]
async fn large_rows_arrive_in_pieces() {
    for engine in engines().await {
        if engine.kind == Kind::Sail {
            continue;
        }
        let options = ClientOptions { message_bytes_max: 512 << 10, chunk_bytes: Some(128 << 10), ..short() };
        let session = engine.client_with(options).session().unwrap();
        let query = "select id, repeat(cast(id as string), 3000000) as text from range(1, 4)";
        let batch = whole(session.run(plan::sql(query, vec![]), "t").unwrap()).await.unwrap();
        for row in 0..3 {
            let id = batch.column(0).as_primitive::<Int64Type>().value(row);
            let text = batch.column(1).as_string::<i32>().value(row);
            assert!(
                text.len() == 3_000_000
                    && text.bytes().all(|byte| u32::from(byte) == 48 + u32::try_from(id).unwrap())
            );
        }
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_batch_above_the_limit_is_an_error_on_every_engine() {
    for engine in engines().await {
        let options = ClientOptions { batch_bytes_max: 1 << 20, ..short() };
        let session = engine.client_with(options).session().unwrap();
        let query = plan::sql("select repeat('x', 3000000) as text", vec![]);
        let error = whole(session.run(query, "t").unwrap()).await.unwrap_err();
        assert!(matches!(error, ConnectError::TooLarge { .. }), "{:?} {error:?}", engine.kind);
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_again_and_again_loses_no_row() {
    use futures::StreamExt as _;
    for engine in engines().await {
        let (proxy, client) = behind_a_proxy(&engine, short()).await;
        let session = client.session().unwrap();
        settle(&session).await;
        // Rows wide enough that not all of them fit between two cuts.
        let query = "select id, repeat('x', 200) as text from range(300000)";
        let mut batches = session.run(plan::sql(query, vec![]), "t").unwrap();
        let (mut rows, mut sum, mut next_cut) = (0, 0_i64, 20_000);
        while let Some(batch) = within_reason(batches.next()).await {
            let batch =
                batch.unwrap_or_else(|error| panic!("{:?} after {rows} rows: {error:?}", engine.kind));
            rows += batch.num_rows();
            let ids: &Int64Array = batch.column(0).as_primitive::<Int64Type>();
            sum += ids.values().iter().sum::<i64>();
            if rows >= next_cut {
                proxy.cut();
                next_cut += 70_000;
            }
        }
        assert_eq!((rows, sum), (300_000, 299_999 * 300_000 / 2), "{:?}", engine.kind);
        session.close().await.unwrap();
    }
}

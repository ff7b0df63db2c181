//! The security SQL that auditors read means what the scan does.
//!
//! The oracle is the printed text itself: run by DataFusion as it comes, over the raw tables, by a session
//! that has nothing of this room but the hash, whose key a text cannot hold.

use super::fixture::*;
use crate::mask;
use crate::pushed::Tests;
use crate::scan::ScopedScan;
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType as Arrow;
use arrow::util::display::array_value_to_string;
use datafusion::common::ScalarValue;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, visit_expressions_mut};
use datafusion::sql::sqlparser::dialect::DatabricksDialect;
use datafusion::sql::sqlparser::parser::Parser;
use proptest::prelude::*;
use splitplane_split_plane::{
    ColumnMask, Condition, MaskKey, RowScope, ScopeValue, ScopedColumn, ScopedRelation, SecurityPlane,
};
use splitplane_types::{Bucket, BucketUnit};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

const KEY: MaskKey = MaskKey::new([9; 32]);

/// Keys that look alike, in text and in numbers, and values for every mask.
fn tanks() -> Vec<(&'static str, ArrayRef)> {
    let texts = |values: [Option<&str>; 9]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let some = |values: [&'static str; 9]| texts(values.map(Some));
    let prices = Decimal128Array::from(vec![1, -1, 999, 1000, 1001, 0, -1000, 5, 123_456]);
    vec![
        (
            "tenant",
            texts([
                Some("t1"),
                Some("t1"),
                Some("T1"),
                Some("t1 "),
                Some("t2"),
                None,
                Some("t1"),
                Some("t2"),
                Some(""),
            ]),
        ),
        (
            "tank",
            Arc::new(Int64Array::from(vec![
                Some(1),
                Some(7),
                Some(7),
                Some(1),
                Some(7),
                Some(7),
                None,
                Some(-1),
                Some(10),
            ])),
        ),
        (
            "code",
            texts([
                Some("001"),
                Some("1"),
                Some("1"),
                Some("A"),
                Some("a"),
                Some("a "),
                Some("a"),
                None,
                Some("e\u{301}"),
            ]),
        ),
        ("phone", some(["5550001234", "12", "", "1234", "12345", "x", "äöüß9", "a", "b"])),
        ("price", Arc::new(prices.with_precision_and_scale(12, 2).unwrap())),
        (
            "born",
            Arc::new(Date32Array::from(vec![
                Some(20_587),
                Some(0),
                Some(-1),
                None,
                Some(19_000),
                Some(1),
                Some(2),
                Some(20_454),
                Some(20_453),
            ])),
        ),
    ]
}

fn halls() -> Vec<(&'static str, ArrayRef)> {
    let texts = |values: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    vec![
        ("tenant", texts(vec![Some("t1"), Some("t1"), Some("t2"), None, Some("t1")])),
        ("tank", texts(vec![Some("1"), Some("07"), Some("7"), Some("7"), Some("-1")])),
        ("code", texts(vec![Some("001"), Some("1"), Some("a"), Some("A"), Some("e\u{301}")])),
    ]
}

fn value() -> impl Strategy<Value = ScopeValue> {
    prop_oneof![
        prop::sample::select(vec![
            "t1", "t2", "T1", "t1 ", "", "1", "001", "7", "07", "a", "A", "\u{e9}", "e\u{301}", "o'x"
        ])
        .prop_map(text),
        (-1_i64..11).prop_map(ScopeValue::Integer),
        Just(ScopeValue::Date("2026-05-14".to_owned())),
    ]
}

fn condition(depth: u32) -> BoxedStrategy<Condition> {
    let columns = prop::sample::subsequence(vec!["tenant", "tank", "code"], 1..=3);
    let keys = columns.prop_flat_map(|columns| {
        let tuple = prop::collection::vec(value(), columns.len());
        let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
        prop::collection::vec(tuple, 0..12)
            .prop_map(move |tuples| Condition::Keys { columns: columns.clone(), tuples })
    });
    if depth == 0 {
        return keys.boxed();
    }
    let by = prop::sample::subsequence(vec![("tank", "tank"), ("code", "code"), ("tenant", "tenant")], 1..=2);
    let exists =
        (prop::sample::select(vec!["tanks", "halls"]), rows(depth - 1), by).prop_map(|(source, rows, by)| {
            let by = by.into_iter().map(|(mine, theirs)| (mine.to_owned(), theirs.to_owned())).collect();
            Condition::Exists { source: source.to_owned(), rows: Box::new(rows), by }
        });
    prop_oneof![2 => keys, 1 => exists].boxed()
}

fn rows(depth: u32) -> BoxedStrategy<RowScope> {
    prop_oneof![
        6 => prop::collection::vec(condition(depth), 1..3).prop_map(RowScope::All),
        1 => Just(public()),
    ]
    .boxed()
}

fn shown() -> Vec<ScopedColumn> {
    let masked = |name: &str, mask| ScopedColumn { mask: Some(mask), ..column(name, None) };
    vec![
        column("tenant", None),
        column("tank", None),
        masked("code", ColumnMask::Hash(KEY)),
        masked("phone", ColumnMask::Last(4)),
        masked("price", ColumnMask::Bucket(Bucket::Width(10.try_into().unwrap()))),
        masked("born", ColumnMask::Bucket(Bucket::Unit(BucketUnit::Quarter))),
    ]
}

/// Every row as text, sorted; the types of the two sides may differ in width.
fn lines(batches: &[RecordBatch]) -> Vec<String> {
    let mut lines = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cell = |column: &ArrayRef| {
                if column.is_null(row) {
                    "NULL".to_owned()
                } else {
                    array_value_to_string(column, row).unwrap()
                }
            };
            lines.push(batch.columns().iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    lines.sort();
    lines
}

fn scanned(folder: &Path, relation: &ScopedRelation) -> Vec<String> {
    let scan = Arc::new(ScopedScan::new(&warehouse(folder), relation).unwrap());
    let wanted = (0..scan.schema().fields().len()).collect();
    let batches = scan.rows(wanted, &Tests::default(), unlimited()).unwrap().collect::<Result<Vec<_>, _>>();
    lines(&batches.unwrap())
}

/// A list of tuples as SQL defines it, for an engine that has no tuples of casts.
fn without_tuples(sql: &str) -> String {
    let mut statements = Parser::parse_sql(&DatabricksDialect {}, sql).unwrap();
    let both = |op: BinaryOperator| {
        move |left, right| Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) }
    };
    let _ = visit_expressions_mut(&mut statements, |expr| {
        if let Expr::InList { expr: tested, list, negated: false } = expr
            && let Expr::Tuple(columns) = tested.as_ref()
        {
            let equal = |tuple: &Expr| {
                let Expr::Tuple(values) = tuple else { panic!("{tuple}") };
                let pairs = columns.iter().cloned().zip(values.iter().cloned());
                Expr::Nested(Box::new(
                    pairs
                        .map(|(column, value)| both(BinaryOperator::Eq)(column, value))
                        .reduce(both(BinaryOperator::And))
                        .unwrap(),
                ))
            };
            *expr = Expr::Nested(Box::new(list.iter().map(equal).reduce(both(BinaryOperator::Or)).unwrap()));
        }
        ControlFlow::<()>::Continue(())
    });
    statements.pop().unwrap().to_string()
}

#[expect(clippy::disallowed_methods, reason = "an engine of its own, which is what makes it an oracle")]
async fn printed(plane: &SecurityPlane) -> Vec<String> {
    let mut config = SessionConfig::new();
    config.options_mut().sql_parser.dialect = datafusion::config::Dialect::Databricks;
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    let state = SessionStateBuilder::new().with_config(config).with_default_features().build();
    let context = SessionContext::new_with_state(state);
    for (name, columns) in [("tanks", tanks()), ("halls", halls())] {
        context.register_batch(name, RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    }
    let hash = |arguments: &[ColumnarValue]| {
        let texts = ColumnarValue::values_to_arrays(arguments)?.remove(1);
        Ok(ColumnarValue::Array(mask::masked(&texts, ColumnMask::Hash(KEY))?))
    };
    let arguments = vec![Arrow::Utf8, Arrow::Utf8];
    context.register_udf(create_udf(
        "splitplane_mask_hash",
        arguments,
        Arrow::Utf8,
        Volatility::Immutable,
        Arc::new(hash),
    ));
    let sql = without_tuples(&format!("{} SELECT * FROM shown", plane.to_sql()));
    let frame = context.sql(&sql).await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let frame =
        frame.with_param_values(vec![("tenant_mask_key", ScalarValue::from("not in the text"))]).unwrap();
    let batches = frame.collect().await.unwrap_or_else(|error| panic!("{sql}\n{error}"));
    // A bucket of a date is an instant there and a date here.
    let dates = |batch: RecordBatch| {
        let mut columns = batch.columns().to_vec();
        columns[5] = cast(&columns[5], &Arrow::Date32).unwrap();
        columns[4] = cast(&columns[4], &Arrow::Decimal128(38, 2)).unwrap();
        RecordBatch::try_from_iter(columns.into_iter().enumerate().map(|(at, c)| (format!("c{at}"), c)))
            .unwrap()
    };
    lines(&batches.into_iter().map(dates).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_text_for_auditors_means_what_the_scan_does(rows in rows(2)) {
        let folder = folder();
        parquet(folder.path(), "tanks.parquet", tanks());
        parquet(folder.path(), "halls.parquet", halls());
        let relation = ScopedRelation { source: "tanks".to_owned(), ..relation("shown", shown(), rows) };
        let plane = SecurityPlane::new(vec![relation.clone()]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        prop_assert_eq!(scanned(folder.path(), &relation), runtime.block_on(printed(&plane)), "{}", plane.to_sql());
    }
}

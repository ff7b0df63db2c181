//! Values of expressions as Databricks gives them: the table of `values.tsv`, held against this engine.
//!
//! The expected values were read off Apache Spark 4.3.0, or 4.2.1, in ANSI mode with the session in UTC, over the two
//! relations below (`x` is an expression over `one`, `a` an aggregate over `events`, `s` a statement); for
//! functions that only Databricks has, off its reference. None was read off this engine. `ERROR` is a
//! failure on the rows. A fourth column says `refused` where there is no value here: what cannot have
//! Databricks' value has none.

use super::fixture::*;
use crate::{Engine, EngineError};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use splitplane_split_plane::{ScopedRelation, SecurityPlane};
use splitplane_types::DataType;
use std::path::Path;
use std::sync::Arc;

const TABLE: &str = include_str!("values.tsv");
/// Entries that a table of this purpose should have at the least.
const ENTRIES_MIN: usize = 350;

type Typed = (&'static str, DataType, ArrayRef);

fn one() -> Vec<Typed> {
    let typed = |name, data_type, array: ArrayRef| (name, data_type, array);
    let integer = |name, value: i64| typed(name, DataType::Integer, Arc::new(Int64Array::from(vec![value])));
    let double = |name, value: f64| typed(name, DataType::Float, Arc::new(Float64Array::from(vec![value])));
    let text = |name, value: &str| typed(name, DataType::String, Arc::new(StringArray::from(vec![value])));
    let date = |name, value: i32| typed(name, DataType::Date, Arc::new(Date32Array::from(vec![value])));
    let time = |name, value: i64| {
        typed(name, DataType::Timestamp, Arc::new(TimestampMicrosecondArray::from(vec![value])))
    };
    let decimal = Decimal128Array::from(vec![725]).with_precision_and_scale(5, 2).unwrap();
    vec![
        integer("five", 5),
        integer("two", 2),
        integer("zero", 0),
        integer("minus_five", -5),
        integer("big", i64::MAX),
        integer("minus_big", -i64::MAX),
        ("none", DataType::Integer, Arc::new(Int64Array::from(vec![None]))),
        ("dec", DataType::Decimal, Arc::new(decimal)),
        double("dbl", 2.625),
        double("half", 2.5),
        double("minus_half", -2.5),
        ("yes", DataType::Boolean, Arc::new(BooleanArray::from(vec![true]))),
        text("text", "abc"),
        text("empty", ""),
        text("spaced", " a "),
        text("accents", "\u{c9}clair"),
        text("names", "o'brien mc-donald XYZ  two"),
        ("null_text", DataType::String, Arc::new(StringArray::from(vec![None::<&str>]))),
        text("dashed", "a-b-c"),
        date("day", 20_527),
        date("sunday", 20_527),
        date("new_year", 20_454),
        date("month_end", 20_484),
        date("leap", 19_782),
        time("moment", 1_773_617_415_250_000),
        time("later", 1_776_291_000_000_000),
    ]
}

fn events() -> Vec<Typed> {
    let price = vec![Some(150), Some(225), Some(10), None, Some(10_000), Some(300)];
    let price = Decimal128Array::from(price).with_precision_and_scale(10, 2).unwrap();
    let group = vec![Some("a"), Some("a"), Some("b"), Some("b"), None, Some("a")];
    let word = vec![Some("x"), Some("y"), None, Some("X"), Some("yy"), Some("")];
    let number = vec![Some(1), Some(3), Some(3), None, Some(10), Some(4)];
    let float = vec![Some(1.5), Some(2.5), None, Some(4.0), Some(5.25), Some(-1.0)];
    vec![
        ("id", DataType::Integer, Arc::new(Int64Array::from(vec![1, 2, 3, 4, 5, 6]))),
        ("g", DataType::String, Arc::new(StringArray::from(group))),
        ("n", DataType::Integer, Arc::new(Int64Array::from(number))),
        ("t", DataType::String, Arc::new(StringArray::from(word))),
        ("d", DataType::Decimal, Arc::new(price)),
        ("f", DataType::Float, Arc::new(Float64Array::from(float))),
        ("huge", DataType::Integer, Arc::new(Int64Array::from(vec![i64::MAX, i64::MAX, 1, 2, 3, 4]))),
    ]
}

fn world(folder: &Path) -> Vec<ScopedRelation> {
    [("one", one()), ("events", events())]
        .into_iter()
        .map(|(name, columns)| {
            let declared =
                columns.iter().map(|(name, data_type, _)| column(name, Some(*data_type))).collect();
            let arrays = columns.into_iter().map(|(name, _, array)| (name, array)).collect();
            parquet(folder, &format!("{name}.parquet"), arrays);
            relation(name, declared, public())
        })
        .collect()
}

/// Zeros at the end of a fraction say nothing about a value.
fn plain(value: &str) -> String {
    let cells = |row: &str| row.split('|').map(cell).collect::<Vec<_>>().join("|");
    value.split("; ").map(cells).collect::<Vec<_>>().join("; ")
}

fn cell(value: &str) -> String {
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || b"-.:T".contains(&byte));
    if number && value.contains('.') {
        let short = value.trim_end_matches('0');
        return if short.ends_with('.') { format!("{short}0") } else { short.to_owned() };
    }
    value.to_owned()
}

#[tokio::test]
async fn every_expression_has_the_value_that_databricks_gives_it_or_none() {
    let folder = folder();
    let relations = world(folder.path());
    let engine = engine(folder.path());
    let plane = Arc::new(SecurityPlane::new(relations.clone()).unwrap());
    let mut wrong = Vec::new();
    let mut entries = 0;
    for line in TABLE.lines() {
        entries += 1;
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, expression, expected, rest @ ..] = fields.as_slice() else { panic!("{line}") };
        let sql = match *kind {
            "e" => format!("SELECT {expression} AS x, five AS traced FROM one"),
            "a" => format!("SELECT {expression} AS x, count(*) AS traced FROM events"),
            "s" => (*expression).to_owned(),
            other => panic!("{other}"),
        };
        let found = match view(&relations).guard(&sql) {
            Err(error) => format!("refused: {error}"),
            Ok(query) => {
                let statement = crate::Statement::new(Arc::clone(&plane), query, limits());
                match engine.execute(statement).await {
                    Err(EngineError::Data { .. }) => "ERROR".to_owned(),
                    Err(EngineError::Plan { cause }) => format!("refused: {cause}"),
                    Err(error) => format!("{error:?}"),
                    Ok(result) => {
                        let width = result.table.columns.len() - usize::from(*kind != "s");
                        let row =
                            |row: &Vec<_>| row.iter().take(width).map(show).collect::<Vec<_>>().join("|");
                        result.table.rows.iter().map(row).collect::<Vec<_>>().join("; ")
                    }
                }
            }
        };
        let refused = found.starts_with("refused");
        let right = if *rest == ["refused"] { refused } else { plain(&found) == plain(expected) };
        if !right {
            wrong.push(format!("{expression}\n    is {expected} on Databricks, here {found}"));
        }
    }
    assert!(entries >= ENTRIES_MIN, "{entries}");
    assert!(wrong.is_empty(), "{} of {entries} differ:\n{}", wrong.len(), wrong.join("\n"));
}

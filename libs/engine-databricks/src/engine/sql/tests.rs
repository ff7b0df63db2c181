//! What the text of a scope is, and what is never in it.

use super::*;
use proptest::prelude::*;
use splitplane_engine_spark::Value;
use splitplane_engine_spark::layout::{Format, Sources};
use splitplane_engine_spark::scoped::{Known, Planner, Scoped, places};
use splitplane_split_plane::{
    ColumnExpression, Condition, MaskKey, RowScope, ScopeValue, ScopedColumn, ScopedRelation,
};
use splitplane_types::DataType;
use std::collections::BTreeSet;

fn source(table: &str, partitions: &[&str]) -> Source {
    Source {
        path: String::new(),
        table: table.to_owned(),
        format: Format::default(),
        partitions: partitions.iter().map(|name| (*name).to_owned()).collect(),
        schema: String::new(),
    }
}

fn sources() -> Sources {
    Sources::from([
        ("orders".to_owned(), source("main.sales.orders", &["tenant"])),
        ("stores".to_owned(), source("main.sales.stores", &[])),
    ])
}

fn column(name: &str, data_type: Option<DataType>, mask: Option<ColumnMask>) -> ScopedColumn {
    ScopedColumn {
        name: name.to_owned(),
        expression: ColumnExpression::Physical(name.to_owned()),
        data_type,
        mask,
        unit: None,
    }
}

fn relation(rows: RowScope, columns: Vec<ScopedColumn>) -> ScopedRelation {
    ScopedRelation { name: "orders".to_owned(), source: "orders".to_owned(), columns, rows }
}

fn texts(values: &[&str]) -> Vec<ScopeValue> {
    values.iter().map(|value| ScopeValue::Text((*value).to_owned())).collect()
}

fn keys(columns: &[&str], tuples: Vec<Vec<ScopeValue>>) -> Condition {
    Condition::Keys { columns: columns.iter().map(|name| (*name).to_owned()).collect(), tuples }
}

fn planned(relation: &ScopedRelation) -> (Scoped<Query>, Vec<Parameter>, Vec<Parameter>) {
    let sources = sources();
    let types = [
        ("tenant", Arrow::Utf8),
        ("store", Arrow::Utf8),
        ("id", Arrow::Int32),
        ("day", Arrow::Utf8),
        ("town", Arrow::Utf8),
    ];
    let types: Vec<_> = types.into_iter().map(|(name, data_type)| (name.to_owned(), data_type)).collect();
    let mut known = Known::new();
    for place in places(&sources, relation).unwrap() {
        known.insert(place, Some(types.clone()));
    }
    let used: BTreeSet<String> = relation.columns.iter().map(|column| column.name.clone()).collect();
    let mut planner =
        Planner { sources: &sources, known: &known, barrier_rows: i32::MAX, algebra: SqlText::default() };
    let scoped = planner.relation(relation, &used).unwrap();
    let (values, pads) = planner.algebra.parameters();
    (scoped, values, pads)
}

fn written(values: &[Parameter]) -> Vec<(String, String, SqlType)> {
    let one = |parameter: &Parameter| {
        (parameter.name.clone(), parameter.value.clone().unwrap(), parameter.sql_type)
    };
    values.iter().map(one).collect()
}

#[test]
fn a_partition_of_a_table_is_read_by_its_value_and_needs_no_barrier() {
    let rows = RowScope::All(vec![keys(&["tenant"], vec![texts(&["t1"])])]);
    let (scoped, values, pads) = planned(&relation(rows, vec![column("id", None, None)]));
    assert_eq!(
        scoped.plan.text,
        "SELECT CAST(`id` AS BIGINT) AS `id` FROM (SELECT `id`, `tenant` FROM `main`.`sales`.`orders` \
         WHERE `tenant` = :s0 AND CAST(`tenant` AS BINARY) = CAST(:s0 AS BINARY)) AS d0"
    );
    assert_eq!(written(&values), [("s0".to_owned(), "t1".to_owned(), SqlType::String)]);
    assert!(pads.is_empty() && scoped.checks.is_empty() && scoped.is_whole);
}

#[test]
fn what_columns_decide_is_behind_a_barrier_and_checked_with_the_same_text() {
    let exists = Condition::Exists {
        source: "stores".to_owned(),
        rows: Box::new(RowScope::All(vec![keys(&["town"], vec![texts(&["ulm"])])])),
        by: vec![("store".to_owned(), "store".to_owned())],
    };
    let rows = RowScope::All(vec![keys(&["tenant"], vec![texts(&["t1"])]), exists]);
    let (scoped, values, _) = planned(&relation(rows, vec![column("day", Some(DataType::Date), None)]));
    let kept = "SELECT * FROM (SELECT * FROM (SELECT `day`, `store`, `tenant` FROM `main`.`sales`.`orders` \
        WHERE `tenant` = :s0 AND CAST(`tenant` AS BINARY) = CAST(:s0 AS BINARY)) AS d2 \
        LEFT SEMI JOIN (SELECT `store` AS `__other0` FROM (SELECT * FROM (SELECT `store`, `town` \
        FROM `main`.`sales`.`stores` WHERE `town` = :s1 AND CAST(`town` AS BINARY) = CAST(:s1 AS BINARY)) AS d0 \
        LIMIT 2147483647) AS d1) AS d3 ON `store` = `__other0`) AS d4 LIMIT 2147483647";
    assert_eq!(scoped.plan.text, format!("SELECT try_cast(`day` AS DATE) AS `day` FROM ({kept}) AS d5"));
    let [check, below] = scoped.checks.as_slice() else { panic!("two checks") };
    assert_eq!((check.rows.text.as_str(), check.is_barred), (kept, true));
    // The source that the scope leads through has a barrier of its own.
    let through = "SELECT * FROM (SELECT `store`, `town` FROM `main`.`sales`.`stores` \
        WHERE `town` = :s1 AND CAST(`town` AS BINARY) = CAST(:s1 AS BINARY)) AS d0 LIMIT 2147483647";
    assert_eq!((below.rows.text.as_str(), below.is_barred), (through, true));
    assert_eq!(check.loss().unwrap(), "`day` IS NOT NULL AND try_cast(`day` AS DATE) IS NULL");
    assert_eq!(values.len(), 2);
}

#[test]
fn a_scope_without_rows_reads_no_table() {
    let rows = RowScope::All(vec![keys(&["tenant"], Vec::new())]);
    let (scoped, values, _) = planned(&relation(rows, vec![column("day", Some(DataType::Date), None)]));
    assert_eq!(scoped.plan.text, "SELECT CAST(NULL AS DATE) AS `day` WHERE FALSE");
    assert!(values.is_empty());
}

#[test]
fn a_hash_has_its_key_in_parameters_of_their_own_which_checks_do_not_have() {
    let mask = ColumnMask::Hash(MaskKey::new([7; 32]));
    let rows = RowScope::All(vec![keys(&["store"], vec![texts(&["s"])])]);
    let (scoped, values, pads) = planned(&relation(rows, vec![column("town", None, Some(mask))]));
    let names: Vec<_> = pads.iter().map(|pad| (pad.name.as_str(), pad.value.clone().unwrap())).collect();
    let [("m0", inner), ("m1", outer)] = names.as_slice() else { panic!("{names:?}") };
    assert_eq!(
        (inner, outer),
        (&("31".repeat(32) + &"36".repeat(32)), &("5B".repeat(32) + &"5C".repeat(32)))
    );
    assert!(scoped.plan.text.contains("unhex(:m0)") && scoped.plan.text.contains("unhex(:m1)"));
    assert!(!scoped.plan.text.contains(inner) && !scoped.checks[0].rows.text.contains(":m"));
    assert_eq!(values.len(), 1);
}

fn any_of(groups: &[(&str, &[&str])]) -> AnyOf {
    let text = |value: &&str| Value::Text((*value).to_owned());
    let group = |(town, desks): &(&str, &[&str])| {
        vec![("town".to_owned(), vec![text(town)]), ("desk".to_owned(), desks.iter().map(text).collect())]
    };
    groups.iter().map(group).collect()
}

#[test]
fn tuples_that_are_every_pair_of_their_values_are_two_lists() {
    let mut sql = SqlText::default();
    let condition = sql.condition(&any_of(&[("a", &["1", "2"]), ("b", &["2", "1"])]));
    assert!(condition.starts_with("`town` IN (:s0, :s1) AND "), "{condition}");
    assert!(condition.contains("`desk` IN (:s2, :s3)") && !condition.contains("split"), "{condition}");
}

#[test]
fn tuples_that_are_not_every_pair_are_told_apart_by_one_text() {
    let mut sql = SqlText::default();
    let condition = sql.condition(&any_of(&[("a", &["1", "2"]), ("b", &["1,."])]));
    let packed = "array_contains(split(:s5, CAST(X'2C' AS STRING)), \
        concat(hex(`town`), CAST(X'2E' AS STRING), hex(`desk`)))";
    assert!(condition.ends_with(packed), "{condition}");
    assert_eq!(sql.values[5].value.as_deref(), Some("61.31,61.32,62.312C2E"));
}

#[test]
fn many_values_are_one_parameter_beside_those_that_all_share() {
    let many: Vec<String> = (0..5_000).map(|n| format!("d{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut sql = SqlText::default();
    let condition = sql.condition(&any_of(&[("a", &many)]));
    assert_eq!(sql.values.len(), 2);
    assert!(condition.starts_with("`town` = :s0 AND "), "{condition}");
    assert!(condition.ends_with("array_contains(split(:s1, CAST(X'2C' AS STRING)), hex(`desk`))"));
    let numbers = (0..9).map(Value::Long).collect();
    let condition = sql.condition(&vec![vec![("id".to_owned(), numbers)]]);
    assert!(condition.ends_with("CAST(try_cast(`id` AS BIGINT) AS STRING))"), "{condition}");
    assert_eq!(sql.values[2].value.as_deref(), Some("0,1,2,3,4,5,6,7,8"));
}

#[test]
fn what_no_scope_compares_with_is_met_by_no_row() {
    let mut sql = SqlText::default();
    for value in [Value::Null, Value::Binary(vec![1]), Value::Double(1.0)] {
        assert_eq!(sql.condition(&vec![vec![("id".to_owned(), vec![value])]]), "FALSE");
    }
    assert_eq!(sql.condition(&AnyOf::new()), "FALSE");
    assert_eq!(sql.condition(&vec![Vec::new()]), "FALSE");
    assert!(sql.values.is_empty());
}

/// Every word that may stand in the text of a scope, beside quoted names, markers, names of derived tables and numbers.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "AS",
    "AND",
    "IN",
    "LEFT",
    "SEMI",
    "JOIN",
    "ON",
    "LIMIT",
    "UNION",
    "ALL",
    "CAST",
    "try_cast",
    "NULL",
    "FALSE",
    "BINARY",
    "STRING",
    "BIGINT",
    "DATE",
    "array_contains",
    "split",
    "concat",
    "hex",
    "X",
    "unhex",
    "sha2",
    "left",
];

/// The words of a text; none of them may be a value's.
fn is_of_ours(text: &str) -> Result<(), String> {
    let names: [&str; 10] =
        ["tenant", "store", "id", "day", "town", "main", "sales", "orders", "stores", "__other0"];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '`' {
            let (name, after) = rest.split_at(1).1.split_once('`').ok_or("an open name")?;
            names.contains(&name).then_some(()).ok_or_else(|| format!("name {name}"))?;
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            let is_ours = " (),:=*'.".contains(first);
            is_ours.then_some(()).ok_or_else(|| format!("letter {first:?}"))?;
            rest = rest.split_at(first.len_utf8()).1;
            continue;
        }
        let (word, after) = rest.split_at(end);
        let is_counted = |letters: &[char]| {
            word.strip_prefix(letters).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        };
        let is_separator = ["2C", "2E"].contains(&word);
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        let is_known = WORDS.contains(&word) || is_counted(&['s', 'm', 'd']) || is_separator || is_number;
        is_known.then_some(()).ok_or_else(|| format!("word {word}"))?;
        rest = after;
    }
    Ok(())
}

/// A relation of two sources with a masked column, in the scope of these values.
fn of_values(tenants: &[String], days: &[(String, i64)], towns: &[String]) -> ScopedRelation {
    let text = |value: &String| ScopeValue::Text(value.clone());
    let tuple = |((day, id), tenant): (&(String, i64), &String)| {
        vec![text(tenant), text(day), ScopeValue::Integer(*id)]
    };
    let tuples = days.iter().zip(tenants.iter().cycle()).map(tuple).collect();
    let exists = Condition::Exists {
        source: "stores".to_owned(),
        rows: Box::new(RowScope::All(vec![keys(
            &["town"],
            towns.iter().map(|town| vec![text(town)]).collect(),
        )])),
        by: vec![("store".to_owned(), "store".to_owned())],
    };
    let rows = RowScope::All(vec![keys(&["tenant", "day", "id"], tuples), exists]);
    let mask = ColumnMask::Hash(MaskKey::new([9; 32]));
    relation(rows, vec![column("id", None, None), column("town", None, Some(mask))])
}

/// The same values under other names: each has its own, and no two have the same.
fn renamed(values: &[String]) -> Vec<String> {
    let all: BTreeSet<&String> = values.iter().collect();
    values.iter().map(|value| format!("v{}", all.iter().position(|other| *other == value).unwrap())).collect()
}

proptest! {
    // The oracles know the words of a text, and that other values make no other text.
    #[test]
    fn no_value_of_a_scope_is_ever_in_the_text(
        tenants in prop::collection::vec("[^a-z]{0,12}|[a-z' ]{1,8}|'\\) OR .*", 1..12),
        days in prop::collection::vec(("\\PC{0,8}", -9_000_i64..9_000), 1..12),
        towns in prop::collection::vec("\\PC{1,8}", 1..12),
    ) {
        let (scoped, values, _) = planned(&of_values(&tenants, &days, &towns));
        prop_assert_eq!(is_of_ours(&scoped.plan.text), Ok(()));
        prop_assert!(values.len() <= 4 * 9);
        let (names, ids): (Vec<String>, Vec<i64>) = days.into_iter().unzip();
        let other_days: Vec<_> = renamed(&names).into_iter().zip(ids.iter().map(|id| id + 50_000)).collect();
        let (other, _, _) = planned(&of_values(&renamed(&tenants), &other_days, &renamed(&towns)));
        prop_assert_eq!(scoped.plan.text, other.plan.text);
    }
}

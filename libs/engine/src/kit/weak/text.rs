//! Scopes as everybody writes them: SELECTs with a WHERE, in views or in front of a statement.

use super::engine::base;
use splitplane_split_plane::{Condition, RowScope, ScopeValue, ScopedRelation};

/// The relation as a SELECT over its base table.
pub(super) fn select(relation: &ScopedRelation) -> String {
    let columns: Vec<String> =
        relation.columns.iter().map(|column| format!("s0.`{}`", column.name)).collect();
    let from = base(&relation.source);
    let condition = condition(&relation.rows, 0);
    format!("SELECT {} FROM `{from}` s0 WHERE {condition}", columns.join(", "))
}

fn condition(rows: &RowScope, depth: usize) -> String {
    let RowScope::All(conditions) = rows else { return "TRUE".to_owned() };
    let all: Vec<String> = conditions.iter().map(|condition| one(condition, depth)).collect();
    all.join(" AND ")
}

fn one(condition: &Condition, depth: usize) -> String {
    let (mine, theirs) = (format!("s{depth}"), format!("s{}", depth + 1));
    match condition {
        Condition::Keys { columns: _, tuples } if tuples.is_empty() => "FALSE".to_owned(),
        Condition::Keys { columns, tuples } => {
            let equal =
                |(column, value): (&String, &ScopeValue)| format!("{mine}.`{column}` = {}", literal(value));
            let tuple = |tuple: &Vec<ScopeValue>| {
                columns.iter().zip(tuple).map(equal).collect::<Vec<_>>().join(" AND ")
            };
            format!("({})", tuples.iter().map(tuple).collect::<Vec<_>>().join(" OR "))
        }
        Condition::Exists { source, rows, by } => {
            let equal = |(a, b): &(String, String)| format!("{theirs}.`{b}` = {mine}.`{a}`");
            let equal = by.iter().map(equal).collect::<Vec<_>>().join(" AND ");
            let (from, inner) = (base(source), self::condition(rows, depth + 1));
            format!("EXISTS (SELECT 1 FROM `{from}` {theirs} WHERE {equal} AND {inner})")
        }
    }
}

fn literal(value: &ScopeValue) -> String {
    match value {
        ScopeValue::Integer(number) => number.to_string(),
        ScopeValue::Text(text) | ScopeValue::Date(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

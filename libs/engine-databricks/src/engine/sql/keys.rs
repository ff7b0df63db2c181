//! The condition that a row holds one of some tuples, with few parameters: a statement can have 256 of them.
//!
//! Decides that columns of few values are compared as they are, so that a table's layout is made use of, and that what
//! these comparisons leave open is decided by one list that travels as one text. Text is compared byte for byte, whatever
//! a column's collation.

use super::SqlText;
use crate::statement::SqlType;
use arrow::temporal_conversions::date32_to_datetime;
use splitplane_engine_spark::Value;
use splitplane_engine_spark::scoped::AnyOf;
use splitplane_engine_spark::types::{literal_text, quoted};
use std::collections::BTreeSet;

/// Values of one column that are compared one by one.
const LISTED_MAX: usize = 8;
/// What no row meets.
const NEVER: &str = "FALSE";

/// A value in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Text(String),
    Integer(i64),
    Date(String),
}

impl Key {
    /// `None` for what no scope compares with.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(Self::Text(text.clone())),
            Value::Long(number) => Some(Self::Integer(*number)),
            Value::Integer(number) => Some(Self::Integer(i64::from(*number))),
            Value::Date(days) => Some(Self::Date(date32_to_datetime(*days)?.date().to_string())),
            Value::Null
            | Value::Boolean(_)
            | Value::Double(_)
            | Value::Decimal { .. }
            | Value::Binary(_)
            | Value::Timestamp(_)
            | Value::TimestampNtz(_) => None,
        }
    }

    fn parameter(&self) -> (String, SqlType) {
        match self {
            Self::Text(text) => (text.clone(), SqlType::String),
            Self::Integer(number) => (number.to_string(), SqlType::Bigint),
            Self::Date(date) => (date.clone(), SqlType::Date),
        }
    }

    /// As it stands in a list: no comma and no point, whatever it holds.
    fn packed(&self) -> String {
        match self {
            Self::Text(text) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
            Self::Integer(number) => number.to_string(),
            Self::Date(date) => date.clone(),
        }
    }

    /// A column's value as it would stand in a list.
    fn packed_column(&self, column: &str) -> String {
        match self {
            Self::Text(_) => format!("hex({column})"),
            Self::Integer(_) => format!("CAST(try_cast({column} AS BIGINT) AS STRING)"),
            Self::Date(_) => format!("CAST({column} AS STRING)"),
        }
    }
}

type Tuples = BTreeSet<Vec<Key>>;

/// Columns, and every tuple that a row may hold in them; `None` where that cannot be said.
fn tuples(keys: &AnyOf) -> Option<(Vec<&str>, Tuples)> {
    let columns: Vec<&str> = keys.first()?.iter().map(|(name, _)| name.as_str()).collect();
    let mut all = Tuples::new();
    for group in keys {
        if !group.iter().map(|(name, _)| name.as_str()).eq(columns.iter().copied()) {
            return None;
        }
        let mut begun: Vec<Vec<Key>> = vec![Vec::new()];
        for (_, values) in group {
            let values = values.iter().map(Key::of).collect::<Option<Vec<_>>>()?;
            let with = |before: &Vec<Key>| -> Vec<Vec<Key>> {
                values.iter().map(|value| [before.as_slice(), std::slice::from_ref(value)].concat()).collect()
            };
            begun = begun.iter().flat_map(with).collect();
        }
        all.extend(begun);
    }
    (!columns.is_empty() && !all.is_empty()).then_some((columns, all))
}

impl SqlText {
    /// True of a row that holds one of the tuples.
    pub(super) fn condition(&mut self, keys: &AnyOf) -> String {
        let Some((columns, tuples)) = tuples(keys) else { return NEVER.to_owned() };
        let (mut all, mut varying) = (Vec::new(), Vec::new());
        let (mut product, mut is_open) = (1_usize, false);
        for (at, name) in columns.iter().enumerate() {
            let values: BTreeSet<&Key> = tuples.iter().filter_map(|tuple| tuple.get(at)).collect();
            product = product.saturating_mul(values.len());
            if values.len() <= LISTED_MAX {
                all.push(self.one_of(&quoted(name), &values));
            } else {
                is_open = true;
            }
            if values.len() > 1 {
                varying.push(at);
            }
        }
        // Fewer tuples than there are pairs of their values: not every pair is one.
        if is_open || tuples.len() < product {
            all.push(self.packed(&columns, &tuples, &varying));
        }
        all.join(" AND ")
    }

    /// True of a column that holds one of few values.
    fn one_of(&mut self, column: &str, values: &BTreeSet<&Key>) -> String {
        let mut markers = Vec::with_capacity(values.len());
        let mut is_text = false;
        for value in values {
            is_text |= matches!(value, Key::Text(_));
            let (text, sql_type) = value.parameter();
            markers.push(self.value(text, sql_type));
        }
        let equal = |column: &str, markers: &[String]| match markers {
            [only] => format!("{column} = {only}"),
            markers => format!("{column} IN ({})", markers.join(", ")),
        };
        let found = equal(column, &markers);
        if !is_text {
            return found;
        }
        // A collation may take other letters for the same: the bytes decide.
        let bytes: Vec<String> = markers.iter().map(|marker| format!("CAST({marker} AS BINARY)")).collect();
        format!("{found} AND {}", equal(&format!("CAST({column} AS BINARY)"), &bytes))
    }

    /// True of a row that holds one of many tuples in some of the columns.
    fn packed(&mut self, columns: &[&str], tuples: &Tuples, varying: &[usize]) -> String {
        let of = |tuple: &Vec<Key>| -> String {
            let keys = varying.iter().filter_map(|at| tuple.get(*at));
            keys.map(Key::packed).collect::<Vec<_>>().join(".")
        };
        let list = tuples.iter().map(of).collect::<Vec<_>>().join(",");
        let first = tuples.first();
        let own = |at: &usize| Some(first?.get(*at)?.packed_column(&quoted(columns.get(*at)?)));
        let own: Vec<String> = varying.iter().filter_map(own).collect();
        let marker = self.value(list, SqlType::String);
        let own = match own.as_slice() {
            [only] => only.clone(),
            own => format!("concat({})", own.join(&format!(", {}, ", literal_text(".")))),
        };
        format!("array_contains(split({marker}, {}), {own})", literal_text(","))
    }
}

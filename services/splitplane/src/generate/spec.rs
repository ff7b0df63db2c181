//! The specification: tables in order, each made of rows and columns.
//!
//! Only gives it types; what the names in it mean is decided where they are used. Unknown keys are
//! refused. `examples/` shows every kind of row and column at work.

use super::GenerateError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A whole specification.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    version: u32,
    /// Another seed gives other rows of the same kind.
    pub(super) seed: u64,
    pub(super) week_starts: FirstDay,
    /// Complete weeks before the current one.
    pub(super) weeks: i16,
    /// Tables; each may refer to those before it.
    pub(super) tables: Vec<TableSpec>,
    /// Sums that must come out exactly; earlier ones are kept by later ones.
    pub(super) totals: Vec<TotalSpec>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FirstDay {
    Monday,
    Sunday,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableSpec {
    pub(super) name: String,
    /// False for a table that only helps to make others.
    pub(super) written: Option<bool>,
    pub(super) rows: RowsSpec,
    pub(super) columns: Vec<ColumnSpec>,
}

/// Where the rows of a table come from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RowsSpec {
    /// Written out here, a list of values each, in the order of the columns that are `listed`.
    Listed(Vec<Vec<Scalar>>),
    /// Some for each row of an earlier table, the parent.
    Each { parent: String, count: CountSpec },
}

/// How many rows each parent row gets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum CountSpec {
    /// As many as the parent's column says.
    Column(String),
    /// A number drawn by weight.
    Drawn(BTreeMap<i64, u64>),
    /// For each day about as many as the parent's column says.
    Daily {
        column: String,
        /// Percent of it on each day of the week, from its first.
        weekdays: [u64; 7],
        /// At most so many percent more or less.
        vary_percent: u64,
    },
    /// One for each row of another table that agrees with the parent row in the columns `same`, and
    /// whose `key` is among the words of the parent's column `listed` (`*` is all).
    Partners { table: String, same: Vec<String>, key: String, listed: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnSpec {
    pub(super) name: String,
    /// False for a column that only helps to make others.
    pub(super) written: Option<bool>,
    pub(super) is: Source,
}

/// Where the values of a column come from.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Source {
    /// The listed values, of this type.
    Listed(Kind),
    /// The parent row's column.
    Parent(String),
    /// The partner row's column.
    Partner(String),
    /// The day, where rows are made daily.
    Day,
    /// The prefix and the row's number, at least so many digits; counted anew for each parent row
    /// when it restarts.
    Sequence { prefix: String, digits: usize, restarts: bool },
    /// A text drawn by weight.
    Text(BTreeMap<String, u64>),
    /// A whole number drawn by weight.
    Integer(BTreeMap<i64, u64>),
    /// A whole number, all alike.
    Between { min: i64, max: i64 },
    /// A decimal number; where skewed, small ones are more frequent (a quarter up is the mean).
    Decimal { min: String, max: String, skewed: bool },
    /// A row of another table, drawn among those that agree with the parent row in the columns
    /// `within`; this column gets its `column`. Empty in so many percent.
    Reference { table: String, column: String, within: Vec<String>, empty_percent: u64 },
    /// The rows of another table in turn: the next one after `every` rows of a parent, `stride` rows
    /// apart from one to the next within them.
    Cycle { table: String, column: String, every: u32, stride: u32 },
    /// Another column of the row that an earlier `reference` or `cycle` column picked.
    Through { column: String, take: String },
    /// Text in which `{name}` is an earlier column.
    Template(String),
    /// Text in which each `#` is a digit.
    Pattern(String),
    /// An earlier decimal column and so many percent more, drawn by weight.
    PercentMore { of: String, percents: BTreeMap<i64, u64> },
    /// The parent's decimal column, shared out among its rows by the product of earlier columns.
    Share { of: String, by: Vec<String> },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Text,
    Integer,
    Decimal,
}

/// A listed value.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Integer(i64),
    Text(String),
}

/// The sum of a decimal column over rows of the newest complete week.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TotalSpec {
    pub(super) table: String,
    pub(super) column: String,
    /// Rows that count: each of these columns holds one of its values.
    #[serde(rename = "where")]
    pub(super) filter: BTreeMap<String, Vec<String>>,
    pub(super) total: String,
}

impl Spec {
    pub(super) fn parse(text: &str) -> Result<Self, GenerateError> {
        let spec: Self =
            serde_saphyr::from_str(text).map_err(|error| GenerateError::Syntax(Box::new(error)))?;
        if spec.version != 1 {
            return Err(GenerateError::spec("`version`", format!("{} is not known; write 1", spec.version)));
        }
        if !(1..=520).contains(&spec.weeks) {
            return Err(GenerateError::spec("`weeks`", "must be 1 to 520"));
        }
        let mut names = std::collections::BTreeSet::new();
        for table in &spec.tables {
            // The name becomes a file's.
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if table.name.is_empty() || !table.name.chars().all(plain) {
                let what = "a table's name is made of `a` to `z`, digits and `_`";
                return Err(GenerateError::spec(format!("table `{}`", table.name), what));
            }
            if !names.insert(&table.name) {
                return Err(GenerateError::spec(format!("table `{}`", table.name), "it is there twice"));
            }
        }
        Ok(spec)
    }
}

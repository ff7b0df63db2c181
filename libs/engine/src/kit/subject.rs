//! What the check asks, and what it is shown: plain data, so that anything which answers a caller can be put to it.
//!
//! Decides what counts as obtainable. Knows neither how a subject works nor which of its answers are right.

use crate::{EngineError, Match};
use async_trait::async_trait;
use splitplane_split_plane::GuardErrorKind;
use splitplane_types::{Cell, Table};
use std::fmt::{self, Debug, Write as _};

/// Something that answers one caller about one warehouse: an engine behind a guard, a service behind its door.
#[async_trait]
pub trait Subject: Send + Sync + Debug {
    /// Everything that the caller obtains by this probe, errors included.
    async fn observe(&self, probe: &Probe) -> Observation;
}

/// What a caller does.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Whether another admin of the same tenant and business asks the same just before.
    pub after_colleague: bool,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// A statement as a model would write it.
    Statement(String),
    /// The values of columns, as filters are resolved with.
    Values {
        /// Relation.
        relation: String,
        /// Columns.
        columns: Vec<String>,
        /// Conditions.
        matching: Vec<Match>,
        /// Most tuples.
        limit: usize,
    },
    /// How many of the granted keys have a row that meets the conditions.
    Coverage {
        /// Relation.
        relation: String,
        /// Column of the key.
        key: String,
        /// Conditions.
        matching: Vec<Match>,
    },
    /// What is granted.
    Grants,
}

/// Everything that a caller obtains by one probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Rows, written out exactly.
    Rows {
        /// Names, types and masks of the columns.
        schema: String,
        /// One line per row.
        rows: Vec<String>,
        /// The size that the caller is told.
        bytes: u64,
    },
    /// A failure.
    Failed {
        /// Its class.
        class: String,
        /// Its text.
        text: String,
    },
    /// A refusal before anything ran.
    Refused {
        /// Its kind.
        kind: String,
        /// Its text.
        text: String,
        /// The hint.
        hint: String,
        /// Line and column.
        position: Option<(u64, u64)>,
    },
}

/// The class of failure of a statement that has no meaning over the relations.
pub const UNPLANNED: &str = "plan";
/// The class of failure on the rows that a statement reads.
pub const DATA: &str = "data";

impl Observation {
    /// Whether the caller's rows had a say: a row came, or an expression failed on one.
    #[must_use]
    pub fn touched_rows(&self) -> bool {
        match self {
            Self::Rows { rows, .. } => !rows.is_empty(),
            Self::Failed { class, .. } => class == DATA,
            Self::Refused { .. } => false,
        }
    }

    /// Rows of a result.
    #[must_use]
    pub fn of_table(table: &Table, bytes: u64) -> Self {
        let column = |column: &splitplane_types::Column| {
            let masked = if column.masked { " masked" } else { "" };
            let unit = column.unit.as_deref().unwrap_or("no unit");
            format!("{}: {} ({unit}){masked}", column.name, column.data_type.as_str())
        };
        let schema = table.columns.iter().map(column).collect::<Vec<_>>().join(", ");
        Self::Rows { schema, rows: table.rows.iter().map(|row| line(row)).collect(), bytes }
    }

    /// Tuples without a schema.
    #[must_use]
    pub fn of_tuples(tuples: &[Vec<Cell>]) -> Self {
        Self::Rows { schema: String::new(), rows: tuples.iter().map(|row| line(row)).collect(), bytes: 0 }
    }

    /// A failure of an engine. Its source chain goes to a log, not to a caller.
    #[must_use]
    pub fn of_error(error: &EngineError) -> Self {
        Self::Failed { class: class(error).to_owned(), text: error.to_string() }
    }
}

/// Doubles by their bits, and every kind of cell apart: `==` would hide NaN, and `1` is not `'1'`.
fn line(row: &[Cell]) -> String {
    let mut text = String::new();
    for cell in row {
        // Writing to a text does not fail.
        let _ = match cell {
            Cell::Float(value) => write!(text, "Float({value:?} {:016x}) ", value.to_bits()),
            Cell::Null
            | Cell::Text(_)
            | Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_) => write!(text, "{cell:?} "),
        };
    }
    text
}

pub(super) const fn class(error: &EngineError) -> &'static str {
    match error {
        EngineError::Warehouse { .. } => "warehouse",
        EngineError::Unavailable { .. } => "unavailable",
        EngineError::Plan { .. } => UNPLANNED,
        EngineError::Data { .. } => DATA,
        EngineError::RowsExceeded { .. } => "rows",
        EngineError::BytesExceeded { .. } => "bytes",
        EngineError::MemoryExceeded { .. } => "memory",
        EngineError::TimeExceeded { .. } => "time",
        EngineError::Cancelled => "cancelled",
        EngineError::Busy => "busy",
        EngineError::Internal { .. } => "internal",
    }
}

/// The word for a kind of refusal.
#[must_use]
pub const fn kind(kind: GuardErrorKind) -> &'static str {
    match kind {
        GuardErrorKind::NotAllowed => "not allowed",
        GuardErrorKind::OutsideView => "outside the view",
        GuardErrorKind::TooComplex => "too complex",
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.after_colleague {
            f.write_str("after another admin: ")?;
        }
        match &self.ask {
            Ask::Statement(sql) => f.write_str(sql),
            Ask::Values { relation, columns, matching, limit } => {
                write!(f, "values of {relation}({}) where {matching:?}, at most {limit}", columns.join(", "))
            }
            Ask::Coverage { relation, key, matching } => {
                write!(f, "coverage of {relation}.{key} where {matching:?}")
            }
            Ask::Grants => f.write_str("grants"),
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { schema, rows, bytes } => {
                write!(f, "{} rows, {bytes} bytes, of ({schema}):", rows.len())?;
                rows.iter().take(5).try_for_each(|row| write!(f, " [{}]", row.trim_end()))
            }
            Self::Failed { class, text } => write!(f, "failed ({class}): {text}"),
            Self::Refused { kind, text, .. } => write!(f, "refused ({kind}): {text}"),
        }
    }
}

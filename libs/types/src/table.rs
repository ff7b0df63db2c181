//! Results and schemas, independent of any engine.

use crate::Decimal;
use std::fmt;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// UTF-8 text.
    String,
    /// 64-bit signed integer.
    Integer,
    /// Exact decimal number, up to 38 digits.
    Decimal,
    /// IEEE 754 double.
    Float,
    /// True or false.
    Boolean,
    /// Calendar date.
    Date,
    /// Date and time without zone, local to the policy's calendar.
    Timestamp,
    /// Instant.
    TimestampTz,
}

impl DataType {
    /// The name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Float => "float",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamp_tz",
        }
    }

    /// Whether values are numbers.
    #[must_use]
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Text.
    Text(String),
    /// Integer.
    Integer(i64),
    /// Exact decimal.
    Decimal(Decimal),
    /// Double, rounded to 12 significant digits.
    Float(f64),
    /// Truth value.
    Boolean(bool),
    /// Date, ISO 8601.
    Date(String),
    /// Date and time, ISO 8601; with a zone only for instants.
    Timestamp(String),
}

/// A column of a relation or of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type of the values.
    pub data_type: DataType,
    /// Unit of the values, for example `USD`.
    pub unit: Option<String>,
    /// Whether values are masked before anyone sees them.
    pub masked: bool,
}

/// A whole result.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Columns, in order.
    pub columns: Vec<Column>,
    /// Rows, in order; each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

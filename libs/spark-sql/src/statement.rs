//! A statement for an engine of Spark's SQL: its text, what is bound to it, what it gives.
//!
//! Decides how the parts are put together. That no byte of the text is a model's is decided where the text
//! is written, by [`crate::statement`].

use crate::kind::Kind;

/// A statement whose text holds no literal that a model chose. Made by [`crate::statement`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct SparkStatement {
    ctes: Vec<(String, String)>,
    body: String,
    parameters: Vec<Parameter>,
    columns: Vec<OutColumn>,
}

/// A value that is bound to the text by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name without colon: `p0`.
    pub name: String,
    /// Value.
    pub value: Value,
}

/// A value with the type in which it has to be bound.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// STRING.
    Text(String),
    /// BIGINT, however small.
    Integer(i64),
    /// INT: a count that a function takes.
    Small(i32),
    /// DECIMAL of these digits.
    Decimal {
        /// The number in decimal notation, with a point where `scale` is not 0.
        digits: String,
        /// Digits of its type.
        precision: u8,
        /// Digits of its type after the point.
        scale: u8,
    },
    /// DOUBLE.
    Double(f64),
    /// DATE, in ISO 8601.
    Date(String),
    /// TIMESTAMP_NTZ, in ISO 8601 without a zone: `2026-01-31T10:30:00.5`.
    Timestamp(String),
    /// BOOLEAN.
    Boolean(bool),
}

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutColumn {
    /// Name, as the embedded engine names it. The text calls it by its position.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// Whether a masked column had a part in it. In doubt it had.
    pub masked: bool,
}

/// A relation that a statement may read, as it stands behind its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Name.
    pub name: String,
    /// Columns with their kinds; each has to be of the very type that its kind names.
    pub columns: Vec<(String, Kind)>,
    /// Names of those of them that are masked.
    pub masked: Vec<String>,
    /// Whether its rows lie among other people's, which then decide in which order an engine meets them.
    pub is_shared: bool,
}

impl SparkStatement {
    pub(crate) const fn new(
        ctes: Vec<(String, String)>,
        body: String,
        parameters: Vec<Parameter>,
        columns: Vec<OutColumn>,
    ) -> Self {
        Self { ctes, body, parameters, columns }
    }

    /// The text, for a session in which the relations have names.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_after(&[])
    }

    /// The text with these relations put in front: name and query of each, both written by the caller.
    #[must_use]
    pub fn text_after(&self, scoped: &[(String, String)]) -> String {
        let scoped = scoped.iter().map(|(name, query)| format!("`{}` AS ({query})", name.replace('`', "``")));
        let own = self.ctes.iter().map(|(name, query)| format!("{name} AS ({query})"));
        let with: Vec<String> = scoped.chain(own).collect();
        if with.is_empty() {
            return self.body.clone();
        }
        format!("WITH {} {}", with.join(", "), self.body)
    }

    /// What is bound to the text.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The columns of the result, in order.
    #[must_use]
    pub fn columns(&self) -> &[OutColumn] {
        &self.columns
    }
}

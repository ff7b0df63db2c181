//! Why a statement cannot be said in Spark's SQL.
//!
//! Decides the wording, which is for the log. No text holds a byte of the statement: what a model wrote
//! does not travel in an error either.

/// What kept a statement, an expression or a mask from being translated. The same input always gives the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// A piece of syntax that no rule takes.
    #[error("no rule translates {0}")]
    Syntax(&'static str),
    /// Values of types that do not meet here without a conversion that could fail or guess.
    #[error("no total conversion for {0}")]
    Types(&'static str),
    /// A function that is not known, or not with these arguments.
    #[error("no rule translates this call of a function")]
    Function,
    /// A relation or a column that the relations do not hold.
    #[error("a name that is not among the relations given")]
    Unknown,
    /// A name that cannot stand between backticks.
    #[error("a name that is not printable ASCII, or holds a backtick")]
    Name,
    /// A literal that is no value of its type.
    #[error("a literal that is no {0}")]
    Literal(&'static str),
    /// Longer than a statement may be.
    #[error("a statement of more than {0} bytes")]
    TooLarge(usize),
    /// A subquery that may give several rows where one value stands.
    #[error("a correlated subquery that is not an aggregate")]
    ManyRows,
}

impl Refusal {
    /// A word for metrics.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::Types(_) => "types",
            Self::Function => "function",
            Self::Unknown => "unknown_name",
            Self::Name => "odd_name",
            Self::Literal(_) => "literal",
            Self::TooLarge(_) => "too_large",
            Self::ManyRows => "many_rows",
        }
    }
}

//! Why a scope, a view or a statement was refused.
//!
//! Decides the wording. Nothing in a text comes from outside the view or the refused statement.

use std::fmt;

/// A place in the draft, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: u64,
    /// Column, in characters.
    pub column: u64,
}

/// What kind of refusal it is; this is what decides the reason on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GuardErrorKind {
    /// Not a statement of the accepted dialect, or something in it is not on the allow-list.
    NotAllowed,
    /// A name that the view does not hold, whether or not it exists elsewhere.
    OutsideView,
    /// Larger than the guard's bounds.
    TooComplex,
}

/// A refused statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", At(*.position))]
pub struct GuardError {
    kind: GuardErrorKind,
    what: String,
    hint: String,
    position: Option<Position>,
}

impl GuardError {
    pub(crate) fn not_allowed(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: GuardErrorKind::NotAllowed, what: what.into(), hint: hint.into(), position: None }
    }

    pub(crate) fn outside_view(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: GuardErrorKind::OutsideView, what: what.into(), hint: hint.into(), position: None }
    }

    pub(crate) fn too_complex(what: impl Into<String>) -> Self {
        let hint = "write a smaller statement".to_owned();
        Self { kind: GuardErrorKind::TooComplex, what: what.into(), hint, position: None }
    }

    /// Adds the place, unless a closer one is known already.
    pub(crate) fn at(mut self, line: u64, column: u64) -> Self {
        // sqlparser gives line 0 for nodes that have no place.
        if self.position.is_none() && line > 0 {
            self.position = Some(Position { line, column });
        }
        self
    }

    /// What kind of refusal it is.
    #[must_use]
    pub const fn kind(&self) -> GuardErrorKind {
        self.kind
    }

    /// Where, if known.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// What to do instead, fit for a repair prompt: names of the view and of the dialect, no others.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

struct At(Option<Position>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Position { line, column }) => write!(f, " at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

/// A scope that cannot be built. Always a defect of the policy or of the code that reads it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A relation whose scope has no condition would show every row.
    #[error("relation `{relation}` has a scope without conditions")]
    NoCondition {
        /// The relation.
        relation: String,
    },
    /// A condition without columns would be true for every row.
    #[error("relation `{relation}` has a condition without columns")]
    NoColumns {
        /// The relation.
        relation: String,
    },
    /// A tuple that does not fit the columns it is compared with.
    #[error("relation `{relation}` has a tuple of {found} values for {expected} columns")]
    TupleLength {
        /// The relation.
        relation: String,
        /// Columns compared.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A public relation without a reason.
    #[error("relation `{relation}` is public without a reason")]
    NoReason {
        /// The relation.
        relation: String,
    },
    /// Two relations or two columns that one name would mean.
    #[error("`{name}` is there twice in `{within}`")]
    Duplicate {
        /// The name.
        name: String,
        /// Where.
        within: String,
    },
    /// A name that cannot be written as an identifier.
    #[error("`{name}` cannot be a name: 1 to 128 printable ASCII characters, no backtick")]
    Name {
        /// The name.
        name: String,
    },
    /// `EXISTS` inside `EXISTS` deeper than any chain of relationships is.
    #[error("the scope of `{relation}` is nested deeper than {max}")]
    TooDeep {
        /// The relation.
        relation: String,
        /// The bound.
        max: usize,
    },
}

/// A view that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Two relations or two columns that one name would mean; names are compared without case.
    #[error("`{name}` is there twice in `{within}`")]
    Duplicate {
        /// The name.
        name: String,
        /// Where.
        within: String,
    },
    /// A name that cannot be written as an identifier.
    #[error("`{name}` cannot be a name: 1 to 128 printable ASCII characters, no backtick")]
    Name {
        /// The name.
        name: String,
    },
}

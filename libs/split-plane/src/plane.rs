//! The security plane: what a caller's sandbox holds, as typed values.
//!
//! Decides that every relation has a scope that can only narrow: an empty list of conditions, an
//! empty list of columns or a public relation without a reason is refused, never read as "all rows".
//! Does not read grants and does not execute; [`SecurityPlane::to_sql`] prints the same structure
//! that the engine executes, for auditors.

mod sql;

use crate::error::ScopeError;
use splitplane_types::{Bucket, DataType};
use sqlparser::ast::Expr;
use std::fmt;

/// A typed value of a scope. Not SQL: an engine compares it as a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeValue {
    /// Text.
    Text(String),
    /// Integer.
    Integer(i64),
    /// ISO 8601 date.
    Date(String),
}

/// What one sandbox holds. Exists only with a scope for each of its relations.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityPlane {
    relations: Vec<ScopedRelation>,
    owner: Option<Owner>,
}

/// For whom a plane was built, as far as an engine needs to know: it keeps apart, and takes turns.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    tenant: String,
    key: String,
}

/// A relation of a sandbox: where it comes from, what is shown of it, which rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopedRelation {
    /// Name in the sandbox.
    pub name: String,
    /// Source in the warehouse.
    pub source: String,
    /// Columns shown, in order.
    pub columns: Vec<ScopedColumn>,
    /// Rows shown.
    pub rows: RowScope,
}

/// A column that a sandbox shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopedColumn {
    /// Name in the sandbox.
    pub name: String,
    /// How it is computed from the source.
    pub expression: ColumnExpression,
    /// Declared type; `None` leaves it to the source's declared schema.
    pub data_type: Option<DataType>,
    /// Unit, for example `USD`.
    pub unit: Option<String>,
    /// Mask, if the caller may not see the value.
    pub mask: Option<ColumnMask>,
}

impl ScopedColumn {
    /// The type of what is shown; `None` leaves it to the source's declared schema.
    #[must_use]
    pub const fn shown_type(&self) -> Option<DataType> {
        match self.mask {
            // Text, whatever is hashed.
            Some(ColumnMask::Hash(_)) => Some(DataType::String),
            Some(ColumnMask::Null | ColumnMask::Last(_) | ColumnMask::Bucket(_)) | None => self.data_type,
        }
    }
}

/// How a column is computed.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once per column of a sandbox, and read by matching")]
pub enum ColumnExpression {
    /// A column of the source, unchanged.
    Physical(String),
    /// An expression over columns of the source, written by the owner of the semantic model.
    Computed(Expr),
}

/// What is shown instead of a value. NULL stays NULL under every mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnMask {
    /// NULL.
    Null,
    /// `*` for every character but the last `n`; a text of no more than `n` is hidden whole.
    Last(u8),
    /// A keyed hash of the value's text: equal values of one tenant stay equal, and nobody without the key
    /// can try values out.
    Hash(MaskKey),
    /// The lower end of the value's bucket.
    Bucket(Bucket),
}

/// The key of one tenant's hashes: 256 bits. Not shown in `Debug`, and never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MaskKey([u8; 32]);

impl MaskKey {
    /// Takes a key.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key, for the engine that hashes.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

/// Which rows of a source are shown.
#[derive(Debug, Clone, PartialEq)]
pub enum RowScope {
    /// All of them.
    Public {
        /// Why that is right.
        reason: String,
    },
    /// Rows that meet every condition; at least one.
    All(Vec<Condition>),
}

/// A condition on a row of a source. Columns are physical.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// The row's tuple is one of these. No tuple, no row.
    ///
    /// Keys that are granted together stand in one tuple, so that equal location ids of two tenants stay apart.
    Keys {
        /// Columns, at least one.
        columns: Vec<String>,
        /// Tuples, each as long as `columns`.
        tuples: Vec<Vec<ScopeValue>>,
    },
    /// A row of another source that is in its own scope matches. Never multiplies rows.
    Exists {
        /// The other source.
        source: String,
        /// Which of its rows.
        rows: Box<RowScope>,
        /// Column of this source, column of the other; at least one pair.
        by: Vec<(String, String)>,
    },
}

/// Relationships of a real model are a handful of hops; deeper is a loop in whatever built it.
const EXISTS_DEPTH_MAX: usize = 16;

impl SecurityPlane {
    /// Checks that every relation is scoped.
    ///
    /// # Errors
    /// See [`ScopeError`].
    pub fn new(relations: Vec<ScopedRelation>) -> Result<Self, ScopeError> {
        for (index, relation) in relations.iter().enumerate() {
            let others = relations.iter().take(index);
            refuse_duplicate(&relation.name, others.map(|other| other.name.as_str()), "the sandbox")?;
            check_relation(relation)?;
        }
        Ok(Self { relations, owner: None })
    }

    /// The same plane, with its tenant, whose statements take turns with those of other tenants, and a key
    /// under which an engine may keep its rows for the next question. The key must differ wherever anything
    /// differs that decides what its owner may see, beside the plane itself.
    #[must_use]
    pub fn owned_by(mut self, tenant: String, key: String) -> Self {
        self.owner = Some(Owner { tenant, key });
        self
    }

    /// The key under which rows of the plane may be kept; without one, none are.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.key.as_str())
    }

    /// The tenant with whose other statements this plane's wait; all planes without an owner wait together.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.owner.as_ref().map_or("", |owner| owner.tenant.as_str())
    }

    /// The relations, in order.
    #[must_use]
    pub fn relations(&self) -> &[ScopedRelation] {
        &self.relations
    }

    /// The relation of this name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&ScopedRelation> {
        self.relations.iter().find(|relation| relation.name == name)
    }

    /// The scope as SQL, for people: one common table expression per relation. It is never parsed back.
    #[must_use]
    pub fn to_sql(&self) -> String {
        sql::print(&self.relations)
    }
}

fn check_relation(relation: &ScopedRelation) -> Result<(), ScopeError> {
    let ScopedRelation { name, source, columns, rows } = relation;
    check_name(name)?;
    check_name(source)?;
    for (index, column) in columns.iter().enumerate() {
        check_name(&column.name)?;
        refuse_duplicate(&column.name, columns.iter().take(index).map(|other| other.name.as_str()), name)?;
    }
    check_rows(name, rows, 0)
}

fn check_rows(relation: &str, rows: &RowScope, depth: usize) -> Result<(), ScopeError> {
    if depth > EXISTS_DEPTH_MAX {
        return Err(ScopeError::TooDeep { relation: relation.to_owned(), max: EXISTS_DEPTH_MAX });
    }
    match rows {
        RowScope::Public { reason } if reason.trim().is_empty() => {
            Err(ScopeError::NoReason { relation: relation.to_owned() })
        }
        RowScope::Public { reason: _ } => Ok(()),
        // An empty conjunction is true: it would show every row of every tenant.
        RowScope::All(conditions) if conditions.is_empty() => {
            Err(ScopeError::NoCondition { relation: relation.to_owned() })
        }
        RowScope::All(conditions) => {
            conditions.iter().try_for_each(|condition| check_condition(relation, condition, depth))
        }
    }
}

fn check_condition(relation: &str, condition: &Condition, depth: usize) -> Result<(), ScopeError> {
    match condition {
        Condition::Keys { columns, tuples } => {
            // With no columns, one empty tuple would match every row.
            if columns.is_empty() {
                return Err(ScopeError::NoColumns { relation: relation.to_owned() });
            }
            match tuples.iter().find(|tuple| tuple.len() != columns.len()) {
                Some(tuple) => Err(ScopeError::TupleLength {
                    relation: relation.to_owned(),
                    expected: columns.len(),
                    found: tuple.len(),
                }),
                None => columns.iter().try_for_each(|column| check_name(column)),
            }
        }
        Condition::Exists { source, rows, by } => {
            if by.is_empty() {
                return Err(ScopeError::NoColumns { relation: relation.to_owned() });
            }
            check_name(source)?;
            by.iter().try_for_each(|(mine, theirs)| check_name(mine).and_then(|()| check_name(theirs)))?;
            check_rows(relation, rows, depth + 1)
        }
    }
}

fn check_name(name: &str) -> Result<(), ScopeError> {
    if is_name(name) { Ok(()) } else { Err(ScopeError::Name { name: name.to_owned() }) }
}

fn refuse_duplicate<'a>(
    name: &str,
    mut others: impl Iterator<Item = &'a str>,
    within: &str,
) -> Result<(), ScopeError> {
    match others.find(|other| other.eq_ignore_ascii_case(name)) {
        Some(_) => Err(ScopeError::Duplicate { name: name.to_owned(), within: within.to_owned() }),
        None => Ok(()),
    }
}

/// Whether a name can be printed between backticks and read back as it is.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'`')
}

#[cfg(test)]
mod tests;

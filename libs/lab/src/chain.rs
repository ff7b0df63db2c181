//! Why a row is seen, or is not: the rules that decide it, what the row holds and what is granted.

use serde::Serialize;
use std::fmt;

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyValue {
    /// `tenant`, `business`, `admin`, a granted key, or a field.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What a row holds in a column of its scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldKey {
    /// `tenant`, `business`, `admin` or a granted key.
    pub key: String,
    /// The column of the file.
    pub column: String,
    /// The field that is this column, where there is one.
    pub field: Option<String>,
    /// What the row holds; `None` is NULL.
    pub value: Option<String>,
}

/// A column by which a row leads to rows of another dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinedKey {
    /// The column of the row's file.
    pub column: String,
    /// The column of the other dataset's file.
    pub other_column: String,
    /// What the row holds; `None` is NULL.
    pub value: Option<String>,
}

/// Tuples that an admin is granted, the first few of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantedTuples {
    /// Some of them, in order.
    pub first: Vec<Vec<KeyValue>>,
    /// How many there are.
    pub count: usize,
}

/// A rule that is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Step {
    /// Every row is shown to everyone.
    Public {
        /// The dataset.
        dataset: String,
        /// Why that is right.
        reason: String,
    },
    /// The row holds the admin's own keys.
    Keys {
        /// The dataset.
        dataset: String,
        /// What it holds.
        held: Vec<HeldKey>,
        /// The granted tuple, whole, that gives these keys.
        grant: Vec<KeyValue>,
        /// How many granted tuples give them.
        grants: usize,
    },
    /// A row of another dataset matches, and is seen itself.
    Through {
        /// The dataset.
        dataset: String,
        /// The other dataset.
        other: String,
        /// By what.
        by: Vec<JoinedKey>,
        /// Why the other row is seen.
        steps: Vec<Step>,
    },
}

/// A rule that is not met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Failure {
    /// A column of the scope is NULL: nobody is granted that.
    Null {
        /// The dataset.
        dataset: String,
        /// What the row holds.
        held: Vec<HeldKey>,
    },
    /// The row holds keys that the admin is not granted together.
    NotGranted {
        /// The dataset.
        dataset: String,
        /// What the row holds.
        held: Vec<HeldKey>,
        /// Keys whose value is in none of the admin's tuples; empty where each is granted, but not together.
        differs: Vec<String>,
        /// What the admin is granted instead.
        granted: GrantedTuples,
    },
    /// The row leads to no row of the other dataset.
    NoRow {
        /// The dataset.
        dataset: String,
        /// The other dataset.
        other: String,
        /// By what.
        by: Vec<JoinedKey>,
    },
    /// The row leads to rows of the other dataset, none of which the admin sees.
    Through {
        /// The dataset.
        dataset: String,
        /// The other dataset.
        other: String,
        /// By what.
        by: Vec<JoinedKey>,
        /// How many rows of the other dataset match.
        rows: u64,
        /// For the first few classes of them, the rules that fail there.
        failures: Vec<Vec<Failure>>,
        /// How many classes there are.
        classes: usize,
    },
}

struct Held<'a>(&'a [HeldKey]);

impl fmt::Display for Held<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, held) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let name = held.field.as_ref().unwrap_or(&held.column);
            write!(f, "{comma}{name} = {} ({})", Quoted(held.value.as_deref()), held.key)?;
        }
        Ok(())
    }
}

struct By<'a>(&'a [JoinedKey]);

impl fmt::Display for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, joined) in self.0.iter().enumerate() {
            let and = if index == 0 { "" } else { " and " };
            write!(f, "{and}{} = {}", joined.other_column, Quoted(joined.value.as_deref()))?;
        }
        Ok(())
    }
}

/// A value that cannot be taken for another, whatever it holds.
pub(crate) struct Quoted<'a>(pub(crate) Option<&'a str>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("NULL"),
            Some(text) => write!(f, "'{}'", text.escape_debug()),
        }
    }
}

/// One line, without the steps of the other dataset.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public { dataset, reason } => write!(f, "{dataset} is public: {}", reason.escape_debug()),
            Self::Keys { dataset, held, grant, grants } => {
                write!(f, "{dataset} holds {}", Held(held))?;
                if !grant.is_empty() {
                    f.write_str(", granted by")?;
                    for KeyValue { key, value } in grant {
                        write!(f, " {key} {}", Quoted(Some(value)))?;
                    }
                }
                if *grants > 1 { write!(f, " and {} more", grants - 1) } else { Ok(()) }
            }
            Self::Through { dataset, other, by, steps: _ } => {
                write!(f, "{dataset} leads to {other} where {}", By(by))
            }
        }
    }
}

/// One line, without the failures of the other dataset.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null { dataset, held } => {
                write!(f, "{dataset} holds {}, and NULL is granted to nobody", Held(held))
            }
            Self::NotGranted { dataset, held, differs, granted } => {
                write!(f, "{dataset} holds {}", Held(held))?;
                match (differs.is_empty(), granted.count) {
                    (_, 0) => f.write_str(", and nothing is granted"),
                    (true, _) => f.write_str(", which are granted, but not together"),
                    (false, count) => {
                        write!(f, ", and {} is not among the {count} granted", differs.join(" and "))
                    }
                }
            }
            Self::NoRow { dataset, other, by } => {
                write!(f, "{dataset} leads to no row of {other} where {}", By(by))
            }
            Self::Through { dataset, other, by, rows, .. } => {
                write!(f, "{dataset} leads to {rows} rows of {other} where {}, none of them seen", By(by))
            }
        }
    }
}

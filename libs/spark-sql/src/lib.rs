//! A guarded query in the SQL of Apache Spark and Databricks, without a literal and without a failure.
//!
//! - [`statement`] translates what the guard let through. No byte that a model chose is in the text: its
//!   literals are parameters, its names are generated anew, and what Spark's grammar wants written out is
//!   printed from a number or a closed list.
//! - No expression of the text fails, whatever the data holds: where the embedded engine fails on a value,
//!   the result is NULL. What cannot be said so is a [`Refusal`].
//! - [`expression`], [`cast_to`] and [`masked`] are for the scoped relations, which no model has a hand in.
//!
//! # What the engine has to be told
//!
//! A text means what it means here only in a session with its zone in UTC, with `orderByOrdinal` and
//! `decimalOperations.allowPrecisionLoss` on and no legacy parser of times, which are the engine's defaults but
//! for the zone. ANSI mode may be on or off. Parameters are bound in the very types that [`Value`] names, and
//! each column of a [`Relation`] is of the very type that its [`Kind`] names. Of a hash, the text of
//! [`masked`] holds the key, and whoever can read the engine's log of statements can try values out; that of
//! [`masked_by`] does not.
//!
//! What else may differ from the embedded engine is listed in [`DIFFERENCES`]. Decides nothing about rows,
//! sessions and limits, and sends nothing anywhere.

mod convert;
mod differences;
mod kind;
mod lineage;
mod literal;
mod mask;
mod refusal;
mod statement;
mod translate;
mod values;

pub use convert::cast_to;
pub use differences::{DIFFERENCES, Difference};
pub use kind::Kind;
pub use mask::{masked, masked_by, pads};
pub use refusal::Refusal;
pub use statement::{OutColumn, Parameter, Relation, SparkStatement, Value};
pub use translate::{expression, statement};

#[cfg(test)]
mod tests;

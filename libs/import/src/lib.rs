//! Semantic models of other tools, read into Apache Ossie YAML as `splitplane-semantics` loads it.
//!
//! Decides what of a Databricks metric view and of dbt's MetricFlow models can be said in a model of ours, and says
//! of the rest that it was left out. Does not know the data: no column is looked up, no type is guessed.
//!
//! - **I-1** What is written loads: every part was shown to the loader, and what it refused was left out with a note.
//! - **I-2** A metric is carried whole or not at all. Neither a filter nor an offset is dropped from one.
//! - **I-3** Rows are those of the source's own grain. What is added up over a joined dataset stays bound to the rows
//!   that it was joined to.
//! - **I-4** The same files give the same bytes.

mod draft;
mod error;
mod file;
mod flow;
mod kind;
mod name;
mod note;
mod run;
mod settle;
mod sql;
mod view;
mod write;

pub use error::ImportError;
pub use kind::Kind;
pub use note::Note;
pub use run::{Imported, Options, import};

#[cfg(test)]
mod tests;

//! Language models behind one trait: four tasks, and two models that need no network.
//!
//! Decides what a question proposes: an interpretation, relations, SQL, an analysis. Decides nothing
//! that counts: every answer of every model is untrusted and passes the same gates
//! (`semantics::validate`, the guard, grounding). No model here sees a tenant, an identity or a row,
//! but for the rows that [`LanguageModel::explain`] is given.

mod aggregate;
mod embedded;
mod explain;
mod language_model;
mod obedient;

pub use embedded::EmbeddedModel;
pub use language_model::{
    ExplainTask, LanguageModel, ModelError, Refusal, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
pub use obedient::ObedientModel;

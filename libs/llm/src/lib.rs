//! Language models behind one trait: four tasks, two models that need no network, and Bedrock.
//!
//! Decides what a question proposes: an interpretation, relations, SQL, an analysis. Decides nothing
//! that counts: every answer of every model is untrusted and passes the same gates
//! (`semantics::validate`, the guard, grounding). No model here sees a tenant, an identity or a row,
//! but for the rows that [`LanguageModel::explain`] is given.

mod account;
mod aggregate;
mod asked;
mod bedrock;
mod breaker;
mod budget;
mod config;
mod embedded;
mod explain;
mod fallback;
mod language_model;
mod obedient;
mod open;
#[cfg(test)]
mod test_models;

pub use account::{Account, Call, Usage, accounted};
pub use asked::{AskError, Asked, By, Observer};
pub use bedrock::{BedrockModel, PROMPT_VERSION};
pub use breaker::{Breaker, BreakerConfig};
pub use budget::{Allowance, Budget, BudgetConfig, OverBudget};
pub use config::{
    BedrockConfig, Fallback, Form, LanguageConfig, LanguageConfigError, ModelChoice, TaskConfig, TaskSet,
};
pub use embedded::{EmbeddedModel, where_rows_meet};
pub use fallback::WithFallback;
pub use language_model::{
    ExplainTask, LanguageModel, ModelError, Refusal, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
pub use obedient::ObedientModel;
pub use open::open;

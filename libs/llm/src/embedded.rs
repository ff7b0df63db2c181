//! The embedded model: reads English questions against any semantic model, with nothing but its names,
//! labels, synonyms and descriptions. Deterministic; it holds no word of any domain.
//!
//! - **L-1** No word that carries meaning is dropped: what was not understood makes the question
//!   unsupported. A wrong answer is the worst kind.
//! - **L-2** Where words have two meanings, it asks; every option, when asked, is supported.
//! - **L-9** What answers a question back is read as the one option that it names.
//!   After a question that was not answered, nothing else is read as if it had not been asked: see [`followup`].
//! - **L-3** A value is never looked up here: it stays a phrase, for the data plane to resolve among
//!   the caller's own rows.

mod answer;
mod bounds;
mod comparison;
mod followup;
mod grammar;
mod meeting;
mod options;
mod reader;
mod resolve;
mod shares;
mod tokens;
mod vocabulary;
mod wording;
mod words;

pub use meeting::where_rows_meet;

use crate::explain::explain;
use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
use splitplane_semantics::{compile, relations_of};
use splitplane_types::Question;

/// The model that needs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbeddedModel;

impl EmbeddedModel {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait::async_trait]
impl LanguageModel for EmbeddedModel {
    fn name(&self) -> &str {
        "embedded"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        Ok({
            let asked_back = task.asked_back.map(Question::as_str);
            options::reply(task.question.as_str(), task.catalogue, (task.previous, asked_back))
        })
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        Ok(relations_of(task.interpretation, task.model)?)
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        Ok(compile(task.interpretation, task.model, task.relations, task.filters)?.to_string())
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        Ok(explain(&task))
    }
}

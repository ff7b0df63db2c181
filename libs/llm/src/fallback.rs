//! Another model for when the first is out of order.
//!
//! Decides who answers: the first, unless it has an outage, and the account says so when it was the
//! other. A refusal, a guardrail or an answer of the wrong form is the answer: what one model
//! declines is not taken to the next.

use crate::account::note_stand_in;
use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};

/// A model, and the one that stands in for it.
#[derive(Debug)]
pub struct WithFallback<M, F> {
    model: M,
    fallback: F,
    name: &'static str,
}

impl<M: LanguageModel, F: LanguageModel> WithFallback<M, F> {
    /// `name` is what the account calls the one that stands in.
    pub const fn new(model: M, fallback: F, name: &'static str) -> Self {
        Self { model, fallback, name }
    }

    async fn or<T>(
        &self,
        answer: Result<T, ModelError>,
        instead: impl Future<Output = Result<T, ModelError>>,
    ) -> Result<T, ModelError> {
        match answer {
            Err(error) if error.is_outage() => {
                tracing::warn!(%error, by = self.name, "another model stands in");
                note_stand_in(self.name);
                instead.await
            }
            answer => answer,
        }
    }
}

#[async_trait::async_trait]
impl<M: LanguageModel, F: LanguageModel> LanguageModel for WithFallback<M, F> {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.or(self.model.validate(task).await, self.fallback.validate(task)).await
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.or(self.model.route(task).await, self.fallback.route(task)).await
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        self.or(self.model.write_sql(task).await, self.fallback.write_sql(task)).await
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        self.or(self.model.explain(task).await, self.fallback.explain(task)).await
    }
}

#[cfg(test)]
mod tests;

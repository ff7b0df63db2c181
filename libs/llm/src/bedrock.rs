//! Amazon Bedrock, by the Converse API.
//!
//! Decides which task is asked of which model id, and what is told of the call: a span, and an entry
//! in the caller's account. Everything that a model may see is put together in [`input`]; everything
//! that it answers is read in [`draft`] and trusted no more than any other model's answer. Prompts and
//! answers are in no span and no log.

mod bounded;
mod client;
mod document;
mod draft;
mod failure;
mod input;
mod once;
mod prompts;
mod reply;
mod request;

pub use prompts::PROMPT_VERSION;

use crate::account::{Call, Usage, note};
use crate::config::{BedrockConfig, TaskConfig, TaskSet};
use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_bedrockruntime::Client;
use input::Input;
use prompts::Task;
use std::time::Instant;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

/// As the GenAI conventions name it.
const PROVIDER: &str = "aws.bedrock";

/// A model on Bedrock.
#[derive(Debug)]
pub struct BedrockModel {
    client: Client,
    config: BedrockConfig,
    tasks: TaskSet,
}

impl BedrockModel {
    /// A model that is reached by the credentials that the AWS SDK finds; they must be a role's.
    pub async fn open(config: &BedrockConfig, tasks: TaskSet) -> Self {
        let found = Box::pin(client::credentials(config)).await;
        Self::with_credentials(found, config, tasks)
    }

    /// A model that is reached by these credentials, which must be a role's.
    #[must_use]
    pub fn with_credentials(
        credentials: SharedCredentialsProvider,
        config: &BedrockConfig,
        tasks: TaskSet,
    ) -> Self {
        Self { client: client::client(credentials, config), config: config.clone(), tasks }
    }

    async fn ask<T>(
        &self,
        task: Task,
        input: &Input,
        read: impl FnOnce(&str) -> Result<T, ModelError>,
    ) -> Result<T, ModelError> {
        // A service asks for the tasks that are in its configuration.
        let config = self.config_of(task).ok_or(ModelError::Rejected)?;
        let (span, started) = (span(task, config), Instant::now());
        let (told, answer) = self.converse(config, task, input).instrument(span.clone()).await;
        let usage = told.unwrap_or_default();
        let answer = answer.and_then(|answer| read(&answer));
        let failure = answer.as_ref().err().map(ModelError::kind);
        span.record("gen_ai.usage.input_tokens", usage.input_tokens)
            .record("gen_ai.usage.output_tokens", usage.output_tokens)
            .record("gen_ai.usage.cache_read.input_tokens", usage.cache_read_tokens)
            .record("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens);
        if let Some(failure) = failure {
            span.record("error.type", failure).record("otel.status_code", "ERROR");
        }
        note(Call {
            model: config.model_id.clone(),
            provider: PROVIDER,
            task: task.name(),
            usage,
            is_counted: told.is_some(),
            cost: cost(config, usage),
            duration: started.elapsed(),
            failure,
        });
        answer
    }

    /// The tokens that were used, unless nobody told them, and the answer's text.
    async fn converse(
        &self,
        config: &TaskConfig,
        task: Task,
        input: &Input,
    ) -> (Option<Usage>, Result<String, ModelError>) {
        let request = match request::converse(&self.client, &self.config, config, task, input) {
            Ok(request) => request,
            Err(error) => {
                tracing::error!(%error, "the request cannot be written");
                return (Some(Usage::default()), Err(ModelError::Rejected));
            }
        };
        // The SDK writes requests and answers whole into its finest log, whoever may read that.
        match Box::pin(request.send()).with_subscriber(NoSubscriber::new()).await {
            Ok(reply) => {
                tracing::Span::current()
                    .record("gen_ai.response.finish_reasons", reply::word(reply.stop_reason().as_str()));
                (reply.usage().and_then(reply::usage), reply::answer(&reply, task, config.form))
            }
            Err(error) => {
                let none = (!failure::went_out(&error)).then(Usage::default);
                (none, Err(failure::kind_of(&error)))
            }
        }
    }

    const fn config_of(&self, task: Task) -> Option<&TaskConfig> {
        match task {
            Task::Validate => self.tasks.validate.as_ref(),
            Task::Route => self.tasks.route.as_ref(),
            Task::WriteSql => self.tasks.write_sql.as_ref(),
            Task::Explain => self.tasks.explain.as_ref(),
        }
    }
}

fn span(task: Task, config: &TaskConfig) -> tracing::Span {
    tracing::info_span!(
        "chat",
        otel.name = %format_args!("chat {}", config.model_id),
        otel.kind = "client",
        otel.status_code = tracing::field::Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = PROVIDER,
        gen_ai.request.model = config.model_id,
        gen_ai.request.max_tokens = config.output_tokens_max.get(),
        gen_ai.response.finish_reasons = tracing::field::Empty,
        gen_ai.usage.input_tokens = tracing::field::Empty,
        gen_ai.usage.output_tokens = tracing::field::Empty,
        gen_ai.usage.cache_read.input_tokens = tracing::field::Empty,
        gen_ai.usage.cache_creation.input_tokens = tracing::field::Empty,
        error.type = tracing::field::Empty,
        splitplane.task = task.name(),
        splitplane.prompt_version = PROMPT_VERSION,
    )
}

/// US dollars.
fn cost(config: &TaskConfig, usage: Usage) -> f64 {
    const MILLION: f64 = 1_000_000.0;
    let plain = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens;
    [
        (plain, config.input_price),
        (usage.cache_read_tokens, config.cache_read_price),
        (usage.cache_write_tokens, config.cache_write_price),
        (usage.output_tokens, config.output_price),
    ]
    .into_iter()
    // The endpoint counts in 32 bits.
    .map(|(tokens, price)| f64::from(u32::try_from(tokens).unwrap_or(u32::MAX)) / MILLION * price)
    .sum()
}

#[async_trait::async_trait]
impl LanguageModel for BedrockModel {
    fn name(&self) -> &str {
        "bedrock"
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.ask(Task::Validate, &input::validate(&task), draft::validate).await
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.ask(Task::Route, &input::route(&task), draft::route).await
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        self.ask(Task::WriteSql, &input::write_sql(&task), draft::write_sql).await
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        self.ask(Task::Explain, &input::explain(&task), draft::explain).await
    }
}

#[cfg(test)]
mod tests;

//! From the configuration to a model.
//!
//! Decides what is put together: the embedded model as it is, or Bedrock behind a breaker, with the
//! embedded model to stand in if the operator chose so.

use crate::bedrock::BedrockModel;
use crate::breaker::Breaker;
use crate::config::{Fallback, LanguageConfig, LanguageConfigError, ModelChoice, TaskSet};
use crate::embedded::EmbeddedModel;
use crate::fallback::WithFallback;
use crate::language_model::LanguageModel;
use std::sync::Arc;
use std::time::Instant;

/// Makes the model that a configuration names. Credentials are looked for by the AWS SDK's own rules.
///
/// # Errors
/// A value of the configuration makes no sense.
pub async fn open<T: Clone + Into<TaskSet>>(
    config: &LanguageConfig<T>,
) -> Result<Arc<dyn LanguageModel>, LanguageConfigError> {
    let tasks: TaskSet = config.tasks.clone().into();
    config.check(&tasks)?;
    match config.model {
        ModelChoice::Embedded => Ok(Arc::new(EmbeddedModel::new())),
        ModelChoice::Bedrock => {
            let bedrock = Box::pin(BedrockModel::open(&config.bedrock, tasks)).await;
            let breaker = Breaker::new(bedrock, config.breaker, Instant::now);
            match config.fallback {
                Fallback::None => Ok(Arc::new(breaker)),
                Fallback::Embedded => {
                    Ok(Arc::new(WithFallback::new(breaker, EmbeddedModel::new(), "embedded")))
                }
            }
        }
    }
}

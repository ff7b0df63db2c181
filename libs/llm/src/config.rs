//! `[language]`: which model a service asks, where it is, and what it may cost.
//!
//! Gives the keys their types and refuses values that make no sense. What a key means is written above
//! it in each service's `config.default.toml`. The tasks differ from service to service, so they are a
//! type of the service's own.

use crate::breaker::BreakerConfig;
use crate::budget::BudgetConfig;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use std::time::Duration;

/// `[language]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageConfig<Tasks> {
    /// The model.
    pub model: ModelChoice,
    /// What answers when that model is out of order.
    pub fallback: Fallback,
    /// `[language.budget]`
    pub budget: BudgetConfig,
    /// `[language.breaker]`
    pub breaker: BreakerConfig,
    /// `[language.bedrock]`
    pub bedrock: BedrockConfig,
    /// `[language.tasks]`
    pub tasks: Tasks,
}

/// The models that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelChoice {
    /// The one that needs nothing.
    Embedded,
    /// Amazon Bedrock.
    Bedrock,
}

/// What answers when a model is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// Nothing.
    None,
    /// The embedded model.
    Embedded,
}

/// `[language.bedrock]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BedrockConfig {
    /// Region.
    pub region: String,
    /// URL of the endpoint; empty is the region's own.
    pub endpoint: String,
    /// Id of a guardrail; empty is none.
    pub guardrail: String,
    /// Its version.
    pub guardrail_version: String,
    /// Longest time to connect.
    #[serde(with = "humantime_serde")]
    pub connect_time_max: Duration,
    /// Longest time of one try.
    #[serde(with = "humantime_serde")]
    pub attempt_time_max: Duration,
    /// Longest time of one task, tries and pauses and all.
    #[serde(with = "humantime_serde")]
    pub call_time_max: Duration,
    /// Tries.
    pub attempts_max: NonZeroU32,
    /// Pause before the second try; it doubles from there.
    #[serde(with = "humantime_serde")]
    pub pause: Duration,
    /// Largest reply, in bytes.
    pub reply_bytes_max: usize,
}

/// One task of a model behind a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskConfig {
    /// Model id, or id or ARN of an inference profile.
    pub model_id: String,
    /// How the form of the answer is asked for.
    pub form: Form,
    /// Most tokens of an answer.
    pub output_tokens_max: NonZeroU32,
    /// Whether the part of a prompt that stays the same is marked for the provider's cache.
    pub is_cached: bool,
    /// US dollars for a million tokens read.
    pub input_price: f64,
    /// US dollars for a million tokens read from the cache.
    pub cache_read_price: f64,
    /// US dollars for a million tokens put into the cache.
    pub cache_write_price: f64,
    /// US dollars for a million tokens written.
    pub output_price: f64,
}

/// How the form of an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A JSON schema of the output.
    Schema,
    /// A tool that must be called, for models without structured output.
    Tool,
}

/// The tasks that a service has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskSet {
    /// Layer 2.
    pub validate: Option<TaskConfig>,
    /// Relations.
    pub route: Option<TaskConfig>,
    /// SQL.
    pub write_sql: Option<TaskConfig>,
    /// Analyses.
    pub explain: Option<TaskConfig>,
}

/// Why a language model is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`language.{key}` {rule}")]
pub struct LanguageConfigError {
    /// The key.
    pub key: &'static str,
    /// What it must be.
    pub rule: &'static str,
}

impl<Tasks> LanguageConfig<Tasks> {
    /// Refuses values that have the right type and still make no sense.
    pub(crate) fn check(&self, tasks: &TaskSet) -> Result<(), LanguageConfigError> {
        let rule = |is_kept: bool, key, rule| {
            if is_kept { Ok(()) } else { Err(LanguageConfigError { key, rule }) }
        };
        let (budget, bedrock) = (self.budget, &self.bedrock);
        let limit = budget.tokens_per_tenant_and_day;
        let fits = limit == 0 || (1..=limit).contains(&budget.tokens_held_per_task);
        rule(fits, "budget.tokens_held_per_task", "must be at least 1, and within the tenant's tokens")?;
        rule(!self.breaker.rest.is_zero(), "breaker.rest", "must not be zero")?;
        rule(!bedrock.region.is_empty(), "bedrock.region", "must not be empty")?;
        let endpoint = &bedrock.endpoint;
        // What is asked must not be read on the way; a stand-in on this machine has no way to it.
        let is_endpoint = endpoint.is_empty()
            || endpoint.starts_with("https://")
            || endpoint.starts_with("http://127.0.0.1:")
            || endpoint.starts_with("http://[::1]:");
        rule(is_endpoint, "bedrock.endpoint", "must be an https URL, http on a loopback address, or empty")?;
        let is_whole = bedrock.guardrail.is_empty() == bedrock.guardrail_version.is_empty();
        rule(is_whole, "bedrock.guardrail_version", "must go with a guardrail")?;
        rule(!bedrock.connect_time_max.is_zero(), "bedrock.connect_time_max", "must not be zero")?;
        rule(!bedrock.attempt_time_max.is_zero(), "bedrock.attempt_time_max", "must not be zero")?;
        let is_longer = bedrock.call_time_max >= bedrock.attempt_time_max;
        rule(is_longer, "bedrock.call_time_max", "must be at least `attempt_time_max`")?;
        rule(bedrock.attempts_max.get() <= 5, "bedrock.attempts_max", "must be at most 5")?;
        let is_large = (4_096..=16_777_216).contains(&bedrock.reply_bytes_max);
        rule(is_large, "bedrock.reply_bytes_max", "must be between 4096 and 16777216")?;
        let tasks = [&tasks.validate, &tasks.route, &tasks.write_sql, &tasks.explain];
        for task in tasks.into_iter().flatten() {
            rule(!task.model_id.is_empty(), "tasks.*.model_id", "must not be empty")?;
            let is_countable = task.output_tokens_max.get() <= 1_000_000;
            rule(is_countable, "tasks.*.output_tokens_max", "must be at most 1000000")?;
            let prices = [task.input_price, task.cache_read_price, task.cache_write_price, task.output_price];
            let are_prices = prices.iter().all(|price| price.is_finite() && *price >= 0.0);
            rule(are_prices, "tasks.*.…_price", "must not be negative")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

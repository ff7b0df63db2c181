//! Leaves a model alone that fails.
//!
//! Decides whether a model is called at all: after so many outages in a row it is not, for a while, and
//! then one task tries it while the others still do without. Answers of the wrong form, refusals and
//! the like are no outages ([`ModelError::is_outage`]). Retries nothing.

use crate::language_model::{
    ExplainTask, LanguageModel, ModelError, RouteTask, ValidateReply, ValidateTask, WriteSqlTask,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// `[language.breaker]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakerConfig {
    /// Outages in a row after which the model is left alone.
    pub outages_max: NonZeroU32,
    /// For how long.
    #[serde(with = "humantime_serde")]
    pub rest: Duration,
}

/// A model that rests when it fails.
pub struct Breaker<M> {
    model: M,
    config: BreakerConfig,
    now: fn() -> Instant,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// It is called; so many outages came last.
    Closed(u32),
    /// It rests until then.
    Open(Instant),
    /// One task tries it. Should that task be called off, another may try after this moment.
    Trying(Instant),
}

impl<M: LanguageModel> Breaker<M> {
    /// A model that has not failed yet.
    pub const fn new(model: M, config: BreakerConfig, now: fn() -> Instant) -> Self {
        Self { model, config, now, state: Mutex::new(State::Closed(0)) }
    }

    async fn guarded<T>(&self, call: impl Future<Output = Result<T, ModelError>>) -> Result<T, ModelError> {
        self.enter()?;
        let answer = call.await;
        self.leave(answer.as_ref().err());
        answer
    }

    fn enter(&self) -> Result<(), ModelError> {
        let now = (self.now)();
        let mut state = self.state();
        match *state {
            State::Closed(_) => Ok(()),
            State::Open(until) | State::Trying(until) if now < until => Err(ModelError::Resting),
            State::Open(_) | State::Trying(_) => {
                *state = State::Trying(self.rested(now));
                Ok(())
            }
        }
    }

    fn leave(&self, error: Option<&ModelError>) {
        let is_outage = error.is_some_and(ModelError::is_outage);
        let now = (self.now)();
        let mut state = self.state();
        let next = match (*state, is_outage) {
            (State::Closed(_) | State::Trying(_), false) => State::Closed(0),
            (State::Closed(before), true) if before + 1 < self.config.outages_max.get() => {
                State::Closed(before + 1)
            }
            (State::Closed(_) | State::Trying(_), true) => {
                tracing::warn!(model = self.model.name(), "the model is left alone for a while");
                State::Open(self.rested(now))
            }
            // One that was under way when the rest began: what it met is older news.
            (State::Open(until), _) => State::Open(until),
        };
        *state = next;
    }

    fn rested(&self, now: Instant) -> Instant {
        now.checked_add(self.config.rest).unwrap_or(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: LanguageModel> fmt::Debug for Breaker<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("model", &self.model).field("state", &*self.state()).finish()
    }
}

#[async_trait::async_trait]
impl<M: LanguageModel> LanguageModel for Breaker<M> {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn validate(&self, task: ValidateTask<'_>) -> Result<ValidateReply, ModelError> {
        self.guarded(self.model.validate(task)).await
    }

    async fn route(&self, task: RouteTask<'_>) -> Result<Vec<String>, ModelError> {
        self.guarded(self.model.route(task)).await
    }

    async fn write_sql(&self, task: WriteSqlTask<'_>) -> Result<String, ModelError> {
        self.guarded(self.model.write_sql(task)).await
    }

    async fn explain(&self, task: ExplainTask<'_>) -> Result<String, ModelError> {
        self.guarded(self.model.explain(task)).await
    }
}

#[cfg(test)]
mod tests;

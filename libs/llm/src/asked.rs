//! A language model, asked on a tenant's account.
//!
//! Decides that no task begins without tokens in the tenant's budget. The model is not told for whom it
//! works; what it used comes back beside its answer, is settled here, and is shown to an observer.

use crate::account::Call;
use crate::budget::{Budget, BudgetConfig, OverBudget};
use crate::language_model::{LanguageModel, ModelError};
use splitplane_types::{ModelUsage, TenantId};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Sees every call of a model behind a network.
pub type Observer = Box<dyn Fn(&Call) + Send + Sync>;

/// A language model, and what it may cost.
pub struct Asked {
    language: Arc<dyn LanguageModel>,
    budget: Budget,
    observer: Observer,
}

/// An answer, and the model that stood in to give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By<T> {
    /// The answer.
    pub answer: T,
    /// The model's name; `None` where none had to stand in.
    pub stood_in: Option<&'static str>,
    /// What models behind a network used.
    pub usage: ModelUsage,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The tenant has no tokens left.
    #[error("the language model is not asked")]
    Budget(#[from] OverBudget),
    /// The model failed.
    #[error("the language model failed")]
    Model(#[from] ModelError),
}

impl Asked {
    /// A model of which nothing is used yet.
    #[must_use]
    pub fn new(language: Arc<dyn LanguageModel>, budget: BudgetConfig, observer: Observer) -> Self {
        Self { language, budget: Budget::new(budget), observer }
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.language.name()
    }

    /// Asks for one task on a tenant's account.
    ///
    /// # Errors
    /// See [`AskError`].
    pub async fn ask<'a, T, F>(
        &'a self,
        tenant: &TenantId,
        now: SystemTime,
        task: impl FnOnce(&'a dyn LanguageModel) -> F,
    ) -> Result<By<T>, AskError>
    where
        F: Future<Output = Result<T, ModelError>>,
    {
        let task = task(self.language.as_ref());
        let (answer, account) = self.budget.spend(tenant, now, task).await?;
        account.calls.iter().for_each(|call| (self.observer)(call));
        Ok(By { answer: answer?, stood_in: account.stood_in, usage: account.usage() })
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("language", &self.language)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! Tokens that a tenant may use in a day.
//!
//! Decides whether a task may begin. Kept in this process's memory: each replica counts for itself, a
//! restart counts anew, and a day is a day of UTC. A task holds back some tokens when it begins and
//! settles when it ends, so that tasks at the same moment count, and so does one that is called off or
//! whose answer did not tell its tokens.

use crate::account::{Account, accounted};
use serde::{Deserialize, Serialize};
use splitplane_types::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const DAY_SECONDS: u64 = 86_400;

/// `[language.budget]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// Tokens of one tenant in a day; 0 is no limit.
    pub tokens_per_tenant_and_day: u64,
    /// Tokens held back for a task under way.
    pub tokens_held_per_task: u64,
}

/// The tenant's tokens of this day are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tenant's tokens of this day are used up")]
pub struct OverBudget;

/// What every tenant has used today.
#[derive(Debug)]
pub struct Budget {
    config: BudgetConfig,
    used: Arc<Mutex<Used>>,
}

#[derive(Debug, Default)]
struct Used {
    day: u64,
    tokens: HashMap<TenantId, u64>,
}

impl Used {
    fn turn_to(&mut self, day: u64) {
        // A clock that steps back a little must not give yesterday's tokens again.
        if day > self.day {
            *self = Self { day, tokens: HashMap::new() };
        }
    }
}

/// Tokens held back for a task. Dropped without being settled, they count as used.
#[derive(Debug)]
#[must_use = "a task that is not settled counts as it was held"]
pub struct Allowance {
    held: Option<(Arc<Mutex<Used>>, TenantId, u64, u64)>,
}

impl Budget {
    /// A budget of which nothing is used.
    #[must_use]
    pub fn new(config: BudgetConfig) -> Self {
        Self { config, used: Arc::default() }
    }

    /// Lets a task of a tenant begin.
    ///
    /// # Errors
    /// What is used and held leaves too little for one more task.
    pub fn allow(&self, tenant: &TenantId, now: SystemTime) -> Result<Allowance, OverBudget> {
        let (limit, held) = (self.config.tokens_per_tenant_and_day, self.config.tokens_held_per_task);
        if limit == 0 {
            return Ok(Allowance { held: None });
        }
        let day = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY_SECONDS);
        let mut used = locked(&self.used);
        used.turn_to(day);
        let (day, tokens) = (used.day, used.tokens.entry(tenant.clone()).or_default());
        let after = tokens.checked_add(held).filter(|after| *after <= limit).ok_or(OverBudget)?;
        *tokens = after;
        Ok(Allowance { held: Some((Arc::clone(&self.used), tenant.clone(), day, held)) })
    }
}

impl Budget {
    /// Does a task of a tenant within its budget, and says what it cost.
    ///
    /// # Errors
    /// The tenant's tokens are used up; then the task has not begun.
    pub async fn spend<T>(
        &self,
        tenant: &TenantId,
        now: SystemTime,
        task: impl Future<Output = T>,
    ) -> Result<(T, Account), OverBudget> {
        let allowance = self.allow(tenant, now)?;
        let (answer, account) = accounted(task).await;
        let held = self.config.tokens_held_per_task;
        // What nobody counted was not for nothing: it stays what was held back for it.
        let uncounted = if account.is_uncounted() { held } else { 0 };
        allowance.settle(account.tokens().saturating_add(uncounted));
        Ok((answer, account))
    }
}

impl Allowance {
    /// Ends the task, which used this many tokens.
    pub fn settle(self, tokens: u64) {
        let Some((used, tenant, day, held)) = self.held else { return };
        let mut used = locked(&used);
        // A task that went on past midnight is on yesterday's bill, which nobody reads any more.
        if used.day != day {
            return;
        }
        if let Some(total) = used.tokens.get_mut(&tenant) {
            *total = total.saturating_sub(held).saturating_add(tokens);
        }
    }
}

fn locked(used: &Mutex<Used>) -> MutexGuard<'_, Used> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! What may happen how often: statements of a sandbox, statements of a tenant.
//!
//! All of it is bounded; a full table is a refusal. That a receipt opens its sandbox once is kept elsewhere,
//! since replicas have to know it together.

use splitplane_types::TenantId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Statements that one sandbox may run: the model's, and two repairs.
pub(crate) const STATEMENTS_PER_SANDBOX_MAX: u8 = 3;

/// Statements of a tenant that wait for one of its places; one more is refused.
const WAITING_PER_TENANT_MAX: usize = 16;

/// Sandboxes remembered at once.
const SANDBOXES_MAX: usize = 100_000;

/// Why something may not happen (again).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BudgetError {
    /// The sandbox has expired.
    #[error("the sandbox has expired")]
    Expired,
    /// The sandbox has run its statements.
    #[error("the sandbox has run its statements")]
    Exhausted,
    /// More sandboxes than are remembered.
    #[error("too many sandboxes are open")]
    Full,
    /// The tenant runs as many statements as it may.
    #[error("the tenant runs as many statements as it may")]
    TenantBusy,
}

#[derive(Debug)]
struct Opened {
    until: SystemTime,
    statements: u8,
}

/// A tenant's places, and who waits for one.
#[derive(Debug)]
struct Places {
    free: Arc<Semaphore>,
    waiting: Semaphore,
}

/// Counts sandboxes and their statements.
#[derive(Debug)]
pub(crate) struct Budgets {
    opened: Mutex<HashMap<String, Opened>>,
    tenants: Mutex<HashMap<TenantId, Arc<Places>>>,
    concurrent_per_tenant_max: usize,
}

impl Budgets {
    /// Starts with nothing used.
    pub(crate) fn new(concurrent_per_tenant_max: usize) -> Self {
        Self { opened: Mutex::default(), tenants: Mutex::default(), concurrent_per_tenant_max }
    }

    /// Takes one statement of a sandbox, which another replica may have opened.
    pub(crate) fn take_statement(
        &self,
        id: &str,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), BudgetError> {
        if until <= now {
            return Err(BudgetError::Expired);
        }
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= SANDBOXES_MAX {
            opened.retain(|_, entry| entry.until > now);
        }
        if opened.len() >= SANDBOXES_MAX && !opened.contains_key(id) {
            return Err(BudgetError::Full);
        }
        let entry = opened.entry(id.to_owned()).or_insert(Opened { until, statements: 0 });
        if entry.statements >= STATEMENTS_PER_SANDBOX_MAX {
            return Err(BudgetError::Exhausted);
        }
        entry.statements += 1;
        Ok(())
    }

    /// Takes one of the tenant's places, until the permit is dropped. Waits for one in a short queue, no
    /// longer than `time_max`; whose statement runs next among several tenants is the engine's to say.
    pub(crate) async fn enter(
        &self,
        tenant: &TenantId,
        time_max: Duration,
    ) -> Result<OwnedSemaphorePermit, BudgetError> {
        let places = self.places(tenant);
        let free = Arc::clone(&places.free);
        if let Ok(place) = Arc::clone(&free).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = places.waiting.try_acquire().or(Err(BudgetError::TenantBusy))?;
        match tokio::time::timeout(time_max, free.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(BudgetError::TenantBusy),
        }
    }

    fn places(&self, tenant: &TenantId) -> Arc<Places> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Places that nobody holds and nobody waits for say nothing: they are made anew when needed.
        tenants.retain(|_, places| Arc::strong_count(places) > 1 || Arc::strong_count(&places.free) > 1);
        let places = tenants.entry(tenant.clone()).or_insert_with(|| {
            Arc::new(Places {
                free: Arc::new(Semaphore::new(self.concurrent_per_tenant_max)),
                waiting: Semaphore::new(WAITING_PER_TENANT_MAX),
            })
        });
        Arc::clone(places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_sandbox_runs_three_statements_before_it_expires() {
        let budgets = Budgets::new(1);
        for _ in 0..3 {
            budgets.take_statement("r", at(10), at(1)).unwrap();
        }
        assert_eq!(budgets.take_statement("r", at(10), at(1)), Err(BudgetError::Exhausted));
        assert_eq!(budgets.take_statement("s", at(10), at(10)), Err(BudgetError::Expired));
    }

    #[test]
    fn sandboxes_have_a_budget_each() {
        let budgets = Budgets::new(1);
        for _ in 0..3 {
            budgets.take_statement("elsewhere", at(10), at(1)).unwrap();
        }
        assert_eq!(budgets.take_statement("elsewhere", at(10), at(1)), Err(BudgetError::Exhausted));
    }

    #[tokio::test]
    async fn a_tenant_at_its_limit_waits_in_a_short_queue_and_leaves_others_alone() {
        let budgets = Arc::new(Budgets::new(1));
        let (a, b): (TenantId, TenantId) = ("a".parse().unwrap(), "b".parse().unwrap());
        let minute = Duration::from_secs(60);
        let held = budgets.enter(&a, minute).await.unwrap();
        // In time there is none.
        assert_eq!(budgets.enter(&a, Duration::ZERO).await.unwrap_err(), BudgetError::TenantBusy);
        let mut waiting: Vec<_> =
            (0..WAITING_PER_TENANT_MAX).map(|_| Box::pin(budgets.enter(&a, minute))).collect();
        for enter in &mut waiting {
            assert!(futures::poll!(enter).is_pending());
        }
        // The queue is full, and for that nobody waits.
        assert_eq!(budgets.enter(&a, minute).await.unwrap_err(), BudgetError::TenantBusy);
        let _other = budgets.enter(&b, minute).await.unwrap();
        drop(held);
        let first = waiting.remove(0).await.unwrap();
        assert!(futures::poll!(&mut waiting[0]).is_pending());
        drop(first);
        assert!(waiting.remove(0).await.is_ok());
        drop(waiting);
        assert!(budgets.enter(&a, minute).await.is_ok());
    }
}

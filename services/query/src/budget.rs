//! What may happen how often: a receipt opens one sandbox, a sandbox runs one statement of its own and three of a
//! model, a tenant runs so many statements at a time.
//!
//! Decides the first two together with all replicas and across restarts; the third is of this process alone. All
//! of it is bounded, and what cannot be counted is refused.

use splitplane_store::{SingleUse, UseError};
use splitplane_types::{Digest, TenantId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Drafts that one sandbox may run: the model's, and two repairs.
pub(crate) const DRAFTS_PER_SANDBOX_MAX: u8 = 3;

/// Statements of a tenant that wait for one of its places; one more is refused.
const WAITING_PER_TENANT_MAX: usize = 16;

/// Why something may not happen (again).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BudgetError {
    /// The receipt has opened its sandbox.
    #[error("the receipt has been used")]
    ReceiptUsed,
    /// The sandbox has expired.
    #[error("the sandbox has expired")]
    Expired,
    /// The sandbox has run its statements.
    #[error("the sandbox has run its statements")]
    Exhausted,
    /// What was used cannot be known, or no more be remembered.
    #[error("what was used cannot be known")]
    Unknown(#[source] UseError),
    /// The tenant runs as many statements as it may.
    #[error("the tenant runs as many statements as it may")]
    TenantBusy,
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
    used: SingleUse,
    tenants: Mutex<HashMap<TenantId, Arc<Places>>>,
    concurrent_per_tenant_max: usize,
}

impl Budgets {
    /// Counts in `used`, and as many statements of a tenant at a time.
    pub(crate) fn new(used: SingleUse, concurrent_per_tenant_max: usize) -> Self {
        Self { used, tenants: Mutex::default(), concurrent_per_tenant_max }
    }

    /// Uses a receipt, once, until it expires.
    pub(crate) async fn use_receipt(
        &self,
        id: &str,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), BudgetError> {
        // What has expired may be forgotten, and would then be new.
        if until <= now {
            return Err(BudgetError::ReceiptUsed);
        }
        match self.take(&format!("receipt/{id}"), until, now).await {
            Err(UseError::Used) => Err(BudgetError::ReceiptUsed),
            other => other.map_err(BudgetError::Unknown),
        }
    }

    /// Takes the one compiled statement of a sandbox, whose result is the answer.
    pub(crate) async fn take_answer(
        &self,
        id: &str,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), BudgetError> {
        if until <= now {
            return Err(BudgetError::Expired);
        }
        match self.take(&format!("answer/{id}"), until, now).await {
            Err(UseError::Used) => Err(BudgetError::Exhausted),
            other => other.map_err(BudgetError::Unknown),
        }
    }

    /// Takes one draft of a sandbox, which another replica may have opened.
    pub(crate) async fn take_draft(
        &self,
        id: &str,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), BudgetError> {
        if until <= now {
            return Err(BudgetError::Expired);
        }
        for number in 1..=DRAFTS_PER_SANDBOX_MAX {
            match self.take(&format!("draft/{number}/{id}"), until, now).await {
                Err(UseError::Used) => {}
                other => return other.map_err(BudgetError::Unknown),
            }
        }
        Err(BudgetError::Exhausted)
    }

    async fn take(&self, id: &str, until: SystemTime, now: SystemTime) -> Result<(), UseError> {
        self.used.take(Digest::of(id.as_bytes()), until, now).await
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
mod tests;

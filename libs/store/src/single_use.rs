//! Ids that may be used once: nonces of signed requests, receipts of sandboxes.
//!
//! Decides that of all who use an id, in all processes that share a store and after any restart, one
//! succeeds; that a use is durable before it is confirmed; and that too many ids, or a store that
//! cannot be asked, is a refusal. Uses that come together are written together.
//!
//! Ids are remembered for [`MARGIN`] beyond their time: whoever uses one may have looked at the clock a while
//! ago, clocks of replicas differ, and a clock may be set back.

use crate::{Store, StoreError};
use splitplane_types::Digest;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};
use tracing::instrument::WithSubscriber as _;

/// Uses that are written together.
const BATCH_MAX: usize = 128;

/// Uses that wait to be written; whoever comes on top waits for a place.
const WAITING_MAX: usize = 1_024;

/// How long an id is remembered beyond its time.
pub const MARGIN: Duration = Duration::from_secs(600);

/// How often ids that have run out are removed, and those of other processes counted.
const SWEEP_PERIOD: Duration = Duration::from_secs(10);

/// Why an id may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UseError {
    /// It was used before.
    #[error("it was used before")]
    Used,
    /// As many ids are remembered as may be.
    #[error("no more can be remembered")]
    Full,
    /// The store cannot be asked.
    #[error("what was used cannot be asked")]
    Unavailable,
}

/// The ids of one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SingleUse {
    queue: mpsc::Sender<Use>,
}

#[derive(Debug)]
struct Use {
    id: Digest,
    until: SystemTime,
    now: SystemTime,
    answer: oneshot::Sender<Result<(), UseError>>,
}

impl SingleUse {
    /// The ids that `store` remembers for `purpose`, `entries_max` at most. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// The store cannot be asked how many there are.
    pub async fn open(store: Store, purpose: &'static str, entries_max: usize) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let held = store.used(purpose).await?;
        let writer = Writer { store, purpose, entries_max, held, swept: None };
        drop(tokio::spawn(writer.run(waiting).with_current_subscriber()));
        Ok(Self { queue })
    }

    /// Whether ids can be used at all: whoever writes them is at work.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Uses an id up, which may be used until `until` at most.
    ///
    /// # Errors
    /// See [`UseError`]; each of them refuses.
    pub async fn take(&self, id: Digest, until: SystemTime, now: SystemTime) -> Result<(), UseError> {
        let (answer, told) = oneshot::channel();
        self.queue.send(Use { id, until, now, answer }).await.or(Err(UseError::Unavailable))?;
        told.await.unwrap_or(Err(UseError::Unavailable))
    }
}

/// The only one of a process that writes to the table.
struct Writer {
    store: Store,
    purpose: &'static str,
    entries_max: usize,
    held: usize,
    swept: Option<SystemTime>,
}

impl Writer {
    async fn run(mut self, mut waiting: mpsc::Receiver<Use>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let outcomes = self.outcomes(&batch).await;
            for (used, outcome) in batch.drain(..).zip(outcomes) {
                // Whoever asked may have gone away; the id is used all the same.
                let _ = used.answer.send(outcome);
            }
        }
    }

    async fn outcomes(&mut self, batch: &[Use]) -> Vec<Result<(), UseError>> {
        match self.write(batch).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(error = %Arc::new(error), "what was used cannot be written: everybody is refused");
                batch.iter().map(|_| Err(UseError::Unavailable)).collect()
            }
        }
    }

    async fn write(&mut self, batch: &[Use]) -> Result<Vec<Result<(), UseError>>, StoreError> {
        if let Some(now) = batch.iter().map(|used| used.now).max() {
            self.sweep(now).await?;
        }
        let mut first = HashSet::new();
        let mut room = self.entries_max.saturating_sub(self.held);
        // What may have been forgotten by now cannot be told from what is new.
        let is_late = |used: &Use| self.swept.is_some_and(|swept| used.until + MARGIN <= swept);
        let chosen: Vec<Option<&Use>> = batch
            .iter()
            .map(|used| {
                // Of two uses of one id that wait together, the first is tried.
                let is_tried = room > 0 && !is_late(used) && first.insert(used.id);
                room -= usize::from(is_tried);
                is_tried.then_some(used)
            })
            .collect();
        let new =
            self.store.use_up(self.purpose, &chosen.iter().copied().flatten().collect::<Vec<_>>()).await?;
        self.held += new.len();
        let outcomes = batch.iter().zip(chosen).map(|(used, tried)| match tried {
            Some(tried) if new.contains(&tried.id) => Ok(()),
            Some(_) => Err(UseError::Used),
            None if first.contains(&used.id) || is_late(used) => Err(UseError::Used),
            None => Err(UseError::Full),
        });
        Ok(outcomes.collect())
    }

    async fn sweep(&mut self, now: SystemTime) -> Result<(), StoreError> {
        let is_due = self.swept.is_none_or(|swept| swept + SWEEP_PERIOD <= now);
        if is_due || self.held >= self.entries_max {
            self.store.forget_until(self.purpose, now - MARGIN).await?;
            self.held = self.store.used(self.purpose).await?;
            // A clock that was set back brings nothing back.
            self.swept = self.swept.max(Some(now));
        }
        Ok(())
    }
}

impl Store {
    async fn used(&self, purpose: &str) -> Result<usize, StoreError> {
        let count = sqlx::query_as("SELECT count(*) FROM single_use WHERE purpose = $1");
        let (count,): (i64,) = count.bind(purpose.to_owned()).fetch_one(&self.pool).await?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    async fn forget_until(&self, purpose: &str, until: SystemTime) -> Result<(), StoreError> {
        let forget = sqlx::query("DELETE FROM single_use WHERE purpose = $1 AND until_ms < $2");
        forget.bind(purpose.to_owned()).bind(unix_ms(until)).execute(&self.pool).await?;
        Ok(())
    }

    /// Writes those ids that are not there yet, and says which.
    async fn use_up(&self, purpose: &str, uses: &[&Use]) -> Result<HashSet<Digest>, StoreError> {
        if uses.is_empty() {
            return Ok(HashSet::new());
        }
        // Two processes that write the same ids wait for each other in the same order.
        let mut uses = uses.to_vec();
        uses.sort_by_key(|used| used.id);
        let rows: Vec<String> =
            (0..uses.len()).map(|row| format!("($1, ${}, ${})", 2 * row + 2, 2 * row + 3)).collect();
        let text = format!(
            "INSERT INTO single_use (purpose, id, until_ms) VALUES {} ON CONFLICT DO NOTHING RETURNING id",
            rows.join(", ")
        );
        // Nothing but the numbers of parameters is put into the text.
        let mut insert = sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(purpose.to_owned());
        for used in &uses {
            // Up, since what is forgotten a moment late does no harm.
            insert = insert.bind(used.id.to_string()).bind(unix_ms(used.until).saturating_add(1));
        }
        let new: Vec<(String,)> = insert.fetch_all(&self.pool).await?;
        new.into_iter().map(|(id,)| digest(&id)).collect()
    }
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn digest(text: &str) -> Result<Digest, StoreError> {
    text.parse().map_err(|_error| StoreError::Row(format!("`{text}` is no digest")))
}

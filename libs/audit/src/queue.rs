//! Those who wait for a commit: whoever finds nobody writing writes for all who are there.
//!
//! Does not know how records are written. Blocks the threads that wait.

use crate::{AuditError, Record};
use splitplane_types::Digest;
use std::collections::HashMap;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Records written at once. Bounds how long the first of a crowd waits for the last.
const BATCH_MAX: usize = 256;

type Outcome = Result<Digest, AuditError>;

/// Records that wait, and what became of those that were written.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    committed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    records: Vec<(u64, Record)>,
    outcomes: HashMap<u64, Outcome>,
    next_ticket: u64,
    is_writing: bool,
}

impl Queue {
    /// Waits until the record has been written, or writes it, with all others that wait, by `commit`.
    pub(crate) fn append(
        &self,
        record: Record,
        commit: impl FnOnce(Vec<Record>) -> Result<Vec<Outcome>, AuditError>,
    ) -> Outcome {
        let mut waiting = self.lock();
        let ticket = waiting.next_ticket;
        waiting.next_ticket += 1;
        waiting.records.push((ticket, record));
        while waiting.is_writing {
            waiting = self.committed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            if let Some(outcome) = waiting.outcomes.remove(&ticket) {
                return outcome;
            }
        }
        waiting.is_writing = true;
        let batch = waiting.take_with(ticket);
        drop(waiting);

        let (tickets, records): (Vec<u64>, Vec<Record>) = batch.into_iter().unzip();
        let outcomes = match commit(records) {
            Ok(outcomes) => outcomes,
            Err(error) => vec![Err(error); tickets.len()],
        };

        let mut waiting = self.lock();
        waiting.is_writing = false;
        waiting.outcomes.extend(tickets.into_iter().zip(outcomes));
        let own = waiting.outcomes.remove(&ticket);
        drop(waiting);
        self.committed.notify_all();
        own.unwrap_or(Err(AuditError::NotWritten))
    }

    /// Records that nobody has begun to write.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.lock().records.len()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The oldest records, as many as are written at once, and this one in any case.
    fn take_with(&mut self, ticket: u64) -> Vec<(u64, Record)> {
        let rest = self.records.split_off(self.records.len().min(BATCH_MAX));
        let mut batch = mem::replace(&mut self.records, rest);
        if let Some(at) = self.records.iter().position(|(other, _)| *other == ticket) {
            batch.push(self.records.remove(at));
        }
        batch
    }
}

//! Memory: what a statement may hold, and what all statements of the process may hold together.

use crate::EngineError;
use crate::kept::Keep;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The name under which key sets of a scope take memory.
pub(crate) const SCOPE: &str = "scope";

/// A statement's pool inside the process's pool: growing must fit both.
///
/// The statement's own limit is what makes an operator spill, and what fills it is a function of the
/// caller's rows: batches as the leaf cuts them. Operators that can spill share it evenly, or the first to
/// fill it would starve those above it. Key sets have a limit of their own, since they are not read where
/// rows were kept. What others take is no reason to spill, since a spilled sum may add in another
/// order: a statement for which the process has no room fails, whatever its operators make of it.
#[derive(Debug)]
pub(crate) struct StatementPool {
    own: FairSpillPool,
    scope: GreedyMemoryPool,
    process: Arc<GreedyMemoryPool>,
    kept: Option<Arc<Keep>>,
    is_starved: AtomicBool,
}

impl StatementPool {
    pub(crate) fn new(bytes_max: u64, process: &Arc<GreedyMemoryPool>) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self {
            own: FairSpillPool::new(bytes_max),
            scope: GreedyMemoryPool::new(bytes_max),
            process: Arc::clone(process),
            kept: None,
            is_starved: AtomicBool::new(false),
        }
    }

    /// What is kept makes room for what is asked now.
    pub(crate) fn beside(mut self, kept: &Arc<Keep>) -> Self {
        self.kept = Some(Arc::clone(kept));
        self
    }

    /// Fails once the process had no room for the statement.
    pub(crate) fn check(&self) -> std::result::Result<(), EngineError> {
        if self.is_starved.load(Ordering::Relaxed) {
            let cause: crate::Cause = Arc::new(std::io::Error::other("the process has no memory left"));
            return Err(EngineError::MemoryExceeded { cause });
        }
        Ok(())
    }

    fn own(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.name() == SCOPE { &self.scope } else { &self.own }
    }

    fn grow_process(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let grown = self.process.try_grow(reservation, additional);
        if grown.is_err() && self.kept.as_ref().is_some_and(|kept| kept.shed(additional)) {
            return self.process.try_grow(reservation, additional);
        }
        grown
    }
}

impl fmt::Display for StatementPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "statement({})", self.own.reserved())
    }
}

impl MemoryPool for StatementPool {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.own(consumer).register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.own(consumer).unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own(reservation.consumer()).grow(reservation, additional);
        self.process.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own(reservation.consumer()).shrink(reservation, shrink);
        self.process.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let own = self.own(reservation.consumer());
        own.try_grow(reservation, additional)?;
        self.grow_process(reservation, additional).inspect_err(|_error| {
            own.shrink(reservation, additional);
            self.is_starved.store(true, Ordering::Relaxed);
        })
    }

    fn reserved(&self) -> usize {
        self.own.reserved() + self.scope.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.own.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::execution::memory_pool::MemoryConsumer;

    #[test]
    fn a_statement_is_held_to_its_own_limit_and_to_what_the_process_has_left() {
        let process = Arc::new(GreedyMemoryPool::new(100));
        let pool = || -> Arc<dyn MemoryPool> { Arc::new(StatementPool::new(80, &process)) };
        let (one, other) =
            (MemoryConsumer::new("one").register(&pool()), MemoryConsumer::new("other").register(&pool()));
        assert!(one.try_grow(81).is_err());
        one.try_grow(80).unwrap();
        assert!(other.try_grow(21).is_err());
        other.try_grow(20).unwrap();
        drop(one);
        other.try_grow(60).unwrap();
        assert_eq!(process.reserved(), 80);
    }
}

//! Memory: what a statement may hold, and what all statements of the process may hold together.

use datafusion::error::Result;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryLimit, MemoryPool, MemoryReservation};
use std::fmt;
use std::sync::Arc;

/// A statement's pool inside the process's pool: growing must fit both.
///
/// No query spills (there is no disk manager), so first come is first served and none can starve
/// another beyond what the process has.
#[derive(Debug)]
pub(crate) struct StatementPool {
    own: GreedyMemoryPool,
    process: Arc<GreedyMemoryPool>,
}

impl StatementPool {
    pub(crate) fn new(bytes_max: u64, process: &Arc<GreedyMemoryPool>) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self { own: GreedyMemoryPool::new(bytes_max), process: Arc::clone(process) }
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

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.own.grow(reservation, additional);
        self.process.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.own.shrink(reservation, shrink);
        self.process.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.own.try_grow(reservation, additional)?;
        self.process
            .try_grow(reservation, additional)
            .inspect_err(|_error| self.own.shrink(reservation, additional))
    }

    fn reserved(&self) -> usize {
        self.own.reserved()
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

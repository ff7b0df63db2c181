//! The embedded engine: DataFusion in this process, behind the opaque leaf.

use crate::interrupt::Interrupt;
use crate::memory::StatementPool;
use crate::source::ScanContext;
use crate::threads::{Activity, Threads};
use crate::{Engine, EngineError, GrantsRequest, Lookup, QueryResult, Statement, Warehouse};
use crate::{grants, lookup, run};
use async_trait::async_trait;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};
use splitplane_split_plane::ScopeValue;
use splitplane_types::Cell;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// What belongs to the process, not to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// Statements that run at the same time; others wait.
    pub threads: usize,
    /// Memory of all statements together, in bytes.
    pub memory_bytes_max: u64,
    /// Stack of every thread, in bytes. Planning recurses: 64 MiB is what the guard's bounds were tried with.
    pub stack_bytes: usize,
}

impl EngineConfig {
    /// The stack that planning was tried with.
    pub const STACK_BYTES: usize = 64 << 20;
}

/// Runs statements on DataFusion.
#[derive(Debug)]
pub struct DataFusionEngine {
    shared: Arc<Shared>,
    threads: Threads,
}

/// What statements share: the folder, the process's memory, the count of what runs.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) warehouse: Warehouse,
    pub(crate) memory: Arc<GreedyMemoryPool>,
    pub(crate) activity: Activity,
    memory_bytes_max: u64,
}

/// A lookup or a reading of grants is one scan without a policy's limits; a stuck disk must still end it.
const SCAN_TIME_MAX: Duration = Duration::from_secs(60);

impl DataFusionEngine {
    /// Makes an engine over a warehouse.
    ///
    /// # Errors
    /// [`EngineError::Internal`] when no threads can be had.
    pub fn new(warehouse: Warehouse, config: &EngineConfig) -> Result<Self, EngineError> {
        let threads = Threads::new(config.threads, config.stack_bytes)?;
        let memory = usize::try_from(config.memory_bytes_max).unwrap_or(usize::MAX);
        let shared = Shared {
            warehouse,
            memory: Arc::new(GreedyMemoryPool::new(memory)),
            activity: threads.activity().clone(),
            memory_bytes_max: config.memory_bytes_max,
        };
        Ok(Self { shared: Arc::new(shared), threads })
    }

    /// How many statements and scans are running; 0 once everything cancelled has stopped.
    #[must_use]
    pub fn activity(&self) -> watch::Receiver<usize> {
        self.shared.activity.subscribe()
    }
}

impl Shared {
    /// Runs `scan` with the process's memory, for as long as its caller waits.
    pub(crate) fn with_context<T>(
        &self,
        interrupt: &Interrupt,
        scan: impl FnOnce(&mut ScanContext<'_>) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let pool: Arc<dyn MemoryPool> = Arc::new(StatementPool::new(self.memory_bytes_max, &self.memory));
        let held = MemoryConsumer::new("scope").register(&pool);
        let mut hold = |bytes| held.try_grow(bytes).map_err(EngineError::from);
        scan(&mut ScanContext { hold: &mut hold, is_wanted: &|| !interrupt.is_set() })
    }
}

#[async_trait]
impl Engine for DataFusionEngine {
    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        let shared = Arc::clone(&self.shared);
        self.threads
            .run(statement.limits.time_max, move |interrupt| run::run(shared, statement, interrupt))
            .await
    }

    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let shared = Arc::clone(&self.shared);
        self.threads
            .run(SCAN_TIME_MAX, move |gone| async move { lookup::lookup(&shared, &lookup, &gone) })
            .await
    }

    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        let shared = Arc::clone(&self.shared);
        self.threads
            .run(SCAN_TIME_MAX, move |gone| async move { grants::read(&shared, &request, &gone) })
            .await
    }
}

//! The embedded engine: DataFusion in this process, behind the opaque leaf.

use crate::interrupt::Interrupt;
use crate::kept::{Keep, KeptConfig};
use crate::memory::{SCOPE, StatementPool};
use crate::source::ScanContext;
use crate::spill::{Spill, SpillConfig};
use crate::threads::{Activity, Threads};
use crate::{Engine, EngineError, GrantsRequest, Lookup, QueryResult, Statement, Warehouse};
use crate::{grants, lookup, run};
use async_trait::async_trait;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool};
use splitplane_split_plane::{ScopeValue, SecurityPlane};
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
    pub(crate) kept: Arc<Keep>,
    pub(crate) spill: Option<Arc<Spill>>,
    pub(crate) activity: Activity,
    memory_bytes_max: u64,
}

/// A lookup or a reading of grants is one scan without a policy's limits; a stuck disk must still end it.
const SCAN_TIME_MAX: Duration = Duration::from_secs(60);

impl DataFusionEngine {
    /// Makes an engine over a warehouse that keeps nothing between statements and spills nothing.
    ///
    /// # Errors
    /// [`EngineError::Internal`] when no threads can be had.
    pub fn new(warehouse: Warehouse, config: &EngineConfig) -> Result<Self, EngineError> {
        Self::open(warehouse, config, KeptConfig::NOTHING, None)
    }

    /// Makes an engine over a warehouse.
    ///
    /// # Errors
    /// [`EngineError::Internal`] when no threads can be had, or the spill folder is not this process's alone.
    pub fn open(
        warehouse: Warehouse,
        config: &EngineConfig,
        kept: KeptConfig,
        spill: Option<&SpillConfig>,
    ) -> Result<Self, EngineError> {
        let threads = Threads::new(config.threads, config.stack_bytes)?;
        let bytes = usize::try_from(config.memory_bytes_max).unwrap_or(usize::MAX);
        let memory = Arc::new(GreedyMemoryPool::new(bytes));
        let shared = Shared {
            warehouse,
            kept: Arc::new(Keep::new(kept, &memory)),
            memory,
            spill: spill.map(Spill::open).transpose()?,
            activity: threads.activity().clone(),
            memory_bytes_max: config.memory_bytes_max,
        };
        Ok(Self { shared: Arc::new(shared), threads })
    }

    /// Bytes read from the warehouse's files since the engine was made.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.shared.warehouse.bytes_read()
    }

    /// Bytes that are kept in memory for callers' next questions.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.shared.kept.bytes()
    }

    /// How many statements and scans are running; 0 once everything cancelled has stopped.
    #[must_use]
    pub fn activity(&self) -> watch::Receiver<usize> {
        self.shared.activity.subscribe()
    }
}

impl Shared {
    /// Where rows of this plane's owner may be kept.
    pub(crate) fn keep_for<'k>(&'k self, plane: &'k SecurityPlane) -> Option<(&'k Arc<Keep>, &'k str)> {
        if self.kept.is_off() {
            return None;
        }
        plane.owner().map(|owner| (&self.kept, owner))
    }

    /// What a scan outside a statement may use: the process's memory, for as long as its caller waits.
    pub(crate) fn context(&self, interrupt: &Interrupt) -> ScanContext {
        let pool = StatementPool::new(self.memory_bytes_max, &self.memory).beside(&self.kept);
        let pool: Arc<dyn MemoryPool> = Arc::new(pool);
        let held = MemoryConsumer::new(SCOPE).register(&pool);
        ScanContext { held, interrupt: interrupt.clone() }
    }
}

#[async_trait]
impl Engine for DataFusionEngine {
    fn system(&self) -> &'static str {
        "datafusion"
    }

    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        let shared = Arc::clone(&self.shared);
        let (plane, time_max) = (Arc::clone(&statement.plane), statement.limits.time_max);
        self.threads
            .run(plane.tenant(), time_max, move |interrupt| run::run(shared, statement, interrupt))
            .await
    }

    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let shared = Arc::clone(&self.shared);
        let plane = Arc::clone(&lookup.plane);
        self.threads
            .run(
                plane.tenant(),
                SCAN_TIME_MAX,
                move |gone| async move { lookup::lookup(&shared, &lookup, &gone) },
            )
            .await
    }

    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        let shared = Arc::clone(&self.shared);
        let tenant = request.identity.first().map(|(_, value)| value.clone()).unwrap_or_default();
        self.threads
            .run(&tenant, SCAN_TIME_MAX, move |gone| async move { grants::read(&shared, &request, &gone) })
            .await
    }
}

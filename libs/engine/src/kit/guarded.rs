//! An engine behind the guard, as the query service has one: grants read from the warehouse, a plane built from
//! them, statements guarded, everything else a lookup.

use super::Subjects;
use super::interference::limits;
use super::subject::{Ask, Observation, Probe, Subject, kind};
use super::world::{Admin, World};
use crate::error::AnyError;
use crate::{
    DataFusionEngine, Engine, EngineConfig, EngineError, GrantsRequest, Lookup, Match, QueryResult,
    Statement, Warehouse,
};
use async_trait::async_trait;
use splitplane_split_plane::{GuardError, SandboxView, ScopeValue, SecurityPlane};
use splitplane_types::{Cell, Limits, Table};
use std::path::Path;
use std::sync::Arc;

/// The engine of the product, in this process.
#[derive(Debug, Clone)]
pub struct Embedded {
    config: EngineConfig,
}

impl Default for Embedded {
    fn default() -> Self {
        let config =
            EngineConfig { threads: 1, memory_bytes_max: 1 << 31, stack_bytes: EngineConfig::STACK_BYTES };
        Self { config }
    }
}

impl Embedded {
    /// The engine over the warehouse in `folder`, behind the guard.
    ///
    /// # Errors
    /// When it cannot be made, or grants cannot be read.
    pub async fn guarded(&self, world: &World, folder: &Path) -> Result<Guarded, AnyError> {
        let engine = DataFusionEngine::new(Warehouse::open(folder)?, &self.config)?;
        Guarded::open(Arc::new(engine), world).await
    }
}

#[async_trait]
impl Subjects for Embedded {
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError> {
        Ok(Box::new(self.guarded(world, folder).await?))
    }
}

/// Any engine behind the guard.
#[derive(Debug)]
pub struct Guarded {
    engine: Arc<dyn Engine>,
    view: SandboxView,
    caller: Sandbox,
    colleague: Sandbox,
    /// What a caller is told of a failure.
    tell: fn(&EngineError) -> Observation,
}

/// What one admin has.
#[derive(Debug)]
struct Sandbox {
    request: GrantsRequest,
    plane: Arc<SecurityPlane>,
    granted: usize,
}

impl Guarded {
    /// Opens the sandboxes of the caller and of the colleague.
    ///
    /// # Errors
    /// When grants cannot be read.
    pub async fn open(engine: Arc<dyn Engine>, world: &World) -> Result<Self, AnyError> {
        let caller = Sandbox::open(engine.as_ref(), world, Admin::Caller).await?;
        let colleague = Sandbox::open(engine.as_ref(), world, Admin::Colleague).await?;
        Ok(Self { engine, view: world.view()?, caller, colleague, tell: Observation::of_error })
    }

    /// The same, telling something else of failures.
    pub(super) fn telling(self, tell: fn(&EngineError) -> Observation) -> Self {
        Self { tell, ..self }
    }

    /// The plane of an admin.
    pub(super) fn plane(&self, admin: Admin) -> Arc<SecurityPlane> {
        Arc::clone(&self.sandbox(admin).plane)
    }

    const fn sandbox(&self, admin: Admin) -> &Sandbox {
        match admin {
            Admin::Caller => &self.caller,
            Admin::Colleague => &self.colleague,
        }
    }

    /// What an admin obtains.
    pub(super) async fn answer(&self, admin: Admin, ask: &Ask) -> Observation {
        let sandbox = self.sandbox(admin);
        match ask {
            Ask::Statement(sql) => self.statement(sandbox, sql).await,
            Ask::Values { relation, columns, matching, limit } => {
                let found = self.lookup(sandbox, relation, columns.clone(), matching, *limit).await;
                found.map_or_else(|error| (self.tell)(&error), |tuples| Observation::of_tuples(&tuples))
            }
            Ask::Coverage { relation, key, matching } => {
                let found =
                    self.lookup(sandbox, relation, vec![key.clone()], matching, sandbox.granted).await;
                match found {
                    Ok(tuples) => {
                        let line = format!("{} of {}", tuples.len(), sandbox.granted);
                        Observation::Rows { schema: "coverage".to_owned(), rows: vec![line], bytes: 0 }
                    }
                    Err(error) => (self.tell)(&error),
                }
            }
            Ask::Grants => match self.engine.read_grants(sandbox.request.clone()).await {
                Ok(tuples) => {
                    let rows = tuples.iter().map(|tuple| format!("{tuple:?}")).collect();
                    Observation::Rows { schema: "grants".to_owned(), rows, bytes: 0 }
                }
                Err(error) => (self.tell)(&error),
            },
        }
    }

    async fn statement(&self, sandbox: &Sandbox, sql: &str) -> Observation {
        match self.run(sandbox, sql).await {
            Ok(result) => Observation::of_table(&result.table, result.bytes),
            Err(seen) => seen,
        }
    }

    /// The result of a statement of the caller.
    ///
    /// # Errors
    /// What the caller is told instead.
    pub async fn table(&self, sql: &str) -> Result<Table, Observation> {
        Ok(self.run(&self.caller, sql).await?.table)
    }

    pub(super) fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// The result of a statement of the caller within other limits.
    pub(super) async fn limited(&self, sql: &str, limits: Limits) -> Result<QueryResult, EngineError> {
        self.limited_in(self.plane(Admin::Caller), sql, limits).await
    }

    /// The result of a statement in another sandbox.
    pub(super) async fn limited_in(
        &self,
        plane: Arc<SecurityPlane>,
        sql: &str,
        limits: Limits,
    ) -> Result<QueryResult, EngineError> {
        let query = self.view.guard(sql).map_err(EngineError::internal)?;
        self.engine.execute(Statement::new(plane, query, limits)).await
    }

    async fn run(&self, sandbox: &Sandbox, sql: &str) -> Result<QueryResult, Observation> {
        let query = self.view.guard(sql).map_err(|error| refused(&error))?;
        let statement = Statement::new(Arc::clone(&sandbox.plane), query, limits());
        self.engine.execute(statement).await.map_err(|error| (self.tell)(&error))
    }

    async fn lookup(
        &self,
        sandbox: &Sandbox,
        relation: &str,
        columns: Vec<String>,
        matching: &[Match],
        limit: usize,
    ) -> Result<Vec<Vec<Cell>>, EngineError> {
        let plane = Arc::clone(&sandbox.plane);
        let lookup = Lookup {
            plane,
            relation: relation.to_owned(),
            columns,
            matching: matching.to_vec(),
            limit,
            transaction: None,
        };
        self.engine.lookup(lookup).await
    }
}

impl Sandbox {
    async fn open(engine: &dyn Engine, world: &World, admin: Admin) -> Result<Self, AnyError> {
        let request = world.grants_request(admin);
        let mut granted: Vec<Vec<ScopeValue>> = engine.read_grants(request.clone()).await?;
        granted.sort();
        granted.dedup();
        let plane = Arc::new(world.plane(&granted)?);
        Ok(Self { request, plane, granted: granted.len() })
    }
}

/// A refusal of the guard, with everything that a repair prompt is given.
pub(super) fn refused(error: &GuardError) -> Observation {
    Observation::Refused {
        kind: kind(error.kind()).to_owned(),
        text: error.to_string(),
        hint: error.hint().to_owned(),
        position: error.position().map(|position| (position.line, position.column)),
    }
}

#[async_trait]
impl Subject for Guarded {
    async fn observe(&self, probe: &Probe) -> Observation {
        if probe.after_colleague {
            // What the colleague sees is not the caller's to know.
            drop(self.answer(Admin::Colleague, &probe.ask).await);
        }
        self.answer(Admin::Caller, &probe.ask).await
    }
}

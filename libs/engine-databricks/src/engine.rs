//! The engine: a guarded query over scoped relations as one statement of a warehouse.
//!
//! Reads in the order of the argument: the scope becomes queries over three-part names that no query can speak, those
//! become common table expressions in front of the statement, every value travels as a parameter, and nothing is handed
//! on before the checks of what was read are in. Any failure leaves no row (invariant 8).
//!
//! - `sql`: scoped relations as text; `values`: parameters of a translated statement.
//! - `answer`: results and checks; `schemas`: what columns tables have; `catalog`: what a start-up asks.
//! - `errors`: what a warehouse's errors are to whoever asked; `tables`: which names a mapping may hold.

mod answer;
mod catalog;
mod errors;
mod schemas;
mod sql;
mod tables;
mod values;

use crate::result::ResultStream;
use crate::statement::{Parameter, Statement as Sent, Statements};
use async_trait::async_trait;
use errors::Asked;
use futures::TryStreamExt as _;
use schemas::{Columns, Schemas};
use splitplane_engine::answers::{Found, granted_tuples, grants_relation};
use splitplane_engine::{Engine, EngineError, GrantsRequest, Lookup, QueryResult, Statement};
use splitplane_engine_spark::layout::Sources;
use splitplane_engine_spark::scoped::{Planner, Scoped, distinct, named, places, translated, used, wanted};
use splitplane_split_plane::{ScopeValue, ScopedRelation};
use splitplane_types::Cell;
use sql::{Query, SqlText};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// A lookup or a reading of grants is one scan without a policy's limits; a stuck engine must still end it.
const SCAN_TIME_MAX: Duration = Duration::from_secs(60);
/// What every statement is known by in the workspace's history.
const APPLICATION: (&str, &str) = ("application", "splitplane");
/// What a caller's statement is known by beside it.
const TRANSACTION: &str = "transaction";
/// Tags of ours.
const OWN_TAGS: usize = 2;

/// What belongs to the process, not to a policy.
///
/// The catalog and the schema of the workspace's configuration are where a name without them would be looked up. No
/// statement has such a name but the sandbox's own; where both hold nothing, none could mean anything else either.
#[derive(Debug, Clone)]
pub struct DatabricksConfig {
    /// Tables by the name that the semantic model gives them. A path is refused.
    pub sources: Sources,
    /// Requests at the same time; others wait. Each first asks for the zone and for the columns of every table that it
    /// reads, one statement each and all at once, and then runs two statements at most.
    pub requests_max: usize,
    /// Rows that a barrier lets through. A relation that has as many is an error, never a short answer.
    pub barrier_rows: i32,
    /// What statements are known by in the workspace's history, beside their application and their transaction.
    pub tags: Vec<(String, String)>,
}

impl DatabricksConfig {
    /// As many rows as a limit of the engine can say.
    pub const BARRIER_ROWS: i32 = i32::MAX;
}

/// Runs statements on a Databricks SQL warehouse.
#[derive(Debug, Clone)]
pub struct DatabricksEngine {
    inside: Arc<Inside>,
    handle: Handle,
}

#[derive(Debug)]
struct Inside {
    statements: Statements,
    config: DatabricksConfig,
    schemas: Schemas,
    turns: Semaphore,
}

/// Why a warehouse is not used.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("the time zone of the warehouse's sessions is not UTC: set its TIMEZONE to UTC")]
    Zone,
    #[error("a statement can have 20 tags with those of its application and its transaction")]
    Tags,
    #[error("the tag `{0}` is not to be configured: every statement has its own")]
    OwnTag(String),
}

/// How UTC is called where it is set.
const UTC_NAMES: [&str; 4] = ["UTC", "Etc/UTC", "Z", "+00:00"];

impl DatabricksEngine {
    /// An engine over tables, after its warehouse was seen to answer, in UTC.
    ///
    /// # Errors
    /// A mapping that cannot be used or sessions in another zone ([`EngineError::Internal`], with the reason behind it),
    /// or a warehouse that cannot be reached.
    pub async fn open(statements: Statements, config: DatabricksConfig) -> Result<Self, EngineError> {
        splitplane_engine_spark::layout::check(&config.sources).map_err(EngineError::internal)?;
        tables::check(&config.sources).map_err(EngineError::internal)?;
        if config.tags.len() + OWN_TAGS > crate::statement::TAGS_MAX {
            return Err(EngineError::internal(Unfit::Tags));
        }
        if let Some((key, _)) =
            config.tags.iter().find(|(key, _)| [APPLICATION.0, TRANSACTION].contains(&key.as_str()))
        {
            return Err(EngineError::internal(Unfit::OwnTag(key.clone())));
        }
        let turns = Semaphore::new(config.requests_max);
        let inside = Inside { statements, config, schemas: Schemas::default(), turns };
        let engine = Self { inside: Arc::new(inside), handle: Handle::current() };
        let inside = &engine.inside;
        let asked = Asked::scan(&[], SCAN_TIME_MAX);
        inside.within(SCAN_TIME_MAX, async || inside.check_zone(&asked).await).await?;
        Ok(engine)
    }
}

/// Relations of a statement, and what is bound to their text.
#[derive(Debug)]
struct Scope {
    relations: Vec<(String, Scoped<Query>)>,
    /// Values of the scope: of the relations' rows.
    values: Vec<Parameter>,
    /// Keys of masks: of what is shown alone.
    pads: Vec<Parameter>,
}

impl Inside {
    const fn sources(&self) -> &Sources {
        &self.config.sources
    }

    /// Does something in its turn and time.
    async fn within<T>(
        &self,
        time_max: Duration,
        work: impl AsyncFnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let timed = tokio::time::timeout(time_max, async {
            let _turn = self.turns.acquire().await.map_err(EngineError::internal)?;
            work().await
        });
        timed.await.unwrap_or(Err(EngineError::TimeExceeded { time_max }))
    }

    /// Sends a statement.
    async fn send(
        &self,
        asked: &Asked<'_>,
        text: String,
        parameters: Vec<Parameter>,
    ) -> Result<ResultStream, EngineError> {
        let sent = self.sent(asked, text, parameters)?;
        self.statements.run(sent).await.map_err(|error| asked.fail(error))
    }

    /// Sends a statement for the columns of its result, of which those of a type that is not known are left out.
    async fn columns(&self, asked: &Asked<'_>, text: String) -> Result<Columns, EngineError> {
        let sent = self.sent(asked, text, Vec::new())?;
        self.statements.columns(sent).await.map_err(|error| asked.fail(error))
    }

    fn sent(&self, asked: &Asked<'_>, text: String, parameters: Vec<Parameter>) -> Result<Sent, EngineError> {
        if parameters.len() > crate::statement::PARAMETERS_MAX {
            return Err(EngineError::plan("more values than a statement can have here"));
        }
        let own =
            [APPLICATION].into_iter().chain(asked.transaction.map(|transaction| (TRANSACTION, transaction)));
        let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Ok(Sent {
            text,
            parameters,
            row_limit: asked.row_limit(),
            byte_limit: asked.byte_limit(),
            tags: own.chain(self.config.tags.iter().cloned()).collect(),
            time_max: asked.time_max,
        })
    }

    /// Fails outside UTC. The zone is one of the warehouse's settings, which may change while this runs.
    async fn check_zone(&self, asked: &Asked<'_>) -> Result<(), EngineError> {
        let asked = Asked { sources: &[], limits: None, ..*asked };
        let rows = self.send(&asked, "SELECT current_timezone() AS zone".to_owned(), Vec::new()).await?;
        let rows: Vec<_> = rows.try_collect().await.map_err(|error| asked.fail(error))?;
        let zone = answer::one_text(&rows)?;
        if UTC_NAMES.contains(&zone.as_str()) {
            return Ok(());
        }
        Err(EngineError::internal(Unfit::Zone))
    }

    /// Plans relations with some of their columns, by what the warehouse says now of its zone and of their tables.
    async fn scope(
        &self,
        relations: &[(&ScopedRelation, BTreeSet<String>)],
        asked: &Asked<'_>,
    ) -> Result<Scope, EngineError> {
        let mut read = BTreeSet::new();
        for (relation, _) in relations {
            read.extend(places(self.sources(), relation)?);
        }
        let looks = self.schemas.of(self, &read, asked);
        let ((), known) = futures::future::try_join(self.check_zone(asked), looks).await?;
        let mut planner = Planner {
            sources: self.sources(),
            known: &known,
            barrier_rows: self.config.barrier_rows,
            algebra: SqlText::default(),
        };
        let mut scoped = Vec::with_capacity(relations.len());
        for (relation, columns) in relations {
            scoped.push((relation.name.clone(), planner.relation(relation, columns)?));
        }
        let (values, pads) = planner.algebra.parameters();
        Ok(Scope { relations: scoped, values, pads })
    }

    async fn run(&self, statement: &Statement) -> Result<QueryResult, EngineError> {
        let Statement { plane, query, limits, transaction } = statement;
        let relations = used(plane, query)?;
        let sources: Vec<&str> = relations.iter().map(|(relation, _)| relation.source.as_str()).collect();
        let transaction = transaction.as_deref();
        let scan = Asked { transaction, ..Asked::scan(&sources, limits.time_max) };
        let scope = self.scope(&relations, &scan).await?;
        let translated = translated(query, &scope.relations)?;
        let (mut tables, mut checks) = (Vec::new(), Vec::new());
        for (name, scoped) in scope.relations {
            tables.push((name, scoped.plan.text));
            checks.extend(scoped.checks);
        }
        let own = values::bound(translated.parameters());
        let parameters = [scope.values.clone(), scope.pads, own].concat();
        let asked = Asked { limits: Some(limits), ..scan };
        let answer = async {
            let rows = self.send(&asked, translated.text_after(&tables), parameters).await?;
            answer::collected(rows, &translated, limits, &asked).await
        };
        let checked = self.checked(&scan, checks, scope.values);
        let (result, ()) = futures::future::try_join(answer, checked).await?;
        Ok(result)
    }

    async fn tuples(&self, lookup: &Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let relation = named(&lookup.plane, &lookup.relation)?;
        let Some(wanted) = wanted(relation, lookup)? else { return Ok(Vec::new()) };
        let mut found = Found::new(lookup.columns.len(), &lookup.matching, lookup.limit);
        self.each(relation, &wanted, lookup.transaction.as_deref(), &mut |batch| found.add(&batch)).await?;
        Ok(found.tuples())
    }

    async fn granted(&self, request: &GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        let relation = grants_relation(request);
        let wanted: Vec<&String> = request.yields.iter().collect();
        let mut granted = BTreeSet::new();
        let visit = &mut |batch| {
            granted.extend(granted_tuples(&batch, &request.source)?);
            Ok(())
        };
        self.each(&relation, &wanted, request.transaction.as_deref(), visit).await?;
        Ok(granted.into_iter().collect())
    }

    /// Shows every batch of the distinct tuples of a relation's columns.
    async fn each(
        &self,
        relation: &ScopedRelation,
        wanted: &[&String],
        transaction: Option<&str>,
        visit: &mut (dyn FnMut(arrow::array::RecordBatch) -> Result<(), EngineError> + Send),
    ) -> Result<(), EngineError> {
        let sources = [relation.source.as_str()];
        let columns: BTreeSet<String> = wanted.iter().map(|name| (*name).clone()).collect();
        let asked = Asked { transaction, ..Asked::scan(&sources, SCAN_TIME_MAX) };
        let scope = self.scope(&[(relation, columns)], &asked).await?;
        let one = scope.relations.into_iter().next();
        let (_, scoped) = one.ok_or_else(|| EngineError::internal("a relation that was not planned"))?;
        let text = distinct(wanted, &format!("({}) AS one", scoped.plan.text));
        let rows = async {
            let parameters = [scope.values.clone(), scope.pads].concat();
            let mut rows = self.send(&asked, text, parameters).await?;
            while let Some(batch) = rows.try_next().await.map_err(|error| asked.fail(error))? {
                visit(batch)?;
            }
            Ok(())
        };
        let checked = self.checked(&asked, scoped.checks, scope.values.clone());
        futures::future::try_join(rows, checked).await?;
        Ok(())
    }
}

#[async_trait]
impl Engine for DatabricksEngine {
    fn system(&self) -> &'static str {
        "databricks"
    }

    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        let inside = &self.inside;
        inside.within(statement.limits.time_max, async || Box::pin(inside.run(&statement)).await).await
    }

    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let inside = &self.inside;
        inside.within(SCAN_TIME_MAX, async || Box::pin(inside.tuples(&lookup)).await).await
    }

    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        // Without a column to compare, everybody's grants would be this identity's.
        if request.identity.is_empty() {
            return Err(EngineError::plan("grants are read for an identity"));
        }
        let inside = &self.inside;
        inside.within(SCAN_TIME_MAX, async || Box::pin(inside.granted(&request)).await).await
    }
}

//! The engine: a session for each statement, in which only the sandbox's relations have a name.
//!
//! Reads in the order of the argument: settings are set and read back, the scope becomes plans, the plans get the names of
//! the sandbox's relations, the statement runs as text without a literal, and nothing is handed on before the checks of
//! what it read are in. Any failure leaves no row (invariant 8).

mod answer;
mod inside;

use crate::connect::client::Client;
use crate::connect::error::ConnectError;
use crate::connect::plan;
use crate::connect::session::Session;
use crate::connect::wire::Relation;
use crate::errors::{is_of_sources, of_statement};
use crate::layout::Sources;
use crate::schemas::Schemas;
use crate::scoped::{Place, Planner, Plans, distinct, named, places, translated, used, wanted};
use crate::settings::REQUIRED;
use crate::values::bound;
use answer::{checked, collected};
use async_trait::async_trait;
use futures::TryStreamExt as _;
use splitplane_engine::answers::{Found, granted_tuples, grants_relation};
use splitplane_engine::{Engine, EngineError, GrantsRequest, Lookup, QueryResult, Statement};
use splitplane_split_plane::{ScopeValue, ScopedRelation};
use splitplane_types::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// A lookup or a reading of grants is one scan without a policy's limits; a stuck engine must still end it.
const SCAN_TIME_MAX: Duration = Duration::from_secs(60);
/// What operations of ours are called on the engine; a caller's with the transaction after it.
pub(crate) const TAG: &str = "splitplane";
/// The name of the one relation of a lookup or of grants.
const ONE: &str = "one";

/// A relation of a sandbox, planned.
type Scoped = crate::scoped::Scoped<Relation>;

/// Distinct tuples of a relation's columns, and what reading them is called on the engine.
#[derive(Clone, Copy)]
struct Tuples<'a> {
    relation: &'a ScopedRelation,
    columns: &'a [&'a String],
    tag: &'a str,
}

/// Shown every batch of some tuples.
type Seen<'v> = &'v mut (dyn FnMut(arrow::array::RecordBatch) -> Result<(), EngineError> + Send);

/// What belongs to the process, not to a policy.
#[derive(Debug, Clone)]
pub struct SparkConfig {
    /// Sources by the name that the semantic model gives them.
    pub sources: Sources,
    /// Sessions at the same time, until the engine has ended them; others wait.
    pub sessions_max: usize,
    /// Rows that a barrier lets through. A relation that has as many is an error, never a short answer.
    pub barrier_rows: i32,
}

impl SparkConfig {
    /// As many rows as a limit of the engine can say.
    pub const BARRIER_ROWS: i32 = i32::MAX;
}

/// Runs statements on a Spark Connect engine.
#[derive(Debug, Clone)]
pub struct SparkEngine {
    inside: Arc<Inside>,
    handle: Handle,
}

#[derive(Debug)]
pub(crate) struct Inside {
    client: Client,
    config: SparkConfig,
    schemas: Schemas,
    turns: Arc<Semaphore>,
}

fn tag(transaction: &Option<String>) -> String {
    transaction.as_ref().map_or(TAG.to_owned(), |transaction| format!("{TAG}-{transaction}"))
}

impl SparkEngine {
    /// An engine over sources, after it was seen to take every setting that it must have.
    ///
    /// # Errors
    /// A mapping that cannot be used ([`EngineError::Internal`], with the reason behind it), an engine that cannot be
    /// reached, or does not take a setting.
    pub async fn open(client: Client, config: SparkConfig) -> Result<Self, EngineError> {
        crate::layout::check(&config.sources).map_err(EngineError::internal)?;
        let turns = Arc::new(Semaphore::new(config.sessions_max));
        let inside = Inside { client, config, schemas: Schemas::default(), turns };
        let engine = Self { inside: Arc::new(inside), handle: Handle::current() };
        engine.inside.within(SCAN_TIME_MAX, async |_configured| Ok(())).await?;
        Ok(engine)
    }

    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn inside(&self) -> &Arc<Inside> {
        &self.inside
    }
}

impl Inside {
    pub(crate) const fn sources(&self) -> &Sources {
        &self.config.sources
    }

    pub(crate) const fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Does something in a session of its own, which ends with it however it ends.
    pub(crate) async fn within<T>(
        &self,
        time_max: Duration,
        work: impl AsyncFnOnce(&Session) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let timed = tokio::time::timeout(time_max, async {
            let turns = Arc::clone(&self.turns);
            let turn = turns.acquire_owned().await.map_err(EngineError::internal)?;
            let session = self.client.session().map_err(|error| of_statement(&[], error))?.in_turn(turn);
            session.configure(REQUIRED).await.map_err(|error| of_statement(&[], error))?;
            work(&session).await
        });
        timed.await.unwrap_or(Err(EngineError::TimeExceeded { time_max }))
    }

    /// All rows of a source.
    pub(crate) fn whole(&self, source: &str) -> Result<Relation, EngineError> {
        crate::schemas::relation(self.sources(), &crate::schemas::whole(self.sources(), source)?)
    }

    /// Plans a relation with some of its columns, and remembers which places it reads.
    async fn plan(
        &self,
        session: &Session,
        relation: &ScopedRelation,
        used: &BTreeSet<String>,
        read: &mut BTreeSet<Place>,
    ) -> Result<Scoped, EngineError> {
        let places = places(self.sources(), relation)?;
        read.extend(places.iter().cloned());
        let known = self.schemas.of(session, self.sources(), places).await?;
        let barrier_rows = self.config.barrier_rows;
        Planner { sources: self.sources(), known: &known, barrier_rows, algebra: Plans }
            .relation(relation, used)
    }

    async fn run(&self, session: &Session, asked: &Statement) -> Result<QueryResult, EngineError> {
        let mut read = BTreeSet::new();
        let outcome = self.run_over(session, asked, &mut read).await;
        self.forget_if_of_sources(&outcome, read);
        outcome
    }

    async fn run_over(
        &self,
        session: &Session,
        asked: &Statement,
        read: &mut BTreeSet<Place>,
    ) -> Result<QueryResult, EngineError> {
        let Statement { plane, query, limits, transaction } = asked;
        let (mut planned, mut sources) = (Vec::new(), Vec::new());
        for (relation, columns) in used(plane, query)? {
            sources.push(relation.source.as_str());
            planned.push((relation.name.clone(), self.plan(session, relation, &columns, read).await?));
        }
        let translated = translated(query, &planned)?;
        let fail = |error: ConnectError| of_statement(&sources, error);
        let mut checks = Vec::new();
        for (name, scoped) in planned {
            checks.extend(scoped.checks);
            session.view(&name, scoped.plan).await.map_err(fail)?;
        }
        let arguments = bound(translated.parameters()).map_err(EngineError::internal)?;
        let whole = plan::sql(&translated.text(), arguments);
        let files = session.input_files(whole.clone()).await.map_err(fail)?;
        inside::check(&files, read)?;
        let rows_max = i32::try_from(limits.rows_max.saturating_add(1)).unwrap_or(i32::MAX);
        let tag = tag(transaction);
        let batches = session.run(plan::limit(whole, rows_max), &tag).map_err(fail)?;
        let answer = collected(batches, &translated, limits, &sources);
        let checked = checked(session, checks, self.config.barrier_rows, &sources, &tag);
        let (result, ()) = futures::future::try_join(answer, checked).await?;
        Ok(result)
    }

    async fn tuples(&self, session: &Session, lookup: &Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let relation = named(&lookup.plane, &lookup.relation)?;
        let Some(wanted) = wanted(relation, lookup)? else { return Ok(Vec::new()) };
        let mut found = Found::new(lookup.columns.len(), &lookup.matching, lookup.limit);
        let tuples = Tuples { relation, columns: &wanted, tag: &tag(&lookup.transaction) };
        self.each(session, tuples, &mut |batch| found.add(&batch)).await?;
        Ok(found.tuples())
    }

    async fn granted(
        &self,
        session: &Session,
        request: &GrantsRequest,
    ) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        let relation = grants_relation(request);
        let wanted: Vec<&String> = request.yields.iter().collect();
        let mut granted = BTreeSet::new();
        let visit = &mut |batch| {
            granted.extend(granted_tuples(&batch, &request.source)?);
            Ok(())
        };
        let tuples = Tuples { relation: &relation, columns: &wanted, tag: &tag(&request.transaction) };
        self.each(session, tuples, visit).await?;
        Ok(granted.into_iter().collect())
    }

    /// Shows every batch of tuples.
    async fn each(&self, session: &Session, tuples: Tuples<'_>, visit: Seen<'_>) -> Result<(), EngineError> {
        let mut read = BTreeSet::new();
        let outcome = self.each_over(session, tuples, visit, &mut read).await;
        self.forget_if_of_sources(&outcome, read);
        outcome
    }

    async fn each_over(
        &self,
        session: &Session,
        tuples: Tuples<'_>,
        visit: Seen<'_>,
        read: &mut BTreeSet<Place>,
    ) -> Result<(), EngineError> {
        let Tuples { relation, columns: wanted, tag } = tuples;
        let sources = [relation.source.as_str()];
        let fail = |error: ConnectError| of_statement(&sources, error);
        let columns = wanted.iter().map(|name| (*name).clone()).collect();
        let scoped = self.plan(session, relation, &columns, read).await?;
        session.view(ONE, scoped.plan).await.map_err(fail)?;
        let distinct = plan::sql(&distinct(wanted, ONE), Vec::new());
        let mut batches = session.run(distinct, tag).map_err(fail)?;
        let rows = async {
            while let Some(batch) = batches.try_next().await.map_err(fail)? {
                visit(batch)?;
            }
            Ok(())
        };
        let checked = checked(session, scoped.checks, self.config.barrier_rows, &sources, tag);
        futures::future::try_join(rows, checked).await?;
        Ok(())
    }

    /// What was known of places is asked anew after an error that may lie in it.
    fn forget_if_of_sources<T>(&self, outcome: &Result<T, EngineError>, read: BTreeSet<Place>) {
        if outcome.as_ref().is_err_and(is_of_sources) {
            self.schemas.forget(read);
        }
    }
}

#[async_trait]
impl Engine for SparkEngine {
    fn system(&self) -> &'static str {
        "spark"
    }

    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError> {
        let inside = &self.inside;
        let time_max = statement.limits.time_max;
        inside.within(time_max, async |session| inside.run(session, &statement).await).await
    }

    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError> {
        let inside = &self.inside;
        inside.within(SCAN_TIME_MAX, async |session| inside.tuples(session, &lookup).await).await
    }

    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError> {
        // Without a column to compare, everybody's grants would be this identity's.
        if request.identity.is_empty() {
            return Err(EngineError::plan("grants are read for an identity"));
        }
        let inside = &self.inside;
        inside.within(SCAN_TIME_MAX, async |session| inside.granted(session, &request).await).await
    }
}

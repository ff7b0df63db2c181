//! The data plane: opens sandboxes and runs statements in them.
//!
//! Both functions read in the order of the argument: verify, read the grants, build the scope, act,
//! make the record durable, answer. Identity comes from the verified session key alone.

use crate::budget::Budgets;
use crate::coverage::{Counting, Coverage};
use crate::error::QueryError;
use crate::filters::{Resolution, resolve};
use crate::masks::MaskKeys;
use crate::scope::{GrantedKeys, columns_to_read, security_plane};
use crate::token::{ResolvedFilter, SandboxToken, Sealer};
use splitplane_audit::{AuditLog, Record};
use splitplane_engine::{Engine, GrantsRequest, QueryResult, Statement};
use splitplane_semantics::{
    Interpretation, Policy, SemanticModel, interpretation_from_receipt, relations_of, words_of,
};
use splitplane_service::{Clock, PublicError, telemetry};
use splitplane_session::{SessionKey, VerifiedReceipt, VerifiedSession, Verifier};
use splitplane_split_plane::{GuardedQuery, SandboxView, SecurityPlane, ViewRelation};
use splitplane_types::{Cell, Column, DataType, Digest, Outcome, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tracing::Instrument as _;

/// Everything the data plane needs; made once by [`crate::build`].
#[derive(Debug)]
pub(crate) struct DataPlane {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) sealer: Sealer,
    pub(crate) masks: MaskKeys,
    pub(crate) budgets: Budgets,
    pub(crate) audit: Arc<AuditLog>,
    pub(crate) clock: Clock,
}

/// A caller's world for one question. Only [`DataPlane::enter`] makes one, from a verified session
/// (invariant 1), and it is rebuilt from fresh grants whenever it is used (invariant 7).
#[derive(Debug)]
pub(crate) struct Sandbox {
    plane: Arc<SecurityPlane>,
    grants: GrantedKeys,
}

/// What opening a sandbox led to.
#[derive(Debug)]
pub(crate) enum Opening {
    /// It stands.
    Opened(OpenedSandbox),
    /// A phrase means several values of the caller's rows.
    Ambiguous {
        /// The phrase.
        phrase: String,
        /// What it may mean.
        options: Vec<String>,
    },
    /// A phrase means nothing among the caller's rows.
    Nothing,
}

/// A sandbox as the caller learns of it.
#[derive(Debug)]
pub(crate) struct OpenedSandbox {
    pub(crate) id: String,
    pub(crate) relations: Vec<ViewRelation>,
    pub(crate) security_sql: String,
    pub(crate) coverage: Coverage,
    pub(crate) filters: Vec<ResolvedFilter>,
}

/// A released result.
#[derive(Debug)]
pub(crate) struct Released {
    pub(crate) table: Table,
    pub(crate) sql: String,
    pub(crate) digest: Digest,
}

impl DataPlane {
    /// Opens the sandbox of an approved question, once.
    pub(crate) async fn open_sandbox(
        &self,
        session: &VerifiedSession,
        receipt: &str,
        relations: &[String],
    ) -> Result<Opening, QueryError> {
        let now = self.clock.now();
        let receipt = self.verifier.verify_receipt(receipt, session, now)?;
        let interpretation = self.interpretation(&receipt)?;
        require_exactly(&relations_of(&interpretation, &self.model)?, relations)?;
        self.budgets.use_receipt(receipt.id(), receipt.expires_at(), now)?;

        let sandbox = self.enter(session, relations).await?;
        telemetry::decision("layer 3a", true, "scope from policy and grants");
        let filters = match resolve(&*self.engine, &sandbox.plane, &self.model, &interpretation).await? {
            Resolution::Bound(filters) => filters,
            Resolution::Ambiguous { phrase, options } => return Ok(Opening::Ambiguous { phrase, options }),
            Resolution::Nothing => return Ok(Opening::Nothing),
        };
        let counting = Counting {
            engine: &*self.engine,
            plane: &sandbox.plane,
            model: &self.model,
            policy: &self.policy,
            grants: &sandbox.grants,
        };
        let coverage = counting.coverage(&interpretation, &filters).await?;
        let token = SandboxToken {
            id: receipt.id().to_owned(),
            expires: unix_seconds(receipt.expires_at()),
            relations: relations.to_vec(),
            filters: filters.clone(),
            metrics: interpretation.metrics,
        };
        Ok(Opening::Opened(OpenedSandbox {
            id: self.sealer.seal(&token, session, &self.model, &self.policy)?,
            relations: view_relations(&sandbox.plane),
            security_sql: sandbox.plane.to_sql(),
            coverage,
            filters,
        }))
    }

    /// Guards a statement, runs it, makes its record durable, and only then releases the result.
    pub(crate) async fn execute(
        &self,
        session: &VerifiedSession,
        key: &SessionKey,
        sandbox_id: &str,
        draft: &str,
    ) -> Result<Released, QueryError> {
        let now = self.clock.now();
        let token = self.sealer.open(sandbox_id, session, &self.model, &self.policy)?;
        self.budgets.take_statement(&token.id, UNIX_EPOCH + Duration::from_secs(token.expires), now)?;
        let _place = self.budgets.enter(session.composite().tenant(), self.policy.limits.time_max).await?;

        let sandbox = self.enter(session, &token.relations).await?;
        let (query, sql) = guard(&sandbox, &token, draft)?;
        let QueryResult { table, bytes, bytes_read: _ } = self.run(&sandbox, query).await?;
        let table = with_units(table, &token.metrics, &self.model);
        let digest = result_digest(&table);

        // Invariant 8: whoever lost the right while the statement ran gets nothing.
        self.verifier.verify(key, self.clock.now())?;
        let still = self.read_grants(session).await?;
        if still != sandbox.grants {
            return Err(QueryError::GrantsChanged);
        }
        let record = Record {
            sql: Some(sql.clone()),
            rows: Some(u64::try_from(table.rows.len()).unwrap_or(u64::MAX)),
            bytes: Some(bytes),
            result_digest: Some(digest),
            ..self.record(session, Outcome::Answered)
        };
        self.append(record).await?;
        Ok(Released { table, sql, digest })
    }

    /// Runs a guarded statement, in a span of the database conventions. The statement's text is not in
    /// it: a bound filter value is a value of a row.
    async fn run(&self, sandbox: &Sandbox, query: GuardedQuery) -> Result<QueryResult, QueryError> {
        let relations: Vec<&str> = query.relations().iter().map(String::as_str).collect();
        let summary = format!("SELECT {}", relations.join(" "));
        let span = tracing::info_span!(
            "statement",
            otel.name = %summary,
            otel.kind = "client",
            db.system.name = "datafusion",
            db.operation.name = "SELECT",
            db.query.summary = %summary,
            db.response.returned_rows = tracing::field::Empty,
            splitplane.bytes_read = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let statement =
            Statement { plane: Arc::clone(&sandbox.plane), query, limits: self.policy.limits.clone() };
        let outcome = self.engine.execute(statement).instrument(span.clone()).await.map_err(QueryError::from);
        match &outcome {
            Ok(result) => span
                .record("db.response.returned_rows", result.table.rows.len())
                .record("splitplane.bytes_read", result.bytes_read),
            Err(error) => span.record("error.type", PublicError::reason(error).as_str()),
        };
        outcome
    }

    /// Writes a refusal down. What is refused stays refused, but if that cannot be recorded the
    /// caller learns only that the log is unavailable.
    pub(crate) async fn refused(
        &self,
        session: &VerifiedSession,
        draft: Option<&str>,
        error: QueryError,
    ) -> QueryError {
        let reason = error.reason();
        let record = Record {
            sql: draft.map(str::to_owned),
            reason: Some(reason),
            ..self.record(session, Outcome::Refused)
        };
        match self.append(record).await {
            Ok(()) => error,
            Err(audit) => audit,
        }
    }

    /// Builds the caller's sandbox from the policy and the grants as they are now.
    async fn enter(&self, session: &VerifiedSession, relations: &[String]) -> Result<Sandbox, QueryError> {
        let grants = self.read_grants(session).await?;
        let plane = security_plane(&self.model, &self.policy, session, &self.masks, &grants, relations)?;
        let (composite, model, policy) = (session.composite(), self.model.digest, self.policy.digest);
        // Invariant 7. The plane itself, and with it every grant, is compared as well.
        let key = format!("{composite}\n{}\n{model}\n{policy}", session.role());
        let plane = plane.owned_by(composite.tenant().to_string(), key);
        Ok(Sandbox { plane: Arc::new(plane), grants })
    }

    async fn read_grants(&self, session: &VerifiedSession) -> Result<GrantedKeys, QueryError> {
        let grants = &self.policy.grants;
        let source = self
            .model
            .datasets
            .iter()
            .find(|dataset| dataset.name == grants.dataset)
            .map(|dataset| dataset.source.clone())
            .ok_or(QueryError::NoGrants)?;
        let composite = session.composite();
        let identity = vec![
            (grants.tenant.clone(), composite.tenant().to_string()),
            (grants.business.clone(), composite.business().to_string()),
            (grants.admin.clone(), composite.admin().to_string()),
        ];
        let request = GrantsRequest { source, identity, yields: columns_to_read(&self.policy) };
        Ok(GrantedKeys::new(&self.policy, self.engine.read_grants(request).await?))
    }

    fn interpretation(&self, receipt: &VerifiedReceipt) -> Result<Interpretation, QueryError> {
        if receipt.model() != self.model.digest || receipt.policy() != self.policy.digest {
            return Err(QueryError::PolicyChanged);
        }
        Ok(interpretation_from_receipt(receipt.interpretation())?)
    }

    fn record(&self, session: &VerifiedSession, decision: Outcome) -> Record {
        Record {
            time: self.clock.now(),
            service: "query".to_owned(),
            decision,
            reason: None,
            txn: Some(session.txn()),
            composite: Some(session.composite().clone()),
            question_digest: Some(session.body_digest()),
            sql: None,
            policy: Some(self.policy.digest),
            model: Some(self.model.digest),
            rows: None,
            bytes: None,
            result_digest: None,
            trace_id: telemetry::trace_id(),
        }
    }

    async fn append(&self, record: Record) -> Result<(), QueryError> {
        let audit = Arc::clone(&self.audit);
        let written = tokio::task::spawn_blocking(move || audit.append(record)).await;
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(QueryError::Audit(error)),
            Err(_) => Err(QueryError::AuditTask),
        }
    }
}

/// The sandbox holds what the interpretation needs, neither less nor more, whoever asks for it.
fn require_exactly(needed: &[String], asked: &[String]) -> Result<(), QueryError> {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(needed) == sorted(asked) { Ok(()) } else { Err(QueryError::OtherRelations) }
}

/// The guarded query, and its text for the record, which reads back as the query.
fn guard(sandbox: &Sandbox, token: &SandboxToken, draft: &str) -> Result<(GuardedQuery, String), QueryError> {
    let parameters: BTreeMap<String, String> =
        token.filters.iter().map(|filter| (filter.parameter(), filter.value.clone())).collect();
    let view = SandboxView::new(view_relations(&sandbox.plane), parameters)?;
    let guarded = view.guard(draft).and_then(|query| {
        let sql = query.text()?;
        Ok((query, sql))
    });
    match guarded {
        Ok(guarded) => {
            telemetry::decision("layer 3b", true, "the guard's allow-list");
            Ok(guarded)
        }
        Err(error) => {
            let error = QueryError::from(error);
            telemetry::decision("layer 3b", false, error.reason().as_str());
            Err(error)
        }
    }
}

fn view_relations(plane: &SecurityPlane) -> Vec<ViewRelation> {
    let relation = |scoped: &splitplane_split_plane::ScopedRelation| ViewRelation {
        name: scoped.name.clone(),
        columns: scoped
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                data_type: column.shown_type().unwrap_or(DataType::String),
                unit: column.unit.clone(),
                masked: column.mask.is_some(),
            })
            .collect(),
    };
    plane.relations().iter().map(relation).collect()
}

/// Digits after the point of an amount of money, at least.
const MONEY_DIGITS: u8 = 2;

/// Gives result columns that are named like a metric of the interpretation that metric's unit, and
/// takes the zeros away that a division leaves at the end of a decimal.
fn with_units(mut table: Table, metrics: &[String], model: &SemanticModel) -> Table {
    for column in &mut table.columns {
        let metric =
            model.metrics.iter().find(|metric| metric.name == column.name && metrics.contains(&metric.name));
        if let Some(metric) = metric {
            column.unit.clone_from(&metric.unit);
        }
    }
    let digits = |column: &Column| if column.unit.is_some() { MONEY_DIGITS } else { 0 };
    for row in &mut table.rows {
        for (cell, column) in row.iter_mut().zip(&table.columns) {
            if let Cell::Decimal(amount) = cell {
                *amount = amount.normalized(digits(column));
            }
        }
    }
    table
}

/// SHA-256 over columns and rows, each length-prefixed by the protobuf encoding.
fn result_digest(table: &Table) -> Digest {
    use prost::Message as _;
    let mut bytes = Vec::new();
    for column in &table.columns {
        bytes.extend(splitplane_proto::convert::column_to_wire(column).encode_length_delimited_to_vec());
    }
    for row in &table.rows {
        bytes.extend(splitplane_proto::convert::row_to_wire(row).encode_length_delimited_to_vec());
    }
    Digest::of(&bytes)
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What a person calls a scope key, for clarifications.
pub(crate) fn ambiguity_question(phrase: &str) -> String {
    format!("Which {} do you mean?", words_of(phrase))
}

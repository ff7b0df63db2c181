//! Callers' sandboxes: built from the policy and the grants as they are now, and run in.
//!
//! Decides what a caller's sandbox holds and what a result looks like. Does not decide whether a statement may
//! run, or whether its result may leave.

use crate::error::QueryError;
use crate::masks::MaskKeys;
use crate::scope::{GrantedKeys, columns_to_read, security_plane};
use crate::token::ResolvedFilter;
use splitplane_engine::{Engine, GrantsRequest, QueryResult, Statement};
use splitplane_semantics::{
    BoundFilter, Derived, Interpretation, Policy, RelationSchema, SemanticModel, compile,
};
use splitplane_service::{PublicError, telemetry};
use splitplane_session::VerifiedSession;
use splitplane_split_plane::{GuardedQuery, SandboxView, SecurityPlane, ViewRelation};
use splitplane_types::{Cell, Column, DataType, Digest, Table};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::Instrument as _;

/// What sandboxes are built from, and run on.
#[derive(Debug)]
pub(crate) struct SandboxBuilder {
    pub(crate) model: SemanticModel,
    pub(crate) policy: Policy,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) masks: MaskKeys,
}

/// A caller's world for one question. Only [`SandboxBuilder::enter`] makes one, from a verified session
/// (invariant 1), and it is rebuilt from fresh grants whenever it is used (invariant 7).
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) plane: Arc<SecurityPlane>,
    pub(crate) grants: GrantedKeys,
    /// What statements in it are known by to an engine that keeps a history.
    pub(crate) transaction: String,
}

/// A complete result.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) table: Table,
    /// The statement that ran, re-printed.
    pub(crate) sql: String,
    pub(crate) bytes: u64,
    pub(crate) digest: Digest,
}

impl Answer {
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.table.rows.len()).unwrap_or(u64::MAX)
    }
}

/// A statement that the guard let pass, and its text for the record, which reads back as the statement.
#[derive(Debug)]
pub(crate) struct Guarded {
    query: GuardedQuery,
    pub(crate) sql: String,
}

impl SandboxBuilder {
    /// Builds the caller's sandbox from the policy and the grants as they are now.
    pub(crate) async fn enter(
        &self,
        session: &VerifiedSession,
        relations: &[String],
    ) -> Result<Sandbox, QueryError> {
        let grants = self.read_grants(session).await?;
        let plane = security_plane(&self.model, &self.policy, session, &self.masks, &grants, relations)?;
        let (composite, model, policy) = (session.composite(), self.model.digest, self.policy.digest);
        // Invariant 7. The plane itself, and with it every grant, is compared as well.
        let key = format!("{composite}\n{}\n{model}\n{policy}", session.role());
        let plane = plane.owned_by(composite.tenant().to_string(), key);
        let transaction = session.txn().to_string();
        Ok(Sandbox { plane: Arc::new(plane), grants, transaction })
    }

    /// Whether the caller's grants are what they were when the sandbox was built.
    pub(crate) async fn still_granted(
        &self,
        session: &VerifiedSession,
        sandbox: &Sandbox,
    ) -> Result<bool, QueryError> {
        Ok(self.read_grants(session).await? == sandbox.grants)
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
        let request = GrantsRequest {
            source,
            identity,
            yields: columns_to_read(&self.policy),
            transaction: Some(session.txn().to_string()),
        };
        Ok(GrantedKeys::new(&self.policy, self.engine.read_grants(request).await?))
    }

    /// Compiles what was asked to a statement over the sandbox, and guards it like any other.
    pub(crate) fn compiled(
        &self,
        sandbox: &Sandbox,
        interpretation: &Interpretation,
        filters: &[ResolvedFilter],
    ) -> Result<Guarded, QueryError> {
        let bound = |filter: &ResolvedFilter| BoundFilter {
            filter: filter.filter,
            relation: filter.relation.clone(),
            column: filter.column.clone(),
            parameter: format!(":{}", filter.parameter()),
        };
        let relations: Vec<RelationSchema> = view_relations(&sandbox.plane)
            .into_iter()
            .map(|relation| RelationSchema { name: relation.name, columns: relation.columns })
            .collect();
        let filters_bound: Vec<BoundFilter> = filters.iter().map(bound).collect();
        let query = compile(interpretation, &self.model, &relations, &filters_bound)?;
        guard(sandbox, parameters(filters), &query.to_string())
    }

    /// Runs a guarded statement to its end.
    pub(crate) async fn answer(
        &self,
        sandbox: &Sandbox,
        metrics: &[String],
        Guarded { query, sql }: Guarded,
    ) -> Result<Answer, QueryError> {
        let QueryResult { table, bytes, bytes_read: _ } = self.run(sandbox, query).await?;
        let table = with_units(table, metrics, &self.model);
        let digest = result_digest(&table);
        Ok(Answer { table, sql, bytes, digest })
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
            db.system.name = self.engine.system(),
            db.operation.name = "SELECT",
            db.query.summary = %summary,
            db.response.returned_rows = tracing::field::Empty,
            splitplane.bytes_read = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let statement = Statement {
            transaction: Some(sandbox.transaction.clone()),
            ..Statement::new(Arc::clone(&sandbox.plane), query, self.policy.limits.clone())
        };
        let outcome = self.engine.execute(statement).instrument(span.clone()).await.map_err(QueryError::from);
        match &outcome {
            Ok(result) => span
                .record("db.response.returned_rows", result.table.rows.len())
                .record("splitplane.bytes_read", result.bytes_read),
            Err(error) => span.record("error.type", PublicError::reason(error).as_str()),
        };
        outcome
    }
}

/// What a statement may name, and the values it is then bound to.
pub(crate) fn parameters(filters: &[ResolvedFilter]) -> BTreeMap<String, String> {
    filters.iter().map(|filter| (filter.parameter(), filter.value.clone())).collect()
}

/// Lets a statement pass or refuses it.
pub(crate) fn guard(
    sandbox: &Sandbox,
    parameters: BTreeMap<String, String>,
    draft: &str,
) -> Result<Guarded, QueryError> {
    let view = SandboxView::new(view_relations(&sandbox.plane), parameters)?;
    let guarded = view.guard(draft).and_then(|query| {
        let sql = query.text()?;
        Ok(Guarded { query, sql })
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

pub(crate) fn view_relations(plane: &SecurityPlane) -> Vec<ViewRelation> {
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

/// Unit of a percentage.
const PERCENT: &str = "%";

/// Digits after the point of an amount of money, at least.
const MONEY_DIGITS: u8 = 2;

/// Gives result columns that are named like a metric of the interpretation that metric's unit, and
/// takes the zeros away that a division leaves at the end of a decimal.
fn with_units(mut table: Table, metrics: &[String], model: &SemanticModel) -> Table {
    for column in &mut table.columns {
        let asked = model.metrics.iter().filter(|metric| metrics.contains(&metric.name));
        for metric in asked {
            let derived =
                Derived::ALL.into_iter().find(|derived| derived.column(&metric.name) == column.name);
            match derived {
                Some(Derived::Growth | Derived::Share) => column.unit = Some(PERCENT.to_owned()),
                Some(Derived::Before | Derived::Change) => column.unit.clone_from(&metric.unit),
                None if metric.name == column.name => column.unit.clone_from(&metric.unit),
                None => {}
            }
        }
    }
    let is_plain = |unit: &str| unit == PERCENT;
    let digits = |column: &Column| match &column.unit {
        Some(unit) if !is_plain(unit) => MONEY_DIGITS,
        Some(_) | None => 0,
    };
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

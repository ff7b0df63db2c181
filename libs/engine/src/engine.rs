//! What an engine is asked, and what it answers: plain data, so that one may run in another process.

use crate::EngineError;
use async_trait::async_trait;
use splitplane_split_plane::{GuardedQuery, ScopeValue, SecurityPlane};
use splitplane_types::{Cell, Limits, Table};
use std::fmt::Debug;
use std::sync::Arc;

/// Runs guarded queries over scoped rows. Dropping a returned future cancels its work.
#[async_trait]
pub trait Engine: Send + Sync + Debug {
    /// What it is called in traces: a name for `db.system.name` of the OpenTelemetry conventions.
    fn system(&self) -> &'static str;

    /// Runs one guarded query to completion inside its limits.
    ///
    /// # Errors
    /// See [`EngineError`]; never a partial result.
    async fn execute(&self, statement: Statement) -> Result<QueryResult, EngineError>;

    /// Distinct tuples of columns of a relation's scoped rows, sorted, at most `limit`.
    ///
    /// # Errors
    /// See [`EngineError`].
    async fn lookup(&self, lookup: Lookup) -> Result<Vec<Vec<Cell>>, EngineError>;

    /// What an identity is granted, read anew from the warehouse.
    ///
    /// # Errors
    /// [`EngineError::Warehouse`] when the grants cannot be read.
    async fn read_grants(&self, request: GrantsRequest) -> Result<Vec<Vec<ScopeValue>>, EngineError>;
}

/// A guarded query, the scope it runs in, and what it may cost.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The sandbox: only relations of this plane exist.
    pub plane: Arc<SecurityPlane>,
    /// The query.
    pub query: GuardedQuery,
    /// Limits of this answer.
    pub limits: Limits,
    /// What an engine that keeps a history knows the statement by: the caller's transaction (`txn` of the token).
    pub transaction: Option<String>,
}

impl Statement {
    /// A statement of no transaction.
    #[must_use]
    pub const fn new(plane: Arc<SecurityPlane>, query: GuardedQuery, limits: Limits) -> Self {
        Self { plane, query, limits, transaction: None }
    }
}

/// A search for values among scoped rows.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The sandbox.
    pub plane: Arc<SecurityPlane>,
    /// Relation of the plane.
    pub relation: String,
    /// Columns of the relation to return, as they are shown (masked ones masked).
    pub columns: Vec<String>,
    /// Conditions, all of which a row must meet. A masked column meets none.
    pub matching: Vec<Match>,
    /// Most tuples returned.
    pub limit: usize,
    /// What an engine that keeps a history knows it by: the caller's transaction (`txn` of the token).
    pub transaction: Option<String>,
}

/// A condition of a lookup on a column that the relation shows. NULL meets none.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// The value, as text, equals the phrase: trimmed, without regard to case.
    Phrase {
        /// Column.
        column: String,
        /// Phrase.
        phrase: String,
    },
    /// The value equals this one.
    Exactly {
        /// Column.
        column: String,
        /// Value.
        value: Cell,
    },
    /// The value is there, and equals none of these.
    NoneOf {
        /// Column.
        column: String,
        /// Values.
        values: Vec<Cell>,
    },
}

/// A reading of grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantsRequest {
    /// Source in the warehouse.
    pub source: String,
    /// Columns and the values they must hold, byte for byte; at least one, the tenant's first.
    pub identity: Vec<(String, String)>,
    /// Columns whose values are granted.
    pub yields: Vec<String>,
    /// What an engine that keeps a history knows it by: the caller's transaction (`txn` of the token).
    pub transaction: Option<String>,
}

/// A complete result.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// Columns and rows. `masked` is set where a value comes from a masked column; units are not known here.
    pub table: Table,
    /// Its size as Arrow arrays.
    pub bytes: u64,
    /// Bytes read from the warehouse for it, footers included. For operators alone, and no part of the
    /// answer: it tells how files are laid out, and is 0 where rows were kept.
    pub bytes_read: u64,
}

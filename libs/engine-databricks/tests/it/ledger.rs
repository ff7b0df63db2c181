//! An engine of a few statements behind the server, for tests of what the engine above does with answers.
//!
//! Decides by the first words of a statement what it gives: its zone, the columns of a table, counts, or rows. It knows
//! nothing of scopes; what it was sent is kept.

use crate::support::{Bench, clock, options};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType as Arrow, Field, Schema, SchemaRef};
use splitplane_engine::{EngineError, QueryResult, Statement};
use splitplane_engine_databricks::testing::{Backend, BackendError, BackendParameter};
use splitplane_engine_databricks::{
    Credentials, DatabricksConfig, DatabricksEngine, Statements, Workspace, WorkspaceConfig,
};
use splitplane_engine_spark::layout::{Format, Source, Sources};
use splitplane_split_plane::{
    ColumnExpression, Condition, RowScope, SandboxView, ScopeValue, ScopedColumn, ScopedRelation,
    SecurityPlane, ViewRelation,
};
use splitplane_types::{Column, DataType, Limits};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A value of a scope, which no text may hold.
pub(crate) const TENANT: &str = "tenant-of-the-scope";

/// What the engine behind the server gives.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(crate) zone: &'static str,
    pub(crate) counted: i64,
    pub(crate) lost: i64,
    pub(crate) rows: i64,
    /// The columns of the table: names, and what a manifest calls their types.
    pub(crate) table: &'static [(&'static str, &'static str)],
    /// What describes the table, line by line.
    pub(crate) description: &'static [&'static str],
    /// Every statement but those of an opening and of a look at the table runs until it is cancelled.
    pub(crate) is_endless: bool,
    /// What those statements fail with.
    pub(crate) failure: Option<(&'static str, &'static str)>,
    /// What a look at the table fails with.
    pub(crate) look_failure: Option<(&'static str, &'static str)>,
}

impl Default for Answers {
    fn default() -> Self {
        let table = &[("tenant", "STRING"), ("place", "STRING"), ("amount", "BIGINT")];
        Self {
            zone: "Etc/UTC",
            counted: 3,
            lost: 0,
            rows: 10,
            table,
            description: &[],
            is_endless: false,
            failure: None,
            look_failure: None,
        }
    }
}

/// The engine behind the server.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) answers: Mutex<Answers>,
    pub(crate) sent: Mutex<Vec<(String, Vec<BackendParameter>)>>,
}

impl Ledger {
    pub(crate) fn set(&self, change: impl FnOnce(&mut Answers)) {
        change(&mut self.answers.lock().unwrap());
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(text, _)| text.clone()).collect()
    }
}

/// A table without rows, of types that only a manifest knows.
fn described(table: &[(&str, &str)]) -> RecordBatch {
    let field = |(name, type_text): &(&str, &str)| {
        let metadata = [("type_text".to_owned(), (*type_text).to_owned())];
        Field::new(*name, Arrow::Utf8, true).with_metadata(metadata.into())
    };
    RecordBatch::new_empty(Arc::new(Schema::new(table.iter().map(field).collect::<Vec<_>>())))
}

fn numbers(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

#[async_trait::async_trait]
impl Backend for Ledger {
    async fn run(
        &self,
        statement: &str,
        parameters: &[BackendParameter],
    ) -> Result<(SchemaRef, Vec<RecordBatch>), BackendError> {
        self.sent.lock().unwrap().push((statement.to_owned(), parameters.to_vec()));
        let answers = self.answers.lock().unwrap().clone();
        let is_look = statement.ends_with(" LIMIT 0");
        let failure = if is_look { answers.look_failure } else { answers.failure };
        let columns: Vec<(&str, ArrayRef)> = if statement == "SELECT current_timezone() AS zone" {
            vec![("zone", Arc::new(StringArray::from(vec![answers.zone])))]
        } else if let Some((error_code, sql_state)) = failure {
            return Err(BackendError {
                error_code: error_code.to_owned(),
                message: "TEXT-OF-THE-ENGINE".to_owned(),
                sql_state: sql_state.to_owned(),
            });
        } else if is_look {
            let table = described(answers.table);
            return Ok((table.schema(), vec![table]));
        } else if statement == "DESCRIBE TABLE `main`.`sales`.`orders`" {
            vec![("col_name", Arc::new(StringArray::from(answers.description.to_vec())))]
        } else if answers.is_endless {
            return std::future::pending().await;
        } else if statement.starts_with("SELECT 0 AS place") {
            let counts = [0, answers.counted, answers.lost].map(|count| numbers(vec![count]));
            let [place, counted, lost] = counts;
            vec![("place", place), ("counted", counted), ("lost", lost)]
        } else {
            vec![("amount", numbers((0..answers.rows).collect()))]
        };
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap();
        Ok((batch.schema(), vec![batch]))
    }
}

/// A mapping of one source.
pub(crate) fn source(table: &str, path: &str) -> Sources {
    let source = Source {
        path: path.to_owned(),
        table: table.to_owned(),
        format: Format::default(),
        partitions: Vec::new(),
        schema: String::new(),
    };
    Sources::from([("sales".to_owned(), source)])
}

pub(crate) fn config(sources: Sources) -> DatabricksConfig {
    let tags = vec![("team".to_owned(), "orchard".to_owned())];
    DatabricksConfig { sources, requests_max: 4, barrier_rows: 1000, tags }
}

/// An engine over a server.
pub(crate) async fn open(
    bench: &Bench,
    config: DatabricksConfig,
    change: impl FnOnce(&mut WorkspaceConfig),
) -> Result<DatabricksEngine, EngineError> {
    let mut workspace = bench.config();
    change(&mut workspace);
    let workspace = Workspace::new(workspace, clock).unwrap();
    let credentials = Credentials::new(bench.federated(), &workspace).await.unwrap();
    DatabricksEngine::open(Statements::new(workspace, credentials).unwrap(), config).await
}

/// The ledger, a server in front of it, and an engine over that.
pub(crate) async fn opened() -> (Arc<Ledger>, Bench, DatabricksEngine) {
    opened_with(|_| {}).await
}

pub(crate) async fn opened_with(
    change: impl FnOnce(&mut WorkspaceConfig),
) -> (Arc<Ledger>, Bench, DatabricksEngine) {
    let ledger = Arc::new(Ledger::default());
    let backend: Arc<dyn Backend> = Arc::<Ledger>::clone(&ledger);
    let bench = Bench::over(backend, options()).await;
    let engine = open(&bench, config(source("main.sales.orders", "")), change).await.unwrap();
    (ledger, bench, engine)
}

pub(crate) fn limits() -> Limits {
    Limits {
        rows_max: 100,
        bytes_max: 1 << 20,
        time_max: Duration::from_secs(30),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 1,
    }
}

/// A statement over the caller's sales.
pub(crate) fn statement(sql: &str, limits: Limits) -> Statement {
    let tuples = vec![vec![ScopeValue::Text(TENANT.to_owned())]];
    let amount = ScopedColumn {
        name: "amount".to_owned(),
        expression: ColumnExpression::Physical("amount".to_owned()),
        data_type: Some(DataType::Integer),
        mask: None,
        unit: None,
    };
    let relation = ScopedRelation {
        name: "sales".to_owned(),
        source: "sales".to_owned(),
        columns: vec![amount],
        rows: RowScope::All(vec![Condition::Keys { columns: vec!["tenant".to_owned()], tuples }]),
    };
    let shown = Column { name: "amount".to_owned(), data_type: DataType::Integer, unit: None, masked: false };
    let relations = vec![ViewRelation { name: "sales".to_owned(), columns: vec![shown] }];
    let view = SandboxView::new(relations, BTreeMap::new()).unwrap();
    let query = view.guard(sql).unwrap();
    let plane = Arc::new(SecurityPlane::new(vec![relation]).unwrap());
    Statement { transaction: Some("txn-7".to_owned()), ..Statement::new(plane, query, limits) }
}

pub(crate) async fn run(engine: &DatabricksEngine) -> Result<QueryResult, EngineError> {
    use splitplane_engine::Engine as _;
    engine.execute(statement("SELECT amount FROM sales WHERE amount > 41", limits())).await
}

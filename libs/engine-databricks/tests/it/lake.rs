//! A real engine behind the server: Sail or Spark, whichever `SPLITPLANE_SAIL` and `SPLITPLANE_SPARK` name.
//!
//! Decides how a statement for a warehouse runs there: the quoted three-part names of the tables become names of views
//! over files, parameters become values of their types, and nothing else of the text is touched.

use crate::ledger::{config, open};
use crate::support::{Bench, options};
use arrow::array::RecordBatch;
use arrow::array::types::{Date32Type, TimestampMicrosecondType};
use arrow::compute::kernels::cast_utils::Parser as _;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt as _;
use splitplane_engine::kit::Subjects;
use splitplane_engine::kit::guarded::Guarded;
use splitplane_engine::kit::subject::{Observation, Probe, Subject};
use splitplane_engine::kit::world::World;
use splitplane_engine_databricks::testing::{Backend, BackendError, BackendParameter, Options};
use splitplane_engine_databricks::{DatabricksConfig, DatabricksEngine, Disposition};
use splitplane_engine_spark::layout::{Format, Source, Sources};
use splitplane_engine_spark::{Address, Client, ClientOptions, ConnectError, Files, Session, Value, plan};
use std::path::Path;
use std::sync::Arc;

pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// An engine that runs elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) name: &'static str,
    pub(crate) address: String,
    pub(crate) disposition: Disposition,
}

/// The engines that there are. Says which are not.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests that run where an engine is at hand"
)]
pub(crate) fn remotes() -> Vec<Remote> {
    let known = [("Sail", "SPLITPLANE_SAIL"), ("Spark", "SPLITPLANE_SPARK")];
    let mut found = Vec::new();
    for (name, variable) in known {
        match std::env::var(variable) {
            Ok(address) => found.push(Remote { name, address, disposition: Disposition::ExternalLinks }),
            Err(_unset) => println!("SKIPPED: {name} is not there; {variable} is to say where it listens"),
        }
    }
    found
}

/// Settings of a warehouse's sessions that answers rest on.
const SETTINGS: &[(&str, &str)] = &[
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.ansi.enabled", "true"),
    ("spark.sql.parquet.inferTimestampNTZ.enabled", "true"),
    ("spark.sql.timestampType", "TIMESTAMP_LTZ"),
];

/// A session in which the tables are.
struct Lake {
    session: Session,
    /// Quoted names, and the names of the views.
    names: Vec<(String, String)>,
}

impl Lake {
    async fn open(client: &Client, world: &World, folder: &Path) -> Result<Self, AnyError> {
        let session = client.session()?;
        session.configure(SETTINGS).await?;
        let mut names = Vec::new();
        for stored in world.stored() {
            assert!(!stored.is_csv && stored.partitions.is_empty(), "a table is of one kind of file here");
            let paths = vec![folder.join(&stored.name).to_str().unwrap().to_owned()];
            let files = Files { format: "parquet".to_owned(), paths, ..Files::default() };
            let view = format!("raw_{}", stored.source);
            session.view(&view, plan::read_files(files)).await?;
            names.push((format!("`lake`.`kit`.`{}`", stored.source), view));
        }
        Ok(Self { session, names })
    }

    async fn rows(
        &self,
        text: &str,
        arguments: Vec<(String, Value)>,
    ) -> Result<(SchemaRef, Vec<RecordBatch>), ConnectError> {
        let mut batches = self.session.run(plan::sql(text, arguments), "test")?;
        let schema = batches.schema().await?;
        Ok((schema, batches.try_collect().await?))
    }
}

#[async_trait::async_trait]
impl Backend for Lake {
    async fn run(
        &self,
        statement: &str,
        parameters: &[BackendParameter],
    ) -> Result<(SchemaRef, Vec<RecordBatch>), BackendError> {
        let mut text = statement.to_owned();
        for (name, view) in &self.names {
            text = text.replace(name, view);
        }
        let arguments = parameters.iter().map(|parameter| (parameter.name.clone(), value(parameter)));
        self.rows(&text, arguments.collect()).await.map_err(|error| failed(&error))
    }
}

fn value(parameter: &BackendParameter) -> Value {
    let Some(text) = parameter.value.as_deref() else { return Value::Null };
    match parameter.sql_type.as_str() {
        "STRING" => Value::Text(text.to_owned()),
        "BIGINT" => Value::Long(text.parse().unwrap()),
        "INT" => Value::Integer(text.parse().unwrap()),
        "DOUBLE" => Value::Double(text.parse().unwrap()),
        "BOOLEAN" => Value::Boolean(text.parse().unwrap()),
        "DATE" => Value::Date(Date32Type::parse(text).unwrap()),
        "TIMESTAMP_NTZ" => Value::TimestampNtz(TimestampMicrosecondType::parse(text).unwrap()),
        decimal => {
            let digits = decimal.strip_prefix("DECIMAL(").and_then(|rest| rest.strip_suffix(')')).unwrap();
            let (precision, scale) = digits.split_once(',').unwrap();
            let digits = text.replace('.', "").parse().unwrap();
            Value::Decimal { digits, precision: precision.parse().unwrap(), scale: scale.parse().unwrap() }
        }
    }
}

fn failed(error: &ConnectError) -> BackendError {
    let (error_code, sql_state) = match error {
        ConnectError::Plan { .. } => ("BAD_REQUEST", "42000"),
        ConnectError::MissingTable { .. } | ConnectError::MissingPath { .. } => ("BAD_REQUEST", "42P01"),
        ConnectError::Data { .. } => ("BAD_REQUEST", "22000"),
        ConnectError::Memory { .. } => ("RESOURCE_EXHAUSTED", "53200"),
        ConnectError::File { .. }
        | ConnectError::Cancelled
        | ConnectError::Unavailable { .. }
        | ConnectError::SessionLost { .. }
        | ConnectError::Incomplete { .. }
        | ConnectError::Unauthenticated { .. }
        | ConnectError::Denied { .. }
        | ConnectError::Protocol { .. }
        | ConnectError::TooLarge { .. }
        | ConnectError::Setting { .. }
        | ConnectError::Engine { .. }
        | ConnectError::NoRandomness => ("INTERNAL_ERROR", "XX000"),
    };
    let message = format!("{error:?}");
    BackendError { error_code: error_code.to_owned(), message, sql_state: sql_state.to_owned() }
}

/// The tables of a world.
fn sources(world: &World) -> Sources {
    let source = |stored: splitplane_engine::kit::world::Stored| {
        let mapping = Source {
            path: String::new(),
            table: format!("lake.kit.{}", stored.source),
            format: Format::default(),
            partitions: Vec::new(),
            schema: String::new(),
        };
        (stored.source.to_owned(), mapping)
    };
    world.stored().into_iter().map(source).collect()
}

/// A caller of the engine, and the server that has to stay for it.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) engine: Arc<DatabricksEngine>,
    pub(crate) guarded: Guarded,
    _server: splitplane_engine_databricks::testing::TestServer,
    _proof: tempfile::NamedTempFile,
}

impl Remote {
    pub(crate) async fn caller(&self, world: &World, folder: &Path) -> Result<Caller, AnyError> {
        let client = Client::new(Address::parse(&self.address)?, None, ClientOptions::default())?;
        let lake = Lake::open(&client, world, folder).await?;
        let bench = Bench::over(Arc::new(lake), Options { chunk_rows: 100, ..options() }).await;
        let barrier_rows = DatabricksConfig::BARRIER_ROWS;
        let config = DatabricksConfig { barrier_rows, ..config(sources(world)) };
        let engine = open(&bench, config, |workspace| workspace.disposition = self.disposition).await?;
        let engine = Arc::new(engine);
        let shared: Arc<dyn splitplane_engine::Engine> = Arc::<DatabricksEngine>::clone(&engine);
        let guarded = Guarded::open(shared, world).await?;
        let Bench { server, proof, .. } = bench;
        Ok(Caller { engine, guarded, _server: server, _proof: proof })
    }
}

#[async_trait::async_trait]
impl Subjects for Remote {
    async fn over(&self, world: &World, folder: &Path) -> Result<Box<dyn Subject>, AnyError> {
        Ok(Box::new(self.caller(world, folder).await?))
    }
}

#[async_trait::async_trait]
impl Subject for Caller {
    async fn observe(&self, probe: &Probe) -> Observation {
        self.guarded.observe(probe).await
    }
}

//! A real engine behind the server: a Spark Connect server.
//!
//! Decides how a statement for a warehouse runs there: the quoted three-part names of the tables become names of views
//! over files, parameters become values of their types, and nothing else of the text is touched.

use super::{Backend, BackendError, BackendParameter};
use arrow::array::RecordBatch;
use arrow::array::types::{Date32Type, TimestampMicrosecondType};
use arrow::compute::kernels::cast_utils::Parser as _;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt as _;
use splitplane_engine_spark::{Client, ConnectError, Files, Session, Value, plan};

/// Settings of a warehouse's sessions that answers rest on.
const SETTINGS: &[(&str, &str)] = &[
    ("spark.sql.session.timeZone", "UTC"),
    ("spark.sql.ansi.enabled", "true"),
    ("spark.sql.parquet.inferTimestampNTZ.enabled", "true"),
    ("spark.sql.timestampType", "TIMESTAMP_LTZ"),
];

/// A session in which tables are views over files.
#[derive(Debug)]
pub struct Lake {
    session: Session,
    /// Quoted names, and the names of the views.
    names: Vec<(String, String)>,
}

impl Lake {
    /// A session with tables: the catalog, the schema and the name of each, and its files.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn open(
        client: &Client,
        tables: impl IntoIterator<Item = ([&str; 3], Files)>,
    ) -> Result<Self, ConnectError> {
        let session = client.session()?;
        session.configure(SETTINGS).await?;
        let mut names = Vec::new();
        for ([catalog, schema, table], files) in tables {
            let view = format!("raw_{table}");
            session.view(&view, plan::read_files(files)).await?;
            names.push((format!("`{catalog}`.`{schema}`.`{table}`"), view));
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
        let argument = |parameter: &BackendParameter| Some((parameter.name.clone(), value(parameter)?));
        let arguments = parameters.iter().map(argument).collect::<Option<_>>();
        let arguments = arguments.ok_or_else(|| BackendError {
            error_code: "BAD_REQUEST".to_owned(),
            message: "a value is not of its type".to_owned(),
            sql_state: "22000".to_owned(),
        })?;
        self.rows(&text, arguments).await.map_err(|error| failed(&error))
    }
}

/// The value of a parameter; nothing where its text is not of its type.
fn value(parameter: &BackendParameter) -> Option<Value> {
    let Some(text) = parameter.value.as_deref() else { return Some(Value::Null) };
    match parameter.sql_type.as_str() {
        "STRING" => Some(Value::Text(text.to_owned())),
        "BIGINT" => text.parse().ok().map(Value::Long),
        "INT" => text.parse().ok().map(Value::Integer),
        "DOUBLE" => text.parse().ok().map(Value::Double),
        "BOOLEAN" => text.parse().ok().map(Value::Boolean),
        "DATE" => Date32Type::parse(text).map(Value::Date),
        "TIMESTAMP_NTZ" => TimestampMicrosecondType::parse(text).map(Value::TimestampNtz),
        decimal => {
            let digits = decimal.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(',')?;
            let digits = text.replace('.', "").parse().ok()?;
            Some(Value::Decimal { digits, precision: precision.parse().ok()?, scale: scale.parse().ok()? })
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

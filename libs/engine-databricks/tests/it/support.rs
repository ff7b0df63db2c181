//! What the tests share: a server, a client for it, and an engine that answers a few words.

use arrow::array::{
    ArrayRef, AsArray as _, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use futures::TryStreamExt as _;
use splitplane_engine_databricks::testing::{
    Backend, BackendError, BackendParameter, Faults, Options, Seen, TestServer,
};
use splitplane_engine_databricks::{
    Credentials, CredentialsConfig, DatabricksError, Disposition, Statement, Statements, Workspace,
    WorkspaceConfig,
};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::NamedTempFile;

pub(crate) const PROOF: &str = "header.PROOF-OF-THE-POD.signature";
/// No wait of a test is longer: it fails first.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// An engine of a few statements.
struct Words;

#[async_trait::async_trait]
impl Backend for Words {
    async fn run(
        &self,
        statement: &str,
        parameters: &[BackendParameter],
    ) -> Result<(SchemaRef, Vec<RecordBatch>), BackendError> {
        let words: Vec<&str> = statement.split(' ').collect();
        match words.as_slice() {
            ["rows", n] => {
                let rows = rows(n.parse().unwrap());
                Ok((rows.schema(), vec![rows]))
            }
            ["flat", n] => {
                let rows = flat(n.parse().unwrap());
                Ok((rows.schema(), vec![rows]))
            }
            ["echo"] => {
                let texts = |text: fn(&BackendParameter) -> Option<&str>| -> ArrayRef {
                    Arc::new(parameters.iter().map(text).collect::<StringArray>())
                };
                let batch = RecordBatch::try_from_iter_with_nullable([
                    ("name", texts(|p| Some(&p.name)), true),
                    ("value", texts(|p| p.value.as_deref()), true),
                    ("type", texts(|p| Some(&p.sql_type)), true),
                ])
                .unwrap();
                Ok((batch.schema(), vec![batch]))
            }
            ["fail", error_code, sql_state] => Err(BackendError {
                error_code: (*error_code).to_owned(),
                message: "TEXT-OF-THE-ENGINE".to_owned(),
                sql_state: (*sql_state).to_owned(),
            }),
            _ => panic!("no such statement: {statement}"),
        }
    }
}

/// Rows of all types that travel as text, with NULLs among them.
pub(crate) fn flat(n: i32) -> RecordBatch {
    let all = || 0..n;
    let some = |value: i32| (value % 3 != 0).then_some(value);
    let micros = |value: i32| some(value).map(|value| i64::from(value) * 86_400_000_123 - 1_000_000);
    let decimals = all().map(|v| some(v).map(|v| i128::from(v) * 99_999_999_999_999_999_999 - 1));
    let decimals = decimals.collect::<Decimal128Array>().with_precision_and_scale(38, 2).unwrap();
    let columns: [(&str, ArrayRef); 8] = [
        ("id", Arc::new(all().map(i64::from).map(Some).collect::<Int64Array>())),
        ("amount", Arc::new(decimals)),
        ("name", Arc::new(all().map(|v| some(v).map(|v| format!("'\\ {v} é\n"))).collect::<StringArray>())),
        ("day", Arc::new(all().map(|v| some(v).map(|v| v * 1000 - 5000)).collect::<Date32Array>())),
        ("at", Arc::new(all().map(micros).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))),
        ("local", Arc::new(all().map(micros).collect::<TimestampMicrosecondArray>())),
        ("is_new", Arc::new(all().map(|v| some(v).map(|v| v % 2 == 0)).collect::<BooleanArray>())),
        ("ratio", Arc::new(all().map(|v| some(v).map(|v| f64::from(v) / 7.0)).collect::<Float64Array>())),
    ];
    let fields = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, column)| column).collect()).unwrap()
}

/// The same, a nested column with them, and instants in the label of another zone.
pub(crate) fn rows(n: i32) -> RecordBatch {
    let flat = flat(n);
    let lists = (0..n).map(|v| (v % 2 == 0).then(|| vec![Some(v), None]));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists));
    let zone = DataType::Timestamp(TimeUnit::Microsecond, Some("Etc/UTC".into()));
    let instants = instants_of(&flat).with_timezone("Etc/UTC");
    let mut columns = flat.columns().to_vec();
    columns[4] = Arc::new(instants);
    let mut fields: Vec<_> = flat.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[4] = Field::new("at", zone, true);
    fields.push(Field::new("list", lists.data_type().clone(), true));
    columns.push(lists);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn instants_of(rows: &RecordBatch) -> TimestampMicrosecondArray {
    rows.column(4).as_primitive::<TimestampMicrosecondType>().clone()
}

/// The clock of these tests: the server's and the client's, at which nothing passes.
pub(crate) fn clock() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// A server, and the files that a client of it needs.
pub(crate) struct Bench {
    pub(crate) server: TestServer,
    pub(crate) proof: NamedTempFile,
    ca: Option<NamedTempFile>,
}

pub(crate) fn options() -> Options {
    Options {
        is_tls: false,
        warehouse_id: "warehouse".to_owned(),
        subject_token: PROOF.to_owned(),
        client_id: Some("service-principal".to_owned()),
        client_secret: None,
        token_time: Duration::from_secs(3600),
        chunk_rows: 4,
        link_time: Duration::from_secs(900),
        clock,
    }
}

pub(crate) fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.flush().unwrap();
    file
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self::over(Arc::new(Words), options).await
    }

    pub(crate) async fn over(backend: Arc<dyn Backend>, options: Options) -> Self {
        let server = TestServer::start(backend, options).await.unwrap();
        let ca = server.certificate_pem().map(file);
        Self { server, proof: file(&format!("{PROOF}\n")), ca }
    }

    pub(crate) fn config(&self) -> WorkspaceConfig {
        WorkspaceConfig {
            url: self.server.url().to_owned(),
            warehouse_id: "warehouse".to_owned(),
            catalog: Some("main".to_owned()),
            schema: Some("default".to_owned()),
            disposition: Disposition::ExternalLinks,
            wait: Duration::from_secs(5),
            request_time_max: LONG,
            poll_pause_first: Duration::from_millis(1),
            poll_pause_max: Duration::from_millis(4),
            retries_max: 3,
            retry_pause_first: Duration::from_millis(1),
            retry_pause_max: Duration::from_millis(4),
            chunk_bytes_max: 1 << 20,
            link_hosts: Vec::new(),
            ca_file: self.ca.as_ref().map(|file| file.path().to_owned()),
        }
    }

    pub(crate) fn federated(&self) -> CredentialsConfig {
        CredentialsConfig::ServiceAccountToken {
            file: self.proof.path().to_owned(),
            client_id: Some("service-principal".to_owned()),
        }
    }

    pub(crate) async fn client(&self) -> Statements {
        self.client_with(|_| {}).await
    }

    pub(crate) async fn client_with(&self, change: impl FnOnce(&mut WorkspaceConfig)) -> Statements {
        let mut config = self.config();
        change(&mut config);
        let workspace = Workspace::new(config, clock).unwrap();
        let credentials = Credentials::new(self.federated(), &workspace).await.unwrap();
        Statements::new(workspace, credentials).unwrap()
    }

    pub(crate) fn script(&self, change: impl FnOnce(&mut Faults)) {
        self.server.script(change);
    }

    pub(crate) fn seen(&self) -> Seen {
        self.server.seen()
    }

    /// Waits for what the server should see soon.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Seen) -> bool) {
        let waited = tokio::time::timeout(LONG, self.server.until(is_so)).await;
        assert!(waited.is_ok(), "{what}: {:?}", self.seen());
    }
}

pub(crate) fn statement(text: &str) -> Statement {
    Statement {
        text: text.to_owned(),
        parameters: Vec::new(),
        row_limit: None,
        byte_limit: None,
        tags: vec![("transaction".to_owned(), "t-1".to_owned())],
        time_max: LONG,
    }
}

/// All rows as one batch.
pub(crate) async fn all(client: &Statements, statement: Statement) -> Result<RecordBatch, DatabricksError> {
    let stream = client.run(statement).await?;
    let schema = stream.schema();
    let batches: Vec<_> = stream.try_collect().await?;
    Ok(concat_batches(&schema, &batches).unwrap())
}

/// The class of what goes wrong with a statement.
pub(crate) async fn class(client: &Statements, statement: Statement) -> &'static str {
    match all(client, statement).await {
        Ok(rows) => panic!("{} rows", rows.num_rows()),
        Err(error) => class_of(&error),
    }
}

pub(crate) fn class_of(error: &DatabricksError) -> &'static str {
    match error {
        DatabricksError::Plan(_) => "plan",
        DatabricksError::Data(_) => "data",
        DatabricksError::Limit(_) => "limit",
        DatabricksError::Truncated { .. } => "truncated",
        DatabricksError::Throttled(_) => "throttled",
        DatabricksError::Unavailable(_) => "unavailable",
        DatabricksError::Unauthenticated(_) => "unauthenticated",
        DatabricksError::Cancelled(_) => "cancelled",
        DatabricksError::TimeExceeded(_) => "time",
        DatabricksError::Incomplete(_) => "incomplete",
        DatabricksError::Protocol(_) => "protocol",
        DatabricksError::Engine(_) => "engine",
    }
}

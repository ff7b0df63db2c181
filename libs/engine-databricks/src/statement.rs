//! One statement, from its text to the first rows of its result.
//!
//! Decides what is sent with it, how long is waited for it, and what its last state means. A statement that nobody
//! waits for any more (its caller left, its time is over) is cancelled. It knows nothing of whose rows these are.

use crate::api::{Api, StatementId};
use crate::classify;
use crate::config::{Disposition, Workspace};
use crate::credentials::Credentials;
use crate::error::{Cause, DatabricksError, Said, SetupError};
use crate::result::ResultStream;
use crate::retry::{Deadline, doubled, wait};
use crate::types;
use crate::wire::{ExecuteRequest, Manifest, ParameterItem, ResultData, State, StatementResponse, TagItem};
use arrow::datatypes::DataType;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

const TEXT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Tags of a statement.
pub(crate) const TAGS_MAX: usize = 20;
/// Parameters of a statement: the workspace refuses more.
pub(crate) const PARAMETERS_MAX: usize = 256;
/// Above this the workspace fails a statement whose result travels inline; a limit tells so in words.
const INLINE_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The text, with `:name` where a value belongs.
    pub text: String,
    /// The values.
    pub parameters: Vec<Parameter>,
    /// A result of more rows is an error.
    pub row_limit: Option<u64>,
    /// A result of more bytes, as the engine counts them, is an error.
    pub byte_limit: Option<u64>,
    /// What the statement is known by in the workspace's own history.
    pub tags: Vec<(String, String)>,
    /// How long the statement and the reading of its result may take together.
    pub time_max: Duration,
}

/// A value for a name in the text. No value is shown by `Debug`: it may be one of a scope, or of the key of a mask.
#[derive(Clone)]
pub struct Parameter {
    /// The name, without its colon.
    pub name: String,
    /// The value as text, or NULL.
    pub value: Option<String>,
    /// What the text is read as.
    pub sql_type: SqlType,
}

impl std::fmt::Debug for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("sql_type", &self.sql_type)
            .finish_non_exhaustive()
    }
}

impl Parameter {
    fn item(&self) -> ParameterItem<'_> {
        ParameterItem { name: &self.name, value: self.value.as_deref(), sql_type: self.sql_type.text() }
    }
}

/// The types of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are called as the types of SQL are")]
pub enum SqlType {
    String,
    Boolean,
    Tinyint,
    Smallint,
    Int,
    Bigint,
    Float,
    Double,
    Decimal { precision: u8, scale: u8 },
    Date,
    Timestamp,
    TimestampNtz,
}

impl SqlType {
    fn text(self) -> String {
        match self {
            Self::String => "STRING".to_owned(),
            Self::Boolean => "BOOLEAN".to_owned(),
            Self::Tinyint => "TINYINT".to_owned(),
            Self::Smallint => "SMALLINT".to_owned(),
            Self::Int => "INT".to_owned(),
            Self::Bigint => "BIGINT".to_owned(),
            Self::Float => "FLOAT".to_owned(),
            Self::Double => "DOUBLE".to_owned(),
            Self::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
            Self::Date => "DATE".to_owned(),
            Self::Timestamp => "TIMESTAMP".to_owned(),
            Self::TimestampNtz => "TIMESTAMP_NTZ".to_owned(),
        }
    }
}

/// Runs statements on one warehouse.
#[derive(Debug, Clone)]
pub struct Statements {
    api: Arc<Api>,
}

impl Statements {
    /// Connects to nobody yet: the first statement does.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(workspace: Workspace, credentials: Credentials) -> Result<Self, SetupError> {
        Ok(Self { api: Arc::new(Api::new(workspace, credentials)?) })
    }

    /// Runs a statement until the first rows of its result are there. If the returned future is dropped, the
    /// statement is cancelled. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// By class; see [`DatabricksError`].
    pub async fn run(&self, statement: Statement) -> Result<ResultStream, DatabricksError> {
        let deadline = Deadline::after(statement.time_max);
        let body = self.body(&statement)?;
        deadline.within(self.run_until(body, deadline)).await
    }

    /// Runs a statement for the columns of its result alone. Those of a type that is not known are left out.
    pub(crate) async fn columns(
        &self,
        statement: Statement,
    ) -> Result<Vec<(String, DataType)>, DatabricksError> {
        let deadline = Deadline::after(statement.time_max);
        let body = self.body(&statement)?;
        let (_id, manifest, _rows) = deadline.within(self.ended(body, deadline)).await?;
        let missing = DatabricksError::Protocol(Cause::Found("a manifest without a schema"));
        Ok(types::known(&manifest.schema.ok_or(missing)?.columns))
    }

    async fn run_until(&self, body: Bytes, deadline: Deadline) -> Result<ResultStream, DatabricksError> {
        let (id, manifest, first) = self.ended(body, deadline).await?;
        ResultStream::open(Arc::clone(&self.api), id, manifest, first, deadline).await
    }

    /// Waits for the end of a statement: its id, and what its last answer says of its result.
    async fn ended(
        &self,
        body: Bytes,
        deadline: Deadline,
    ) -> Result<(StatementId, Manifest, Option<ResultData>), DatabricksError> {
        let (mut running, mut response) = self.api.submit(body, deadline).await?;
        let config = &self.api.workspace.config;
        let mut polls = 0;
        while matches!(response.status.state, State::Pending | State::Running) {
            let pause = doubled(config.poll_pause_first, polls, config.poll_pause_max);
            // No longer than the deadline, which stands around all of this.
            wait(pause).await;
            response = self.api.poll(&running.id, deadline).await?;
            polls += 1;
        }
        running.over();
        let (manifest, first) = succeeded(response)?;
        Ok((running.id.clone(), manifest, first))
    }

    fn body(&self, statement: &Statement) -> Result<Bytes, DatabricksError> {
        let wrong = |what| DatabricksError::Protocol(Cause::Found(what));
        if statement.text.len() > TEXT_BYTES_MAX {
            return Err(wrong("a statement of more than 16 MiB"));
        }
        if statement.tags.len() > TAGS_MAX {
            return Err(wrong("more than 20 tags"));
        }
        if statement.parameters.len() > PARAMETERS_MAX {
            return Err(wrong("more than 256 parameters"));
        }
        if !statement.parameters.iter().all(|parameter| is_name(&parameter.name)) {
            return Err(wrong("a parameter whose name is none"));
        }
        let config = &self.api.workspace.config;
        let (disposition, format, byte_limit) = match config.disposition {
            Disposition::ExternalLinks => ("EXTERNAL_LINKS", "ARROW_STREAM", statement.byte_limit),
            Disposition::Inline => {
                let limit = statement.byte_limit.unwrap_or(INLINE_BYTES_MAX).min(INLINE_BYTES_MAX);
                ("INLINE", "JSON_ARRAY", Some(limit))
            }
        };
        let request = ExecuteRequest {
            statement: &statement.text,
            warehouse_id: &config.warehouse_id,
            catalog: config.catalog.as_deref(),
            schema: config.schema.as_deref(),
            parameters: statement.parameters.iter().map(Parameter::item).collect(),
            row_limit: statement.row_limit,
            byte_limit,
            disposition,
            format,
            wait_timeout: format!("{}s", config.wait.as_secs()),
            on_wait_timeout: (!config.wait.is_zero()).then_some("CONTINUE"),
            query_tags: statement.tags.iter().map(|(key, value)| TagItem { key, value }).collect(),
        };
        serde_json::to_vec(&request)
            .map(Bytes::from)
            .map_err(|error| DatabricksError::Protocol(Cause::unreadable(error)))
    }
}

/// What a statement that is over says of its result.
fn succeeded(response: StatementResponse) -> Result<(Manifest, Option<ResultData>), DatabricksError> {
    let status = response.status;
    let error = status.error.unwrap_or_default();
    let sql_state = status.sql_state.unwrap_or(error.sql_state);
    let said = Said::new(error.error_code, sql_state, &error.message);
    match status.state {
        State::Succeeded => {}
        State::Failed => return Err(classify::failed(said)),
        State::Canceled => {
            return Err(DatabricksError::Cancelled(Cause::Answer { status: 200, said }));
        }
        State::Closed => {
            return Err(DatabricksError::Incomplete(Cause::Found("the result is closed")));
        }
        State::Pending | State::Running => {
            return Err(DatabricksError::Protocol(Cause::Found("a statement that is not over")));
        }
    }
    let manifest =
        response.manifest.ok_or(DatabricksError::Protocol(Cause::Found("a result without a manifest")))?;
    if manifest.truncated {
        return Err(DatabricksError::Truncated { rows: manifest.total_row_count });
    }
    Ok((manifest, response.result))
}

fn is_name(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.chars().all(is_word)
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_shown_with_a_parameter_or_a_statement() {
        let value = Some("SECRET".to_owned());
        let parameter = Parameter { name: "s0".to_owned(), value, sql_type: SqlType::Bigint };
        let statement = Statement {
            text: "SELECT :s0".to_owned(),
            parameters: vec![parameter],
            row_limit: None,
            byte_limit: None,
            tags: Vec::new(),
            time_max: Duration::ZERO,
        };
        let shown = format!("{statement:?} {statement:#?}");
        assert!(shown.contains("s0") && shown.contains("Bigint") && !shown.contains("SECRET"), "{shown}");
    }
}

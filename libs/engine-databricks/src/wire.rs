//! The messages of the Statement Execution API that are used, and only their fields that are.
//!
//! Decides how they are spelled. Answers may hold more than is read here; what must be in them is checked by
//! whoever needs it. Links, their headers and the values of parameters are secrets: nothing here shows them.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(crate) struct ExecuteRequest<'a> {
    pub(crate) statement: &'a str,
    pub(crate) warehouse_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) catalog: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<&'a str>,
    pub(crate) parameters: Vec<ParameterItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) byte_limit: Option<u64>,
    pub(crate) disposition: &'static str,
    pub(crate) format: &'static str,
    pub(crate) wait_timeout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_wait_timeout: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) query_tags: Vec<TagItem<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ParameterItem<'a> {
    pub(crate) name: &'a str,
    /// Absent is NULL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<&'a str>,
    #[serde(rename = "type")]
    pub(crate) sql_type: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct TagItem<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// What is read of the first answer before the rest of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Begun {
    pub(crate) statement_id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StatementResponse {
    pub(crate) statement_id: String,
    pub(crate) status: Status,
    pub(crate) manifest: Option<Manifest>,
    pub(crate) result: Option<ResultData>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) state: State,
    pub(crate) error: Option<ServiceError>,
    pub(crate) sql_state: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum State {
    Pending,
    Running,
    Succeeded,
    Failed,
    Canceled,
    Closed,
}

/// Also the body of an answer that is none of success.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ServiceError {
    #[serde(default)]
    pub(crate) error_code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) sql_state: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) schema: Option<ResultSchema>,
    // A number that is nothing may be left out.
    #[serde(default)]
    pub(crate) total_chunk_count: u64,
    #[serde(default)]
    pub(crate) total_row_count: u64,
    /// Not there for results that travel inline.
    #[serde(default)]
    pub(crate) total_byte_count: u64,
    #[serde(default)]
    pub(crate) truncated: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResultSchema {
    #[serde(default)]
    pub(crate) columns: Vec<Column>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) type_text: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResultData {
    pub(crate) chunk_index: Option<u64>,
    pub(crate) row_count: Option<u64>,
    pub(crate) next_chunk_index: Option<u64>,
    pub(crate) data_array: Option<Vec<Vec<Option<String>>>>,
    pub(crate) external_links: Option<Vec<ExternalLink>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ExternalLink {
    pub(crate) external_link: SecretString,
    pub(crate) expiration: Option<String>,
    #[serde(default)]
    pub(crate) http_headers: BTreeMap<String, SecretString>,
    pub(crate) chunk_index: u64,
    pub(crate) row_count: u64,
    #[serde(default)]
    pub(crate) byte_count: u64,
    pub(crate) next_chunk_index: Option<u64>,
}

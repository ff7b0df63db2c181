//! What a request to run a statement must be.
//!
//! Decides by the documentation alone: unknown fields, values outside their ranges and combinations that are not
//! offered are refused with a reason. Whether the statement is any good is the backend's matter.

use serde::Deserialize;
use std::collections::BTreeSet;
use std::time::Duration;

const STATEMENT_BYTES_MAX: usize = 16 * 1024 * 1024;
const PARAMETERS_MAX: usize = 256;

/// A value for a name in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackendParameter {
    /// The name, without its colon.
    pub name: String,
    /// The value as text, or NULL.
    #[serde(default)]
    pub value: Option<String>,
    /// The type that the text is cast to.
    #[serde(rename = "type", default = "string_type")]
    pub sql_type: String,
}

fn string_type() -> String {
    "STRING".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Execute {
    pub(crate) statement: String,
    pub(crate) warehouse_id: String,
    #[serde(rename = "catalog")]
    pub(crate) _catalog: Option<String>,
    #[serde(rename = "schema")]
    pub(crate) _schema: Option<String>,
    #[serde(default)]
    pub(crate) parameters: Vec<BackendParameter>,
    pub(crate) row_limit: Option<u64>,
    pub(crate) byte_limit: Option<u64>,
    #[serde(default)]
    pub(crate) disposition: Disposition,
    #[serde(default)]
    pub(crate) format: Format,
    #[serde(default = "usual_wait")]
    pub(crate) wait_timeout: String,
    #[serde(default)]
    pub(crate) on_wait_timeout: OnWaitTimeout,
    #[serde(default)]
    pub(crate) query_tags: Vec<Tag>,
}

fn usual_wait() -> String {
    "10s".to_owned()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Disposition {
    #[default]
    Inline,
    ExternalLinks,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Format {
    #[default]
    JsonArray,
    ArrowStream,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OnWaitTimeout {
    #[default]
    Continue,
    Cancel,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: Option<String>,
}

impl Execute {
    /// Reads a request, or says why it is none.
    pub(crate) fn read(body: &[u8]) -> Result<Self, String> {
        let request: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        request.check()?;
        Ok(request)
    }

    fn check(&self) -> Result<(), String> {
        let refuse = |what: &str| Err(what.to_owned());
        if self.statement.len() > STATEMENT_BYTES_MAX {
            return refuse("the statement is larger than 16 MiB");
        }
        if self.statement.trim().is_empty() {
            return refuse("the statement is empty");
        }
        if has_question_mark(&self.statement) {
            return refuse("positional parameters are not supported");
        }
        if self.parameters.len() > PARAMETERS_MAX {
            return refuse("there are more than 256 parameters");
        }
        let mut names = BTreeSet::new();
        for parameter in &self.parameters {
            if !is_name(&parameter.name) || !names.insert(&parameter.name) {
                return refuse("a parameter has no name of its own");
            }
            if !is_type(&parameter.sql_type) {
                return refuse("a parameter has a type that is not supported");
            }
        }
        if self.query_tags.len() > 20 || self.query_tags.iter().any(|tag| tag.key.is_empty()) {
            return refuse("there are more than 20 tags, or one has no key");
        }
        if self.row_limit == Some(0) || self.byte_limit == Some(0) {
            return refuse("a limit is nothing");
        }
        let is_inline = self.disposition == Disposition::Inline;
        if is_inline && self.format == Format::ArrowStream {
            return refuse("ARROW_STREAM is offered with EXTERNAL_LINKS only");
        }
        if !is_inline && self.format == Format::JsonArray {
            return refuse("JSON_ARRAY by EXTERNAL_LINKS is documented, and not offered by this server");
        }
        self.wait().map(|_wait| ())
    }

    pub(crate) fn wait(&self) -> Result<Duration, String> {
        let seconds = self.wait_timeout.strip_suffix('s');
        let seconds: Option<u64> = seconds.filter(|text| text.len() <= 2).and_then(|text| text.parse().ok());
        match seconds {
            Some(0) => Ok(Duration::ZERO),
            Some(seconds @ 5..=50) => Ok(Duration::from_secs(seconds)),
            _ => Err("wait_timeout is neither 0s nor 5s to 50s".to_owned()),
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_word) && !text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_type(text: &str) -> bool {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (text, Some("")),
    };
    let is_number = |text: &str| text.trim().parse::<u8>().is_ok_and(|number| number <= 38);
    let has_arguments = arguments.is_some_and(|text| !text.is_empty());
    match name {
        "DECIMAL" => arguments.is_some_and(|text| text.is_empty() || text.split(',').all(is_number)),
        "STRING" | "BOOLEAN" | "TINYINT" | "BYTE" | "SMALLINT" | "SHORT" | "INT" | "BIGINT" | "LONG"
        | "FLOAT" | "DOUBLE" | "DATE" | "TIMESTAMP" | "TIMESTAMP_NTZ" => {
            arguments.is_some() && !has_arguments
        }
        _ => false,
    }
}

/// A `?` that stands in no literal, name or comment.
fn has_question_mark(text: &str) -> bool {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '?' => return true,
            '\'' | '"' | '`' => {
                while let Some(inner) = rest.next() {
                    if inner == '\\' && c != '`' {
                        rest.next();
                    } else if inner == c {
                        break;
                    }
                }
            }
            '-' if rest.peek() == Some(&'-') => {
                rest.by_ref().find(|c| *c == '\n');
            }
            '/' if rest.peek() == Some(&'*') => {
                let mut last = ' ';
                rest.by_ref().find(|c| std::mem::replace(&mut last, *c) == '*' && *c == '/');
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;

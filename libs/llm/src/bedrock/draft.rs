//! Answers of a model, read strictly.
//!
//! Decides whether an answer has the form that was asked for: every key known, there and said once,
//! every size bounded, every outcome complete. Decides nothing about its content: drafts pass the same
//! gates as those of every other model.

mod interpretation;
mod period;

use crate::language_model::{ModelError, ValidateReply};
use interpretation::Draft;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// Names in a list.
const NAMES_MAX: usize = 64;
/// Bytes of a name, a phrase or a question.
const TEXT_BYTES_MAX: usize = 1_024;
/// Ways on, out of an ambiguous question.
const OPTIONS_MAX: usize = 5;
/// Bytes of a statement.
const SQL_BYTES_MAX: usize = 16_384;
/// Bytes of an analysis.
const NARRATIVE_BYTES_MAX: usize = 8_192;

pub(super) const FORM: ModelError = ModelError::Malformed("not of the form that was asked for");
pub(super) const SIZE: ModelError = ModelError::Malformed("larger than an answer may be");
pub(super) const NOT_JSON: ModelError = ModelError::Malformed("not JSON");

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, ModelError> {
    // What serde says would name parts of the answer.
    serde_json::from_str(answer).map_err(|error| if error.is_data() { FORM } else { NOT_JSON })
}

/// A key whose value may be null, but which must be there: what a model forgot to say is not "none".
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(value)
}

/// Not more parts than a list may have.
fn few<T>(parts: Vec<T>, parts_max: usize) -> Result<Vec<T>, ModelError> {
    if parts.len() > parts_max { Err(SIZE) } else { Ok(parts) }
}

fn text(text: String, bytes_max: usize) -> Result<String, ModelError> {
    if text.len() > bytes_max {
        return Err(SIZE);
    }
    // Terminals and logs are not for a model to write to.
    let is_plain = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if text.trim().is_empty() {
        Err(ModelError::Empty)
    } else if is_plain {
        Ok(text)
    } else {
        Err(FORM)
    }
}

/// A name of a semantic model, which may be any on one line.
fn name(name: String) -> Result<String, ModelError> {
    if name.len() > TEXT_BYTES_MAX {
        Err(SIZE)
    } else if name.trim().is_empty() || name.chars().any(char::is_control) {
        Err(FORM)
    } else {
        Ok(name)
    }
}

fn names(of: Vec<String>) -> Result<Vec<String>, ModelError> {
    few(of, NAMES_MAX)?.into_iter().map(name).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routed {
    relations: Vec<String>,
}

pub(super) fn route(answer: &str) -> Result<Vec<String>, ModelError> {
    let Routed { relations } = read(answer)?;
    names(relations)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sql: String,
}

pub(super) fn write_sql(answer: &str) -> Result<String, ModelError> {
    let Written { sql } = read(answer)?;
    text(sql, SQL_BYTES_MAX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    narrative: String,
}

pub(super) fn explain(answer: &str) -> Result<String, ModelError> {
    let Explained { narrative } = read(answer)?;
    text(narrative, NARRATIVE_BYTES_MAX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validated {
    outcome: Outcome,
    #[serde(deserialize_with = "present")]
    interpretation: Option<Draft>,
    #[serde(deserialize_with = "present")]
    question: Option<String>,
    options: Vec<String>,
    nearest: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Supported,
    Ambiguous,
    Unsupported,
}

pub(super) fn validate(answer: &str) -> Result<ValidateReply, ModelError> {
    let reply: Validated = read(answer)?;
    let (nearest, options) = (names(reply.nearest)?, few(reply.options, OPTIONS_MAX)?);
    match (reply.outcome, reply.interpretation, reply.question) {
        (Outcome::Supported, Some(draft), None) if options.is_empty() => {
            Ok(ValidateReply::Supported(draft.interpretation()?))
        }
        (Outcome::Ambiguous, None, Some(question)) if options.len() >= 2 => {
            let options = options.into_iter().map(|option| text(option, TEXT_BYTES_MAX));
            let options = options.collect::<Result<Vec<_>, _>>()?;
            Ok(ValidateReply::Ambiguous { question: text(question, TEXT_BYTES_MAX)?, options })
        }
        (Outcome::Unsupported, None, None) if options.is_empty() => {
            Ok(ValidateReply::Unsupported { nearest })
        }
        // Two outcomes at once are none.
        (Outcome::Supported | Outcome::Ambiguous | Outcome::Unsupported, _, _) => Err(FORM),
    }
}

#[cfg(test)]
mod tests;

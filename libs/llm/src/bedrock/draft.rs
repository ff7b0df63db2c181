//! Answers of a model, read strictly.
//!
//! Decides whether an answer has the form that was asked for: every key known, every size bounded,
//! every outcome complete. Decides nothing about its content: drafts pass the same gates as those of
//! every other model.

use crate::language_model::{ModelError, ValidateReply};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use splitplane_semantics::{
    Dimension, DraftInterpretation, FieldRef, Filter, Grain, Order, PeriodExpr, PeriodPhrase,
};

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

const FORM: ModelError = ModelError::Malformed("not of the form that was asked for");
const SIZE: ModelError = ModelError::Malformed("larger than an answer may be");

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, ModelError> {
    // What serde says would name parts of the answer.
    T::deserialize(answer).or(Err(FORM))
}

fn bounded(texts: &[String], count_max: usize) -> Result<(), ModelError> {
    let is_small = texts.len() <= count_max && texts.iter().all(|text| text.len() <= TEXT_BYTES_MAX);
    if is_small { Ok(()) } else { Err(SIZE) }
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routed {
    relations: Vec<String>,
}

pub(super) fn route(answer: Value) -> Result<Vec<String>, ModelError> {
    let Routed { relations } = read(answer)?;
    bounded(&relations, NAMES_MAX)?;
    Ok(relations)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sql: String,
}

pub(super) fn write_sql(answer: Value) -> Result<String, ModelError> {
    let Written { sql } = read(answer)?;
    text(sql, SQL_BYTES_MAX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {
    narrative: String,
}

pub(super) fn explain(answer: Value) -> Result<String, ModelError> {
    let Explained { narrative } = read(answer)?;
    text(narrative, NARRATIVE_BYTES_MAX)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validated {
    outcome: Outcome,
    interpretation: Option<Draft>,
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

pub(super) fn validate(answer: Value) -> Result<ValidateReply, ModelError> {
    let reply: Validated = read(answer)?;
    bounded(&reply.nearest, NAMES_MAX)?;
    bounded(&reply.options, OPTIONS_MAX)?;
    match (reply.outcome, reply.interpretation, reply.question) {
        (Outcome::Supported, Some(draft), None) if reply.options.is_empty() => {
            Ok(ValidateReply::Supported(draft.interpretation()?))
        }
        (Outcome::Ambiguous, None, Some(question)) if reply.options.len() >= 2 => {
            let options = reply.options.into_iter().map(|option| text(option, TEXT_BYTES_MAX));
            let options = options.collect::<Result<Vec<_>, _>>()?;
            Ok(ValidateReply::Ambiguous { question: text(question, TEXT_BYTES_MAX)?, options })
        }
        (Outcome::Unsupported, None, None) if reply.options.is_empty() => {
            Ok(ValidateReply::Unsupported { nearest: reply.nearest })
        }
        // Two outcomes at once are none.
        (Outcome::Supported | Outcome::Ambiguous | Outcome::Unsupported, _, _) => Err(FORM),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    metrics: Vec<String>,
    dimensions: Vec<DraftDimension>,
    filters: Vec<DraftFilter>,
    period: Option<DraftPeriod>,
    order: Vec<DraftOrder>,
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftDimension {
    field: String,
    grain: Option<Grain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftFilter {
    phrase: String,
    fields: Vec<String>,
    negated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftOrder {
    by: String,
    descending: bool,
}

impl Draft {
    fn interpretation(self) -> Result<DraftInterpretation, ModelError> {
        let parts = [self.dimensions.len(), self.filters.len(), self.order.len()];
        if parts.into_iter().any(|parts| parts > NAMES_MAX) {
            return Err(SIZE);
        }
        bounded(&self.metrics, NAMES_MAX)?;
        let dimension = |of: DraftDimension| Ok(Dimension { field: field(&of.field)?, grain: of.grain });
        let filter = |of: DraftFilter| {
            bounded(&of.fields, NAMES_MAX)?;
            let fields = of.fields.iter().map(|name| field(name)).collect::<Result<_, _>>()?;
            let phrases = vec![text(of.phrase, TEXT_BYTES_MAX)?];
            Ok(Filter { phrases, fields, negated: of.negated, either: false })
        };
        Ok(DraftInterpretation {
            metrics: self.metrics,
            dimensions: self.dimensions.into_iter().map(dimension).collect::<Result<_, ModelError>>()?,
            filters: self.filters.into_iter().map(filter).collect::<Result<_, ModelError>>()?,
            period: self.period.map(DraftPeriod::phrase).transpose()?,
            comparison: None,
            thresholds: Vec::new(),
            shares: false,
            order: self
                .order
                .into_iter()
                .map(|order| Order { by: order.by, descending: order.descending })
                .collect(),
            limit: self.limit,
        })
    }
}

fn field(name: &str) -> Result<FieldRef, ModelError> {
    let (dataset, field) = name.split_once('.').ok_or(FORM)?;
    Ok(FieldRef { dataset: dataset.to_owned(), field: field.to_owned() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DraftPeriod {
    kind: Kind,
    label: String,
    count: Option<u16>,
    unit: Option<Grain>,
    year: Option<i16>,
    month: Option<i8>,
    quarter: Option<i8>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Today,
    Yesterday,
    Last,
    This,
    ToDate,
    PastDays,
    Day,
    Month,
    Quarter,
    Year,
    Between,
    Since,
}

impl DraftPeriod {
    fn phrase(self) -> Result<PeriodPhrase, ModelError> {
        let days = (day(self.from.as_deref())?, day(self.to.as_deref())?);
        let count = (self.count, self.unit);
        let part = (self.year, self.month, self.quarter);
        // A key that does not belong to the kind would say something else than the kind does.
        let expr = match (self.kind, count, part, days) {
            (Kind::Today, (None, None), (None, None, None), (None, None)) => PeriodExpr::Today,
            (Kind::Yesterday, (None, None), (None, None, None), (None, None)) => PeriodExpr::Yesterday,
            (Kind::Last, (Some(count @ 1..), Some(unit)), (None, None, None), (None, None)) => {
                PeriodExpr::Last { count, unit }
            }
            (Kind::This, (None, Some(unit)), (None, None, None), (None, None)) => PeriodExpr::This(unit),
            (Kind::ToDate, (None, Some(unit)), (None, None, None), (None, None)) => PeriodExpr::ToDate(unit),
            (Kind::PastDays, (Some(days @ 1..), None), (None, None, None), (None, None)) => {
                PeriodExpr::PastDays(days)
            }
            (Kind::Day, (None, None), (None, None, None), (Some(day), None)) => PeriodExpr::Day(day),
            (Kind::Month, (None, None), (year, Some(month @ 1..=12), None), (None, None)) => {
                PeriodExpr::Month { year, month }
            }
            (Kind::Quarter, (None, None), (year, None, Some(quarter @ 1..=4)), (None, None)) => {
                PeriodExpr::Quarter { year, quarter }
            }
            (Kind::Year, (None, None), (Some(year), None, None), (None, None)) => PeriodExpr::Year(year),
            (Kind::Between, (None, None), (None, None, None), (Some(from), Some(to))) => {
                PeriodExpr::Between { from, to }
            }
            (Kind::Since, (None, None), (None, None, None), (Some(from), None)) => PeriodExpr::Since(from),
            _ => return Err(FORM),
        };
        Ok(PeriodPhrase { expr, label: text(self.label, TEXT_BYTES_MAX)? })
    }
}

fn day(text: Option<&str>) -> Result<Option<jiff::civil::Date>, ModelError> {
    let Some(text) = text else { return Ok(None) };
    let day: jiff::civil::Date = text.parse().or(Err(FORM))?;
    // jiff reads many spellings; a day has one here.
    if day.to_string() == text { Ok(Some(day)) } else { Err(FORM) }
}

#[cfg(test)]
mod tests;

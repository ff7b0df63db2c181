//! An answer as one JSON object, for programs.
//!
//! Decides its keys and their form. Decimals are strings in plain notation, so that no reader turns
//! them into doubles; what is not there is null.

use crate::answer::{Answer, Refusal};
use crate::trace;
use serde::Serialize;
use serde_json::{Map, Value, json};
use splitplane_proto::common::v1 as common;
use splitplane_types::{Cell, ModelUsage, Reason, Table};
use std::collections::BTreeMap;

/// The object. Keys stand in the order in which they are read.
#[derive(Serialize)]
struct Object<'a> {
    outcome: &'a str,
    question: &'a str,
    interpretation: Option<Value>,
    as_of: Option<&'a str>,
    columns: Vec<Value>,
    rows: Vec<Vec<Value>>,
    narrative: Option<&'a str>,
    chart: Option<Value>,
    check: Option<Value>,
    stood_in: &'a [String],
    coverage: Option<Value>,
    sql: Option<&'a str>,
    security_sql: Option<&'a str>,
    txn: Option<&'a str>,
    conversation: Option<&'a str>,
    timings_ms: Map<String, Value>,
    model_usage: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    clarification: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Vec<Metric<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject<'a>>,
}

#[derive(Serialize)]
struct Metric<'a> {
    name: &'a str,
    label: &'a str,
    description: &'a str,
    unit: Option<&'a str>,
    synonyms: &'a [String],
    dimensions: &'a [String],
    additive: bool,
}

#[derive(Serialize)]
struct ErrorObject<'a> {
    code: &'a str,
    reason: Option<&'a str>,
    message: &'a str,
    metadata: &'a BTreeMap<String, String>,
}

/// The object as text, on lines of its own.
pub(crate) fn text(answer: &Answer) -> Result<String, serde_json::Error> {
    let empty = Table { columns: Vec::new(), rows: Vec::new() };
    let table = answer.table.as_ref().unwrap_or(&empty);
    let object = Object {
        outcome: answer.outcome.as_str(),
        question: &answer.question,
        interpretation: answer.interpretation.as_ref().map(interpretation),
        as_of: answer.as_of.as_deref(),
        columns: columns(table),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        narrative: answer.narrative.as_deref(),
        chart: answer.chart.as_deref().map(serde_json::from_str).transpose()?,
        check: answer.check.as_ref().map(check),
        stood_in: &answer.stood_in,
        coverage: answer.coverage.as_ref().map(coverage),
        sql: answer.sql.as_deref(),
        security_sql: answer.security_sql.as_deref(),
        txn: answer.txn.as_deref(),
        conversation: answer.conversation.as_deref(),
        timings_ms: answer.timings_ms.iter().map(|(stage, ms)| (stage.clone(), json!(ms))).collect(),
        model_usage: usage(answer.usage),
        clarification: answer.clarification.as_ref().map(clarification),
        metrics: answer.metrics.as_ref().map(|metrics| metrics.iter().map(metric).collect()),
        message: answer.nothing.as_deref(),
        trace: answer.spans.as_ref().map(trace::json),
        error: answer.error.as_ref().map(error),
    };
    Ok(format!("{}\n", serde_json::to_string_pretty(&object)?))
}

/// Calls and tokens.
pub(crate) fn usage(usage: ModelUsage) -> Value {
    json!({
        "calls": usage.calls,
        "input_tokens": usage.input_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
    })
}

/// The metrics as text, on lines of their own.
pub(crate) fn metrics(metrics: &[common::Metric]) -> Result<String, serde_json::Error> {
    let metrics: Vec<Metric<'_>> = metrics.iter().map(metric).collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&metrics)?))
}

fn metric(metric: &common::Metric) -> Metric<'_> {
    Metric {
        name: &metric.name,
        label: &metric.label,
        description: &metric.description,
        unit: (!metric.unit.is_empty()).then_some(metric.unit.as_str()),
        synonyms: &metric.synonyms,
        dimensions: &metric.dimensions,
        additive: metric.additive,
    }
}

fn columns(table: &Table) -> Vec<Value> {
    let column = |column: &splitplane_types::Column| json!({ "name": column.name, "type": column.data_type.as_str(), "unit": column.unit });
    table.columns.iter().map(column).collect()
}

fn cell(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Text(text) | Cell::Date(text) | Cell::Timestamp(text) => json!(text),
        Cell::Integer(number) => json!(number),
        Cell::Decimal(number) => json!(number.to_string()),
        Cell::Float(number) => json!(number),
        Cell::Boolean(truth) => json!(truth),
    }
}

const fn bound(bound: common::Bound) -> &'static str {
    match bound {
        common::Bound::Unspecified => "",
        common::Bound::MoreThan => "more_than",
        common::Bound::AtLeast => "at_least",
        common::Bound::LessThan => "less_than",
        common::Bound::AtMost => "at_most",
        common::Bound::Exactly => "exactly",
    }
}

fn check(check: &common::Check) -> Value {
    let difference = (!check.difference.is_empty()).then_some(&check.difference);
    json!({ "agrees": check.agrees, "difference": difference, "draft_rows": check.draft_rows })
}

fn interpretation(interpretation: &common::Interpretation) -> Value {
    let field = |field: &common::FieldRef| json!({ "dataset": field.dataset, "field": field.field });
    let dimension = |dimension: &common::Dimension| {
        json!({
            "dataset": dimension.dataset,
            "field": dimension.field,
            "grain": grain(dimension.grain()),
            "label": dimension.label,
        })
    };
    let filter = |filter: &common::Filter| {
        json!({
            "phrases": filter.phrases,
            "fields": filter.fields.iter().map(field).collect::<Vec<_>>(),
            "negated": filter.negated,
            "either": filter.either,
        })
    };
    let period = |period: &common::Period| {
        json!({
            "from": period.from,
            "to": period.to,
            "first_day": period.first_day,
            "last_day": period.last_day,
            "label": period.label,
        })
    };
    let threshold = |threshold: &common::Threshold| json!({ "by": threshold.by, "bound": bound(threshold.bound()), "value": threshold.value });
    let order = |order: &common::Order| json!({ "by": order.by, "descending": order.descending });
    json!({
        "sentence": interpretation.sentence,
        "metrics": interpretation.metrics,
        "dimensions": interpretation.dimensions.iter().map(dimension).collect::<Vec<_>>(),
        "filters": interpretation.filters.iter().map(filter).collect::<Vec<_>>(),
        "period": interpretation.period.as_ref().map(period),
        "comparison": interpretation.comparison.as_ref().map(period),
        "thresholds": interpretation.thresholds.iter().map(threshold).collect::<Vec<_>>(),
        "shares": interpretation.shares,
        "order": interpretation.order.iter().map(order).collect::<Vec<_>>(),
        "limit": (interpretation.limit > 0).then_some(interpretation.limit),
    })
}

const fn grain(grain: common::Grain) -> Option<&'static str> {
    match grain {
        common::Grain::Unspecified => None,
        common::Grain::Day => Some("day"),
        common::Grain::Week => Some("week"),
        common::Grain::Month => Some("month"),
        common::Grain::Quarter => Some("quarter"),
        common::Grain::Year => Some("year"),
    }
}

fn coverage(coverage: &common::Coverage) -> Value {
    json!({ "sentence": coverage.sentence, "covered": coverage.covered, "granted": coverage.granted })
}

fn clarification(clarification: &common::Clarification) -> Value {
    json!({ "question": clarification.question, "options": clarification.options })
}

fn error(refusal: &Refusal) -> ErrorObject<'_> {
    ErrorObject {
        code: &refusal.code,
        reason: refusal.reason.map(Reason::as_str),
        message: &refusal.message,
        metadata: &refusal.metadata,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::answered;
    use splitplane_types::Outcome;

    fn parsed(answer: &Answer) -> Value {
        serde_json::from_str(&text(answer).unwrap()).unwrap()
    }

    #[test]
    fn an_answer_has_every_key_and_decimals_are_strings() {
        let object = parsed(&answered());
        let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
        let mut expected = [
            "outcome",
            "question",
            "interpretation",
            "as_of",
            "columns",
            "rows",
            "narrative",
            "chart",
            "check",
            "stood_in",
            "coverage",
            "sql",
            "security_sql",
            "txn",
            "conversation",
            "timings_ms",
            "model_usage",
        ];
        expected.sort_unstable();
        assert_eq!(keys, expected);
        assert_eq!(object["rows"], json!([[null, "84000.00"]]));
        assert_eq!(object["columns"][1], json!({ "name": "fees", "type": "decimal", "unit": "USD" }));
        assert_eq!(object["columns"][0]["unit"], Value::Null);
        assert_eq!(object["timings_ms"]["total"], json!(12));
        assert_eq!((&object["stood_in"], &object["conversation"]), (&json!([]), &json!("a.token")));
    }

    #[test]
    fn a_refusal_says_code_reason_and_message() {
        let mut answer = answered();
        answer.outcome = Outcome::Refused;
        answer.error = Some(Refusal {
            code: "NOT_FOUND".to_owned(),
            reason: Some(Reason::QueryOutsideView),
            message: "no".to_owned(),
            metadata: BTreeMap::from([("hint".to_owned(), "h".to_owned())]),
        });
        let error = json!({
            "code": "NOT_FOUND", "reason": "QUERY_OUTSIDE_VIEW", "message": "no", "metadata": { "hint": "h" },
        });
        assert_eq!(parsed(&answer)["error"], error);
        assert_eq!(parsed(&answer)["outcome"], "refused");
    }

    #[test]
    fn cells_keep_their_kind() {
        assert_eq!(cell(&Cell::Integer(7)), json!(7));
        assert_eq!(cell(&Cell::Boolean(true)), json!(true));
        assert_eq!(cell(&Cell::Date("2021-05-01".to_owned())), json!("2021-05-01"));
        assert_eq!(cell(&Cell::Float(0.5)), json!(0.5));
    }
}

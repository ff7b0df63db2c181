//! What became of one question, compared with what is expected of it.
//!
//! Decides when rows are the expected ones: as a set unless an order is expected, numbers to half a cent.

use crate::answer::Answer;
use jiff::civil::DateTime;
use splitplane_proto::common::v1 as wire;
use splitplane_semantics::{
    Bound, Dimension, Expectation, ExpectedCell, FieldRef, Filter, Grain, Interpretation, Order, Outcome,
    Period, Threshold, Verdict,
};
use splitplane_types::{Cell, ModelUsage, Outcome as Ended};
use std::time::Duration;

const NUMBERS_DIFFER_FROM: f64 = 0.005;

/// A question that was asked, and what is to be said of it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) ended: Ended,
    /// Whether the interpretation is the expected one; nothing where none is expected.
    pub(crate) understood: Option<bool>,
    /// Whether the rows are; nothing where none are expected.
    pub(crate) rows: Option<bool>,
    pub(crate) differences: Vec<String>,
    pub(crate) took: Duration,
    pub(crate) stages_ms: Vec<(String, u32)>,
    pub(crate) usage: ModelUsage,
}

/// Compares.
pub(crate) fn judge(expect: &Expectation, answer: &Answer, took: Duration) -> Judged {
    let found = answer.interpretation.as_ref().and_then(interpretation);
    let mut differences = found.as_ref().map(|found| expect.differences(found)).unwrap_or_default();
    let outcome = outcome(answer.outcome);
    let understood = match (&expect.metrics, outcome) {
        (Some(_), Some(Outcome::Answered | Outcome::NothingInScope)) => {
            Some(found.is_some() && differences.is_empty())
        }
        (Some(_), Some(Outcome::Clarify | Outcome::Unsupported) | None) | (None, _) => None,
    };
    let mut verdict = match outcome {
        Some(outcome) => expect.verdict(outcome, found.as_ref()),
        None => Verdict::WrongRefusal,
    };
    let rows = match (&expect.rows, outcome) {
        (Some(rows), Some(Outcome::Answered)) => Some(same_rows(rows, answer, expect.order.is_some())),
        (Some(_), Some(Outcome::Clarify | Outcome::Unsupported | Outcome::NothingInScope) | None)
        | (None, _) => None,
    };
    if rows == Some(false) {
        differences.push(format!("rows: expected {:?}, found {:?}", expect.rows, answer.table));
        verdict = Verdict::WrongAnswer;
    }
    let offered = answer.clarification.as_ref().map(|asked| asked.options.clone()).unwrap_or_default();
    let missing = expect.missing_options(&offered);
    if outcome == Some(Outcome::Clarify) && !missing.is_empty() {
        differences.push(format!("options: {missing:?} are not among {offered:?}"));
        verdict = Verdict::WrongRefusal;
    }
    if let Some(error) = &answer.error {
        differences.push(format!("{}: {}", error.code, error.message));
    }
    let stages_ms = answer.timings_ms.clone();
    let (ended, usage) = (answer.outcome, answer.usage);
    Judged { verdict, ended, understood, rows, differences, took, stages_ms, usage }
}

const fn outcome(ended: Ended) -> Option<Outcome> {
    match ended {
        Ended::Answered => Some(Outcome::Answered),
        Ended::Clarify => Some(Outcome::Clarify),
        Ended::Unsupported => Some(Outcome::Unsupported),
        Ended::NothingInScope => Some(Outcome::NothingInScope),
        Ended::OverLimit | Ended::Unavailable | Ended::Refused => None,
    }
}

fn same_rows(expected: &[Vec<ExpectedCell>], answer: &Answer, is_ordered: bool) -> bool {
    let Some(table) = &answer.table else { return false };
    let same = |expected: &Vec<ExpectedCell>, found: &Vec<Cell>| {
        expected.len() == found.len()
            && expected.iter().zip(found).all(|(cell, found)| same_cell(cell, found))
    };
    if expected.len() != table.rows.len() {
        return false;
    }
    if is_ordered {
        return expected.iter().zip(&table.rows).all(|(expected, found)| same(expected, found));
    }
    // Each expected row takes one that is like it; rows that are like each other are interchangeable.
    let mut left: Vec<&Vec<Cell>> = table.rows.iter().collect();
    expected.iter().all(|expected| {
        left.iter().position(|found| same(expected, found)).map(|at| left.swap_remove(at)).is_some()
    })
}

fn same_cell(expected: &ExpectedCell, found: &Cell) -> bool {
    match (expected, found) {
        (ExpectedCell::Null, Cell::Null) => true,
        (ExpectedCell::Boolean(expected), Cell::Boolean(found)) => expected == found,
        (ExpectedCell::Text(expected), Cell::Text(found) | Cell::Date(found) | Cell::Timestamp(found)) => {
            expected == found
        }
        (ExpectedCell::Number(expected), Cell::Integer(_) | Cell::Decimal(_) | Cell::Float(_)) => {
            number(found).is_some_and(|found| (found - expected).abs() < NUMBERS_DIFFER_FROM)
        }
        (
            ExpectedCell::Null | ExpectedCell::Boolean(_) | ExpectedCell::Text(_) | ExpectedCell::Number(_),
            Cell::Null
            | Cell::Text(_)
            | Cell::Integer(_)
            | Cell::Decimal(_)
            | Cell::Float(_)
            | Cell::Boolean(_)
            | Cell::Date(_)
            | Cell::Timestamp(_),
        ) => false,
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(number) => number.to_string().parse().ok(),
        Cell::Decimal(number) => number.to_string().parse().ok(),
        Cell::Float(number) => Some(*number),
        Cell::Null | Cell::Text(_) | Cell::Boolean(_) | Cell::Date(_) | Cell::Timestamp(_) => None,
    }
}

/// The interpretation as the mesh showed it; nothing where it is none.
fn interpretation(shown: &wire::Interpretation) -> Option<Interpretation> {
    let dimensions = shown.dimensions.iter().map(|dimension| Dimension {
        field: FieldRef { dataset: dimension.dataset.clone(), field: dimension.field.clone() },
        grain: grain(dimension.grain()),
    });
    let filters = shown.filters.iter().map(|filter| Filter {
        phrases: filter.phrases.clone(),
        fields: filter
            .fields
            .iter()
            .map(|field| FieldRef { dataset: field.dataset.clone(), field: field.field.clone() })
            .collect(),
        negated: filter.negated,
        either: filter.either,
    });
    let order = shown.order.iter().map(|order| Order { by: order.by.clone(), descending: order.descending });
    let thresholds = shown.thresholds.iter().map(|threshold| {
        let (by, value) = (threshold.by.clone(), threshold.value.clone());
        Some(Threshold { by, bound: bound(threshold.bound())?, value })
    });
    Some(Interpretation {
        metrics: shown.metrics.clone(),
        dimensions: dimensions.collect(),
        filters: filters.collect(),
        period: shown.period.as_ref().map(period).transpose().ok()?,
        comparison: shown.comparison.as_ref().map(period).transpose().ok()?,
        thresholds: thresholds.collect::<Option<_>>()?,
        shares: shown.shares,
        order: order.collect(),
        limit: (shown.limit > 0).then_some(shown.limit),
        buckets: splitplane_semantics::Buckets::ISO,
    })
}

fn period(period: &wire::Period) -> Result<Period, jiff::Error> {
    Ok(Period {
        from: period.from.parse::<DateTime>()?,
        to: period.to.parse::<DateTime>()?,
        zone: String::new(),
        label: period.label.clone(),
    })
}

const fn bound(bound: wire::Bound) -> Option<Bound> {
    match bound {
        wire::Bound::Unspecified => None,
        wire::Bound::MoreThan => Some(Bound::MoreThan),
        wire::Bound::AtLeast => Some(Bound::AtLeast),
        wire::Bound::LessThan => Some(Bound::LessThan),
        wire::Bound::AtMost => Some(Bound::AtMost),
        wire::Bound::Exactly => Some(Bound::Exactly),
    }
}

const fn grain(grain: wire::Grain) -> Option<Grain> {
    match grain {
        wire::Grain::Unspecified => None,
        wire::Grain::Day => Some(Grain::Day),
        wire::Grain::Week => Some(Grain::Week),
        wire::Grain::Month => Some(Grain::Month),
        wire::Grain::Quarter => Some(Grain::Quarter),
        wire::Grain::Year => Some(Grain::Year),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_types::{Column, DataType, Table};

    fn column(name: &str, data_type: DataType) -> Column {
        Column { name: name.to_owned(), data_type, unit: None, masked: false }
    }

    fn answer(rows: Vec<Vec<Cell>>) -> Answer {
        let mut answer = Answer::to("total sales by store");
        answer.outcome = Ended::Answered;
        answer.interpretation = Some(wire::Interpretation {
            metrics: vec!["total_sales".to_owned()],
            dimensions: vec![wire::Dimension {
                dataset: "stores".to_owned(),
                field: "name".to_owned(),
                ..wire::Dimension::default()
            }],
            ..wire::Interpretation::default()
        });
        let columns = vec![column("name", DataType::String), column("total_sales", DataType::Decimal)];
        answer.table = Some(Table { columns, rows });
        answer
    }

    fn expect(text: &str) -> Expectation {
        let set = format!("- {{ question: q, as: a, expect: {{ {text} }} }}\n");
        splitplane_semantics::parse_question_set("set.yaml", &set).unwrap().remove(0).expect
    }

    fn row(name: &str, amount: &str) -> Vec<Cell> {
        vec![Cell::Text(name.to_owned()), Cell::Decimal(amount.parse().unwrap())]
    }

    const MEANING: &str = "outcome: answered, metrics: [total_sales], dimensions: [stores.name]";

    fn verdict(expected: &str, rows: Vec<Vec<Cell>>) -> Verdict {
        judge(&expect(expected), &answer(rows), Duration::ZERO).verdict
    }

    #[test]
    fn rows_are_compared_as_a_set_unless_an_order_is_expected() {
        let rows = || vec![row("b", "2.001"), row("a", "1.00")];
        let set = format!("{MEANING}, rows: [[a, 1], [b, 2]]");
        assert_eq!(verdict(&set, rows()), Verdict::Right);
        assert_eq!(verdict(&set, vec![row("b", "2.01"), row("a", "1.00")]), Verdict::WrongAnswer);
        assert_eq!(verdict(&set, vec![row("b", "2"), row("b", "2")]), Verdict::WrongAnswer);
        assert_eq!(verdict(&set, vec![row("a", "1")]), Verdict::WrongAnswer);
        let ordered = format!("{set}, order: [{{ by: name, descending: false }}]");
        let judged = judge(&expect(&ordered), &answer(rows()), Duration::ZERO);
        assert_eq!((judged.verdict, judged.rows), (Verdict::WrongAnswer, Some(false)));
    }

    #[test]
    fn an_answer_of_another_meaning_is_wrong_and_a_failure_is_a_refusal() {
        assert_eq!(verdict("outcome: answered, metrics: [orders]", Vec::new()), Verdict::WrongAnswer);
        assert_eq!(verdict("outcome: [clarify, unsupported]", Vec::new()), Verdict::WrongAnswer);
        let mut failed = answer(Vec::new());
        failed.outcome = Ended::Unavailable;
        let judged = judge(&expect(MEANING), &failed, Duration::ZERO);
        assert_eq!((judged.verdict, judged.understood), (Verdict::WrongRefusal, None));
    }

    #[test]
    fn a_question_back_must_offer_what_is_expected() {
        let mut asked = Answer::to("sales");
        asked.outcome = Ended::Clarify;
        asked.clarification = Some(wire::Clarification {
            question: "Which?".to_owned(),
            options: vec!["net sales".to_owned()],
        });
        let judged = |text: &str| judge(&expect(text), &asked, Duration::ZERO).verdict;
        assert_eq!(judged("outcome: clarify, options: [Net sales]"), Verdict::RightRefusal);
        assert_eq!(judged("outcome: clarify, options: [gross sales]"), Verdict::WrongRefusal);
    }
}

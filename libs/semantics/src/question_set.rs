//! Sets of questions with what a careful person expects of each, and the comparison with what came of it.
//!
//! Decides when an interpretation is the expected one, and which of two failures is worse. Asks no model
//! and reads no data: who runs a set brings the outcome. An expectation that names a metric is
//! strict: a filter, dimension, period or limit that it leaves out must not be there. The order of rows is
//! compared only where it is given.

mod read;

use crate::{Calendar, Dimension, Grain, Interpretation, Order};
use jiff::civil::{Date, DateTime};
use std::time::SystemTime;

pub use read::{load_question_set, parse_question_set};

/// A question of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct SetQuestion {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What is asked.
    pub question: String,
    /// Profile of the caller.
    pub profile: String,
    /// Local time in the policy's calendar from which periods count; a day alone is its noon.
    pub as_of: Option<DateTime>,
    /// What is expected of the answer.
    pub expect: Expectation,
    /// Follow-ups, in the same conversation.
    pub turns: Vec<Turn>,
}

/// A follow-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// What is asked.
    pub question: String,
    /// What is expected of the answer.
    pub expect: Expectation,
}

/// How an ask ends, as far as understanding goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With a result.
    Answered,
    /// With a question back.
    Clarify,
    /// With the list of what can be asked.
    Unsupported,
    /// With the answer that says nothing about what the caller may not see.
    NothingInScope,
}

/// What is expected of an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectation {
    /// Outcomes that are right; at least one.
    pub outcomes: Vec<Outcome>,
    /// Names of metrics; `None` where the interpretation does not matter.
    pub metrics: Option<Vec<String>>,
    /// Fields to group by.
    pub dimensions: Vec<ExpectedDimension>,
    /// Filters.
    pub filters: Vec<ExpectedFilter>,
    /// First day, and the day after the last one.
    pub period: Option<(Date, Date)>,
    /// Order of the rows, where it matters.
    pub order: Option<Vec<Order>>,
    /// Rows wanted.
    pub limit: Option<u32>,
    /// Options that a question back must offer.
    pub options: Vec<String>,
    /// Rows of the result.
    pub rows: Option<Vec<Vec<ExpectedCell>>>,
}

/// `dataset.field`, or `dataset.field:grain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDimension {
    /// Dataset and field.
    pub field: String,
    /// Calendar grain.
    pub grain: Option<Grain>,
}

/// A filter by its phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFilter {
    /// The phrase, in any case of its letters.
    pub phrase: String,
    /// Whether matching rows are left out.
    pub negated: bool,
}

/// A cell of an expected row.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpectedCell {
    /// Nothing.
    Null,
    /// A truth.
    Boolean(bool),
    /// A number of any type.
    Number(f64),
    /// Text, or a date as text.
    Text(String),
}

/// What became of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answered as expected.
    Right,
    /// Rightly refused, or rightly asked back.
    RightRefusal,
    /// Refused or asked back where an answer was expected: a nuisance.
    WrongRefusal,
    /// Answered with another meaning, or where nothing should have been answered: the worst kind.
    WrongAnswer,
}

impl SetQuestion {
    /// The instant from which periods count in `calendar`; `default` where the set says none.
    #[must_use]
    pub fn instant(&self, calendar: &Calendar, default: SystemTime) -> SystemTime {
        self.as_of.and_then(|local| calendar.instant(local)).unwrap_or(default)
    }
}

impl Expectation {
    /// What became of a question that ended with `outcome`, with `interpretation` if it was understood.
    #[must_use]
    pub fn verdict(&self, outcome: Outcome, interpretation: Option<&Interpretation>) -> Verdict {
        let expected = self.outcomes.contains(&outcome);
        match outcome {
            Outcome::Answered | Outcome::NothingInScope if self.is_other(interpretation) => {
                Verdict::WrongAnswer
            }
            // Whether a value is in scope only the data can tell: reading alone stops before.
            Outcome::Answered if expected || self.outcomes.contains(&Outcome::NothingInScope) => {
                Verdict::Right
            }
            Outcome::Answered => Verdict::WrongAnswer,
            Outcome::NothingInScope if expected => Verdict::Right,
            // Nothing was said of anything: a nuisance, like a refusal.
            Outcome::NothingInScope => Verdict::WrongRefusal,
            Outcome::Clarify | Outcome::Unsupported if expected => Verdict::RightRefusal,
            Outcome::Clarify | Outcome::Unsupported => Verdict::WrongRefusal,
        }
    }

    fn is_other(&self, interpretation: Option<&Interpretation>) -> bool {
        interpretation.is_some_and(|found| !self.differences(found).is_empty())
    }

    /// Where an interpretation is another than the expected one, in words.
    #[must_use]
    pub fn differences(&self, found: &Interpretation) -> Vec<String> {
        let Some(metrics) = &self.metrics else { return Vec::new() };
        let mut parts = vec![
            ("metrics", sorted(metrics.iter().cloned()), sorted(found.metrics.iter().cloned())),
            (
                "dimensions",
                sorted(self.dimensions.iter().map(ExpectedDimension::text)),
                sorted(found.dimensions.iter().map(dimension_text)),
            ),
            (
                "filters",
                sorted(self.filters.iter().map(|filter| filter_text(&filter.phrase, filter.negated))),
                sorted(found.filters.iter().flat_map(|filter| {
                    filter.phrases.iter().map(|phrase| filter_text(phrase, filter.negated))
                })),
            ),
            (
                "period",
                self.period.map(|(from, to)| format!("{from}..{to}")).into_iter().collect(),
                found.period.iter().map(|period| span_text(period.from, period.to)).collect(),
            ),
            (
                "limit",
                self.limit.iter().map(u32::to_string).collect(),
                found.limit.iter().map(u32::to_string).collect(),
            ),
        ];
        if let Some(order) = &self.order {
            let texts = |orders: &[Order]| orders.iter().map(order_text).collect::<Vec<_>>();
            parts.push(("order", texts(order), texts(&found.order)));
        }
        parts
            .into_iter()
            .filter(|(_, expected, found)| expected != found)
            .map(|(part, expected, found)| format!("{part}: expected {expected:?}, found {found:?}"))
            .collect()
    }

    /// The options that were expected and are not among `offered`.
    #[must_use]
    pub fn missing_options(&self, offered: &[String]) -> Vec<&str> {
        let is_offered = |option: &str| offered.iter().any(|other| other.eq_ignore_ascii_case(option));
        self.options.iter().map(String::as_str).filter(|option| !is_offered(option)).collect()
    }
}

impl ExpectedDimension {
    fn text(&self) -> String {
        with_grain(&self.field, self.grain)
    }
}

fn dimension_text(dimension: &Dimension) -> String {
    with_grain(&format!("{}.{}", dimension.field.dataset, dimension.field.field), dimension.grain)
}

fn with_grain(field: &str, grain: Option<Grain>) -> String {
    grain.map_or_else(|| field.to_owned(), |grain| format!("{field}:{}", grain.name()))
}

fn filter_text(phrase: &str, negated: bool) -> String {
    format!("{}{}", if negated { "not " } else { "" }, phrase.to_lowercase())
}

fn order_text(order: &Order) -> String {
    format!("{}{}", order.by, if order.descending { " descending" } else { "" })
}

/// A span of whole days as its dates; any other with its times.
fn span_text(from: DateTime, to: DateTime) -> String {
    let midnight = jiff::civil::Time::midnight();
    if from.time() == midnight && to.time() == midnight {
        format!("{}..{}", from.date(), to.date())
    } else {
        format!("{from}..{to}")
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

#[cfg(test)]
mod tests;

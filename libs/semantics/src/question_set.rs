//! Sets of questions with what a careful person expects of each, and the comparison with what came of it.
//!
//! Decides when an interpretation is the expected one, and which of two failures is worse. Asks no model
//! and reads no data: who runs a set brings the outcome. An expectation that names a metric is
//! strict: a filter, dimension, period or limit that it leaves out must not be there. The order of rows is
//! compared only where it is given, and so are a comparison, bounds and shares.

mod compare;
mod read;

use crate::{Calendar, Grain, Interpretation, Order, Threshold};
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
    /// First day of the period that is compared with, and the day after its last one, where it matters.
    pub comparison: Option<(Date, Date)>,
    /// Bounds on figures, where they matter.
    pub thresholds: Option<Vec<Threshold>>,
    /// Whether shares are shown, where it matters.
    pub shares: Option<bool>,
    /// Order of the rows, where it matters.
    pub order: Option<Vec<Order>>,
    /// Rows wanted.
    pub limit: Option<u32>,
    /// Options that a question back must offer.
    pub options: Vec<String>,
    /// Rows of the result.
    pub rows: Option<Vec<Vec<ExpectedCell>>>,
}

/// `dataset.field`, or `dataset.field:grain`; or the field alone, of any dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedDimension {
    /// Dataset and field, or the field alone.
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
    /// A field that it may be a value of, where that matters.
    pub field: Option<String>,
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

    /// The options that were expected and are not among `offered`.
    #[must_use]
    pub fn missing_options(&self, offered: &[String]) -> Vec<&str> {
        let is_offered = |option: &str| offered.iter().any(|other| other.eq_ignore_ascii_case(option));
        self.options.iter().map(String::as_str).filter(|option| !is_offered(option)).collect()
    }
}

#[cfg(test)]
mod tests;

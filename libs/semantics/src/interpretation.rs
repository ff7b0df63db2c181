//! What a question was understood to mean.
//!
//! A language model proposes a [`DraftInterpretation`]; [`crate::validate`] checks every name in it
//! against the semantic model and the policy, resolves the period in the policy's calendar, and is
//! the only maker of a [`ValidatedInterpretation`]. It holds no value of the warehouse: filters are
//! phrases of the question until the query service resolves them among the caller's own rows.

mod buckets;
mod period_expr;

use serde::{Deserialize, Serialize};
use splitplane_types::Derived;

pub use buckets::Buckets;
pub use period_expr::{FiscalUnit, MonthDay, PeriodExpr, PeriodPhrase};

/// A field of the semantic model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRef {
    /// Dataset.
    pub dataset: String,
    /// Field of that dataset.
    pub field: String,
}

/// A calendar unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Calendar day.
    Day,
    /// Week, starting on the policy's first day.
    Week,
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Calendar year.
    Year,
}

impl Grain {
    /// The unit's name in English, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// A field to group by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// The field.
    pub field: FieldRef,
    /// Calendar grain; only for time fields.
    pub grain: Option<Grain>,
}

impl Dimension {
    /// The name of its column in a result, where no other column has that.
    #[must_use]
    pub fn short_alias(&self) -> String {
        let field = &self.field.field;
        self.grain.map_or_else(|| field.clone(), |grain| format!("{field}_{}", grain.name()))
    }
}

/// A restriction to rows whose value matches a phrase, or one of several.
///
/// Phrases that are values of one field widen one another: "Chicago and Boston" are the rows of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The phrases, as asked; at least one.
    pub phrases: Vec<String>,
    /// Fields that each phrase may be a value of; at least one.
    pub fields: Vec<FieldRef>,
    /// Whether matching rows are left out instead.
    pub negated: bool,
    /// Whether "or" joins the phrases: then they must be values of one field, since rows of either of
    /// two fields are no filter. Where "and" joins them, values of several fields must all match.
    pub either: bool,
}

/// A bound on a figure of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Larger than the value.
    MoreThan,
    /// The value or larger.
    AtLeast,
    /// Smaller than the value.
    LessThan,
    /// The value or smaller.
    AtMost,
    /// The value.
    Exactly,
}

/// A restriction to rows of the result whose figure keeps to a bound: "with more than 100 orders".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// A figure of the result: see [`Order::by`].
    pub by: String,
    /// The kind of bound.
    pub bound: Bound,
    /// The value: a decimal number in plain notation, for example `1250.5`.
    pub value: String,
}

/// How to sort: by a figure or a dimension's field name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// A metric's name, that of a column derived from it (`<metric>_growth`: [`Derived`]), or the field name
    /// of one of the dimensions.
    pub by: String,
    /// Largest first.
    pub descending: bool,
}

/// A half-open span `[from, to)` of local time in the policy's calendar.
///
/// Both are ISO 8601 local date-times without zone, for example `2026-11-16T00:00:00`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First instant, inclusive.
    #[serde(with = "iso")]
    pub from: jiff::civil::DateTime,
    /// End, exclusive.
    #[serde(with = "iso")]
    pub to: jiff::civil::DateTime,
    /// Time zone in which both are read, as IANA names it.
    pub zone: String,
    /// The phrase it was read from.
    pub label: String,
}

impl Period {
    /// The first day, inclusive.
    #[must_use]
    pub fn first_day(&self) -> jiff::civil::Date {
        self.from.date()
    }

    /// The last day, inclusive.
    #[must_use]
    pub fn last_day(&self) -> jiff::civil::Date {
        // A business day that begins at four lasts until four of the next date. One nanosecond before the
        // end is still inside; at the end of time there is nothing before.
        let into = self.from.time().since(jiff::civil::Time::midnight()).unwrap_or_default();
        let end = self.to.checked_sub(into).unwrap_or(self.to);
        end.checked_sub(jiff::Span::new().nanoseconds(1)).map_or(end.date(), |last| last.date())
    }
}

/// A period to compare with, before the calendar gives it dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComparisonExpr {
    /// The period of the same length just before: the month before a month.
    Previous,
    /// The same period a year before; of weeks, the ones 52 weeks before.
    LastYear,
    /// A period of its own.
    With(PeriodPhrase),
}

/// What a model proposes. Nothing in it has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftInterpretation {
    /// Metrics by name.
    pub metrics: Vec<String>,
    /// Dimensions to group by.
    pub dimensions: Vec<Dimension>,
    /// Filters by value.
    pub filters: Vec<Filter>,
    /// The period; `None` for all time.
    pub period: Option<PeriodPhrase>,
    /// The period to compare with.
    pub comparison: Option<ComparisonExpr>,
    /// Bounds on the figures of each row.
    pub thresholds: Vec<Threshold>,
    /// Whether each figure is shown as a share of the sum over all groups, too.
    pub shares: bool,
    /// Order of the rows.
    pub order: Vec<Order>,
    /// Rows wanted.
    pub limit: Option<u32>,
}

/// The content of an interpretation, as it travels in a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpretation {
    /// Metrics by name; at least one.
    pub metrics: Vec<String>,
    /// Dimensions to group by.
    pub dimensions: Vec<Dimension>,
    /// Filters by value.
    pub filters: Vec<Filter>,
    /// The period; `None` for all time.
    pub period: Option<Period>,
    /// The period to compare with.
    pub comparison: Option<Period>,
    /// Bounds on the figures of each row.
    pub thresholds: Vec<Threshold>,
    /// Whether each figure is shown as a share of the sum over all groups, too.
    pub shares: bool,
    /// Order of the rows.
    pub order: Vec<Order>,
    /// Rows wanted; `None` for all.
    pub limit: Option<u32>,
    /// Where the days and weeks of a grain begin.
    pub buckets: Buckets,
}

impl Interpretation {
    /// What is shown beside each metric, in order.
    #[must_use]
    pub fn derived(&self) -> Vec<Derived> {
        let compared = [Derived::Before, Derived::Change, Derived::Growth];
        let mut derived: Vec<Derived> = if self.comparison.is_some() { compared.into() } else { Vec::new() };
        derived.extend(self.shares.then_some(Derived::Share));
        derived
    }

    /// The interpretation as a draft, to be changed by what is asked next. Its periods stay the days that
    /// they are, whenever the draft is validated.
    #[must_use]
    pub fn to_draft(&self) -> DraftInterpretation {
        let phrase = |period: &Period| PeriodPhrase {
            expr: PeriodExpr::Between { from: period.first_day(), to: period.last_day() },
            label: period.label.clone(),
        };
        DraftInterpretation {
            metrics: self.metrics.clone(),
            dimensions: self.dimensions.clone(),
            filters: self.filters.clone(),
            period: self.period.as_ref().map(phrase),
            comparison: self.comparison.as_ref().map(|period| ComparisonExpr::With(phrase(period))),
            thresholds: self.thresholds.clone(),
            shares: self.shares,
            order: self.order.clone(),
            limit: self.limit,
        }
    }
}

/// Local date-times as ISO 8601 text.
mod iso {
    use jiff::civil::DateTime;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(at: &DateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at: DateTime = text.parse().map_err(D::Error::custom)?;
        // jiff reads many spellings; a receipt has one.
        if at.to_string() == text { Ok(at) } else { Err(D::Error::custom("not a local date-time")) }
    }
}

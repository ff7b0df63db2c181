//! What words mean: the semantic model, the policy, the calendar, interpretations, and the
//! compiler from an interpretation to SQL.
//!
//! Decides which metrics, fields and periods exist and how they are computed. Does not decide whose
//! rows are read (`splitplane-split-plane` does, from the policy and the grants) and runs nothing.

mod calendar;
mod catalogue;
mod check;
mod compile;
mod draft;
mod error;
mod expression;
#[cfg(test)]
mod fixtures;
mod interpretation;
mod joins;
mod log;
mod model;
mod ossie;
mod period;
mod policy;
mod policy_file;
mod question_set;
mod report;
mod sentence;
mod validate;
mod words;
#[doc(hidden)]
pub mod yaml;

pub use calendar::{Calendar, FiscalMonths, FiscalYear, FiscalYearNamedBy};
pub use catalogue::Catalogue;
pub use check::{check_model, check_policy};
pub use compile::{BoundFilter, RelationSchema, compile};
pub use draft::{DataHints, DatasetHints, draft_policy, grants_candidate};
pub use error::{CompileError, InterpretationError, LoadError, PeriodError};
pub use interpretation::{
    Bound, Buckets, ComparisonExpr, Dimension, DraftInterpretation, FieldRef, Filter, FiscalUnit, Grain,
    Interpretation, MonthDay, Order, Period, PeriodExpr, PeriodPhrase, Threshold,
};
pub use joins::{relations_of, time_field};
pub use model::{Dataset, Field, FieldExpression, Metric, Relationship, SemanticModel};
pub use ossie::{load_model, parse_model};
pub use period::{PeriodSearch, find_period, leading_period};
pub use policy::{
    ColumnPolicy, DatasetPolicy, Grants, Mask, Policy, RowPolicy, ScopeKey, ScopeRule, Treatment, Visibility,
};
pub use policy_file::{load_policy, parse_policy};
pub use question_set::{
    Expectation, ExpectedCell, ExpectedDimension, ExpectedFilter, Outcome, SetQuestion, Turn, Verdict,
    load_question_set, parse_question_set,
};
pub use report::{CODES, Finding, Report, Severity};
pub use sentence::{figure_label, period_text, sentence};
pub use splitplane_types::Derived;
pub use validate::{
    ValidatedInterpretation, interpretation_from_conversation, interpretation_from_receipt, validate,
};
pub use words::{nearest, words_of};

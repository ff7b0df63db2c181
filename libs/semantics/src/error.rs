//! Why a file was not loaded, a period not resolved, an interpretation not validated or not compiled.
//!
//! Decides the words; where they go is for the services to say.

use crate::FieldRef;
use std::path::PathBuf;

/// Why a semantic model or a policy was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("{}: cannot be read; check that the file exists and may be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file says something that it must not say.
    #[error("{file}:{line}: {what}; {remedy}")]
    Invalid {
        /// What kind of mistake it is: one of [`crate::CODES`].
        code: &'static str,
        /// The file.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// What is wrong.
        what: String,
        /// What to do about it.
        remedy: String,
    },
}

impl LoadError {
    /// Says what kind of mistake it is.
    pub(crate) fn coded(mut self, kind: &'static str) -> Self {
        if let Self::Invalid { code, .. } = &mut self {
            *code = kind;
        }
        self
    }
}

/// Why a period has no dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// A first day after the last one.
    #[error("the period ends before it begins")]
    Reversed,
    /// "Since" a day that has not come.
    #[error("the period begins in the future")]
    Future,
    /// Outside the years that dates can have, or a month or quarter that no year has.
    #[error("the period is outside the calendar")]
    OutOfRange,
}

/// Why a draft was not validated.
#[derive(Debug, thiserror::Error)]
pub enum InterpretationError {
    /// No metric at all.
    #[error("no metric was named")]
    NoMetric,
    /// No metric by that name, or none that this role may see: the two look alike.
    #[error("no metric is called `{0}`")]
    UnknownMetric(String),
    /// A field by which these metrics cannot be grouped or filtered.
    #[error("`{}.{}` is not a dimension of these metrics", .0.dataset, .0.field)]
    UnknownDimension(FieldRef),
    /// A metric or a dimension twice.
    #[error("`{0}` is named twice")]
    Repeated(String),
    /// A grain on a field that holds no time.
    #[error("`{}.{}` holds no time, so it has no calendar grain", .0.dataset, .0.field)]
    NotTime(FieldRef),
    /// A filter without a phrase or without a field.
    #[error("a filter names no value or no field")]
    EmptyFilter,
    /// An order by something that is not in the result.
    #[error("the result has no single column `{0}` to order by")]
    UnknownOrder(String),
    /// A limit of no rows.
    #[error("the number of rows must be at least 1")]
    ZeroLimit,
    /// A limit on a result of one row.
    #[error("a number of rows needs a dimension to group by")]
    LimitWithoutDimension,
    /// A bound on something that is not in the result.
    #[error("the result has no figure `{0}` to bound")]
    UnknownFigure(String),
    /// A bound that is no number.
    #[error("`{0}` is no decimal number")]
    NotANumber(String),
    /// A bound or a share of a result of one row.
    #[error("bounds and shares need a dimension to group by")]
    NothingToChoose,
    /// Shares of figures that do not add up.
    #[error("`{0}` does not add up, so it has no shares")]
    NotAdditive(String),
    /// A comparison without a period of its own.
    #[error("a comparison needs a period to start from")]
    ComparisonWithoutPeriod,
    /// A comparison of a period with itself.
    #[error("a period is compared with itself")]
    SamePeriod,
    /// Buckets of two periods that do not meet.
    #[error("the buckets of `{0}` in the two periods do not meet")]
    Unaligned(String),
    /// A period for metrics without a time field that this role may see.
    #[error("these metrics have no time field to which a period applies")]
    NoTimeField,
    /// More parts than an interpretation may have.
    #[error("the interpretation has too many parts")]
    TooLarge,
    /// The period has no dates.
    #[error("the period cannot be resolved")]
    Period(#[from] PeriodError),
    /// The receipt's content is no interpretation.
    #[error("the receipt holds no interpretation")]
    Malformed(#[source] serde_json::Error),
}

/// Why an interpretation was not compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// No metric at all.
    #[error("the interpretation names no metric")]
    NoMetric,
    /// A name that the model does not have.
    #[error("the model has no {kind} `{name}`")]
    Unknown {
        /// Kind of thing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// No way along relationships from the many side to the one side.
    #[error("no relationship leads from `{from}` to `{to}`")]
    NoPath {
        /// Many side.
        from: String,
        /// One side.
        to: String,
    },
    /// Two ways that are equally short.
    #[error("several relationships lead from `{from}` to `{to}`")]
    AmbiguousPath {
        /// Many side.
        from: String,
        /// One side.
        to: String,
    },
    /// A relation or a column that the sandbox does not hold.
    #[error("the sandbox holds no `{0}`")]
    Missing(String),
    /// A filter that was not resolved to a value.
    #[error("filter {0} is not bound")]
    UnboundFilter(usize),
    /// A binding that fits no filter, or a field that is no candidate of its filter.
    #[error("a binding of filter {0} does not fit it")]
    MisboundFilter(usize),
    /// A period for metrics without a time field.
    #[error("the metrics have no time field")]
    NoTimeField,
    /// A time field whose column holds no time.
    #[error("the column `{0}` holds no date or time")]
    NotTime(String),
    /// A grain on instants, which would be cut in the wrong zone.
    #[error("the column `{0}` holds instants, which have no calendar grain")]
    GrainOfInstants(String),
    /// Buckets of two periods that do not meet.
    #[error("the buckets of `{0}` in the two periods do not meet")]
    Unaligned(String),
    /// A bound that is no number.
    #[error("a bound is no decimal number")]
    NotANumber,
    /// A period that cuts through a day, on a column of dates.
    #[error("the period does not consist of whole days")]
    PartOfDay,
    /// A period without instants in its time zone.
    #[error("the period has no instants in time zone `{0}`")]
    NoInstant(String),
    /// An order by something that is not in the result.
    #[error("the result has no single column `{0}` to order by")]
    UnknownOrder(String),
}

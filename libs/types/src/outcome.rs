//! How a question ended, in one set of names for every place that says so.

use std::fmt;

/// The outcome of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Rows were released.
    Answered,
    /// A question back.
    Clarify,
    /// Not a supported metric.
    Unsupported,
    /// Nothing by that name among the caller's rows.
    NothingInScope,
    /// Over a limit of the policy.
    OverLimit,
    /// Something that is needed is down.
    Unavailable,
    /// Stopped by a check.
    Refused,
}

impl Outcome {
    /// The name, as in JSON, logs and the audit record.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Clarify => "clarify",
            Self::Unsupported => "unsupported",
            Self::NothingInScope => "nothing_in_scope",
            Self::OverLimit => "over_limit",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

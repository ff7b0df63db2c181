//! The prompts and the forms of answers, by version.
//!
//! Decides which text goes with which task. A text that was used is not changed: a new one is a new
//! version, so that a span's version says what the model was told, and the form of its answer is the one
//! that [`super::draft`] reads. Older versions are in the history of this folder; nothing reads them.

/// The version in use.
pub const PROMPT_VERSION: &str = "v3";

/// A task, as a model is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Validate,
    Route,
    WriteSql,
    Explain,
}

impl Task {
    #[cfg(test)]
    pub(super) const ALL: [Self; 4] = [Self::Validate, Self::Route, Self::WriteSql, Self::Explain];

    /// Its name, also of the form of its answer.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Route => "route",
            Self::WriteSql => "write_sql",
            Self::Explain => "explain",
        }
    }

    /// What the model is told to do.
    pub(super) const fn instructions(self) -> &'static str {
        match self {
            Self::Validate => include_str!("../../prompts/v3/validate.md"),
            Self::Route => include_str!("../../prompts/v3/route.md"),
            Self::WriteSql => include_str!("../../prompts/v3/write_sql.md"),
            Self::Explain => include_str!("../../prompts/v3/explain.md"),
        }
    }

    /// JSON schema of the answer.
    pub(super) const fn schema(self) -> &'static str {
        match self {
            Self::Validate => include_str!("../../prompts/v3/validate.schema.json"),
            Self::Route => include_str!("../../prompts/v3/route.schema.json"),
            Self::WriteSql => include_str!("../../prompts/v3/write_sql.schema.json"),
            Self::Explain => include_str!("../../prompts/v3/explain.schema.json"),
        }
    }
}

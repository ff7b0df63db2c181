//! A model's statement beside the one that was compiled: what became of it, and how it compares.
//!
//! Decides nothing of what is released.

use crate::builder::Answer;
use crate::integrity::{Difference, difference};
use splitplane_semantics::Interpretation;
use splitplane_types::Digest;

/// What became of a draft that the guard let pass.
#[derive(Debug)]
pub(crate) enum Drafted {
    /// It is the compiled statement.
    Same,
    /// It ran.
    Ran(Answer),
    /// It went over a limit; its text.
    TooLarge(String),
}

/// How a draft compares with the answer.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) difference: Option<Difference>,
    /// Rows of the draft's result.
    pub(crate) rows: u64,
    /// Digest of the draft's result.
    pub(crate) digest: Option<Digest>,
    /// Its result, where that is another one than the answer's.
    pub(crate) draft: Option<Answer>,
    /// Its text, where it has no result.
    unfinished: Option<String>,
}

impl Drafted {
    /// Compares with the answer.
    pub(crate) fn checked(self, asked: &Interpretation, answer: &Answer) -> Checked {
        match self {
            Self::Same => Checked {
                difference: None,
                rows: answer.rows(),
                digest: Some(answer.digest),
                draft: None,
                unfinished: None,
            },
            Self::Ran(draft) => Checked {
                difference: difference(asked, &answer.table, &draft.table),
                rows: draft.rows(),
                digest: Some(draft.digest),
                draft: Some(draft),
                unfinished: None,
            },
            Self::TooLarge(sql) => Checked {
                difference: Some(Difference::Limits),
                rows: 0,
                digest: None,
                draft: None,
                unfinished: Some(sql),
            },
        }
    }
}

impl Checked {
    /// The draft as it ran, where it differs.
    pub(crate) fn draft_sql(&self) -> Option<String> {
        self.difference?;
        self.draft.as_ref().map(|draft| draft.sql.clone()).or_else(|| self.unfinished.clone())
    }
}

//! Why a narrative was not proved. Says what kind of claim and where, never the words: they may hold
//! values of rows, and errors reach logs.

/// What kind of claim could not be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// A number, an amount, a percentage or a ratio.
    Figure,
    /// An ordinal or an extreme: "second", "highest".
    Rank,
    /// A direction or a comparison: "rose", "more than", "not".
    Direction,
    /// A date, a month or a year.
    Date,
    /// A name that is no cell or takes part in nothing, or a word that could claim anything.
    Name,
    /// A sign that has no place in plain text, or a text or a sentence that is too long.
    Text,
}

impl Claim {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Figure => "figure",
            Self::Rank => "rank",
            Self::Direction => "direction",
            Self::Date => "date",
            Self::Name => "name",
            Self::Text => "text",
        }
    }
}

/// A narrative that the result does not prove.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {} at character {at} of the narrative is not proved by the result", claim.as_str())]
pub struct Ungrounded {
    claim: Claim,
    at: usize,
}

impl Ungrounded {
    pub(crate) const fn new(claim: Claim, at: usize) -> Self {
        Self { claim, at }
    }

    /// The kind of the first claim that was not proved.
    #[must_use]
    pub const fn claim(&self) -> Claim {
        self.claim
    }

    /// Where it stands, in characters from the start.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }
}

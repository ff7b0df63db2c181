//! The parts of a question, before the catalogue has chosen between what their words may name.

use super::vocabulary::Tier;
use super::words::Modifier;
use splitplane_semantics::Grain;
use std::ops::Range;

/// What a run of words may name, with how directly.
pub(crate) type Candidates = Vec<(usize, Tier)>;

/// A metric that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    /// Bytes of the question, with the modifiers before it.
    pub(crate) span: Range<usize>,
    pub(crate) candidates: Candidates,
    pub(crate) modifiers: Vec<Modifier>,
    /// Whether it is the only one, or joined to the one before.
    pub(crate) linked: bool,
    /// Whether rows are to be ordered by it: "top 5 branches by fees".
    pub(crate) orders: bool,
    /// The bounds on it, by number.
    pub(crate) bounds: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum GroupKind {
    Grain(Grain),
    Field(Candidates),
}

impl GroupKind {
    /// The fields that it may be; of a calendar unit none.
    pub(crate) const fn candidates(&self) -> Option<&Candidates> {
        match self {
            Self::Field(candidates) => Some(candidates),
            Self::Grain(_) => None,
        }
    }
}

/// Something to group by.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) span: Range<usize>,
    pub(crate) kind: GroupKind,
    /// Whether it is what a rank or "which" asks for.
    pub(crate) wanted: bool,
    /// Whether it stands in the singular.
    pub(crate) single: bool,
}

/// A value that rows must, or must not, have.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) span: Range<usize>,
    /// As asked.
    pub(crate) phrase: String,
    /// The value with the dimension before it where both have capitals: "Branch Harbour" may be its whole
    /// name, or one of the branches.
    pub(crate) titled: Option<Range<usize>>,
    /// The dimension that was named with it.
    pub(crate) dimensions: Option<Candidates>,
    pub(crate) negated: bool,
    /// What joins it to the value before.
    pub(crate) joint: Joint,
    /// Whether the dimension comes after it: "the Oslo branch".
    pub(crate) leads: bool,
    /// Whether "from", "via" or the like comes before, which says where a figure comes from.
    pub(crate) sources: bool,
}

/// What joins a value to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    None,
    Comma,
    And,
    Or,
}

/// "top 5".
#[derive(Debug, Clone)]
pub(crate) struct Rank {
    pub(crate) at: usize,
    pub(crate) descending: bool,
    /// Whether a word said which end; of "which five" the word comes later.
    pub(crate) said: bool,
    pub(crate) count: Option<u32>,
    /// The word that judges, "best" or "worst": which end that is depends on what is measured.
    pub(crate) judged: Option<Range<usize>>,
}

/// A dimension that is named and given no part: "fees of the branches".
#[derive(Debug, Clone)]
pub(crate) struct Loose {
    /// With the preposition before it.
    pub(crate) span: Range<usize>,
    pub(crate) candidates: Candidates,
    pub(crate) single: bool,
}

/// A question in parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) metrics: Vec<Mention>,
    pub(crate) groups: Vec<Group>,
    pub(crate) values: Vec<Value>,
    pub(crate) rank: Option<Rank>,
    /// Whether a bound chooses among groups.
    pub(crate) bounded: bool,
    pub(crate) loose: Vec<Loose>,
    /// Words that only repeat a metric's name, if one that is asked for has them.
    pub(crate) echoes: Vec<Range<usize>>,
    /// What was not understood.
    pub(crate) leftovers: Vec<Range<usize>>,
}

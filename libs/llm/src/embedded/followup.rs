//! Questions that change what was asked before: "and by channel?", "only Chicago", "what about July?", "top 3".
//!
//! Decides whether a text is a whole question, which keeps nothing of what was before, or a fragment, and what a
//! fragment changes. A fragment with a word that is not understood changes nothing.
//!
//! - **L-4** A text that begins like no fragment and has a meaning of its own is a whole question.
//! - **L-5** What is named replaces its like; "also", "add", "too", "split that by" add to it. A metric replaces the
//!   metrics; a dimension the dimensions, but of a time and a field only its own kind; a period the period.
//! - **L-6** A value adds a filter, which never widens. It replaces one only where both are named as values of one
//!   field, both are proper names, or "instead" says so; where it may be either, both are offered.
//! - **L-7** What is kept must still make sense: a dimension that the new metric does not have, a bound on a metric
//!   that is gone, or a rank of pairs makes the fragment a text that is not understood.
//! - **L-8** No fragment can name anything that is not in the catalogue, so none widens what its caller may see.

mod marks;
mod merge;
mod shift;

use super::resolve::{TOKENS_MAX, parts, read};
use super::tokens::tokens;
use super::vocabulary::Vocabulary;
use super::wording;
use splitplane_semantics::{DraftInterpretation, Interpretation};

/// What a text is to what was asked before.
pub(crate) enum Followed {
    /// A question of its own, or nothing at all: to be read as if nothing had been asked before.
    Whole,
    /// A change.
    Changed(Box<DraftInterpretation>),
    /// One of several changes, each as a whole question.
    Either(Vec<String>),
    /// Begins like a change, and is not understood.
    Lost,
}

/// Reads `text` after `previous`.
pub(crate) fn follow(text: &str, vocabulary: &Vocabulary<'_>, previous: &Interpretation) -> Followed {
    if tokens(text).len() > TOKENS_MAX {
        return Followed::Whole;
    }
    let marks = marks::marks(text, vocabulary);
    if !marks.begins && read(text, vocabulary).is_ok() {
        return Followed::Whole;
    }
    let lost = if marks.begins { Followed::Lost } else { Followed::Whole };
    let shifted = shift::shifted(&marks.rest, previous);
    let text = shifted.as_ref().map_or(marks.rest.as_str(), |(rest, _)| rest);
    let shifted = shifted.as_ref().map(|(_, period)| period.clone());
    let merged = |text: &str| {
        let parts = parts(text, vocabulary)?;
        merge::merge(parts, &marks, shifted.clone(), (previous, vocabulary))
    };
    let drafts = merged(text).or_else(|lost| marks.bare_value().map_or(Err(lost), |text| merged(&text)));
    let Ok(drafts) = drafts else { return lost };
    match <[DraftInterpretation; 1]>::try_from(drafts) {
        Ok([draft]) => Followed::Changed(Box::new(draft)),
        Err(drafts) => {
            let options: Vec<String> =
                drafts.iter().filter_map(|draft| wording::question(draft, vocabulary)).collect();
            if options.len() < 2 { lost } else { Followed::Either(options) }
        }
    }
}

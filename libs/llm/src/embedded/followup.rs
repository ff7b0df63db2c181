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
//! - **L-10** After a question that was not answered no fragment is a change: it is asked back, as the whole question that
//!   it would be without that one.

mod marks;
mod merge;
mod shift;

use super::resolve::{TOKENS_MAX, parts, read};
use super::tokens::tokens;
use super::vocabulary::Vocabulary;
use super::wording;
use marks::Marks;
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

/// Whether `text` begins or ends as only a fragment does.
pub(crate) fn begins_fragment(text: &str, vocabulary: &Vocabulary<'_>) -> bool {
    tokens(text).len() <= TOKENS_MAX && marks::marks(text, vocabulary).begins
}

/// Whether `text` is a question of its own: it begins like no fragment, or says all that it is about and ends with "only".
fn is_whole(text: &str, vocabulary: &Vocabulary<'_>, marks: &Marks) -> bool {
    !marks.opens && read(text, vocabulary).is_ok_and(|draft| !marks.begins || says_all(&draft))
}

/// Whether a question says by what and when, and not only of what.
pub(crate) fn says_all(draft: &DraftInterpretation) -> bool {
    !draft.dimensions.is_empty() && draft.period.is_some()
}

/// The values that a text with "only" names beside another metric: "only late orders" may narrow what was asked before,
/// or ask for orders.
fn values_beside_metric(draft: &DraftInterpretation, previous: &Interpretation) -> Option<String> {
    let kept = |phrase: &&String| !previous.filters.iter().any(|filter| filter.phrases.contains(phrase));
    let named = draft.filters.iter().filter(|filter| !filter.negated).flat_map(|filter| &filter.phrases);
    let phrases: Vec<String> = named.filter(kept).map(|phrase| format!("\"{phrase}\"")).collect();
    (draft.metrics != previous.metrics && !phrases.is_empty())
        .then(|| format!("for {}", phrases.join(" and ")))
}

/// Reads `text` after `previous`.
pub(crate) fn follow(text: &str, vocabulary: &Vocabulary<'_>, previous: &Interpretation) -> Followed {
    if tokens(text).len() > TOKENS_MAX {
        return Followed::Whole;
    }
    let marks = marks::marks(text, vocabulary);
    if is_whole(text, vocabulary, &marks) {
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
    let or = |lost, text: Option<String>| text.map_or(Err(lost), |text| merged(&text));
    let drafts =
        merged(text).or_else(|lost| or(lost, marks.narrowed())).or_else(|lost| or(lost, marks.bare_value()));
    let Ok(mut drafts) = drafts else { return lost };
    let draft = drafts.first().filter(|_| marks.narrows);
    if let Some(values) = draft.and_then(|draft| values_beside_metric(draft, previous)) {
        let Ok(narrowed) = merged(&values) else { return lost };
        drafts.extend(narrowed);
    }
    match <[DraftInterpretation; 1]>::try_from(drafts) {
        Ok([draft]) => Followed::Changed(Box::new(draft)),
        Err(drafts) => {
            let options: Vec<String> =
                drafts.iter().filter_map(|draft| wording::question(draft, vocabulary)).collect();
            if options.len() < 2 { lost } else { Followed::Either(options) }
        }
    }
}

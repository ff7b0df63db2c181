//! Answers to a question back: "the ticket revenue" after "Which do you mean: ticket revenue or freight revenue?".
//!
//! Decides which of the options a text names. A text that says anything more than that, or names two of them, is no
//! answer, and is read like any other.

use super::resolve::{Parts, chosen, parts, read};
use super::vocabulary::{Tier, Vocabulary};
use splitplane_semantics::DraftInterpretation;

/// What the one of `options` asks for that `text` names.
pub(crate) fn answered(
    text: &str,
    options: &[String],
    vocabulary: &Vocabulary<'_>,
) -> Option<DraftInterpretation> {
    let said = parts(text, vocabulary).ok().filter(is_bare)?;
    let drafts = options.iter().filter_map(|option| read(option, vocabulary).ok());
    let named: Vec<DraftInterpretation> = drafts.filter(|draft| names(&said, draft, vocabulary)).collect();
    <[DraftInterpretation; 1]>::try_from(named).ok().map(|[draft]| draft)
}

/// Whether nothing but a metric, a dimension or a period is said.
fn is_bare(parts: &Parts) -> bool {
    let (reading, said) = (&parts.reading, &parts.said);
    let things = [
        !reading.metrics.is_empty(),
        !reading.groups.is_empty() || !reading.loose.is_empty(),
        parts.period.is_some(),
    ];
    things.iter().filter(|thing| **thing).count() == 1
        && reading.leftovers.is_empty()
        && reading.echoes.is_empty()
        && reading.values.is_empty()
        && reading.rank.is_none()
        && reading.groups.len() + reading.loose.len() <= 1
        && parts.bounds.is_empty()
        && !parts.shares
        && !said.twice
        && said.against.is_none()
        && said.figure.is_none()
}

/// Whether `draft` is about what is said.
fn names(said: &Parts, draft: &DraftInterpretation, vocabulary: &Vocabulary<'_>) -> bool {
    if let Some(period) = &said.period {
        return draft.period.as_ref().is_some_and(|own| own.expr == period.expr);
    }
    if !said.reading.metrics.is_empty() {
        let metrics = chosen(&said.reading, vocabulary).unwrap_or_default();
        let names: Vec<&str> = metrics
            .iter()
            .filter_map(|index| vocabulary.metrics.get(*index))
            .map(|m| m.name.as_str())
            .collect();
        return !names.is_empty() && draft.metrics.iter().map(String::as_str).eq(names);
    }
    let loose = said.reading.loose.iter().map(|loose| &loose.candidates);
    let groups = said.reading.groups.iter().filter_map(|group| group.kind.candidates());
    let mut candidates = loose.chain(groups).flatten();
    candidates.any(|(index, tier)| {
        let dimension = vocabulary.dimensions.get(*index);
        *tier <= Tier::Synonym
            && dimension.is_some_and(|own| draft.dimensions.iter().any(|other| other.field == own.reference))
    })
}

//! The filters of a question, from the values in it.
//!
//! Decides which values widen one another: those that "and", "or" or a comma joins and that may be values of the
//! same fields. Values of different dimensions that are named narrow one another.

use super::super::grammar::{Candidates, Joint, Reading, Value};
use super::super::vocabulary::Vocabulary;
use super::Trouble;
use splitplane_semantics::{FieldRef, Filter};

/// The filters of a question.
pub(super) fn filters(
    reading: &Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Filter>, Trouble> {
    let mut filters: Vec<Filter> = Vec::new();
    for list in lists(&reading.values) {
        for filter in merged(list, vocabulary, metrics)? {
            // Two values of one field are true of no row; that is not what anyone asks for.
            let one_field = |other: &Filter| {
                !other.negated && !filter.negated && filter.fields.len() == 1 && other.fields == filter.fields
            };
            if filters.iter().any(one_field) {
                return Err(refused(list));
            }
            filters.push(filter);
        }
    }
    Ok(filters)
}

fn refused(list: &[Value]) -> Trouble {
    Trouble::Unsupported { leftovers: list.iter().map(|value| value.span.clone()).collect() }
}

/// The values in runs that are joined to one another.
fn lists(values: &[Value]) -> impl Iterator<Item = &[Value]> {
    values.chunk_by(|before, after| after.joint != Joint::None && before.negated == after.negated)
}

/// The filters of values that are joined.
fn merged(list: &[Value], vocabulary: &Vocabulary<'_>, metrics: &[usize]) -> Result<Vec<Filter>, Trouble> {
    if let Some(span) = list.iter().find_map(|value| value.titled.clone()) {
        return Err(Trouble::Name { span });
    }
    // "Oslo, Bergen and Bodo": a comma is what the word after it is.
    let either = list.iter().any(|value| value.joint == Joint::Or);
    if either && list.iter().any(|value| value.joint == Joint::And) {
        return Err(refused(list));
    }
    let mut filters: Vec<Filter> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let own = value.dimensions.as_ref().or_else(|| inherited(list, index));
        let mut filter = filter(value, own, vocabulary, metrics)?;
        filter.either = either && !filter.negated;
        match filters.iter_mut().find(|other| other.fields == filter.fields) {
            Some(other) => other.phrases.extend(filter.phrases),
            None => filters.push(filter),
        }
    }
    // Rows of either of two fields are no filter.
    if either && filters.len() > 1 && filters.iter().any(|filter| !filter.negated) {
        return Err(refused(list));
    }
    for filter in &mut filters {
        filter.either &= filter.phrases.len() > 1;
    }
    Ok(filters)
}

/// The dimension that another value of the list was given: of the nearest before, else of the last one: "branches
/// Oslo and Bergen", "the Oslo and Bergen branches".
fn inherited(list: &[Value], index: usize) -> Option<&Candidates> {
    let before = list.get(..index)?.iter().rev().find_map(|value| value.dimensions.as_ref());
    before.or_else(|| {
        list.get(index + 1..)?.iter().find_map(|value| value.dimensions.as_ref().filter(|_| value.leads))
    })
}

fn filter(
    value: &Value,
    own: Option<&Candidates>,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Filter, Trouble> {
    let named = |index: &usize| match own {
        // "branch 12" may be a name or a key: which, the caller's own rows will tell.
        Some(candidates) => candidates.iter().any(|(candidate, _)| candidate == index),
        None => true,
    };
    let fields: Vec<FieldRef> = vocabulary
        .shared(metrics)
        .into_iter()
        .filter(named)
        .filter_map(|index| vocabulary.dimensions.get(index))
        .filter(|dimension| dimension.is_text())
        .map(|dimension| dimension.reference.clone())
        .collect();
    if fields.is_empty() || value.phrase.trim().is_empty() {
        return Err(Trouble::Unsupported { leftovers: vec![value.span.clone()] });
    }
    let phrases = vec![value.phrase.trim().to_owned()];
    Ok(Filter { phrases, fields, negated: value.negated, either: false })
}

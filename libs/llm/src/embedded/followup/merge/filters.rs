//! The filters after a fragment.
//!
//! Decides whether a value adds a filter or replaces one. Adding never widens; replacing must be said.

use super::super::super::resolve;
use super::{Merge, NotUnderstood};
use splitplane_semantics::Filter;

impl Merge<'_> {
    /// The lists of filters that the fragment may mean.
    pub(super) fn filters(&self) -> Result<Vec<Vec<Filter>>, NotUnderstood> {
        let kept = self.kept_filters()?;
        let named = resolve::filters_of(&self.parts, self.vocabulary, &self.metrics)?;
        let mut lists = vec![kept];
        for filter in &named {
            let mut next = Vec::new();
            for list in lists {
                next.extend(self.laid_over(&list, filter)?);
            }
            lists = next;
        }
        Ok(lists)
    }

    /// The filters before that stay, over the fields that the metrics have.
    fn kept_filters(&self) -> Result<Vec<Filter>, NotUnderstood> {
        if self.marks.no_filters {
            return if self.previous.filters.is_empty() { Err(NotUnderstood) } else { Ok(Vec::new()) };
        }
        let mut before = self.previous.filters.clone();
        if let Some(value) = &self.marks.without {
            let value = value.trim_matches(['"', '\'', '\u{201c}', '\u{201d}']).to_lowercase();
            let count = |filters: &[Filter]| filters.iter().map(|filter| filter.phrases.len()).sum::<usize>();
            let all = count(&before);
            for filter in &mut before {
                filter.phrases.retain(|phrase| phrase.to_lowercase() != value);
                filter.either &= filter.phrases.len() > 1;
            }
            if count(&before) + 1 != all {
                return Err(NotUnderstood);
            }
            before.retain(|filter| !filter.phrases.is_empty());
        }
        let mut kept = Vec::new();
        for filter in &before {
            let fields: Vec<_> = filter.fields.iter().filter_map(|field| self.moved(field)).collect();
            if fields.is_empty() {
                return Err(NotUnderstood);
            }
            kept.push(Filter { fields, ..filter.clone() });
        }
        if self.marks.all_of.is_empty() {
            return Ok(kept);
        }
        let of = |filter: &Filter| {
            let dimensions =
                self.marks.all_of.iter().filter_map(|index| self.vocabulary.dimensions.get(*index));
            dimensions.into_iter().any(|dimension| filter.fields.contains(&dimension.reference))
        };
        let sure = |filter: &Filter| of(filter) && (filter.fields.len() <= 2 || kept.len() == 1);
        let stay: Vec<Filter> = kept.iter().filter(|filter| !sure(filter)).cloned().collect();
        let clear = stay.len() < kept.len() && !stay.iter().any(of);
        if clear { Ok(stay) } else { Err(NotUnderstood) }
    }

    /// The filters with one more, or with it in the place of another.
    fn laid_over(&self, list: &[Filter], filter: &Filter) -> Result<Vec<Vec<Filter>>, NotUnderstood> {
        let overlaps = |other: &&Filter| other.fields.iter().any(|field| filter.fields.contains(field));
        let added = || list.iter().cloned().chain([filter.clone()]).collect::<Vec<_>>();
        let like: Vec<&Filter> =
            list.iter().filter(|other| other.negated == filter.negated).filter(overlaps).collect();
        let with = |other: &Filter, instead: Filter| {
            let swap = |own: &Filter| if own == other { instead.clone() } else { own.clone() };
            list.iter().map(swap).collect::<Vec<_>>()
        };
        if filter.negated {
            let says_both =
                list.iter().filter(|other| !other.negated).any(|other| same_phrase(other, filter));
            return if says_both { Err(NotUnderstood) } else { Ok(vec![added()]) };
        }
        match like.as_slice() {
            [] => Ok(vec![added()]),
            [other] if self.marks.adds && other.fields == filter.fields && !other.either => {
                let mut both = (*other).clone();
                both.phrases.extend(filter.phrases.iter().cloned());
                Ok(vec![with(other, both)])
            }
            [other]
                if self.marks.instead
                    || (other.fields == filter.fields
                        && (filter.fields.len() == 1 || (is_proper(other) && is_proper(filter))))
                    || same_phrase(other, filter) =>
            {
                Ok(vec![with(other, filter.clone())])
            }
            // A field that is named is likely another one.
            [other] if filter.fields.len() == 1 && other.fields.len() > 1 => Ok(vec![added()]),
            [other] => Ok(vec![with(other, filter.clone()), added()]),
            [..] => {
                let own: Vec<&&Filter> = like.iter().filter(|other| other.fields == filter.fields).collect();
                match own.as_slice() {
                    [other] if filter.fields.len() == 1 => Ok(vec![with(other, filter.clone())]),
                    _ => Err(NotUnderstood),
                }
            }
        }
    }
}

fn same_phrase(one: &Filter, other: &Filter) -> bool {
    one.phrases
        .iter()
        .any(|phrase| other.phrases.iter().any(|own| own.to_lowercase() == phrase.to_lowercase()))
}

/// Whether all its values are written as names are.
fn is_proper(filter: &Filter) -> bool {
    filter.phrases.iter().all(|phrase| phrase.starts_with(char::is_uppercase))
}

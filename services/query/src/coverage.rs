//! Says how much of what a caller may see an answer covers: "2 of your 2 locations".
//!
//! Counted by code over the caller's own grants and rows; no model has a say.

use crate::builder::Sandbox;
use crate::scope::{granted_names, key_column};
use crate::token::ResolvedFilter;
use splitplane_engine::{Engine, EngineError, Lookup, Match};
use splitplane_semantics::{Interpretation, Policy, SemanticModel, words_of};
use splitplane_types::Cell;
use std::sync::Arc;

/// How much is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// One sentence.
    pub(crate) sentence: String,
    /// Scope keys left by the filters.
    pub(crate) covered: u32,
    /// Scope keys granted.
    pub(crate) granted: u32,
}

/// What coverage is counted from.
#[derive(Debug)]
pub(crate) struct Counting<'a> {
    /// The engine.
    pub(crate) engine: &'a dyn Engine,
    /// The caller's scope and keys.
    pub(crate) sandbox: &'a Sandbox,
    /// The semantic model.
    pub(crate) model: &'a SemanticModel,
    /// The policy.
    pub(crate) policy: &'a Policy,
}

impl Counting<'_> {
    /// Counts the keys that `filters` leave of those granted.
    pub(crate) async fn coverage(
        &self,
        interpretation: &Interpretation,
        filters: &[ResolvedFilter],
    ) -> Result<Coverage, EngineError> {
        let names = granted_names(&self.policy.grants.yields);
        let granted = self.sandbox.grants.len();
        let mut covered = granted;
        if let [name] = names.as_slice() {
            for (position, filter) in interpretation.filters.iter().enumerate() {
                let of_filter: Vec<&ResolvedFilter> =
                    filters.iter().filter(|resolved| resolved.filter == position).collect();
                if let Some(matching) = self.matching_keys(name, &of_filter).await? {
                    let left = if filter.negated { granted.saturating_sub(matching) } else { matching };
                    covered = covered.min(left);
                }
            }
        }
        let noun = match names.as_slice() {
            [name] => words_of(name),
            [] | [_, ..] => "grant".to_owned(),
        };
        let noun = if granted == 1 { noun } else { plural(&noun) };
        let mut sentence = format!("{covered} of your {granted} {noun}");
        if let Some(period) = &interpretation.period {
            sentence.push_str(&format!(", {}", splitplane_semantics::period_text(period)));
        }
        if let Some(before) = &interpretation.comparison {
            sentence.push_str(&format!(", compared with {}", splitplane_semantics::period_text(before)));
        }
        Ok(Coverage { sentence, covered: to_u32(covered), granted: to_u32(granted) })
    }

    /// The keys whose rows match a value of a filter; `None` where the filter says nothing about keys.
    async fn matching_keys(
        &self,
        name: &str,
        values: &[&ResolvedFilter],
    ) -> Result<Option<usize>, EngineError> {
        let mut keys: Vec<Vec<Cell>> = Vec::new();
        let mut is_said = false;
        for filter in values {
            let column = key_column(self.model, self.policy, &self.sandbox.plane, &filter.relation, name);
            let Some(column) = column else { continue };
            is_said = true;
            let value = Cell::Text(filter.value.clone());
            let lookup = Lookup {
                plane: Arc::clone(&self.sandbox.plane),
                relation: filter.relation.clone(),
                columns: vec![column],
                matching: vec![Match::Exactly { column: filter.column.clone(), value }],
                limit: self.sandbox.grants.len(),
                transaction: Some(self.sandbox.transaction.clone()),
            };
            let found = self.engine.lookup(lookup).await?;
            keys.extend(found.into_iter().filter(|key| !keys.contains(key)).collect::<Vec<_>>());
        }
        Ok(is_said.then_some(keys.len()))
    }
}

/// The regular English plural.
fn plural(noun: &str) -> String {
    let sibilant = ["s", "x", "z", "ch", "sh"].iter().any(|ending| noun.ends_with(ending));
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match stem {
        Some(stem) => format!("{stem}ies"),
        None if sibilant => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_regular_plural() {
        for (one, many) in [("branch", "branches"), ("city", "cities"), ("bay", "bays"), ("site", "sites")] {
            assert_eq!(plural(one), many);
        }
    }
}

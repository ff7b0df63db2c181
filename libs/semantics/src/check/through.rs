//! What is doubtful about scopes that lead through another dataset.
//!
//! EXISTS never multiplies rows, but where neither side's key is in it, one row is seen for the sake of any.

use super::{PolicyDesk, field_of, holds_a_key, ticked};
use crate::{Dataset, Relationship, ScopeRule};
use std::collections::BTreeSet;

pub(super) fn lint(desk: PolicyDesk<'_>) {
    for (dataset, rules) in desk.scoped() {
        for rule in rules {
            let ScopeRule::Through { dataset: other, by } = rule else { continue };
            let Some(other) = desk.model.dataset(other) else { continue };
            let by: Vec<(&str, &str)> =
                by.iter().map(|(mine, theirs)| (field_of(dataset, mine), field_of(other, theirs))).collect();
            related(desk, dataset, other, &by);
            any_match(desk, dataset, other, &by);
        }
    }
}

/// The pairs of columns of a relationship, seen from one of its sides.
fn pairs<'r>(relationship: &'r Relationship, from: &str, to: &str) -> Option<BTreeSet<(&'r str, &'r str)>> {
    let zip = |mine: &'r [String], theirs: &'r [String]| {
        mine.iter().map(String::as_str).zip(theirs.iter().map(String::as_str)).collect()
    };
    if relationship.from == from && relationship.to == to {
        Some(zip(&relationship.from_columns, &relationship.to_columns))
    } else if relationship.from == to && relationship.to == from {
        Some(zip(&relationship.to_columns, &relationship.from_columns))
    } else {
        None
    }
}

fn related(desk: PolicyDesk<'_>, dataset: &Dataset, other: &Dataset, by: &[(&str, &str)]) {
    let said: BTreeSet<_> = by.iter().copied().collect();
    let declared: Vec<_> = desk
        .model
        .relationships
        .iter()
        .filter_map(|relationship| Some((relationship, pairs(relationship, &dataset.name, &other.name)?)))
        .collect();
    if declared.iter().any(|(_, pairs)| said.is_superset(pairs)) {
        return;
    }
    let what = format!(
        "the scope of dataset `{}` goes through `{}` by {}, which is no relationship of the model",
        dataset.name,
        other.name,
        joined(by.iter().copied())
    );
    let remedy = match declared.first() {
        Some((relationship, pairs)) => {
            format!("relationship `{}` has `by: {{ {} }}`", relationship.name, joined_yaml(pairs))
        }
        None => "declare it in the model, or go through a dataset that is related".to_owned(),
    };
    desk.notes.warn("through-not-related", &["datasets", &dataset.name, "scope", "by"], what, remedy);
}

fn joined<'n>(by: impl Iterator<Item = (&'n str, &'n str)>) -> String {
    by.map(|(mine, theirs)| format!("`{mine}` = `{theirs}`")).collect::<Vec<_>>().join(", ")
}

fn joined_yaml(pairs: &BTreeSet<(&str, &str)>) -> String {
    pairs.iter().map(|(mine, theirs)| format!("{mine}: {theirs}")).collect::<Vec<_>>().join(", ")
}

/// Neither side's key: rows on both sides share the values.
fn any_match(desk: PolicyDesk<'_>, dataset: &Dataset, other: &Dataset, by: &[(&str, &str)]) {
    let mine: Vec<&str> = by.iter().map(|(mine, _)| *mine).collect();
    let theirs: Vec<&str> = by.iter().map(|(_, theirs)| *theirs).collect();
    if holds_a_key(dataset, &mine) || holds_a_key(other, &theirs) {
        return;
    }
    let (name, other_name) = (&dataset.name, &other.name);
    let what = format!(
        "the scope of dataset `{name}` goes through `{other_name}` by columns that are the key of neither: a row of \
         `{name}` is seen as soon as any row of `{other_name}` with the same {} is, whoever owns the others",
        ticked(theirs.iter().copied())
    );
    let key = if other.primary_key.is_empty() { &dataset.primary_key } else { &other.primary_key };
    let remedy = if key.is_empty() {
        format!("give `{other_name}` a `primary_key` in the model if these columns are one, or go by its key")
    } else {
        format!("go by a whole key: {}", ticked(key.iter().map(String::as_str)))
    };
    desk.notes.warn("through-any-match", &["datasets", name, "scope", "by"], what, remedy);
}

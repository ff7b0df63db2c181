//! Columns that a policy hides or masks and that a relationship joins by.

use super::columns::Restricted;
use super::{PolicyDesk, ticked};
use crate::{Mask, Treatment};

pub(super) fn lint(desk: PolicyDesk<'_>) {
    for column in desk.restricted() {
        let joins: Vec<&str> = desk
            .model
            .relationships
            .iter()
            .filter(|relationship| {
                let is = |dataset: &str, columns: &[String]| {
                    dataset == column.dataset && columns.iter().any(|name| name == column.field)
                };
                is(&relationship.from, &relationship.from_columns)
                    || is(&relationship.to, &relationship.to_columns)
            })
            .map(|relationship| relationship.name.as_str())
            .collect();
        if !joins.is_empty() {
            restricted_key(desk, column, &joins);
        }
    }
}

/// No question goes across a relationship whose columns the role does not see as they are. A hash also keeps
/// what is equal equal, on both sides, so it tells which rows belong together.
fn restricted_key(desk: PolicyDesk<'_>, column: Restricted<'_>, joins: &[&str]) {
    let meaning = match &column.policy.treatment {
        Treatment::Hidden => "they can ask nothing across it",
        Treatment::Mask(Mask::Hash) => {
            "they can ask nothing across it, and still see which rows share a value, since equal values have \
             equal hashes"
        }
        Treatment::Mask(Mask::Null | Mask::Last(_) | Mask::Bucket(_)) => {
            "they can ask nothing across it, and rows that differ look equal"
        }
    };
    let what = format!(
        "{}, and relationship {} joins by it: {meaning}",
        column.said(),
        ticked(joins.iter().copied())
    );
    let remedy = match column.policy.treatment {
        Treatment::Hidden => "leave the key as it is and hide what it leads to, or accept that",
        Treatment::Mask(_) => "leave the key as it is and mask what it leads to, or write `hidden`",
    };
    desk.notes.warn("mask-on-join-key", &column.path(), what, remedy.to_owned());
}

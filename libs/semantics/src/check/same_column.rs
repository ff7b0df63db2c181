//! Other fields that show a column which a policy hides or masks: one column of a file can be several fields, of one
//! dataset or of several that come from the same source.
//!
//! Decides which fields hold what a restricted one holds by what they are computed from. What only has the same name
//! or is joined by is for `columns` to tell.

use super::columns::{Restricted, is_seen};
use super::rows::own_columns;
use super::{PolicyDesk, ticked};
use crate::expression::Names;
use crate::{Dataset, FieldExpression, FieldRef, RowPolicy};
use std::collections::BTreeSet;

/// Fields that are computed from everything that a restricted field is computed from, and that some role sees which
/// does not see this one.
pub(super) fn places<'a>(desk: PolicyDesk<'a>, column: Restricted<'a>) -> BTreeSet<(&'a str, &'a str)> {
    let Some(home) = desk.model.dataset(column.dataset) else { return BTreeSet::new() };
    let held = home.field(column.field).map(|field| columns_of(&field.expression)).unwrap_or_default();
    if held.is_empty() {
        return BTreeSet::new();
    }
    let mut places = BTreeSet::new();
    let listed = desk.policy.datasets.keys().filter_map(|name| desk.model.dataset(name));
    for dataset in listed.filter(|dataset| dataset.source.eq_ignore_ascii_case(&home.source)) {
        // Values that a scope binds are the caller's own.
        if binds_all(desk, dataset, &held) {
            continue;
        }
        let is_public = desk.public().any(|public| public.name == dataset.name);
        let shown = dataset.fields.iter().filter(|field| {
            let place = FieldRef { dataset: dataset.name.clone(), field: field.name.clone() };
            // One of the same name is itself, or in a public dataset told there.
            let is_told = field.name == column.field && (dataset.name == column.dataset || is_public);
            !is_told
                && columns_of(&field.expression).is_superset(&held)
                && is_seen(column.policy, desk.policy_of(&place))
        });
        places.extend(shown.map(|field| (dataset.name.as_str(), field.name.as_str())));
    }
    places
}

/// Says that other fields show the restricted column.
pub(super) fn tell(desk: PolicyDesk<'_>, column: Restricted<'_>, places: &BTreeSet<(&str, &str)>) {
    if places.is_empty() {
        return;
    }
    let names: Vec<String> = places.iter().map(|(dataset, field)| format!("{dataset}.{field}")).collect();
    let names = ticked(names.iter().map(String::as_str));
    let what = format!("{}, and {names} shows them what is computed from the same column", column.said());
    let remedy = "restrict it there in the same way, or take that field out of the model".to_owned();
    desk.notes.warn("shown-elsewhere", &column.path(), what, remedy);
}

/// The columns of its file that a field is computed from, in lower case: engines differ in whether case matters.
fn columns_of(expression: &FieldExpression) -> BTreeSet<String> {
    match expression {
        FieldExpression::Column(column) => BTreeSet::from([column.to_lowercase()]),
        FieldExpression::Computed(expression) => {
            let names = Names::of(expression).names.into_iter();
            names.filter_map(|(parts, _)| parts.last().map(|column| column.to_lowercase())).collect()
        }
    }
}

fn binds_all(desk: PolicyDesk<'_>, dataset: &Dataset, columns: &BTreeSet<String>) -> bool {
    let Some(RowPolicy::Scoped(rules)) = desk.policy.datasets.get(&dataset.name).map(|policy| &policy.rows)
    else {
        return false;
    };
    let bound: BTreeSet<String> = own_columns(rules).map(|(_, column)| column.to_lowercase()).collect();
    columns.is_subset(&bound)
}

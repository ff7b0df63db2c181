//! What is doubtful about columns that a policy hides or masks: metrics that need them, places that show them
//! after all, roles that are none.

use super::rows::own_columns;
use super::{PolicyDesk, field_of, same_column, ticked};
use crate::words::nearest;
use crate::{ColumnPolicy, FieldRef, Metric, RowPolicy, Treatment};
use splitplane_types::Role;
use std::collections::BTreeSet;

pub(super) fn lint(desk: PolicyDesk<'_>, known_roles: Option<&[Role]>) {
    for column in desk.restricted() {
        metrics(desk, column);
        let same = same_column::places(desk, column);
        same_column::tell(desk, column, &same);
        elsewhere(desk, column, &same);
        masked_scope(desk, column);
        if let Some(known) = known_roles {
            roles(desk, column, known);
        }
    }
    no_role_for_all(desk);
    public(desk);
}

/// A field that the policy hides or masks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restricted<'a> {
    pub(super) dataset: &'a str,
    pub(super) field: &'a str,
    pub(super) policy: &'a ColumnPolicy,
}

impl<'a> PolicyDesk<'a> {
    pub(super) fn restricted(self) -> impl Iterator<Item = Restricted<'a>> {
        self.policy.datasets.iter().flat_map(|(dataset, policy)| {
            policy.columns.iter().map(move |(field, policy)| Restricted { dataset, field, policy })
        })
    }

    pub(super) fn policy_of(self, field: &FieldRef) -> Option<&'a ColumnPolicy> {
        self.policy.datasets.get(&field.dataset)?.columns.get(&field.field)
    }

    /// Whether a scope binds a field to a value of the caller's own.
    fn binds(self, dataset: &str, field: &str) -> bool {
        let (Some(policy), Some(model)) = (self.policy.datasets.get(dataset), self.model.dataset(dataset))
        else {
            return false;
        };
        let RowPolicy::Scoped(rules) = &policy.rows else { return false };
        own_columns(rules).any(|(_, column)| field_of(model, column) == field)
    }
}

impl<'a> Restricted<'a> {
    pub(super) fn path(self) -> [&'a str; 4] {
        ["datasets", self.dataset, "columns", self.field]
    }

    /// What is done to it, for whom.
    pub(super) fn said(self) -> String {
        let done = match self.policy.treatment {
            Treatment::Hidden => "hidden from",
            Treatment::Mask(_) => "masked for",
        };
        let unless: Vec<&str> = self.policy.unless_roles.iter().map(Role::as_str).collect();
        let whom = if unless.is_empty() { String::new() } else { format!(" but {}", ticked(unless)) };
        format!("`{}.{}` is {done} every role{whom}", self.dataset, self.field)
    }

    fn is_in(self, metric: &Metric) -> bool {
        metric.fields.iter().any(|field| field.dataset == self.dataset && field.field == self.field)
    }
}

/// Metrics that need the column exist only for roles that see it as it is.
fn metrics(desk: PolicyDesk<'_>, column: Restricted<'_>) {
    let over: Vec<&str> = desk
        .model
        .metrics
        .iter()
        .filter(|metric| column.is_in(metric))
        .map(|metric| metric.name.as_str())
        .collect();
    if over.is_empty() {
        return;
    }
    let (one, need) = if over.len() == 1 { ("metric", "needs") } else { ("metrics", "need") };
    let metrics = format!("{one} {}, which {need} it", ticked(over));
    let (whom, remedy) = if column.policy.unless_roles.is_empty() {
        ("nobody", "write `unless: { role: [..] }` for who may, or take it out of the model")
    } else {
        ("no other role", "add the roles that must be able to ask to `unless`, if there are any")
    };
    let (what, remedy) = (format!("{}: {whom} can ask for {metrics}", column.said()), remedy.to_owned());
    desk.notes.warn("metric-over-hidden", &column.path(), what, remedy);
}

/// Metrics over several restricted columns that no role sees together.
fn no_role_for_all(desk: PolicyDesk<'_>) {
    for metric in &desk.model.metrics {
        let restricted: Vec<(&FieldRef, &ColumnPolicy)> =
            metric.fields.iter().filter_map(|field| Some((field, desk.policy_of(field)?))).collect();
        let sets = restricted.iter().map(|(_, policy)| policy.unless_roles.iter().collect::<BTreeSet<_>>());
        let Some(common) = sets.clone().reduce(|some, others| &some & &others) else { continue };
        // Where one of them alone is for nobody, that is said there.
        if !common.is_empty() || sets.into_iter().any(|roles| roles.is_empty()) {
            continue;
        }
        let Some((last, _)) = restricted.last() else { continue };
        let names: Vec<String> =
            restricted.iter().map(|(field, _)| format!("{}.{}", field.dataset, field.field)).collect();
        let what = format!(
            "metric `{}` needs {}, and no role sees all of them: nobody can ask for it",
            metric.name,
            ticked(names.iter().map(String::as_str))
        );
        let path = ["datasets", &last.dataset, "columns", &last.field, "unless"];
        desk.notes.warn("metric-over-hidden", &path, what, "give one role all of them".to_owned());
    }
}

/// Whether a role that does not see a column sees one elsewhere.
pub(super) fn is_seen(hidden: &ColumnPolicy, other: Option<&ColumnPolicy>) -> bool {
    other.is_none_or(|other| other.unless_roles.iter().any(|role| !hidden.unless_roles.contains(role)))
}

/// The same column in another dataset, by its name or by a relationship, shown to who must not see it here. What is
/// `told` already is not told again.
fn elsewhere(desk: PolicyDesk<'_>, column: Restricted<'_>, told: &BTreeSet<(&str, &str)>) {
    let shows = |dataset: &str, field: &str| {
        let place = FieldRef { dataset: dataset.to_owned(), field: field.to_owned() };
        // A value that a scope binds is the caller's own.
        !desk.binds(dataset, field) && is_seen(column.policy, desk.policy_of(&place))
    };
    let scoped = desk.scoped().filter(|(dataset, _)| dataset.name != column.dataset);
    let same_name = scoped.filter(|(dataset, _)| dataset.field(column.field).is_some());
    let mut places: BTreeSet<(&str, &str)> =
        same_name.map(|(dataset, _)| (dataset.name.as_str(), column.field)).collect();
    for relationship in &desk.model.relationships {
        for (mine, theirs) in relationship.from_columns.iter().zip(&relationship.to_columns) {
            let sides =
                [(relationship.from.as_str(), mine.as_str()), (relationship.to.as_str(), theirs.as_str())];
            let here = (column.dataset, column.field);
            if sides.contains(&here) {
                let listed =
                    sides.into_iter().filter(|(dataset, _)| desk.policy.datasets.contains_key(*dataset));
                places.extend(listed.filter(|side| *side != here));
            }
        }
    }
    places.retain(|place| !told.contains(place) && shows(place.0, place.1));
    if places.is_empty() {
        return;
    }
    let names: Vec<String> = places.iter().map(|(dataset, field)| format!("{dataset}.{field}")).collect();
    let names = ticked(names.iter().map(String::as_str));
    let what = format!("{}, and {names} shows the same to them", column.said());
    let remedy = "restrict it there in the same way, if it holds the same values".to_owned();
    desk.notes.warn("shown-elsewhere", &column.path(), what, remedy);
}

/// Public datasets with a column that others hide or mask under the same name.
fn public(desk: PolicyDesk<'_>) {
    for dataset in desk.public() {
        let shown = desk.restricted().filter(|column| {
            let place = FieldRef { dataset: dataset.name.clone(), field: column.field.to_owned() };
            column.dataset != dataset.name
                && dataset.field(column.field).is_some()
                && is_seen(column.policy, desk.policy_of(&place))
        });
        for column in shown {
            let what = format!(
                "{}, and the public dataset `{}` shows a column of that name",
                column.said(),
                dataset.name
            );
            let remedy =
                format!("write `columns: {{ {}: hidden }}` here, or scope the dataset", column.field);
            desk.notes.warn("public-shows-hidden", &["datasets", &dataset.name, "public"], what, remedy);
        }
    }
}

/// Every row that a caller sees holds a value of his own in a scope column: a mask conceals nothing.
fn masked_scope(desk: PolicyDesk<'_>, column: Restricted<'_>) {
    if matches!(column.policy.treatment, Treatment::Hidden) || !desk.binds(column.dataset, column.field) {
        return;
    }
    let what = format!(
        "{}, and the scope binds it: rows are chosen by its true values, and each of these is granted to whoever \
         sees the row, so the mask conceals nothing",
        column.said()
    );
    let remedy = "leave it as it is, or write `hidden` to keep it out of sight".to_owned();
    desk.notes.warn("masked-scope-column", &column.path(), what, remedy);
}

/// Roles that no combination of the registry has.
fn roles(desk: PolicyDesk<'_>, column: Restricted<'_>, known: &[Role]) {
    for role in column.policy.unless_roles.iter().filter(|role| !known.contains(role)) {
        let names = known.iter().map(Role::as_str);
        let remedy = match nearest(role.as_str(), names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "remove it".to_owned(),
            None => format!("known: {}", names.collect::<Vec<_>>().join(", ")),
        };
        let what = format!("the registry gives nobody the role `{}`", role.as_str());
        let [datasets, dataset, columns, field] = column.path();
        let path = [datasets, dataset, columns, field, "unless", "role", role.as_str()];
        desk.notes.warn("unknown-role", &path, what, remedy);
    }
}

//! What is doubtful about whose rows a policy shows: keys left out, keys bound nowhere, one column for two keys,
//! public rows that have an owner.

use super::{PolicyDesk, field_of, ticked};
use crate::{Dataset, RowPolicy, ScopeKey, ScopeRule};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn lint(desk: PolicyDesk<'_>) {
    grants(desk);
    let bound: BTreeSet<ScopeKey> = desk.scoped().flat_map(|(_, rules)| own_keys(rules)).collect();
    unbound_keys(desk, &bound);
    for (dataset, rules) in desk.scoped() {
        two_keys(desk, dataset, rules);
        left_out(desk, dataset, &bound);
    }
    public(desk);
}

impl<'a> PolicyDesk<'a> {
    /// The scoped datasets and their rules.
    pub(super) fn scoped(self) -> impl Iterator<Item = (&'a Dataset, &'a [ScopeRule])> {
        self.policy.datasets.iter().filter_map(move |(name, policy)| match &policy.rows {
            RowPolicy::Scoped(rules) => Some((self.model.dataset(name)?, rules.as_slice())),
            RowPolicy::Public { .. } => None,
        })
    }

    /// The public datasets.
    pub(super) fn public(self) -> impl Iterator<Item = &'a Dataset> {
        let is_public = |rows: &RowPolicy| matches!(rows, RowPolicy::Public { .. });
        let public = self.policy.datasets.iter().filter(move |(_, policy)| is_public(&policy.rows));
        public.filter_map(move |(name, _)| self.model.dataset(name))
    }
}

/// The columns that a scope binds itself.
pub(super) fn own_columns(rules: &[ScopeRule]) -> impl Iterator<Item = &(ScopeKey, String)> {
    rules.iter().flat_map(|rule| match rule {
        ScopeRule::Columns(columns) => columns.as_slice(),
        ScopeRule::Through { .. } => &[],
    })
}

fn own_keys(rules: &[ScopeRule]) -> impl Iterator<Item = ScopeKey> {
    own_columns(rules).map(|(key, _)| key.clone())
}

/// What a key is called in the file.
fn name_of(key: &ScopeKey) -> &str {
    match key {
        ScopeKey::Tenant => "tenant",
        ScopeKey::Business => "business",
        ScopeKey::Admin => "admin",
        ScopeKey::Granted(name) => name,
    }
}

/// The keys that a scope reaches, by its own columns and through others. Loaded policies hold no ring.
fn reached(desk: PolicyDesk<'_>, dataset: &str) -> BTreeSet<ScopeKey> {
    let Some(RowPolicy::Scoped(rules)) = desk.policy.datasets.get(dataset).map(|policy| &policy.rows) else {
        return BTreeSet::new();
    };
    let mut keys: BTreeSet<ScopeKey> = own_keys(rules).collect();
    for rule in rules {
        if let ScopeRule::Through { dataset, .. } = rule {
            keys.extend(reached(desk, dataset));
        }
    }
    keys
}

/// One column for two keys. Where every tenant is one business, that is how it has to be for these two.
fn one_column(desk: PolicyDesk<'_>, keys: [&str; 2], path: &[&str], (what, remedy): (String, String)) {
    if keys.contains(&"tenant") && keys.contains(&"business") {
        let remedy = format!("leave it if every tenant is one business, else {remedy}");
        desk.notes.warn("one-column-tenant-business", path, what, remedy);
    } else {
        desk.notes.refuse("one-column-two-keys", path, what, remedy);
    }
}

/// One column that holds two ids in the grants would grant by coincidence.
fn grants(desk: PolicyDesk<'_>) {
    let grants = &desk.policy.grants;
    let identity = [("tenant", &grants.tenant), ("business", &grants.business), ("admin", &grants.admin)];
    let mut held: BTreeMap<&str, &str> = BTreeMap::new();
    let places = identity.into_iter().map(|(key, column)| ("identity", key, column.as_str()));
    let yields = grants.yields.iter().map(|(key, column)| ("yields", key.as_str(), column.as_str()));
    for (part, key, column) in places.chain(yields) {
        if let Some(other) = held.insert(column, key) {
            let what = format!("the grants take `{other}` and `{key}` from the same column `{column}`");
            let remedy = format!("name the column of `{}` that holds the {key}", grants.dataset);
            one_column(desk, [other, key], &["grants", part, key], (what, remedy));
        }
    }
    let over: Vec<&str> = desk
        .model
        .metrics
        .iter()
        .filter(|metric| metric.grains.contains(&grants.dataset))
        .map(|metric| metric.name.as_str())
        .collect();
    if !over.is_empty() {
        let what = format!(
            "{} is over `{}`, which holds the grants and enters no sandbox: nobody can ask for it",
            ticked(over),
            grants.dataset
        );
        let remedy = "take it out of the model, or put the grants into a dataset of their own";
        desk.notes.warn("metric-over-grants", &["grants", "dataset"], what, remedy.to_owned());
    }
}

fn unbound_keys(desk: PolicyDesk<'_>, bound: &BTreeSet<ScopeKey>) {
    for (key, column) in &desk.policy.grants.yields {
        if !bound.contains(&ScopeKey::Granted(key.clone())) {
            let what = format!(
                "the grants yield `{key}`, and no scope binds it: whoever is granted one {key} sees those of all"
            );
            let holders = holders(desk, column);
            let remedy = if holders.is_empty() {
                format!("bind it in a scope, or take `{key}` out of `yields`")
            } else {
                format!("bind it in the scope of {}, or take `{key}` out of `yields`", ticked(holders))
            };
            desk.notes.warn("granted-key-unused", &["grants", "yields", key], what, remedy);
        }
    }
}

/// The datasets of the policy with a field like the one that a column of the grants is.
fn holders<'a>(desk: PolicyDesk<'a>, column: &str) -> Vec<&'a str> {
    let Some(grants) = desk.model.dataset(&desk.policy.grants.dataset) else { return Vec::new() };
    let field = field_of(grants, column);
    let scoped = desk.scoped().filter(|(dataset, _)| dataset.field(field).is_some());
    scoped.map(|(dataset, _)| dataset.name.as_str()).collect()
}

fn two_keys(desk: PolicyDesk<'_>, dataset: &Dataset, rules: &[ScopeRule]) {
    let mut held: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, column) in own_columns(rules) {
        let key = name_of(key);
        match held.insert(column, key) {
            Some(other) if other != key => {
                let field = field_of(dataset, column);
                let what = format!(
                    "the scope of dataset `{}` takes `{field}` for the {other} and for the {key}",
                    dataset.name
                );
                let remedy = format!("name the column that holds the {key}");
                let path = ["datasets", &dataset.name, "scope", key];
                one_column(desk, [other, key], &path, (what, remedy));
            }
            Some(_) | None => {}
        }
    }
}

/// A scope that is wider than those of other datasets.
fn left_out(desk: PolicyDesk<'_>, dataset: &Dataset, bound: &BTreeSet<ScopeKey>) {
    let reached = reached(desk, &dataset.name);
    for (key, column) in &desk.policy.grants.yields {
        let scope_key = ScopeKey::Granted(key.clone());
        if !bound.contains(&scope_key) || reached.contains(&scope_key) {
            continue;
        }
        let name = &dataset.name;
        let what = format!(
            "the scope of dataset `{name}` leaves out `{key}`, which other datasets bind: whoever is granted one \
             {key} sees the rows of every {key} of the business here"
        );
        let field = desk.model.dataset(&desk.policy.grants.dataset).map(|grants| field_of(grants, column));
        let remedy = match field.filter(|field| dataset.field(field).is_some()) {
            Some(field) => format!("add `{key}: {field}`"),
            None => match neighbour(desk, name, &scope_key) {
                Some((other, by)) => {
                    format!("if its rows belong to one {key}, add `through: {other}, by: {{ {by} }}`")
                }
                None => format!("bind it if rows of `{name}` belong to one {key}"),
            },
        };
        desk.notes.warn("scope-leaves-out-key", &["datasets", name, "scope"], what, remedy);
    }
}

/// A dataset beside this one whose scope reaches a key, and the columns by which they are joined.
fn neighbour<'a>(desk: PolicyDesk<'a>, dataset: &str, key: &ScopeKey) -> Option<(&'a str, String)> {
    let pairs = |mine: &[String], theirs: &[String]| {
        let pairs = mine.iter().zip(theirs).map(|(mine, theirs)| format!("{mine}: {theirs}"));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let beside = desk.model.relationships.iter().filter_map(|relationship| {
        if relationship.from == dataset {
            Some((relationship.to.as_str(), pairs(&relationship.from_columns, &relationship.to_columns)))
        } else if relationship.to == dataset {
            Some((relationship.from.as_str(), pairs(&relationship.to_columns, &relationship.from_columns)))
        } else {
            None
        }
    });
    beside.into_iter().find(|(other, _)| reached(desk, other).contains(key))
}

/// Public rows with a column that says whose they are.
fn public(desk: PolicyDesk<'_>) {
    let grants = &desk.policy.grants;
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    if let Some(dataset) = desk.model.dataset(&grants.dataset) {
        let identity = [("tenant", &grants.tenant), ("business", &grants.business), ("admin", &grants.admin)];
        let yields = grants.yields.iter().map(|(key, column)| (key.as_str(), column));
        owners
            .extend(identity.into_iter().chain(yields).map(|(key, column)| (field_of(dataset, column), key)));
    }
    for (dataset, rules) in desk.scoped() {
        owners.extend(own_columns(rules).map(|(key, column)| (field_of(dataset, column), name_of(key))));
    }
    for dataset in desk.public() {
        let held = dataset.fields.iter().filter_map(|field| owners.get_key_value(field.name.as_str()));
        let held: Vec<_> = held.collect();
        if held.is_empty() {
            continue;
        }
        let columns = ticked(held.iter().map(|(field, _)| **field));
        let what = format!(
            "dataset `{}` is public and holds {columns}, by which rows have an owner elsewhere: every caller sees \
             the rows of every other",
            dataset.name
        );
        let bindings: Vec<_> = held.iter().map(|(field, key)| format!("{key}: {field}")).collect();
        let remedy = format!("write `scope: {{ {} }}` instead of `public`", bindings.join(", "));
        desk.notes.warn("public-scope-column", &["datasets", &dataset.name, "public"], what, remedy);
    }
}

//! A scope for each dataset: by columns of its own, else along a relationship to one that has a scope.
//!
//! A relationship is followed only if its one side's columns are a key. Otherwise rows of others would share
//! their values, and a row would be seen for the sake of a stranger's.

use super::Ground;
use super::grants::{Bound, Guess};
use crate::{Dataset, Relationship, SemanticModel};
use std::collections::BTreeMap;

/// The scope of a dataset as guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope<'a> {
    /// Columns of its own.
    Direct { columns: Vec<Bound<'a>>, why: Vec<String> },
    /// Through another, and by columns of its own that the other does not already match.
    Through { dataset: &'a str, by: Vec<(&'a str, &'a str)>, columns: Vec<Bound<'a>>, why: Vec<String> },
    /// There is no good guess.
    Undecided { why: String },
}

impl<'a> Scope<'a> {
    /// The fields of the dataset itself that decide whose its rows are.
    pub(super) fn bound_fields(&self) -> Vec<&'a str> {
        match self {
            Self::Direct { columns, .. } => columns.iter().map(|bound| bound.field).collect(),
            Self::Through { by, columns, .. } => {
                by.iter().map(|(mine, _)| *mine).chain(columns.iter().map(|bound| bound.field)).collect()
            }
            Self::Undecided { .. } => Vec::new(),
        }
    }
}

/// The scope of each dataset but that of the grants, in the order of the model.
pub(super) fn all<'a>(ground: Ground<'a>, grants: Option<&Guess<'a>>) -> Vec<(&'a Dataset, Scope<'a>)> {
    let datasets: Vec<&Dataset> = ground
        .model
        .datasets
        .iter()
        .filter(|dataset| grants.is_none_or(|grants| grants.dataset.name != dataset.name))
        .collect();
    let Some(grants) = grants else {
        let why = "without the grants nobody knows whose rows these are".to_owned();
        return datasets
            .into_iter()
            .map(|dataset| (dataset, Scope::Undecided { why: why.clone() }))
            .collect();
    };
    let own: BTreeMap<&str, Own<'a>> =
        datasets.iter().map(|dataset| (dataset.name.as_str(), own(ground, dataset, grants))).collect();
    let mut found: BTreeMap<&str, Scope<'a>> = BTreeMap::new();
    for (name, own) in own.iter().filter(|(_, own)| own.is_complete()) {
        found.insert(name, Scope::Direct { columns: own.columns.clone(), why: own.why.clone() });
    }
    // One step further each time, so that the shortest chain wins.
    loop {
        let open = datasets.iter().filter(|dataset| !found.contains_key(dataset.name.as_str()));
        let next: Vec<(&str, Scope<'a>)> = open
            .filter_map(|dataset| {
                let scope = through(ground, dataset, own.get(dataset.name.as_str()), &found)?;
                Some((dataset.name.as_str(), scope))
            })
            .collect();
        if next.is_empty() {
            break;
        }
        found.extend(next);
    }
    let undecided = |dataset: &Dataset| Scope::Undecided { why: why_not(ground, dataset) };
    datasets
        .into_iter()
        .map(|dataset| (dataset, found.remove(dataset.name.as_str()).unwrap_or_else(|| undecided(dataset))))
        .collect()
}

/// The keys that a dataset has columns for.
#[derive(Debug)]
struct Own<'a> {
    columns: Vec<Bound<'a>>,
    why: Vec<String>,
}

impl Own<'_> {
    fn is_complete(&self) -> bool {
        let has = |key: &str| self.columns.iter().any(|bound| bound.key == key);
        has("tenant") && has("business")
    }
}

fn own<'a>(ground: Ground<'a>, dataset: &'a Dataset, grants: &Guess<'a>) -> Own<'a> {
    let mut own = Own { columns: Vec::new(), why: vec!["it has these columns itself".to_owned()] };
    let keys = grants.identity.iter().filter(|bound| bound.key != "admin").chain(&grants.yields);
    for held in keys {
        let by_name = ground.plain(dataset).find(|(field, _)| field.name == held.field);
        let contained = ground.seen(dataset).map(|seen| &seen.contained);
        let is_held = |column: &str| {
            contained
                .and_then(|contained| contained.get(column))
                .is_some_and(|columns| columns.contains(held.column))
        };
        if let Some((field, column)) = by_name {
            if contained.is_some() && !is_held(column) {
                own.why
                    .push(format!("some values of `{}` are in no grant; nobody sees their rows", field.name));
            }
            own.columns.push(Bound { key: held.key.clone(), field: &field.name, column });
            continue;
        }
        // By its values, if no other column could be meant and its values fit no other key.
        let only_this = |column: &str| {
            contained.and_then(|contained| contained.get(column)).is_some_and(|columns| columns.len() == 1)
        };
        let mut fits = ground.plain(dataset).filter(|(_, column)| is_held(column) && only_this(column));
        if let (Some((field, column)), None) = (fits.next(), fits.next()) {
            own.why
                .push(format!("all values of `{}` are values of `{}` in the grants", field.name, held.field));
            own.columns.push(Bound { key: held.key.clone(), field: &field.name, column });
        }
    }
    own
}

/// A relationship seen from one of its datasets.
struct Step<'a> {
    relationship: &'a Relationship,
    other: &'a str,
    mine: &'a [String],
    theirs: &'a [String],
    /// Whether this dataset is the many side, so that one row of the other decides.
    is_many_side: bool,
}

/// The relationships of a dataset: first those on whose many side it is.
fn steps<'a>(model: &'a SemanticModel, dataset: &str) -> Vec<Step<'a>> {
    let forth = model.relationships.iter().filter(|relationship| relationship.from == dataset);
    let back = model.relationships.iter().filter(|relationship| relationship.to == dataset);
    let forth = forth.map(|relationship| Step {
        relationship,
        other: &relationship.to,
        mine: &relationship.from_columns,
        theirs: &relationship.to_columns,
        is_many_side: true,
    });
    let back = back.map(|relationship| Step {
        relationship,
        other: &relationship.from,
        mine: &relationship.to_columns,
        theirs: &relationship.from_columns,
        is_many_side: false,
    });
    forth.chain(back).collect()
}

/// Whether the columns of a relationship's one side are a key and all are plain.
fn is_safe(ground: Ground<'_>, step: &Step<'_>) -> bool {
    let relationship = step.relationship;
    let (Some(from), Some(to)) =
        (ground.model.dataset(&relationship.from), ground.model.dataset(&relationship.to))
    else {
        return false;
    };
    let plain = |dataset, columns: &[String]| columns.iter().all(|column| ground.is_plain(dataset, column));
    ground.is_key(to, &relationship.to_columns)
        && plain(from, &relationship.from_columns)
        && plain(to, &relationship.to_columns)
}

fn through<'a>(
    ground: Ground<'a>,
    dataset: &'a Dataset,
    own: Option<&Own<'a>>,
    found: &BTreeMap<&str, Scope<'a>>,
) -> Option<Scope<'a>> {
    let steps = steps(ground.model, &dataset.name);
    let step = steps.into_iter().find(|step| found.contains_key(step.other) && is_safe(ground, step))?;
    let by: Vec<(&str, &str)> =
        step.mine.iter().map(String::as_str).zip(step.theirs.iter().map(String::as_str)).collect();
    // A tenant of its own counts beside the other's: ids may repeat between tenants.
    let is_joined = |bound: &&Bound<'_>| !by.iter().any(|(mine, _)| *mine == bound.field);
    let columns: Vec<Bound<'a>> =
        own.into_iter().flat_map(|own| &own.columns).filter(is_joined).cloned().collect();
    let (name, other) = (&dataset.name, step.other);
    let mut why = vec![format!("along relationship `{}`", step.relationship.name)];
    if !step.is_many_side {
        why.push(format!(
            "a row of `{name}` is seen by whoever sees any row of `{other}` that belongs to it; write `public:` with \
             a reason if all may see all"
        ));
    }
    if !columns.is_empty() {
        why.push("its own columns count as well".to_owned());
    }
    Some(Scope::Through { dataset: step.other, by, columns, why })
}

fn why_not(ground: Ground<'_>, dataset: &Dataset) -> String {
    let steps = steps(ground.model, &dataset.name);
    match steps.iter().find(|step| !is_safe(ground, step)) {
        Some(step) => format!(
            "relationship `{}` joins by columns of `{}` that are no key of it or no plain columns; declare the key \
             in the model, or write `scope:`, or `public:` with a reason",
            step.relationship.name, step.relationship.to
        ),
        None => "it has no columns for tenant and business, and no relationship leads to a dataset that has; write \
                 `scope:`, or `public:` with a reason"
            .to_owned(),
    }
}

//! Which dataset holds the grants, and which of its fields is what.

use super::{DataHints, Ground};
use crate::{Dataset, SemanticModel};
use std::cmp::Reverse;

/// The ids that name a caller, by their exact names.
const IDENTITY: [(&str, &str); 3] =
    [("tenant", "tenant_id"), ("business", "business_id"), ("admin", "admin_id")];

/// Names that are less like than this are other names.
const LIKE: f64 = 0.85;

/// The grants as guessed: fields of the model.
#[derive(Debug)]
pub(super) struct Guess<'a> {
    pub(super) dataset: &'a Dataset,
    /// Tenant, business and admin, in this order: key, field, column.
    pub(super) identity: Vec<Bound<'a>>,
    /// The granted keys.
    pub(super) yields: Vec<Bound<'a>>,
    pub(super) is_exact: bool,
}

/// A key and the field and column that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound<'a> {
    pub(super) key: String,
    pub(super) field: &'a str,
    pub(super) column: &'a str,
}

/// The dataset that most likely holds the grants, by the names in the model alone.
#[must_use]
pub fn grants_candidate(model: &SemanticModel) -> Option<&Dataset> {
    let none = DataHints::default();
    find(Ground { model, hints: &none }).and_then(|guess| model.dataset(&guess.dataset.name))
}

pub(super) fn find(ground: Ground<'_>) -> Option<Guess<'_>> {
    type Rank = (usize, bool, Reverse<usize>);
    let mut best: Option<(Rank, Guess<'_>)> = None;
    for dataset in &ground.model.datasets {
        let Some(identity) = identity(ground, dataset) else { continue };
        let exact = identity.iter().zip(IDENTITY).filter(|(bound, (_, name))| bound.field == *name).count();
        // Grants have the admin in their key and little else beside; a row of events names an admin as well.
        let admin = identity.last().map_or("", |bound| bound.field);
        let by_admin = dataset.primary_key.iter().any(|field| field == admin);
        let rank = (exact, by_admin, Reverse(dataset.fields.len()));
        // Of two that are equally likely the first stays.
        if best.as_ref().is_none_or(|(most, _)| rank > *most) {
            let is_exact = exact == IDENTITY.len();
            let yields = yields(ground, dataset, &identity);
            best = Some((rank, Guess { dataset, identity, yields, is_exact }));
        }
    }
    best.map(|(_, guess)| guess)
}

/// The three ids of a dataset, each by its name or the nearest to it.
fn identity<'a>(ground: Ground<'a>, dataset: &'a Dataset) -> Option<Vec<Bound<'a>>> {
    let mut found: Vec<Bound<'a>> = Vec::new();
    for (key, name) in IDENTITY {
        let free =
            ground.plain(dataset).filter(|(field, _)| !found.iter().any(|other| other.field == field.name));
        let nearest = free
            .map(|(field, column)| (likeness(&field.name, name), field, column))
            .filter(|(likeness, ..)| *likeness >= LIKE)
            .max_by(|(one, ..), (other, ..)| one.total_cmp(other));
        let (_, field, column) = nearest?;
        found.push(Bound { key: key.to_owned(), field: &field.name, column });
    }
    Some(found)
}

/// How alike two ids are, without what every id ends with.
fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    if one == other { 1.0 } else { strsim::jaro_winkler(stem(&one), stem(&other)).min(0.99) }
}

/// An id's name without `_id`.
fn stem(name: &str) -> &str {
    name.strip_suffix("_id").filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// The further ids of the grants that other datasets have too.
fn yields<'a>(ground: Ground<'a>, dataset: &'a Dataset, identity: &[Bound<'a>]) -> Vec<Bound<'a>> {
    let others = || ground.model.datasets.iter().filter(|other| other.name != dataset.name);
    let is_shared = |field: &str, column: &str| {
        let by_name = field.ends_with("_id") && others().any(|other| ground.is_plain(other, field));
        let by_values = others().filter_map(|other| ground.seen(other));
        by_name || by_values.flat_map(|seen| seen.contained.values()).any(|columns| columns.contains(column))
    };
    let mut found: Vec<Bound<'a>> = Vec::new();
    for (field, column) in ground.plain(dataset) {
        let is_taken = identity.iter().any(|bound| bound.field == field.name || bound.column == column);
        if is_taken || !is_shared(&field.name, column) {
            continue;
        }
        let short = stem(&field.name);
        let is_free =
            !crate::policy_file::is_reserved(short) && !found.iter().any(|bound| bound.key == short);
        let key = if is_free { short } else { &field.name };
        found.push(Bound { key: key.to_owned(), field: &field.name, column });
    }
    found
}

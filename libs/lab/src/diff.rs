//! Who gains or loses what when one model, policy and set of grants takes the place of another.
//!
//! Rows are compared one by one, each by its class under both policies, never by how many there are: a scope that
//! trades rows gains and loses. The rows counted are those of the new lab; the grants are each lab's own.

mod columns;
mod rows;
mod settings;

use crate::columns::{Exposure, Movement, RoleName};
use crate::error::LabError;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::Rules;
use serde::Serialize;
use splitplane_semantics::{RowPolicy, ScopeRule};
use splitplane_types::CompositeKey;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What changes for whom, widest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Datasets that change as such.
    pub datasets: Vec<DatasetChange>,
    /// Rows gained and lost, by admin and dataset; who keeps every row is not here.
    pub rows: Vec<RowsChange>,
    /// Columns that some roles see otherwise.
    pub columns: Vec<ColumnChange>,
    /// Metrics that some roles gain or lose. What they show is in the columns.
    pub metrics: Vec<MetricChange>,
    /// Settings of the policy that change: limits, calendar, who writes the analysis.
    pub settings: Vec<SettingChange>,
    /// Everyone whom the grants of either side name.
    pub admins: usize,
}

/// Rows of one dataset that one admin gains and loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsChange {
    /// The admin.
    #[serde(serialize_with = "crate::text::display")]
    pub admin: CompositeKey,
    /// The dataset.
    pub dataset: String,
    /// Rows that are seen and were not.
    pub gained: u64,
    /// Rows that were seen and are not.
    pub lost: u64,
    /// Rows seen before.
    pub before: u64,
    /// Rows seen after.
    pub after: u64,
}

/// A field that some roles see otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnChange {
    /// The dataset.
    pub dataset: String,
    /// The field.
    pub field: String,
    /// The roles.
    pub roles: Vec<RoleName>,
    /// How they saw it; a field that was not there was hidden.
    pub before: Exposure,
    /// How they see it.
    pub after: Exposure,
    /// Whether the model computes it otherwise than before: what is shown is something else.
    pub redefined: bool,
    /// What the change does.
    pub movement: Movement,
}

/// A metric that some roles gain or lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricChange {
    /// The metric.
    pub metric: String,
    /// The roles.
    pub roles: Vec<RoleName>,
    /// Whether it is gained; else it is lost.
    pub gained: bool,
}

/// A setting of the policy that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingChange {
    /// The setting, as the policy names it.
    pub name: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// Whether anyone sees more by it: a language model that now writes analyses sees their rows.
    pub widens: bool,
}

/// A dataset that changes as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatasetChange {
    /// The dataset.
    pub dataset: String,
    /// How it changes.
    pub kind: DatasetChangeKind,
}

/// How a dataset changes as such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetChangeKind {
    /// It is shown to everyone, and was scoped.
    MadePublic,
    /// It enters sandboxes, and did not.
    Exposed,
    /// Its rows come from elsewhere: none of them was seen before.
    SourceChanged,
    /// Its scope asks for less than it did: whoever is granted the rest of a key tomorrow sees more.
    ScopeWeakened,
    /// Its scope has other rules. Whether anyone gains by it today is in the rows.
    ScopeChanged,
    /// It is scoped, and was shown to everyone.
    NoLongerPublic,
    /// It enters no sandbox any more.
    Removed,
}

impl DatasetChangeKind {
    /// Whether this widens somebody's view, whatever is granted today.
    #[must_use]
    pub const fn is_widening(&self) -> bool {
        match self {
            Self::MadePublic | Self::Exposed | Self::ScopeWeakened => true,
            Self::SourceChanged | Self::ScopeChanged | Self::NoLongerPublic | Self::Removed => false,
        }
    }
}

impl Diff {
    /// Whether anyone sees a row or a column that they did not see before, or sees one otherwise.
    ///
    /// A metric alone widens nothing: it is computed from rows and columns that are seen.
    #[must_use]
    pub fn is_widening(&self) -> bool {
        self.datasets.iter().any(|change| change.kind.is_widening())
            || self.rows.iter().any(|change| change.gained > 0)
            || self.columns.iter().any(|change| change.movement.is_widening())
            || self.settings.iter().any(|change| change.widens)
    }

    /// Whether nothing changes for anyone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { datasets, rows, columns, metrics, settings, admins: _ } = self;
        let is_of_rows = datasets.is_empty() && rows.is_empty();
        is_of_rows && columns.is_empty() && metrics.is_empty() && settings.is_empty()
    }
}

/// Who gains or loses what when `new` takes the place of `old`. Every source is read once, unless the two policies
/// lead through the same datasets in opposite directions.
///
/// # Errors
/// Rows are not read.
pub fn diff<R: Rows, S: Rows>(old: &Lab<'_, R>, new: &Lab<'_, S>) -> Result<Diff, LabError> {
    let admins: BTreeSet<&CompositeKey> =
        old.organisation.admins().chain(new.organisation.admins()).collect();
    let admins: Vec<&CompositeKey> = admins.into_iter().collect();
    let names: BTreeSet<&str> = [old.rules, new.rules]
        .iter()
        .flat_map(|rules| rules.policy.datasets.keys())
        .map(String::as_str)
        .collect();
    let mut datasets: Vec<DatasetChange> = names
        .iter()
        .flat_map(|name| {
            let kinds = dataset_changes(old.rules, new.rules, name);
            kinds.into_iter().map(|kind| DatasetChange { dataset: (*name).to_owned(), kind })
        })
        .collect();
    datasets.sort_by(|left, right| left.kind.cmp(&right.kind).then_with(|| left.dataset.cmp(&right.dataset)));
    let mut rows = rows::changes(old, new, &admins, &names)?;
    rows.sort_by_cached_key(|change| {
        (Reverse(change.gained), Reverse(change.lost), change.admin.clone(), change.dataset.clone())
    });
    let (columns, metrics) = columns::changes(old.rules, new.rules, &names)?;
    let settings = settings::changes(old.rules, new.rules);
    Ok(Diff { datasets, rows, columns, metrics, settings, admins: admins.len() })
}

fn dataset_changes(old: Rules<'_>, new: Rules<'_>, name: &str) -> Vec<DatasetChangeKind> {
    let (before, after) = match (old.exposed(name), new.exposed(name)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(_), Ok(_)) => return vec![DatasetChangeKind::Exposed],
        (Ok(_), Err(_)) => return vec![DatasetChangeKind::Removed],
        (Err(_), Err(_)) => return Vec::new(),
    };
    let scope = match (&before.1.rows, &after.1.rows) {
        (RowPolicy::Public { .. }, RowPolicy::Public { .. }) => None,
        (RowPolicy::Scoped(_), RowPolicy::Public { .. }) => Some(DatasetChangeKind::MadePublic),
        (RowPolicy::Public { .. }, RowPolicy::Scoped(_)) => Some(DatasetChangeKind::NoLongerPublic),
        (RowPolicy::Scoped(before), RowPolicy::Scoped(after)) => {
            let same = before.len() == after.len() && before.iter().zip(after).all(|(b, a)| same_rule(b, a));
            let follows = |rules: &[ScopeRule], from: &[ScopeRule]| {
                rules.iter().all(|rule| from.iter().any(|known| implies(known, rule)))
            };
            let weakened = follows(after, before) && !follows(before, after);
            match (same, weakened) {
                (true, _) => None,
                (false, true) => Some(DatasetChangeKind::ScopeWeakened),
                (false, false) => Some(DatasetChangeKind::ScopeChanged),
            }
        }
    };
    let moved = (before.0.source != after.0.source).then_some(DatasetChangeKind::SourceChanged);
    scope.into_iter().chain(moved).collect()
}

/// Whether every row that meets `rule` meets `weaker`, whatever is granted.
fn implies(rule: &ScopeRule, weaker: &ScopeRule) -> bool {
    match (rule, weaker) {
        (ScopeRule::Columns(rule), ScopeRule::Columns(weaker)) => {
            weaker.iter().all(|binding| rule.contains(binding))
        }
        (ScopeRule::Through { .. }, ScopeRule::Through { .. }) => same_rule(rule, weaker),
        (ScopeRule::Columns(_), ScopeRule::Through { .. })
        | (ScopeRule::Through { .. }, ScopeRule::Columns(_)) => false,
    }
}

fn same_rule(before: &ScopeRule, after: &ScopeRule) -> bool {
    match (before, after) {
        (ScopeRule::Columns(before), ScopeRule::Columns(after)) => before == after,
        (
            ScopeRule::Through { dataset: old_dataset, by: old_by },
            ScopeRule::Through { dataset: new_dataset, by: new_by },
        ) => old_dataset == new_dataset && old_by == new_by,
        (ScopeRule::Columns(_), ScopeRule::Through { .. })
        | (ScopeRule::Through { .. }, ScopeRule::Columns(_)) => false,
    }
}

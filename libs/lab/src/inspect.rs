//! What the data says of a policy: keys that lead nowhere, rows that nobody sees, admins who see nothing, and keys by
//! which one tenant's row leads to another's.
//!
//! Decides what is worth a finding and how bad it is. Nothing of it changes what a sandbox holds.

mod owners;

use crate::error::LabError;
use crate::keys::{NONE, Tuples, at};
use crate::lab::Lab;
use crate::rows::{Batch, Rows, TextColumn};
use crate::scan::{Columns, scan};
use owners::Owners;
use serde::Serialize;
use splitplane_semantics::{RowPolicy, ScopeKey, ScopeRule};
use splitplane_types::CompositeKey;
use std::collections::{BTreeMap, BTreeSet};

/// Values that one finding tells.
const EXAMPLES_MAX: usize = 5;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Somebody may see what is another's.
    Error,
    /// Somebody may miss what is theirs, or a grant does nothing.
    Warning,
    /// It is as it may be, and good to know.
    Note,
}

/// What the data says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum DataFinding {
    /// A key by which rows of one dataset lead to another is held there by rows of several tenants or businesses: who
    /// sees one of them sees what leads there.
    SharedKey {
        /// The dataset whose scope leads through the other.
        dataset: String,
        /// The other dataset.
        other: String,
        /// The other's columns.
        columns: Vec<String>,
        /// Keys that several owners share.
        keys: u64,
        /// Some of them.
        examples: Vec<Vec<String>>,
    },
    /// Rows hold NULL in a column of their scope: nobody sees them.
    NullKey {
        /// The dataset.
        dataset: String,
        /// The columns.
        columns: Vec<String>,
        /// The rows.
        rows: u64,
    },
    /// Rows lead to no row of the dataset that their scope leads through: nobody sees them.
    Orphans {
        /// The dataset.
        dataset: String,
        /// The other dataset.
        other: String,
        /// The dataset's columns.
        columns: Vec<String>,
        /// The rows.
        rows: u64,
        /// Some keys.
        examples: Vec<Vec<String>>,
    },
    /// Rows hold keys that are granted to nobody.
    SeenByNobody {
        /// The dataset.
        dataset: String,
        /// The columns.
        columns: Vec<String>,
        /// The rows.
        rows: u64,
        /// Distinct keys.
        keys: u64,
        /// Some of them.
        examples: Vec<Vec<String>>,
    },
    /// Grants to which no row of any dataset answers.
    PointsNowhere {
        /// The grants.
        grants: u64,
        /// Some of them: tenant, business, admin, then the granted keys.
        examples: Vec<Vec<String>>,
    },
    /// Rows of the grants that name nobody, or grant nothing because a key is NULL.
    IdleGrants {
        /// Rows without an identity.
        nameless: u64,
        /// Rows with a NULL among their keys.
        incomplete: u64,
    },
    /// Admins who see no row of any scoped dataset.
    SeesNothing {
        /// The admins.
        admins: u64,
        /// Some of them.
        examples: Vec<String>,
    },
    /// A value of a granted key is held by rows of several tenants or businesses. Scopes bind it together with both.
    RepeatedKey {
        /// The dataset.
        dataset: String,
        /// The granted key.
        key: String,
        /// Values.
        values: u64,
        /// Some of them.
        examples: Vec<String>,
    },
}

impl DataFinding {
    /// How bad it is.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        match self {
            Self::SharedKey { .. } => Weight::Error,
            Self::NullKey { .. }
            | Self::Orphans { .. }
            | Self::SeenByNobody { .. }
            | Self::PointsNowhere { .. }
            | Self::IdleGrants { .. }
            | Self::SeesNothing { .. } => Weight::Warning,
            Self::RepeatedKey { .. } => Weight::Note,
        }
    }
}

/// Distinct tuples worth telling, counted.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) count: u64,
    pub(crate) examples: Vec<Vec<String>>,
}

impl Told {
    pub(crate) fn tell<'t>(&mut self, tuple: impl IntoIterator<Item = &'t str>) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(tuple.into_iter().map(str::to_owned).collect());
        }
    }
}

impl<R: Rows> Lab<'_, R> {
    /// What the data says of the policy, the worst first. Reads every source a few times, and keeps every distinct key by
    /// which a dataset is reached.
    ///
    /// # Errors
    /// Rows are not read.
    pub fn inspect(&self) -> Result<Vec<DataFinding>, LabError> {
        let mut findings = Vec::new();
        let mut owners = Owners::new(self);
        let mut held: Vec<(Vec<ScopeKey>, Tuples)> = Vec::new();
        for name in self.rules.policy.datasets.keys() {
            let RowPolicy::Scoped(rules) = &self.rules.exposed(name)?.1.rows else { continue };
            for rule in rules {
                match rule {
                    ScopeRule::Columns(bindings) => {
                        held.push(self.inspect_keys(name, bindings, &mut findings)?);
                    }
                    ScopeRule::Through { dataset, by } => {
                        findings.extend(owners.inspect(name, dataset, by)?);
                    }
                }
            }
        }
        findings.extend(self.pointing_nowhere(&held));
        let idle = self.organisation.idle();
        if idle.nameless > 0 || idle.incomplete > 0 {
            findings.push(DataFinding::IdleGrants { nameless: idle.nameless, incomplete: idle.incomplete });
        }
        findings.extend(self.seeing_nothing()?);
        findings.sort_by_key(DataFinding::weight);
        Ok(findings)
    }

    /// The rows of one dataset by the keys that one of its rules binds.
    fn inspect_keys(
        &self,
        name: &str,
        bindings: &[(ScopeKey, String)],
        findings: &mut Vec<DataFinding>,
    ) -> Result<(Vec<ScopeKey>, Tuples), LabError> {
        let keys: Vec<ScopeKey> = bindings.iter().map(|(key, _)| key.clone()).collect();
        let names: Vec<String> = bindings.iter().map(|(_, column)| column.clone()).collect();
        let mut columns = Columns::default();
        let positions = columns.positions(names.iter().map(String::as_str));
        let granted = self.granted_tuples(&keys);
        let mut repeated = Repeated::of(&keys);
        let (mut nulls, mut unseen_rows, mut unseen) = (0_u64, 0_u64, Told::default());
        let (mut known, mut seen_before, mut ungranted) = (Tuples::new(keys.len()), 0, Vec::new());
        let source = &self.rules.exposed(name)?.0.source;
        scan(self.rows, source, &columns, |batch| {
            for row in 0..batch.rows() {
                let Some(tuple) = tuple_of(batch, &positions, row) else {
                    nulls += 1;
                    continue;
                };
                let number = known.add(tuple.iter().copied());
                // Numbers are given in order, so a new tuple has the next one.
                if at(number) == seen_before {
                    seen_before += 1;
                    repeated.add(&tuple);
                    let is_granted = granted.find(tuple.iter().copied()) != NONE;
                    ungranted.push(!is_granted);
                    if !is_granted {
                        unseen.tell(tuple.iter().copied());
                    }
                }
                unseen_rows += u64::from(ungranted.get(at(number)).copied().unwrap_or(false));
            }
            Ok(())
        })?;
        let (dataset, columns) = (name.to_owned(), names);
        if nulls > 0 {
            let (dataset, columns) = (dataset.clone(), columns.clone());
            findings.push(DataFinding::NullKey { dataset, columns, rows: nulls });
        }
        if unseen.count > 0 {
            let Told { count: keys, examples } = unseen;
            let (dataset, columns) = (dataset.clone(), columns.clone());
            findings.push(DataFinding::SeenByNobody { dataset, columns, rows: unseen_rows, keys, examples });
        }
        findings.extend(repeated.findings(&dataset));
        Ok((keys, known))
    }

    /// The tuples of some keys that somebody is granted.
    fn granted_tuples(&self, keys: &[ScopeKey]) -> Tuples {
        let mut tuples = Tuples::new(keys.len());
        for admin in self.organisation.admins() {
            for granted in self.organisation.granted(admin).into_iter().flatten() {
                tuples.add(crate::scope::tuple(
                    &keys.iter().collect::<Vec<_>>(),
                    self.organisation.keys(),
                    admin,
                    granted,
                ));
            }
        }
        tuples
    }

    /// Grants to which no row answers, of any dataset that binds some of the granted keys itself.
    fn pointing_nowhere(&self, held: &[(Vec<ScopeKey>, Tuples)]) -> Option<DataFinding> {
        let names = self.organisation.keys();
        let is_granted = |key: &ScopeKey| matches!(key, ScopeKey::Granted(_));
        let binding: Vec<&(Vec<ScopeKey>, Tuples)> =
            held.iter().filter(|(keys, _)| keys.iter().any(is_granted)).collect();
        if binding.is_empty() {
            return None;
        }
        let mut nowhere = Told::default();
        for admin in self.organisation.admins() {
            for granted in self.organisation.granted(admin).into_iter().flatten() {
                let answers = |(keys, tuples): &&(Vec<ScopeKey>, Tuples)| {
                    let keys: Vec<&ScopeKey> = keys.iter().collect();
                    tuples.find(crate::scope::tuple(&keys, names, admin, granted)) != NONE
                };
                if !binding.iter().any(answers) {
                    let identity =
                        [admin.tenant().to_string(), admin.business().to_string(), admin.admin().to_string()];
                    nowhere.tell(identity.iter().chain(granted).map(String::as_str));
                }
            }
        }
        let Told { count: grants, examples } = nowhere;
        (grants > 0).then_some(DataFinding::PointsNowhere { grants, examples })
    }

    fn seeing_nothing(&self) -> Result<Option<DataFinding>, LabError> {
        let is_public = |dataset: &str| {
            let policy = self.rules.policy.datasets.get(dataset);
            policy.is_some_and(|policy| matches!(policy.rows, RowPolicy::Public { .. }))
        };
        let census = self.census()?;
        let scoped: Vec<&str> =
            census.datasets.iter().map(|of| of.dataset.as_str()).filter(|name| !is_public(name)).collect();
        let sees_none = |admin: &&CompositeKey| {
            scoped.iter().all(|name| census.rows_seen(name, admin).is_none_or(|rows| rows == 0))
        };
        let admins: Vec<String> = census.admins().iter().filter(sees_none).map(ToString::to_string).collect();
        let count = u64::try_from(admins.len()).unwrap_or(u64::MAX);
        let examples = admins.into_iter().take(EXAMPLES_MAX).collect();
        Ok((count > 0).then_some(DataFinding::SeesNothing { admins: count, examples }))
    }
}

/// A row's tuple; `None` where a part of it is NULL.
pub(crate) fn tuple_of<'b>(batch: &'b Batch, positions: &[usize], row: usize) -> Option<Vec<&'b str>> {
    let column = |position: &usize| batch.columns().get(*position);
    positions
        .iter()
        .map(|position| column(position).and_then(|column: &TextColumn| column.text(row)))
        .collect()
}

/// Values of granted keys, by how many tenants and businesses hold them.
struct Repeated {
    /// Places of tenant and business in a tuple.
    owner: Option<(usize, usize)>,
    keys: Vec<RepeatedKey>,
}

/// Values of one granted key.
struct RepeatedKey {
    place: usize,
    name: String,
    owners: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Repeated {
    fn of(keys: &[ScopeKey]) -> Self {
        let place = |wanted: ScopeKey| keys.iter().position(|key| *key == wanted);
        let owner = place(ScopeKey::Tenant).zip(place(ScopeKey::Business));
        let granted = keys.iter().enumerate().filter_map(|(place, key)| match key {
            ScopeKey::Granted(name) => {
                Some(RepeatedKey { place, name: name.clone(), owners: BTreeMap::new() })
            }
            ScopeKey::Tenant | ScopeKey::Business | ScopeKey::Admin => None,
        });
        Self { owner, keys: granted.collect() }
    }

    fn add(&mut self, tuple: &[&str]) {
        let Some((tenant, business)) = self.owner else { return };
        let part = |at: usize| tuple.get(at).map(|text| (*text).to_owned()).unwrap_or_default();
        for key in &mut self.keys {
            key.owners.entry(part(key.place)).or_default().insert((part(tenant), part(business)));
        }
    }

    fn findings(self, dataset: &str) -> Vec<DataFinding> {
        self.keys.into_iter().filter_map(|key| key.finding(dataset)).collect()
    }
}

impl RepeatedKey {
    fn finding(self, dataset: &str) -> Option<DataFinding> {
        let repeated = self.owners.into_iter().filter(|(_, owners)| owners.len() > 1);
        let repeated: Vec<String> = repeated.map(|(value, _)| value).collect();
        let values = u64::try_from(repeated.len()).unwrap_or(u64::MAX);
        let examples = repeated.into_iter().take(EXAMPLES_MAX).collect();
        let (dataset, key) = (dataset.to_owned(), self.name);
        (values > 0).then_some(DataFinding::RepeatedKey { dataset, key, values, examples })
    }
}

#[cfg(test)]
mod tests;

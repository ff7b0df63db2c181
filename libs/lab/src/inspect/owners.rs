//! Whose rows a key leads to, along the chains of `through`.
//!
//! Decides that the owner of a row is the tenant and the business in its own columns, or else the owner of the row that
//! its scope leads to.

use super::{DataFinding, Told, tuple_of};
use crate::error::LabError;
use crate::keys::{NONE, Tuples, at};
use crate::lab::Lab;
use crate::rows::{Batch, Rows};
use crate::scan::{Columns, scan};
use splitplane_semantics::{RowPolicy, ScopeKey, ScopeRule};
use std::collections::BTreeMap;

/// The rows of a key belong to several owners.
const MANY: u32 = NONE - 1;

/// For each key of a dataset, whose its rows are.
#[derive(Debug)]
struct KeyOwners {
    keys: Tuples,
    /// By the key's number; [`NONE`] where no owner is known.
    owners: Vec<u32>,
}

/// Where the owner of a row stands.
enum Place<'o> {
    /// In its own columns: tenant, business.
    Own(Vec<usize>),
    /// With the row that these columns lead to.
    Beyond(&'o KeyOwners, Vec<usize>),
    /// Nowhere: the row is everybody's.
    Nobody,
}

/// Owners of keys, each dataset and set of columns read once.
pub(super) struct Owners<'l, 'a, R> {
    lab: &'l Lab<'a, R>,
    pairs: Tuples,
    known: BTreeMap<(String, Vec<String>), KeyOwners>,
}

impl<'l, 'a, R: Rows> Owners<'l, 'a, R> {
    pub(super) fn new(lab: &'l Lab<'a, R>) -> Self {
        Self { lab, pairs: Tuples::new(2), known: BTreeMap::new() }
    }

    /// A rule that leads from one dataset through another.
    pub(super) fn inspect(
        &mut self,
        name: &str,
        other: &str,
        by: &[(String, String)],
    ) -> Result<Vec<DataFinding>, LabError> {
        let (mine, theirs): (Vec<String>, Vec<String>) = by.iter().cloned().unzip();
        self.read(other, &theirs)?;
        let Some(beyond) = self.known.get(&(other.to_owned(), theirs.clone())) else { return Ok(Vec::new()) };
        let mut columns = Columns::default();
        let positions = columns.positions(mine.iter().map(String::as_str));
        let (mut nulls, mut orphans, mut told) = (0_u64, 0_u64, Told::default());
        let (mut lost, mut lost_before) = (Tuples::new(mine.len()), 0);
        let (mut shared, mut shared_before, mut many) = (Tuples::new(mine.len()), 0, Told::default());
        // Where the dataset's own columns say whose a row is, no stranger's key shows it to anybody.
        let is_own = match &self.lab.rules.exposed(name)?.1.rows {
            RowPolicy::Public { reason: _ } => false,
            RowPolicy::Scoped(rules) => own_columns(rules).is_some(),
        };
        scan(self.lab.rows, &self.lab.rules.exposed(name)?.0.source, &columns, |batch| {
            for row in 0..batch.rows() {
                let Some(tuple) = tuple_of(batch, &positions, row) else {
                    nulls += 1;
                    continue;
                };
                let key = beyond.keys.find(tuple.iter().copied());
                if !is_own && beyond.owners.get(at(key)) == Some(&MANY) {
                    if at(shared.add(tuple.iter().copied())) == shared_before {
                        shared_before += 1;
                        many.tell(tuple.iter().copied());
                    }
                } else if key == NONE {
                    orphans += 1;
                    if at(lost.add(tuple.iter().copied())) == lost_before {
                        lost_before += 1;
                        told.tell(tuple);
                    }
                }
            }
            Ok(())
        })?;
        let (dataset, other) = (name.to_owned(), other.to_owned());
        let mut findings = Vec::new();
        if many.count > 0 {
            findings.push(DataFinding::SharedKey {
                dataset: dataset.clone(),
                other: other.clone(),
                columns: theirs,
                keys: many.count,
                examples: many.examples,
            });
        }
        if nulls > 0 {
            findings.push(DataFinding::NullKey {
                dataset: dataset.clone(),
                columns: mine.clone(),
                rows: nulls,
            });
        }
        if orphans > 0 {
            let examples = told.examples;
            findings.push(DataFinding::Orphans { dataset, other, columns: mine, rows: orphans, examples });
        }
        Ok(findings)
    }

    /// Reads whose the rows of a dataset's keys are.
    fn read(&mut self, name: &str, by: &[String]) -> Result<(), LabError> {
        let key = (name.to_owned(), by.to_vec());
        if self.known.contains_key(&key) {
            return Ok(());
        }
        let (dataset, policy) = self.lab.rules.exposed(name)?;
        let rules = match &policy.rows {
            RowPolicy::Public { reason: _ } => &[][..],
            RowPolicy::Scoped(rules) => rules.as_slice(),
        };
        let is_scoped = |name: &str| {
            let policy = self.lab.rules.policy.datasets.get(name);
            policy.is_some_and(|policy| matches!(policy.rows, RowPolicy::Scoped(_)))
        };
        let beyond = rules.iter().find_map(|rule| match rule {
            ScopeRule::Columns(_) => None,
            // A public dataset says nothing of whose a row is.
            ScopeRule::Through { dataset, .. } if !is_scoped(dataset) => None,
            ScopeRule::Through { dataset, by } => {
                Some((dataset.clone(), by.iter().cloned().unzip::<String, String, Vec<_>, Vec<_>>()))
            }
        });
        let own = own_columns(rules);
        if let (None, Some((dataset, (_, theirs)))) = (&own, &beyond) {
            self.read(dataset, theirs)?;
        }
        let mut columns = Columns::default();
        let positions = columns.positions(by.iter().map(String::as_str));
        let place = match (own, beyond) {
            (Some(own), _) => Place::Own(columns.positions(own)),
            (None, Some((dataset, (mine, theirs)))) => match self.known.get(&(dataset, theirs)) {
                Some(owners) => Place::Beyond(owners, columns.positions(mine.iter().map(String::as_str))),
                None => Place::Nobody,
            },
            (None, None) => Place::Nobody,
        };
        let mut found = KeyOwners { keys: Tuples::new(by.len()), owners: Vec::new() };
        let pairs = &mut self.pairs;
        scan(self.lab.rows, &dataset.source, &columns, |batch| {
            for row in 0..batch.rows() {
                let Some(tuple) = tuple_of(batch, &positions, row) else { continue };
                let owner = owner_of(&place, pairs, batch, row);
                found.add(&tuple, owner);
            }
            Ok(())
        })?;
        self.known.insert(key, found);
        Ok(())
    }
}

/// The columns that hold tenant and business, in whatever rules they are bound.
fn own_columns(rules: &[ScopeRule]) -> Option<[&str; 2]> {
    let column = |wanted: &ScopeKey| {
        rules.iter().find_map(|rule| {
            let ScopeRule::Columns(bindings) = rule else { return None };
            bindings.iter().find(|(key, _)| key == wanted).map(|(_, column)| column.as_str())
        })
    };
    Some([column(&ScopeKey::Tenant)?, column(&ScopeKey::Business)?])
}

fn owner_of(place: &Place<'_>, pairs: &mut Tuples, batch: &Batch, row: usize) -> u32 {
    match place {
        Place::Nobody => NONE,
        Place::Own(positions) => tuple_of(batch, positions, row).map_or(NONE, |pair| pairs.add(pair)),
        Place::Beyond(owners, positions) => {
            let found = tuple_of(batch, positions, row).map(|tuple| owners.keys.find(tuple));
            found.and_then(|key| owners.owners.get(at(key)).copied()).unwrap_or(NONE)
        }
    }
}

impl KeyOwners {
    fn add(&mut self, tuple: &[&str], owner: u32) {
        let key = at(self.keys.add(tuple.iter().copied()));
        match self.owners.get_mut(key) {
            // Numbers are given in order.
            None => self.owners.push(owner),
            Some(known) if *known == owner || *known == MANY || owner == NONE => {}
            Some(known) if *known == NONE => *known = owner,
            Some(known) => *known = MANY,
        }
    }
}

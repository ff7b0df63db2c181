//! Who is granted what, as the grants' rows say.
//!
//! Means what the query service means when it reads the grants of one identity:
//! - identities are compared byte for byte, so a row whose tenant, business or admin is NULL or no id names nobody
//!   who can ever ask;
//! - a row with a NULL among its granted keys grants nothing at all, not even its other keys;
//! - the keys of one row are granted together, and stay together;
//! - where the grants yield no key, a row grants the identity itself.
//!
//! An admin whose every row grants nothing is known, and sees what is public.

use crate::error::{LabError, nearest};
use crate::rows::{Rows, TextColumn};
use crate::scan::{Columns, scan};
use splitplane_semantics::{Policy, SemanticModel};
use splitplane_types::CompositeKey;
use std::collections::{BTreeMap, BTreeSet};

/// Everyone whom the grants name, and what each is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    keys: Vec<String>,
    admins: BTreeMap<CompositeKey, BTreeSet<Vec<String>>>,
    idle: IdleGrants,
}

/// Rows of the grants that do nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct IdleGrants {
    /// Rows whose tenant, business or admin is NULL or no id: they name nobody who can ask.
    pub nameless: u64,
    /// Rows that name an admin, with a NULL among the granted keys: they grant nothing.
    pub incomplete: u64,
}

impl Organisation {
    /// Reads all grants.
    ///
    /// # Errors
    /// The model does not hold the grants' dataset, or its rows are not read.
    pub fn read<R: Rows>(model: &SemanticModel, policy: &Policy, rows: &R) -> Result<Self, LabError> {
        let grants = &policy.grants;
        let dataset = model.dataset(&grants.dataset).ok_or_else(|| {
            LabError::Inconsistent(format!("the model has no dataset `{}`", grants.dataset))
        })?;
        let mut columns = Columns::default();
        let named = columns.positions([&grants.tenant, &grants.business, &grants.admin].map(String::as_str));
        let yielded = columns.positions(grants.yields.values().map(String::as_str));
        let mut organisation = Self {
            keys: grants.yields.keys().cloned().collect(),
            admins: BTreeMap::new(),
            idle: IdleGrants::default(),
        };
        scan(rows, &dataset.source, &columns, |batch| {
            let of = |positions: &[usize]| -> Vec<&TextColumn> {
                positions.iter().filter_map(|position| batch.columns().get(*position)).collect()
            };
            let (named, yielded) = (of(&named), of(&yielded));
            for row in 0..batch.rows() {
                let identity: Option<Vec<&str>> = named.iter().map(|column| column.text(row)).collect();
                let granted = yielded.iter().map(|column| column.text(row).map(str::to_owned)).collect();
                organisation.add(identity.as_deref(), granted);
            }
            Ok(())
        })?;
        Ok(organisation)
    }

    fn add(&mut self, identity: Option<&[&str]>, granted: Option<Vec<String>>) {
        let Some(admin) = identity.and_then(composite) else {
            self.idle.nameless += 1;
            return;
        };
        let tuples = self.admins.entry(admin).or_default();
        match granted {
            None => self.idle.incomplete += 1,
            Some(tuple) => {
                tuples.insert(tuple);
            }
        }
    }

    /// Names of the granted keys, in the order of every granted tuple.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Everyone, in order.
    pub fn admins(&self) -> impl Iterator<Item = &CompositeKey> {
        self.admins.keys()
    }

    /// What an admin is granted; `None` if no grant names them.
    #[must_use]
    pub fn granted(&self, admin: &CompositeKey) -> Option<&BTreeSet<Vec<String>>> {
        self.admins.get(admin)
    }

    /// Rows of the grants that do nothing.
    #[must_use]
    pub const fn idle(&self) -> IdleGrants {
        self.idle
    }

    /// What an admin is granted, who must be known.
    pub(crate) fn known(&self, admin: &CompositeKey) -> Result<&BTreeSet<Vec<String>>, LabError> {
        self.admins.get(admin).ok_or_else(|| {
            let wrong = admin.to_string();
            let names = self.admins.keys().map(ToString::to_string);
            LabError::UnknownAdmin { nearest: nearest(&wrong, names), admin: wrong }
        })
    }
}

fn composite(identity: &[&str]) -> Option<CompositeKey> {
    let [tenant, business, admin] = identity else { return None };
    Some(CompositeKey::new(tenant.parse().ok()?, business.parse().ok()?, admin.parse().ok()?))
}

#[cfg(test)]
mod tests;

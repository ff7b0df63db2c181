//! A policy's scopes, with the admins who meet each rule.
//!
//! Means what the query service means when it builds a security plane: the columns of one rule hold one tuple of the
//! caller's identity and of keys that one grant gives together; rules of one dataset are met together; `through` is
//! met by any row of the other dataset that is in that dataset's own scope. Nobody without a complete grant meets a
//! rule over columns, not even one of their identity alone.

use crate::error::{LabError, nearest};
use crate::keys::{Building, Lookup, Numbering};
use crate::organisation::Organisation;
use crate::sets::Sets;
use splitplane_semantics::{
    Dataset, DatasetPolicy, Field, FieldExpression, Policy, RowPolicy, ScopeKey, ScopeRule, SemanticModel,
};
use splitplane_types::CompositeKey;
use std::collections::{BTreeMap, BTreeSet};

/// The hops that a security plane follows; deeper is a ring in whatever made the policy.
const DEPTH_MAX: usize = 16;

/// A model and its policy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) model: &'a SemanticModel,
    pub(crate) policy: &'a Policy,
}

impl<'a> Rules<'a> {
    /// Takes a model and its policy; refused where no security plane could be built from them.
    pub(crate) fn new(model: &'a SemanticModel, policy: &'a Policy) -> Result<Self, LabError> {
        let rules = Self { model, policy };
        for name in policy.datasets.keys() {
            rules.check(name, name, 0)?;
        }
        Ok(rules)
    }

    fn check(self, root: &str, name: &str, depth: usize) -> Result<(), LabError> {
        if depth > DEPTH_MAX {
            return Err(LabError::TooDeep { dataset: root.to_owned(), max: DEPTH_MAX });
        }
        let (_, policy) = self.exposed(name)?;
        let RowPolicy::Scoped(rules) = &policy.rows else { return Ok(()) };
        // Rules that are all met because there is none would show every row.
        let mut empty = rules.is_empty();
        for rule in rules {
            match rule {
                ScopeRule::Columns(bindings) => {
                    empty |= bindings.is_empty();
                    for (key, _) in bindings {
                        if let ScopeKey::Granted(key) = key
                            && !self.policy.grants.yields.contains_key(key)
                        {
                            return Err(LabError::Inconsistent(format!("the grants do not yield `{key}`")));
                        }
                    }
                }
                ScopeRule::Through { dataset, by } => {
                    empty |= by.is_empty();
                    self.check(root, dataset, depth + 1)?;
                }
            }
        }
        if empty {
            return Err(LabError::Inconsistent(format!("the scope of `{name}` is empty")));
        }
        Ok(())
    }

    /// A dataset that the policy exposes.
    pub(crate) fn exposed(self, name: &str) -> Result<(&'a Dataset, &'a DatasetPolicy), LabError> {
        match (self.model.dataset(name), self.policy.datasets.get(name)) {
            (Some(dataset), Some(policy)) => Ok((dataset, policy)),
            (_, None) if name == self.policy.grants.dataset => {
                Err(LabError::HoldsGrants { name: name.to_owned() })
            }
            (_, None) | (None, Some(_)) => Err(LabError::UnknownDataset {
                name: name.to_owned(),
                nearest: nearest(name, self.policy.datasets.keys().cloned()),
            }),
        }
    }

    /// The column of a field by which rows are named.
    pub(crate) fn column(self, dataset: &'a Dataset, field: &str) -> Result<&'a str, LabError> {
        match dataset.field(field).map(|field| &field.expression) {
            Some(FieldExpression::Column(column)) => Ok(column),
            Some(FieldExpression::Computed(_)) => {
                Err(LabError::Computed { dataset: dataset.name.clone(), field: field.to_owned() })
            }
            None => Err(LabError::UnknownField {
                dataset: dataset.name.clone(),
                field: field.to_owned(),
                nearest: nearest(field, dataset.fields.iter().map(|field| field.name.clone())),
            }),
        }
    }
}

/// The field that is a column, for people to read.
pub(crate) fn field_of(dataset: &Dataset, column: &str) -> Option<String> {
    let is_it = |field: &&Field| matches!(&field.expression, FieldExpression::Column(own) if own == column);
    dataset.fields.iter().find(is_it).map(|field| field.name.clone())
}

/// What a scope key is called in a policy.
pub(crate) fn key_name(key: &ScopeKey) -> &str {
    match key {
        ScopeKey::Tenant => "tenant",
        ScopeKey::Business => "business",
        ScopeKey::Admin => "admin",
        ScopeKey::Granted(name) => name,
    }
}

/// What the bound columns must hold, for one granted tuple.
pub(crate) fn tuple<'t>(
    keys: &[&ScopeKey],
    names: &[String],
    admin: &'t CompositeKey,
    granted: &'t [String],
) -> Vec<&'t str> {
    keys.iter()
        .filter_map(|key| match key {
            ScopeKey::Tenant => Some(admin.tenant().as_str()),
            ScopeKey::Business => Some(admin.business().as_str()),
            ScopeKey::Admin => Some(admin.admin().as_str()),
            ScopeKey::Granted(name) => {
                let position = names.iter().position(|known| known == name)?;
                granted.get(position).map(String::as_str)
            }
        })
        .collect()
}

/// One policy's scopes over some admins, each of whom has a number.
#[derive(Debug)]
pub(crate) struct Side<'a> {
    pub(crate) rules: Rules<'a>,
    lookups: BTreeMap<Vec<&'a ScopeKey>, Lookup>,
}

impl<'a> Side<'a> {
    /// Finds who meets which rule over columns; what [`Rules::new`] took.
    pub(crate) fn new(
        rules: Rules<'a>,
        organisation: &Organisation,
        admins: &[&CompositeKey],
        sets: &mut Sets,
    ) -> Self {
        let mut lookups = BTreeMap::new();
        for keys in rules.policy.datasets.values().flat_map(bound_keys) {
            lookups.entry(keys).or_insert_with_key(|keys| lookup(keys, organisation, admins, sets));
        }
        Self { rules, lookups }
    }

    /// Who meets a rule over columns bound to these keys.
    pub(crate) fn lookup(&self, bindings: &[(ScopeKey, String)]) -> Result<&Lookup, LabError> {
        let keys: Vec<&ScopeKey> = bindings.iter().map(|(key, _)| key).collect();
        self.lookups
            .iter()
            .find(|(known, _)| **known == keys)
            .map(|(_, lookup)| lookup)
            .ok_or_else(|| LabError::Inconsistent("a rule was added after its policy was read".to_owned()))
    }
}

fn bound_keys(policy: &DatasetPolicy) -> Vec<Vec<&ScopeKey>> {
    let RowPolicy::Scoped(rules) = &policy.rows else { return Vec::new() };
    let mut bound = Vec::new();
    for rule in rules {
        match rule {
            ScopeRule::Columns(bindings) => bound.push(bindings.iter().map(|(key, _)| key).collect()),
            ScopeRule::Through { .. } => {}
        }
    }
    bound
}

fn lookup(
    keys: &[&ScopeKey],
    organisation: &Organisation,
    admins: &[&CompositeKey],
    sets: &mut Sets,
) -> Lookup {
    // A tuple met by nobody has no entry, so this is bounded by the grants.
    let mut numbering = Numbering::new((0..keys.len()).collect());
    let mut building = Building::default();
    for (number, admin) in (0_u32..).zip(admins) {
        let set = sets.intern(&[number]);
        let granted = organisation.granted(admin).into_iter().flatten();
        let distinct: BTreeSet<Vec<&str>> =
            granted.map(|granted| tuple(keys, organisation.keys(), admin, granted)).collect();
        for tuple in distinct {
            building.add(numbering.add(tuple), set);
        }
    }
    building.finish(numbering.finish(), sets)
}

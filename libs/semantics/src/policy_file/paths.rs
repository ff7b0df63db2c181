//! Whether every scope leads to tenant and business, and no chain of scopes is a ring.
//!
//! A mistake is written down where it is, and not again at the datasets that lead through it.

use super::scope::Said;
use crate::log::Log;
use crate::{DatasetPolicy, RowPolicy, ScopeKey, ScopeRule};
use std::collections::{BTreeMap, BTreeSet};

/// Checks that every scoped dataset leads to tenant and business, and that no chain is a ring.
pub(super) fn check(
    log: Log<'_>,
    said: &[Said<'_>],
    policies: &BTreeMap<String, DatasetPolicy>,
    grants: Option<&str>,
) {
    // Datasets whose trouble is written down already.
    let mut troubled: BTreeSet<&str> =
        said.iter().filter(|said| !said.is_whole).map(|said| said.dataset).collect();
    let mut unreached: Vec<(&Said<'_>, BTreeSet<&str>, Vec<&'static str>)> = Vec::new();
    for one in said {
        let mut way =
            Way { policies, chain: vec![one.dataset], passed: BTreeSet::new(), reached: BTreeSet::new() };
        let walked = way.walk(one.dataset);
        let Way { passed, reached, .. } = way;
        let refuse = |what: String, code, remedy: &str| {
            log.refuse(log.source.error(one.line, what, remedy).coded(code));
        };
        match walked {
            Err(_) if passed.iter().any(|dataset| troubled.contains(dataset)) => {}
            Err(Trouble::Ring(chain)) => {
                let what = format!("the scope of dataset `{}` runs in a ring: {chain}", one.dataset);
                refuse(what, "scope-ring", "bind one of them to columns of its own");
                troubled.extend(passed);
            }
            Err(Trouble::Unscoped(dataset)) if Some(dataset.as_str()) == grants => {
                let what = format!(
                    "the scope of dataset `{}` leads through `{dataset}`, which has none",
                    one.dataset
                );
                refuse(what, "scope-through-grants", "go through a dataset that is listed under `datasets`");
                troubled.insert(one.dataset);
            }
            // That it has no scope is written down, or that it was not readable.
            Err(Trouble::Unscoped(_)) => {
                troubled.insert(one.dataset);
            }
            Ok(()) if is_public(policies, one.dataset) => {}
            Ok(()) => {
                let missing = [(ScopeKey::Tenant, "tenant"), (ScopeKey::Business, "business")];
                let missing = missing.into_iter().filter(|(key, _)| !reached.contains(key));
                let missing: Vec<_> = missing.map(|(_, name)| name).collect();
                if !missing.is_empty() {
                    unreached.push((one, passed, missing));
                }
            }
        }
    }
    let short: BTreeSet<&str> = unreached.iter().map(|(one, ..)| one.dataset).collect();
    for (one, passed, missing) in &unreached {
        let is_elsewhere = |dataset: &&str| {
            troubled.contains(*dataset) || (short.contains(*dataset) && **dataset != *one.dataset)
        };
        if passed.iter().any(is_elsewhere) {
            continue;
        }
        // An id of a place or of a person repeats between tenants: alone it scopes nothing.
        for missing in missing {
            let what = format!("the scope of dataset `{}` does not reach the {missing}", one.dataset);
            let remedy = format!("add `{missing}: column`, or `through:` a dataset that has it");
            log.refuse(log.source.error(one.line, what, remedy).coded("scope-unreached"));
        }
    }
}

fn is_public(policies: &BTreeMap<String, DatasetPolicy>, dataset: &str) -> bool {
    policies.get(dataset).is_some_and(|policy| matches!(policy.rows, RowPolicy::Public { .. }))
}

enum Trouble {
    Ring(String),
    Unscoped(String),
}

/// A way along scopes.
struct Way<'p> {
    policies: &'p BTreeMap<String, DatasetPolicy>,
    /// From where the way began to where it is.
    chain: Vec<&'p str>,
    /// Every dataset that it came by.
    passed: BTreeSet<&'p str>,
    reached: BTreeSet<ScopeKey>,
}

impl<'p> Way<'p> {
    fn walk(&mut self, name: &'p str) -> Result<(), Trouble> {
        self.passed.insert(name);
        let Some(policy) = self.policies.get(name) else { return Err(Trouble::Unscoped(name.to_owned())) };
        let RowPolicy::Scoped(rules) = &policy.rows else { return Ok(()) };
        for rule in rules {
            match rule {
                ScopeRule::Columns(columns) => {
                    self.reached.extend(columns.iter().map(|(key, _)| key.clone()))
                }
                ScopeRule::Through { dataset, .. } => {
                    let ring = self.chain.contains(&dataset.as_str());
                    self.chain.push(dataset);
                    if ring {
                        return Err(Trouble::Ring(self.chain.join(" -> ")));
                    }
                    self.walk(dataset)?;
                    self.chain.pop();
                }
            }
        }
        Ok(())
    }
}

//! The registry: principals, registered combinations, and who may speak for which.
//!
//! Decides whether tenant, business and admin belong together and are active, whether a principal
//! may speak for them, and which workload may obtain a principal's credentials. Where the entries are
//! kept is `source`'s to know. It does not verify signatures and knows nothing of grants.

use splitplane_sigv4::AssumedRole;
use splitplane_store::{CombinationEntry, Entries, PrincipalEntry};
use splitplane_types::{CompositeKey, PrincipalId, Role};
use std::collections::{BTreeMap, BTreeSet};

mod file;

pub use file::{RegistryFileError, parse, text};

/// Why entries are no registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegistry {
    /// Something is listed twice.
    #[error("`{0}` is listed twice; keep one")]
    Duplicate(String),
    /// A principal speaks for a combination that is not listed.
    #[error("principal `{principal}` speaks for `{combination}`, which is not a listed combination")]
    UnknownCombination {
        /// The principal.
        principal: PrincipalId,
        /// The combination.
        combination: CompositeKey,
    },
    /// A role at AWS is written in another way than STS writes it.
    #[error("`{0}` is no assumed role; write `arn:aws:sts::123456789012:assumed-role/Name`")]
    AssumedRole(String),
    /// A bootstrap workload is no SPIFFE id.
    #[error("`{0}` is no SPIFFE id; write `spiffe://trust-domain/bootstrap/name`")]
    Bootstrap(String),
}

/// Why a verified caller may not have a session. For the log only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRegistered {
    /// Tenant, business and admin are not registered together.
    #[error("the combination is not registered")]
    Combination,
    /// They are, but disabled.
    #[error("the combination is disabled")]
    Disabled,
    /// The principal may not speak for them.
    #[error("the principal may not speak for the combination")]
    Principal,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Combination {
    role: Role,
    active: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Principal {
    bootstraps: BTreeSet<String>,
    assumed_roles: BTreeSet<AssumedRole>,
    speaks_for: BTreeSet<CompositeKey>,
}

/// A loaded registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    combinations: BTreeMap<CompositeKey, Combination>,
    principals: BTreeMap<PrincipalId, Principal>,
}

impl Registry {
    /// Puts entries together.
    ///
    /// # Errors
    /// See [`InvalidRegistry`].
    pub fn build(entries: &Entries) -> Result<Self, InvalidRegistry> {
        let mut combinations = BTreeMap::new();
        for CombinationEntry { key, role, active } in &entries.combinations {
            let combination = Combination { role: role.clone(), active: *active };
            if combinations.insert(key.clone(), combination).is_some() {
                return Err(InvalidRegistry::Duplicate(key.to_string()));
            }
        }
        let (mut principals, mut roles) = (BTreeMap::new(), BTreeSet::new());
        for entry in &entries.principals {
            let principal = principal(entry, &combinations)?;
            for role in &principal.assumed_roles {
                if !roles.insert(role.clone()) {
                    return Err(InvalidRegistry::Duplicate(role.arn().to_owned()));
                }
            }
            if principals.insert(entry.id.clone(), principal).is_some() {
                return Err(InvalidRegistry::Duplicate(entry.id.to_string()));
            }
        }
        Ok(Self { combinations, principals })
    }

    /// The role of a combination that is registered together, active, and that `principal` may
    /// speak for.
    ///
    /// # Errors
    /// See [`NotRegistered`]; callers must not pass the difference on.
    pub fn role(&self, composite: &CompositeKey, principal: &PrincipalId) -> Result<&Role, NotRegistered> {
        let combination = self.combinations.get(composite).ok_or(NotRegistered::Combination)?;
        if !combination.active {
            return Err(NotRegistered::Disabled);
        }
        match self.principals.get(principal) {
            Some(entry) if entry.speaks_for.contains(composite) => Ok(&combination.role),
            Some(_) | None => Err(NotRegistered::Principal),
        }
    }

    /// Whose the role is.
    #[must_use]
    pub fn principal_of(&self, role: &AssumedRole) -> Option<&PrincipalId> {
        self.principals.iter().find(|(_, entry)| entry.assumed_roles.contains(role)).map(|(id, _)| id)
    }

    /// Whether the workload with this SPIFFE id may obtain credentials of `principal`.
    #[must_use]
    pub fn is_bootstrap(&self, spiffe_id: &str, principal: &PrincipalId) -> bool {
        self.principals.get(principal).is_some_and(|entry| entry.bootstraps.contains(spiffe_id))
    }

    /// Combinations whose session keys must be void once `newer` is in force: those that are gone,
    /// disabled, have another role, lost a principal, or whose principal lost a role at AWS.
    #[must_use]
    pub fn revoked_by(&self, newer: &Self) -> Vec<CompositeKey> {
        let lost_principal = |key: &CompositeKey| {
            self.principals.iter().any(|(id, entry)| {
                let keeps = |newer: &Principal| {
                    newer.speaks_for.contains(key) && newer.assumed_roles.is_superset(&entry.assumed_roles)
                };
                entry.speaks_for.contains(key) && !newer.principals.get(id).is_some_and(keeps)
            })
        };
        self.combinations
            .iter()
            .filter(|(key, old)| newer.combinations.get(key) != Some(old) || lost_principal(key))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

fn principal(
    entry: &PrincipalEntry,
    combinations: &BTreeMap<CompositeKey, Combination>,
) -> Result<Principal, InvalidRegistry> {
    let mut speaks_for = BTreeSet::new();
    for key in &entry.speaks_for {
        if !combinations.contains_key(key) {
            let (principal, combination) = (entry.id.clone(), key.clone());
            return Err(InvalidRegistry::UnknownCombination { principal, combination });
        }
        if !speaks_for.insert(key.clone()) {
            return Err(InvalidRegistry::Duplicate(format!("{} for {key}", entry.id)));
        }
    }
    let mut bootstraps = BTreeSet::new();
    for id in &entry.bootstraps {
        let is_id = id.starts_with("spiffe://") && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_id {
            return Err(InvalidRegistry::Bootstrap(id.clone()));
        }
        if !bootstraps.insert(id.clone()) {
            return Err(InvalidRegistry::Duplicate(format!("{id} of {}", entry.id)));
        }
    }
    let mut assumed_roles = BTreeSet::<AssumedRole>::new();
    for text in &entry.assumed_roles {
        let role = text.parse().map_err(|_error| InvalidRegistry::AssumedRole(text.clone()))?;
        if !assumed_roles.insert(role) {
            return Err(InvalidRegistry::Duplicate(text.clone()));
        }
    }
    Ok(Principal { bootstraps, assumed_roles, speaks_for })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
version: 1
principals:
  - id: library-portal
    bootstraps: [spiffe://test/bootstrap/portal]
    speaks_for: [{ tenant: t, business: b, admin: ann }, { tenant: t, business: b, admin: bob }]
  - { id: other, bootstraps: [], speaks_for: [], assumed_roles: ['arn:aws:sts::123456789012:assumed-role/Other'] }
combinations:
  - { tenant: t, business: b, admin: ann, role: reader, active: true }
  - { tenant: t, business: b, admin: bob, role: reader, active: false }
  - { tenant: u, business: b, admin: ann, role: reader, active: true }
";

    fn parse(text: &str) -> Result<Registry, String> {
        let entries = super::parse(text).map_err(|error| error.to_string())?;
        Registry::build(&entries).map_err(|error| error.to_string())
    }

    fn key(text: &str) -> CompositeKey {
        text.parse().unwrap()
    }

    #[test]
    fn only_registered_active_combinations_of_the_principal_have_a_role() {
        let registry = parse(TEXT).unwrap();
        let portal = "library-portal".parse().unwrap();
        let role = |composite: &str| registry.role(&key(composite), &portal).map(Role::to_string);
        assert_eq!(role("t/b/ann"), Ok("reader".to_owned()));
        assert_eq!(role("t/b/bob"), Err(NotRegistered::Disabled));
        assert_eq!(role("u/b/ann"), Err(NotRegistered::Principal));
        assert_eq!(role("u/b/bob"), Err(NotRegistered::Combination));
        let other = "other".parse().unwrap();
        assert_eq!(registry.role(&key("t/b/ann"), &other), Err(NotRegistered::Principal));
    }

    #[test]
    fn credentials_go_to_listed_bootstraps_only() {
        let registry = parse(TEXT).unwrap();
        let portal = "library-portal".parse().unwrap();
        assert!(registry.is_bootstrap("spiffe://test/bootstrap/portal", &portal));
        assert!(!registry.is_bootstrap("spiffe://test/bootstrap/port", &portal));
        assert!(!registry.is_bootstrap("spiffe://test/bootstrap/portal", &"other".parse().unwrap()));
    }

    #[test]
    fn whatever_takes_a_right_away_revokes() {
        let old = parse(TEXT).unwrap();
        assert_eq!(old.revoked_by(&old), []);
        let disabled = TEXT.replace(
            "admin: ann, role: reader, active: true }\n  - { tenant: t, business: b, admin: bob",
            "admin: ann, role: reader, active: false }\n  - { tenant: t, business: b, admin: bob",
        );
        assert_eq!(old.revoked_by(&parse(&disabled).unwrap()), [key("t/b/ann")]);
        let unspoken = TEXT.replace("{ tenant: t, business: b, admin: ann }, ", "");
        assert_eq!(old.revoked_by(&parse(&unspoken).unwrap()), [key("t/b/ann")]);
        let role = TEXT.replace(
            "{ tenant: u, business: b, admin: ann, role: reader",
            "{ tenant: u, business: b, admin: ann, role: owner",
        );
        assert_eq!(old.revoked_by(&parse(&role).unwrap()), [key("u/b/ann")]);
        let with_role = TEXT.replace(
            "bootstraps: [spiffe://test/bootstrap/portal]",
            "bootstraps: []\n    assumed_roles: ['arn:aws:sts::123456789012:assumed-role/Portal']",
        );
        let with_role = parse(&with_role).unwrap();
        assert_eq!(with_role.revoked_by(&old), [key("t/b/ann"), key("t/b/bob")]);
        let portal = "arn:aws:sts::123456789012:assumed-role/Portal".parse().unwrap();
        assert_eq!(with_role.principal_of(&portal).unwrap().as_str(), "library-portal");
        assert_eq!(old.principal_of(&portal), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, says) in [
            (TEXT.replace("version: 1", "version: 2"), "version 2"),
            (TEXT.replace("active: false", "active: false, extra: 1"), "extra"),
            (TEXT.replace("admin: bob }]", "admin: cy }]"), "not a listed combination"),
            (TEXT.replace("id: other", "id: library-portal"), "twice"),
            (TEXT.replace("tenant: u", "tenant: \"u/v\""), "tenant id"),
            (TEXT.replace("assumed-role/Other", "role/Other"), "assumed role"),
            (TEXT.replace("spiffe://test/bootstrap/portal", "portal"), "SPIFFE id"),
            (
                TEXT.replace(
                    "spiffe://test/bootstrap/portal]",
                    "spiffe://test/x]\n    assumed_roles: ['arn:aws:sts::123456789012:assumed-role/Other']",
                ),
                "twice",
            ),
        ] {
            let message = parse(&text).unwrap_err();
            assert!(message.contains(says), "{message}");
        }
    }
}

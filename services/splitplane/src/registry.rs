//! The registry of a development mesh: one principal for each combination that the grants name.
//!
//! Decides principals' names and the text of the file. What it means is decided by auth, which reads it.

use crate::pki;
use splitplane_auth::{CombinationEntry, Entries, PrincipalEntry};
use splitplane_types::{CompositeKey, Role};
use std::collections::{BTreeMap, BTreeSet};

/// Role of a combination for which nothing else is said.
pub const ROLE: &str = "member";

/// Characters of the admin's id in a principal's, so that with the digest it stays an id.
const ADMIN_CHARS_MAX: usize = 119;
const DIGEST_CHARS: usize = 8;

/// The principal that signs for a combination: the admin's id, and enough of the combination's
/// digest to tell it from others of that name.
#[must_use]
pub fn principal(composite: &CompositeKey) -> String {
    let admin: String = composite.admin().as_str().chars().take(ADMIN_CHARS_MAX).collect();
    let digest: String = composite.digest().to_string().chars().take(DIGEST_CHARS).collect();
    format!("{admin}.{digest}")
}

/// The registry's text. `roles` names the combinations that are more than members.
#[must_use]
pub fn text(
    combinations: &BTreeSet<CompositeKey>,
    roles: &BTreeMap<CompositeKey, Role>,
    trust_domain: &str,
) -> String {
    let bootstrap = pki::bootstrap_id(pki::BOOTSTRAP, trust_domain);
    let mut entries = Entries::default();
    for key in combinations {
        let role = roles.get(key).cloned().or_else(|| ROLE.parse().ok());
        let (Some(role), Ok(id)) = (role, principal(key).parse()) else { continue };
        entries.combinations.push(CombinationEntry { key: key.clone(), role, active: true });
        entries.principals.push(PrincipalEntry {
            id,
            bootstraps: vec![bootstrap.clone()],
            assumed_roles: Vec::new(),
            speaks_for: vec![key.clone()],
        });
    }
    let head = "# Written at each start from the grants; a change here lasts until the next one.\n";
    format!("{head}{}", splitplane_auth::text(&entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitplane_auth::Registry;

    fn keys(texts: &[&str]) -> BTreeSet<CompositeKey> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn parse(combinations: &BTreeSet<CompositeKey>, roles: &BTreeMap<CompositeKey, Role>) -> Registry {
        let text = text(combinations, roles, "splitplane.local");
        Registry::build(&splitplane_auth::parse(&text).unwrap()).unwrap()
    }

    #[test]
    fn each_principal_speaks_for_its_own_combination_alone() {
        let combinations = keys(&["007/true/null", "7/true/null", "t/b/a.b"]);
        let registry = parse(&combinations, &BTreeMap::new());
        for speaker in &combinations {
            let principal = principal(speaker).parse().unwrap();
            for key in &combinations {
                assert_eq!(registry.role(key, &principal).is_ok(), key == speaker, "{speaker} for {key}");
            }
            assert!(registry.is_bootstrap("spiffe://splitplane.local/bootstrap/developer", &principal));
        }
    }

    #[test]
    fn roles_are_members_unless_said_otherwise() {
        let combinations = keys(&["t/b/a", "t/b/c"]);
        let roles = BTreeMap::from([("t/b/c".parse().unwrap(), "owner".parse().unwrap())]);
        let registry = parse(&combinations, &roles);
        let role = |text: &str| {
            let key: CompositeKey = text.parse().unwrap();
            registry.role(&key, &principal(&key).parse().unwrap()).unwrap().to_string()
        };
        assert_eq!((role("t/b/a").as_str(), role("t/b/c").as_str()), ("member", "owner"));
    }

    #[test]
    fn the_longest_admin_still_has_a_principal() {
        let key: CompositeKey = format!("t/b/{}", "a".repeat(128)).parse().unwrap();
        assert_eq!(principal(&key).len(), 128);
        parse(&BTreeSet::from([key]), &BTreeMap::new());
    }

    #[test]
    fn nobody_is_a_registry_too() {
        parse(&BTreeSet::new(), &BTreeMap::new());
    }
}

//! What a command does to the entries of a registry. Pure: nothing is read or written here.

use super::import::Imported;
use splitplane_auth::{CombinationEntry, Entries, PrincipalEntry};
use splitplane_types::{CompositeKey, PrincipalId, Role};

/// What was done, for a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told(pub(crate) String);

/// What is to be added.
#[derive(Debug)]
pub(crate) struct Added<'a> {
    pub(crate) key: &'a CompositeKey,
    pub(crate) role: &'a Role,
    pub(crate) principal: &'a PrincipalId,
    pub(crate) bootstraps: &'a [String],
    pub(crate) assumed_roles: &'a [String],
}

/// Registers a combination and lets a principal speak for it. One that is there keeps its state.
pub(crate) fn add(entries: &mut Entries, added: &Added<'_>) -> Result<Told, String> {
    let Added { key, role, principal, bootstraps, assumed_roles } = *added;
    match entries.combinations.iter().find(|entry| entry.key == *key) {
        Some(entry) if entry.role != *role => {
            return Err(format!("`{key}` is registered as `{}`; a role is changed by `import`", entry.role));
        }
        Some(_) => {}
        None => {
            entries.combinations.push(CombinationEntry { key: key.clone(), role: role.clone(), active: true })
        }
    }
    merge(
        entries,
        &PrincipalEntry {
            id: principal.clone(),
            bootstraps: bootstraps.to_vec(),
            assumed_roles: assumed_roles.to_vec(),
            speaks_for: vec![key.clone()],
        },
    );
    Ok(Told(format!("{principal} may speak for {key} ({role})")))
}

/// Disables a combination, or enables it again.
pub(crate) fn set_active(entries: &mut Entries, key: &CompositeKey, active: bool) -> Result<Told, String> {
    let entry = entries.combinations.iter_mut().find(|entry| entry.key == *key);
    let entry = entry.ok_or_else(|| format!("`{key}` is not registered"))?;
    entry.active = active;
    Ok(Told(format!("{key} is {}", if active { "active" } else { "disabled" })))
}

/// Takes entries over: combinations as they are imported, but for a state that is not said; principals with what
/// they had besides.
pub(crate) fn import(entries: &mut Entries, imported: &Imported, replace: bool) -> Result<Told, String> {
    let before = entries.clone();
    if replace {
        *entries = Entries::default();
    }
    for new in &imported.entries.combinations {
        let mut new = new.clone();
        let old = before.combinations.iter().find(|entry| entry.key == new.key);
        if let Some(old) = old.filter(|_| imported.unsaid.contains(&new.key)) {
            new.active = old.active;
        }
        match entries.combinations.iter_mut().find(|entry| entry.key == new.key) {
            Some(entry) => *entry = new,
            None => entries.combinations.push(new),
        }
    }
    for principal in &imported.entries.principals {
        merge(entries, principal);
    }
    let has =
        |entries: &Entries, key: &CompositeKey| entries.combinations.iter().any(|entry| entry.key == *key);
    let added = entries.combinations.iter().filter(|entry| !has(&before, &entry.key)).count();
    let removed = before.combinations.iter().filter(|entry| !has(entries, &entry.key)).count();
    let changed = entries
        .combinations
        .iter()
        .filter(|entry| has(&before, &entry.key) && !before.combinations.contains(entry))
        .count();
    Ok(Told(format!("combinations: {added} added, {changed} changed, {removed} removed")))
}

pub(crate) fn merge(entries: &mut Entries, new: &PrincipalEntry) {
    let Some(old) = entries.principals.iter_mut().find(|entry| entry.id == new.id) else {
        entries.principals.push(new.clone());
        return;
    };
    extend(&mut old.bootstraps, &new.bootstraps);
    extend(&mut old.assumed_roles, &new.assumed_roles);
    extend(&mut old.speaks_for, &new.speaks_for);
}

fn extend<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
}

//! The registry as a YAML file: how it is read, and how it is written.
//!
//! Decides the form and nothing else; whether entries fit together is [`super::Registry`]'s to say.

use serde::Deserialize;
use splitplane_store::{CombinationEntry, Entries, PrincipalEntry};
use splitplane_types::{CompositeKey, InvalidId};
use std::fmt::Write as _;
use std::str::FromStr;

const VERSION: u32 = 1;

/// Why a text is no registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryFileError {
    /// It is not of this form.
    #[error("{0}")]
    Malformed(String),
    /// It is of another version.
    #[error("version {0} is not known; write `version: 1`")]
    Version(u32),
    /// An id is no id.
    #[error("`{text}`: {source}")]
    Id {
        /// The text.
        text: String,
        /// Why.
        source: InvalidId,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    principals: Vec<Principal>,
    combinations: Vec<Combination>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    id: String,
    bootstraps: Vec<String>,
    #[serde(default)]
    assumed_roles: Vec<String>,
    speaks_for: Vec<Ids>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ids {
    tenant: String,
    business: String,
    admin: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Combination {
    tenant: String,
    business: String,
    admin: String,
    role: String,
    active: bool,
}

/// Reads the text of a registry file.
///
/// # Errors
/// See [`RegistryFileError`].
pub fn parse(text: &str) -> Result<Entries, RegistryFileError> {
    let file: File =
        serde_saphyr::from_str(text).map_err(|error| RegistryFileError::Malformed(error.to_string()))?;
    if file.version != VERSION {
        return Err(RegistryFileError::Version(file.version));
    }
    let mut entries = Entries::default();
    for Combination { tenant, business, admin, role, active } in &file.combinations {
        let key = composite(tenant, business, admin)?;
        entries.combinations.push(CombinationEntry { key, role: id(role)?, active: *active });
    }
    for principal in file.principals {
        let Principal { id: name, bootstraps, assumed_roles, speaks_for } = principal;
        let speaks_for = speaks_for.iter().map(|ids| composite(&ids.tenant, &ids.business, &ids.admin));
        let speaks_for = speaks_for.collect::<Result<_, _>>()?;
        entries.principals.push(PrincipalEntry { id: id(&name)?, bootstraps, assumed_roles, speaks_for });
    }
    Ok(entries)
}

/// Writes the text of a registry file; what [`parse`] reads from it are the same entries.
#[must_use]
pub fn text(entries: &Entries) -> String {
    let principals = entries.principals.iter().map(|principal| {
        let PrincipalEntry { id, bootstraps, assumed_roles, speaks_for } = principal;
        let keys: Vec<String> = speaks_for.iter().map(|key| format!("{{ {} }}", ids(key))).collect();
        let roles = if assumed_roles.is_empty() {
            String::new()
        } else {
            format!(", assumed_roles: [{}]", quoted(assumed_roles))
        };
        format!(
            "{{ id: {}, bootstraps: [{}]{roles}, speaks_for: [{}] }}",
            quote(id.as_str()),
            quoted(bootstraps),
            keys.join(", ")
        )
    });
    let combinations = entries.combinations.iter().map(|CombinationEntry { key, role, active }| {
        format!("{{ {}, role: {}, active: {active} }}", ids(key), quote(role.as_str()))
    });
    let mut text = format!("version: {VERSION}\n");
    list(&mut text, "principals", principals);
    list(&mut text, "combinations", combinations);
    text
}

fn list(text: &mut String, name: &str, lines: impl ExactSizeIterator<Item = String>) {
    // Writing to a String cannot fail.
    if lines.len() == 0 {
        let _ = writeln!(text, "{name}: []");
        return;
    }
    let _ = writeln!(text, "{name}:");
    for line in lines {
        let _ = writeln!(text, "  - {line}");
    }
}

fn ids(key: &CompositeKey) -> String {
    let [tenant, business, admin] =
        [key.tenant().as_str(), key.business().as_str(), key.admin().as_str()].map(quote);
    format!("tenant: {tenant}, business: {business}, admin: {admin}")
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", ")
}

/// Quoted, since `007` and `true` are ids here and something else in YAML. JSON's strings are YAML's.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, RegistryFileError> {
    text.parse().map_err(|source| RegistryFileError::Id { text: text.to_owned(), source })
}

fn composite(tenant: &str, business: &str, admin: &str) -> Result<CompositeKey, RegistryFileError> {
    Ok(CompositeKey::new(id(tenant)?, id(business)?, id(admin)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let mut entries = Entries::default();
        assert_eq!(parse(&text(&entries)).unwrap(), entries);
        let keys: Vec<CompositeKey> = ["007/true/null", "t/b/a.b", "1e3/-/~x".replace('~', "_").as_str()]
            .map(|key| key.parse().unwrap())
            .to_vec();
        for (key, active) in keys.iter().zip([true, false, true]) {
            entries.combinations.push(CombinationEntry {
                key: key.clone(),
                role: "member".parse().unwrap(),
                active,
            });
        }
        entries.principals.push(PrincipalEntry {
            id: "007".parse().unwrap(),
            bootstraps: vec!["spiffe://test/a".into(), "with \"quotes\" and \\ and : #".into()],
            assumed_roles: vec!["arn:aws:sts::123456789012:assumed-role/Portal".into()],
            speaks_for: keys,
        });
        assert_eq!(parse(&text(&entries)).unwrap(), entries);
    }
}

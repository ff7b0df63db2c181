//! Entries from a file of somebody else's: CSV or YAML.
//!
//! Decides how a table of people becomes entries, and that a mistake is named by its line; a file with a
//! mistake is taken over in no part.

use crate::error::CommandError;
use serde::Deserialize;
use splitplane_auth::{CombinationEntry, Entries, PrincipalEntry};
use splitplane_types::{CompositeKey, InvalidId};
use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

/// One line: a combination, and a principal that may speak for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    tenant: String,
    business: String,
    admin: String,
    role: String,
    principal: String,
    active: Option<String>,
    /// Separated by blanks.
    bootstraps: Option<String>,
    /// Separated by blanks.
    assumed_roles: Option<String>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    pub(crate) entries: Entries,
    /// Combinations of which it does not say whether they are active: those that are there stay as they are.
    pub(crate) unsaid: BTreeSet<CompositeKey>,
}

/// Reads a file, by the end of its name.
///
/// # Errors
/// It cannot be read, or makes no sense; with the line.
pub(crate) fn read(path: &Path) -> Result<Imported, CommandError> {
    let failed = |what: String| CommandError::Usage(format!("{}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    if is_csv {
        return csv(&text).map_err(failed);
    }
    let entries = splitplane_auth::parse(&text).map_err(|error| failed(error.to_string()))?;
    Ok(Imported { entries, unsaid: BTreeSet::new() })
}

fn csv(text: &str) -> Result<Imported, String> {
    let mut imported = Imported::default();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| error.to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        let at = |what: String| format!("line {line}: {what}");
        let row: Row = record.deserialize(Some(&headers)).map_err(|error| at(reason(&error)))?;
        take(&mut imported, &row).map_err(at)?;
    }
    Ok(imported)
}

/// Without its own count of lines, which begins elsewhere.
fn reason(error: &csv::Error) -> String {
    if let csv::ErrorKind::Deserialize { err, .. } = error.kind() {
        err.to_string()
    } else {
        error.to_string()
    }
}

fn take(imported: &mut Imported, row: &Row) -> Result<(), String> {
    let Imported { entries, unsaid } = imported;
    let key = CompositeKey::new(id(&row.tenant)?, id(&row.business)?, id(&row.admin)?);
    let active = match row.active.as_deref() {
        None | Some("") => {
            unsaid.insert(key.clone());
            true
        }
        Some("true") => true,
        Some("false") => false,
        Some(other) => return Err(format!("active is `{other}`; write true or false")),
    };
    let new = CombinationEntry { key: key.clone(), role: id(&row.role)?, active };
    match entries.combinations.iter().find(|entry| entry.key == key) {
        Some(entry) if *entry == new => {}
        Some(_) => return Err(format!("`{key}` stands above with another role or state")),
        None => entries.combinations.push(new),
    }
    let words = |column: &Option<String>| -> Vec<String> {
        column.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let principal = PrincipalEntry {
        id: id(&row.principal)?,
        bootstraps: words(&row.bootstraps),
        assumed_roles: words(&row.assumed_roles),
        speaks_for: vec![key],
    };
    super::edit::merge(entries, &principal);
    Ok(())
}

fn id<T: FromStr<Err = InvalidId>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidId| format!("`{text}`: {error}"))
}

//! `splitplane registry`: who may ask, and for whom.
//!
//! Decides what a command does to the entries, the same wherever they are kept. Whether the result makes
//! sense is auth's to say, before anything is written; a running auth reads it within a second.

mod edit;
mod import;

use crate::error::{CommandError, DONE, FAILED};
use crate::home::Home;
use crate::output;
use clap::{Args, Subcommand};
use edit::{Added, Told};
use serde_json::json;
use splitplane_auth::{CombinationEntry, Entries, RegistrySource};
use splitplane_types::{CompositeKey, PrincipalId, Role};
use std::path::{Path, PathBuf};

/// See and change the registry: who may ask, and for whom
#[derive(Debug, Args)]
pub(crate) struct RegistryArgs {
    /// The registry: a file, or a database as `sqlite:/path` or `postgres://user@host/database`
    /// [default: the file of the mesh on this machine, which `up` writes anew at each start]
    #[arg(long, global = true, value_name = "FILE_OR_URL")]
    registry: Option<String>,
    #[command(subcommand)]
    command: RegistryCommand,
}

#[derive(Debug, Subcommand)]
enum RegistryCommand {
    /// List combinations, their role, and who may speak for them
    List {
        /// Only those of this tenant
        #[arg(long)]
        tenant: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Register a combination, or let another principal speak for one
    Add {
        /// tenant/business/admin
        combination: CompositeKey,
        /// Its role
        #[arg(long)]
        role: Role,
        /// The principal that may speak for it
        #[arg(long)]
        principal: PrincipalId,
        /// SPIFFE id of a workload that may fetch the principal's credentials
        #[arg(long = "bootstrap", value_name = "SPIFFE_ID")]
        bootstraps: Vec<String>,
        /// The principal's assumed role at AWS
        #[arg(long = "assumed-role", value_name = "ARN")]
        assumed_roles: Vec<String>,
    },
    /// Disable a combination: nobody speaks for it, and its session keys are void within the bound
    Disable {
        /// tenant/business/admin
        combination: CompositeKey,
    },
    /// Enable a combination again
    Enable {
        /// tenant/business/admin
        combination: CompositeKey,
    },
    /// Take entries from a YAML file of the registry's form, or from CSV with the columns tenant, business,
    /// admin, role, principal and, where wanted, active, bootstraps, assumed_roles
    Import {
        /// The file; `.csv` is CSV, everything else YAML
        file: PathBuf,
        /// Drop whatever is not in the file
        #[arg(long)]
        replace: bool,
    },
    /// Say who may speak for a combination, and which workloads may fetch their credentials
    WhoMaySpeakFor {
        /// tenant/business/admin
        combination: CompositeKey,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command says.
pub(crate) async fn run(home: &Home, args: &RegistryArgs) -> Result<u8, CommandError> {
    let registry = open(home, args.registry.as_deref()).await?;
    match &args.command {
        RegistryCommand::List { tenant, json } => {
            let entries = registry.entries().await?;
            output::out(&list(&entries, tenant.as_deref(), *json))?;
            Ok(DONE)
        }
        RegistryCommand::WhoMaySpeakFor { combination, json } => {
            let entries = registry.entries().await?;
            let Some(found) = entries.combinations.iter().find(|entry| entry.key == *combination) else {
                return Err(unknown(combination));
            };
            output::out(&speakers(&entries, found, *json))?;
            Ok(DONE)
        }
        RegistryCommand::Add { combination, role, principal, bootstraps, assumed_roles } => {
            let added = Added { key: combination, role, principal, bootstraps, assumed_roles };
            told(registry.change(|entries| edit::add(entries, &added)).await?)
        }
        RegistryCommand::Disable { combination } => {
            told(registry.change(|entries| edit::set_active(entries, combination, false)).await?)
        }
        RegistryCommand::Enable { combination } => {
            told(registry.change(|entries| edit::set_active(entries, combination, true)).await?)
        }
        RegistryCommand::Import { file, replace } => {
            let imported = import::read(file)?;
            told(registry.change(|entries| edit::import(entries, &imported, *replace)).await?)
        }
    }
}

/// The roles that some combination of a registry has, sorted.
pub(crate) async fn roles(home: &Home, place: &str) -> Result<Vec<Role>, CommandError> {
    let entries = open(home, Some(place)).await?.entries().await?;
    let roles: std::collections::BTreeSet<Role> =
        entries.combinations.into_iter().map(|entry| entry.role).collect();
    Ok(roles.into_iter().collect())
}

/// A URL begins with the name of a database; everything else is a file.
async fn open(home: &Home, place: Option<&str>) -> Result<RegistrySource, CommandError> {
    let is_url =
        |place: &&str| ["sqlite:", "postgres:", "postgresql:"].iter().any(|name| place.starts_with(name));
    let url = place.filter(is_url);
    let file = place.map_or_else(|| home.registry(), PathBuf::from);
    let (file, url) = (if url.is_some() { Path::new("") } else { &*file }, url.unwrap_or_default());
    Ok(RegistrySource::open(file, url).await?)
}

fn told(told: Result<Told, String>) -> Result<u8, CommandError> {
    match told {
        Ok(Told(text)) => {
            output::out(&format!("{text}\n"))?;
            Ok(DONE)
        }
        Err(refused) => {
            output::err(&format!("splitplane: {refused}\n"));
            Ok(FAILED)
        }
    }
}

fn unknown(combination: &CompositeKey) -> CommandError {
    CommandError::Usage(format!("`{combination}` is not registered"))
}

fn speaking<'a>(entries: &'a Entries, key: &'a CompositeKey) -> impl Iterator<Item = &'a str> {
    let speaks = entries.principals.iter().filter(move |principal| principal.speaks_for.contains(key));
    speaks.map(|principal| principal.id.as_str())
}

fn list(entries: &Entries, tenant: Option<&str>, is_json: bool) -> String {
    let listed = entries
        .combinations
        .iter()
        .filter(|entry| tenant.is_none_or(|tenant| entry.key.tenant().as_str() == tenant));
    if is_json {
        let combinations: Vec<_> = listed
            .map(|CombinationEntry { key, role, active }| {
                json!({
                    "tenant": key.tenant().as_str(), "business": key.business().as_str(),
                    "admin": key.admin().as_str(), "role": role.as_str(), "active": active,
                    "principals": speaking(entries, key).collect::<Vec<_>>(),
                })
            })
            .collect();
        return format!("{}\n", json!({ "combinations": combinations }));
    }
    let mut text = String::new();
    for CombinationEntry { key, role, active } in listed {
        let principals: Vec<&str> = speaking(entries, key).collect();
        let principals = if principals.is_empty() { "nobody".to_owned() } else { principals.join(", ") };
        let state = if *active { "active" } else { "disabled" };
        text.push_str(&format!("{key}  {role}  {state}  {principals}\n"));
    }
    text
}

fn speakers(entries: &Entries, found: &CombinationEntry, is_json: bool) -> String {
    let CombinationEntry { key, role, active } = found;
    let speakers = entries.principals.iter().filter(|principal| principal.speaks_for.contains(key));
    if is_json {
        let principals: Vec<_> = speakers
            .map(|principal| {
                json!({
                    "id": principal.id.as_str(), "bootstraps": principal.bootstraps,
                    "assumed_roles": principal.assumed_roles,
                })
            })
            .collect();
        let object = json!({
            "combination": key.to_string(), "role": role.as_str(), "active": active,
            "principals": principals,
        });
        return format!("{object}\n");
    }
    let state = if *active { "" } else { ": disabled, so nobody may speak for it now" };
    let mut text = format!("{key} ({role}){state}\n");
    let mut is_alone = true;
    for principal in speakers {
        is_alone = false;
        text.push_str(&format!("  {}\n", principal.id));
        for bootstrap in &principal.bootstraps {
            text.push_str(&format!("    credentials to {bootstrap}\n"));
        }
        for role in &principal.assumed_roles {
            text.push_str(&format!("    {role} at AWS\n"));
        }
    }
    if is_alone {
        text.push_str("  nobody\n");
    }
    text
}

#[cfg(test)]
mod tests;

//! `splitplane init`: a folder from which the five services run as five processes.
//!
//! Decides the folder's layout, which is that of the command line's own: with `SPLITPLANE_HOME` set to
//! it, every other command works on this mesh. Each service's file is its commented defaults with the
//! values of this folder.

use crate::credentials;
use crate::error::{CommandError, DONE};
use crate::example;
use crate::home::{self, Home};
use crate::keys::Keys;
use crate::mesh::{Configs, Mesh, MeshOptions, Ports};
use crate::pki::Pki;
use crate::profiles::{self, Certificates, InnerServices, Profile};
use crate::registry;
use crate::up::PORT;
use crate::world::{World, WorldArgs};
use crate::{output, shell};
use clap::Args;
use serde::Serialize;
use splitplane_service::{Clock, Workload};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Write everything that the five services need to run as five processes
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to make
    folder: PathBuf,
    #[command(flatten)]
    world: WorldArgs,
    /// Port of the gateway, the other services after it
    #[arg(long, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Write profiles for these alone
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    profiles: Vec<String>,
}

/// Writes the folder.
pub(crate) fn run(args: &InitArgs) -> Result<u8, CommandError> {
    let home = Home::at(&args.folder)?;
    if config_file(&home, Workload::Gateway).exists() {
        let folder = home.root().display();
        return Err(CommandError::Usage(format!("`{folder}` was initialised before; name another folder")));
    }
    let clock = Clock::system();
    let now = clock.now();
    let world = match World::named(&args.world)? {
        Some(world) => world,
        None => example::lay_out_at(home.root(), &home.root().join("data"), now)?,
    };
    let opened = world.open()?;
    let people = profiles::narrowed(profiles::names(&opened.combinations), &args.profiles)?;
    let mut options = MeshOptions::new(home.clone(), world);
    options.ports = Ports::Base(args.port);
    let configs = Mesh::prepare(&options)?;
    let registry = registry::text(&opened.combinations, &options.roles, &configs.gateway.mesh.trust_domain);
    home::write_secret(&options.registry, &registry)?;
    write_configs(&home, &configs)?;

    let (keys, pki) = (Keys::at(&home.keys()), Pki::at(&home.pki()));
    for (name, composite) in &people {
        let principal = registry::principal(composite);
        let profile = Profile {
            endpoint: format!("https://{}", local(&configs.gateway.listen)),
            composite: composite.clone(),
            credentials: credentials::from_master_key(&keys, &principal, now)?,
            principal,
            region: configs.auth.requests.region.clone(),
            certificates: Certificates::of(&pki),
            services: InnerServices {
                auth: local(&configs.auth.listen),
                reasoning: local(&configs.reasoning.listen),
                schema_router: local(&configs.schema_router.listen),
                query: local(&configs.query.listen),
            },
        };
        profile.write(&home.profiles(), name)?;
    }
    output::out(&told(&home, people.keys().next().map(String::as_str)))?;
    Ok(DONE)
}

fn told(home: &Home, somebody: Option<&str>) -> String {
    let folder = shell::quoted(&home.root().display().to_string());
    let mut text = String::from("Start each of these in a shell of its own:\n");
    for workload in SERVERS {
        text.push_str(&format!("  splitplane-{workload} --config {folder}/{workload}.toml\n"));
    }
    let name = somebody.unwrap_or("NAME");
    text.push_str(&format!("Then ask, with credentials that live for 12 hours:\n  SPLITPLANE_HOME={folder} splitplane metrics --as {name}\n"));
    text.push_str(&format!("They are renewed by:\n  SPLITPLANE_HOME={folder} splitplane credentials\n"));
    text
}

const SERVERS: [Workload; 5] =
    [Workload::Auth, Workload::Reasoning, Workload::SchemaRouter, Workload::Query, Workload::Gateway];

fn local(listen: &splitplane_service::config::Listen) -> String {
    format!("localhost:{}", listen.address.port())
}

fn config_file(home: &Home, workload: Workload) -> PathBuf {
    home.root().join(format!("{workload}.toml"))
}

fn write_configs(home: &Home, configs: &Configs) -> Result<(), CommandError> {
    let files = [
        (Workload::Gateway, splitplane_gateway::DEFAULTS, table(&configs.gateway)?),
        (Workload::Auth, splitplane_auth::DEFAULTS, table(&configs.auth)?),
        (Workload::Reasoning, splitplane_reasoning::DEFAULTS, table(&configs.reasoning)?),
        (Workload::SchemaRouter, splitplane_schema_router::DEFAULTS, table(&configs.schema_router)?),
        (Workload::Query, splitplane_query::DEFAULTS, table(&configs.query)?),
    ];
    for (workload, defaults, table) in files {
        let text = filled(workload, defaults, &table, home.root());
        home::write_public(&config_file(home, workload), &text)?;
    }
    Ok(())
}

fn table<C: Serialize>(config: &C) -> Result<toml::Table, CommandError> {
    toml::Table::try_from(config).map_err(|error| CommandError::Usage(error.to_string()))
}

/// The commented defaults with the values of `table`. Paths within `root` are written relative to it, so
/// that the folder can be moved.
fn filled(workload: Workload, defaults: &str, table: &toml::Table, root: &Path) -> String {
    let mut text = format!(
        "# Configuration of {workload}, written by `splitplane init`. A key that is left out has its default.\n\
         # Relative paths are relative to this file.\n"
    );
    let (mut section, mut is_head) = (String::new(), true);
    for line in defaults.lines() {
        is_head &= line.starts_with('#');
        if is_head {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        }
        // A process of its own logs as its service's defaults say, not as one that shares a terminal.
        let is_ours = section != "telemetry";
        let value = line
            .split_once(" = ")
            .filter(|_| is_ours)
            .and_then(|(key, _)| Some((key, table.get(&section)?.get(key)?)));
        match value {
            Some((key, value)) => text.push_str(&format!("{key} = {}\n", relative(value, root))),
            None => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

fn relative(value: &toml::Value, root: &Path) -> toml::Value {
    let within = value.as_str().and_then(|text| Path::new(text).strip_prefix(root).ok());
    within.map_or_else(|| value.clone(), |path| toml::Value::String(path.display().to_string()))
}

/// Renew the credentials of profiles, through auth
#[derive(Debug, Args)]
pub(crate) struct CredentialsArgs {
    /// Profiles; all when none is named
    names: Vec<String>,
    /// Issue credentials for one profile and print them as an AWS SDK's `credential_process` wants them
    #[arg(long, value_name = "PROFILE", conflicts_with = "names")]
    process: Option<String>,
}

/// Renews credentials.
pub(crate) async fn renew(home: &Home, args: &CredentialsArgs) -> Result<u8, CommandError> {
    let folder = home.profiles();
    if let Some(name) = &args.process {
        let profile = Profile::read(&folder, name)?;
        let issuer = credentials::Issuer::at(&profile.services.auth, &profile.certificates)?;
        let issued = issuer.issue(&profile.principal, credentials::LIFETIME_SECONDS).await?;
        output::out(&credentials::for_process(&issued)?)?;
        return Ok(DONE);
    }
    let names = if args.names.is_empty() { profiles::names_in(&folder) } else { args.names.clone() };
    let mut issuers: BTreeMap<String, credentials::Issuer> = BTreeMap::new();
    for name in &names {
        let mut profile = Profile::read(&folder, name)?;
        let address = profile.services.auth.clone();
        let issuer = match issuers.get(&address) {
            Some(issuer) => issuer.clone(),
            None => credentials::Issuer::at(&address, &profile.certificates)?,
        };
        profile.credentials = issuer.issue(&profile.principal, credentials::LIFETIME_SECONDS).await?;
        issuers.insert(address, issuer);
        profile.write(&folder, name)?;
        output::out(&format!("{name}\n"))?;
    }
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_comments_and_take_the_folder_s_values() {
        let defaults =
            "# Defaults.\n# More.\n\n[a]\n# Where.\npath = \"x\"\n# Port.\nport = 1\n[b]\nport = 1\n";
        let table: toml::Table =
            toml::from_str("[a]\npath = \"/folder/keys/k\"\nport = 2\n[b]\nport = 3\n").unwrap();
        let text = filled(Workload::Auth, defaults, &table, Path::new("/folder"));
        let (_, body) = text.split_once("\n\n").unwrap();
        assert_eq!(body, "[a]\n# Where.\npath = \"keys/k\"\n# Port.\nport = 2\n[b]\nport = 3\n");
    }

    #[test]
    fn a_service_that_reads_its_file_has_the_configuration_of_the_mesh() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path()).unwrap();
        let world = World {
            model: folder.path().join("model.yaml"),
            policy: "/elsewhere/policy.yaml".into(),
            data: folder.path().join("data"),
        };
        let mut options = MeshOptions::new(home.clone(), world);
        options.ports = Ports::Base(7_300);
        let configs = Configs::of(&options).unwrap();
        write_configs(&home, &configs).unwrap();
        let auth = config_file(&home, Workload::Auth);
        let auth: splitplane_auth::Config =
            splitplane_service::config::load("auth", splitplane_auth::DEFAULTS, Some(&auth), []).unwrap();
        let query = config_file(&home, Workload::Query);
        let query: splitplane_query::Config =
            splitplane_service::config::load("query", splitplane_query::DEFAULTS, Some(&query), []).unwrap();
        let without_telemetry = |mut table: toml::Table| {
            table.remove("telemetry").unwrap();
            table
        };
        assert_eq!(
            without_telemetry(table(&auth).unwrap()),
            without_telemetry(table(&configs.auth).unwrap())
        );
        assert_eq!(
            without_telemetry(table(&query).unwrap()),
            without_telemetry(table(&configs.query).unwrap())
        );
        assert_eq!(auth.requests.authorities, ["localhost:7300", "127.0.0.1:7300"]);
    }
}

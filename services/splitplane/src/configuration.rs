//! `splitplane config`: the configuration that `up` gives each service.
//!
//! Decides what is shown. Secrets are files, so only their paths are there to show; a password in an
//! address is blotted out.

use crate::error::{CommandError, DONE};
use crate::home::{self, Home};
use crate::mesh::{Configs, MeshOptions, Ports};
use crate::up::{PORT, TelemetryArgs};
use crate::world::{World, WorldArgs};
use crate::{example, output};
use clap::Args;
use serde::Serialize;
use splitplane_service::Workload;

/// Print the configuration in force of each service, secrets redacted
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Service; all when none is named
    service: Option<String>,
    #[command(flatten)]
    world: WorldArgs,
    /// Port of the gateway, the other services after it; 0 is any
    #[arg(long, default_value_t = PORT)]
    port: u16,
    #[command(flatten)]
    telemetry: TelemetryArgs,
}

/// Prints.
pub(crate) fn run(home: &Home, args: &ConfigArgs) -> Result<u8, CommandError> {
    let world = match World::named(&args.world)? {
        Some(world) => world,
        None => example::world(home),
    };
    let mut options = MeshOptions::new(home.clone(), world);
    options.ports = Ports::from_base(args.port);
    options.environment = home::service_environment();
    args.telemetry.apply(&mut options, true);
    let configs = Configs::of(&options)?;
    let texts = [
        (Workload::Gateway, text(&configs.gateway)?),
        (Workload::Auth, text(&configs.auth)?),
        (Workload::Reasoning, text(&configs.reasoning)?),
        (Workload::SchemaRouter, text(&configs.schema_router)?),
        (Workload::Query, text(&configs.query)?),
    ];
    let wanted = args.service.as_deref();
    let shown: Vec<String> = texts
        .into_iter()
        .filter(|(workload, _)| wanted.is_none_or(|wanted| wanted == workload.name()))
        .map(|(workload, text)| format!("# {workload}\n{text}"))
        .collect();
    if shown.is_empty() {
        let known = "gateway, auth, reasoning, schema-router and query";
        return Err(CommandError::Usage(format!("there is no such service; there are {known}")));
    }
    output::out(&shown.join("\n"))?;
    Ok(DONE)
}

fn text<C: Serialize>(config: &C) -> Result<String, CommandError> {
    let failed = |error: String| CommandError::Usage(format!("the configuration cannot be shown: {error}"));
    let mut table = toml::Table::try_from(config).map_err(|error| failed(error.to_string()))?;
    if let Some(toml::Value::String(endpoint)) =
        table.get_mut("telemetry").and_then(|telemetry| telemetry.get_mut("otlp_endpoint"))
    {
        *endpoint = redacted(endpoint);
    }
    toml::to_string(&table).map_err(|error| failed(error.to_string()))
}

/// The address without user and password.
fn redacted(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://[redacted]@{host}"),
            None => url.to_owned(),
        },
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_blotted_out() {
        assert_eq!(redacted("https://u:p@w@host:1/x"), "https://[redacted]@host:1/x");
        assert_eq!(redacted("http://host:4317"), "http://host:4317");
        assert_eq!(redacted(""), "");
    }
}

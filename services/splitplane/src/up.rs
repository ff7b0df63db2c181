//! `splitplane up`: the whole mesh, until it is told to stop.
//!
//! Decides who gets a profile and when credentials are renewed.

use crate::credentials::{self, Issuer, RENEWAL_PERIOD};
use crate::error::{CommandError, DONE};
use crate::example;
use crate::home::{self, Home};
use crate::mesh::{Mesh, MeshOptions, Ports, RunningMesh};
use crate::output;
use crate::profiles;
use crate::world::{World, WorldArgs};
use clap::Args;
use splitplane_service::config::LogFormat;
use splitplane_service::{Clock, refuse_long_term_credentials};
use splitplane_types::CompositeKey;
use std::collections::BTreeMap;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, interval_at};

/// Port of the gateway where none is given.
pub(crate) const PORT: u16 = 7100;

/// Run the whole mesh until interrupted
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    #[command(flatten)]
    pub(crate) world: WorldArgs,
    /// Port of the gateway, the other services after it; 0 is any
    #[arg(long, default_value_t = PORT)]
    pub(crate) port: u16,
    /// Write profiles for these alone
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) profiles: Vec<String>,
    #[command(flatten)]
    pub(crate) telemetry: TelemetryArgs,
}

/// Logs and traces.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TelemetryArgs {
    /// OTLP/gRPC endpoint for traces and metrics
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// Log filter, for example info or warn,splitplane_query=debug
    #[arg(long, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

impl TelemetryArgs {
    /// Says where logs and traces go. `is_loud` is whether there are logs when none are asked for.
    pub(crate) fn apply(&self, options: &mut MeshOptions, is_loud: bool) {
        let format = if output::is_err_terminal() { LogFormat::Text } else { LogFormat::Json };
        options.log_format = if self.log.is_some() || is_loud { format } else { LogFormat::Off };
        if let Some(log) = &self.log {
            options.log.clone_from(log);
        }
        if let Some(otlp) = &self.otlp {
            options.otlp_endpoint.clone_from(otlp);
        }
    }
}

/// Runs the mesh.
pub(crate) async fn run(home: &Home, args: UpArgs) -> Result<u8, CommandError> {
    let environment = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    refuse_long_term_credentials(environment)?;
    let clock = Clock::system();
    let is_example = World::named(&args.world)?.is_none();
    if is_example && !example::has_data(home, clock.now())? {
        output::err("Generating the example's data, which takes some seconds...\n");
    }
    let world = World::of(&args.world, home, clock.now())?;
    let opened = world.open()?;
    let people = profiles::narrowed(profiles::names(&opened.combinations), &args.profiles)?;
    let mut options = MeshOptions::new(home.clone(), world);
    options.ports = Ports::from_base(args.port);
    options.environment = home::service_environment();
    args.telemetry.apply(&mut options, true);
    let configs = Mesh::prepare(&options)?;
    let mut mesh = Mesh::start_configured(configs, &options, &opened).await?;
    let served = serve(home, &mut mesh, &people).await;
    let stopped = mesh.stop().await;
    served?;
    stopped?;
    Ok(DONE)
}

/// Writes the profiles, says that the mesh is ready, and keeps credentials fresh until a signal.
async fn serve(
    home: &Home,
    mesh: &mut RunningMesh,
    people: &BTreeMap<String, CompositeKey>,
) -> Result<(), CommandError> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    profiles::remove_of(&home.profiles(), &mesh.endpoint())?;
    write_profiles(home, mesh, people).await?;
    let names: Vec<&str> = people.keys().map(String::as_str).collect();
    output::out(&format!("ready {} profiles: {}\n", mesh.endpoint(), names.join(", ")))?;
    let mut renewal = interval_at(Instant::now() + RENEWAL_PERIOD, RENEWAL_PERIOD);
    loop {
        tokio::select! {
            () = stopped(&mut interrupt, &mut terminate) => return Ok(()),
            error = mesh.ended() => return Err(error.into()),
            _ = renewal.tick() => {}
        }
        // What could not be renewed is tried again at the next time, before it expires.
        if let Err(error) = write_profiles(home, mesh, people).await {
            output::err(&format!("splitplane: credentials were not renewed: {}\n", output::chain(&error)));
        }
    }
}

async fn stopped(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

async fn write_profiles(
    home: &Home,
    mesh: &RunningMesh,
    people: &BTreeMap<String, CompositeKey>,
) -> Result<(), CommandError> {
    let issuer = Issuer::at(&mesh.inner_services().auth, &mesh.certificates())?;
    for (name, composite) in people {
        let profile = credentials::profile(mesh, &issuer, composite).await?;
        profile.write(&home.profiles(), name)?;
    }
    Ok(())
}

//! `main` of every service: command line, configuration, signals, exit code.
//!
//! Exit codes: 0 after a drain, 1 when the service cannot start or serve, 64 for a bad command line
//! or configuration, told on standard error before any port is bound.

use crate::app::App;
use crate::clock::Clock;
use crate::config::{self, ServiceConfig};
use crate::longterm::refuse_long_term_credentials;
use crate::start::{Start, StartError};
use crate::status::Chain;
use crate::telemetry::hide_panic_messages;
use crate::workload::Workload;
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

const EXIT_FAILED: u8 = 1;
const EXIT_USAGE: u8 = 64;

#[derive(Debug, PartialEq, Eq)]
enum Command {
    Serve { file: Option<PathBuf> },
    PrintConfig { file: Option<PathBuf> },
    Help,
    Version,
}

/// Runs a service as a process of its own.
pub fn run<C, F, Fut>(workload: Workload, defaults: &'static str, build: F) -> ExitCode
where
    C: ServiceConfig,
    F: FnOnce(C, Start) -> Fut,
    Fut: Future<Output = Result<App, StartError>>,
{
    match parse(std::env::args().skip(1)) {
        Ok(Command::Help) => print(&usage(workload)),
        Ok(Command::Version) => print(&format!("splitplane-{workload} {}\n", env!("CARGO_PKG_VERSION"))),
        Ok(Command::PrintConfig { file }) => match read::<C>(workload, defaults, file.as_deref()) {
            Ok(config) => print_config(&config),
            Err(told) => complain(EXIT_USAGE, &told),
        },
        Ok(Command::Serve { file }) => match read::<C>(workload, defaults, file.as_deref()) {
            Ok(config) => serve(workload, config, build),
            Err(told) => complain(EXIT_USAGE, &told),
        },
        Err(told) => complain(EXIT_USAGE, &format!("{told}\n\n{}", usage(workload))),
    }
}

fn usage(workload: Workload) -> String {
    format!(
        "The {workload} service of splitplane.\n\n\
         Usage: splitplane-{workload} [--config FILE]          serve\n       \
         splitplane-{workload} [--config FILE] config   print the configuration in force\n       \
         splitplane-{workload} --help | --version\n\n\
         Every key may also be set in the environment, as {prefix}SECTION__KEY.\n",
        prefix = config::environment_prefix(workload.name()),
    )
}

fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let (mut file, mut is_print) = (None, false);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--version" | "-V" => return Ok(Command::Version),
            "--config" if file.is_none() => {
                let path = arguments.next().filter(|path| !path.is_empty());
                file = Some(PathBuf::from(path.ok_or("`--config` needs a file")?));
            }
            "config" if !is_print => is_print = true,
            other => return Err(format!("unexpected argument `{other}`")),
        }
    }
    Ok(if is_print { Command::PrintConfig { file } } else { Command::Serve { file } })
}

fn read<C: ServiceConfig>(workload: Workload, defaults: &str, file: Option<&Path>) -> Result<C, String> {
    config::load(workload.name(), defaults, file, std::env::vars()).map_err(|error| Chain(&error).to_string())
}

fn serve<C, F, Fut>(workload: Workload, config: C, build: F) -> ExitCode
where
    C: ServiceConfig,
    F: FnOnce(C, Start) -> Fut,
    Fut: Future<Output = Result<App, StartError>>,
{
    hide_panic_messages();
    let environment = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    if let Err(error) = refuse_long_term_credentials(environment) {
        return complain(EXIT_FAILED, &error.to_string());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(EXIT_FAILED, &error.to_string()),
    };
    let lived: Result<(), Box<dyn Error>> = runtime.block_on(async {
        let stop = stop_on_signals()?;
        let start = Start::prepare(workload, config.shared(), Clock::system()).await?;
        let app = build(config, start).await?;
        Ok(app.serve(stop).await?)
    });
    match lived {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(EXIT_FAILED, &Chain(error.as_ref()).to_string()),
    }
}

/// Cancelled at SIGINT or SIGTERM.
fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let mut signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let told = stop.clone();
    drop(tokio::spawn(async move {
        let [interrupt, terminate] = &mut signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    }));
    Ok(stop)
}

fn print_config<C: ServiceConfig>(config: &C) -> ExitCode {
    match toml::to_string(config) {
        Ok(text) => print(&text),
        Err(error) => complain(EXIT_FAILED, &error.to_string()),
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(EXIT_FAILED),
    }
}

fn complain(code: u8, told: &str) -> ExitCode {
    // Where standard error is closed, the exit code has to do.
    drop(writeln!(std::io::stderr(), "{}", told.trim_end()));
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_is_read() {
        assert_eq!(parsed(""), Ok(Command::Serve { file: None }));
        assert_eq!(parsed("--config a.toml"), Ok(Command::Serve { file: Some("a.toml".into()) }));
        assert_eq!(
            parsed("--config a.toml config"),
            Ok(Command::PrintConfig { file: Some("a.toml".into()) })
        );
        assert_eq!(
            parsed("config --config a.toml"),
            Ok(Command::PrintConfig { file: Some("a.toml".into()) })
        );
        assert_eq!(parsed("--help"), Ok(Command::Help));
        assert_eq!(parsed("--version"), Ok(Command::Version));
    }

    #[test]
    fn a_command_line_that_says_something_else_is_refused() {
        for line in ["--config", "--config a --config b", "config config", "--no-tls", "serve", "-c a"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_usage_names_the_environment_prefix() {
        assert!(usage(Workload::SchemaRouter).contains("SPLITPLANE_SCHEMA_ROUTER__SECTION__KEY"));
    }
}

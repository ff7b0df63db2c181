//! The command line: what can be said, and which module answers.
//!
//! Decides nothing but the exit code of a command line that makes no sense.

use crate::error::{CommandError, DONE, USAGE};
use crate::home::Home;
use crate::{
    ask, attack, audit, configuration, demo, eval, generating, init, metrics, model, policy, registrar,
    rotate, session, sign, up,
};
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

/// Plain-English analytics on a gRPC mesh in which no model decides whose rows are read
#[derive(Debug, Parser)]
#[command(name = "splitplane", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Up(up::UpArgs),
    Ask(ask::AskArgs),
    Metrics(metrics::MetricsArgs),
    Sign(sign::SignArgs),
    Session(session::SessionArgs),
    Config(configuration::ConfigArgs),
    Init(init::InitArgs),
    Credentials(init::CredentialsArgs),
    Keys(rotate::KeysArgs),
    Registry(registrar::RegistryArgs),
    Policy(policy::PolicyArgs),
    Model(model::ModelArgs),
    Audit(audit::AuditArgs),
    Generate(generating::GenerateArgs),
    Eval(eval::EvalArgs),
    Attack(attack::AttackArgs),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Nobody is left to tell when the terminal is gone.
            drop(error.print());
            return ExitCode::from(if is_asked_for { DONE } else { USAGE });
        }
    };
    match command(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => error.tell(),
    }
}

fn command(command: Command) -> Result<u8, CommandError> {
    let home = Home::from_environment;
    match command {
        Command::Demo(args) => wait_for(demo::run(&home()?, &args)),
        Command::Up(args) => wait_for(up::run(&home()?, args)),
        Command::Ask(args) => wait_for(ask::run(&home()?, args)),
        Command::Metrics(args) => wait_for(metrics::run(&home()?, &args)),
        Command::Session(args) => wait_for(session::run(&home()?, &args)),
        Command::Credentials(args) => wait_for(init::renew(&home()?, &args)),
        Command::Eval(args) => wait_for(eval::run(&home()?, &args)),
        Command::Attack(args) => wait_for(attack::run(&args)),
        Command::Audit(args) => wait_for(audit::run(&home()?, &args)),
        Command::Registry(args) => wait_for(registrar::run(&home()?, &args)),
        Command::Policy(args) => wait_for(policy::run(&home()?, &args)),
        Command::Model(args) => model::run(&args),
        Command::Sign(args) => sign::run(&home()?, &args),
        Command::Config(args) => configuration::run(&home()?, &args),
        Command::Keys(args) => rotate::run(&home()?, &args),
        Command::Init(args) => init::run(&args),
        Command::Generate(args) => generating::run(&args),
    }
}

fn wait_for(work: impl Future<Output = Result<u8, CommandError>>) -> Result<u8, CommandError> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// The exit code of a command line.
    pub(crate) fn code_of(words: impl IntoIterator<Item = String>) -> u8 {
        let words = ["splitplane".to_owned()].into_iter().chain(words).map(OsString::from);
        let cli = match Cli::try_parse_from(words) {
            Ok(cli) => cli,
            Err(_) => return USAGE,
        };
        command(cli.command).unwrap_or_else(|error| error.exit_code())
    }

    #[test]
    fn the_command_line_fits_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_line_that_makes_no_sense_ends_with_64() {
        for line in [
            "",
            "nothing",
            "ask",
            "ask --as a",
            "up --port many",
            "audit",
            "keys",
            "eval",
            "registry",
            "registry add t/b/a",
            "registry disable t/b",
            "sign --as a",
            "attack --engine none",
            "attack --statements 0",
        ] {
            let words = ["splitplane"].into_iter().chain(line.split_whitespace()).map(OsString::from);
            assert_eq!(run(words), ExitCode::from(USAGE), "{line}");
        }
        assert_eq!(run(["splitplane", "--version"].map(OsString::from)), ExitCode::from(DONE));
    }
}

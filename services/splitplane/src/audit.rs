//! `splitplane audit`: whether the audit log still is what was written.

use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::output;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Check the audit log
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no record was changed, dropped or moved
    Verify {
        /// The log; that of the command line's folder when none is named
        file: Option<PathBuf>,
    },
}

/// Checks, and prints. A chain that is broken is an error.
pub(crate) fn run(home: &Home, args: &AuditArgs) -> Result<u8, CommandError> {
    let AuditCommand::Verify { file } = &args.command;
    let path = file.clone().unwrap_or_else(|| home.audit_log());
    let verified = splitplane_audit::verify(&path)?;
    output::out(&format!("{} records, head {}\n", verified.records, verified.head))?;
    Ok(DONE)
}

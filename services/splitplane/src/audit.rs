//! `splitplane audit`: whether the audit log still is what was written, and what it says.
//!
//! Everything that reads the log checks it on the way, against its checkpoints too: what is shown of a
//! log that was tampered with ends where it stops being one, and the command fails.

mod lines;
mod replay;

use crate::audit::lines::{Entry, csv_header};
use crate::error::{CommandError, DONE, OTHERWISE};
use crate::home::{self, Home};
use crate::keys::Keys;
use crate::output;
use crate::world::WorldArgs;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand, ValueEnum};
use splitplane_audit::{Checkpoint, Verified, read_checkpoints, walk};
use splitplane_session::PublicKey;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Check the audit log, and read it
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no record was changed, dropped, moved or cut off
    Verify {
        #[command(flatten)]
        log: LogArgs,
    },
    /// Show the last records, or those of one transaction
    Show {
        /// A transaction, or the number of a record
        what: Option<String>,
        /// How many of the last records are shown
        #[arg(long, default_value_t = 20)]
        last: usize,
        #[command(flatten)]
        log: LogArgs,
    },
    /// Show the records that hold a text, whatever its case
    Grep {
        /// The text
        text: String,
        #[command(flatten)]
        log: LogArgs,
    },
    /// Run a recorded answer again, without a model, and compare the result with what was released
    Replay {
        /// The number of the record, or the transaction
        record: String,
        #[command(flatten)]
        world: WorldArgs,
        #[command(flatten)]
        log: LogArgs,
    },
    /// Write all records to standard output
    Export {
        /// The form
        #[arg(long, value_enum, default_value_t = Form::Json)]
        form: Form,
        #[command(flatten)]
        log: LogArgs,
    },
}

/// Which log. That of the command line's folder when none is named.
#[derive(Debug, Args)]
struct LogArgs {
    /// The log
    #[arg(long, value_name = "FILE", requires = "checkpoints", requires = "public_key")]
    log: Option<PathBuf>,
    /// Its checkpoints
    #[arg(long, value_name = "FILE")]
    checkpoints: Option<PathBuf>,
    /// Public keys that may have signed them, one in a line
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A JSON object in a line, as in the log
    Json,
    /// Comma-separated values, as RFC 4180 has them
    Csv,
}

/// Checks, and prints. A chain that is broken is an error.
pub(crate) async fn run(home: &Home, args: &AuditArgs) -> Result<u8, CommandError> {
    match &args.command {
        AuditCommand::Verify { log } => verify(&Opened::new(home, log)?),
        AuditCommand::Show { what, last, log } => show(&Opened::new(home, log)?, what.as_deref(), *last),
        AuditCommand::Grep { text, log } => grep(&Opened::new(home, log)?, text),
        AuditCommand::Replay { record, world, log } => {
            replay::run(home, &Opened::new(home, log)?, record, world).await
        }
        AuditCommand::Export { form, log } => export(&Opened::new(home, log)?, *form),
    }
}

/// A log and what vouches for it.
struct Opened {
    path: PathBuf,
    checkpoints: Vec<Checkpoint>,
}

impl Opened {
    fn new(home: &Home, args: &LogArgs) -> Result<Self, CommandError> {
        let path = args.log.clone().unwrap_or_else(|| home.audit_log());
        let checkpoints = args.checkpoints.clone().unwrap_or_else(|| home.audit_checkpoints());
        let public = args.public_key.clone().unwrap_or_else(|| Keys::at(&home.keys()).audit_public());
        let checkpoints = read_checkpoints(&checkpoints, &public_keys(&public)?)?;
        Ok(Self { path, checkpoints })
    }

    /// Calls `visit` with every record, in order.
    fn walk(
        &self,
        mut visit: impl FnMut(&Entry) -> Result<(), CommandError>,
    ) -> Result<Verified, CommandError> {
        let mut failed = None;
        let walked = walk(&self.path, &self.checkpoints, &mut |line| {
            if failed.is_none() {
                failed = visit(&Entry::new(line)).err();
            }
            Ok(())
        });
        // The log's own fault is the graver one.
        let verified = walked?;
        failed.map_or(Ok(verified), Err)
    }
}

fn public_keys(path: &Path) -> Result<Vec<PublicKey>, CommandError> {
    let text = home::read(path)?;
    let key = |line: &str| {
        let point = URL_SAFE_NO_PAD.decode(line).ok();
        point.and_then(|point| PublicKey::from_point(&point).ok()).ok_or_else(|| {
            CommandError::Usage(format!("`{}` holds no public key of a P-256 key", path.display()))
        })
    };
    text.split_whitespace().map(key).collect()
}

fn verify(log: &Opened) -> Result<u8, CommandError> {
    let verified = log.walk(|_entry| Ok(()))?;
    let covered = log.checkpoints.last().map_or(0, |last| last.records);
    let mut text = format!(
        "{} records, head {}\n{} checkpoints hold; the last covers {covered} records\n",
        verified.records,
        verified.head,
        log.checkpoints.len()
    );
    if verified.first > 0 {
        text.push_str(&format!("records before number {} were removed\n", verified.first));
    }
    output::out(&text)?;
    Ok(DONE)
}

fn show(log: &Opened, what: Option<&str>, last: usize) -> Result<u8, CommandError> {
    let mut kept: VecDeque<String> = VecDeque::new();
    let mut found = 0_usize;
    let walked = log.walk(|entry| {
        if what.is_none_or(|what| entry.is(what)) {
            found += 1;
            kept.push_back(entry.text());
            if what.is_none() && kept.len() > last {
                kept.pop_front();
            }
        }
        Ok(())
    });
    // What was there before the fault is shown as well: whoever looks wants to know.
    for text in kept {
        output::out(&text)?;
    }
    walked?;
    Ok(if found > 0 { DONE } else { OTHERWISE })
}

fn grep(log: &Opened, text: &str) -> Result<u8, CommandError> {
    let text = text.to_lowercase();
    let mut found = 0_usize;
    log.walk(|entry| {
        if entry.holds(&text) {
            found += 1;
            output::out(&entry.text())?;
        }
        Ok(())
    })?;
    Ok(if found > 0 { DONE } else { OTHERWISE })
}

fn export(log: &Opened, form: Form) -> Result<u8, CommandError> {
    if form == Form::Csv {
        output::out(&csv_header())?;
    }
    log.walk(|entry| {
        let line = match form {
            Form::Json => entry.json(),
            Form::Csv => entry.csv(),
        };
        Ok(output::out(&line)?)
    })?;
    Ok(DONE)
}

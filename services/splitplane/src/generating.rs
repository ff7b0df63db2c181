//! `splitplane generate`: a demonstration warehouse from a specification.

use crate::error::{CommandError, DONE};
use crate::generate;
use crate::output;
use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use splitplane_service::Clock;
use std::path::PathBuf;

/// Generate a demonstration warehouse from a specification
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The specification, YAML
    spec: PathBuf,
    /// Folder to write
    folder: PathBuf,
    /// Day on whose morning the data stands; today in UTC when none is given
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
}

/// Generates, and prints.
pub(crate) fn run(args: &GenerateArgs) -> Result<u8, CommandError> {
    let spec = std::fs::read_to_string(&args.spec).map_err(|error| {
        CommandError::Usage(format!("cannot read the specification `{}`: {error}", args.spec.display()))
    })?;
    let today = || {
        let now = jiff::Timestamp::try_from(Clock::system().now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        now.to_zoned(TimeZone::UTC).date()
    };
    let generated = generate::generate(&spec, &args.folder, args.as_of.unwrap_or_else(today))?;
    let week = generated.week;
    let mut text = format!("newest complete week: {} to {}\n", week.from, week.to);
    for (name, table) in &generated.tables {
        text.push_str(&format!("{name}: {} rows, {} bytes\n", table.rows, table.bytes));
    }
    output::out(&text)?;
    Ok(DONE)
}

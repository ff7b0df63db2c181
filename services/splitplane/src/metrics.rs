//! `splitplane metrics`: what a person can ask about.

use crate::answer::Refusal;
use crate::ask::{self, metrics_text};
use crate::caller::{Caller, CallerError};
use crate::error::{CommandError, DONE, FAILED};
use crate::home::Home;
use crate::profiles::Profile;
use crate::{json, output};
use clap::Args;
use splitplane_service::Clock;

/// List what a person can ask about
#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    /// Profile to ask as
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Print a JSON list
    #[arg(long)]
    json: bool,
}

/// Lists, and prints.
pub(crate) async fn run(home: &Home, args: &MetricsArgs) -> Result<u8, CommandError> {
    let clock = Clock::system();
    let profile = Profile::read(&home.profiles(), &args.name)?;
    let metrics = match Caller::new(&profile, clock.clone())?.list_metrics().await {
        Ok(metrics) => metrics,
        Err(CallerError::Refused(status)) => {
            let refusal = Refusal::from(status.as_ref());
            output::err(&ask::refusal_text(&refusal, &profile, clock.now()));
            return Ok(FAILED);
        }
        Err(error) => return Err(error.into()),
    };
    let text = if args.json {
        json::metrics(&metrics).map_err(std::io::Error::from)?
    } else {
        metrics_text(&metrics)
    };
    output::out(&text)?;
    Ok(DONE)
}

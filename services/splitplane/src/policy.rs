//! `splitplane policy`: who may see what, and why, before anybody asks.
//!
//! Decides which files a question is put to, and the exit code. What is true of them is the lab's to say, and what is
//! wrong with them `splitplane-semantics`'.

mod ask;
mod changes;
mod check;
mod draft;
mod expect;
mod lines;
mod tables;

pub(crate) use check::{of_model, tell};
pub(crate) use draft::write;

use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::output;
use crate::world::{World, WorldArgs, WorldError};
use clap::{Args, Subcommand};
use serde::Serialize;
use splitplane_engine::Warehouse;
use splitplane_lab::Lab;
use splitplane_query::WarehouseRows;
use splitplane_semantics::{Policy, SemanticModel, load_model, load_policy};
use splitplane_service::Clock;

/// Tell a change that shows anyone more.
pub(crate) const WIDENS: u8 = 2;

/// See, test and compare who sees what
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Check(check::CheckArgs),
    Init(draft::InitArgs),
    WhoCanSee(ask::WhoCanSeeArgs),
    WhatCan(ask::WhatCanArgs),
    WhyNot(ask::WhyNotArgs),
    Diff(changes::DiffArgs),
    Test(expect::TestArgs),
}

/// Answers.
pub(crate) async fn run(home: &Home, args: &PolicyArgs) -> Result<u8, CommandError> {
    match &args.command {
        PolicyCommand::Check(args) => check::run(home, args).await,
        PolicyCommand::Init(args) => draft::run(args),
        PolicyCommand::WhoCanSee(args) => ask::who_can_see(home, args),
        PolicyCommand::WhatCan(args) => ask::what_can(home, args),
        PolicyCommand::WhyNot(args) => ask::why_not(home, args),
        PolicyCommand::Diff(args) => changes::run(home, args),
        PolicyCommand::Test(args) => expect::run(home, args),
    }
}

/// Files that were read, and the folder of the data.
struct Opened {
    model: SemanticModel,
    policy: Policy,
    warehouse: Warehouse,
}

impl Opened {
    fn of(home: &Home, args: &WorldArgs) -> Result<Self, CommandError> {
        Self::at(&World::of(args, home, Clock::system().now())?)
    }

    fn at(world: &World) -> Result<Self, CommandError> {
        let model = load_model(&world.model).map_err(WorldError::Load)?;
        let policy = load_policy(&world.policy, &model).map_err(WorldError::Load)?;
        let missing = |_error| WorldError::Missing { what: "the data folder", path: world.data.clone() };
        let warehouse = Warehouse::open(&world.data)
            .map_err(missing)?
            .declaring(splitplane_query::declared_columns(&model, Some(&policy)));
        let unread = |error: splitplane_engine::EngineError| CommandError::Usage(output::chain(&error));
        // What no sandbox can be built on has no answer.
        let misfits = splitplane_query::key_misfits(&model, &policy, &warehouse).map_err(unread)?;
        match misfits.first() {
            Some(misfit) => Err(CommandError::Usage(output::chain(misfit))),
            None => Ok(Self { model, policy, warehouse }),
        }
    }

    /// Puts a question to the lab.
    fn ask<T>(
        &self,
        question: impl FnOnce(&Lab<'_, WarehouseRows<'_>>) -> Result<T, splitplane_lab::LabError>,
    ) -> Result<T, CommandError> {
        let rows = WarehouseRows::new(&self.warehouse);
        let lab = Lab::open(&self.model, &self.policy, &rows)?;
        Ok(question(&lab)?)
    }
}

/// Tells an answer: as one JSON object, or for people.
fn answer(json: bool, answer: &impl Serialize, text: impl FnOnce() -> String) -> Result<u8, CommandError> {
    let text = if json { format!("{}\n", serde_json::to_string_pretty(answer)?) } else { text() };
    output::out(&text)?;
    Ok(DONE)
}

#[cfg(test)]
mod tests;

//! `splitplane policy who-can-see | what-can | why-not`: one row, or one admin, and why.

use super::{Opened, answer, lines, tables};
use crate::error::{CommandError, DONE};
use crate::home::Home;
use crate::world::WorldArgs;
use clap::Args;
use splitplane_types::{CompositeKey, Role};

/// Say who sees the rows that hold a key, and by which rules and grants
#[derive(Debug, Args)]
pub(crate) struct WhoCanSeeArgs {
    /// Dataset of the semantic model
    dataset: String,
    /// A field and its value; several are all to hold
    #[arg(long, value_name = "FIELD=VALUE", value_parser = field_value, required = true, num_args = 1..)]
    key: Vec<(String, String)>,
    /// Most groups of rows, and admins of one, that are told
    #[arg(long, default_value_t = 20)]
    most: usize,
    #[command(flatten)]
    world: WorldArgs,
    /// One JSON object, with every admin
    #[arg(long)]
    json: bool,
}

/// Say what one admin sees: rows, columns and metrics, and by which rules and grants
#[derive(Debug, Args)]
pub(crate) struct WhatCanArgs {
    /// tenant/business/admin
    admin: CompositeKey,
    /// One dataset alone
    #[arg(long)]
    dataset: Option<String>,
    /// The role in which; decides about columns and metrics, not about rows
    #[arg(long, default_value = "viewer")]
    role: Role,
    #[command(flatten)]
    world: WorldArgs,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Say why an admin does not see the rows that hold a key, or why they are seen
#[derive(Debug, Args)]
pub(crate) struct WhyNotArgs {
    /// tenant/business/admin
    admin: CompositeKey,
    /// Dataset of the semantic model
    dataset: String,
    /// A field and its value; several are all to hold
    #[arg(long, value_name = "FIELD=VALUE", value_parser = field_value, required = true, num_args = 1..)]
    key: Vec<(String, String)>,
    /// Most groups of rows that are told
    #[arg(long, default_value_t = 20)]
    most: usize,
    #[command(flatten)]
    world: WorldArgs,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

fn field_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.is_empty() => Ok((field.to_owned(), value.to_owned())),
        Some(_) | None => Err("write a field of the dataset and its value: `field=value`".to_owned()),
    }
}

pub(super) fn who_can_see(home: &Home, args: &WhoCanSeeArgs) -> Result<u8, CommandError> {
    let found = Opened::of(home, &args.world)?.ask(|lab| lab.who_can_see(&args.dataset, &args.key))?;
    answer(args.json, &found, || lines::who_can_see(&found, args.most))
}

pub(super) fn what_can(home: &Home, args: &WhatCanArgs) -> Result<u8, CommandError> {
    let opened = Opened::of(home, &args.world)?;
    let found = opened.ask(|lab| lab.what_can(&args.admin, &args.role, args.dataset.as_deref()))?;
    answer(args.json, &found, || tables::what_can(&found))
}

pub(super) fn why_not(home: &Home, args: &WhyNotArgs) -> Result<u8, CommandError> {
    let opened = Opened::of(home, &args.world)?;
    let found = opened.ask(|lab| lab.why_not(&args.admin, &args.dataset, &args.key))?;
    answer(args.json, &found, || lines::why_not(&found, args.most))?;
    Ok(DONE)
}

//! `splitplane attack`: the non-interference check, on the engine of the product or on one with a hole.
//!
//! Decides what is printed and the exit code. What is a difference, the kit decides; no service is involved,
//! and no service can be told to run an engine that is named here.

use crate::error::{CommandError, DONE, FAILED};
use crate::output;
use clap::Args;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Value, json};
use splitplane_engine::kit::Subjects;
use splitplane_engine::kit::guarded::Embedded;
use splitplane_engine::kit::interference::{Check, check};
use splitplane_engine::kit::report::{Difference, Report, Why, percent};
use splitplane_engine::kit::weak::Weakness;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

/// Try to see someone else's rows: generated statements on generated warehouses, with and without everybody else
#[derive(Debug, Args)]
pub(crate) struct AttackArgs {
    /// Statements, lookups and counts to try
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    statements: u64,
    /// Seed of warehouses and statements; a new one when none is given
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Engine: `embedded`, or `weak:NAME` for one that has a hole on purpose
    #[arg(long, value_name = "NAME", default_value = EMBEDDED)]
    engine: String,
    /// Only the statement of this number, as a difference tells it
    #[arg(long, value_name = "NUMBER", conflicts_with = "statements")]
    only: Option<u64>,
    /// Stop at the first difference
    #[arg(long)]
    until_found: bool,
    /// Name the engines
    #[arg(long, conflicts_with_all = ["only", "table"])]
    list: bool,
    /// For every engine with a hole, how many statements it takes to find it: the median of five seeds
    #[arg(long, conflicts_with = "only")]
    table: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EMBEDDED: &str = "embedded";
const WEAK: &str = "weak:";
/// Differences that are printed; the others are counted.
const SHOWN_MAX: usize = 10;
/// Seeds of the table.
const SEEDS: u64 = 5;

/// Runs the check, and prints.
pub(crate) async fn run(args: &AttackArgs) -> Result<u8, CommandError> {
    if args.list {
        output::out(&list(args.json))?;
        return Ok(DONE);
    }
    let seed = args.seed.map_or_else(fresh_seed, Ok)?;
    if args.table {
        return table(args, seed).await;
    }
    let subjects = subjects(&args.engine)?;
    let what = args.only.map_or_else(|| Check::new(seed, args.statements), |only| Check::only(seed, only));
    let what = if args.until_found { what.until_found() } else { what };
    if output::is_err_terminal() {
        output::err(&format!("seed {seed}\n"));
    }
    let report = attack(&what, subjects).await?;
    output::out(&if args.json { as_json(&report, &args.engine) } else { as_text(&report, &args.engine) })?;
    let clean = report.differences.is_empty() && report.hostile_accepted.is_empty();
    Ok(if clean { DONE } else { FAILED })
}

/// Every run may find what none has found before.
fn fresh_seed() -> Result<u64, CommandError> {
    let mut bytes = [0_u8; 4];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_unspecified| CommandError::Usage("no random seed: name one with --seed".to_owned()))?;
    Ok(u64::from(u32::from_be_bytes(bytes)))
}

fn subjects(engine: &str) -> Result<Arc<dyn Subjects>, CommandError> {
    if engine == EMBEDDED {
        return Ok(Arc::new(Embedded::default()));
    }
    let weak = engine.strip_prefix(WEAK).and_then(Weakness::named);
    let unknown = || CommandError::Usage(format!("no engine is called `{engine}`: see --list"));
    Ok(Arc::new(weak.ok_or_else(unknown)?))
}

async fn attack(what: &Check, subjects: Arc<dyn Subjects>) -> Result<Report, CommandError> {
    let folder = tempfile::tempdir()?;
    let watched = output::is_err_terminal();
    let mut progress = |report: &Report| {
        if watched {
            let found = report.differences.len();
            output::err(&format!("\r{} of {}, {found} differences ", report.probes, what.probes));
        }
    };
    let report = check(what, subjects, folder.path(), &mut progress).await;
    let report = report.map_err(|cause| CommandError::Attack(cause.to_string()))?;
    if watched {
        output::err("\n");
    }
    Ok(report)
}

fn list(json: bool) -> String {
    let mut engines = vec![(EMBEDDED.to_owned(), "the engine of the product")];
    engines.extend(Weakness::ALL.map(|weakness| (format!("{WEAK}{}", weakness.name()), weakness.what())));
    if json {
        let engines: Vec<Value> =
            engines.iter().map(|(name, what)| json!({ "engine": name, "what": what })).collect();
        return format!("{:#}\n", Value::Array(engines));
    }
    engines.iter().map(|(name, what)| format!("{name:27}{what}\n")).collect()
}

async fn table(args: &AttackArgs, seed: u64) -> Result<u8, CommandError> {
    let mut rows = Vec::new();
    for weakness in Weakness::ALL {
        let mut needed = Vec::new();
        for seed in seed..seed.saturating_add(SEEDS) {
            let what = Check::new(seed, args.statements).until_found();
            let report = attack(&what, Arc::new(weakness)).await?;
            let found = report.differences.first().map(|difference| difference.number.saturating_add(1));
            needed.push(found.unwrap_or(u64::MAX));
        }
        needed.sort_unstable();
        rows.push((weakness.name(), needed));
    }
    let all_found = rows.iter().all(|(_, needed)| needed.last().is_some_and(|most| *most < u64::MAX));
    output::out(&table_text(&rows, seed, args.json))?;
    Ok(if all_found { DONE } else { FAILED })
}

fn table_text(rows: &[(&str, Vec<u64>)], seed: u64, json: bool) -> String {
    let at = |needed: &[u64], at: usize| needed.get(at).copied().filter(|needed| *needed < u64::MAX);
    if json {
        let row = |(name, needed): &(&str, Vec<u64>)| json!({ "engine": format!("{WEAK}{name}"), "median": at(needed, needed.len() / 2), "most": at(needed, needed.len().saturating_sub(1)) });
        return format!(
            "{:#}\n",
            json!({ "seed": seed, "engines": rows.iter().map(row).collect::<Vec<_>>() })
        );
    }
    let mut text = format!("statements needed, seeds {seed} to {}: median, most\n", seed + SEEDS - 1);
    for (name, needed) in rows {
        let shown = |needed: Option<u64>| needed.map_or_else(|| "not found".to_owned(), |n| n.to_string());
        let (median, most) = (at(needed, needed.len() / 2), at(needed, needed.len().saturating_sub(1)));
        text.push_str(&format!("{name:22}{:>10}{:>10}\n", shown(median), shown(most)));
    }
    text
}

fn as_text(report: &Report, engine: &str) -> String {
    let mut text = report.to_string();
    for difference in report.differences.iter().take(SHOWN_MAX) {
        text.push_str(&format!("\n{}\n", difference.reproduction(engine)));
        text.push_str(&format!("  {}\n  {}\n", why(difference), difference.probe));
        if let Some(smaller) = &difference.smaller {
            text.push_str(&format!("  smaller: {smaller}\n"));
        }
        text.push_str(&format!(
            "  whole: {}\n  alone: {}\n  {}\n",
            difference.whole, difference.alone, difference.world
        ));
    }
    if report.differences.len() > SHOWN_MAX {
        text.push_str(&format!("\nand {} more\n", report.differences.len() - SHOWN_MAX));
    }
    text
}

const fn why(difference: &Difference) -> &'static str {
    match difference.why {
        Why::Interference => "depends on the rows of others",
        Why::Value => "shows a value in an error",
    }
}

fn as_json(report: &Report, engine: &str) -> String {
    let difference = |difference: &Difference| {
        json!({
            "reproduction": difference.reproduction(engine),
            "why": why(difference),
            "probe": difference.probe.to_string(),
            "smaller": difference.smaller,
            "whole": difference.whole.to_string(),
            "alone": difference.alone.to_string(),
            "world": difference.world,
        })
    };
    let object = json!({
        "engine": engine,
        "seed": report.seed,
        "probes": report.probes,
        "seconds": report.elapsed.as_secs_f64(),
        "per_second": report.probes_per_second(),
        "statements": report.statements,
        "accepted_percent": percent(report.accepted, report.statements),
        "reached_rows_percent": percent(report.touched, report.accepted),
        "not_planned": report.unplanned,
        "attacks": report.hostile,
        "attacks_not_refused": report.hostile_accepted,
        "refused": report.refused,
        "failed": report.failed,
        "functions_missed": report.functions_missed(),
        "node_kinds_missed": report.kinds_missed(),
        "forms": named(&report.forms),
        "shares": named(&report.shares),
        "storages": named(&report.storages),
        "after_another_admin": report.after_colleague,
        "differences": report.differences.iter().map(difference).collect::<Vec<_>>(),
    });
    format!("{object:#}\n")
}

fn named<K: Debug>(counts: &BTreeMap<K, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(key, count)| (format!("{key:?}"), *count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(engine: &str, seed: u64, statements: u64) -> AttackArgs {
        AttackArgs {
            statements,
            seed: Some(seed),
            engine: engine.to_owned(),
            only: None,
            until_found: false,
            list: false,
            table: false,
            json: true,
        }
    }

    #[tokio::test]
    async fn a_hole_ends_with_1_and_no_hole_with_0() {
        assert_eq!(run(&args("embedded", 1, 30)).await.unwrap(), DONE);
        let weak = AttackArgs { until_found: true, ..args("weak:folded-keys", 1, 500) };
        assert_eq!(run(&weak).await.unwrap(), FAILED);
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_bad_usage() {
        for engine in ["weak:", "weak:none", "plain-views", ""] {
            let error = run(&args(engine, 1, 1)).await.unwrap_err();
            assert_eq!(error.exit_code(), crate::error::USAGE, "{engine}");
        }
    }

    #[test]
    fn every_engine_is_listed_and_can_be_named() {
        let listed = list(false);
        assert_eq!(listed.lines().count(), 1 + Weakness::ALL.len());
        for line in listed.lines() {
            assert!(subjects(line.split_whitespace().next().unwrap()).is_ok(), "{line}");
        }
    }
}

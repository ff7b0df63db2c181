//! Generated probes: statements from a grammar over a world's view, hostile ones among them, lookups and counts.
//!
//! A probe is a function of the seed, the world and the probe's number. Most statements are meant to be
//! accepted and to reach rows: each is built round one function of the guard's list, every one in its turn,
//! and aimed at columns on which others' values fail.

mod expr;
mod from;
mod hostile;
mod select;
mod templates;

use super::random::Random;
use super::subject::{Ask, Probe};
use super::world::World;
use crate::Match;
use expr::Writer;
use splitplane_split_plane::FUNCTIONS;
use splitplane_types::Cell;

/// A probe, and whether it is an attack that must be refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Drafted {
    /// The probe.
    pub probe: Probe,
    /// Whether a guard must refuse it.
    pub hostile: bool,
}

/// Of a hundred probes, those that are hostile.
const HOSTILE_PERCENT: usize = 12;
/// Of a hundred probes, those before which another admin asks the same.
const AFTER_COLLEAGUE_PERCENT: usize = 10;
/// Of a hundred probes, those that ask for values, coverage or grants.
const OTHER_PERCENT: usize = 5;

/// The probe of that number in its world.
#[must_use]
pub fn draft(world: &World, seed: u64, number: u64) -> Drafted {
    let mut random = Random::of(seed, "probe", number);
    let after_colleague = random.percent(AFTER_COLLEAGUE_PERCENT);
    let of = |ask: Ask, hostile: bool| Drafted { probe: Probe { after_colleague, ask }, hostile };
    if random.percent(OTHER_PERCENT) {
        return of(other(&mut random), false);
    }
    if random.percent(HOSTILE_PERCENT) {
        return of(Ask::Statement(hostile::statement(&mut random)), true);
    }
    of(Ask::Statement(statement(world, random, number)), false)
}

fn statement(world: &World, random: Random, number: u64) -> String {
    let mut writer =
        Writer { world, random, sights: Vec::new(), named: 0, aliases: 0, subqueries: false, may_nest: true };
    match writer.random.below(16) {
        0 => writer.united(),
        1 => writer.star(),
        2 => writer.grouped(None),
        3 => writer.sieved(),
        4 => writer.summed(),
        5 => writer.extremes(),
        _ => {
            // A step without a common factor with any length near it: every function in its turn.
            let turn = usize::try_from(number % 1_000_003).unwrap_or(0);
            match FUNCTIONS.get(turn * 61 % FUNCTIONS.len().max(1)) {
                Some(function) => writer.statement(function),
                None => writer.star(),
            }
        }
    }
}

fn other(random: &mut Random) -> Ask {
    let matching = |random: &mut Random| match random.below(4) {
        0 => {
            vec![Match::Phrase { column: "note".to_owned(), phrase: format!(" {} ", random.between(1, 90)) }]
        }
        1 => {
            vec![Match::Exactly { column: "crates".to_owned(), value: Cell::Integer(random.between(0, 20)) }]
        }
        2 => {
            let values = vec![Cell::Text("mine-3".to_owned()), Cell::Null];
            vec![Match::NoneOf { column: "word".to_owned(), values }]
        }
        _ => Vec::new(),
    };
    match random.below(4) {
        0 => Ask::Grants,
        1 => Ask::Coverage {
            relation: "harvests".to_owned(),
            key: "site".to_owned(),
            matching: matching(random),
        },
        _ => {
            let choices: [&[&str]; 5] = [
                &["site", "note"],
                &["grower", "phone", "tail"],
                &["word"],
                &["per_crate", "day"],
                &["extra", "picked_on"],
            ];
            let columns = random.one(&choices).copied().unwrap_or(&["word"]);
            Ask::Values {
                relation: "harvests".to_owned(),
                columns: columns.iter().map(|column| (*column).to_owned()).collect(),
                matching: matching(random),
                limit: 1 + random.below(40),
            }
        }
    }
}

//! The non-interference check: one caller, two copies of a warehouse, every probe, byte for byte.
//!
//! Decides what a difference is. Which subject is put to it, and where worlds are written, is the asker's.

use super::Subjects;
use super::report::{Difference, Report, Why};
use super::shrink;
use super::statement::{Drafted, draft};
use super::subject::{Ask, Observation, Probe, Subject};
use super::world::{Copy, OWN_WORD, SECRET, Storage, World};
use crate::error::AnyError;
use splitplane_types::Limits;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Probes that are put to one world.
pub const PROBES_PER_WORLD: u64 = 25;

/// What to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Seed of worlds and probes.
    pub seed: u64,
    /// The first probe, by number.
    pub first: u64,
    /// How many probes.
    pub probes: u64,
    /// Worlds at the same time.
    pub parallel: usize,
    /// Whether to end at the first difference. Then worlds come one after the other.
    pub until_found: bool,
    /// How every world is stored, for subjects that can read no other way. Else each has a storage of its own.
    pub storage: Option<Storage>,
}

impl Check {
    /// The first so many probes of a seed.
    #[must_use]
    pub const fn new(seed: u64, probes: u64) -> Self {
        Self { seed, first: 0, probes, parallel: 2, until_found: false, storage: None }
    }

    /// One probe, by number.
    #[must_use]
    pub const fn only(seed: u64, number: u64) -> Self {
        Self { seed, first: number, probes: 1, parallel: 1, until_found: false, storage: None }
    }

    /// Ends at the first difference.
    #[must_use]
    pub const fn until_found(self) -> Self {
        Self { parallel: 1, until_found: true, ..self }
    }

    /// The worlds, each with the numbers of its probes.
    fn worlds(&self) -> VecDeque<(u64, Vec<u64>)> {
        let mut worlds: VecDeque<(u64, Vec<u64>)> = VecDeque::new();
        for number in self.first..self.first.saturating_add(self.probes) {
            let world = number / PROBES_PER_WORLD;
            match worlds.back_mut() {
                Some((last, numbers)) if *last == world => numbers.push(number),
                _ => worlds.push_back((world, vec![number])),
            }
        }
        worlds
    }
}

/// Limits under which no statement of the kit should end.
#[must_use]
pub const fn limits() -> Limits {
    Limits {
        rows_max: 1_000_000,
        bytes_max: 1 << 30,
        time_max: Duration::from_secs(120),
        memory_bytes_max: 1 << 30,
        concurrent_per_tenant_max: 1,
    }
}

/// Puts subjects to the check, in worlds written under `folder`. Tells `progress` after every world.
///
/// # Errors
/// When a world cannot be written or a subject cannot be made; never for what a subject answers.
pub async fn check(
    check: &Check,
    subjects: Arc<dyn Subjects>,
    folder: &Path,
    progress: &mut (dyn FnMut(&Report) + Send),
) -> Result<Report, AnyError> {
    let begun = Instant::now();
    let mut report = Report::new(check.seed);
    let (mut waiting, mut running) = (check.worlds(), JoinSet::new());
    loop {
        while running.len() < check.parallel.max(1)
            && let Some((number, probes)) = waiting.pop_front()
        {
            let folder = folder.join(format!("world-{}-{number}", check.seed));
            let until_found = check.until_found;
            let run = Run {
                seed: check.seed,
                number,
                probes,
                folder,
                subjects: Arc::clone(&subjects),
                until_found,
                storage: check.storage,
            };
            running.spawn(run.run());
        }
        let Some(done) = running.join_next().await else { break };
        report.merge(done??);
        report.elapsed = begun.elapsed();
        progress(&report);
        if check.until_found && !report.differences.is_empty() {
            break;
        }
    }
    report.differences.sort_by_key(|difference| difference.number);
    Ok(report)
}

/// One world and its probes.
struct Run {
    seed: u64,
    number: u64,
    probes: Vec<u64>,
    folder: PathBuf,
    subjects: Arc<dyn Subjects>,
    until_found: bool,
    storage: Option<Storage>,
}

impl Run {
    async fn run(self) -> Result<Report, AnyError> {
        let world = World::new(self.seed, self.number);
        let world = match self.storage {
            None => world,
            Some(storage) => world.stored_as(storage),
        };
        let whole = self.subject(&world, Copy::Whole).await?;
        let alone = self.subject(&world, Copy::Alone).await?;
        let pair = Pair { whole: whole.as_ref(), alone: alone.as_ref() };
        let mut report = Report::new(self.seed);
        for number in &self.probes {
            let drafted = draft(&world, self.seed, *number);
            let seen = pair.observe(&drafted.probe).await;
            report.add(&world, &drafted, &seen.0);
            if let Some(why) = pair.judge(&seen) {
                let found = Found { number: *number, drafted, seen, why };
                // One smaller statement says enough of a world.
                let shrinks = report.differences.is_empty();
                report.differences.push(found.difference(self.seed, &world, &pair, shrinks).await);
                if self.until_found {
                    break;
                }
            }
        }
        drop((whole, alone));
        std::fs::remove_dir_all(&self.folder)?;
        Ok(report)
    }

    async fn subject(&self, world: &World, copy: Copy) -> Result<Box<dyn Subject>, AnyError> {
        let folder = self.folder.join(if copy == Copy::Whole { "whole" } else { "alone" });
        world.write(&folder, copy)?;
        self.subjects.over(world, &folder).await
    }
}

/// What was seen of a probe that is not right.
struct Found {
    number: u64,
    drafted: Drafted,
    seen: (Observation, Observation),
    why: Why,
}

impl Found {
    async fn difference(self, seed: u64, world: &World, pair: &Pair<'_>, shrinks: bool) -> Difference {
        let Self { number, drafted: Drafted { probe, hostile: _ }, seen: (whole, alone), why } = self;
        let smaller = match &probe.ask {
            Ask::Statement(sql) if shrinks => shrink::smaller(sql, probe.after_colleague, pair).await,
            Ask::Statement(_) | Ask::Values { .. } | Ask::Coverage { .. } | Ask::Grants => None,
        };
        Difference { seed, number, world: world.describe(), probe, smaller, why, whole, alone }
    }
}

/// Two copies of a world, as one subject shows them.
#[derive(Debug)]
pub(super) struct Pair<'s> {
    whole: &'s dyn Subject,
    alone: &'s dyn Subject,
}

impl Pair<'_> {
    pub(super) async fn observe(&self, probe: &Probe) -> (Observation, Observation) {
        (self.whole.observe(probe).await, self.alone.observe(probe).await)
    }

    /// Why what was seen is not right; `None` when it is.
    pub(super) fn judge(&self, (whole, alone): &(Observation, Observation)) -> Option<Why> {
        if whole != alone {
            return Some(Why::Interference);
        }
        shows_a_value(whole).then_some(Why::Value)
    }
}

/// Whether a failure shows a value of any row, the caller's own included.
fn shows_a_value(seen: &Observation) -> bool {
    match seen {
        Observation::Rows { .. } => false,
        Observation::Failed { class: _, text } => text.contains(SECRET) || text.contains(OWN_WORD),
        // A refusal may name what the draft named.
        Observation::Refused { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_probe_runs_in_the_world_that_it_has_among_all() {
        let all = Check::new(9, 120).worlds();
        assert_eq!(all.len(), 5);
        for (world, numbers) in &all {
            for number in numbers {
                assert_eq!(Check::only(9, *number).worlds(), [(*world, vec![*number])]);
            }
        }
    }

    #[test]
    fn a_failure_that_shows_a_value_is_found_and_its_class_is_not() {
        let failed = |text: &str| Observation::Failed { class: "data".to_owned(), text: text.to_owned() };
        assert!(shows_a_value(&failed("cannot cast 'mine-3'")));
        assert!(shows_a_value(&failed("cannot cast 'SECRET-note-4'")));
        assert!(!shows_a_value(&failed("the statement failed on the rows it reads")));
    }
}

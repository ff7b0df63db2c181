//! What a run of the check covered and found.

use super::kinds;
use super::statement::Drafted;
use super::subject::{Ask, Observation, Probe, UNPLANNED};
use super::world::{Form, Share, Storage, World, relations};
use splitplane_split_plane::{FUNCTIONS, GuardedQuery};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Why an observation is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is another without everybody else's rows.
    Interference,
    /// A failure shows a value.
    Value,
}

/// A probe by which the caller learns what is not theirs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Seed of the run.
    pub seed: u64,
    /// Number of the probe.
    pub number: u64,
    /// The world, in a few words.
    pub world: String,
    /// The probe.
    pub probe: Probe,
    /// A smaller statement that shows it as well.
    pub smaller: Option<String>,
    /// What is wrong.
    pub why: Why,
    /// What the whole warehouse gives.
    pub whole: Observation,
    /// What a warehouse without anyone else's rows gives.
    pub alone: Observation,
}

impl Difference {
    /// The command that shows it again.
    #[must_use]
    pub fn reproduction(&self, engine: &str) -> String {
        format!("splitplane attack --engine {engine} --seed {} --only {}", self.seed, self.number)
    }
}

/// What a run covered and found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Seed of the run.
    pub seed: u64,
    /// Probes, of every kind.
    pub probes: u64,
    /// Statements that are no attack.
    pub statements: u64,
    /// Of these, those that the guard accepted.
    pub accepted: u64,
    /// Of those accepted, those that gave a row or failed on one.
    pub touched: u64,
    /// Of those accepted, those that the engine could not plan.
    pub unplanned: u64,
    /// Attacks that a guard must refuse.
    pub hostile: u64,
    /// Of these, those that were not refused.
    pub hostile_accepted: Vec<String>,
    /// Failures by class.
    pub failed: BTreeMap<String, u64>,
    /// Refusals of statements that are no attack, by kind and text.
    pub refused: BTreeMap<String, u64>,
    /// Refusals of attacks, by kind.
    pub stopped: BTreeMap<String, u64>,
    /// Node kinds of accepted statements.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Functions of accepted and planned statements.
    pub functions: BTreeMap<&'static str, u64>,
    /// Forms of scope and of columns that accepted statements met.
    pub forms: BTreeMap<Form, u64>,
    /// Shares of the caller.
    pub shares: BTreeMap<Share, u64>,
    /// Storages.
    pub storages: BTreeMap<Storage, u64>,
    /// Probes that came after the same one of another admin.
    pub after_colleague: u64,
    /// Every difference.
    pub differences: Vec<Difference>,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(super) fn add(&mut self, world: &World, drafted: &Drafted, seen: &Observation) {
        self.probes += 1;
        *self.shares.entry(world.share()).or_default() += 1;
        *self.storages.entry(world.storage()).or_default() += 1;
        self.after_colleague += u64::from(drafted.probe.after_colleague);
        if let Observation::Failed { class, .. } = seen {
            *self.failed.entry(class.clone()).or_default() += 1;
        }
        let Ask::Statement(sql) = &drafted.probe.ask else { return };
        if drafted.hostile {
            self.hostile += 1;
            match seen {
                Observation::Refused { kind, .. } => *self.stopped.entry(kind.clone()).or_default() += 1,
                Observation::Rows { .. } | Observation::Failed { .. } => {
                    self.hostile_accepted.push(sql.clone())
                }
            }
            return;
        }
        self.statements += 1;
        match seen {
            Observation::Refused { kind, text, .. } => {
                *self.refused.entry(format!("{kind}: {text}")).or_default() += 1;
            }
            Observation::Rows { .. } | Observation::Failed { .. } => self.add_accepted(world, sql, seen),
        }
    }

    fn add_accepted(&mut self, world: &World, sql: &str, seen: &Observation) {
        self.accepted += 1;
        self.touched += u64::from(seen.touched_rows());
        if matches!(seen, Observation::Failed { class, .. } if class == UNPLANNED) {
            self.unplanned += 1;
            return;
        }
        for kind in kinds::of(sql) {
            *self.kinds.entry(kind).or_default() += 1;
        }
        for function in kinds::functions(sql) {
            *self.functions.entry(function).or_default() += 1;
        }
        // Of what the guard read, not of the words.
        let Some(query) = world.view().ok().and_then(|view| view.guard(sql).ok()) else { return };
        for form in forms(&query) {
            *self.forms.entry(form).or_default() += 1;
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        let Self {
            seed: _,
            probes,
            statements,
            accepted,
            touched,
            unplanned,
            hostile,
            hostile_accepted,
            failed,
            refused,
            stopped,
            kinds,
            functions,
            forms,
            shares,
            storages,
            after_colleague,
            differences,
            elapsed: _,
        } = other;
        self.probes += probes;
        self.statements += statements;
        self.accepted += accepted;
        self.touched += touched;
        self.unplanned += unplanned;
        self.hostile += hostile;
        self.hostile_accepted.extend(hostile_accepted);
        self.after_colleague += after_colleague;
        self.differences.extend(differences);
        add(&mut self.failed, failed);
        add(&mut self.refused, refused);
        add(&mut self.stopped, stopped);
        add(&mut self.kinds, kinds);
        add(&mut self.functions, functions);
        add(&mut self.forms, forms);
        add(&mut self.shares, shares);
        add(&mut self.storages, storages);
    }

    /// Functions of the guard's list that no accepted statement called.
    #[must_use]
    pub fn functions_missed(&self) -> Vec<&'static str> {
        let names = FUNCTIONS.iter().map(|function| function.name);
        names.filter(|name| !self.functions.contains_key(name)).collect()
    }

    /// Node kinds that no accepted statement had.
    #[must_use]
    pub fn kinds_missed(&self) -> Vec<&'static str> {
        kinds::POSSIBLE.iter().copied().filter(|kind| !self.kinds.contains_key(kind)).collect()
    }

    /// Probes in a second, each put to two copies.
    #[must_use]
    pub fn probes_per_second(&self) -> u64 {
        let probes = u128::from(self.probes) * 1_000;
        u64::try_from(probes / self.elapsed.as_millis().max(1)).unwrap_or(u64::MAX)
    }
}

fn add<K: Ord>(to: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key).or_default() += count;
    }
}

/// The forms that a statement meets: those of its relations' scopes, and those of the columns it names.
fn forms(query: &GuardedQuery) -> Vec<Form> {
    let text = query.query().to_string();
    let mut forms = Vec::new();
    for relation in relations().iter().filter(|relation| query.relations().contains(relation.name)) {
        forms.push(relation.form);
        let named = relation.columns.iter().filter(|column| text.contains(&format!("`{}`", column.name)));
        forms.extend(named.flat_map(|column| column.forms()));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// So many of a hundred.
#[must_use]
pub fn percent(part: u64, of: u64) -> u64 {
    (part * 100).checked_div(of).unwrap_or(0)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} probes in {:.1?} ({} per second, each on two copies of its world), seed {}",
            self.probes,
            self.elapsed,
            self.probes_per_second(),
            self.seed
        )?;
        writeln!(
            f,
            "statements: {}; accepted {} %; of those, reached rows {} %, not planned {} %",
            self.statements,
            percent(self.accepted, self.statements),
            percent(self.touched, self.accepted),
            percent(self.unplanned, self.accepted),
        )?;
        writeln!(f, "attacks: {}; refused {}", self.hostile, counts(&self.stopped))?;
        for sql in &self.hostile_accepted {
            writeln!(f, "  not refused: {sql}")?;
        }
        writeln!(f, "refused statements: {}", counts(&self.refused))?;
        writeln!(f, "failures: {}", counts(&self.failed))?;
        writeln!(
            f,
            "functions: {} of {}{}",
            FUNCTIONS.len() - self.functions_missed().len(),
            FUNCTIONS.len(),
            missed(&self.functions_missed())
        )?;
        let kinds = kinds::POSSIBLE.len();
        let missing = self.kinds_missed();
        writeln!(f, "node kinds: {} of {kinds}{}", kinds - missing.len(), missed(&missing))?;
        writeln!(f, "forms: {}", counts(&self.forms))?;
        writeln!(f, "shares: {}", counts(&self.shares))?;
        writeln!(f, "storages: {}", counts(&self.storages))?;
        writeln!(f, "after another admin: {}", self.after_colleague)?;
        writeln!(f, "differences: {}", self.differences.len())
    }
}

fn counts<K: fmt::Debug>(counts: &BTreeMap<K, u64>) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let all: Vec<_> = counts.iter().take(12).map(|(key, count)| format!("{key:?} {count}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn missed(names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!(", without {}", names.join(", ")) }
}

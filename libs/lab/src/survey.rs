//! Counts rows by who sees them, reading every source as few times as the policies' chains allow: once, unless two
//! policies lead through the same datasets in opposite directions.
//!
//! A row's class under a policy is the set of admins who see it, so there are few classes whatever the number of
//! rows. Under two policies its class is the pair, which is exact for every row. What is kept between scans is one
//! entry for each distinct key by which some dataset is reached.

use crate::error::LabError;
use crate::keys::{Building, Fast, Lookup, Numbering, Tuples, halves, pair};
use crate::rows::{Batch, Rows};
use crate::scan::{Columns, scan};
use crate::scope::Side;
use crate::sets::{NOBODY, SetId, Sets};
use splitplane_semantics::{RowPolicy, ScopeRule};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Rows to count: those of a source, as one dataset on each side or on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) source: String,
    /// For each side in order, the dataset that shows the source's rows; `None` shows none.
    pub(crate) datasets: Vec<Option<String>>,
    /// Columns and the values that rows must hold to be counted; none for all rows.
    pub(crate) key: Vec<(String, String)>,
}

/// Rows of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    /// Who sees them on the first side.
    pub(crate) first: SetId,
    /// Who sees them on the second side; nobody where there is none.
    pub(crate) second: SetId,
    pub(crate) rows: u64,
}

/// A dataset on one side.
type Place = (usize, String);

/// The rows of a dataset on one side, found by some of their columns.
type Route = (Place, Vec<String>);

#[derive(Debug, Clone)]
enum Task {
    Count(usize),
    Map(Route),
}

/// Counts the rows of every one of `wanted`, in that order.
pub(crate) fn survey<R: Rows>(
    rows: &R,
    sides: &[Side<'_>],
    sets: &mut Sets,
    wanted: &[Wanted],
) -> Result<Vec<Vec<Class>>, LabError> {
    let mut survey = Survey { sides, wanted, routes: BTreeMap::new(), counts: BTreeMap::new() };
    let mut left = survey.tasks()?;
    while let Some(source) = survey.next_source(&left)? {
        let mut now = Vec::new();
        let mut later = Vec::new();
        for (of, task) in left {
            let ready = of == source && survey.is_ready(&task)?;
            if ready { now.push(task) } else { later.push((of, task)) }
        }
        survey.pass(rows, &source, &now, sets)?;
        left = later;
    }
    Ok((0..wanted.len()).map(|index| survey.counts.remove(&index).unwrap_or_default()).collect())
}

struct Survey<'s> {
    sides: &'s [Side<'s>],
    wanted: &'s [Wanted],
    routes: BTreeMap<Route, Lookup>,
    counts: BTreeMap<usize, Vec<Class>>,
}

impl<'s> Survey<'s> {
    fn side(&self, side: usize) -> Result<&'s Side<'s>, LabError> {
        self.sides.get(side).ok_or_else(|| LabError::Inconsistent("a side is missing".to_owned()))
    }

    fn policy_rows(&self, (side, dataset): &Place) -> Result<&'s RowPolicy, LabError> {
        Ok(&self.side(*side)?.rules.exposed(dataset)?.1.rows)
    }

    /// What the scope of a dataset leads through.
    fn routes_of(&self, place: &Place) -> Result<Vec<Route>, LabError> {
        let RowPolicy::Scoped(rules) = self.policy_rows(place)? else { return Ok(Vec::new()) };
        let route = |rule: &ScopeRule| match rule {
            ScopeRule::Columns(_) => None,
            ScopeRule::Through { dataset, by } => {
                Some(((place.0, dataset.clone()), by.iter().map(|(_, theirs)| theirs.clone()).collect()))
            }
        };
        Ok(rules.iter().filter_map(route).collect())
    }

    fn places(&self, task: &Task) -> Vec<Place> {
        match task {
            Task::Map((place, _)) => vec![place.clone()],
            Task::Count(index) => {
                let datasets = self.wanted.get(*index).map_or(&[][..], |wanted| &wanted.datasets);
                let place = |(side, dataset): (usize, &Option<String>)| Some((side, dataset.clone()?));
                datasets.iter().enumerate().filter_map(place).collect()
            }
        }
    }

    /// Everything there is to do, each with the source that it reads.
    fn tasks(&self) -> Result<Vec<(String, Task)>, LabError> {
        let mut tasks: Vec<(String, Task)> =
            self.wanted.iter().enumerate().map(|(index, w)| (w.source.clone(), Task::Count(index))).collect();
        let mut open: Vec<Place> = tasks.iter().flat_map(|(_, task)| self.places(task)).collect();
        let mut known = BTreeSet::new();
        while let Some(place) = open.pop() {
            for route in self.routes_of(&place)? {
                if known.insert(route.clone()) {
                    let (side, dataset) = &route.0;
                    let source = self.side(*side)?.rules.exposed(dataset)?.0.source.clone();
                    open.push(route.0.clone());
                    tasks.push((source, Task::Map(route)));
                }
            }
        }
        Ok(tasks)
    }

    fn is_ready(&self, task: &Task) -> Result<bool, LabError> {
        for place in self.places(task) {
            if self.routes_of(&place)?.iter().any(|route| !self.routes.contains_key(route)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A source with something to do, first of all one that need not be read again.
    fn next_source(&self, left: &[(String, Task)]) -> Result<Option<String>, LabError> {
        let mut sources: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        for (source, task) in left {
            let ready = self.is_ready(task)?;
            let (all, some) = sources.entry(source).or_insert((true, false));
            *all &= ready;
            *some |= ready;
        }
        let found = sources.iter().find(|(_, (all, _))| *all);
        let found = found.or_else(|| sources.iter().find(|(_, (_, some))| *some));
        match (found, left.is_empty()) {
            (None, false) => Err(LabError::Inconsistent("the scopes run in a ring".to_owned())),
            (found, _) => Ok(found.map(|(source, _)| (*source).to_owned())),
        }
    }

    /// One scan of a source.
    fn pass<R: Rows>(
        &mut self,
        rows: &R,
        source: &str,
        tasks: &[Task],
        sets: &mut Sets,
    ) -> Result<(), LabError> {
        let mut columns = Columns::default();
        let mut places: Vec<Place> = tasks.iter().flat_map(|task| self.places(task)).collect();
        places.sort();
        places.dedup();
        let mut classes = Vec::with_capacity(places.len());
        for place in &places {
            classes.push(Classifier { rules: self.classifier(place, &mut columns)?, out: Vec::new() });
        }
        let position = |place: &Place| places.iter().position(|known| known == place);
        let mut keyed: Vec<Keyed> = Vec::new();
        let mut jobs: Vec<Job> = tasks
            .iter()
            .map(|task| match task {
                Task::Count(index) => {
                    let datasets = self.wanted.get(*index).map_or(&[][..], |wanted| &wanted.datasets);
                    let of = |side: usize| position(&(side, datasets.get(side).cloned().flatten()?));
                    let key = self.wanted.get(*index).map_or(&[][..], |wanted| &wanted.key);
                    let positions = columns.positions(key.iter().map(|(column, _)| column.as_str()));
                    let values = key.iter().map(|(_, value)| value.clone());
                    let key = positions.into_iter().zip(values).collect();
                    Job::Count { sides: (of(0), of(1)), key, counts: HashMap::default() }
                }
                Task::Map((place, names)) => {
                    let wanted = columns.positions(names.iter().map(String::as_str));
                    let known = keyed.iter().position(|keyed| keyed.positions == wanted);
                    let keyed = known.unwrap_or_else(|| {
                        keyed.push(Keyed::new(wanted));
                        keyed.len() - 1
                    });
                    Job::Map { keyed, place: position(place), building: Building::default() }
                }
            })
            .collect();
        let mut scratch = Vec::new();
        scan(rows, source, &columns, |batch| {
            for class in &mut classes {
                class.classify(batch, sets, &mut scratch);
            }
            for job in &mut jobs {
                job.count(batch, &classes);
            }
            for (index, keyed) in keyed.iter_mut().enumerate() {
                keyed.take(index, batch, &classes, &mut jobs);
            }
            Ok(())
        })?;
        drop(classes);
        let tuples: Vec<Arc<Tuples>> = keyed.into_iter().map(|keyed| keyed.numbering.finish()).collect();
        for (task, job) in tasks.iter().zip(jobs) {
            match (task, job) {
                (Task::Count(index), Job::Count { counts, .. }) => {
                    let class = |(key, rows)| {
                        let (first, second) = halves(key);
                        Class { first, second, rows }
                    };
                    let mut classes: Vec<Class> = counts.into_iter().map(class).collect();
                    classes.sort();
                    self.counts.insert(*index, classes);
                }
                (Task::Map(route), Job::Map { building, keyed, .. }) => {
                    if let Some(tuples) = tuples.get(keyed) {
                        self.routes.insert(route.clone(), building.finish(Arc::clone(tuples), sets));
                    }
                }
                (Task::Count(_), Job::Map { .. }) | (Task::Map(_), Job::Count { .. }) => {}
            }
        }
        Ok(())
    }

    /// How the rows of a dataset are classed: `None` shows all of them.
    fn classifier(
        &self,
        place: &Place,
        columns: &mut Columns,
    ) -> Result<Option<Vec<RuleClassifier<'_>>>, LabError> {
        let RowPolicy::Scoped(rules) = self.policy_rows(place)? else { return Ok(None) };
        let side = self.side(place.0)?;
        let mut classifiers = Vec::with_capacity(rules.len());
        for rule in rules {
            classifiers.push(match rule {
                ScopeRule::Columns(bindings) => {
                    let names = bindings.iter().map(|(_, column)| column.as_str());
                    RuleClassifier { lookup: side.lookup(bindings)?, positions: columns.positions(names) }
                }
                ScopeRule::Through { dataset, by } => {
                    let theirs = by.iter().map(|(_, theirs)| theirs.clone()).collect();
                    let route = ((place.0, dataset.clone()), theirs);
                    let lookup = self.routes.get(&route).ok_or_else(|| {
                        LabError::Inconsistent(format!("`{dataset}` was not read before it was needed"))
                    })?;
                    let names = by.iter().map(|(mine, _)| mine.as_str());
                    RuleClassifier { lookup, positions: columns.positions(names) }
                }
            });
        }
        Ok(Some(classifiers))
    }
}

struct RuleClassifier<'l> {
    lookup: &'l Lookup,
    positions: Vec<usize>,
}

/// The classes of a batch's rows, for one dataset on one side.
struct Classifier<'l> {
    rules: Option<Vec<RuleClassifier<'l>>>,
    out: Vec<SetId>,
}

impl Classifier<'_> {
    fn classify(&mut self, batch: &Batch, sets: &mut Sets, scratch: &mut Vec<SetId>) {
        let Some(rules) = &self.rules else {
            self.out.clear();
            self.out.resize(batch.rows(), sets.everyone());
            return;
        };
        let Some((first, others)) = rules.split_first() else {
            self.out.clear();
            self.out.resize(batch.rows(), NOBODY);
            return;
        };
        first.lookup.classify(batch, &first.positions, &mut self.out);
        for rule in others {
            rule.lookup.classify(batch, &rule.positions, scratch);
            for (seen, also) in self.out.iter_mut().zip(scratch.iter()) {
                *seen = sets.both(*seen, *also);
            }
        }
    }
}

enum Job {
    Count {
        sides: (Option<usize>, Option<usize>),
        /// Where a row must hold what to be counted.
        key: Vec<(usize, String)>,
        counts: HashMap<u64, u64, Fast>,
    },
    Map {
        keyed: usize,
        place: Option<usize>,
        building: Building,
    },
}

impl Job {
    fn count(&mut self, batch: &Batch, classes: &[Classifier<'_>]) {
        let of = |place: Option<usize>| place.and_then(|place| classes.get(place)).map(|class| &class.out);
        match self {
            Self::Count { sides, key, counts } => {
                let (first, second) = (of(sides.0), of(sides.1));
                let mut run = (0, 0_u64);
                let holds = |row: usize| {
                    let held = |position: &usize| batch.columns().get(*position)?.text(row);
                    key.iter().all(|(position, value)| held(position) == Some(value.as_str()))
                };
                for row in (0..batch.rows()).filter(|row| key.is_empty() || holds(*row)) {
                    let set = |side: Option<&Vec<SetId>>| {
                        side.and_then(|side| side.get(row)).copied().unwrap_or(NOBODY)
                    };
                    let class = pair(set(first), set(second));
                    if class == run.0 {
                        run.1 += 1;
                    } else {
                        count(counts, run);
                        run = (class, 1);
                    }
                }
                count(counts, run);
            }
            Self::Map { .. } => {}
        }
    }
}

/// Keys that are read once for all sides that are reached by them.
struct Keyed {
    positions: Vec<usize>,
    numbering: Numbering,
}

impl Keyed {
    fn new(positions: Vec<usize>) -> Self {
        Self { numbering: Numbering::new(positions.clone()), positions }
    }

    fn take(&mut self, index: usize, batch: &Batch, classes: &[Classifier<'_>], jobs: &mut [Job]) {
        let own = |job: &Job| match job {
            Job::Map { keyed, place, .. } if *keyed == index => *place,
            Job::Map { .. } | Job::Count { .. } => None,
        };
        let seen_by = |place: usize| classes.get(place).map_or(&[][..], |class| class.out.as_slice());
        let seen: Vec<&[SetId]> = jobs.iter().filter_map(own).map(seen_by).collect();
        let numbers = self.numbering.read(batch, &seen);
        for job in jobs {
            let Some(sets) = own(job).map(seen_by) else { continue };
            if let Job::Map { building, .. } = job {
                numbers.iter().zip(sets).for_each(|(number, set)| building.add(*number, *set));
            }
        }
    }
}

fn count(counts: &mut HashMap<u64, u64, Fast>, (class, rows): (u64, u64)) {
    if rows > 0 {
        *counts.entry(class).or_default() += rows;
    }
}

//! Rows gained and lost: every row by its class under both policies.

use super::RowsChange;
use crate::error::LabError;
use crate::keys::at;
use crate::lab::Lab;
use crate::rows::Rows;
use crate::scope::Side;
use crate::sets::Sets;
use crate::survey::{Class, Wanted, survey};
use splitplane_types::CompositeKey;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    gained: u64,
    lost: u64,
    before: u64,
    after: u64,
}

pub(super) fn changes<R: Rows, S: Rows>(
    old: &Lab<'_, R>,
    new: &Lab<'_, S>,
    admins: &[&CompositeKey],
    names: &BTreeSet<&str>,
) -> Result<Vec<RowsChange>, LabError> {
    let mut wanted = Vec::new();
    for name in names {
        let source = |lab: Result<(&splitplane_semantics::Dataset, _), LabError>| {
            lab.ok().map(|(dataset, _)| dataset.source.clone())
        };
        let (before, after) = (source(old.rules.exposed(name)), source(new.rules.exposed(name)));
        let one = |source: String, sides: [bool; 2]| Wanted {
            source,
            datasets: sides.map(|side| side.then(|| (*name).to_owned())).to_vec(),
            key: Vec::new(),
        };
        match (before, after) {
            (Some(before), Some(after)) if before == after => wanted.push((*name, one(after, [true, true]))),
            // Rows of another source are other rows.
            (before, after) => {
                wanted.extend(before.map(|source| (*name, one(source, [true, false]))));
                wanted.extend(after.map(|source| (*name, one(source, [false, true]))));
            }
        }
    }
    let mut sets = Sets::new(admins.len());
    let before = Side::new(old.rules, &old.organisation, admins, &mut sets);
    let after = Side::new(new.rules, &new.organisation, admins, &mut sets);
    let (labels, wanted): (Vec<&str>, Vec<Wanted>) = wanted.into_iter().unzip();
    let counted = survey(new.rows, &[before, after], &mut sets, &wanted)?;
    let mut changes = Vec::new();
    for name in names {
        let mut counts = vec![Count::default(); admins.len()];
        let own = labels.iter().zip(&counted).filter(|(label, _)| *label == name);
        for class in own.flat_map(|(_, classes)| classes) {
            add(&mut counts, class, &sets);
        }
        let changed = admins.iter().zip(counts).filter(|(_, count)| count.gained > 0 || count.lost > 0);
        changes.extend(changed.map(|(admin, Count { gained, lost, before, after })| RowsChange {
            admin: (*admin).clone(),
            dataset: (*name).to_owned(),
            gained,
            lost,
            before,
            after,
        }));
    }
    Ok(changes)
}

fn add(counts: &mut [Count], class: &Class, sets: &Sets) {
    let (mut before, mut after) = (sets.admins(class.first), sets.admins(class.second));
    let rows = class.rows;
    // Both ascend: whoever is lower stands in one of them alone.
    loop {
        let (had, has) = (before.split_first(), after.split_first());
        let admin = match (had, has) {
            (None, None) => return,
            (Some((admin, _)), None) | (None, Some((admin, _))) => *admin,
            (Some((had, _)), Some((has, _))) => *had.min(has),
        };
        let Some(count) = counts.get_mut(at(admin)) else { return };
        let had = had.filter(|(first, _)| **first == admin);
        let has = has.filter(|(first, _)| **first == admin);
        if let Some((_, rest)) = had {
            count.before += rows;
            count.lost += if has.is_none() { rows } else { 0 };
            before = rest;
        }
        if let Some((_, rest)) = has {
            count.after += rows;
            count.gained += if had.is_none() { rows } else { 0 };
            after = rest;
        }
    }
}

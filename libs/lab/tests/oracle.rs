//! The lab agrees with the rules of a policy, taken literally, on every pair of admin and row.
//!
//! The oracle has no classes, sets, indexes or dictionaries: for every pair it reads the policy's rules with nested
//! loops over the tables' rows.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "a test stops where something is wrong, and counts few rows"
)]

#[path = "oracle/literal.rs"]
mod literal;

use literal::Oracle;
use proptest::prelude::*;
use splitplane_lab::fixtures::{Dice, Size, Tables, World};
use splitplane_lab::{Audience, Lab, LabError, RowsVerdict, Step, Verdict, WhyNotOutcome, diff};
use splitplane_semantics::{FieldRef, Policy, SemanticModel, Visibility};
use splitplane_types::{CompositeKey, Role};
use std::collections::BTreeMap;

fn role(text: &str) -> Role {
    text.parse().unwrap()
}

/// Keys to ask about: some rows' own values in one field or two, and one that no row holds.
fn keys(dice: &mut Dice, oracle: &Oracle<'_>, dataset: &str, count: usize) -> Vec<Vec<(String, String)>> {
    let fields = &oracle.model.dataset(dataset).unwrap().fields;
    let table = oracle.table(dataset);
    let mut keys = vec![vec![(fields[0].name.clone(), "no such value".to_owned())]];
    for _ in 0..count {
        if table.rows.is_empty() {
            break;
        }
        let row = &table.rows[dice.below(table.rows.len())];
        let mut key = Vec::new();
        for _ in 0..=dice.below(2) {
            let at = dice.below(fields.len());
            let is_new = |field: &str| key.iter().all(|(known, _): &(String, String)| known != field);
            if let Some(value) = &row[at]
                && is_new(&fields[at].name)
            {
                key.push((fields[at].name.clone(), value.clone()));
            }
        }
        if !key.is_empty() {
            keys.push(key);
        }
    }
    keys
}

fn holds(oracle: &Oracle<'_>, dataset: &str, row: usize, key: &[(String, String)]) -> bool {
    let fields = &oracle.model.dataset(dataset).unwrap().fields;
    key.iter().all(|(field, value)| {
        let at = fields.iter().position(|known| known.name == *field).unwrap();
        oracle.table(dataset).rows[row][at].as_deref() == Some(value)
    })
}

/// A chain holds what the rules say, whoever made it.
fn check_steps(oracle: &Oracle<'_>, admin: &CompositeKey, steps: &[Step]) {
    assert!(!steps.is_empty());
    for step in steps {
        match step {
            Step::Public { reason, .. } => assert!(!reason.is_empty()),
            Step::Keys { held, grant, grants, .. } => {
                assert!(*grants >= 1);
                let values: Vec<String> = grant.iter().map(|pair| pair.value.clone()).collect();
                assert!(oracle.granted(admin).contains(&values), "{step}");
                for held in held {
                    let expected = match held.key.as_str() {
                        "tenant" => admin.tenant().as_str(),
                        "business" => admin.business().as_str(),
                        "admin" => admin.admin().as_str(),
                        key => &grant.iter().find(|pair| pair.key == key).unwrap().value,
                    };
                    assert_eq!(held.value.as_deref(), Some(expected), "{step}");
                }
            }
            Step::Through { by, steps, .. } => {
                assert!(by.iter().all(|joined| joined.value.is_some()));
                check_steps(oracle, admin, steps);
            }
        }
    }
}

fn check_what_can(lab: &Lab<'_, Tables>, oracle: &Oracle<'_>, admins: &[CompositeKey]) {
    let census = lab.census().unwrap();
    assert_eq!(census.admins(), oracle.admins());
    for name in oracle.policy.datasets.keys() {
        let rows = oracle.table(name).rows.len();
        let of = census.datasets.iter().find(|census| census.dataset == *name).unwrap();
        assert_eq!(of.rows as usize, rows);
        assert_eq!(of.classes.iter().map(|class| class.rows).sum::<u64>() as usize, rows);
        let audiences: Vec<Vec<usize>> = (0..rows)
            .map(|row| {
                let admins = oracle.admins().iter().enumerate();
                admins.filter(|(_, admin)| oracle.sees(name, row, admin)).map(|(at, _)| at).collect()
            })
            .collect();
        assert_eq!(of.seen_by_nobody as usize, audiences.iter().filter(|seers| seers.is_empty()).count());
        for class in &of.classes {
            let same = audiences.iter().filter(|seers| **seers == class.admins).count();
            assert_eq!(class.rows as usize, same, "{name}");
        }
        for (at, admin) in oracle.admins().iter().enumerate() {
            let seen = audiences.iter().filter(|seers| seers.contains(&at)).count();
            assert_eq!(census.rows_seen(name, admin), Some(seen as u64), "{name} {admin}");
        }
    }
    for admin in admins {
        for view in lab.what_can(admin, &role("clerk"), None).unwrap().datasets {
            let rows = 0..oracle.table(&view.dataset).rows.len();
            let seen = rows.filter(|row| oracle.sees(&view.dataset, *row, admin)).count();
            assert_eq!(view.rows_seen as usize, seen, "{} {admin}", view.dataset);
            for column in view.columns {
                let field = FieldRef { dataset: view.dataset.clone(), field: column.field };
                let expected = oracle.policy.visibility(&field, &role("clerk"));
                assert_eq!(exposure(expected), serde_json::to_value(&column.exposure).unwrap());
            }
        }
    }
}

fn exposure(visibility: Visibility<'_>) -> serde_json::Value {
    use splitplane_semantics::Mask;
    match visibility {
        Visibility::Shown => "shown".into(),
        Visibility::Hidden => "hidden".into(),
        Visibility::Masked(mask) => {
            let text = match mask {
                Mask::Null => "null".to_owned(),
                Mask::Hash => "hash".to_owned(),
                Mask::Last(count) => format!("last{count}"),
                Mask::Bucket(splitplane_types::Bucket::Width(width)) => format!("bucket {width}"),
                Mask::Bucket(splitplane_types::Bucket::Unit(unit)) => format!("bucket {}", unit.as_str()),
            };
            serde_json::json!({ "masked": text })
        }
    }
}

fn check_rows_of_keys(
    lab: &Lab<'_, Tables>,
    oracle: &Oracle<'_>,
    dice: &mut Dice,
    admins: &[CompositeKey],
    count: usize,
) {
    for name in oracle.policy.datasets.keys() {
        for key in keys(dice, oracle, name, count) {
            let rows: Vec<usize> =
                (0..oracle.table(name).rows.len()).filter(|row| holds(oracle, name, *row, &key)).collect();
            for admin in admins.iter().take(3) {
                let seen = rows.iter().filter(|row| oracle.sees(name, **row, admin)).count() as u64;
                let expected = splitplane_lab::KeyCount { seen, rows: rows.len() as u64 };
                let counted = lab.count_keys(admin, name, &[key.clone(), key.clone()]).unwrap();
                assert_eq!(counted, [expected, expected], "{name} {key:?} {admin}");
            }
            let who = lab.who_can_see(name, &key).unwrap();
            assert_eq!(who.rows as usize, rows.len(), "{name} {key:?}");
            // As many rows of every audience as the oracle finds.
            let mut expected: BTreeMap<Vec<&CompositeKey>, usize> = BTreeMap::new();
            for row in &rows {
                let seers = oracle.admins().iter().filter(|admin| oracle.sees(name, *row, admin)).collect();
                *expected.entry(seers).or_default() += 1;
            }
            let mut found: BTreeMap<Vec<&CompositeKey>, usize> = BTreeMap::new();
            for group in &who.groups {
                let seers: Vec<&CompositeKey> = match &group.audience {
                    Audience::Everyone { .. } => oracle.admins().iter().collect(),
                    Audience::Admins(seers) => {
                        seers.iter().for_each(|seer| check_steps(oracle, &seer.admin, &seer.steps));
                        seers.iter().map(|seer| &seer.admin).collect()
                    }
                };
                *found.entry(seers).or_default() += group.rows as usize;
            }
            assert_eq!(found, expected, "{name} {key:?}");
            for admin in admins {
                check_why_not(lab, oracle, name, &key, admin, &rows);
            }
        }
    }
}

fn check_why_not(
    lab: &Lab<'_, Tables>,
    oracle: &Oracle<'_>,
    name: &str,
    key: &[(String, String)],
    admin: &CompositeKey,
    rows: &[usize],
) {
    let why = lab.why_not(admin, name, key).unwrap();
    let WhyNotOutcome::Rows(verdicts) = why.outcome else {
        assert!(rows.is_empty(), "{name} {key:?}");
        return;
    };
    // Rows by how many of their rules fail; none is a row that is seen.
    let mut expected: BTreeMap<usize, usize> = BTreeMap::new();
    for row in rows {
        *expected.entry(oracle.failing(name, *row, admin)).or_default() += 1;
    }
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    for RowsVerdict { rows, verdict } in verdicts {
        let failing = match verdict {
            Verdict::Sees(steps) => {
                check_steps(oracle, admin, &steps);
                0
            }
            Verdict::DoesNot(failures) => {
                assert!(!failures.is_empty(), "{name} {key:?} {admin}");
                failures.len()
            }
        };
        *found.entry(failing).or_default() += rows as usize;
    }
    assert_eq!(found, expected, "{name} {key:?} {admin}");
}

fn check_diff(model: &SemanticModel, policies: &[Policy; 2], tables: &Tables) {
    let [old, new] = policies;
    let (old_lab, new_lab) = (Lab::open(model, old, tables).unwrap(), Lab::open(model, new, tables).unwrap());
    let (before, after) = (Oracle::new(model, old, tables), Oracle::new(model, new, tables));
    let found = diff(&old_lab, &new_lab).unwrap();
    let mut expected = BTreeMap::new();
    for name in new.datasets.keys() {
        for admin in after.admins() {
            let (mut gained, mut lost, mut first, mut second) = (0_u64, 0_u64, 0_u64, 0_u64);
            for row in 0..after.table(name).rows.len() {
                let (had, has) = (before.sees(name, row, admin), after.sees(name, row, admin));
                gained += u64::from(has && !had);
                lost += u64::from(had && !has);
                first += u64::from(had);
                second += u64::from(has);
            }
            if gained + lost > 0 {
                expected.insert((admin.clone(), name.clone()), (gained, lost, first, second));
            }
        }
    }
    let rows: BTreeMap<_, _> = found
        .rows
        .iter()
        .map(|row| ((row.admin.clone(), row.dataset.clone()), (row.gained, row.lost, row.before, row.after)))
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(rows.len(), found.rows.len());
    assert!(found.rows.is_sorted_by(|left, right| left.gained >= right.gained));
    let mut changed = 0;
    for name in ["lead", "clerk", "anyone"] {
        for dataset in &model.datasets {
            for field in &dataset.fields {
                let field = FieldRef { dataset: dataset.name.clone(), field: field.name.clone() };
                let (had, has) = (old.visibility(&field, &role(name)), new.visibility(&field, &role(name)));
                let mut listed = found.columns.iter().filter(|change| {
                    let roles: Vec<String> = change.roles.iter().map(ToString::to_string).collect();
                    // A role that neither policy names is any other.
                    let named = found_roles(policies).contains(&name.to_owned());
                    let own = if named { name } else { "any other role" };
                    change.dataset == field.dataset
                        && change.field == field.field
                        && roles.contains(&own.to_owned())
                });
                let one = listed.next();
                assert!(listed.next().is_none());
                assert_eq!(one.is_some(), had != has, "{field:?} {name}");
                if let Some(change) = one {
                    changed += 1;
                    assert_eq!(serde_json::to_value(&change.before).unwrap(), exposure(had));
                    assert_eq!(serde_json::to_value(&change.after).unwrap(), exposure(has));
                }
            }
        }
    }
    assert!(changed >= found.columns.len());
}

fn found_roles(policies: &[Policy; 2]) -> Vec<String> {
    let datasets = policies.iter().flat_map(|policy| policy.datasets.values());
    let columns = datasets.flat_map(|dataset| dataset.columns.values());
    columns.flat_map(|column| &column.unless_roles).map(ToString::to_string).collect()
}

fn check(seed: u64, size: Size, asked: usize, keys: usize) {
    let world = World::of_seed(seed, size);
    let (model, policies) = world.load().unwrap();
    let mut dice = Dice::of_seed(seed ^ 1);
    for policy in &policies {
        let oracle = Oracle::new(&model, policy, &world.tables);
        let lab = Lab::open(&model, policy, &world.tables).unwrap();
        let admins: Vec<CompositeKey> = match oracle.admins() {
            [] => Vec::new(),
            all => (0..asked).map(|_| all[dice.below(all.len())].clone()).collect(),
        };
        check_what_can(&lab, &oracle, &admins);
        check_rows_of_keys(&lab, &oracle, &mut dice, &admins, keys);
    }
    check_diff(&model, &policies, &world.tables);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_lab_and_the_rules_taken_literally_agree(seed in any::<u64>(), admins in 1_usize..40, rows in 1_usize..16) {
        check(seed, Size { admins, rows }, 4, 3);
    }
}

#[test]
fn they_agree_on_organisations_of_hundreds_and_thousands_of_admins() {
    for (seed, admins, rows) in [(11, 400, 50), (12, 900, 32), (13, 2_000, 20)] {
        check(seed, Size { admins, rows }, 5, 2);
    }
}

/// What the worlds are made of: a test over worlds where nothing happens would show nothing.
#[test]
fn the_worlds_have_rows_that_are_seen_by_some_through_every_kind_of_scope() {
    let (mut seen, mut unseen, mut partly, mut gained, mut lost) = (BTreeMap::new(), 0, 0, 0, 0);
    for seed in 0..40 {
        let world = World::of_seed(seed, Size { admins: 30, rows: 14 });
        let (model, [old, new]) = world.load().unwrap();
        let lab = Lab::open(&model, &old, &world.tables).unwrap();
        for census in lab.census().unwrap().datasets {
            unseen += census.seen_by_nobody;
            partly += census.classes.iter().filter(|class| !class.admins.is_empty()).count();
            *seen.entry(census.dataset).or_insert(0) += census.rows - census.seen_by_nobody;
        }
        let found = diff(&lab, &Lab::open(&model, &new, &world.tables).unwrap()).unwrap();
        gained += found.rows.iter().map(|row| row.gained).sum::<u64>();
        lost += found.rows.iter().map(|row| row.lost).sum::<u64>();
    }
    assert!(seen.values().all(|rows| *rows > 20), "{seen:?}");
    assert!(unseen > 500 && partly > 500 && gained > 500 && lost > 500, "{unseen} {partly} {gained} {lost}");
}

#[test]
fn an_admin_of_no_grant_is_refused() {
    let world = World::of_seed(3, Size { admins: 20, rows: 5 });
    let (model, [policy, _]) = world.load().unwrap();
    let lab = Lab::open(&model, &policy, &world.tables).unwrap();
    let nobody: CompositeKey = "h9/u9/nobody".parse().unwrap();
    let error = lab.what_can(&nobody, &role("lead"), None).unwrap_err();
    assert!(matches!(error, LabError::UnknownAdmin { .. }), "{error}");
}

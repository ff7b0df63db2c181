//! Columns and metrics that roles gain, lose or see otherwise. No data is read.

use super::{ColumnChange, MetricChange};
use crate::columns::{Exposure, Movement, RoleName};
use crate::error::LabError;
use crate::scope::Rules;
use splitplane_semantics::{Catalogue, FieldRef, Mask};
use splitplane_types::Role;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn changes(
    old: Rules<'_>,
    new: Rules<'_>,
    names: &BTreeSet<&str>,
) -> Result<(Vec<ColumnChange>, Vec<MetricChange>), LabError> {
    let named: BTreeSet<RoleName> = old.roles().into_iter().chain(new.roles()).collect();
    let mut roles = Vec::with_capacity(named.len());
    for role in &named {
        roles.push((role, new.standing_for(role, &named)?));
    }
    let mut columns = Vec::new();
    for field in fields(old, new, names) {
        column_changes(old, new, &field, &roles, &mut columns);
    }
    columns.sort_by_key(|change| (!change.movement.is_widening(), change.after == Exposure::Hidden));
    let mut metrics = metric_changes(old, new, &roles);
    metrics.sort_by_key(|change| !change.gained);
    Ok((columns, metrics))
}

/// Every field of either model, in order, each once.
fn fields(old: Rules<'_>, new: Rules<'_>, names: &BTreeSet<&str>) -> Vec<FieldRef> {
    let mut fields: Vec<FieldRef> = Vec::new();
    for name in names {
        let mut known = BTreeSet::new();
        for dataset in [new, old].iter().filter_map(|rules| rules.model.dataset(name)) {
            let fresh = dataset.fields.iter().filter(|field| known.insert(field.name.as_str()));
            fields.extend(
                fresh.map(|field| FieldRef { dataset: (*name).to_owned(), field: field.name.clone() }),
            );
        }
    }
    fields
}

fn column_changes(
    old: Rules<'_>,
    new: Rules<'_>,
    field: &FieldRef,
    roles: &[(&RoleName, Role)],
    changes: &mut Vec<ColumnChange>,
) {
    let redefined = match (old.model.field(field), new.model.field(field)) {
        (Some(before), Some(after)) => before.expression != after.expression,
        (None, _) | (_, None) => false,
    };
    let first = changes.len();
    for (name, role) in roles {
        let (before, after) = (old.exposure(field, role), new.exposure(field, role));
        let mut movement = before.to(&after);
        // Another value is shown under the same name.
        let shows_values = !matches!(after, Exposure::Hidden | Exposure::Masked(Mask::Null));
        if redefined && shows_values && matches!(movement, Movement::None | Movement::Narrower) {
            movement = Movement::Different;
        }
        if movement == Movement::None {
            continue;
        }
        let alike =
            changes.iter_mut().skip(first).find(|change| change.before == before && change.after == after);
        match alike {
            Some(change) => change.roles.push((*name).clone()),
            None => changes.push(ColumnChange {
                dataset: field.dataset.clone(),
                field: field.field.clone(),
                roles: vec![(*name).clone()],
                before,
                after,
                redefined,
                movement,
            }),
        }
    }
}

fn metric_changes(old: Rules<'_>, new: Rules<'_>, roles: &[(&RoleName, Role)]) -> Vec<MetricChange> {
    let mut changes: BTreeMap<(String, bool), Vec<RoleName>> = BTreeMap::new();
    for (name, role) in roles {
        let of = |rules: Rules<'_>| -> BTreeSet<String> {
            let catalogue = Catalogue::for_role(rules.model, rules.policy, role);
            catalogue.metrics().map(|metric| metric.name.clone()).collect()
        };
        let (before, after) = (of(old), of(new));
        for (metrics, gained) in [(after.difference(&before), true), (before.difference(&after), false)] {
            for metric in metrics {
                changes.entry((metric.clone(), gained)).or_default().push((*name).clone());
            }
        }
    }
    let change = |((metric, gained), roles)| MetricChange { metric, roles, gained };
    changes.into_iter().map(change).collect()
}

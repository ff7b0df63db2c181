//! What of a policy changes beside rows, columns and metrics. No data is read.

use super::SettingChange;
use crate::scope::Rules;
use splitplane_types::Limits;
use std::collections::BTreeSet;

pub(super) fn changes(old: Rules<'_>, new: Rules<'_>) -> Vec<SettingChange> {
    let (before, after) = (old.policy, new.policy);
    let mut changes = Vec::new();
    let mut compare = |name: &str, before: String, after: String, widens: bool| {
        if before != after {
            changes.push(SettingChange { name: name.to_owned(), before, after, widens });
        }
    };
    // Rows of an answer then go to a language model, which saw none of them.
    let explain = |by_template: bool| if by_template { "template" } else { "model" }.to_owned();
    let shown = before.explain_by_template && !after.explain_by_template;
    compare("explain", explain(before.explain_by_template), explain(after.explain_by_template), shown);
    for (name, of) in LIMITS {
        compare(&format!("limits.{name}"), of(&before.limits), of(&after.limits), false);
    }
    if before.calendar != after.calendar {
        let zone = |calendar: &splitplane_semantics::Calendar| {
            format!("{}, weeks from {:?}", calendar.time_zone(), calendar.week_starts())
        };
        let (mut was, is) = (zone(&before.calendar), zone(&after.calendar));
        if was == is {
            was.push_str(", other days or fiscal years");
        }
        compare("calendar", was, is, false);
    }
    definitions(old, new, &mut compare);
    changes
}

/// What metrics and relationships mean. They show nobody a row or a column, and may show another figure.
fn definitions(old: Rules<'_>, new: Rules<'_>, compare: &mut impl FnMut(&str, String, String, bool)) {
    const NONE: &str = "none";
    let metric =
        |rules: Rules<'_>, name: &str| rules.model.metric(name).map(|metric| metric.expression.to_string());
    // Metrics that come or go are told by role.
    for name in old.model.metrics.iter().map(|metric| &metric.name) {
        if let (Some(before), Some(after)) = (metric(old, name), metric(new, name)) {
            compare(&format!("metric {name}"), before, after, false);
        }
    }
    let relationship = |rules: Rules<'_>, name: &str| {
        let found = rules.model.relationships.iter().find(|relationship| relationship.name == name);
        found.map_or_else(
            || NONE.to_owned(),
            |of| {
                let (from, to) = (of.from_columns.join(", "), of.to_columns.join(", "));
                format!("{} ({from}) to {} ({to})", of.from, of.to)
            },
        )
    };
    let names: BTreeSet<&String> = [old, new]
        .iter()
        .flat_map(|rules| rules.model.relationships.iter().map(|relationship| &relationship.name))
        .collect();
    for name in names {
        compare(&format!("relationship {name}"), relationship(old, name), relationship(new, name), false);
    }
}

/// The name of a limit, and its value as text.
type Limit = (&'static str, fn(&Limits) -> String);

const LIMITS: [Limit; 5] = [
    ("rows", |limits| limits.rows_max.to_string()),
    ("bytes", |limits| limits.bytes_max.to_string()),
    ("seconds", |limits| limits.time_max.as_secs_f64().to_string()),
    ("memory", |limits| limits.memory_bytes_max.to_string()),
    ("concurrent_per_tenant", |limits| limits.concurrent_per_tenant_max.to_string()),
];

//! Chains of rules and grants as lines for people, in one form wherever they are read.
//!
//! Decides how they look: values in quotes and escaped, so that none can be taken for another or for a command.

use crate::chain::{Failure, GrantedTuples, KeyValue, Quoted, Step};
use crate::what_can::{BoundColumn, RuleView, ScopeView};

/// The rules, each on a line, those of another dataset indented beneath the one that leads there.
#[must_use]
pub fn step_lines(steps: &[Step]) -> Vec<String> {
    let mut lines = Vec::new();
    for step in steps {
        lines.push(step.to_string());
        if let Step::Through { steps, .. } = step {
            lines.extend(step_lines(steps).into_iter().map(|line| format!("  {line}")));
        }
    }
    lines
}

/// The rules that fail, in the same form.
#[must_use]
pub fn failure_lines(failures: &[Failure]) -> Vec<String> {
    let mut lines = Vec::new();
    for failure in failures {
        lines.push(failure.to_string());
        if let Failure::Through { failures, .. } = failure {
            let beneath = failures.iter().flat_map(|class| failure_lines(class));
            lines.extend(beneath.map(|line| format!("  {line}")));
        }
    }
    lines
}

/// Which rows an admin sees, rule by rule, those of another dataset indented beneath the one that leads there.
#[must_use]
pub fn scope_lines(scope: &ScopeView) -> Vec<String> {
    let rules = match scope {
        ScopeView::Public { reason } => {
            return vec![format!("every row is public: {}", reason.escape_debug())];
        }
        ScopeView::Rules(rules) => rules,
    };
    let mut lines = Vec::new();
    for rule in rules {
        match rule {
            RuleView::Keys { columns, granted } => {
                lines.push(format!("where {} {}", bound(columns), tuples(granted)));
            }
            RuleView::Through { other, by, scope } => {
                let by: Vec<String> =
                    by.iter().map(|by| format!("{} = {other}.{}", by.column, by.other_column)).collect();
                lines.push(format!("where {} leads to a row of {other} that is seen:", by.join(" and ")));
                lines.extend(scope_lines(scope).into_iter().map(|line| format!("  {line}")));
            }
        }
    }
    lines
}

fn bound(columns: &[BoundColumn]) -> String {
    let each: Vec<&str> =
        columns.iter().map(|column| column.field.as_deref().unwrap_or(&column.column)).collect();
    format!("({})", each.join(", "))
}

fn tuples(granted: &GrantedTuples) -> String {
    let tuple = |tuple: &Vec<KeyValue>| {
        let values: Vec<String> = tuple.iter().map(|key| Quoted(Some(&key.value)).to_string()).collect();
        format!("({})", values.join(", "))
    };
    let first: Vec<String> = granted.first.iter().map(tuple).collect();
    match granted.count.saturating_sub(first.len()) {
        0 if first.is_empty() => "is nothing: there is no grant".to_owned(),
        0 => format!("is {}", first.join(" or ")),
        more => format!("is {} or one of {more} more", first.join(" or ")),
    }
}

//! Findings of the data, in words.

use super::{Told, severity};
use crate::output;
use splitplane_lab::{DataFinding, LabError};
use splitplane_query::{CostlyScope, SchemaError};

/// The data does not fit the model.
pub(super) fn misfit(error: &SchemaError) -> Told {
    let (code, dataset, remedy) = match error {
        SchemaError::NoFile { dataset, .. } => {
            ("no-file", dataset, "add the file, or correct `source` in the model")
        }
        SchemaError::NoColumn { dataset, .. } => {
            ("no-column", dataset, "correct the field's expression, or add the column")
        }
        SchemaError::Type { dataset, .. } => {
            ("wrong-type", dataset, "correct `datatype` in the model, or write the file anew")
        }
        SchemaError::Key { dataset, .. } => (
            "wrong-key-type",
            dataset,
            "write the files anew, every key under the same name and as text, whole numbers or dates",
        ),
        SchemaError::NoType { dataset, .. } => ("no-type", dataset, "add `datatype` to the field"),
        SchemaError::Unreadable { dataset, .. } => ("unreadable", dataset, "write the file anew"),
    };
    told("error", code, dataset, (output::chain(error), remedy.to_owned()))
}

/// The rows cannot be read.
pub(super) fn unread(error: &LabError) -> Told {
    let words = (output::chain(error), "write the file anew".to_owned());
    Told { place: "the data".to_owned(), ..told("error", "unreadable", "", words) }
}

/// What was not looked at, and why.
pub(super) fn not_looked_at(what: &str, why: &str) -> Told {
    let words = (format!("{what} was not looked at: {why}"), "correct them and check again".to_owned());
    Told { place: what.to_owned(), ..told("note", "not-looked-at", "", words) }
}

/// Nothing narrows a scope.
pub(super) fn costly(scope: &CostlyScope) -> Told {
    let columns = scope.columns.join(", ");
    let (what, remedy) = if scope.columns.is_empty() {
        (
            "its scope leads through another dataset, and nothing in its files narrows it: every question reads \
             everyone's keys, and its time tells how many there are"
                .to_owned(),
            "add the tenant's column to the files, or partition them by it".to_owned(),
        )
    } else {
        (
            format!(
                "neither folders nor statistics narrow a scope by {columns}: every question reads everyone's keys, and \
                 its time tells how many there are"
            ),
            format!("partition the files by one of {columns}, or sort them by one"),
        )
    };
    told("warning", "scope-not-pruned", &scope.dataset, (what, remedy))
}

/// What the lab found.
pub(super) fn finding(finding: &DataFinding) -> Option<Told> {
    let (code, place, words) = of_rows(finding).or_else(|| of_grants(finding))?;
    Some(told(severity(finding.weight()), code, place, words))
}

/// A code, the dataset, what is wrong and what to do.
type Words<'f> = (&'static str, &'f str, (String, String));

/// Findings of a dataset's rows.
fn of_rows(finding: &DataFinding) -> Option<Words<'_>> {
    Some(match finding {
        DataFinding::SharedKey { dataset, other, columns, keys, examples } => (
            "key-shared-between-tenants",
            dataset.as_str(),
            (
                format!(
                    "{keys} values of {} in `{other}` are held by rows of several tenants or businesses{}: who sees \
                     one of them sees the rows of `{dataset}` that lead there",
                    list(columns),
                    such_as(examples)
                ),
                format!(
                    "bind tenant and business of `{dataset}` as well, or add the tenant's column to `by`"
                ),
            ),
        ),
        DataFinding::NullKey { dataset, columns, rows } => (
            "null-in-scope",
            dataset.as_str(),
            (
                format!("{rows} rows hold NULL in {}, so nobody sees them", list(columns)),
                "fill the column, or leave the rows out".to_owned(),
            ),
        ),
        DataFinding::Orphans { dataset, other, columns, rows, examples } => (
            "orphans",
            dataset.as_str(),
            (
                format!(
                    "{rows} rows lead to no row of `{other}` by {}{}, so nobody sees them",
                    list(columns),
                    such_as(examples)
                ),
                format!("add what is missing in `{other}`, or leave the rows out"),
            ),
        ),
        DataFinding::SeenByNobody { dataset, columns, rows, keys, examples } => (
            "seen-by-nobody",
            dataset.as_str(),
            (
                format!(
                    "{rows} rows hold one of {keys} keys ({}) that nobody is granted{}",
                    list(columns),
                    such_as(examples)
                ),
                "grant them to somebody, if somebody is to see them".to_owned(),
            ),
        ),
        DataFinding::RepeatedKey { dataset, key, values, examples } => (
            "key-repeats-between-tenants",
            dataset.as_str(),
            (
                format!(
                    "{values} values of `{key}` are used by several tenants or businesses, such as {}",
                    quoted(examples)
                ),
                "nothing is to be done: the scope binds them with tenant and business".to_owned(),
            ),
        ),
        DataFinding::PointsNowhere { .. }
        | DataFinding::IdleGrants { .. }
        | DataFinding::SeesNothing { .. } => {
            return None;
        }
    })
}

/// Findings of the grants.
fn of_grants(finding: &DataFinding) -> Option<Words<'_>> {
    Some(match finding {
        DataFinding::PointsNowhere { grants, examples } => (
            "grant-points-nowhere",
            "grants",
            (
                format!("{grants} grants name keys that no row holds{}", such_as(examples)),
                "correct the keys: `01` is not `1`, and nothing is trimmed".to_owned(),
            ),
        ),
        DataFinding::IdleGrants { nameless, incomplete } => (
            "idle-grants",
            "grants",
            (
                format!(
                    "{nameless} rows of the grants name nobody, and {incomplete} grant nothing: a column is NULL"
                ),
                "fill the columns, or remove the rows".to_owned(),
            ),
        ),
        DataFinding::SeesNothing { admins, examples } => (
            "sees-nothing",
            "grants",
            (
                format!("{admins} admins see no row of any scoped dataset, such as {}", quoted(examples)),
                "correct their grants, or remove them".to_owned(),
            ),
        ),
        DataFinding::SharedKey { .. }
        | DataFinding::NullKey { .. }
        | DataFinding::Orphans { .. }
        | DataFinding::SeenByNobody { .. }
        | DataFinding::RepeatedKey { .. } => return None,
    })
}

fn told(severity: &'static str, code: &'static str, dataset: &str, (what, remedy): (String, String)) -> Told {
    Told { severity, code, place: format!("data of `{dataset}`"), line: None, what, remedy }
}

fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
    quoted.join(", ")
}

fn such_as(examples: &[Vec<String>]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let each: Vec<String> = examples.iter().map(|tuple| format!("({})", quoted(tuple))).collect();
    format!(", such as {}", each.join(", "))
}

/// Values as they are, and never as commands of a terminal or of whatever reads a log.
fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("'{}'", value.escape_debug())).collect::<Vec<_>>().join(", ")
}

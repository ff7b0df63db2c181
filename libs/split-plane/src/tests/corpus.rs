//! How much ordinary analytical SQL is accepted: three made-up worlds, and a golden report of what is
//! refused and why, so that a change of the dialect shows.
//!
//! The statements are of our own writing, in the words that analysts use on Databricks, those that are
//! refused among them.

use super::{relation, text_of};
use crate::{GuardErrorKind, SandboxView, ViewRelation};
use splitplane_types::DataType;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(super) const WORLDS: [(&str, &str); 3] = [
    ("clinic", include_str!("corpus/clinic.sql")),
    ("freight", include_str!("corpus/freight.sql")),
    ("music", include_str!("corpus/music.sql")),
];

const STATEMENTS_MIN: usize = 200;
const ACCEPTED_PERCENT_MIN: usize = 95;

/// The relations that a world declares, and its statements.
pub(super) fn world(text: &str) -> (SandboxView, Vec<&str>) {
    let relations: Vec<ViewRelation> =
        text.lines().filter_map(|line| line.strip_prefix("-- relation ")).map(declared).collect();
    let view = SandboxView::new(relations, BTreeMap::new()).unwrap();
    (view, text.lines().filter(|line| !line.starts_with("--") && !line.is_empty()).collect())
}

/// `visits(visit_id integer, ward string)`
fn declared(line: &str) -> ViewRelation {
    let (name, columns) = line.trim_end_matches(')').split_once('(').unwrap();
    let columns: Vec<(&str, DataType)> = columns
        .split(", ")
        .map(|column| {
            let (name, data_type) = column.split_once(' ').unwrap();
            let data_type = match data_type {
                "integer" => DataType::Integer,
                "string" => DataType::String,
                "float" => DataType::Float,
                "decimal" => DataType::Decimal,
                "boolean" => DataType::Boolean,
                "date" => DataType::Date,
                "timestamp" => DataType::Timestamp,
                other => panic!("{other}"),
            };
            (name, data_type)
        })
        .collect();
    relation(name, &columns)
}

/// One line a reason: kind, how often, what was refused.
fn report() -> (String, usize, usize) {
    let (mut all, mut accepted) = (0, 0);
    let mut refusals: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in WORLDS {
        let (view, statements) = world(text);
        let mut here = 0;
        for statement in &statements {
            match view.guard(statement) {
                Ok(_) => here += 1,
                Err(error) => {
                    let kind = match error.kind() {
                        GuardErrorKind::NotAllowed => "not allowed",
                        GuardErrorKind::OutsideView => "outside the view",
                        GuardErrorKind::TooComplex => "too complex",
                    };
                    let what = error.to_string();
                    let what = what.split(" at line ").next().unwrap();
                    let known =
                        refusals.entry(format!("{kind}: {what}; {}", brief(error.hint()))).or_default();
                    known.push(format!("  {name}: {statement}"));
                }
            }
        }
        all += statements.len();
        accepted += here;
    }
    let mut report = format!("{accepted} of {all} accepted\n");
    for (reason, statements) in refusals {
        report.push_str(&format!("\n{} x {reason}\n{}\n", statements.len(), statements.join("\n")));
    }
    (report, accepted, all)
}

fn brief(hint: &str) -> &str {
    if hint.starts_with("use only these functions") { "use only these functions" } else { hint }
}

#[test]
fn ordinary_analytical_statements_are_accepted_as_the_golden_report_says() {
    let (report, accepted, all) = report();
    assert!(all >= STATEMENTS_MIN, "{all}");
    assert!(accepted * 100 >= all * ACCEPTED_PERCENT_MIN, "{report}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/corpus/report.txt");
    if std::env::vars().any(|(name, _)| name == "UPDATE_GOLDEN") {
        std::fs::write(&path, &report).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert_eq!(report, golden, "run with UPDATE_GOLDEN=1 and review");
}

#[test]
fn no_statement_is_there_twice_and_what_is_accepted_guards_to_itself() {
    let mut seen = BTreeSet::new();
    for (_, text) in WORLDS {
        let (view, statements) = world(text);
        for statement in statements {
            assert!(seen.insert(statement), "{statement}");
            if let Ok(query) = view.guard(statement) {
                let again = view.guard(&text_of(&query));
                assert_eq!(again.as_ref(), Ok(&query), "{statement}");
                assert_eq!(again.map(|again| again.functions()), Ok(query.functions()), "{statement}");
            }
        }
    }
}

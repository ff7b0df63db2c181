//! Refusals name nothing that stands outside: each of their words is the view's, the draft's, the
//! dialect's, or one of the guard's own.

use super::attacks::ATTACKS;
use super::corpus::{WORLDS, world};
use super::nested::{AROUND, EVIL, EVIL_EXPRESSIONS, PLACES};
use super::view;
use crate::{FUNCTIONS, GuardError, SandboxView};
use std::collections::BTreeSet;

/// The guard's own words, beside keywords and functions of the dialect. A word that is not here is one
/// that a refusal must not have, or one that somebody has to add.
const OWN: &str = "
    a adds aliases allowed among an another anything approx_percentile argument arguments
    array_agg b back backticks beside brackets can clause collect_list collect_set comma common
    compare computed constant counts cte d databricks dayofweek_iso dd declared deeper deeply depend
    different digits distance does dow_iso dropped e eee eeee equality exact exactly expression expressions
    field fold frame friday getdate give grows h has have here hh hint huge inside isdate isnumeric iso it
    its joins keep kind known leave letters levels literal literals longer m many max_by min_by mm mmm mmmm
    mo modifier mon monday more most named negative nodes now numbers odbc odd operation operations operators
    ordinary otherwise outermost outside own p padding parameters parts percentile_approx pipe place printed
    put putting quarters quoted quotes regexp_count regexp_extract regexp_like regexp_replace regular
    relation relations replacing s same saturday several side sides single smaller something spelling split ss
    subquery sums sunday syntax t takes texts than that the their them there these this thursday today together
    tokens told too total tuesday two typed underscores unit units uses w wednesday which whole wildcards
    windows writes x y yearofweek yy yyyy z
";

fn dialect() -> BTreeSet<String> {
    let mut words: BTreeSet<String> = OWN.split_whitespace().map(str::to_owned).collect();
    words.extend(sqlparser::keywords::ALL_KEYWORDS.iter().map(|word| word.to_ascii_lowercase()));
    words.extend(FUNCTIONS.iter().map(|function| function.name.to_owned()));
    words
}

fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.chars().any(|letter| letter.is_ascii_alphabetic())).map(str::to_owned).collect()
}

fn of_view(view: &SandboxView) -> BTreeSet<String> {
    let relations = view.relations().iter();
    relations
        .flat_map(|relation| {
            let columns = relation.columns.iter().map(|column| column.name.to_ascii_lowercase());
            columns.chain([relation.name.to_ascii_lowercase()])
        })
        .collect()
}

/// What a refusal says that it may not say.
fn strange(error: &GuardError, draft: &str, allowed: &BTreeSet<String>) -> BTreeSet<String> {
    let said = words(&format!("{error} {}", error.hint()));
    let drafted = words(draft);
    said.into_iter().filter(|word| !allowed.contains(word) && !drafted.contains(word)).collect()
}

#[test]
fn no_refusal_has_a_word_that_is_neither_the_views_nor_the_drafts_nor_the_dialects() {
    let view = view();
    let mut allowed = dialect();
    allowed.extend(of_view(&view));
    let mut drafts: Vec<String> = ATTACKS.iter().map(|(_, draft, _)| (*draft).to_owned()).collect();
    for around in AROUND {
        drafts.extend(EVIL.iter().map(|evil| around.replace('@', evil)));
    }
    for place in PLACES {
        drafts.extend(EVIL_EXPRESSIONS.iter().map(|evil| place.replace('@', evil)));
    }
    let mut refused = 0;
    let mut found = BTreeSet::new();
    for draft in &drafts {
        if let Err(error) = view.guard(draft) {
            refused += 1;
            assert!(
                !error.hint().is_empty() || error.to_string().contains("read back"),
                "`{draft}`: {error}"
            );
            found.extend(strange(&error, draft, &allowed));
        }
    }
    for (_, text) in WORLDS {
        let (view, statements) = world(text);
        let mut allowed = dialect();
        allowed.extend(of_view(&view));
        for draft in statements {
            if let Err(error) = view.guard(draft) {
                found.extend(strange(&error, draft, &allowed));
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_refused_node_has_a_place_wherever_the_parser_knows_one() {
    let view = view();
    let mut without = Vec::new();
    for (row, draft, _) in ATTACKS {
        if let Err(error) = view.guard(draft)
            && error.position().is_none()
        {
            without.push(format!("{row}: {draft}: {error}"));
        }
    }
    let (found, all) = (ATTACKS.len() - without.len(), ATTACKS.len());
    assert!(found * 100 >= all * 80, "{found} of {all} have a place:\n{}", without.join("\n"));
}

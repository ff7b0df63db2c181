//! Over generated breakages: what fails to load is what the check calls an error, and its first is the loader's.

use super::*;
use crate::LoadError;
use proptest::prelude::*;

/// The places of words in a text.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = c.is_alphanumeric() || c == '_';
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// A text with some words replaced.
fn broken(text: &str, breaks: &[(prop::sample::Index, usize)]) -> String {
    const NEW: [&str; 8] = ["", "xyzzy", "7", "[]", "null", "{}", "tenant", "loans"];
    let words = words(text);
    let mut places: Vec<_> =
        breaks.iter().map(|(index, new)| (words[index.index(words.len())], *new)).collect();
    places.sort_unstable();
    places.dedup_by_key(|(place, _)| *place);
    let mut text = text.to_owned();
    for ((start, end), new) in places.into_iter().rev() {
        text.replace_range(start..end, NEW[new % NEW.len()]);
    }
    text
}

fn agree<T: std::fmt::Debug>(loaded: Result<T, LoadError>, report: &Report) -> Result<(), TestCaseError> {
    places(report);
    prop_assert!(report.findings.is_sorted_by_key(|finding| finding.line));
    let mut distinct = report.findings.clone();
    distinct.dedup();
    prop_assert_eq!(&distinct, &report.findings);
    match (loaded, report.first_error()) {
        (Err(error), Some(first)) => {
            let Finding { file, line, what, remedy, .. } = first;
            prop_assert_eq!(error.to_string(), format!("{file}:{line}: {what}; {remedy}"));
        }
        (Err(error), None) => prop_assert!(false, "{error} is in no report"),
        // What loads is at worst a policy that cannot be meant.
        (Ok(_), first) => prop_assert!(first.is_none_or(|first| first.code == "one-column-two-keys")),
    }
    Ok(())
}

fn breaks() -> impl Strategy<Value = Vec<(prop::sample::Index, usize)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_error_of_a_broken_model_is_the_loaders(breaks in breaks(), library in any::<bool>()) {
        let text = broken(if library { LIBRARY_MODEL } else { BIKES_MODEL }, &breaks);
        agree(parse_model("f.yaml", &text), &check_model("f.yaml", &text))?;
    }

    #[test]
    fn the_first_error_of_a_broken_policy_is_the_loaders(breaks in breaks(), library in any::<bool>()) {
        let (model, policy) = if library { (LIBRARY_MODEL, LIBRARY_POLICY) } else { (BIKES_MODEL, BIKES_POLICY) };
        let model = parse_model("m.yaml", model).unwrap();
        let text = broken(policy, &breaks);
        agree(parse_policy("f.yaml", &text, &model), &check_policy("f.yaml", &text, &model, None))?;
    }
}

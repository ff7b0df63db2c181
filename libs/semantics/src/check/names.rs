//! Names by which people ask, where two things share one or nobody would say it.

use super::ModelDesk;
use crate::joins::path;
use crate::{Dataset, Field, words_of};
use std::collections::BTreeMap;

const MODEL: &str = "semantic_model";

pub(super) fn lint(desk: ModelDesk<'_>) {
    unlabelled(desk);
    metrics(desk);
    fields(desk);
}

/// Two metrics of one name.
fn metrics(desk: ModelDesk<'_>) {
    let mut spoken: BTreeMap<String, &str> = BTreeMap::new();
    for metric in &desk.model.metrics {
        let mut shared: BTreeMap<&str, Vec<(String, &str)>> = BTreeMap::new();
        for (words, text) in said([&metric.name, &metric.label].into_iter().chain(&metric.synonyms)) {
            match spoken.get(&words) {
                Some(other) => shared.entry(other).or_default().push((words, text)),
                None => {
                    spoken.insert(words, &metric.name);
                }
            }
        }
        for (other, names) in shared {
            let what = format!("metrics `{other}` and `{}` are both called {}", metric.name, listed(&names));
            let text = names.first().map_or("", |(_, text)| *text);
            collide(desk, &[MODEL, "metrics", &metric.name, "ai_context", "synonyms", text], what);
        }
    }
}

/// The words of texts, each once, and the first text that says them.
fn said<'t>(texts: impl IntoIterator<Item = &'t String>) -> BTreeMap<String, &'t str> {
    let mut said = BTreeMap::new();
    for text in texts {
        said.entry(words_of(text)).or_insert(text.as_str());
    }
    said
}

fn listed(names: &[(String, &str)]) -> String {
    names.iter().map(|(words, _)| format!("\"{words}\"")).collect::<Vec<_>>().join(" and ")
}

fn collide(desk: ModelDesk<'_>, path: &[&str], what: String) {
    let remedy = "call one of them differently, else whoever says it is asked back";
    desk.notes.warn("shared-name", path, what, remedy.to_owned());
}

/// Two dimensions of one name, where a metric has both.
fn fields(desk: ModelDesk<'_>) {
    let dimensions: Vec<(&Dataset, &Field)> = desk
        .model
        .datasets
        .iter()
        .flat_map(|dataset| dataset.fields.iter().map(move |field| (dataset, field)))
        .filter(|(_, field)| field.is_dimension)
        .collect();
    let mut spoken: BTreeMap<String, Vec<(&Dataset, &Field)>> = BTreeMap::new();
    for (dataset, field) in dimensions {
        let mut shared: BTreeMap<(&str, &str), Vec<(String, &str)>> = BTreeMap::new();
        for (words, text) in said([&field.label].into_iter().chain(&field.synonyms)) {
            let others = spoken.entry(words.clone()).or_default();
            if let Some((other, its)) =
                others.iter().find(|(other, _)| meet(desk, &other.name, &dataset.name))
            {
                shared.entry((&other.name, &its.name)).or_default().push((words, text));
            }
            others.push((dataset, field));
        }
        for ((other, its), names) in shared {
            let what = format!(
                "`{other}.{its}` and `{}.{}` are both called {}, and a metric has both",
                dataset.name,
                field.name,
                listed(&names)
            );
            let text = names.first().map_or("", |(_, text)| *text);
            let field = [MODEL, "datasets", &dataset.name, "fields", &field.name];
            collide(desk, &[&field[..], &["ai_context", "synonyms", text]].concat(), what);
        }
    }
}

/// Whether some metric can be grouped by fields of both datasets.
fn meet(desk: ModelDesk<'_>, one: &str, other: &str) -> bool {
    let reaches = |grain: &String, to: &str| path(desk.model, grain, to).is_ok();
    let has_both =
        |grains: &Vec<String>| grains.iter().all(|grain| reaches(grain, one) && reaches(grain, other));
    desk.model.metrics.iter().any(|metric| has_both(&metric.grains))
}

/// Names that nobody says, with nothing beside them that somebody would.
fn unlabelled(desk: ModelDesk<'_>) {
    let note = |path: &[&str], name: &str| {
        let what = format!("`{name}` is known by its name alone, and nobody says \"{}\"", words_of(name));
        desk.notes.warn("unlabelled", path, what, "add synonyms, or a label in words".to_owned());
    };
    for dataset in &desk.model.datasets {
        for field in dataset.fields.iter().filter(|field| field.is_dimension) {
            if field.label == words_of(&field.name) && field.synonyms.is_empty() && is_cryptic(&field.name) {
                note(&[MODEL, "datasets", &dataset.name, "fields", &field.name], &field.name);
            }
        }
    }
    for metric in &desk.model.metrics {
        if metric.label == words_of(&metric.name) && metric.synonyms.is_empty() && is_cryptic(&metric.name) {
            note(&[MODEL, "metrics", &metric.name], &metric.name);
        }
    }
}

/// Whether a word of a name has no vowel, as abbreviations do.
fn is_cryptic(name: &str) -> bool {
    let has_vowel = |word: &str| word.contains(['a', 'e', 'i', 'o', 'u', 'y']) || !word.is_ascii();
    words_of(name).split(' ').any(|word| !has_vowel(word) && !word.chars().all(|c| c.is_ascii_digit()))
}

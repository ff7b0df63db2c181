//! How a name of the catalogue is said: word by word, in other forms, without what only says how it is added up.
//!
//! Decides whether tokens are a name; which name wins is for the vocabulary to say.

use super::super::tokens::{Kind, Token, name_words};
use super::super::words::{is_article, is_currency, is_measure, is_verb_form};
use crate::aggregate::Aggregate;
use splitplane_semantics::{Catalogue, Dataset, Field, FieldRef, Metric, words_of};
use splitplane_types::DataType;

pub(super) fn is_quantity(catalogue: &Catalogue<'_>, metric: &Metric) -> bool {
    let whole = |field: &FieldRef| {
        catalogue.model().field(field).is_some_and(|field| field.data_type == Some(DataType::Integer))
    };
    // `SUM(CASE WHEN .. THEN 1 ELSE 0 END)` counts rows.
    let text = metric.expression.to_string().to_ascii_uppercase();
    let counts = text.contains(" THEN 1 ") && (text.contains(" ELSE 0 END") || text.contains(" THEN 1 END"));
    Aggregate::of(metric) == Some(Aggregate::Sum) && counts
        || Aggregate::of(metric) == Some(Aggregate::Sum)
            && metric.unit.as_ref().map_or_else(
                || metric.fields.iter().all(whole) || is_called_a_measure(metric),
                |unit| !is_currency(unit),
            )
}

/// Whether the thing in its name is a unit that measures: "litres delivered", "paid hours"; "hour price" is a price.
fn is_called_a_measure(metric: &Metric) -> bool {
    let names = [words_of(&metric.name), metric.label.clone()];
    names.iter().any(|name| {
        let words = name_words(name);
        // "takings" are a thing of their own.
        let is_done = |word: &&String| is_verb_form(word) && !word.ends_with("ing");
        words.iter().rfind(|word| !is_done(word)).is_some_and(|thing| is_measure(thing))
    })
}

/// How many tokens `words` take at the start of `tokens`; articles may stand between them.
pub(super) fn length_of(words: &[String], tokens: &[Token]) -> Option<usize> {
    let mut at = 0;
    for (index, word) in words.iter().enumerate() {
        let mut token = tokens.get(at)?;
        while index > 0 && !is_form(token, word) && token.kind == Kind::Word && is_article(&token.lower) {
            at += 1;
            token = tokens.get(at)?;
        }
        if !token.is_word() || !is_form(token, word) {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Whether a token is `word`, or a plural of it that no rule of spelling tells from a singular: "skus".
fn is_form(token: &Token, word: &str) -> bool {
    let ending = || token.lower.strip_prefix(word).is_some_and(|rest| matches!(rest, "s" | "es"));
    token.norm == word || (word.len() > 2 && ending())
}

fn counts(words: &[String]) -> bool {
    words.starts_with(&["number".to_owned(), "of".to_owned()])
        || words.last().is_some_and(|word| word == "count")
}

/// The words without what only says how they are aggregated: a sum's "total", a count's "number of".
pub(super) fn without_aggregate(words: &[String], aggregate: Option<Aggregate>) -> Option<Vec<String>> {
    let said: &[&[&str]] = match aggregate? {
        // A sum that is called a number counts: quantities, heads.
        Aggregate::Sum if counts(words) => &[&["number", "of"], &["count", "of"], &["count"]],
        Aggregate::Sum => {
            &[&["total", "amount", "of"], &["sum", "of"], &["total", "of"], &["total"], &["sum"], &["amount"]]
        }
        Aggregate::Count | Aggregate::CountDistinct => {
            &[&["total", "number", "of"], &["number", "of"], &["count", "of"], &["count"], &["total"]]
        }
        Aggregate::Average | Aggregate::Maximum | Aggregate::Minimum => &[],
    };
    let begins = |said: &[&str]| {
        let (head, rest) = words.split_at_checked(said.len())?;
        (head.iter().eq(said.iter()) && !rest.is_empty()).then(|| rest.to_vec())
    };
    let ends = |said: &[&str]| {
        let (rest, tail) = words.split_at_checked(words.len().checked_sub(said.len())?)?;
        (tail.iter().eq(said.iter()) && !rest.is_empty()).then(|| rest.to_vec())
    };
    said.iter().find_map(|said| begins(said)).or_else(|| said.iter().find_map(|said| ends(said)))
}

/// Whether a field of another dataset only repeats, by a join, a field that the metric's dataset has.
pub(super) fn is_joined_copy(
    catalogue: &Catalogue<'_>,
    metric: &Metric,
    dataset: &Dataset,
    field: &Field,
) -> bool {
    let is_dimension = |name: &str| {
        catalogue
            .dimensions_of(metric)
            .iter()
            .any(|(own, field)| own.name == metric.dataset() && field.name == name)
    };
    dataset.name != metric.dataset()
        && catalogue.model().relationships.iter().any(|join| {
            let sides = join.from_columns.iter().zip(&join.to_columns);
            join.from == metric.dataset()
                && join.to == dataset.name
                && sides.into_iter().any(|(mine, theirs)| *theirs == field.name && is_dimension(mine))
        })
}

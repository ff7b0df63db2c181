//! Shares of a total: "share of sales by channel", "what percentage of orders comes from each channel", "in percent".
//!
//! Decides which words ask for shares. The share of one value, "Oslo's share of sales", is no share of all groups
//! and is left, and so not understood.

use super::tokens::{Kind, Token, is_word_of, take};
use super::vocabulary::Vocabulary;

const PART: [&str; 10] = [
    "share",
    "shares",
    "percentage",
    "percentages",
    "percent",
    "proportion",
    "proportions",
    "fraction",
    "pct",
    "portion",
];

/// Takes what asks for shares out of `tokens`, and says whether something does.
pub(crate) fn take_out(tokens: &mut [Token], vocabulary: &Vocabulary<'_>) -> bool {
    let owned = vocabulary.owned(tokens);
    let mut found = false;
    for at in 0..tokens.len() {
        if owned.get(at).copied().unwrap_or(true) {
            continue;
        }
        if let Some((from, end)) = phrase(tokens, at, (&owned, vocabulary)) {
            take(tokens, from..end);
            found = true;
        }
    }
    found
}

fn is_part(tokens: &[Token], at: usize) -> bool {
    is_word_of(tokens, at, &PART)
        || tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol && token.lower == "%")
}

/// The tokens of a phrase that begins at `at`.
fn phrase(
    tokens: &[Token],
    at: usize,
    (owned, vocabulary): (&[bool], &Vocabulary<'_>),
) -> Option<(usize, usize)> {
    // "as a percentage of the total", "in percent".
    if is_word_of(tokens, at, &["as", "in"]) {
        let part = at + 1 + usize::from(is_word_of(tokens, at + 1, &["a", "the"]));
        if !is_part(tokens, part) {
            return None;
        }
        let end = part + 1 + usize::from(is_word_of(tokens, part + 1, &["terms"]));
        return Some((at, whole(tokens, end).unwrap_or(end)))
            .filter(|_| !is_word_of(tokens, end, &["of"]) || whole(tokens, end).is_some());
    }
    if !is_part(tokens, at) {
        return None;
    }
    let kind = usize::from(is_word_of(
        tokens,
        at + 1,
        &["breakdown", "split", "distribution", "share", "shares", "mix"],
    ));
    let next = at + 1 + kind;
    let after_metric = vocabulary.metric_before(tokens, at).is_some();
    if let Some(end) = whole(tokens, next) {
        return Some((at, end));
    }
    if is_word_of(tokens, next, &["of"]) && !is_of_one(tokens, at, owned) {
        return Some((at, next + 1));
    }
    let by = is_word_of(tokens, next, &["by", "per", "for"]);
    (kind == 1 && by || after_metric && !is_word_of(tokens, next, &["of"])).then_some((at, next))
}

/// "of the total", where no metric follows.
fn whole(tokens: &[Token], at: usize) -> Option<usize> {
    if !is_word_of(tokens, at, &["of"]) {
        return None;
    }
    let total = at + 1 + usize::from(is_word_of(tokens, at + 1, &["the", "our", "all"]));
    let said = is_word_of(tokens, total, &["total", "whole", "overall", "all"]);
    let ends = tokens.get(total + 1).is_none_or(|token| {
        !matches!(token.kind, Kind::Word | Kind::Number | Kind::Quoted)
            || matches!(
                token.lower.as_str(),
                "by" | "per" | "for" | "in" | "each" | "across" | "last" | "this"
            )
    });
    (said && ends).then_some(total + 1)
}

/// Whether the share is that of a value just before: "Oslo's share of sales".
fn is_of_one(tokens: &[Token], at: usize, owned: &[bool]) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    tokens.get(before).is_some_and(|token| {
        token.kind == Kind::Quoted
            || (token.is_word()
                && !super::words::is_function_word(&token.lower)
                && !owned.get(before).copied().unwrap_or(false))
    })
}

//! A question in parts: its period, what it is compared with, bounds, shares, and the rest as a reading.
//!
//! Decides the order in which words are taken: what compares first, so that the period that is left is the one that
//! is asked about. Knows nothing of what is asked before.

use super::super::bounds;
use super::super::comparison::{self, Said};
use super::super::grammar::Reading;
use super::super::reader;
use super::super::shares;
use super::super::tokens::{Kind, Token, is_word_of, tokens};
use super::super::vocabulary::{Match, Vocabulary};
use super::super::words;
use super::Trouble;
use splitplane_semantics::{PeriodPhrase, PeriodSearch, find_period};
use std::ops::Range;

/// More words and signs than a question has that could be understood whole: what reading costs grows with their square.
pub(crate) const TOKENS_MAX: usize = 192;

/// A question in parts.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) period: Option<PeriodPhrase>,
    pub(crate) said: Said,
    pub(crate) bounds: Vec<bounds::Said>,
    pub(crate) shares: bool,
    pub(crate) reading: Reading,
}

/// Takes a question apart.
pub(crate) fn parts(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Parts, Trouble> {
    let mut tokens = tokens(text);
    if tokens.len() > TOKENS_MAX {
        return Err(Trouble::nothing());
    }
    let mut said = comparison::take_out(text, &mut tokens, vocabulary);
    let period = match find_period(&without_names(text, &tokens, vocabulary)) {
        PeriodSearch::None => None,
        PeriodSearch::Unclear { words } => return Err(Trouble::Period { words }),
        PeriodSearch::Found { phrase, span } => {
            let within = |token: &&mut Token| token.span.start < span.end && span.start < token.span.end;
            for token in tokens.iter_mut().filter(within) {
                token.kind = Kind::Taken;
            }
            Some(phrase)
        }
    };
    let bounds = bounds::take_out(&mut tokens, said.figure, vocabulary);
    let mut shares =
        shares::take_out(&mut tokens, vocabulary) || bounds.iter().any(|bound| bound.of == bounds::Of::Share);
    // "growth by branch in percent" is no share.
    if let Some(figure) = said.figure.as_mut().filter(|_| shares) {
        if text.to_lowercase().contains("share") {
            return Err(Trouble::nothing());
        }
        figure.derived = splitplane_semantics::Derived::Growth;
        shares = false;
    }
    let reading = reader::read(text, &tokens, &bounds, vocabulary);
    Ok(Parts { period, said, bounds, shares, reading })
}

/// The question with quotations, what was taken out and names of metrics of more than one word blotted out, so that a
/// month in a name is not taken for a period. A blot is still a word: what stands around it stays apart.
fn without_names(text: &str, tokens: &[Token], vocabulary: &Vocabulary<'_>) -> String {
    let mut spans: Vec<Range<usize>> = Vec::new();
    // "fees 2021": after a metric a year stands apart, as after a comma.
    let mut signs: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let named =
            vocabulary.longest(tokens, at).filter(|found| found.length > 1 && !found.metrics.is_empty());
        let named = named
            .or_else(|| vocabulary.longest(tokens, at).filter(|found| is_before_year(tokens, at, found)));
        let length = named.as_ref().map_or(1, |found| found.length);
        let last = tokens.get(at + length - 1).unwrap_or(token);
        if named.as_ref().is_some_and(|found| is_before_year(tokens, at, found)) {
            signs.extend(last.span.end.checked_sub(1));
        }
        if named.is_some() || matches!(token.kind, Kind::Quoted | Kind::Taken) {
            spans.push(token.span.start..last.span.end);
        }
        at += length;
    }
    let hidden = |byte: usize| spans.iter().any(|span| span.contains(&byte));
    let blotted = |(byte, c): (usize, char)| {
        if signs.contains(&byte) {
            ",".to_owned()
        } else if hidden(byte) {
            "x".repeat(c.len_utf8())
        } else {
            c.to_string()
        }
    };
    text.char_indices().map(blotted).collect()
}

/// Whether a metric, or what is grouped by, comes just before a year that ends the question or a part of it.
fn is_before_year(tokens: &[Token], at: usize, found: &Match) -> bool {
    let year = tokens.get(at + found.length);
    let is_year = year.is_some_and(|token| {
        token.kind == Kind::Number
            && token.lower.len() == 4
            && matches!(token.lower.parse(), Ok(YEARS_FROM..=YEARS_TO))
    });
    let ends = tokens.get(at + found.length + 1).is_none_or(|next| {
        matches!(next.kind, Kind::Comma | Kind::Stop | Kind::Taken)
            || words::is_grouper(&next.lower)
            || words::is_preposition(&next.lower)
    });
    // "by branch 2021" groups by all of them, "branch 2021" is one.
    let by = at.checked_sub(1).is_some_and(|before| is_word_of(tokens, before, &["by", "per"]));
    let named = if by { !found.dimensions.is_empty() } else { found.dimensions.is_empty() };
    is_year && ends && named
}

const YEARS_FROM: u32 = 1990;
const YEARS_TO: u32 = 2099;

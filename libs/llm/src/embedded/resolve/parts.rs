//! A question in parts: its period, what it is compared with, bounds, shares, and the rest as a reading.
//!
//! Decides the order in which words are taken: what compares first, so that the period that is left is the one that
//! is asked about. Knows nothing of what is asked before.

use super::super::bounds;
use super::super::comparison::{self, Said};
use super::super::grammar::Reading;
use super::super::reader;
use super::super::shares;
use super::super::tokens::{Kind, Token, tokens};
use super::super::vocabulary::Vocabulary;
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
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let named =
            vocabulary.longest(tokens, at).filter(|found| found.length > 1 && !found.metrics.is_empty());
        let length = named.as_ref().map_or(1, |found| found.length);
        let last = tokens.get(at + length - 1).unwrap_or(token);
        if named.is_some() || matches!(token.kind, Kind::Quoted | Kind::Taken) {
            spans.push(token.span.start..last.span.end);
        }
        at += length;
    }
    let hidden = |byte: usize| spans.iter().any(|span| span.contains(&byte));
    let blotted =
        |(byte, c): (usize, char)| if hidden(byte) { "x".repeat(c.len_utf8()) } else { c.to_string() };
    text.char_indices().map(blotted).collect()
}

//! The words of a question, and the small vocabulary of time.

use crate::Grain;
use splitplane_types::number_word;
use std::ops::Range;

/// A word or a sign that matters to dates.
#[derive(Debug)]
pub(super) struct Token<'t> {
    /// Lower case, without a possessive ending.
    pub(super) word: String,
    /// As written.
    pub(super) raw: &'t str,
    /// Bytes of the text.
    pub(super) span: Range<usize>,
}

/// Splits a text. Dates and times of digits stay whole: `2021-05-01`, `07/04/2021`, `10:30`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let char_at = |at: usize| chars.get(at).map(|(_, c)| *c);
    let offset = |at: usize| chars.get(at).map_or(text.len(), |(offset, _)| *offset);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = char_at(at) {
        let start = at;
        at += 1;
        if c.is_alphanumeric() {
            while let Some(next) = char_at(at) {
                let digits = char_at(at - 1).is_some_and(|c| c.is_ascii_digit())
                    && char_at(at + 1).is_some_and(|c| c.is_ascii_digit());
                let letters = char_at(at + 1).is_some_and(char::is_alphabetic);
                let joins = match next {
                    '-' | '/' | ':' | '.' => digits,
                    '\'' | '\u{2019}' => letters,
                    _ => next.is_alphanumeric(),
                };
                if !joins {
                    break;
                }
                at += 1;
            }
        } else if !matches!(c, ',' | '-' | '\u{2013}' | '\u{2014}' | '#') {
            continue;
        }
        let span = offset(start)..offset(at);
        let raw = text.get(span.clone()).unwrap_or("");
        tokens.push(Token { word: word_of(raw), raw, span });
    }
    tokens
}

fn word_of(raw: &str) -> String {
    let word = raw.to_lowercase();
    let stem = word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s"));
    stem.map_or(word.clone(), str::to_owned)
}

pub(super) fn is_one_of(tokens: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| words.contains(&token.word.as_str()))
}

const ORDINALS: [&str; 4] = ["first", "second", "third", "fourth"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Token<'_> {
    /// A whole number in digits, with or without `st`, `nd`, `rd`, `th`.
    pub(super) fn digits(&self) -> Option<(u32, bool)> {
        let bare = ["st", "nd", "rd", "th"].iter().find_map(|ending| self.word.strip_suffix(ending));
        let text = bare.unwrap_or(&self.word);
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse().ok().map(|number| (number, bare.is_some())) } else { None }
    }

    /// Whether it says which one of several.
    pub(super) fn is_ordinal(&self) -> bool {
        ORDINALS.contains(&self.word.as_str()) || self.digits().is_some_and(|(_, ordinal)| ordinal)
    }

    /// Which of four, in words or as `3rd`.
    pub(super) fn quarter_ordinal(&self) -> Option<i8> {
        let named = position(&ORDINALS, &self.word);
        named.or_else(|| match self.digits() {
            Some((number @ 1..=4, true)) => i8::try_from(number).ok(),
            _ => None,
        })
    }

    /// A month by name; at least three letters of it.
    pub(super) fn month(&self) -> Option<i8> {
        let word = self.word.as_str();
        if word == "sept" {
            return Some(9);
        }
        let short = |month: &&str| word.len() == 3 && month.starts_with(word);
        let index = MONTHS.iter().position(|month| *month == word || short(month))?;
        i8::try_from(index + 1).ok()
    }

    /// A calendar year: four digits, from 1900 to 2199.
    pub(super) fn year(&self) -> Option<i16> {
        match self.digits() {
            Some((year @ 1900..=2199, false)) if self.word.len() == 4 => i16::try_from(year).ok(),
            _ => None,
        }
    }

    /// `q3`; any single digit, so that `q5` is seen to be none.
    pub(super) fn quarter(&self) -> Option<i8> {
        let number = self.word.strip_prefix('q')?;
        if number.len() == 1 { number.parse().ok() } else { None }
    }
}

fn position(words: &[&str], word: &str) -> Option<i8> {
    i8::try_from(words.iter().position(|other| *other == word)? + 1).ok()
}

/// A count in digits or words, and the token after it: "3", "three", "thirty", "forty-five".
pub(super) fn count(tokens: &[Token<'_>], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    if let Some((number, false)) = token.digits() {
        return Some((number, at + 1));
    }
    let value = |token: &Token<'_>| number_word(&token.word).filter(|value| *value > 0);
    let first = value(token)?;
    let next = if is_one_of(tokens, at + 1, &["-"]) { at + 2 } else { at + 1 };
    let ones = tokens.get(next).and_then(value).filter(|ones| *ones < 10 && first >= 20);
    Some(ones.map_or((first, at + 1), |ones| (first + ones, next + 1)))
}

/// A calendar unit, singular or plural.
pub(super) fn unit(tokens: &[Token<'_>], at: usize) -> Option<Grain> {
    match tokens.get(at)?.word.as_str() {
        "day" | "days" => Some(Grain::Day),
        "week" | "weeks" => Some(Grain::Week),
        "month" | "months" => Some(Grain::Month),
        "quarter" | "quarters" => Some(Grain::Quarter),
        "year" | "years" => Some(Grain::Year),
        _ => None,
    }
}

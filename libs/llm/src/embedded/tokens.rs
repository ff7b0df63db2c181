//! A question as tokens, each with the bytes where it stands. Decides what is a word, a number or a
//! quotation; knows no meaning.

use super::words::{singular, written_out};
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number,
    /// Text between quotes.
    Quoted,
    /// A comma or parenthesis.
    Comma,
    /// The end of a sentence.
    Stop,
    /// What stood here is understood and has been taken out: a period, a comparison.
    Taken,
    /// Likewise, a bound on the metric beside it: the number of one of those that were found.
    Bound(usize),
    /// Any other sign.
    Symbol,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// In lower case, without a possessive; of a quotation what is between the quotes, as asked.
    pub(crate) lower: String,
    /// In the singular, and without abbreviation.
    pub(crate) norm: String,
    /// Bytes of the question.
    pub(crate) span: Range<usize>,
    /// Whether it begins with a capital that the start of a sentence does not explain.
    pub(crate) capital: bool,
    /// Whether it opens a sentence.
    pub(crate) first: bool,
    /// Whether a hyphen joins it to the one before: "drive-through".
    pub(crate) hyphen: bool,
}

impl Token {
    /// Whether it stands in the singular.
    pub(crate) fn is_single(&self) -> bool {
        singular(&self.lower) == self.lower
    }

    pub(crate) fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Number)
    }
}

/// The tokens of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut reader = Reader { text, chars: &chars, at: 0, first: true, tokens: Vec::new() };
    while let Some(c) = reader.peek(0) {
        reader.step(c);
    }
    let mut tokens = reader.tokens;
    // A question in capitals says nothing with them.
    let shouted = !text.chars().any(char::is_lowercase);
    for token in tokens.iter_mut().filter(|_| shouted) {
        token.capital = false;
    }
    tokens
}

/// Whether the token at `at` is one of `words`.
pub(crate) fn is_word_of(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Word && words.contains(&token.lower.as_str()))
}

/// Takes tokens out, since they are understood.
pub(crate) fn take(tokens: &mut [Token], range: Range<usize>) {
    for token in tokens.get_mut(range).unwrap_or_default() {
        token.kind = Kind::Taken;
    }
}

/// The words of a name, in the singular.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    tokens(name).into_iter().filter(Token::is_word).map(|token| token.norm).collect()
}

/// The words of a name, as written but in lower case.
pub(crate) fn spelled_words(name: &str) -> Vec<String> {
    tokens(name).into_iter().filter(Token::is_word).map(|token| token.lower).collect()
}

struct Reader<'a> {
    text: &'a str,
    chars: &'a [(usize, char)],
    at: usize,
    first: bool,
    tokens: Vec<Token>,
}

const fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '\u{201c}' => Some('\u{201d}'),
        '\u{2018}' => Some('\u{2019}'),
        _ => None,
    }
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at.checked_add(ahead)?).map(|(_, c)| *c)
    }

    fn byte(&self, index: usize) -> usize {
        self.chars.get(index).map_or(self.text.len(), |(byte, _)| *byte)
    }

    fn push(&mut self, kind: Kind, length: usize, lower: String) {
        let span = self.byte(self.at)..self.byte(self.at + length);
        let capital = self.peek(0).is_some_and(char::is_uppercase);
        let norm = written_out(&singular(&lower)).to_owned();
        let hyphen = self.at.checked_sub(1).and_then(|at| self.chars.get(at)).is_some_and(|(_, c)| *c == '-')
            && self.tokens.last().is_some_and(|token| token.is_word() && token.span.end + 1 == span.start);
        self.tokens.push(Token { kind, lower, norm, span, capital, first: self.first, hyphen });
        self.first = kind == Kind::Stop;
        self.at += length;
    }

    fn step(&mut self, c: char) {
        if let Some((length, inner)) = self.quotation(c) {
            self.push(Kind::Quoted, length, inner);
        } else if c.is_alphanumeric() {
            self.word();
        } else {
            match c {
                '\n' => self.push(Kind::Stop, 1, String::new()),
                // Joins words and carries nothing: "check-outs", "net_fees".
                ' ' | '\t' | '-' | '_' | '\u{2010}'..='\u{2015}' => self.at += 1,
                '.' if self.ends_abbreviation() => self.at += 1,
                '.' | '?' | '!' | ';' | ':' => self.push(Kind::Stop, 1, String::new()),
                ',' | '(' | ')' => self.push(Kind::Comma, 1, String::new()),
                // The possessive of a plural: "members' fees".
                '\'' | '\u{2019}' => self.at += 1,
                _ => self.push(Kind::Symbol, 1, c.to_string()),
            }
        }
    }

    /// "St. Olaf": a short capitalised word, and another after the point.
    fn ends_abbreviation(&self) -> bool {
        let short = self.tokens.last().is_some_and(|token| {
            token.capital && token.lower.chars().count() <= 3 && token.span.end == self.byte(self.at)
        });
        short && self.peek(1) == Some(' ') && self.peek(2).is_some_and(char::is_uppercase)
    }

    /// The length of a quotation that begins here, and its text.
    fn quotation(&self, quote: char) -> Option<(usize, String)> {
        let close = closing(quote)?;
        let before = self.at.checked_sub(1).and_then(|at| self.chars.get(at)).map(|(_, c)| *c);
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let rest = self.chars.get(self.at + 1..)?;
        let ends = |index: usize, c: char| {
            c == close && rest.get(index + 1).is_none_or(|(_, next)| !next.is_alphanumeric())
        };
        let end = rest.iter().enumerate().position(|(index, (_, c))| ends(index, *c))?;
        let inner: String = rest.get(..end)?.iter().map(|(_, c)| *c).collect();
        let inner = inner.trim().to_owned();
        (!inner.is_empty()).then_some((end + 2, inner))
    }

    fn word(&mut self) {
        let rest = self.chars.get(self.at..).unwrap_or(&[]);
        let next = |index: usize| rest.get(index + 1).map(|(_, c)| *c);
        let numeric = rest.first().is_some_and(|(_, c)| c.is_numeric());
        let inside = |index: usize, c: char| {
            c.is_alphanumeric()
                || (matches!(c, '\'' | '\u{2019}') && next(index).is_some_and(char::is_alphabetic))
                || (numeric && matches!(c, '.' | ',') && next(index).is_some_and(char::is_numeric))
        };
        let word: String = rest
            .iter()
            .enumerate()
            .take_while(|(index, (_, c))| inside(*index, *c))
            .map(|(_, (_, c))| *c)
            .collect();
        let number = word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
        let lower = word.to_lowercase();
        let bare =
            lower.strip_suffix("'s").or_else(|| lower.strip_suffix("\u{2019}s")).unwrap_or(&lower).to_owned();
        self.push(if number { Kind::Number } else { Kind::Word }, word.chars().count(), bare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowers(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.lower).collect()
    }

    #[test]
    fn words_numbers_and_quotations_are_told_apart() {
        assert_eq!(lowers("The member's check-outs"), ["the", "member", "check", "outs"]);
        assert_eq!(lowers("at 'Old Mill' (the \"5th\")"), ["at", "Old Mill", "", "the", "5th", ""]);
        assert_eq!(lowers("in St. Olaf. Thanks"), ["in", "st", "olaf", "", "thanks"]);
        assert_eq!(lowers("1,234.5 members' 3rd"), ["1,234.5", "members", "3rd"]);
        assert_eq!(lowers("a \"b"), ["a", "\"", "b"]);
    }

    #[test]
    fn spans_are_bytes_of_the_question() {
        let text = "Gebühr für \u{201c}Süd\u{201d}";
        let spans: Vec<_> = tokens(text).into_iter().map(|token| text.get(token.span).unwrap()).collect();
        assert_eq!(spans, ["Gebühr", "für", "\u{201c}Süd\u{201d}"]);
    }
}

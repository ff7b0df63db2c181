//! Reads a narrative into tokens. Decides what is a figure, a name or a word; refuses every sign that
//! plain text does not need, so that nothing that claims can hide in one.
//!
//! Bold print and lists are plain text here: `**` in pairs around whole words, and a dash, a star, a
//! dot or a number at the start of a line.

mod number;
mod spoken;

use crate::dates::Date;
use crate::error::{Claim, Ungrounded};
use crate::figure::Figure;
use crate::lexicon::{Lexicon, Meaning};
use crate::measure::When;
use crate::words;
use std::rc::Rc;

/// A sign that parts a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    Comma,
    Colon,
    Open,
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, in lower case, and whether it was capitalised.
    Word(String, bool),
    Figure(Figure),
    Date(Date),
    /// The period, or the one before it.
    Span(When),
    /// Cells that were named.
    Rows {
        column: usize,
        rows: Rc<[usize]>,
        /// Whether "'s" follows.
        possessive: bool,
    },
    /// Words that need no proof.
    Known(Rc<[String]>),
    Break(Break),
    Dash,
    /// The start of a line of a list, with its number if it has one.
    Item(Option<i128>),
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

impl Token {
    pub(crate) fn word(&self) -> Option<&str> {
        if let Kind::Word(word, _) = &self.kind { Some(word) } else { None }
    }

    pub(crate) fn figure(&self) -> Option<&Figure> {
        if let Kind::Figure(figure) = &self.kind { Some(figure) } else { None }
    }

    pub(crate) const fn is_rows(&self) -> bool {
        matches!(self.kind, Kind::Rows { .. })
    }

    pub(crate) const fn is_break(&self) -> bool {
        matches!(self.kind, Kind::Break(_) | Kind::Dash)
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.word() == Some(word)
    }
}

/// Reads `narrative`; every cell and every known phrase is recognised on the way.
pub(crate) fn read(narrative: &str, lexicon: &Lexicon) -> Result<Vec<Token>, Ungrounded> {
    let mut reader =
        Reader { chars: narrative.chars().collect(), at: 0, lexicon, tokens: Vec::new(), bold: false };
    reader.start_of_line()?;
    while let Some(c) = reader.peek(0) {
        reader.step(c)?;
    }
    if reader.bold { reader.refuse(Claim::Text) } else { Ok(reader.tokens) }
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    lexicon: &'a Lexicon,
    tokens: Vec<Token>,
    /// Whether bold print is on.
    bold: bool,
}

const fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '\u{201c}' => Some('\u{201d}'),
        '\u{2018}' => Some('\u{2019}'),
        '\u{ab}' => Some('\u{bb}'),
        _ => None,
    }
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at.checked_add(ahead)?).copied()
    }

    fn previous(&self) -> Option<char> {
        self.chars.get(self.at.checked_sub(1)?).copied()
    }

    fn rest(&self, from: usize) -> &[char] {
        self.chars.get(from..).unwrap_or(&[])
    }

    fn push(&mut self, at: usize, kind: Kind) {
        self.tokens.push(Token { at, kind });
    }

    fn refuse<T>(&self, claim: Claim) -> Result<T, Ungrounded> {
        Err(Ungrounded::new(claim, self.at))
    }

    fn step(&mut self, c: char) -> Result<(), Ungrounded> {
        let inside = self.previous().is_some_and(char::is_alphanumeric);
        if let Some(close) = closing(c).filter(|_| !inside) {
            return self.quoted(close);
        }
        if !inside && let Some((length, meaning)) = self.lexicon.bare(self.rest(self.at)) {
            let kind = kind_of(meaning);
            let at = self.at;
            self.at += length;
            self.named(at, kind);
            return Ok(());
        }
        let next_counts = self.peek(1).is_some_and(|next| next.is_ascii_digit() || is_money(next));
        if c.is_ascii_digit() || is_money(c) || (self.is_sign(c) && next_counts) {
            return self.number();
        }
        if c.is_alphabetic() {
            return self.word();
        }
        self.mark(c)
    }

    /// A minus that stands between digits is a dash: "2021-2022".
    fn is_sign(&self, c: char) -> bool {
        let free = self.previous().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '*' | ':'));
        matches!(c, '-' | '\u{2212}' | '+') && free
    }

    fn mark(&mut self, c: char) -> Result<(), Ungrounded> {
        let at = self.at;
        self.at += 1;
        match c {
            '.' if self.is_abbreviation() => {}
            '.' | '!' | '?' | ';' => self.push(at, Kind::End),
            '\n' => {
                if self.bold {
                    return self.refuse(Claim::Text);
                }
                self.push(at, Kind::End);
                return self.start_of_line();
            }
            ',' => self.push(at, Kind::Break(Break::Comma)),
            ':' => self.push(at, Kind::Break(Break::Colon)),
            '(' => self.push(at, Kind::Break(Break::Open)),
            ')' => self.push(at, Kind::Break(Break::Close)),
            '-' | '\u{2013}' | '\u{2014}' => self.dash(at),
            '*' if self.peek(0) == Some('*') => {
                self.at += 1;
                return self.bold(at);
            }
            '&' if self.peek(0).is_some_and(is_space) => self.push(at, Kind::Word("and".to_owned(), false)),
            '~' | '\u{2248}' if self.peek(0).is_some_and(|c| c.is_ascii_digit() || is_money(c)) => {
                self.push(at, Kind::Word("about".to_owned(), false));
            }
            // The plural's possessive: "branches'".
            '\'' | '\u{2019}' if self.peek(0).is_none_or(is_space) => {}
            _ if is_space(c) => {}
            _ => return Err(Ungrounded::new(Claim::Text, at)),
        }
        Ok(())
    }

    /// A hyphen within a word only joins its parts: "second-highest".
    fn dash(&mut self, at: usize) {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
        let before = at.checked_sub(1).and_then(|at| self.chars.get(at)).copied();
        if !(letter(before) && letter(self.peek(0))) {
            self.push(at, Kind::Dash);
        }
    }

    /// Bold print must not part what stands together: "8**4**" would be read as two numbers.
    fn bold(&mut self, at: usize) -> Result<(), Ungrounded> {
        let before = at.checked_sub(1).and_then(|at| self.chars.get(at)).copied();
        let (within, after) = (before.is_some_and(char::is_alphanumeric), self.peek(0));
        let joined = |c: char| c.is_alphanumeric() || matches!(c, '%' | '$' | '*' | '.' | ',') && !self.bold;
        if within && after.is_some_and(joined) || after == Some('*') {
            return Err(Ungrounded::new(Claim::Text, at));
        }
        // ".**5" and "**,000" are parts of one number, too.
        let point = matches!(before, Some('.' | ',' | '$')) && after.is_some_and(|c| c.is_ascii_digit());
        let group = matches!(after, Some('.' | ',')) && self.peek(1).is_some_and(|c| c.is_ascii_digit());
        if point || group {
            return Err(Ungrounded::new(Claim::Text, at));
        }
        self.bold = !self.bold;
        // "**Harbour**'s".
        let length = self.possessive();
        if let Some(Kind::Rows { possessive, .. }) = self.tokens.last_mut().map(|token| &mut token.kind)
            && length > 0
        {
            *possessive = true;
            self.at += length;
        }
        Ok(())
    }

    /// How long the possessive is that stands here, if one does.
    fn possessive(&self) -> usize {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        match (self.peek(0), self.peek(1)) {
            (Some('\'' | '\u{2019}'), Some('s')) if ends(self.peek(2)) => 2,
            (Some('\'' | '\u{2019}'), next) if next.is_none_or(is_space) => 1,
            _ => 0,
        }
    }

    /// "vs." and "Nov." end no sentence.
    fn is_abbreviation(&self) -> bool {
        let known =
            |word: &str| word == "vs" || word == "approx" || (word.len() < 5 && words::month(word).is_some());
        let last = self.tokens.last();
        let adjacent =
            last.is_some_and(|token| token.word().is_some_and(|w| token.at + w.len() + 1 == self.at));
        adjacent && last.and_then(Token::word).is_some_and(known) && self.peek(0).is_some_and(is_space)
    }

    /// Skips what begins a line of a list, or a heading.
    fn start_of_line(&mut self) -> Result<(), Ungrounded> {
        while self.peek(0).is_some_and(is_space) {
            self.at += 1;
        }
        let at = self.at;
        let followed = |reader: &Self, length: usize| reader.peek(length).is_some_and(is_space);
        if matches!(self.peek(0), Some('-' | '*' | '\u{2022}' | '\u{2013}')) && followed(self, 1) {
            self.at += 2;
            self.push(at, Kind::Item(None));
            return Ok(());
        }
        let hashes = self.rest(at).iter().take_while(|c| **c == '#').count();
        if (1..=4).contains(&hashes) && followed(self, hashes) {
            self.at += hashes;
            return Ok(());
        }
        let digits: String = self.rest(at).iter().take_while(|c| c.is_ascii_digit()).collect();
        let length = digits.len();
        if (1..=2).contains(&length)
            && matches!(self.peek(length), Some('.' | ')'))
            && followed(self, length + 1)
        {
            let Ok(number) = digits.parse() else { return self.refuse(Claim::Figure) };
            self.at += length + 1;
            self.push(at, Kind::Item(Some(number)));
        }
        Ok(())
    }

    fn quoted(&mut self, close: char) -> Result<(), Ungrounded> {
        match self.lexicon.quoted(self.rest(self.at + 1), close) {
            Some((length, meaning)) => {
                let (at, kind) = (self.at, kind_of(meaning));
                self.at += length + 2;
                self.named(at, kind);
                Ok(())
            }
            None => self.refuse(Claim::Name),
        }
    }

    /// Takes in a name, and the possessive after it.
    fn named(&mut self, at: usize, kind: Kind) {
        let possessive = self.possessive();
        self.at += possessive;
        let kind = if let Kind::Rows { column, rows, .. } = kind {
            Kind::Rows { column, rows, possessive: possessive > 0 }
        } else {
            kind
        };
        self.push(at, kind);
    }

    fn word(&mut self) -> Result<(), Ungrounded> {
        let (at, (text, length)) = (self.at, self.word_at(self.at));
        let lower = text.to_lowercase();
        self.at += length;
        if self.peek(0).is_some_and(|c| c.is_numeric() || is_money(c)) {
            // "Q3" is the one word with a digit that stands for something here.
            if lower == "q"
                && matches!(self.peek(0), Some('1'..='4'))
                && !self.peek(1).is_some_and(char::is_alphanumeric)
            {
                let quarter = self.peek(0).map_or_else(String::new, String::from);
                self.at += 1;
                self.push(at, Kind::Word(format!("q{quarter}"), true));
                return Ok(());
            }
            return self.refuse(Claim::Figure);
        }
        let first = text.chars().next().is_some_and(char::is_uppercase);
        match self.counting(at, &lower)? {
            Some(figure) => self.push(at, Kind::Figure(figure)),
            None => self.push(at, Kind::Word(lower, first)),
        }
        Ok(())
    }

    /// Letters, and apostrophes between them; without the possessive, which says nothing, and with the
    /// length that it takes.
    fn word_at(&self, at: usize) -> (String, usize) {
        let rest = self.rest(at);
        let inside = |index: usize, c: char| {
            c.is_alphabetic()
                || (index > 0
                    && matches!(c, '\'' | '\u{2019}')
                    && rest.get(index + 1).is_some_and(|next| next.is_alphabetic()))
        };
        let word: String =
            rest.iter().enumerate().take_while(|(index, c)| inside(*index, **c)).map(|(_, c)| *c).collect();
        let length = word.chars().count();
        let bare = word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s"));
        (bare.map_or_else(|| word.clone(), str::to_owned), length)
    }

    /// The word after one space or hyphen, and the length to its end.
    fn next_word(&self) -> (usize, String) {
        let gap = usize::from(self.peek(0).is_some_and(|c| is_space(c) || c == '-'));
        let (word, length) = if gap == 1 { self.word_at(self.at + 1) } else { (String::new(), 0) };
        (gap + length, word)
    }
}

fn kind_of(meaning: &Meaning) -> Kind {
    match meaning {
        Meaning::Rows { column, rows } => {
            Kind::Rows { column: *column, rows: Rc::clone(rows), possessive: false }
        }
        Meaning::Known(words) => Kind::Known(Rc::clone(words)),
    }
}

const fn is_money(c: char) -> bool {
    matches!(c, '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}')
}

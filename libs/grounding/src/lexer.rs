//! Reads a narrative into tokens. Decides what is a figure, a date, a name or a word; refuses every
//! sign that plain text does not need, so that nothing that claims can hide in one.

use crate::dates::Date;
use crate::error::{Claim, Ungrounded};
use crate::figure::{Figure, FigureUnit};
use crate::lexicon::{Lexicon, Meaning};
use crate::{display, words};

/// How a word is written, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Capital,
    /// Capitalised as the first word of a sentence.
    First,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, in lower case.
    Word(String, Case),
    Figure(Figure),
    Date(Date),
    /// Cells that were named.
    Rows {
        column: usize,
        rows: Vec<usize>,
    },
    /// Words that need no proof.
    Known(Vec<String>),
    Break,
    Dash,
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// Reads `narrative`; every cell and every known phrase is recognised on the way.
pub(crate) fn read(narrative: &str, lexicon: &Lexicon) -> Result<Vec<Token>, Ungrounded> {
    let mut reader =
        Reader { chars: narrative.chars().collect(), at: 0, lexicon, tokens: Vec::new(), fresh: true };
    while let Some(c) = reader.peek(0) {
        reader.step(c)?;
    }
    Ok(reader.tokens)
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    lexicon: &'a Lexicon,
    tokens: Vec<Token>,
    /// Whether the next word opens a sentence.
    fresh: bool,
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

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at.checked_add(ahead)?).copied()
    }

    fn rest(&self, from: usize) -> &[char] {
        self.chars.get(from..).unwrap_or(&[])
    }

    fn push(&mut self, at: usize, kind: Kind) {
        self.fresh = kind == Kind::End;
        self.tokens.push(Token { at, kind });
    }

    fn refuse<T>(&self, claim: Claim) -> Result<T, Ungrounded> {
        Err(Ungrounded::new(claim, self.at))
    }

    fn step(&mut self, c: char) -> Result<(), Ungrounded> {
        if let Some(close) = closing(c) {
            return self.quoted(close);
        }
        if let Some((length, meaning)) = self.lexicon.bare(self.rest(self.at)) {
            let kind = kind_of(meaning);
            self.push(self.at, kind);
            self.at += length;
            return Ok(());
        }
        let signed =
            self.is_sign(c) && self.peek(1).is_some_and(|next| next.is_ascii_digit() || is_money(next));
        if c.is_ascii_digit() || is_money(c) || signed {
            return self.number();
        }
        if c.is_alphabetic() {
            return self.word();
        }
        self.mark(c)
    }

    /// A minus that stands between digits is a dash: "2021-2022".
    fn is_sign(&self, c: char) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.chars.get(at));
        matches!(c, '-' | '\u{2212}') && before.is_none_or(|c| c.is_whitespace() || *c == '(')
    }

    fn mark(&mut self, c: char) -> Result<(), Ungrounded> {
        match c {
            '.' | '!' | '?' | ';' | '\n' => self.push(self.at, Kind::End),
            ',' | ':' | '(' | ')' => self.push(self.at, Kind::Break),
            '-' | '\u{2013}' | '\u{2014}' => self.push(self.at, Kind::Dash),
            ' ' | '\t' | '/' | '&' | '\u{2019}' => {}
            _ => return self.refuse(Claim::Text),
        }
        self.at += 1;
        Ok(())
    }

    fn quoted(&mut self, close: char) -> Result<(), Ungrounded> {
        match self.lexicon.quoted(self.rest(self.at + 1), close) {
            Some((length, meaning)) => {
                let kind = kind_of(meaning);
                self.push(self.at, kind);
                self.at += length + 2;
                Ok(())
            }
            None => self.refuse(Claim::Name),
        }
    }

    fn word(&mut self) -> Result<(), Ungrounded> {
        let (at, text) = (self.at, self.word_at(self.at));
        let first = text.chars().next().is_some_and(char::is_uppercase);
        // A letter that only looks like one of these could spell a claim that no list holds.
        if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
            return self.refuse(Claim::Name);
        }
        self.at += text.chars().count();
        if self.peek(0).is_some_and(char::is_numeric) {
            return self.refuse(Claim::Figure);
        }
        let case = match (first, self.fresh) {
            (true, true) => Case::First,
            (true, false) => Case::Capital,
            (false, _) => Case::Lower,
        };
        let lower = text.to_lowercase();
        if let Some(figure) = self.number_in_words(&lower) {
            self.push(at, Kind::Figure(figure));
        } else if let (Some(rank), Case::Lower | Case::First) = (words::ordinal(&lower), case) {
            let figure = Figure::new(&rank.to_string(), 0, FigureUnit::Ordinal);
            self.push(at, figure.map_or(Kind::Word(lower, case), Kind::Figure));
        } else {
            self.push(at, Kind::Word(lower, case));
        }
        Ok(())
    }

    /// Letters, and apostrophes between them.
    fn word_at(&self, at: usize) -> String {
        let rest = self.rest(at);
        let inside = |index: usize, c: char| {
            c.is_alphabetic()
                || (matches!(c, '\'' | '\u{2019}')
                    && rest.get(index + 1).is_some_and(|next| next.is_alphabetic()))
        };
        let word: String =
            rest.iter().enumerate().take_while(|(index, c)| inside(*index, **c)).map(|(_, c)| *c).collect();
        // The possessive says nothing: "the branch's fees".
        let bare = word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s"));
        bare.map_or_else(|| word.clone(), str::to_owned)
    }

    /// The word after one space or hyphen, in lower case, and the length to it.
    fn next_word(&self) -> (usize, String) {
        let gap = usize::from(matches!(self.peek(0), Some(' ' | '-')));
        let word = if gap == 1 { self.word_at(self.at + 1) } else { String::new() };
        (gap + word.chars().count(), word)
    }

    fn number_in_words(&mut self, first: &str) -> Option<Figure> {
        // "one of the stores" counts nothing that could be false while there is a row.
        let mut sum = words::small_number(first)?;
        let (mut length, mut word) = self.next_word();
        if first == "one" && word == "of" {
            return None;
        }
        while let Some(more) =
            words::small_number(&word.to_lowercase()).filter(|more| *more < 10 && sum >= 20)
        {
            self.at += length;
            sum += more;
            (length, word) = self.next_word();
        }
        self.suffix(&sum.to_string())
    }

    fn number(&mut self) -> Result<(), Ungrounded> {
        let at = self.at;
        let iso: String = self.rest(at).iter().take(10).collect();
        let after = self.chars.get(at + 10).copied();
        if let (Some(date), true) = (Date::from_iso(&iso), after.is_none_or(|c| !c.is_alphanumeric())) {
            self.at += 10;
            self.push(at, Kind::Date(date));
            return Ok(());
        }
        let mut digits = String::new();
        if self.peek(0).is_some_and(|c| self.is_sign(c)) {
            digits.push('-');
            self.at += 1;
        }
        let money = self.peek(0).filter(|c| is_money(*c)).map(currency_of);
        self.at += usize::from(money.is_some());
        let bare = self.digits(&mut digits)?;
        let figure = self.suffix(&digits).map(|figure| match (&money, figure.unit.clone()) {
            (Some(code), FigureUnit::Plain) => {
                Some(Figure { unit: FigureUnit::Currency((*code).to_owned()), ..figure })
            }
            (Some(_), _) => None,
            (None, unit) => {
                let year_like = bare && digits.len() == 4 && figure.power == 0 && unit == FigureUnit::Plain;
                Some(Figure { year_like, ..figure })
            }
        });
        match figure.flatten() {
            // "12abc", "3.4.5": letters and points that belong to no number.
            Some(figure) if self.peek(0).is_none_or(|c| !c.is_alphanumeric() && !is_money(c) && c != '%') => {
                self.push(at, Kind::Figure(figure));
                Ok(())
            }
            Some(_) | None => Err(Ungrounded::new(Claim::Figure, at)),
        }
    }

    /// Reads digits, well-formed thousands and decimals; says whether they had neither.
    fn digits(&mut self, digits: &mut String) -> Result<bool, Ungrounded> {
        let mut bare = true;
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        while let Some(c) = self.peek(0) {
            let group = || (1..=3).all(|ahead| is_digit(self.peek(ahead))) && !is_digit(self.peek(4));
            match c {
                '0'..='9' => digits.push(c),
                ',' if group() && !digits.contains('.') => bare = false,
                ',' if is_digit(self.peek(1)) => return self.refuse(Claim::Figure),
                '.' if is_digit(self.peek(1)) && !digits.contains('.') => {
                    digits.push('.');
                    bare = false;
                }
                '.' if is_digit(self.peek(1)) => return self.refuse(Claim::Figure),
                _ => break,
            }
            self.at += 1;
        }
        let whole = digits.trim_start_matches('-').split('.').next().unwrap_or("");
        // A leading zero is how a code is written, not a number.
        if whole.len() > 1 && whole.starts_with('0') { self.refuse(Claim::Figure) } else { Ok(bare) }
    }

    /// Reads scale and unit after the digits.
    fn suffix(&mut self, digits: &str) -> Option<Figure> {
        let mut power = 0;
        let attached = self.word_at(self.at);
        match attached.to_lowercase().as_str() {
            "st" | "nd" | "rd" | "th" => {
                self.at += 2;
                return Figure::new(digits, 0, FigureUnit::Ordinal);
            }
            "x" => {
                self.at += 1;
                return Figure::new(digits, 0, FigureUnit::Times);
            }
            letters => {
                if let Some(scale) = words::scale(letters) {
                    power = scale;
                    self.at += attached.chars().count();
                }
            }
        }
        if self.peek(0) == Some('%') {
            self.at += 1;
            return Figure::new(digits, power, FigureUnit::Percent);
        }
        while let (length, word) = self.next_word()
            && let Some(scale) = words::scale(&word.to_lowercase()).filter(|_| word.len() > 2)
        {
            self.at += length;
            power += scale;
        }
        let (length, word) = self.next_word();
        let unit = match word.as_str() {
            "percent" => FigureUnit::Percent,
            "times" => FigureUnit::Times,
            "dollar" | "dollars" => FigureUnit::Currency("USD".to_owned()),
            "euro" | "euros" => FigureUnit::Currency("EUR".to_owned()),
            "pound" | "pounds" => FigureUnit::Currency("GBP".to_owned()),
            code if display::is_currency(code) => FigureUnit::Currency(code.to_owned()),
            _ => return Figure::new(digits, power, FigureUnit::Plain),
        };
        self.at += length;
        Figure::new(digits, power, unit)
    }
}

fn kind_of(meaning: &Meaning) -> Kind {
    match meaning {
        Meaning::Rows { column, rows } => Kind::Rows { column: *column, rows: rows.clone() },
        Meaning::Known(words) => Kind::Known(words.clone()),
    }
}

const fn is_money(c: char) -> bool {
    matches!(c, '$' | '\u{20ac}' | '\u{a3}' | '\u{a5}')
}

const fn currency_of(c: char) -> &'static str {
    match c {
        '\u{20ac}' => "EUR",
        '\u{a3}' => "GBP",
        '\u{a5}' => "JPY",
        _ => "USD",
    }
}

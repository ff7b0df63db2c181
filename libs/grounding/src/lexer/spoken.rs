//! Numbers in words: "five", "two thirds", "twice", "second". Decides where one begins and ends, so that
//! no part of it is left over and read as another.

use super::Reader;
use crate::error::{Claim, Ungrounded};
use crate::figure::{Figure, FigureUnit};
use crate::{numerals, words};

impl Reader<'_> {
    /// The figure that a word, or it and those after it, stand for; the reader stands behind the word.
    pub(super) fn counting(&mut self, at: usize, lower: &str) -> Result<Option<Figure>, Ungrounded> {
        let ahead = self.words_ahead(lower);
        let spoken: Vec<String> = ahead.iter().map(|(word, _)| word.clone()).collect();
        let next = spoken.get(1).map_or("", String::as_str);
        let of_another = matches!(next, "the" | "those" | "that");
        let times = match lower {
            "twice" => Some(2),
            "thrice" => Some(3),
            "double" if of_another => Some(2),
            "triple" if of_another => Some(3),
            _ => None,
        };
        if let Some(part) = times {
            return Ok(Figure::new("0", 0, FigureUnit::Fraction { part, whole: 1 }));
        }
        // "one week earlier" is a distance in time, as "a week earlier" is.
        if lower == "one" && words::is_time(next) {
            return Ok(None);
        }
        let article = self.tokens.last().is_some_and(|t| t.is("a") || t.is("an") || t.is("one"));
        if let (Some(part), Some(whole)) = (numerals::small(lower), numerals::parts(next)) {
            let length = ahead.get(1).map_or(0, |(_, length)| *length);
            self.at += length;
            return Self::fraction(at, part, whole).map(Some);
        }
        let single = numerals::parts(lower).filter(|_| next == "of" || lower == "half");
        if let Some(whole) = single.filter(|_| lower == "half" || article) {
            return Self::fraction(at, 1, whole).map(Some);
        }
        if let Some((value, used)) = numerals::spelled(&spoken) {
            self.at += ahead.get(used - 1).map_or(0, |(_, length)| *length);
            return match self.suffix(&value.to_string()) {
                Some(figure) => Ok(Some(figure)),
                None => Err(Ungrounded::new(Claim::Figure, at)),
            };
        }
        let ordinal = numerals::ordinal(lower).filter(|_| !words::is_time(next));
        Ok(ordinal.and_then(|rank| Figure::new(&rank.to_string(), 0, FigureUnit::Ordinal)))
    }

    fn fraction(at: usize, part: i128, whole: i128) -> Result<Figure, Ungrounded> {
        Figure::new("0", 0, FigureUnit::Fraction { part, whole }).ok_or(Ungrounded::new(Claim::Figure, at))
    }

    /// This word and those after it, each parted by one space or hyphen, with the length up to its end.
    fn words_ahead(&self, first: &str) -> Vec<(String, usize)> {
        const AHEAD_MAX: usize = 12;
        let mut ahead = vec![(first.to_owned(), 0)];
        let mut length = 0;
        while ahead.len() < AHEAD_MAX && matches!(self.peek(length), Some(' ' | '-')) {
            let (word, taken) = self.word_at(self.at + length + 1);
            if taken == 0 {
                break;
            }
            length += taken + 1;
            ahead.push((word.to_lowercase(), length));
        }
        ahead
    }
}

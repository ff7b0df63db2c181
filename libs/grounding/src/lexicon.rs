//! The phrases that need no proof of their own: cells, columns, units and what the caller allows.

use crate::dates::Date;
use crate::display::display_cell;
use crate::facts::{Facts, words_of};
use crate::{numerals, vocabulary, words};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Longer cells are no names: a narrative that quotes one is not proved.
const PHRASE_CHARS_MAX: usize = 200;

/// What a phrase stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The rows that hold this cell.
    Rows {
        /// Column of the cell.
        column: usize,
        /// Rows, in order.
        rows: Rc<[usize]>,
    },
    /// Words of the question's own vocabulary.
    Known(Rc<[String]>),
}

#[derive(Debug)]
struct Phrase {
    text: Vec<char>,
    meaning: Meaning,
    /// Whether it is recognised without quotes.
    bare: bool,
    /// The longest other phrase that this one begins with.
    inner: Option<usize>,
}

/// Phrases in the order of their letters, so that one is found in a few steps however many there are.
#[derive(Debug)]
pub(crate) struct Lexicon {
    phrases: Vec<Phrase>,
    /// Units of columns, as they stand behind numbers.
    units: BTreeSet<String>,
}

pub(crate) fn folded(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

impl Lexicon {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut phrases: BTreeMap<Vec<char>, (Meaning, bool)> = BTreeMap::new();
        let mut add = |text: &str, meaning: Meaning, bare: bool| {
            let text: Vec<char> = text.chars().take(PHRASE_CHARS_MAX + 1).map(folded).collect();
            if !text.is_empty() && text.len() <= PHRASE_CHARS_MAX {
                // Of two phrases with one text the cell, which is added first, is meant.
                let phrase = phrases.entry(text).or_insert((meaning, bare));
                phrase.1 |= bare;
            }
        };
        for ((column, text), rows) in cells(facts) {
            let bare = facts.is_name(column) && may_stand_bare(&text);
            add(&text, Meaning::Rows { column, rows: rows.into() }, bare);
        }
        for text in facts.context.allowed.iter().filter(|text| !is_date(text)) {
            add(text.trim(), Meaning::Known(words_of(text).into()), true);
        }
        for text in &facts.context.chosen {
            add(text.trim(), Meaning::Known(Rc::new([])), may_stand_bare(text));
        }
        for (name, trusted) in facts.names_of_columns() {
            let known: Rc<[String]> = words_of(&name).into();
            let bare = trusted || !known.iter().any(|word| is_claim(word));
            add(&known.join(" "), Meaning::Known(Rc::clone(&known)), bare);
            add(&name, Meaning::Known(known), bare);
        }
        let units = facts.table.columns.iter().filter_map(|column| column.unit.clone());
        Self { phrases: sorted(phrases), units: units.collect() }
    }

    /// The unit that stands at the start of `rest`, and its length: "km" after a number.
    pub(crate) fn unit(&self, rest: &[char]) -> Option<(usize, &str)> {
        let is_here = |unit: &&String| {
            let text: Vec<char> = unit.chars().collect();
            rest.split_at_checked(text.len())
                .is_some_and(|(start, after)| !text.is_empty() && start == text && ends_here(&text, after))
        };
        self.units
            .iter()
            .filter(is_here)
            .max_by_key(|unit| unit.len())
            .map(|unit| (unit.chars().count(), unit.as_str()))
    }

    /// The longest phrase that stands at the start of `rest`, and its length.
    pub(crate) fn bare(&self, rest: &[char]) -> Option<(usize, &Meaning)> {
        self.longest(rest, |phrase, after| phrase.bare && ends_here(&phrase.text, after))
    }

    /// The longest phrase between `rest`'s start and a closing `quote`, and the length up to the quote.
    pub(crate) fn quoted(&self, rest: &[char], quote: char) -> Option<(usize, &Meaning)> {
        let closed = |after: &[char]| after.first() == Some(&quote);
        // American typography puts the comma inside.
        let comma = |after: &[char]| matches!(after, [',' | '.', next, ..] if *next == quote);
        self.longest(rest, |_, after| closed(after)).or_else(|| {
            self.longest(rest, |_, after| comma(after)).map(|(length, meaning)| (length + 1, meaning))
        })
    }

    fn longest(&self, rest: &[char], fits: impl Fn(&Phrase, &[char]) -> bool) -> Option<(usize, &Meaning)> {
        let rest = rest.get(..rest.len().min(PHRASE_CHARS_MAX + 2)).unwrap_or(rest);
        let after = self.phrases.partition_point(|phrase| order(&phrase.text, rest).is_le());
        let mut at = after.checked_sub(1);
        while let Some(phrase) = at.and_then(|at| self.phrases.get(at)) {
            if let Some((start, after)) = rest.split_at_checked(phrase.text.len())
                && is_same(&phrase.text, start)
                && fits(phrase, after)
            {
                return Some((phrase.text.len(), &phrase.meaning));
            }
            at = phrase.inner;
        }
        None
    }
}

/// Each with the longest other that it begins with.
fn sorted(phrases: BTreeMap<Vec<char>, (Meaning, bool)>) -> Vec<Phrase> {
    let mut sorted: Vec<Phrase> = Vec::with_capacity(phrases.len());
    for (text, (meaning, bare)) in phrases {
        let mut inner = sorted.len().checked_sub(1);
        while let Some(phrase) = inner.and_then(|at| sorted.get(at)) {
            if text.starts_with(&phrase.text) {
                break;
            }
            inner = phrase.inner;
        }
        sorted.push(Phrase { text, meaning, bare, inner });
    }
    sorted
}

/// Rows by cell, for each column.
fn cells(facts: &Facts<'_>) -> BTreeMap<(usize, String), Vec<usize>> {
    let mut cells: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
    for (row, values) in facts.table.rows.iter().enumerate() {
        for (index, (cell, column)) in values.iter().zip(&facts.table.columns).enumerate() {
            if facts.is_name(index) {
                cells.entry((index, display_cell(cell, column.unit.as_deref()))).or_default().push(row);
            }
        }
    }
    cells
}

fn order(phrase: &[char], rest: &[char]) -> Ordering {
    phrase.iter().copied().cmp(rest.iter().map(|c| folded(*c)))
}

fn is_same(phrase: &[char], text: &[char]) -> bool {
    text.iter().map(|c| folded(*c)).eq(phrase.iter().copied())
}

/// Whether a phrase is a month or a date, which is read as one: "October" must not part "October 2026".
fn is_date(text: &str) -> bool {
    let parts = words_of(text);
    let of_date = |word: &String| words::month(word).is_some() || word.chars().all(char::is_numeric);
    !parts.is_empty() && parts.iter().all(of_date)
}

/// A phrase is not recognised inside a longer word or number.
fn ends_here(text: &[char], after: &[char]) -> bool {
    let digit_before = text.last().is_some_and(char::is_ascii_digit);
    match (after.first(), after.get(1)) {
        (Some(c), _) if c.is_alphanumeric() || *c == '_' => false,
        (Some('%'), _) => !digit_before,
        (Some('.' | ',' | ':' | '/'), Some(next)) => !(digit_before && next.is_ascii_digit()),
        _ => true,
    }
}

/// Whether `word` could be a claim of the narrative's own.
fn is_claim(word: &str) -> bool {
    words::sense(word).is_some()
        || numerals::small(word).is_some()
        || numerals::parts(word).is_some()
        || numerals::ordinal(word).is_some()
        || words::scale(word).is_some()
        || words::is_unit(word)
        || word.chars().all(char::is_numeric)
}

/// Whether a cell is written as names are: in capitals, or as one or two words. A sentence is not.
fn is_name_like(text: &str) -> bool {
    const NAME_WORDS_MAX: usize = 5;
    let words: Vec<&str> = text.split(' ').collect();
    let links = |word: &str| matches!(word, "of" | "the" | "and" | "de" | "la" | "&" | "-");
    let capital = |word: &&str| links(word) || !word.starts_with(char::is_lowercase);
    words.len() <= 2 || (words.len() <= NAME_WORDS_MAX && words.iter().all(capital))
}

/// A cell that reads like a claim or a common word is a name only in quotes: a row that says
/// "up 900%" must not put these words into a narrative's own mouth.
fn may_stand_bare(text: &str) -> bool {
    let parts = words_of(text);
    let plain = text.chars().all(|c| c.is_alphanumeric() || " -'.&".contains(c));
    let counts = |word: &String| word.chars().all(char::is_numeric);
    let claims =
        parts.iter().any(|word| !counts(word) && is_claim(word)) || parts.first().is_some_and(counts);
    let common = parts.iter().all(|word| {
        vocabulary::is_neutral(word) || words::month(word).is_some() || words::weekday(word).is_some()
    });
    plain
        && !claims
        && !common
        && is_name_like(text)
        && text.chars().any(char::is_alphabetic)
        && Date::from_iso(text).is_none()
}

//! The phrases that need no proof of their own: cells, columns, units and what the caller allows.

use crate::dates::Date;
use crate::display::display_cell;
use crate::facts::{Facts, words_of};
use crate::words;
use std::collections::BTreeMap;

/// What a phrase stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The rows that hold this cell.
    Rows {
        /// Column of the cell.
        column: usize,
        /// Rows, in order.
        rows: Vec<usize>,
    },
    /// Words of the question's own vocabulary.
    Known(Vec<String>),
}

#[derive(Debug)]
struct Phrase {
    text: Vec<char>,
    meaning: Meaning,
    /// Whether it is recognised without quotes.
    bare: bool,
}

/// Phrases by first letter, longest first.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    phrases: BTreeMap<char, Vec<Phrase>>,
}

pub(crate) fn folded(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

impl Lexicon {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut lexicon = Self::default();
        let mut cells: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        for (row, values) in facts.table.rows.iter().enumerate() {
            for (index, (cell, column)) in values.iter().zip(&facts.table.columns).enumerate() {
                cells.entry((index, display_cell(cell, column.unit.as_deref()))).or_default().push(row);
            }
        }
        for ((column, text), rows) in cells {
            let number = facts.table.columns.get(column).is_some_and(|column| column.data_type.is_number());
            let bare = !number && may_stand_bare(&text);
            lexicon.add(&text, Meaning::Rows { column, rows }, bare);
        }
        for column in &facts.table.columns {
            let known = words_of(&column.name);
            lexicon.add(&known.join(" "), Meaning::Known(known.clone()), true);
            lexicon.add(&column.name, Meaning::Known(known), true);
            if let Some(unit) = &column.unit {
                lexicon.add(unit, Meaning::Known(Vec::new()), true);
            }
        }
        for text in &facts.context.allowed {
            lexicon.add(text.trim(), Meaning::Known(words_of(text)), true);
        }
        for phrases in lexicon.phrases.values_mut() {
            // Stable, so that of two phrases of one length the cell, which was added first, is found.
            phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.text.len()));
        }
        lexicon
    }

    fn add(&mut self, text: &str, meaning: Meaning, bare: bool) {
        let text: Vec<char> = text.chars().map(folded).collect();
        if let Some(first) = text.first() {
            self.phrases.entry(*first).or_default().push(Phrase { text, meaning, bare });
        }
    }

    /// The longest phrase that stands at the start of `rest`, and its length.
    pub(crate) fn bare(&self, rest: &[char]) -> Option<(usize, &Meaning)> {
        let found = self.at(rest).find(|(phrase, after)| phrase.bare && ends_here(&phrase.text, after));
        found.map(|(phrase, _)| (phrase.text.len(), &phrase.meaning))
    }

    /// The longest phrase between `rest`'s start and a closing `quote`.
    pub(crate) fn quoted(&self, rest: &[char], quote: char) -> Option<(usize, &Meaning)> {
        let found = self.at(rest).find(|(_, after)| after.first() == Some(&quote));
        found.map(|(phrase, _)| (phrase.text.len(), &phrase.meaning))
    }

    fn at<'s, 'r>(&'s self, rest: &'r [char]) -> impl Iterator<Item = (&'s Phrase, &'r [char])> {
        let candidates = rest.first().and_then(|c| self.phrases.get(&folded(*c)));
        candidates.into_iter().flatten().filter_map(|phrase| {
            let (start, after) = rest.split_at_checked(phrase.text.len())?;
            start.iter().map(|c| folded(*c)).eq(phrase.text.iter().copied()).then_some((phrase, after))
        })
    }
}

/// A phrase is not recognised inside a longer word or number.
fn ends_here(text: &[char], after: &[char]) -> bool {
    let digit_before = text.last().is_some_and(char::is_ascii_digit);
    match (after.first(), after.get(1)) {
        (Some(c), _) if c.is_alphanumeric() || *c == '_' => false,
        (Some('%'), _) => !digit_before,
        (Some('.' | ','), Some(next)) => !(digit_before && next.is_ascii_digit()),
        _ => true,
    }
}

/// A cell that reads like a claim or a common word is a name only in quotes: a row that says
/// "up 900%" must not put these words into a narrative's own mouth.
fn may_stand_bare(text: &str) -> bool {
    let parts = words_of(text);
    let claims = parts.iter().any(|word| {
        words::sense(word).is_some()
            || words::small_number(word).is_some()
            || words::ordinal(word).is_some()
            || words::scale(word).is_some()
    });
    let plain = text.chars().all(|c| c.is_alphanumeric() || " -'.&".contains(c));
    let common = parts.iter().all(|word| words::is_neutral(word) || words::month(word).is_some());
    plain && !claims && !common && text.chars().any(char::is_alphabetic) && Date::from_iso(text).is_none()
}

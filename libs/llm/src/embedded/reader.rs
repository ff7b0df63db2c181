//! Walks over the tokens of a question and takes it apart.
//!
//! Decides the part that each word plays. A word that plays none is a leftover; nothing is skipped
//! but the words that [`words::is_stop`] lists and the prepositions.

use super::grammar::{Group, GroupKind, Loose, Mention, Rank, Reading, Value};
use super::tokens::{Kind, Token};
use super::vocabulary::{Match, Vocabulary};
use super::words::{self, Modifier};
use std::ops::Range;

/// The most words of a value that is not quoted.
const VALUE_WORDS_MAX: usize = 6;

/// What the words before lead one to expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Plain,
    /// After "by", "per", "each".
    Group,
    /// After a preposition.
    Value,
    /// After "excluding".
    Negated,
}

/// Takes a question apart. `tokens` are those of `text`, with periods marked.
pub(crate) fn read(text: &str, tokens: &[Token], vocabulary: &Vocabulary<'_>) -> Reading {
    let mut reader = Reader {
        text,
        tokens,
        vocabulary,
        at: 0,
        mode: Mode::Plain,
        since: 0,
        open: None,
        wanted: None,
        joined: false,
        modifiers: Vec::new(),
        reading: Reading::default(),
    };
    while let Some(token) = tokens.get(reader.at) {
        reader.step(token);
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
    vocabulary: &'a Vocabulary<'a>,
    at: usize,
    mode: Mode,
    /// Where the preposition stands that began the mode.
    since: usize,
    /// A word that must still be given its object: "by", "excluding", "which".
    open: Option<Range<usize>>,
    /// Whether a rank or "which" waits for what it ranks; the latter takes dimensions alone.
    wanted: Option<Wanted>,
    /// Whether "and" or a comma came last.
    joined: bool,
    modifiers: Vec<(Modifier, Range<usize>)>,
    reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Rank,
    Which,
    What,
}

impl<'a> Reader<'a> {
    fn token(&self, index: usize) -> Option<&'a Token> {
        self.tokens.get(index)
    }

    fn lower(&self, index: usize) -> &'a str {
        self.token(index).filter(|token| token.kind == Kind::Word).map_or("", |token| &token.lower)
    }

    fn span(&self, from: usize, to: usize) -> Range<usize> {
        let start = self.token(from).map_or(self.text.len(), |token| token.span.start);
        let end = to.checked_sub(1).and_then(|last| self.token(last)).map_or(start, |token| token.span.end);
        start..end.max(start)
    }

    fn leave(&mut self, length: usize) {
        let span = self.span(self.at, self.at + length);
        self.reading.leftovers.push(span);
        self.at += length;
        self.joined = false;
    }

    fn enter(&mut self, mode: Mode, length: usize) {
        self.since = self.at;
        if matches!(mode, Mode::Group | Mode::Negated) {
            self.give_up();
            self.open = Some(self.span(self.at, self.at + length));
        }
        self.mode = mode;
        self.at += length;
    }

    /// What still waits for its object will not get it.
    fn give_up(&mut self) {
        self.reading.leftovers.extend(self.open.take());
    }

    fn finish(mut self) -> Reading {
        self.give_up();
        // "in total" after the metric says it of all of them.
        let said: Vec<Modifier> = self.modifiers.drain(..).map(|(modifier, _)| modifier).collect();
        for mention in &mut self.reading.metrics {
            mention.modifiers.extend(&said);
        }
        self.reading
    }

    fn step(&mut self, token: &Token) {
        match token.kind {
            Kind::Period => {
                self.mode = if self.mode == Mode::Group { Mode::Group } else { Mode::Plain };
                self.at += 1;
            }
            Kind::Comma => {
                self.join();
                self.at += 1;
            }
            Kind::Stop => {
                self.give_up();
                (self.mode, self.joined) = (Mode::Plain, false);
                self.at += 1;
            }
            Kind::Symbol if token.lower == "&" => {
                self.join();
                self.at += 1;
            }
            Kind::Symbol => self.leave(1),
            Kind::Quoted => self.quoted(token),
            Kind::Word | Kind::Number => self.word(token),
        }
    }

    fn join(&mut self) {
        self.joined = true;
        let after_negated = self.reading.values.last().is_some_and(|value| {
            value.negated && self.at.checked_sub(1).and_then(|at| self.token(at)).is_some_and(|t| t.span.end <= value.span.end)
        });
        if after_negated {
            self.mode = Mode::Negated;
        }
    }

    fn quoted(&mut self, token: &Token) {
        // A name of the catalogue in quotes is that name.
        let inner = super::tokens::tokens(&token.lower);
        let whole = self.vocabulary.longest(&inner, 0).filter(|found| found.length == inner.len());
        match whole {
            Some(found) if self.mode != Mode::Negated => self.name(Match { length: 1, ..found }),
            Some(_) | None => self.value(self.at, self.at + 1, None),
        }
    }

    fn word(&mut self, token: &Token) {
        if let Some(found) = self.named(self.at) {
            return self.name(found);
        }
        if let Some(descending) = self.superlative_here() {
            return self.rank(descending);
        }
        if self.grain() || self.phrase_word(token) {
            return;
        }
        match self.run(self.at) {
            Some(end) => self.unknown(end),
            None => self.leave(1),
        }
    }

    /// A name of the catalogue at `index`; a word of grammar alone is none.
    fn named(&self, index: usize) -> Option<Match> {
        let found = self.vocabulary.longest(self.tokens, index)?;
        (found.length > 1 || !words::is_function_word(self.lower(index))).then_some(found)
    }

    /// "top", or a number before it: "5 best".
    fn superlative_here(&self) -> Option<bool> {
        let here = words::superlative(self.lower(self.at));
        here.or_else(|| self.count_at(self.at).and_then(|_| words::superlative(self.lower(self.at + 1))))
    }

    fn count_at(&self, index: usize) -> Option<u32> {
        let token = self.token(index)?;
        match token.kind {
            Kind::Number => token.lower.parse().ok(),
            Kind::Word => words::number(&token.lower),
            Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Period | Kind::Symbol => None,
        }
    }

    fn rank(&mut self, descending: bool) {
        let before = words::superlative(self.lower(self.at)).is_none();
        let (count, length) = match (before, self.count_at(self.at + 1)) {
            (true, _) => (self.count_at(self.at), 2),
            (false, Some(count)) => (Some(count), 2),
            (false, None) => (None, 1),
        };
        let at = self.span(self.at, self.at + 1).start;
        match &mut self.reading.rank {
            Some(rank) if rank.descending != descending || (rank.count.is_some() && count.is_some()) => {
                return self.leave(length);
            }
            Some(rank) => rank.count = rank.count.or(count),
            rank @ None => *rank = Some(Rank { at, descending, count }),
        }
        if self.wanted.is_none() && self.mode != Mode::Group {
            self.wanted = Some(Wanted::Rank);
        }
        self.at += length;
        self.joined = false;
    }

    /// "by month", "monthly", "month by month", "which month".
    fn grain(&mut self) -> bool {
        let Some((grain, adjective)) = words::grain(self.lower(self.at)) else { return false };
        let again = self.lower(self.at + 1) == "by" && words::grain(self.lower(self.at + 2)) == Some((grain, false));
        let length = if again { 3 } else { 1 };
        let asked = matches!(self.wanted, Some(Wanted::Which | Wanted::What | Wanted::Rank));
        if !(adjective || again || self.mode == Mode::Group || asked) {
            return false;
        }
        let single = self.token(self.at).is_some_and(|token| token.lower == token.norm);
        self.group(length, GroupKind::Grain(grain), asked && self.mode != Mode::Group && !adjective, single);
        true
    }

    fn group(&mut self, length: usize, kind: GroupKind, wanted: bool, single: bool) {
        let span = self.span(self.at, self.at + length);
        self.reading.groups.push(Group { span, kind, wanted, single });
        self.open = None;
        if wanted {
            self.wanted = None;
            self.mode = Mode::Plain;
        }
        self.at += length;
        self.joined = false;
    }

    fn mention(&mut self, found: Match, orders: bool) {
        let start = self.modifiers.first().map(|(_, span)| span.start);
        let own = self.span(self.at, self.at + found.length);
        let linked = self.joined || orders || self.reading.metrics.is_empty();
        self.reading.metrics.push(Mention {
            span: start.unwrap_or(own.start)..own.end,
            candidates: found.metrics,
            modifiers: self.modifiers.drain(..).map(|(modifier, _)| modifier).collect(),
            linked,
            orders,
        });
        if orders {
            self.open = None;
        }
        self.at += found.length;
        (self.mode, self.joined) = (Mode::Plain, false);
        if self.wanted == Some(Wanted::Rank) || self.wanted == Some(Wanted::What) {
            self.wanted = None;
        }
    }

    fn name(&mut self, found: Match) {
        let (is_metric, is_dimension) = (!found.metrics.is_empty(), !found.dimensions.is_empty());
        let next = self.at + found.length;
        match self.mode {
            Mode::Negated => match self.value_after(next).filter(|_| is_dimension) {
                Some((from, to)) => self.value(from, to, Some(found)),
                None => self.leave(found.length),
            },
            Mode::Group => self.grouped(found),
            Mode::Value | Mode::Plain => {
                let asked = match self.wanted {
                    Some(Wanted::Which) => is_dimension,
                    Some(Wanted::What) => is_dimension && !is_metric,
                    Some(Wanted::Rank) => is_dimension && (!is_metric || self.has_count()),
                    None => false,
                };
                let value = self.value_after(next).filter(|_| is_dimension && !is_metric);
                match value {
                    _ if asked => {
                        let single = self.is_single(next);
                        self.group(found.length, GroupKind::Field(found.dimensions), true, single);
                    }
                    Some((from, to)) => self.value(from, to, Some(found)),
                    None if is_metric => self.mention(found, false),
                    None => self.loose(found),
                }
            }
        }
    }

    fn has_count(&self) -> bool {
        self.reading.rank.as_ref().is_some_and(|rank| rank.count.is_some())
    }

    fn is_single(&self, next: usize) -> bool {
        next.checked_sub(1).and_then(|last| self.token(last)).is_some_and(|token| token.lower == token.norm)
    }

    /// A name after "by": a dimension, or the metric to order by.
    fn grouped(&mut self, found: Match) {
        let (is_metric, is_dimension) = (!found.metrics.is_empty(), !found.dimensions.is_empty());
        let ranked = self.reading.rank.is_some() && !self.reading.groups.is_empty();
        match (is_metric, is_dimension) {
            (false, true) => {
                let single = self.is_single(self.at + found.length);
                self.group(found.length, GroupKind::Field(found.dimensions), false, single);
            }
            (true, true) if !ranked => {
                let single = self.is_single(self.at + found.length);
                self.group(found.length, GroupKind::Field(found.dimensions), false, single);
            }
            (true, _) if self.open.is_none() && self.joined => self.mention(found, false),
            (true, _) if self.reading.rank.is_some() => self.mention(found, true),
            // "branches by fees" orders branches.
            (true, _) if !self.reading.loose.is_empty() => {
                let at = self.span(self.at, self.at + 1).start;
                self.reading.rank = Some(Rank { at, descending: true, count: None });
                self.mention(found, true);
            }
            (true | false, _) => self.leave(found.length),
        }
    }

    fn loose(&mut self, found: Match) {
        let next = self.at + found.length;
        let from = if self.mode == Mode::Value { self.since } else { self.at };
        let (span, single) = (self.span(from, next), self.is_single(next));
        self.reading.loose.push(Loose { span, candidates: found.dimensions, single });
        self.at = next;
        (self.mode, self.joined) = (Mode::Plain, false);
    }

    /// The tokens of a value that follows a dimension: "branch Harbour", "branch is Harbour".
    fn value_after(&self, index: usize) -> Option<(usize, usize)> {
        let linked = matches!(self.lower(index), "is" | "are" | "was" | "were" | "called" | "named" | "number")
            || self.token(index).is_some_and(|token| token.kind == Kind::Symbol && token.lower == "=");
        let from = index + usize::from(linked);
        self.run(from).map(|end| (from, end))
    }

    /// The end of a run of words, from `from`, that nothing here knows; or of one quotation.
    fn run(&self, from: usize) -> Option<usize> {
        let first = self.token(from)?;
        if first.kind == Kind::Quoted {
            return Some(from + 1);
        }
        if !self.is_unknown(from) {
            return None;
        }
        let mut end = from + 1;
        loop {
            // A capitalised value may hold small words: "House of Glass".
            let gap = usize::from(first.capital && matches!(self.lower(end), "of" | "the" | "and" | "de" | "la"));
            let capital = |index| self.token(index).is_some_and(|token: &Token| token.capital && token.is_word());
            let goes_on = self.is_unknown(end + gap) && (gap == 0 || capital(end + gap));
            let capitals = first.capital && gap == 0 && capital(end) && self.named(end).is_none();
            match goes_on || capitals {
                true => end += gap + 1,
                false => break,
            }
        }
        (end - from <= VALUE_WORDS_MAX).then_some(end)
    }

    fn is_unknown(&self, index: usize) -> bool {
        self.token(index).is_some_and(|token| match token.kind {
            Kind::Number => true,
            Kind::Word => !words::is_function_word(&token.lower) && self.named(index).is_none(),
            Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Period | Kind::Symbol => false,
        })
    }

    /// Words that nothing here knows: a value, if something says so, else a leftover.
    fn unknown(&mut self, end: usize) {
        // "the Harbour branch"; in the plural it only says what kind of thing the value is.
        let after = self.named(end).filter(|found| found.metrics.is_empty());
        let named = (self.at..end).all(|index| {
            let follows = self.token(end).is_some() && self.named(end).is_some();
            self.token(index).is_some_and(|token| token.capital && (!token.first || follows))
        });
        let bare_number = self.token(self.at).is_some_and(|token| token.kind == Kind::Number) && self.named(end).is_some();
        match self.mode {
            Mode::Value | Mode::Negated if !bare_number => self.value(self.at, end, after),
            Mode::Plain if named => self.value(self.at, end, after),
            Mode::Value | Mode::Negated | Mode::Plain | Mode::Group => self.leave(end - self.at),
        }
    }

    /// Takes tokens as a value; `found` is the dimension before or after it.
    fn value(&mut self, from: usize, to: usize, found: Option<Match>) {
        let quoted = self.token(from).filter(|token| token.kind == Kind::Quoted).map(|token| token.lower.clone());
        let range = self.span(from, to);
        let phrase = quoted.or_else(|| self.text.get(range.clone()).map(str::to_owned)).unwrap_or_else(String::new);
        let after = found.as_ref().filter(|_| from == self.at).map_or(0, |found| found.length);
        let plural = after > 0 && !self.is_single(to + after);
        let negated = self.mode == Mode::Negated;
        let conjoined = self.joined && self.reading.values.last().is_some_and(|value| !value.negated);
        self.reading.values.push(Value {
            span: range.start..self.span(to, to + after).end.max(range.end),
            phrase,
            dimensions: found.filter(|_| !plural).map(|found| found.dimensions),
            negated,
            conjoined,
        });
        if negated {
            self.open = None;
        }
        self.at = to + after;
        (self.mode, self.joined) = (Mode::Plain, false);
    }

    /// Words of grammar. Says whether it took one.
    fn phrase_word(&mut self, token: &Token) -> bool {
        let (word, next, third) = (token.lower.as_str(), self.lower(self.at + 1), self.lower(self.at + 2));
        match (word, next) {
            ("how", "many") => self.modify(Modifier::Count, 2),
            ("how", "much") => self.at += 2,
            ("number" | "count", "of") => self.modify(Modifier::Count, 2),
            ("sum" | "total", "of") => self.modify(Modifier::Total, 2),
            ("other", "than") | ("apart", "from") | ("except", "for") => self.enter(Mode::Negated, 2),
            ("but" | "and", "not" | "without" | "excluding") => self.at += 1,
            ("as", "well") if third == "as" => {
                self.join();
                self.at += 3;
            }
            ("broken", "down") if third == "by" => self.at += 2,
            ("broken" | "split" | "grouped" | "group" | "breakdown" | "divided", "by") => self.at += 1,
            ("sorted" | "ranked" | "ordered", "by") => self.rank_by(2),
            ("rank" | "sort", _) => self.rank_by(1),
            ("ascending" | "descending", _) if self.reading.rank.is_some() => {
                if let Some(rank) = &mut self.reading.rank {
                    rank.descending = word == "descending";
                }
                self.at += 1;
            }
            ("which" | "what", _) => self.ask(word == "which"),
            ("and" | "plus", _) => {
                self.join();
                self.at += 1;
            }
            ("or", _) if self.reading.values.last().is_some_and(|value| value.negated) => {
                self.join();
                self.at += 1;
            }
            _ => return self.single_word(word),
        }
        true
    }

    fn single_word(&mut self, word: &str) -> bool {
        if words::is_grouper(word) {
            self.enter(Mode::Group, 1);
        } else if words::is_negator(word) {
            self.enter(Mode::Negated, 1);
        } else if words::is_preposition(word) {
            // "not in Harbour": the preposition does not end the negation.
            match self.mode {
                Mode::Negated => self.at += 1,
                Mode::Plain | Mode::Group | Mode::Value => self.enter(Mode::Value, 1),
            }
        } else if let Some(modifier) = words::modifier(word) {
            self.modify(modifier, 1);
        } else if self.wanted == Some(Wanted::Which) && self.count_at(self.at).is_some() {
            self.count_of_which();
        } else if words::is_stop(word) {
            self.at += 1;
        } else {
            return false;
        }
        true
    }

    /// "which 5 branches": the rank may follow.
    fn count_of_which(&mut self) {
        let at = self.span(self.at, self.at + 1).start;
        let count = self.count_at(self.at);
        match &mut self.reading.rank {
            Some(_) => return self.leave(1),
            rank @ None => *rank = Some(Rank { at, descending: true, count }),
        }
        self.at += 1;
    }

    fn modify(&mut self, modifier: Modifier, length: usize) {
        let span = self.span(self.at, self.at + length);
        self.modifiers.push((modifier, span));
        self.at += length;
    }

    /// "ranked by fees", "rank branches by fees".
    fn rank_by(&mut self, length: usize) {
        let at = self.span(self.at, self.at + 1).start;
        if self.reading.rank.is_none() {
            self.reading.rank = Some(Rank { at, descending: true, count: None });
        }
        if length == 2 {
            self.enter(Mode::Group, 2);
        } else {
            self.wanted = Some(Wanted::Rank);
            self.at += 1;
        }
    }

    fn ask(&mut self, which: bool) {
        if which {
            self.give_up();
            self.open = Some(self.span(self.at, self.at + 1));
        }
        self.wanted = Some(if which { Wanted::Which } else { Wanted::What });
        self.mode = Mode::Plain;
        self.at += 1;
    }
}

//! Walks over the tokens of a question and takes it apart.
//!
//! Decides the part that each word plays. A word that plays none is a leftover; nothing is skipped
//! but the words that [`words::is_stop`] lists and the prepositions.

mod names;
mod phrases;
mod values;

use super::bounds::{Of, Said};
use super::grammar::{Group, GroupKind, Joint, Mention, Reading};
use super::tokens::{Kind, Token};
use super::vocabulary::{Match, Vocabulary};
use super::words::{self, Modifier};
use std::ops::Range;

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
pub(crate) fn read(text: &str, tokens: &[Token], bounds: &[Said], vocabulary: &Vocabulary<'_>) -> Reading {
    let mut reader = Reader {
        text,
        tokens,
        bounds,
        vocabulary,
        at: 0,
        mode: Mode::Plain,
        since: 0,
        open: None,
        wanted: None,
        joined: false,
        joint: Joint::None,
        bound: None,
        verb_bound: None,
        quantity: false,
        listed: false,
        pending: None,
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
    bounds: &'a [Said],
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
    /// What joins the value that comes next to the one before.
    joint: Joint,
    /// A bound that waits for its metric, and where it stands.
    bound: Option<(usize, Range<usize>)>,
    /// A bound after a verb that may stand for a metric.
    verb_bound: Option<(usize, Range<usize>)>,
    /// Whether "most" or "fewest" came last: of a thing, they count.
    quantity: bool,
    /// Whether "list" came before: it asks for things, and not for their number.
    listed: bool,
    /// A number before a thing, of which a rank must still say which ones.
    pending: Option<(u32, Range<usize>)>,
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
        self.reading.leftovers.extend(self.bound.take().map(|(_, span)| span));
        self.verb_alone();
        self.reading.leftovers.extend(self.verb_bound.take().map(|(_, span)| span));
        if let Some((count, span)) = self.pending.take() {
            match &mut self.reading.rank {
                Some(rank) if rank.count.is_none() => rank.count = Some(count),
                Some(_) | None => self.reading.leftovers.push(span),
            }
        }
        // "in total" after the metric says it of all of them.
        let said: Vec<Modifier> = self.modifiers.drain(..).map(|(modifier, _)| modifier).collect();
        for mention in &mut self.reading.metrics {
            mention.modifiers.extend(&said);
        }
        self.reading
    }

    fn step(&mut self, token: &Token) {
        match token.kind {
            Kind::Taken => {
                self.mode = if self.mode == Mode::Group { Mode::Group } else { Mode::Plain };
                self.at += 1;
            }
            Kind::Bound(number) => self.bounded(number),
            Kind::Comma => {
                self.join(Joint::Comma);
                self.at += 1;
            }
            Kind::Stop => {
                self.give_up();
                (self.mode, self.joined) = (Mode::Plain, false);
                self.at += 1;
            }
            Kind::Symbol if token.lower == "&" => {
                self.join(Joint::And);
                self.at += 1;
            }
            Kind::Symbol => self.leave(1),
            Kind::Quoted => self.quoted(token),
            Kind::Word | Kind::Number => self.word(token),
        }
    }

    fn join(&mut self, joint: Joint) {
        self.joined = true;
        let before = self.at.checked_sub(1).and_then(|at| self.token(at)).map_or(0, |token| token.span.end);
        let after_value = self.reading.values.last().filter(|value| before <= value.span.end);
        let Some(value) = after_value else {
            // "Oslo, or Bergen": the word says what the comma left open.
            if self.joint == Joint::Comma {
                self.joint = joint;
            }
            return;
        };
        self.mode = if value.negated { Mode::Negated } else { Mode::Value };
        self.since = self.at + 1;
        self.joint = joint;
    }

    /// A bound: of the metric before it, of the one that comes next, or of what is known without one.
    fn bounded(&mut self, number: usize) {
        let of = self.bounds.get(number).map(|bound| bound.of);
        match (of, self.reading.metrics.last_mut()) {
            (Some(Of::Before), Some(mention)) => {
                mention.bounds.push(number);
                mention.linked = true;
            }
            (Some(Of::Before), None) => self.verb_bound = Some((number, self.span(self.at, self.at + 1))),
            (Some(Of::Next | Of::Share), _) if self.bound.is_none() => {
                self.bound = Some((number, self.span(self.at, self.at + 1)));
            }
            (Some(Of::Figure), _) => {}
            (Some(Of::Next | Of::Share) | None, _) => return self.leave(1),
        }
        self.reading.bounded = true;
        self.mode = Mode::Plain;
        self.at += 1;
    }

    fn quoted(&mut self, token: &Token) {
        // A name of the catalogue in quotes is that name.
        let inner = super::tokens::tokens(&token.lower);
        let whole = self.vocabulary.longest(&inner, 0).filter(|found| found.length == inner.len());
        match whole {
            Some(found) if self.mode != Mode::Negated => self.name(Match { length: 1, ..found }),
            Some(_) | None => {
                // "the \"drive-through\" channel".
                let after =
                    self.named(self.at + 1).map(Self::as_thing).filter(|found| found.metrics.is_empty());
                self.value(
                    self.at,
                    self.at + 1,
                    after.filter(|found| self.is_single(self.at + 1 + found.length)),
                );
            }
        }
    }

    fn word(&mut self, token: &Token) {
        if let Some(end) = self.compound(self.at) {
            return self.unknown(end);
        }
        if let Some(found) = self.thing_like_a_stop_word() {
            return self.name(found);
        }
        if self.sort_phrase() || self.bound_phrase() || self.counted_thing() {
            return;
        }
        if let Some(found) = self.named(self.at) {
            return self.name(self.asked_thing().unwrap_or(found));
        }
        // "plays of Top Gun Maverick".
        let title =
            words::superlative(&token.lower).is_some() && self.begins_name(self.at) && !self.is_title_case();
        if let Some(end) = self.run(self.at).filter(|_| title) {
            return self.unknown(end);
        }
        if let Some(descending) = self.superlative_here() {
            return self.rank(descending);
        }
        if self.grain() || self.phrase_word(token) || self.echo(token) {
            return;
        }
        match self.run(self.at) {
            Some(end) => self.unknown(end),
            None => self.leave(1),
        }
    }

    /// "which show had ..", "by show": a word without a meaning elsewhere, where only a thing can stand.
    fn thing_like_a_stop_word(&self) -> Option<Match> {
        let waits = self.open.is_some() && (self.mode == Mode::Group || self.wanted == Some(Wanted::Which));
        let stop = words::is_stop(self.lower(self.at)) && !words::is_article(self.lower(self.at));
        self.vocabulary.longest_dimension(self.tokens, self.at).filter(|_| waits && stop)
    }

    /// "which lorry used ..": what is asked for is a thing, though a longer name may begin with it.
    fn asked_thing(&self) -> Option<Match> {
        let asked = self.wanted == Some(Wanted::Which) && self.open.is_some();
        self.vocabulary.longest_dimension(self.tokens, self.at).filter(|_| asked)
    }

    /// A name of the catalogue at `index`; a word of grammar alone is none.
    fn named(&self, index: usize) -> Option<Match> {
        let found = self.vocabulary.longest(self.tokens, index)?;
        (found.length > 1 || !words::is_function_word(self.lower(index))).then_some(found)
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
        if self.is_largest_one(&found) {
            return self.leave(found.length);
        }
        let start = self.modifiers.first().map(|(_, span)| span.start);
        let own = self.span(self.at, self.at + found.length);
        let bound = self.bound.take().map(|(number, _)| number);
        let linked = self.joined || orders || bound.is_some() || self.reading.metrics.is_empty();
        self.reading.metrics.push(Mention {
            span: start.unwrap_or(own.start)..own.end,
            candidates: found.metrics,
            modifiers: self.modifiers.drain(..).map(|(modifier, _)| modifier).collect(),
            linked,
            orders,
            bounds: bound.into_iter().collect(),
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
}

//! Names of the catalogue where they stand: asked for, grouped by, counted, or named with a value.
//!
//! Decides which of these a name is; between metrics and dimensions of one name its neighbours decide.

use super::super::grammar::{Candidates, GroupKind, Loose, Rank};
use super::super::tokens::{Kind, Token, spelled_words};
use super::super::vocabulary::{Match, Tier};
use super::super::words::{self, Modifier};
use super::{Mode, Reader, Wanted};
use crate::aggregate::Aggregate;

impl Reader<'_> {
    /// A thing that has a count is still a thing: only "number of branches" counts branches.
    pub(super) fn as_thing(mut found: Match) -> Match {
        let best = |candidates: &Candidates| candidates.iter().map(|(_, tier)| *tier).min();
        if best(&found.metrics) == Some(Tier::Short)
            && best(&found.dimensions).is_some_and(|tier| tier <= Tier::Synonym)
        {
            found.metrics.clear();
        }
        found
    }

    pub(super) fn name(&mut self, found: Match) {
        let counted = self.modifiers.iter().any(|(modifier, _)| *modifier == Modifier::Count);
        let quantity = std::mem::take(&mut self.quantity) && !self.reading.groups.is_empty();
        let mut found =
            if counted || quantity || self.bound.is_some() { found } else { Self::as_thing(found) };
        if std::mem::take(&mut self.listed) && !counted && !found.dimensions.is_empty() {
            found.metrics.clear();
        }
        // "loan number" is no number of loans.
        let next = self.at + found.length;
        if !found.metrics.is_empty()
            && matches!(self.lower(next), "number" | "id" | "ids" | "code" | "name" | "names")
        {
            return self.leave(found.length + 1);
        }
        let (is_metric, is_dimension) = (!found.metrics.is_empty(), !found.dimensions.is_empty());
        match self.mode {
            Mode::Negated => match self.value_after(next).filter(|_| is_dimension) {
                Some((from, to)) => self.value(from, to, Some(found)),
                None => self.leave(found.length),
            },
            Mode::Group => self.grouped(found),
            Mode::Value | Mode::Plain => {
                let asked = match self.wanted {
                    _ if self.bound.is_some() && is_metric => false,
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

    pub(super) fn is_single(&self, next: usize) -> bool {
        next.checked_sub(1).and_then(|last| self.token(last)).is_some_and(Token::is_single)
    }

    /// A name after "by": a dimension, or the metric to order by.
    pub(super) fn grouped(&mut self, found: Match) {
        let (is_metric, is_dimension) = (!found.metrics.is_empty(), !found.dimensions.is_empty());
        let ranked = self.reading.rank.is_some() && !self.reading.groups.is_empty();
        // "by member Ann" is about one of them.
        let next = self.at + found.length;
        let marked = self.token(next).is_some_and(|token| token.capital || token.kind == Kind::Quoted);
        if let Some((from, to)) =
            self.value_after(next).filter(|_| marked && is_dimension && self.is_single(next))
        {
            self.open = None;
            return self.value(from, to, Some(found));
        }
        match (is_metric, is_dimension) {
            (false, true) => {
                let single = self.is_single(self.at + found.length);
                self.group(found.length, GroupKind::Field(found.dimensions), false, single);
            }
            (true, true) if !ranked => {
                let single = self.is_single(self.at + found.length);
                self.group(found.length, GroupKind::Field(found.dimensions), false, single);
            }
            (true, _) if self.open.is_none() && (self.joined || self.reading.metrics.is_empty()) => {
                self.mention(found, false);
            }
            (true, _) if self.is_ranked_already() => self.leave(found.length),
            (true, _) if self.reading.rank.is_some() => self.mention(found, true),
            // "branches by fees" orders branches.
            (true, _) if !self.reading.loose.is_empty() => {
                let at = self.span(self.at, self.at + 1).start;
                self.reading.rank =
                    Some(Rank { at, descending: true, said: true, count: None, judged: None });
                self.mention(found, true);
            }
            (true | false, _) => self.leave(found.length),
        }
    }

    /// "with the most loans by fees" would rank twice.
    pub(super) fn is_ranked_already(&self) -> bool {
        let rank = self.reading.rank.as_ref();
        rank.is_some_and(|rank| {
            let waits = self.reading.metrics.iter().any(|mention| mention.span.start > rank.at);
            waits && self.reading.groups.iter().all(|group| group.span.start < rank.at)
        })
    }

    /// "the largest loan" is one of them, and no number of loans.
    pub(super) fn is_largest_one(&self, found: &Match) -> bool {
        let before = self.at.checked_sub(1).map_or("", |at| self.lower(at));
        let last = (self.at + found.length).checked_sub(1).map_or("", |at| self.lower(at));
        let counts = found.metrics.iter().all(|(index, _)| {
            let metric = self.vocabulary.metrics.get(*index);
            matches!(
                metric.and_then(|metric| Aggregate::of(metric)),
                Some(Aggregate::Count | Aggregate::CountDistinct)
            )
        });
        let superlative =
            words::superlative(before).is_some() && !matches!(before, "most" | "fewest" | "least");
        superlative && counts && last != "count" && self.is_single(self.at + found.length)
    }

    /// "long haul" where the haul is described as "short haul or long haul": the noun is part of the value.
    pub(super) fn whole_name(&self, end: usize, found: &Match) -> Option<Match> {
        let said: Vec<&str> = (self.at..end + found.length).map(|index| self.lower(index)).collect();
        let described = |index: usize| {
            let words = self.vocabulary.dimensions.get(index).map(|d| spelled_words(&d.field.description));
            words.is_some_and(|words| words.windows(said.len()).any(|own| own.iter().eq(said.iter())))
        };
        let dimensions: Vec<_> =
            found.dimensions.iter().filter(|(index, _)| described(*index)).copied().collect();
        (!dimensions.is_empty()).then(|| Match { length: found.length, metrics: Vec::new(), dimensions })
    }

    pub(super) fn value_with_noun(&mut self, end: usize, whole: Match) {
        self.value(self.at, end + whole.length, None);
        if let Some(value) = self.reading.values.last_mut() {
            value.dimensions = Some(whole.dimensions);
        }
    }

    /// "long haul only": the word that makes a value of what stands before it.
    pub(super) fn is_only(&self, at: usize) -> bool {
        let goes_on = self.token(at + 1).is_some_and(|next| {
            matches!(next.kind, Kind::Word | Kind::Number | Kind::Quoted | Kind::Symbol)
                && !words::is_preposition(&next.lower)
                && !words::is_grouper(&next.lower)
        });
        matches!(self.lower(at), "only" | "alone") && !goes_on
    }

    /// "in zones other than Hunter": the things are all but those that are named.
    fn other_than(&self, next: usize) -> Option<(usize, usize)> {
        let length = match (self.lower(next), self.lower(next + 1)) {
            ("other", "than") | ("except", "for") | ("apart" | "aside", "from") => 2,
            ("except" | "excluding", _) => 1,
            _ => return None,
        };
        let from = next + length;
        self.run(from).filter(|_| self.mode == Mode::Value && !self.is_single(next)).map(|end| (from, end))
    }

    pub(super) fn loose(&mut self, found: Match) {
        let next = self.at + found.length;
        if let Some((from, to)) = self.other_than(next) {
            (self.mode, self.at) = (Mode::Negated, next);
            return self.value(from, to, Some(found));
        }
        let from = if self.mode == Mode::Value { self.since } else { self.at };
        let (span, single) = (self.span(from, next), self.is_single(next));
        self.reading.loose.push(Loose { span, candidates: found.dimensions, single });
        self.at = next;
        (self.mode, self.joined) = (Mode::Plain, false);
    }
}

//! One sentence: which rows it names and which metrics it speaks of, and how its words stand to each other.
//!
//! Decides structure only. Which row a figure belongs to is decided in [`owner`]; whether a claim holds,
//! in [`crate::claims`].

pub(crate) mod owner;
mod topic;

use crate::facts::Facts;
use crate::figure::Figure;
use crate::lexer::{Break, Kind, Token};
use crate::measure::{Measure, When};
use crate::words::{self, Sense};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
pub(crate) use topic::{Topic, fits};

/// Rows that are named side by side: "Harbour, Old Mill and Castle".
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// First and last token.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) column: usize,
    /// Rows of each name.
    pub(crate) members: Vec<Rc<[usize]>>,
    /// Whether it is what another is compared with: "than Old Mill".
    pub(crate) object: bool,
    possessive: bool,
}

/// What the sentences before leave behind.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// The rows that the last sentence was about, if about one name, and their column.
    pub(crate) subject: Option<(usize, Rc<[usize]>)>,
    /// Rows that a heading names for the lines of its list.
    pub(crate) heading: Vec<(usize, Rc<[usize]>)>,
    /// The metrics that were named last.
    pub(crate) topics: Vec<usize>,
    /// Whether it was said that only some rows are here.
    pub(crate) shown: bool,
    /// The last line of a numbered list: its number and its row.
    pub(crate) item: Option<(i128, Option<usize>)>,
}

#[derive(Debug)]
pub(crate) struct Sentence<'a> {
    pub(crate) tokens: &'a [Token],
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) story: &'a Story,
    senses: Vec<Option<Sense>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) topics: Vec<Topic>,
    /// First tokens of the groups that took part in a claim.
    used: RefCell<BTreeSet<usize>>,
}

impl<'a> Sentence<'a> {
    pub(crate) fn of(tokens: &'a [Token], facts: &'a Facts<'a>, story: &'a Story) -> Self {
        let topics = topic::topics(tokens, facts);
        let mut senses: Vec<Option<Sense>> =
            tokens.iter().map(|token| token.word().and_then(words::sense)).collect();
        // "average fee" as a metric's name is no average of this result. A name that only a statement gave
        // could make any claim.
        for topic in topics.iter().filter(|topic| topic.whole) {
            let known = facts.measures.get(topic.measure).is_some_and(|measure| measure.is_known);
            let named = senses.iter_mut().take(topic.to + 1).skip(topic.from);
            named
                .filter(|sense| known || matches!(sense, Some(Sense::Total | Sense::Average)))
                .for_each(|sense| *sense = None);
        }
        let mut sentence =
            Self { tokens, facts, story, senses, groups: Vec::new(), topics, used: RefCell::default() };
        sentence.groups = sentence.groups();
        sentence
    }

    pub(crate) fn kind(&self, index: usize) -> Option<&Kind> {
        self.tokens.get(index).map(|token| &token.kind)
    }

    pub(crate) fn word(&self, index: usize) -> Option<&str> {
        self.tokens.get(index).and_then(Token::word)
    }

    pub(crate) fn figure(&self, index: usize) -> Option<&Figure> {
        self.tokens.get(index).and_then(Token::figure)
    }

    pub(crate) fn sense(&self, index: usize) -> Option<Sense> {
        self.senses.get(index).copied().flatten()
    }

    pub(crate) fn is_any(&self, index: usize, wanted: &[&str]) -> bool {
        self.word(index).is_some_and(|word| wanted.contains(&word))
    }

    /// Where the sense stands in a stretch of the sentence.
    pub(crate) fn find(&self, from: usize, to: usize, wanted: &[Sense]) -> Option<usize> {
        (from..to.min(self.tokens.len()))
            .find(|index| self.sense(*index).is_some_and(|s| wanted.contains(&s)))
    }

    pub(crate) fn has(&self, wanted: Sense) -> bool {
        self.senses.contains(&Some(wanted))
    }

    /// The token before `index` that is neither an article nor a bracket.
    pub(crate) fn lead(&self, index: usize) -> Option<usize> {
        let skipped = |at: &usize| match self.kind(*at) {
            Some(Kind::Word(word, _)) => words::is_filler(word),
            Some(Kind::Break(Break::Open)) => true,
            Some(Kind::Break(_) | Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. }) => {
                false
            }
            Some(Kind::Known(_) | Kind::Dash | Kind::Item(_) | Kind::End) | None => false,
        };
        (0..index).rev().find(|at| !skipped(at))
    }

    /// The token before `index`, where that is a word of these, over articles.
    pub(crate) fn led_by(&self, index: usize, wanted: &[&str]) -> Option<usize> {
        self.lead(index).filter(|at| self.is_any(*at, wanted))
    }

    /// The token after `index` that is no article.
    pub(crate) fn next(&self, index: usize) -> usize {
        let filler = |at: &usize| self.word(*at).is_some_and(words::is_filler);
        (index + 1..self.tokens.len()).find(|at| !filler(at)).unwrap_or(self.tokens.len())
    }

    fn is_inside_group(&self, index: usize) -> bool {
        self.groups.iter().any(|group| group.from <= index && index <= group.to)
    }

    /// Whether a clause ends at `index`.
    pub(crate) fn is_boundary(&self, index: usize) -> bool {
        let Some(token) = self.tokens.get(index) else { return true };
        let compares = index
            .checked_sub(1)
            .is_some_and(|at| self.is_any(at, &["compared", "comparison", "compares", "compare"]));
        let joins = token.word().is_some_and(words::joins_clauses) && !compares;
        (token.is_break() || joins) && !self.is_inside_group(index)
    }

    /// First token of the clause that `index` stands in, and the one behind its last.
    pub(crate) fn clause(&self, index: usize) -> (usize, usize) {
        let from = (0..index).rev().find(|at| self.is_boundary(*at)).map_or(0, |at| at + 1);
        let to = (index + 1..self.tokens.len()).find(|at| self.is_boundary(*at));
        (from, to.unwrap_or(self.tokens.len()))
    }

    /// The columns that rows are named by.
    pub(crate) fn columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = self.groups.iter().map(|group| group.column).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether cells may be added up here: there are no others, or the sentence speaks of those shown.
    pub(crate) fn may_sum(&self) -> bool {
        self.facts.is_whole() || (self.facts.context.additive && self.has(Sense::Shown))
    }

    /// Whether a row here can be called the highest: likewise.
    pub(crate) fn may_rank(&self) -> bool {
        self.facts.is_everything() || self.has(Sense::Shown) || (self.story.shown && self.refers_to_rows())
    }

    /// Whether a row here can be called the highest, or the lowest, in a metric.
    pub(crate) fn may_rank_by(&self, measure: &Measure, high: bool) -> bool {
        self.may_rank() || self.facts.is_ranked_by(measure, high)
    }

    /// Whether the sentence goes on about what the one before was about.
    pub(crate) fn refers_back(&self) -> bool {
        (0..self.tokens.len()).any(|at| self.is_any(at, &["it", "its", "this", "that", "which"]))
    }

    fn refers_to_rows(&self) -> bool {
        (0..self.tokens.len()).any(|at| self.is_any(at, &["them", "these", "those", "they"]))
    }

    /// The period that `index` is told for: named in its clause, or at the start of the sentence.
    pub(crate) fn era(&self, index: usize) -> Option<When> {
        let span = |at: usize| match self.kind(at) {
            Some(Kind::Span(when)) => Some(*when),
            Some(Kind::Word(..) | Kind::Figure(_) | Kind::Date(_) | Kind::Rows { .. } | Kind::Known(_)) => {
                None
            }
            Some(Kind::Break(_) | Kind::Dash | Kind::Item(_) | Kind::End) | None => None,
        };
        let opens = |at: usize| self.kind(at) == Some(&Kind::Break(Break::Open));
        let colon = |at: usize| self.kind(at) == Some(&Kind::Break(Break::Colon));
        let stops = |at: usize| self.is_boundary(at) || self.figure(at).is_some();
        let closes = |at: usize| self.kind(at) == Some(&Kind::Break(Break::Close));
        // "$80,000.00 (2026-11-02 to 2026-11-08)", "$80,000.00 from 2026-11-02 to 2026-11-08".
        let aside = span(index + 2)
            .filter(|_| opens(index + 1) && closes(index + 3) || self.is_any(index + 1, &["from"]));
        let told = |at: &usize| !stops(*at) && !self.compares(*at);
        let after = aside.or_else(|| (index + 1..self.tokens.len()).take_while(told).find_map(span));
        let reach = |at: &usize| !stops(*at) || colon(*at) || opens(*at);
        let found = (0..index).rev().take_while(reach).find_map(|at| span(at).map(|when| (at, when)));
        let alone = opens(index.saturating_sub(1)) && closes(index + 1);
        let plain = |at: usize| self.word(at).is_some_and(words::is_filler) || (alone && at + 1 == index);
        let adjacent = |at: usize| (at + 1..index).all(plain);
        let before = found.filter(|(at, _)| adjacent(*at) || !self.is_compared_with(*at));
        // "In the previous week, ..." holds for the sentence.
        let opening = || {
            let end = (0..index).find(|at| self.is_boundary(*at) || self.figure(*at).is_some())?;
            let end = Some(end).filter(|at| self.kind(*at) == Some(&Kind::Break(Break::Comma)))?;
            let at = (0..end).find(|at| span(*at).is_some())?;
            span(at).filter(|_| !(0..at).any(|at| self.compares(at) && !self.is_any(at, &["from"])))
        };
        // "than in July 2030, when there were 1,000".
        let when = || {
            let (from, _) = self.clause(index);
            let boundary = from.checked_sub(1).filter(|_| self.is_any(from, &["when"]))?;
            span(boundary.checked_sub(1)?)
        };
        after.or(before.map(|(_, when)| when)).or_else(when).or_else(opening)
    }

    /// Whether the word at `index` sets what follows against something.
    pub(crate) fn compares(&self, index: usize) -> bool {
        self.is_any(
            index,
            &[
                "than",
                "compared",
                "comparison",
                "relative",
                "versus",
                "vs",
                "against",
                "from",
                "over",
                "unlike",
                "on",
            ],
        )
    }

    /// Whether what stands at `index` is what something is compared with.
    pub(crate) fn is_compared_with(&self, index: usize) -> bool {
        let skipped = |at: &usize| {
            self.is_any(*at, &["the", "those", "that", "of", "both", "at", "in", "for", "with", "to", "a"])
                || matches!(self.kind(*at), Some(Kind::Known(_)))
        };
        let Some(marker) = (0..index).rev().find(|at| !skipped(at)) else { return false };
        let links = (marker + 1..index).any(|at| self.is_any(at, &["to", "with"]));
        match self.word(marker) {
            Some("compared" | "comparison" | "relative") => links,
            Some("than" | "versus" | "vs" | "against" | "unlike" | "over" | "on" | "from") => true,
            Some("behind" | "ahead") => true,
            Some("as") => marker.checked_sub(1).is_some_and(|at| self.is_any(at, &["same"])),
            Some(word) => {
                let placed =
                    (marker + 1..index).any(|at| self.is_any(at, &["at", "in", "for", "with", "to"]));
                let those = (marker + 1..index).any(|at| self.is_any(at, &["those", "that"]));
                words::takes_object(word) && (those || !placed)
            }
            None => false,
        }
    }

    /// Whether only brackets, colons and articles part a group from what follows it.
    fn is_tight(&self, group: &Group, index: usize) -> bool {
        let between = group.to + 1..index;
        let mark =
            |at: usize| matches!(self.kind(at), Some(Kind::Break(Break::Open | Break::Colon) | Kind::Dash));
        let plain = |at: usize| {
            mark(at)
                || self.word(at).is_some_and(words::is_filler)
                || matches!(self.kind(at), Some(Kind::Known(_)))
        };
        (group.possessive || mark(group.to + 1)) && between.clone().all(plain)
    }

    // === groups ===

    /// Notes that a group took part in a claim.
    pub(crate) fn uses(&self, group: &Group) {
        self.used.borrow_mut().insert(group.from);
    }

    pub(crate) fn uses_all(&self, groups: &[usize]) {
        self.used.borrow_mut().extend(groups);
    }

    /// A name that took part in no claim, though the sentence makes some: what is it there for? All names of
    /// the result are no such name.
    pub(crate) fn unused(&self) -> Option<&Group> {
        let used = self.used.borrow();
        let claims = self.tokens.iter().any(|token| token.figure().is_some())
            || self.senses.iter().any(Option::is_some);
        let whole = |group: &Group| {
            let rows: BTreeSet<usize> = group.members.iter().flat_map(|rows| rows.iter().copied()).collect();
            rows.len() == self.facts.table.rows.len() && self.facts.has_every_row()
        };
        self.groups.iter().find(|group| claims && !used.contains(&group.from) && !whole(group))
    }

    /// Groups in order.
    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let Kind::Rows { column, rows, possessive } = &token.kind else { continue };
            let joined = groups.last().is_some_and(|last| {
                // "Compared with A, B and C" is told of B and C.
                let and = !last.object || (last.to..at).any(|at| self.is_any(at, &["and"]));
                last.column == *column && and && self.is_list(last.to + 1, at)
            });
            match groups.last_mut().filter(|_| joined) {
                Some(last) => {
                    last.to = at;
                    last.possessive = *possessive;
                    // "the last day, 2026-11-08" names one day twice.
                    if last.members.last() != Some(rows) {
                        last.members.push(Rc::clone(rows));
                    }
                }
                None => groups.push(Group {
                    from: at,
                    to: at,
                    column: *column,
                    members: vec![Rc::clone(rows)],
                    object: self.is_object(at, *column),
                    possessive: *possessive,
                }),
            }
        }
        groups
    }

    /// Whether what stands between two names only lists them.
    fn is_list(&self, from: usize, to: usize) -> bool {
        let nouns = |word: &str| self.facts.is_noun(word);
        let links = |at: usize| match self.kind(at) {
            Some(Kind::Break(Break::Comma)) => true,
            Some(Kind::Word(word, _)) => matches!(word.as_str(), "and" | "plus" | "the") || nouns(word),
            Some(Kind::Known(known)) => known.iter().all(|word| nouns(word)),
            Some(Kind::Break(_) | Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. }) => {
                false
            }
            Some(Kind::Dash | Kind::Item(_) | Kind::End) | None => false,
        };
        (from..to).all(links)
    }

    fn is_object(&self, at: usize, column: usize) -> bool {
        // "came from Harbour" and "rose from January" are no comparisons of names.
        let time = self.facts.time.as_ref().is_some_and(|time| time.column == column);
        let place = if time { &["from", "on", "over"][..] } else { &["from", "on"][..] };
        self.is_compared_with(at) && self.led_by(at, place).is_none()
    }
}

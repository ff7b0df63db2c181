//! Whether the claims of one sentence hold. Each rule names the cells that make it true; where no
//! rule applies, the claim is unproved.

mod count;
mod frame;
mod rank;
mod slot;
mod value;
mod word;

use crate::error::{Claim, Ungrounded};
use crate::facts::Facts;
use crate::figure::{Bound, Figure, FigureUnit};
use crate::lexer::{Break, Kind, Token};
use crate::sentence::owner::Owner;
use crate::sentence::{Sentence, Story};
use crate::words::Sense;
use crate::{numerals, vocabulary, words};
use slot::Slot;
use std::rc::Rc;

/// Words and signs of a sentence. No one reads a longer one, and each is checked against each.
const SENTENCE_TOKENS_MAX: usize = 400;

/// Proves one sentence; says what it leaves to the next.
pub(crate) fn prove(tokens: &[Token], facts: &Facts<'_>, story: &Story) -> Result<Story, Ungrounded> {
    if tokens.len() > SENTENCE_TOKENS_MAX {
        return Err(Ungrounded::new(Claim::Text, tokens.first().map_or(0, |token| token.at)));
    }
    let sentence = Sentence::of(tokens, facts, story);
    sentence.prove_words()?;
    if !sentence.item_holds() || !sentence.ranking_holds() {
        return Err(Ungrounded::new(Claim::Rank, tokens.first().map_or(0, |token| token.at)));
    }
    if let Some(index) = sentence.range_backwards() {
        return Err(Ungrounded::new(Claim::Date, tokens.get(index).map_or(0, |token| token.at)));
    }
    let claims = sentence.prove_figures()?;
    for index in 0..tokens.len() {
        if let Some(sense) = sentence.sense(index) {
            let at = tokens.get(index).map_or(0, |token| token.at);
            sentence.prove_word(index, sense, &claims).map_err(|claim| Ungrounded::new(claim, at))?;
        }
    }
    match sentence.unused() {
        Some(group) => Err(Ungrounded::new(Claim::Name, tokens.get(group.from).map_or(0, |token| token.at))),
        None => Ok(sentence.leaves()),
    }
}

/// A figure that tells a value, and what it was taken for.
pub(super) struct Told {
    pub(super) at: usize,
    pub(super) slot: Slot,
    pub(super) owner: Owner,
    /// First tokens of the groups that name the owner.
    pub(super) groups: Vec<usize>,
}

/// What the figures of a sentence were taken for.
#[derive(Default)]
pub(super) struct Claims {
    pub(super) told: Vec<Told>,
    /// Words that were proved with a figure: "2 branches declined", "top 3".
    pub(super) settled: Vec<usize>,
    /// The rows of "the top 3", where they are not named.
    pub(super) top: Option<Vec<usize>>,
}

impl Sentence<'_> {
    /// Every word must claim what can be proved, or be known to claim nothing.
    fn prove_words(&self) -> Result<(), Ungrounded> {
        for (index, token) in self.tokens.iter().enumerate() {
            let Kind::Word(word, _) = &token.kind else { continue };
            let known = self.sense(index).is_some()
                || (word == "did" && self.is_any(index + 1, &["not"]))
                || vocabulary::is_neutral(word)
                || words::is_time(word)
                || self.facts.knows(word)
                || self.facts.is_noun(word);
            // "stands out" judges; "out of" does not.
            if word == "out" && !self.is_any(index + 1, &["of"]) {
                return Err(Ungrounded::new(Claim::Name, token.at));
            }
            if self.is_false_rate(index) {
                return Err(Ungrounded::new(Claim::Figure, token.at));
            }
            if !known || numerals::small(word).is_some_and(|_| word != "one") {
                return Err(Ungrounded::new(Claim::Name, token.at));
            }
        }
        Ok(())
    }

    fn prove_figures(&self) -> Result<Claims, Ungrounded> {
        let mut claims = Claims::default();
        let mut values = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let Kind::Figure(figure) = &token.kind else { continue };
            let at = |claim: Claim| Ungrounded::new(claim, token.at);
            if figure.unit == FigureUnit::Ordinal {
                self.rank_holds(index, figure).then_some(()).ok_or(at(Claim::Rank))?;
                continue;
            }
            match self.counts(index, figure, &mut claims) {
                Some(true) => {}
                Some(false) => return Err(at(Claim::Figure)),
                None => values.push(index),
            }
        }
        let owners = self.owners(&values);
        for (at, (owner, groups)) in values.iter().copied().zip(owners) {
            let Some(figure) = self.figure(at) else { continue };
            let slot = self.slot(at, figure, &owner, &claims);
            let told = Told { at, slot, owner, groups };
            if self.is_joined_to_another(at) || !self.value_holds(figure, &told, &claims) {
                return Err(Ungrounded::new(Claim::Figure, self.tokens.get(at).map_or(0, |token| token.at)));
            }
            claims.told.push(told);
        }
        Ok(claims)
    }

    /// "3 - 5", "2 in 3": two figures that say one thing together, and no cell says it.
    fn is_joined_to_another(&self, index: usize) -> bool {
        let joins = |link: usize, other: usize| {
            self.figure(other).is_some()
                && (self.kind(link) == Some(&Kind::Dash)
                    || self.is_any(link, &["in", "by"]) && self.is_bare(index))
        };
        joins(index + 1, index + 2) || index.checked_sub(2).is_some_and(|other| joins(index - 1, other))
    }

    fn is_bare(&self, index: usize) -> bool {
        self.figure(index).is_some_and(|figure| figure.unit == FigureUnit::Plain)
    }

    /// What the words before a figure make of it.
    pub(super) fn bound(&self, index: usize) -> Bound {
        let just = |at: usize| usize::from(self.is_any(at, &["just"]));
        let Some(last) = index.checked_sub(1) else { return Bound::Itself };
        let last = last - just(last);
        match (last.checked_sub(1).and_then(|at| self.word(at)), self.word(last)) {
            (Some("at"), Some("least")) => Bound::AtLeast,
            (Some("at"), Some("most")) => Bound::AtMost,
            (Some("more"), Some("than")) => Bound::Over,
            (Some("less" | "fewer"), Some("than")) => Bound::Under,
            (_, Some("over" | "above" | "exceeding" | "exceeded" | "exceeds" | "exceed")) => Bound::Over,
            (_, Some("under" | "below" | "nearly" | "almost")) => Bound::Under,
            _ => Bound::Itself,
        }
    }

    /// Whether the word at `index` only bounds the figure that follows.
    pub(super) fn is_bound(&self, index: usize) -> bool {
        let than = usize::from(self.is_any(index + 1, &["than"]));
        let figure = index + 1 + than;
        self.figure(figure).is_some() && self.bound(figure) != Bound::Itself
    }

    fn leaves(&self) -> Story {
        let mut topics: Vec<usize> = self.topics.iter().map(|topic| topic.measure).collect();
        topics.dedup();
        if topics.is_empty() {
            topics.clone_from(&self.story.topics);
        }
        let named = self.groups.iter().find(|group| !group.object);
        let subject = named.and_then(|group| match group.members.as_slice() {
            [only] => Some((group.column, Rc::clone(only))),
            _ => None,
        });
        let heads = self.tokens.last().is_some_and(|token| token.kind == Kind::Break(Break::Colon));
        let item = matches!(self.kind(0), Some(Kind::Item(_)));
        let heading = if heads {
            self.groups
                .iter()
                .filter_map(|group| match group.members.as_slice() {
                    [only] => Some((group.column, Rc::clone(only))),
                    _ => None,
                })
                .collect()
        } else if item || self.tokens.is_empty() {
            self.story.heading.clone()
        } else {
            Vec::new()
        };
        let subject = if self.tokens.is_empty() { self.story.subject.clone() } else { subject };
        let shown = self.story.shown || self.has(Sense::Shown);
        Story { subject, heading, topics, shown, item: self.item() }
    }
}

/// Whether `sense` tells which of two is larger, and of which sign the distance then is.
pub(super) const fn direction(sense: Sense) -> Option<bool> {
    if matches!(sense, Sense::Up | Sense::More | Sense::Lead) {
        return Some(true);
    }
    if matches!(sense, Sense::Down | Sense::Less) { Some(false) } else { None }
}

/// The figure without its sign, where a word already says the direction.
pub(super) fn is_signed(figure: &Figure) -> bool {
    figure.sign.is_some()
}

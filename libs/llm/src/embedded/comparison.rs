//! What a question sets against another period: "compared with last year", "June vs May", "growth in fees".
//!
//! Decides which words compare, with what, and whether rows are to be ordered by how much a figure grew. Words
//! that are part of a name of the catalogue compare nothing. What is understood is taken out of the tokens;
//! what is not stays, and is nobody's.

mod object;
mod periods;

use super::tokens::{Kind, Token, is_word_of, take};
use super::vocabulary::Vocabulary;
use super::words;
use splitplane_semantics::{Derived, Grain, PeriodPhrase};

pub(crate) use object::object;
pub(crate) use periods::{Compared, compared, unit_of};

/// The period that a figure is set against, as it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Against {
    /// "the period before".
    Previous,
    /// "the month before", "the previous 3 weeks"; "last month", which is counted from today.
    Units { count: u16, unit: Grain, from_today: bool },
    /// "the same month last year", "a year ago".
    YearBefore(Option<Grain>),
    /// "July last year", of a July.
    NamedLastYear(PeriodPhrase),
    /// "month over month".
    Over(Grain),
    /// A period of its own.
    Period(PeriodPhrase),
}

/// "growth", "drop": what is asked is how much a figure changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) derived: Derived,
    /// Whether the largest one is the smallest number: a drop.
    pub(crate) falls: bool,
    /// Whether a rank beside it ranks by it: "the biggest drop".
    pub(crate) ranks: bool,
}

/// What is said about comparing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) against: Option<Against>,
    pub(crate) figure: Option<Figure>,
    /// The later of two periods that are said together: "from May to June".
    pub(crate) later: Option<PeriodPhrase>,
    /// Where a period could be put in, if there is none.
    pub(crate) start: Option<usize>,
    /// Whether two comparisons are said.
    pub(crate) twice: bool,
}

/// Takes the words that compare out of `tokens`.
pub(crate) fn take_out(text: &str, tokens: &mut [Token], vocabulary: &Vocabulary<'_>) -> Said {
    let owned = vocabulary.owned(tokens);
    let mut scan = Scan { text, tokens, owned, said: Said::default(), comparing: None };
    let mut at = 0;
    while at < scan.tokens.len() {
        at = scan.step(at).max(at + 1);
    }
    scan.said
}

/// More words than a period has that ends before "over".
const PERIOD_WORDS_MAX: usize = 5;

struct Scan<'a> {
    text: &'a str,
    tokens: &'a mut [Token],
    owned: Vec<bool>,
    said: Said,
    /// Where "compare" stands, until it is said with what.
    comparing: Option<usize>,
}

impl Scan<'_> {
    fn is(&self, at: usize, known: &[&str]) -> bool {
        is_word_of(self.tokens, at, known) && !self.owned.get(at).copied().unwrap_or(true)
    }

    fn lower(&self, at: usize) -> &str {
        self.tokens.get(at).filter(|token| token.kind == Kind::Word).map_or("", |token| &token.lower)
    }

    fn set(&mut self, against: Against, from: usize, to: usize) -> usize {
        if let Some(compare) = self.comparing.take() {
            take(self.tokens, compare..compare + 1);
        }
        self.said.twice |= self.said.against.is_some();
        self.said.start = self.said.start.or_else(|| self.tokens.get(from).map(|token| token.span.start));
        self.said.against = Some(against);
        take(self.tokens, from..to);
        to
    }

    /// Reads what begins at a token; says where to go on.
    fn step(&mut self, at: usize) -> usize {
        if self.owned.get(at).copied().unwrap_or(true)
            || self.tokens.get(at).is_none_or(|token| token.kind != Kind::Word)
        {
            return at;
        }
        if let Some((grain, end)) = self.over(at) {
            return self.set(Against::Over(grain), at, end);
        }
        if let Some(end) = self.versus(at) {
            return end;
        }
        self.direction(at).or_else(|| self.figure(at)).unwrap_or(at)
    }

    /// "gone up", "up or down": whether a figure changed, and not by how much something else did.
    fn direction(&mut self, at: usize) -> Option<usize> {
        let start = at + usize::from(self.is(at, &["gone", "went", "go", "going", "goes", "come", "came"]));
        if !self.is(start, &["up", "down"]) {
            return None;
        }
        let either = self.is(start + 1, &["or"]) && self.is(start + 2, &["up", "down"]);
        let end = start + if either { 3 } else { 1 };
        if (start == at && !either) || self.said.figure.is_some() {
            return None;
        }
        self.said.figure = Some(Figure { derived: Derived::Change, falls: false, ranks: false });
        self.said.start = self.said.start.or_else(|| self.tokens.get(at).map(|token| token.span.start));
        take(self.tokens, at..end);
        Some(self.spans(end))
    }

    /// "year over year", "yoy".
    fn over(&self, at: usize) -> Option<(Grain, usize)> {
        let short = match self.lower(at) {
            "yoy" => Some(Grain::Year),
            "qoq" => Some(Grain::Quarter),
            "mom" => Some(Grain::Month),
            "wow" => Some(Grain::Week),
            "dod" => Some(Grain::Day),
            _ => None,
        };
        let long = || {
            let (unit, false) = words::grain(self.lower(at))? else { return None };
            let again = words::grain(self.lower(at + 2)) == Some((unit, false));
            (again && self.is(at + 1, &["over", "on"])).then_some(unit)
        };
        let (unit, end) = short.map(|unit| (unit, at + 1)).or_else(|| long().map(|unit| (unit, at + 3)))?;
        Some((unit, end + usize::from(self.is(end, &["basis"]))))
    }

    /// "compared with", "vs", "up on", and the period after it.
    fn versus(&mut self, at: usize) -> Option<usize> {
        let second = |words: &[&str]| usize::from(is_word_of(self.tokens, at + 1, words));
        let up = ["up", "down", "higher", "lower"];
        let length = match self.lower(at) {
            "compared" | "comparing" | "compare" | "comparison" => {
                1 + second(&["with", "to", "against", "and"])
            }
            "versus" | "vs" | "against" => 1,
            // "growth in fees in August over July".
            "over" if self.said.figure.is_some() && self.ends_period(at) => 1,
            "relative" if second(&["to"]) == 1 => 2,
            "with" | "to" | "and" if self.comparing.is_some() => 1,
            word if up.contains(&word) => {
                let either = 2 * usize::from(
                    is_word_of(self.tokens, at + 1, &["or"]) && is_word_of(self.tokens, at + 2, &up),
                );
                let joint = at + 1 + either;
                let joins = ["on", "from", "vs", "versus", "against", "over", "than", "compared"];
                if !is_word_of(self.tokens, joint, &joins) {
                    return None;
                }
                let compared = is_word_of(self.tokens, joint, &["compared"]);
                2 + either + usize::from(compared && is_word_of(self.tokens, joint + 1, &["with", "to"]))
            }
            _ => return None,
        };
        if let Some((against, end)) = object::object(self.text, self.tokens, at + length) {
            let from = at - self.leading_in(at);
            return Some(self.set(against, from, end));
        }
        if matches!(self.lower(at), "compare" | "comparing") && length == 1 {
            self.comparing = Some(at);
            return Some(at + 1);
        }
        None
    }

    /// Whether a period ends just before `at`.
    fn ends_period(&self, at: usize) -> bool {
        let own = |start: usize| object::own(self.text, self.tokens, start);
        (at.saturating_sub(PERIOD_WORDS_MAX)..at).any(|start| own(start).is_some_and(|(_, end)| end == at))
    }

    /// "in comparison with", "as compared to".
    fn leading_in(&self, at: usize) -> usize {
        let before = at.checked_sub(1).map_or("", |before| self.lower(before));
        usize::from(matches!((before, self.lower(at)), ("in", "comparison") | ("as", "compared")))
    }

    /// "growth in", "drop", "changed".
    fn figure(&mut self, at: usize) -> Option<usize> {
        let (mut derived, falls) = kind_of_change(self.lower(at))?;
        if !self.is_change(at) {
            return None;
        }
        if self.said.figure.is_some() {
            self.said.twice = true;
            return None;
        }
        let mut from = at;
        // "percentage growth", "the percent change".
        let before = at.checked_sub(1).filter(|before| self.is(*before, &["percentage", "percent", "pct"]));
        if let Some(before) = before {
            (from, derived) = (before, Derived::Growth);
        }
        // "the absolute change", which is no percentage.
        let before = at.checked_sub(1).filter(|before| self.is(*before, &["absolute"]));
        if let Some(before) = before {
            (from, derived) = (before, Derived::Change);
        }
        let mut end = at + 1;
        if self.is(end, &["rate", "rates"]) && derived == Derived::Growth {
            end += 1;
        }
        // "increase in percent".
        if self.is(end, &["in"]) && self.is(end + 1, &["percent", "percentage", "pct"]) {
            derived = Derived::Growth;
            end += 2 + usize::from(self.is(end + 2, &["of", "terms"]));
        } else if is_word_of(self.tokens, end, &["in", "of"])
            && object::object(self.text, self.tokens, end).is_none()
        {
            end += 1;
        }
        let ranks = self.is_ranked(from, end);
        self.said.figure = Some(Figure { derived, falls, ranks });
        self.said.start = self.said.start.or_else(|| self.tokens.get(from).map(|token| token.span.start));
        take(self.tokens, from..end);
        Some(self.spans(end))
    }

    /// Whether a word that may be an order, "drop the table", is about a figure here.
    fn is_change(&self, at: usize) -> bool {
        let base = ["drop", "fall", "rise", "change", "increase", "decrease", "decline", "grow", "shrink"];
        let Some(before) = at.checked_sub(1) else { return self.is_base_with_of(at, &base) };
        !is_word_of(self.tokens, at, &base)
            || self.is_base_with_of(at, &base)
            || self.owned.get(before).copied().unwrap_or(false)
            || (0..at).any(|index| is_word_of(self.tokens, index, &["did", "does", "do"]))
            || self.tokens.get(before).is_some_and(|token| {
                words::is_article(&token.lower)
                    || words::superlative(&token.lower).is_some()
                    || token.kind == Kind::Number
                    || matches!(
                        token.lower.as_str(),
                        "absolute"
                            | "percentage"
                            | "percent"
                            | "pct"
                            | "by"
                            | "fastest"
                            | "steepest"
                            | "sharpest"
                            | "strongest"
                    )
            })
    }

    fn is_base_with_of(&self, at: usize, base: &[&str]) -> bool {
        !is_word_of(self.tokens, at, base) || is_word_of(self.tokens, at + 1, &["in", "of"])
    }

    /// Two periods after a change, "from May to June", or one that it is counted from: "on last year".
    fn spans(&mut self, after: usize) -> usize {
        for at in after..self.tokens.len() {
            let joint: &[&str] = match self.lower(at) {
                "from" => &["to", "until", "through"],
                "between" => &["and"],
                _ => continue,
            };
            let Some((first, middle)) = object::own(self.text, self.tokens, at + 1) else { continue };
            if !is_word_of(self.tokens, middle, joint) {
                continue;
            }
            let Some((second, end)) = object::own(self.text, self.tokens, middle + 1) else { continue };
            self.said.later = Some(second);
            return self.set(Against::Period(first), at, end);
        }
        // "growth over last year" is growth on it, or in it.
        let over =
            (after..self.tokens.len()).find(|at| self.is(*at, &["over"]) && self.is(*at + 1, &["last"]));
        self.said.twice |= over.is_some_and(|over| words::grain(self.lower(over + 2)).is_some());
        if self.is(after, &["on", "from", "against"])
            && let Some((against, end)) = object::object(self.text, self.tokens, after + 1)
        {
            return self.set(against, after, end);
        }
        after
    }

    /// Whether a rank stands beside the change: "biggest drop", "grew the most", "by growth in fees".
    fn is_ranked(&mut self, from: usize, end: usize) -> bool {
        let quick = |word: &str| match word {
            "fastest" | "quickest" | "strongest" | "steepest" | "sharpest" | "hardest" => Some("most"),
            "slowest" | "weakest" => Some("least"),
            _ => None,
        };
        // "grew its fees the most".
        let mut next = end;
        while self.owned.get(next).copied().unwrap_or(false)
            || is_word_of(self.tokens, next, &["the", "its", "their", "our", "his", "her"])
        {
            next += 1;
        }
        let far = next > end + 1;
        let before = (0..from).rev().find(|index| {
            !self
                .tokens
                .get(*index)
                .is_some_and(|token| words::is_article(&token.lower) || token.kind == Kind::Number)
        });
        for index in [Some(next), before].into_iter().flatten() {
            let Some(token) = self.tokens.get_mut(index) else { continue };
            if let Some(word) = quick(&token.lower) {
                token.lower = word.to_owned();
                token.norm = word.to_owned();
            }
            let plain = matches!(token.lower.as_str(), "most" | "least");
            if words::superlative(&token.lower).is_some() && (plain || !far || index < from) {
                return true;
            }
        }
        // "by growth", "by fee growth".
        let name = before.map_or(0, |last| {
            let mut first = last + 1;
            while first > 0 && self.owned.get(first - 1).copied().unwrap_or(false) {
                first -= 1;
            }
            first
        });
        let by = |at: usize| at.checked_sub(1).is_some_and(|at| is_word_of(self.tokens, at, &["by"]));
        by(from) || by(name)
    }
}

/// What a word of change asks for, and whether it goes down.
fn kind_of_change(word: &str) -> Option<(Derived, bool)> {
    match word {
        "growth" | "grew" | "grow" | "grown" | "growing" | "grows" => Some((Derived::Growth, false)),
        "change" | "changes" | "changed" | "increase" | "increases" | "increased" | "rise" | "rose"
        | "risen" => Some((Derived::Change, false)),
        "decrease" | "decreases" | "decreased" | "decline" | "declines" | "declined" | "drop" | "drops"
        | "dropped" | "fall" | "fell" | "fallen" | "shrank" | "shrink" | "shrunk" => {
            Some((Derived::Change, true))
        }
        _ => None,
    }
}

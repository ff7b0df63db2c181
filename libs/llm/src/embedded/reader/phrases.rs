//! The words that give a question its structure: ranks, calendar units, "how many", "which", "other than".
//!
//! Decides how far each of them reaches, and what it leads one to expect.

use super::super::grammar::{GroupKind, Joint, Rank};
use super::super::tokens::{Kind, Token};
use super::super::words::{self, Modifier};
use super::{Mode, Reader, Wanted};

impl Reader<'_> {
    /// "top", or a number before it: "5 best".
    pub(super) fn superlative_here(&self) -> Option<bool> {
        let here = words::superlative(self.lower(self.at));
        here.or_else(|| self.count_at(self.at).and_then(|_| words::superlative(self.lower(self.at + 1))))
    }

    pub(super) fn rank(&mut self, descending: bool) {
        let before = words::superlative(self.lower(self.at)).is_none();
        let (count, length) = match (before, self.count_at(self.at + 1)) {
            (true, _) => (self.count_at(self.at), 2),
            (false, Some(count)) => (Some(count), 2),
            (false, None) => (None, 1),
        };
        let at = self.span(self.at, self.at + 1).start;
        if let Some(rank) = self.reading.rank.as_mut().filter(|rank| !rank.said) {
            (rank.at, rank.descending, rank.said) = (at, descending, true);
        }
        match &mut self.reading.rank {
            Some(rank) if rank.descending != descending || (rank.count.is_some() && count.is_some()) => {
                return self.leave(length);
            }
            Some(rank) => rank.count = rank.count.or(count),
            rank @ None => *rank = Some(Rank { at, descending, said: true, count, judged: None }),
        }
        let judging = self.at + usize::from(before);
        if matches!(self.lower(judging), "best" | "worst")
            && let span = self.span(judging, judging + 1)
            && let Some(rank) = &mut self.reading.rank
        {
            rank.judged = Some(span);
        }
        self.quantity = matches!(self.lower(self.at), "most" | "fewest" | "least");
        if self.wanted.is_none() && self.mode != Mode::Group {
            self.wanted = Some(Wanted::Rank);
        }
        self.at += length;
        self.joined = false;
    }

    /// "highest first", "in ascending order".
    pub(super) fn sort_phrase(&mut self) -> bool {
        let start = usize::from(self.lower(self.at) == "in");
        let word = self.lower(self.at + start);
        let ordered = usize::from(self.lower(self.at + start + 1) == "order");
        let (descending, length) = match words::superlative(word) {
            // "the lowest first attempt rate": the name begins with the word.
            Some(descending)
                if start == 0 && self.lower(self.at + 1) == "first" && self.named(self.at + 1).is_none() =>
            {
                (descending, 2)
            }
            None if matches!(word, "ascending" | "descending") && start + ordered > 0 => {
                (word == "descending", start + 1 + ordered)
            }
            Some(_) | None => return false,
        };
        let at = self.span(self.at, self.at + 1).start;
        match &mut self.reading.rank {
            Some(rank) if rank.count.is_none() => rank.descending = descending,
            Some(_) => self.reading.leftovers.push(self.span(self.at, self.at + length)),
            rank @ None => *rank = Some(Rank { at, descending, said: true, count: None, judged: None }),
        }
        self.at += length;
        self.joined = false;
        true
    }

    /// "at least ten" bounds something, and ranks nothing; "day of week" is another thing than "day".
    pub(super) fn bound_phrase(&mut self) -> bool {
        let (word, next) = (self.lower(self.at), self.lower(self.at + 1));
        let bound = word == "at" && matches!(next, "least" | "most");
        let unit = 2 + usize::from(words::is_article(self.lower(self.at + 2)));
        let part = words::grain(word).is_some()
            && next == "of"
            && words::grain(self.lower(self.at + unit)).is_some()
            && self.named(self.at).is_none_or(|found| found.length <= unit);
        let length = if part { unit + 1 } else { 2 };
        if bound || part {
            self.leave(length);
        }
        bound || part
    }

    /// "the ten branches with the most loans": the rank comes after its number.
    pub(super) fn counted_thing(&mut self) -> bool {
        let free = self.mode == Mode::Plain && self.wanted.is_none() && self.pending.is_none();
        let Some(count) = self.count_at(self.at).filter(|_| free && self.reading.rank.is_none()) else {
            return false;
        };
        let things = self
            .named(self.at + 1)
            .map(Self::as_thing)
            .is_some_and(|found| found.metrics.is_empty() && !self.is_single(self.at + 1 + found.length));
        if things {
            self.pending = Some((count, self.span(self.at, self.at + 1)));
            self.at += 1;
        }
        things
    }

    /// "loans made by members": who did something, and not what to group by.
    fn is_of_agent(&self) -> bool {
        let before = self.at.checked_sub(1).map_or("", |at| self.lower(at));
        let next = self.named(self.at + 1);
        words::is_verb_form(before) && next.is_some_and(|found| !self.is_single(self.at + 1 + found.length))
    }

    /// Whether the word before is no value, number or verb: what follows begins a part of its own.
    fn stands_alone(&self) -> bool {
        let Some(before) = self.at.checked_sub(1).and_then(|at| self.token(at)) else { return false };
        let in_value = self.reading.values.last().is_some_and(|value| before.span.end <= value.span.end);
        let metric = self.reading.metrics.last().is_some_and(|mention| mention.span.end == before.span.end);
        let group = self.reading.groups.last().is_some_and(|group| group.span.end == before.span.end);
        !in_value && (metric || group || before.kind == Kind::Taken)
    }

    /// Whether what is grouped by stands just before.
    fn after_group(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.token(at));
        let group = self.reading.groups.last();
        before.zip(group).is_some_and(|(before, group)| before.span.end == group.span.end)
    }

    /// "ok, then ..": words that only open a question.
    fn opens(&self, word: &str) -> bool {
        let opening =
            |word: &str| matches!(word, "ok" | "okay" | "then" | "now" | "alright" | "great" | "fine");
        let empty = |at: usize| {
            self.token(at).is_some_and(|token| {
                matches!(token.kind, Kind::Comma | Kind::Stop)
                    || opening(&token.lower)
                    || words::is_stop(&token.lower)
            })
        };
        opening(word) && (0..self.at).all(empty)
    }

    fn denies_a_verb(&self) -> bool {
        let before = self.at.checked_sub(1).map_or("", |at| self.lower(at));
        matches!(
            before,
            "did"
                | "do"
                | "does"
                | "was"
                | "were"
                | "is"
                | "are"
                | "have"
                | "has"
                | "had"
                | "we"
                | "they"
                | "you"
                | "i"
        )
    }

    /// "by month", "monthly", "month by month", "which month".
    pub(super) fn grain(&mut self) -> bool {
        let Some((grain, adjective)) = words::grain(self.lower(self.at)) else { return false };
        let again =
            self.lower(self.at + 1) == "by" && words::grain(self.lower(self.at + 2)) == Some((grain, false));
        let length = if again { 3 } else { 1 };
        let asked = matches!(self.wanted, Some(Wanted::Which | Wanted::What | Wanted::Rank));
        if !(adjective || again || self.mode == Mode::Group || asked) {
            return false;
        }
        let single = self.token(self.at).is_some_and(Token::is_single);
        self.group(length, GroupKind::Grain(grain), asked && self.mode != Mode::Group && !adjective, single);
        true
    }

    /// Words of grammar. Says whether it took one.
    pub(super) fn phrase_word(&mut self, token: &Token) -> bool {
        let (word, next, third) = (token.lower.as_str(), self.lower(self.at + 1), self.lower(self.at + 2));
        match (word, next) {
            ("how", "many") => self.modify(Modifier::Count, 2),
            ("how", "much") | ("would", "like") | ("will" | "would" | "can", "you") => self.at += 2,
            ("to", next) if words::is_stop(next) || words::is_grouper(next) => self.at += 1,
            // "what percentage does each branch make up".
            ("make" | "makes" | "made" | "making", "up") if self.after_group() => self.at += 2,
            ("to", _) if self.named(self.at + 1).is_some_and(|found| found.metrics.is_empty()) => {
                self.enter(Mode::Value, 1);
            }
            // "sales to florists"; "from Harbour to Castle" is a way between two.
            ("to", _) if self.run(self.at + 1).is_some() && self.stands_alone() => {
                self.enter(Mode::Value, 1);
            }
            ("hey" | "hi" | "hello", "there") | ("break", "down") => self.at += 2,
            ("who", "are" | "were" | "is" | "was") => {
                self.ask(true);
                self.at += 1;
            }
            ("list", _) => {
                self.listed = true;
                self.at += 1;
            }
            // "not only Harbour" is Harbour and others.
            ("not", "only" | "just" | "merely" | "even") => self.leave(2),
            ("not", "including" | "counting") => self.enter(Mode::Negated, 2),
            // "did we not" denies the verb, not what follows.
            ("not", next) if self.denies_a_verb() && !words::is_preposition(next) => self.leave(1),
            ("number" | "count", "of") => self.modify(Modifier::Count, 2),
            ("sum", "of") => self.modify(Modifier::Sum, 2),
            ("total", "of") => self.modify(Modifier::Total, 2),
            ("other", "than")
            | ("apart" | "aside", "from")
            | ("except", "for")
            | ("leaving" | "leave", "out")
            | ("excluding" | "without", "any" | "all") => self.enter(Mode::Negated, 2),
            // "excluding Harbour but not Castle" may keep Castle, or not.
            ("but", "not") if self.reading.values.last().is_some_and(|value| value.negated) => self.leave(2),
            ("but" | "and", "not" | "without" | "excluding") => self.at += 1,
            ("as", "well") if third == "as" => {
                self.join(Joint::And);
                self.at += 3;
            }
            ("broken", "down") if third == "by" => self.at += 2,
            ("broken" | "split" | "grouped" | "group" | "breakdown" | "divided", "by")
            | ("breakdown", "of") => self.at += 1,
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
                self.join(Joint::And);
                self.at += 1;
            }
            ("or", _) if !self.reading.values.is_empty() => {
                self.join(Joint::Or);
                self.at += 1;
            }
            _ => return self.single_word(word),
        }
        true
    }

    pub(super) fn single_word(&mut self, word: &str) -> bool {
        if word == "by" && self.is_of_agent() {
            self.leave(1);
        } else if words::is_grouper(word) {
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
        } else if words::is_stop(word) || self.opens(word) || self.fills(word) || self.light_verb(word) {
            self.at += 1;
        } else if words::is_pointer(word) {
            self.leave(1);
        } else {
            return false;
        }
        true
    }

    /// Whether a pointing word points at nothing: "is it", "are there", "the branch that had". After a
    /// preposition or before a name it stands for something that this question does not say.
    pub(super) fn fills(&self, word: &str) -> bool {
        let before = self.at.checked_sub(1).map_or("", |at| self.lower(at));
        let linked = matches!(before, "is" | "are" | "was" | "were" | "did" | "does" | "do" | "be");
        match word {
            "it" | "there" => linked,
            "that" | "this" => !words::is_preposition(before) && self.named(self.at + 1).is_none(),
            _ => false,
        }
    }

    /// "which 5 branches": the rank may follow.
    pub(super) fn count_of_which(&mut self) {
        let at = self.span(self.at, self.at + 1).start;
        let count = self.count_at(self.at);
        match &mut self.reading.rank {
            Some(_) => return self.leave(1),
            rank @ None => *rank = Some(Rank { at, descending: true, said: false, count, judged: None }),
        }
        self.at += 1;
    }

    pub(super) fn modify(&mut self, modifier: Modifier, length: usize) {
        let span = self.span(self.at, self.at + length);
        self.modifiers.push((modifier, span));
        self.at += length;
    }

    /// "ranked by fees", "rank branches by fees".
    pub(super) fn rank_by(&mut self, length: usize) {
        let at = self.span(self.at, self.at + 1).start;
        if self.reading.rank.is_none() {
            self.reading.rank = Some(Rank { at, descending: true, said: true, count: None, judged: None });
        }
        if length == 2 {
            self.enter(Mode::Group, 2);
        } else {
            self.wanted = Some(Wanted::Rank);
            self.at += 1;
        }
    }

    pub(super) fn ask(&mut self, which: bool) {
        // "What branch" asks for branches; "what were the branch's fees" does not.
        let named = self.named(self.at + 1).is_some_and(|found| found.metrics.is_empty());
        if !which && !named && words::grain(self.lower(self.at + 1)).is_none() {
            self.at += 1;
            return;
        }
        if which {
            self.give_up();
            self.open = Some(self.span(self.at, self.at + 1));
        }
        self.wanted = Some(if which { Wanted::Which } else { Wanted::What });
        self.mode = Mode::Plain;
        self.at += 1;
    }

    pub(super) fn count_at(&self, index: usize) -> Option<u32> {
        let token = self.token(index)?;
        match token.kind {
            Kind::Number => token.lower.parse().ok(),
            Kind::Word => words::number(&token.lower),
            Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Taken | Kind::Bound(_) | Kind::Symbol => None,
        }
    }

    pub(super) fn has_count(&self) -> bool {
        self.reading.rank.as_ref().is_some_and(|rank| rank.count.is_some())
    }
}

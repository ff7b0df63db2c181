//! Values: the words that nothing here knows, and what makes a value of them.
//!
//! Decides how many words are one value and whether a dimension beside it says whose. Never looks a
//! value up: it stays a phrase.

use super::super::grammar::{Joint, Mention, Value};
use super::super::options::is_slip;
use super::super::tokens::{Kind, Token};
use super::super::vocabulary::Match;
use super::super::vocabulary::Tier;
use super::super::words;
use super::{Mode, Reader};
use crate::aggregate::Aggregate;

/// The most words of a value that is not quoted.
const VALUE_WORDS_MAX: usize = 6;

impl Reader<'_> {
    /// The tokens of a value that follows a dimension: "branch Harbour", "branch is Harbour".
    pub(super) fn value_after(&self, index: usize) -> Option<(usize, usize)> {
        let linked =
            matches!(self.lower(index), "is" | "are" | "was" | "were" | "called" | "named" | "number")
                || self.token(index).is_some_and(|token| token.kind == Kind::Symbol && token.lower == "=");
        let from = index + usize::from(linked);
        // "branches renovated" says something of branches; "branch harbour" names one.
        let marked = self.token(from).is_some_and(|token| token.capital || token.kind != Kind::Word);
        self.run(from).filter(|_| linked || marked || self.is_single(index)).map(|end| (from, end))
    }

    /// The end of a run of words, from `from`, that nothing here knows; or of one quotation.
    pub(super) fn run(&self, from: usize) -> Option<usize> {
        let first = self.token(from)?;
        if first.kind == Kind::Quoted {
            return Some(from + 1);
        }
        if let Some(end) = self.compound(from) {
            return Some(end);
        }
        if !self.is_unknown(from) && !self.begins_name(from) {
            return None;
        }
        let mut end = from + 1;
        loop {
            // A capitalised value may hold small words: "House of Glass".
            let small = matches!(self.lower(end), "of" | "the" | "de" | "la");
            let gap = usize::from(first.capital && small);
            let capital = self.is_capital(end + gap);
            // "Harbour stayed open": a verb is no part of a name.
            let verb = !capital && words::is_verb_form(self.lower(end + gap));
            let goes_on = self.is_unknown(end + gap) && !verb && (gap == 0 || capital);
            let capitals = first.capital && gap == 0 && self.goes_with_capitals(end);
            if !(goes_on || capitals) || end - from > VALUE_WORDS_MAX {
                break;
            }
            end += gap + 1;
        }
        (end - from <= VALUE_WORDS_MAX).then_some(end)
    }

    /// The end of a word with hyphens, "drive-through", that is no name of the catalogue and no word of grammar.
    pub(super) fn compound(&self, from: usize) -> Option<usize> {
        let joined =
            |index: usize| self.token(index).is_some_and(|token| token.hyphen && token.kind == Kind::Word);
        let first = self.token(from).filter(|token| token.kind == Kind::Word && !token.hyphen)?;
        let end = (from + 1..).find(|index| !joined(*index))?;
        let grammar = |word: &str| {
            words::superlative(word).is_some()
                || words::grain(word).is_some()
                || words::is_grouper(word)
                || words::is_negator(word)
                || words::number(word).is_some()
                || words::modifier(word).is_some()
                || words::is_reserved(word)
        };
        let plain = (from..end).all(|index| !grammar(self.lower(index)));
        let named = self.named(from).is_some_and(|found| found.length >= end - from);
        let anything = (from..end).any(|index| self.is_unknown(index));
        (end > from + 1 && plain && !named && anything && !words::is_stop(&first.lower)).then_some(end)
    }

    fn is_capital(&self, index: usize) -> bool {
        self.token(index).is_some_and(|token| token.capital && token.is_word())
    }

    /// Whether a comma, or what has been taken out, comes just before.
    fn is_apart(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.token(at));
        before.is_some_and(|token| matches!(token.kind, Kind::Comma | Kind::Taken))
    }

    /// Whether each word begins with a capital, which then says nothing.
    pub(super) fn is_title_case(&self) -> bool {
        self.tokens.iter().filter(|token| token.kind == Kind::Word).all(|token| token.capital || token.first)
    }

    /// A word of grammar that is part of a name: the first of "Lower Saxony".
    pub(super) fn begins_name(&self, index: usize) -> bool {
        matches!(self.mode, Mode::Value | Mode::Negated)
            && self.token(index).is_some_and(|token| token.capital && !token.first)
            && self.is_capital(index + 1)
            && self.is_unknown(index + 1)
            && self.named(index).is_none()
    }

    /// The second word of "Kansas City": with a capital of its own it belongs to the name before.
    fn goes_with_capitals(&self, index: usize) -> bool {
        let thing = || {
            self.named(index)
                .map(Self::as_thing)
                .is_none_or(|found| found.metrics.is_empty() && found.length == 1)
        };
        let word = self.lower(index);
        self.is_capital(index)
            && (words::names_too(word) && !self.is_title_case() || !words::is_function_word(word) && thing())
    }

    pub(super) fn is_unknown(&self, index: usize) -> bool {
        self.token(index).is_some_and(|token| match token.kind {
            Kind::Number => true,
            Kind::Word => !words::is_function_word(&token.lower) && self.named(index).is_none(),
            Kind::Quoted | Kind::Comma | Kind::Stop | Kind::Taken | Kind::Bound(_) | Kind::Symbol => false,
        })
    }

    /// Words that nothing here knows: a value, if something says so, else a leftover.
    pub(super) fn unknown(&mut self, end: usize) {
        // "the Harbour branch"; in the plural it only says what kind of thing the value is.
        let after = self.named(end).map(Self::as_thing).filter(|found| found.metrics.is_empty());
        let named = (self.at..end).all(|index| {
            let follows = self.token(end).is_some() && self.named(end).is_some();
            self.token(index).is_some_and(|token| token.capital && (!token.first || follows))
        });
        // "with two branches" counts them.
        let bare_number = self.count_at(self.at).is_some() && self.named(end).is_some();
        // "from private lenders" says something of lenders; "in Oslo branches" names a place.
        let capital = self.token(self.at).is_some_and(|token| token.capital || token.kind != Kind::Word);
        let plural = after.as_ref().is_some_and(|found| !self.is_single(end + found.length));
        // "only temporary shows", "temporary shows only" name a value of them; "only new shows" may be those that opened.
        let kind = plural && !capital;
        let only = self.mode == Mode::Value && self.lower(self.since) == "only";
        let last = after.as_ref().is_some_and(|found| self.is_only(end + found.length));
        let qualified = || (self.at..end).any(|index| words::qualifies(self.lower(index)));
        let vague = if only || last { qualified() } else { self.mode == Mode::Value };
        if kind && vague {
            return self.leave(end - self.at);
        }
        // "for the month" names no value, whatever the month is.
        if (self.at..end).any(|index| words::grain(self.lower(index)).is_some()) {
            return self.leave(end - self.at);
        }
        // "weekend", "Monday", "5 am": a time, and no value.
        if self.lower(end) == "am" || (self.at..end).any(|index| words::is_time_of(self.lower(index))) {
            return self.leave(end - self.at);
        }
        // "all tenants", "every business" are none of the things that there are here.
        let other = (self.at..end).any(|index| words::is_scope(self.lower(index)));
        let all =
            self.at.checked_sub(1).is_some_and(|before| matches!(self.lower(before), "all" | "any" | "both"));
        if other || (all && !capital) {
            return self.leave(end - self.at);
        }
        // "for spinning classes": the last word is what the class type is a type of.
        let last = end.checked_sub(1).filter(|last| *last > self.at && !capital && !self.is_single(end));
        let kinds = last.and_then(|last| self.token(last)).map(|token| self.vocabulary.kinds_of(&token.norm));
        if let (Some(last), Some(dimensions)) = (last, kinds.filter(|kinds| !kinds.is_empty()))
            && matches!(self.mode, Mode::Value | Mode::Negated)
        {
            return self.value(self.at, last, Some(Match { length: 1, metrics: Vec::new(), dimensions }));
        }
        // "by branch, poetry only": what is grouped by has been said.
        let free =
            self.mode == Mode::Plain || (self.mode == Mode::Group && self.open.is_none() && self.is_apart());
        let only = free && self.is_only(end + after.as_ref().map_or(0, |found| found.length));
        let single = after.as_ref().filter(|_| !plural && !capital);
        if let Some(whole) = single.and_then(|found| self.whole_name(end, found))
            && (only || matches!(self.mode, Mode::Value | Mode::Negated | Mode::Plain))
        {
            return self.value_with_noun(end, whole);
        }
        match self.mode {
            Mode::Plain | Mode::Group if only => self.value(self.at, end, after),
            Mode::Value | Mode::Negated if !bare_number => self.value(self.at, end, after),
            Mode::Plain if named => self.value(self.at, end, after),
            // "the sports section".
            Mode::Plain if after.is_some() && !plural && self.is_determined(end) => {
                self.value(self.at, end, after)
            }
            Mode::Plain | Mode::Group if after.is_none() && self.describes(end) => {
                let (mode, open) = (self.mode, self.open.clone());
                self.value(self.at, end, None);
                if mode == Mode::Group {
                    (self.mode, self.open) = (mode, open);
                }
            }
            Mode::Value | Mode::Negated | Mode::Plain | Mode::Group => self.leave(end - self.at),
        }
    }

    /// "Harbour's fees" are those of Harbour; "at Wendy's" is a name.
    fn unpossessed<'t>(&self, to: usize, phrase: &'t str) -> &'t str {
        let bare = phrase.strip_suffix("'s").or_else(|| phrase.strip_suffix("\u{2019}s"));
        bare.filter(|_| self.named(to).is_some()).unwrap_or(phrase)
    }

    /// A word that only repeats a name of a metric in another form: "sold" beside "items sold". Whether
    /// that metric is asked for is seen when all of the question is read.
    pub(super) fn echo(&mut self, token: &Token) -> bool {
        let asked = || (0..self.at).any(|at| matches!(self.lower(at), "did" | "do" | "does"));
        let verb = words::is_verb_form(&token.lower) || asked();
        let plain = token.kind == Kind::Word && self.mode == Mode::Plain && verb;
        if !plain || !self.vocabulary.repeats_any(&token.lower) {
            return false;
        }
        self.reading.echoes.push(token.span.clone());
        self.at += 1;
        true
    }

    /// Whether an article and a plain word come before a dimension: "the sports section".
    fn is_determined(&self, end: usize) -> bool {
        let article =
            self.at.checked_sub(1).is_some_and(|before| matches!(self.lower(before), "the" | "our"));
        article && end == self.at + 1 && (self.at..end).all(|index| !words::qualifies(self.lower(index)))
    }

    /// Whether words before a metric are a value that narrows it, "delivery orders", "web and phone orders"; not what
    /// says of which kind it is, "net fees", and not a slip of the pen.
    fn describes(&self, end: usize) -> bool {
        let plain = (self.at..end).all(|index| {
            self.token(index).is_some_and(|token| {
                let letters = token.lower.chars().all(char::is_alphabetic);
                let compound = token.hyphen || self.token(index + 1).is_some_and(|next| next.hyphen);
                token.kind == Kind::Word && letters && (compound || !words::qualifies(&token.lower))
            })
        });
        // "what do people tweet" has a subject before its verb.
        let subject =
            (0..self.at).rev().find(|before| !words::is_article(self.lower(*before))).is_some_and(|before| {
                matches!(self.lower(before), "do" | "does" | "did" | "we" | "they" | "you" | "i")
            });
        let plain = plain && !subject;
        let slip = || {
            let near = |known: &str| (self.at..end).any(|index| is_slip(self.lower(index), known));
            self.vocabulary.words().any(near) || words::SLIPPED.split_ascii_whitespace().any(near)
        };
        let metric_at = |index: usize| self.named(index).is_some_and(|found| !found.metrics.is_empty());
        let ranked = self.mode != Mode::Group || self.reading.rank.is_some();
        let joined = || {
            matches!(self.lower(end), "and" | "or")
                && self.run(end + 1).is_some_and(|last| metric_at(last) && last - end <= VALUE_WORDS_MAX)
        };
        plain && ranked && end - self.at <= 2 && (metric_at(end) || joined()) && !slip()
    }

    /// "how much did we sell": where no metric is named, the verb says which one.
    pub(super) fn verb_alone(&mut self) {
        if !self.reading.metrics.is_empty() {
            return;
        }
        let asked = self.tokens.windows(2).any(|pair| {
            matches!(pair, [how, much] if how.lower == "how" && matches!(much.lower.as_str(), "much" | "many"))
                || matches!(pair, [what, did] if what.lower == "what" && did.lower == "did")
        });
        let mut found: Option<(usize, Vec<(usize, Tier)>)> = None;
        for (index, token) in self.tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
            let metrics = self.vocabulary.verb(&token.lower);
            if !metrics.is_empty() && (asked || words::is_verb_form(&token.lower)) {
                if found.is_some() {
                    return;
                }
                found = Some((index, metrics));
            }
        }
        let found = found.or_else(|| self.echo_alone());
        let Some((index, candidates)) = found else { return };
        let span = self.span(index, index + 1);
        self.reading.leftovers.retain(|leftover| *leftover != span);
        self.reading.echoes.retain(|echo| *echo != span);
        // "spend on support" of a support cost: the word says which cost.
        let repeats = |value: &Value| {
            let word = value.phrase.to_lowercase();
            !value.negated
                && value.dimensions.is_none()
                && value.phrase == word
                && candidates.iter().all(|(metric, _)| self.vocabulary.repeats(*metric, &word))
        };
        let said: Vec<_> = self
            .reading
            .values
            .iter()
            .filter(|value| repeats(value))
            .map(|value| value.span.clone())
            .collect();
        self.reading.values.retain(|value| !said.contains(&value.span));
        self.reading.echoes.extend(said);
        let bounds = self.verb_bound.take().map(|(number, _)| number).into_iter().collect();
        self.reading.metrics.push(Mention {
            span,
            candidates,
            modifiers: Vec::new(),
            linked: true,
            orders: false,
            bounds,
        });
    }

    /// "how much did the clinic bill": the one metric whose name the verb repeats, as its amount or its number.
    fn echo_alone(&self) -> Option<(usize, Vec<(usize, Tier)>)> {
        let [echo] = self.reading.echoes.as_slice() else { return None };
        let index = self.tokens.iter().position(|token| token.span == *echo)?;
        let asks = |second: &str| {
            self.tokens
                .windows(2)
                .any(|pair| matches!(pair, [how, next] if how.lower == "how" && next.lower == second))
        };
        let wanted = match (asks("much"), asks("many")) {
            (true, false) => [Aggregate::Sum, Aggregate::Sum],
            (false, true) => [Aggregate::Count, Aggregate::CountDistinct],
            (true, true) | (false, false) => return None,
        };
        let word = &self.token(index)?.lower;
        let fits = |metric: usize| {
            let aggregate = self.vocabulary.metrics.get(metric).and_then(|metric| Aggregate::of(metric));
            aggregate.is_some_and(|aggregate| wanted.contains(&aggregate))
                && self.vocabulary.repeats(metric, word)
        };
        let found: Vec<_> = (0..self.vocabulary.metrics.len())
            .filter(|metric| fits(*metric))
            .map(|metric| (metric, Tier::Synonym))
            .collect();
        (!found.is_empty()).then_some((index, found))
    }

    /// A verb that says only that there was something: "which regions gave ..", "did we serve".
    pub(super) fn light_verb(&self, word: &str) -> bool {
        let before = self.at.checked_sub(1).map_or("", |at| self.lower(at));
        let asked = (0..self.at).any(|at| matches!(self.lower(at), "did" | "do" | "does"));
        let grouped = self.reading.groups.last().is_some_and(|group| {
            group.wanted
                && self
                    .at
                    .checked_sub(1)
                    .and_then(|at| self.token(at))
                    .is_some_and(|token| token.span.end == group.span.end)
        });
        let subject = matches!(before, "we" | "they" | "you" | "i" | "that" | "who" | "which");
        (words::is_light_verb(word) && (grouped || subject || asked))
            || (words::is_verb_of_subject(word) && (grouped || matches!(before, "that" | "who" | "which")))
    }

    /// Takes tokens as a value; `found` is the dimension before or after it.
    pub(super) fn value(&mut self, from: usize, to: usize, found: Option<Match>) {
        let quoted =
            self.token(from).filter(|token| token.kind == Kind::Quoted).map(|token| token.lower.clone());
        let range = self.span(from, to);
        let asked = || self.unpossessed(to, self.text.get(range.clone()).unwrap_or("")).to_owned();
        let phrase = quoted.unwrap_or_else(asked);
        let after = found.as_ref().filter(|_| from == self.at).map_or(0, |found| found.length);
        let plural = after > 0 && !self.is_single(to + after);
        let negated = self.mode == Mode::Negated;
        let joint = std::mem::replace(&mut self.joint, Joint::None);
        let joint = if self.joined && !self.reading.values.is_empty() { joint } else { Joint::None };
        let sources = self.mode == Mode::Value
            && matches!(self.lower(self.since), "from" | "via" | "through" | "with" | "on");
        let kind =
            found.as_ref().filter(|_| from > self.at && self.is_capital(self.at) && self.is_capital(from));
        // "SKU X-1" is no title, and a sentence begins with a capital anyway.
        let in_title = |token: &Token| {
            let said = self.text.get(token.span.clone()).unwrap_or("");
            !token.first && said.chars().any(char::is_lowercase)
        };
        let titled = kind.filter(|_| self.token(self.at).is_some_and(in_title)).is_some();
        let titled = titled.then(|| self.span(self.at, to));
        self.reading.values.push(Value {
            titled,
            span: range.start..self.span(to, to + after).end.max(range.end),
            phrase,
            dimensions: found.filter(|_| !plural).map(|found| found.dimensions),
            negated,
            joint,
            leads: after > 0,
            sources,
        });
        if negated {
            self.open = None;
        }
        self.at = to + after;
        (self.mode, self.joined) = (Mode::Plain, false);
    }
}

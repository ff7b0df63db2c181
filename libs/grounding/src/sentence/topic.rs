//! Which metric is spoken of. Decides it by names: the whole name, or a word that no other metric has.

use crate::facts::Facts;
use crate::figure::{Figure, FigureUnit};
use crate::lexer::{Kind, Token};
use crate::measure::Measure;
use crate::sentence::Sentence;
use crate::words;

/// A metric that is named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Topic {
    /// First and last token.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Position in the metrics of the result.
    pub(crate) measure: usize,
    /// Whether the whole name stands there.
    pub(crate) whole: bool,
}

/// Each word with the token that it is of; other tokens part names.
fn spoken(tokens: &[Token]) -> Vec<(usize, String)> {
    let words = |(at, token): (usize, &Token)| -> Vec<(usize, String)> {
        match &token.kind {
            Kind::Word(word, _) => vec![(at, words::singular(word))],
            Kind::Known(known) => known.iter().map(|word| (at, words::singular(word))).collect(),
            Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. } | Kind::Break(_) => {
                vec![(at, String::new())]
            }
            Kind::Dash | Kind::Item(_) | Kind::End => vec![(at, String::new())],
        }
    };
    tokens.iter().enumerate().flat_map(words).collect()
}

/// Every naming of a metric, in order; of names that begin at one word the longest.
pub(super) fn topics(tokens: &[Token], facts: &Facts<'_>) -> Vec<Topic> {
    let spoken = spoken(tokens);
    let mut topics = Vec::new();
    let mut rest = spoken.as_slice();
    while let Some((at, word)) = rest.first() {
        let whole = |(index, measure): (usize, &Measure)| {
            let length = measure.names().filter(|name| is_named(name, rest)).map(<[String]>::len).max()?;
            Some((length, index))
        };
        let named = facts.measures.iter().enumerate().filter_map(whole).max_by_key(|(length, _)| *length);
        let mut used = 1;
        if let Some((length, measure)) = named {
            let to = rest.get(length - 1).map_or(*at, |(to, _)| *to);
            topics.push(Topic { from: *at, to, measure, whole: true });
            used = length;
        } else {
            let mut own =
                facts.measures.iter().enumerate().filter(|(_, m)| m.own_words().contains(word.as_str()));
            if let (Some((measure, _)), None) = (own.next(), own.next()) {
                topics.push(Topic { from: *at, to: *at, measure, whole: false });
            }
        }
        rest = rest.get(used..).unwrap_or(&[]);
    }
    topics
}

fn is_named(name: &[String], rest: &[(usize, String)]) -> bool {
    !name.is_empty()
        && rest.len() >= name.len()
        && name.iter().zip(rest).all(|(word, (_, spoken))| word == spoken)
}

impl<'a> Sentence<'a> {
    /// The metrics that the figure at `index` may be of, by what is named around it.
    pub(crate) fn measures_of(&self, index: usize, figure: &Figure) -> Vec<&'a Measure> {
        let within = |from: usize, to: usize| self.topics.iter().filter(move |t| from <= t.from && t.to < to);
        // The last that is named, and those that are listed with it.
        let stretch = |from: usize, to: usize| -> Vec<usize> {
            let named: Vec<&Topic> = within(from, to).collect();
            let apart = |pair: &[&Topic]| matches!(pair, [a, b] if b.from > a.to + 2);
            let first = named.windows(2).rposition(apart).map_or(0, |at| at + 1);
            named.iter().skip(first).map(|topic| topic.measure).collect()
        };
        let first = |from: usize, to: usize| within(from, to).take(1).map(|topic| topic.measure).collect();
        let previous = (0..index).rev().find(|at| self.figure(*at).is_some());
        let start = previous.map_or(0, |at| at + 1);
        // What stands right behind the figure before is named for that one: "410 patients, and 14.5 minutes".
        let taken = previous.and_then(|at| within(at, self.behind(at).min(index)).next());
        let own = taken.map_or(start, |topic| topic.to + 1);
        let told = taken.map(|topic| vec![topic.measure]).unwrap_or_default();
        let around = [
            (first(index, self.behind(index)), true),
            (stretch(own, index), true),
            (told, false),
            (stretch(0, start), true),
            (first(index, self.tokens.len()), true),
            (self.story.topics.clone(), true),
        ];
        for (named, must_fit) in around {
            match self.fitting(&named, figure) {
                Some(measures) if must_fit || !measures.is_empty() => return measures,
                Some(_) | None => {}
            }
        }
        self.only(figure)
    }

    /// Where the words end that stand right behind the figure at `index`.
    fn behind(&self, index: usize) -> usize {
        let is_figure = |at: usize| self.figure(at).is_some();
        let ends = |at: &usize| {
            self.is_boundary(*at) || is_figure(*at) || self.tokens.get(*at).is_some_and(Token::is_rows)
        };
        // "310 of the 835 loans".
        let of = self.next(index + 1);
        let based = self.is_any(index + 1, &["of"]) && is_figure(of);
        let from = if based { of + 1 } else { index + 1 };
        (from..self.tokens.len()).find(ends).unwrap_or(self.tokens.len())
    }

    /// Of those named the last that the figure's unit fits; of several side by side, those.
    fn fitting(&self, named: &[usize], figure: &Figure) -> Option<Vec<&'a Measure>> {
        let measures: Vec<&Measure> =
            named.iter().filter_map(|index| self.facts.measures.get(*index)).collect();
        let fits = |exactly: bool| {
            let fit: Vec<&Measure> = measures.iter().filter(|m| fits(figure, m, exactly)).copied().collect();
            (!fit.is_empty()).then_some(fit)
        };
        if measures.is_empty() {
            return None;
        }
        // A metric that was named and does not fit is not replaced by another.
        Some(fits(true).or_else(|| fits(false)).unwrap_or_default())
    }

    /// Where none is named: the only one, or the only one of the figure's unit.
    fn only(&self, figure: &Figure) -> Vec<&'a Measure> {
        let all = &self.facts.measures;
        let exact: Vec<&Measure> = all.iter().filter(|measure| fits(figure, measure, true)).collect();
        match (all.as_slice(), exact.as_slice()) {
            ([only], _) => vec![only],
            (_, [only]) => vec![*only],
            _ => Vec::new(),
        }
    }

    /// The first metric that is named in a stretch, and those that are listed with it: "in fees and in loans".
    fn listed_after(&self, index: usize, to: usize) -> Vec<usize> {
        let mut topics = self.topics.iter().filter(|topic| topic.from >= index);
        let Some(first) = topics.next().filter(|topic| topic.to < to) else { return Vec::new() };
        let (mut listed, mut end) = (vec![first.measure], first.to);
        for topic in topics {
            let links = |at: usize| self.is_any(at, &["and", "in", "the", "of", "by"]);
            if !(end + 1..topic.from).all(links) {
                break;
            }
            listed.push(topic.measure);
            end = topic.to;
        }
        listed
    }

    /// The metrics that the word at `index` speaks of: named in its clause, else before, else anywhere.
    pub(crate) fn measures_near(&self, index: usize) -> Vec<&'a Measure> {
        let (from, to) = self.clause(index);
        let within = |from: usize, to: usize| -> Vec<usize> {
            self.topics.iter().filter(|t| from <= t.from && t.to < to).map(|t| t.measure).collect()
        };
        let after = self.listed_after(index, to);
        let before = |from: usize| -> Vec<usize> { within(from, index).into_iter().rev().take(1).collect() };
        let all = [
            after,
            before(from),
            before(0),
            within(index, self.tokens.len()).into_iter().take(1).collect(),
            self.story.topics.clone(),
        ];
        let named = all.into_iter().find(|named| !named.is_empty());
        match named {
            Some(named) => named.iter().filter_map(|index| self.facts.measures.get(*index)).collect(),
            None => self.facts.measures.iter().collect(),
        }
    }
}

/// Whether a figure's unit is the metric's. A plain number may be money, but is first a count. Percentages
/// are of any: shares and changes.
pub(crate) fn fits(figure: &Figure, measure: &Measure, exactly: bool) -> bool {
    match &figure.unit {
        FigureUnit::Plain => !exactly || measure.unit.is_none(),
        FigureUnit::Currency(unit) | FigureUnit::Named(unit) => measure.unit.as_deref() == Some(unit),
        FigureUnit::Percent => !exactly || measure.is_percent(),
        FigureUnit::Points => measure.is_percent(),
        FigureUnit::Times | FigureUnit::Fraction { .. } => !exactly,
        FigureUnit::Ordinal => false,
    }
}

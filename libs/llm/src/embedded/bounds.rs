//! Bounds on figures: "with more than 100 orders", "over $5,000 in sales", "between 10 and 20 loans".
//!
//! Decides how a bound is said and which metric beside it is meant. A bound on single rows, "orders over $50", is
//! none of these: without a word that speaks of the whole group it is left, and so not understood.

mod amount;

use super::comparison::Figure;
use super::tokens::{Kind, Token, is_word_of, take};
use super::vocabulary::{Tier, Vocabulary};
use super::words;
use crate::aggregate::Aggregate;
use amount::{Amount, amount};
use splitplane_semantics::{Bound, Metric};

/// Words between "whose" and a bound.
const WORDS_BACK_MAX: usize = 10;

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// The metric that comes next.
    Next,
    /// The one just before.
    Before,
    /// How much the figure grew.
    Figure,
    /// The share of the metric that comes next.
    Share,
}

/// A bound as it is said; two for "between".
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) of: Of,
    pub(crate) limits: Vec<(Bound, String)>,
    /// Whether it is in percent.
    pub(crate) percent: bool,
}

/// Takes the bounds out of `tokens`.
pub(crate) fn take_out(
    tokens: &mut [Token],
    figure: Option<Figure>,
    vocabulary: &Vocabulary<'_>,
) -> Vec<Said> {
    let mut found: Vec<Said> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((limits, amount, end)) = phrase(tokens, at, vocabulary) else {
            at += 1;
            continue;
        };
        let Some((of, end)) = object(tokens, (at, end), &amount, (figure, vocabulary)) else {
            at += 1;
            continue;
        };
        // A group without a row is not there to be shown: "with no loans" cannot be answered so.
        if of != Of::Figure && limits.iter().any(is_of_nothing) {
            at += 1;
            continue;
        }
        let falls = of == Of::Figure && figure.is_some_and(|figure| figure.falls);
        let limits = limits.into_iter().map(|limit| if falls { fallen(limit) } else { limit }).collect();
        // "grew by more than": the word before belongs to the bound.
        let by =
            at.checked_sub(1).filter(|before| of == Of::Figure && is_word_of(tokens, *before, &["by", "of"]));
        take(tokens, by.unwrap_or(at)..end);
        // "whose fees are over 100": the word has said that the bound is the group's.
        let before = at.saturating_sub(WORDS_BACK_MAX)..at;
        let whose = before.rev().find(|index| is_word_of(tokens, *index, &["whose", "when"]));
        if let Some(whose) = whose.filter(|_| of == Of::Before) {
            take(tokens, whose..whose + 1);
        }
        let mark = if of == Of::Before { at } else { end - 1 };
        if let Some(token) = tokens.get_mut(mark) {
            token.kind = Kind::Bound(found.len());
        }
        found.push(Said { of, limits, percent: amount.percent });
        at = end;
    }
    found
}

fn is_of_nothing((bound, value): &(Bound, String)) -> bool {
    match bound {
        Bound::Exactly | Bound::AtMost => value == "0",
        Bound::LessThan => matches!(value.as_str(), "0" | "1"),
        Bound::MoreThan | Bound::AtLeast => false,
    }
}

/// "dropped by more than 10 %" is a growth of less than -10.
fn fallen((bound, value): (Bound, String)) -> (Bound, String) {
    let turned = match bound {
        Bound::MoreThan => Bound::LessThan,
        Bound::AtLeast => Bound::AtMost,
        Bound::LessThan => Bound::MoreThan,
        Bound::AtMost => Bound::AtLeast,
        Bound::Exactly => Bound::Exactly,
    };
    (turned, if value == "0" { value } else { format!("-{value}") })
}

type Limits = Vec<(Bound, String)>;

/// The words of a bound with its amount, and the token after them.
fn phrase(tokens: &[Token], at: usize, vocabulary: &Vocabulary<'_>) -> Option<(Limits, Amount, usize)> {
    if is_word_of(tokens, at, &["between"]) {
        let (low, middle) = amount(tokens, at + 1, vocabulary)?;
        let joined = is_word_of(tokens, middle, &["and", "to"]);
        let (high, end) = amount(tokens, middle + 1, vocabulary).filter(|_| joined)?;
        let both = Amount {
            value: String::new(),
            money: low.money || high.money,
            percent: low.percent || high.percent,
        };
        return Some((vec![(Bound::AtLeast, low.value), (Bound::AtMost, high.value)], both, end));
    }
    if let Some((bound, next)) = words_before(tokens, at) {
        let (amount, end) = amount(tokens, next, vocabulary)?;
        return Some((vec![(bound, amount.value.clone())], amount, end));
    }
    let (amount, end) = amount(tokens, at, vocabulary)?;
    let (bound, end) = words_after(tokens, end)?;
    Some((vec![(bound, amount.value.clone())], amount, end))
}

fn words_before(tokens: &[Token], at: usize) -> Option<(Bound, usize)> {
    let than = |at: usize| is_word_of(tokens, at + 1, &["than"]);
    let word = tokens.get(at).filter(|token| token.kind == Kind::Word)?.lower.as_str();
    let next = tokens.get(at + 1).map_or("", |token| token.lower.as_str());
    match (word, next) {
        ("more" | "greater" | "larger" | "higher" | "bigger", "than") => Some((Bound::MoreThan, at + 2)),
        ("less" | "fewer" | "lower" | "smaller", "than") => Some((Bound::LessThan, at + 2)),
        ("no" | "not", "more" | "greater" | "larger" | "higher") if than(at + 1) => {
            Some((Bound::AtMost, at + 3))
        }
        ("no" | "not", "less" | "fewer" | "lower") if than(at + 1) => Some((Bound::AtLeast, at + 3)),
        ("in", "excess") if is_word_of(tokens, at + 2, &["of"]) => Some((Bound::MoreThan, at + 3)),
        ("not", "exceeding") | ("up", "to") | ("at", "most") | ("maximum", "of") => {
            Some((Bound::AtMost, at + 2))
        }
        ("at", "least") | ("minimum", "of") => Some((Bound::AtLeast, at + 2)),
        ("over" | "above" | "exceeding" | "exceed" | "exceeds" | "exceeded", _) => {
            Some((Bound::MoreThan, at + 1))
        }
        ("under" | "below", _) => Some((Bound::LessThan, at + 1)),
        ("exactly" | "precisely", _) => Some((Bound::Exactly, at + 1)),
        _ => None,
    }
}

/// "or more", "and above", "+".
fn words_after(tokens: &[Token], at: usize) -> Option<(Bound, usize)> {
    if tokens.get(at).is_some_and(|token| token.kind == Kind::Symbol && token.lower == "+") {
        return Some((Bound::AtLeast, at + 1));
    }
    let joined = is_word_of(tokens, at, &["or", "and"]);
    let word = tokens.get(at + 1).filter(|_| joined)?.lower.as_str();
    match word {
        "more" | "above" | "higher" | "over" | "greater" | "up" => Some((Bound::AtLeast, at + 2)),
        "less" | "fewer" | "below" | "lower" | "under" => Some((Bound::AtMost, at + 2)),
        _ => None,
    }
}

/// What a bound in the tokens `(start, end)` is about, and the token after its words.
fn object(
    tokens: &[Token],
    (start, end): (usize, usize),
    amount: &Amount,
    (figure, vocabulary): (Option<Figure>, &Vocabulary<'_>),
) -> Option<(Of, usize)> {
    let taken = |at: usize| tokens.get(at).is_some_and(|token| token.kind == Kind::Taken);
    let by = start - usize::from(start > 0 && is_word_of(tokens, start - 1, &["by", "of"]));
    if figure.is_some() && by.checked_sub(1).is_some_and(taken) {
        let derived = figure.map(|figure| figure.derived);
        let fits = amount.percent || derived == Some(splitplane_semantics::Derived::Change);
        return fits.then_some((Of::Figure, end));
    }
    let mut next = end;
    let linked = is_word_of(tokens, next, &["in", "of"])
        || is_word_of(tokens, next, &["worth"]) && is_word_of(tokens, next + 1, &["of"]);
    while is_word_of(tokens, next, &["in", "of", "worth", "the", "all", "total"]) {
        next += 1;
    }
    let named = (linked || next == end)
        .then(|| vocabulary.longest(tokens, next))
        .flatten()
        .filter(|found| fits(&found.metrics, amount, vocabulary));
    if let Some(named) = named {
        let is_percentage = in_percent(&named.metrics, vocabulary);
        if amount.percent && linked == is_percentage {
            return None;
        }
        let of = if amount.percent && !is_percentage { Of::Share } else { Of::Next };
        return Some((of, next));
    }
    speaks_of_group(tokens, start, amount, vocabulary).then_some((Of::Before, end))
}

/// Whether an amount can be one of the metrics: money is no number of things.
fn fits(candidates: &[(usize, Tier)], amount: &Amount, vocabulary: &Vocabulary<'_>) -> bool {
    let fitting = |metric: &Metric| !amount.money || is_money(metric);
    candidates.iter().filter_map(|(index, _)| vocabulary.metrics.get(*index)).any(|metric| fitting(metric))
}

/// Whether all of the metrics are percentages themselves.
fn in_percent(candidates: &[(usize, Tier)], vocabulary: &Vocabulary<'_>) -> bool {
    let mut metrics = candidates.iter().filter_map(|(index, _)| vocabulary.metrics.get(*index));
    metrics.all(|metric| metric.unit.as_ref().is_some_and(|unit| unit == "%"))
}

fn is_money(metric: &Metric) -> bool {
    let counts = matches!(Aggregate::of(metric), Some(Aggregate::Count | Aggregate::CountDistinct));
    !counts && metric.unit.as_ref().is_none_or(|unit| words::is_currency(unit))
}

/// Whether a metric stands before the bound, with a word that makes it the group's: "whose fees are over 100". Of a
/// name alone, "orders over 50", it could be each order.
fn speaks_of_group(tokens: &[Token], start: usize, amount: &Amount, vocabulary: &Vocabulary<'_>) -> bool {
    const GROUP: [&str; 8] = ["with", "whose", "where", "having", "had", "have", "has", "when"];
    let mut end = start;
    while end > 0
        && is_word_of(
            tokens,
            end - 1,
            &["of", "is", "are", "was", "were", "being", "that", "which", "do", "did", "value", "worth"],
        )
    {
        end -= 1;
    }
    let Some((mut first, metrics)) = vocabulary.metric_before(tokens, end) else {
        return end > 0
            && !amount.percent
            && tokens
                .get(end - 1)
                .is_some_and(|token| fits(&vocabulary.verb(&token.lower), amount, vocabulary));
    };
    while first > 0
        && tokens.get(first - 1).is_some_and(|token| {
            words::is_article(&token.lower)
                || words::modifier(&token.lower).is_some()
                || token.lower == "number"
                || token.lower == "of"
        })
    {
        first -= 1;
    }
    fits(&metrics, amount, vocabulary)
        && (!amount.percent || in_percent(&metrics, vocabulary))
        && first > 0
        && is_word_of(tokens, first - 1, &GROUP)
}

//! From a question in parts to a draft: chooses what each word names, or says why it cannot.
//!
//! Decides that a question is supported only when every part has exactly one meaning.

use super::grammar::{Candidates, Group, GroupKind, Reading, Value};
use super::reader;
use super::tokens::{Kind, Token, tokens};
use super::vocabulary::{Tier, Vocabulary};
use crate::aggregate::Aggregate;
use splitplane_semantics::{
    Dimension, DraftInterpretation, Filter, Metric, Order, PeriodPhrase, PeriodSearch, find_period,
};
use std::ops::Range;

/// Why a question has no draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Words that name several metrics.
    Metric {
        spans: Vec<Range<usize>>,
        candidates: Vec<usize>,
    },
    /// Words that name several dimensions.
    Dimension {
        span: Range<usize>,
        candidates: Vec<usize>,
    },
    /// A dimension whose part is not said: to group by, or only mentioned.
    Loose {
        span: Range<usize>,
        dimension: usize,
    },
    /// Words about time that have no clear meaning.
    Period {
        words: String,
    },
    /// A name that may begin with the word for the thing that it names.
    Name {
        span: Range<usize>,
    },
    /// "best", of something of which less may be better.
    Judged {
        span: Range<usize>,
    },
    Unsupported {
        leftovers: Vec<Range<usize>>,
    },
}

impl Trouble {
    const fn nothing() -> Self {
        Self::Unsupported { leftovers: Vec::new() }
    }
}

/// Reads a question.
pub(crate) fn read(text: &str, vocabulary: &Vocabulary<'_>) -> Result<DraftInterpretation, Trouble> {
    let mut tokens = tokens(text);
    let period = match find_period(&without_names(text, &tokens, vocabulary)) {
        PeriodSearch::None => None,
        PeriodSearch::Unclear { words } => return Err(Trouble::Period { words }),
        PeriodSearch::Found { phrase, span } => {
            for token in
                tokens.iter_mut().filter(|token| token.span.start < span.end && span.start < token.span.end)
            {
                token.kind = Kind::Period;
            }
            Some(phrase)
        }
    };
    let mut reading = reader::read(text, &tokens, vocabulary);
    let echoes = std::mem::take(&mut reading.echoes);
    let metrics = resolve_metrics(&reading, vocabulary)?;
    let vain = |span: &Range<usize>| {
        let word = text.get(span.clone()).unwrap_or("").to_lowercase();
        !metrics.iter().any(|metric| vocabulary.repeats(*metric, &word))
    };
    let vain: Vec<Range<usize>> = echoes.into_iter().filter(vain).collect();
    if !vain.is_empty() {
        return Err(Trouble::Unsupported { leftovers: vain });
    }
    resolve(reading, &metrics, period, vocabulary)
}

/// The question with quotations and names of metrics of more than one word blotted out, so that a month
/// in a name is not taken for a period. A blot is still a word: what stands around it stays apart.
fn without_names(text: &str, tokens: &[Token], vocabulary: &Vocabulary<'_>) -> String {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let named =
            vocabulary.longest(tokens, at).filter(|found| found.length > 1 && !found.metrics.is_empty());
        let length = named.as_ref().map_or(1, |found| found.length);
        let last = tokens.get(at + length - 1).unwrap_or(token);
        if named.is_some() || token.kind == Kind::Quoted {
            spans.push(token.span.start..last.span.end);
        }
        at += length;
    }
    let hidden = |byte: usize| spans.iter().any(|span| span.contains(&byte));
    let blotted =
        |(byte, c): (usize, char)| if hidden(byte) { "x".repeat(c.len_utf8()) } else { c.to_string() };
    text.char_indices().map(blotted).collect()
}

fn resolve_metrics(reading: &Reading, vocabulary: &Vocabulary<'_>) -> Result<Vec<usize>, Trouble> {
    if reading.leftovers.is_empty() {
        metrics(reading, vocabulary)
    } else {
        Err(Trouble::Unsupported { leftovers: reading.leftovers.clone() })
    }
}

fn resolve(
    mut reading: Reading,
    metrics: &[usize],
    period: Option<PeriodPhrase>,
    vocabulary: &Vocabulary<'_>,
) -> Result<DraftInterpretation, Trouble> {
    rank_loose(&mut reading, vocabulary, metrics)?;
    let dimensions = dimensions(&reading, vocabulary, metrics)?;
    let filters = filters(&reading, vocabulary, metrics)?;
    if period.is_some() && vocabulary.time_field(metrics).is_none() {
        return Err(Trouble::nothing());
    }
    let names: Vec<String> = metrics
        .iter()
        .filter_map(|index| vocabulary.metrics.get(*index))
        .map(|metric| metric.name.clone())
        .collect();
    let (order, limit) = order(&reading, vocabulary, metrics, &dimensions)?;
    Ok(DraftInterpretation {
        metrics: names,
        dimensions,
        filters,
        period,
        comparison: None,
        thresholds: Vec::new(),
        shares: false,
        order,
        limit,
    })
}

// === metrics ===

/// Of two that the same words name or are a synonym of, neither is better; a shortened name counts
/// only beside synonyms, which are no names either.
fn best(candidates: &Candidates) -> Vec<usize> {
    let limit = match candidates.iter().map(|(_, tier)| *tier).min() {
        Some(Tier::Name) => Tier::Synonym,
        Some(Tier::Synonym | Tier::Short) => Tier::Short,
        Some(Tier::Key | Tier::Head) | None => Tier::Head,
    };
    candidates.iter().filter(|(_, tier)| *tier <= limit).map(|(index, _)| *index).collect()
}

fn metrics(reading: &Reading, vocabulary: &Vocabulary<'_>) -> Result<Vec<usize>, Trouble> {
    let mut chosen: Vec<usize> = Vec::new();
    for mention in &reading.metrics {
        let fits = |index: &usize| {
            let aggregate = vocabulary.metrics.get(*index).and_then(|metric| Aggregate::of(metric));
            mention.modifiers.iter().all(|modifier| modifier.fits(aggregate))
        };
        let candidates: Vec<usize> = best(&mention.candidates).into_iter().filter(fits).collect();
        match candidates.as_slice() {
            [] => return Err(Trouble::Unsupported { leftovers: vec![mention.span.clone()] }),
            [metric] if chosen.contains(metric) => {}
            [metric] if mention.linked => chosen.push(*metric),
            // Two metrics side by side, "fees loans", or one "of" the other, is neither of them.
            [_] => return Err(Trouble::nothing()),
            _ => {
                let same = reading.metrics.iter().filter(|other| other.candidates == mention.candidates);
                return Err(Trouble::Metric {
                    spans: same.map(|other| other.span.clone()).collect(),
                    candidates,
                });
            }
        }
    }
    if chosen.is_empty() { Err(Trouble::nothing()) } else { Ok(chosen) }
}

// === dimensions ===

/// The dimensions that words name most directly among those that all metrics have.
fn dimensions_named(candidates: &Candidates, vocabulary: &Vocabulary<'_>, metrics: &[usize]) -> Vec<usize> {
    let shared = vocabulary.shared(metrics);
    let usable: Candidates = candidates.iter().filter(|(index, _)| shared.contains(index)).copied().collect();
    let limit = match usable.iter().map(|(_, tier)| *tier).min() {
        Some(Tier::Name | Tier::Synonym) => Tier::Synonym,
        Some(Tier::Short) => Tier::Short,
        Some(Tier::Key) => Tier::Key,
        Some(Tier::Head) | None => Tier::Head,
    };
    usable.into_iter().filter(|(_, tier)| *tier <= limit).map(|(index, _)| index).collect()
}

/// "branches with the highest fees": what stands loose is what is ranked.
fn rank_loose(reading: &mut Reading, vocabulary: &Vocabulary<'_>, metrics: &[usize]) -> Result<(), Trouble> {
    if let (Some(_), true, [loose]) = (&reading.rank, reading.groups.is_empty(), reading.loose.as_slice()) {
        let kind = GroupKind::Field(loose.candidates.clone());
        reading.groups.push(Group { span: loose.span.clone(), kind, wanted: true, single: loose.single });
        return Ok(());
    }
    match reading.loose.first() {
        None => Ok(()),
        Some(loose) => Err(match dimensions_named(&loose.candidates, vocabulary, metrics).as_slice() {
            [dimension] => Trouble::Loose { span: loose.span.clone(), dimension: *dimension },
            _ => Trouble::nothing(),
        }),
    }
}

fn dimensions(
    reading: &Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Dimension>, Trouble> {
    let mut chosen: Vec<Dimension> = Vec::new();
    for group in &reading.groups {
        let dimension = match &group.kind {
            GroupKind::Grain(grain) => {
                let field = vocabulary.time_field(metrics).ok_or_else(Trouble::nothing)?;
                Dimension { field, grain: Some(*grain) }
            }
            GroupKind::Field(candidates) => {
                match dimensions_named(candidates, vocabulary, metrics).as_slice() {
                    [] => return Err(Trouble::Unsupported { leftovers: vec![group.span.clone()] }),
                    [index] => {
                        let found = vocabulary.dimensions.get(*index).ok_or_else(Trouble::nothing)?;
                        let grain = found.field.holds_time().then_some(splitplane_semantics::Grain::Day);
                        Dimension { field: found.reference.clone(), grain }
                    }
                    several => {
                        return Err(Trouble::Dimension {
                            span: group.span.clone(),
                            candidates: several.to_vec(),
                        });
                    }
                }
            }
        };
        match chosen.iter().find(|other| other.field == dimension.field) {
            None => chosen.push(dimension),
            Some(other) if *other == dimension => {}
            // One field at two grains would be two columns of one name.
            Some(_) => return Err(Trouble::nothing()),
        }
    }
    Ok(chosen)
}

// === filters ===

fn filters(
    reading: &Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Filter>, Trouble> {
    let mut filters: Vec<Filter> = Vec::new();
    for value in &reading.values {
        if let Some(span) = &value.titled {
            return Err(Trouble::Name { span: span.clone() });
        }
        let filter = filter(value, vocabulary, metrics)?;
        let overlaps =
            |other: &Filter| !other.negated && filter.fields.iter().any(|field| other.fields.contains(field));
        let one_field =
            |other: &Filter| !other.negated && filter.fields.len() == 1 && other.fields == filter.fields;
        // Two values of one field are true of no row; that is not what "A and B" asks for.
        if !filter.negated
            && ((value.conjoined && filters.last().is_some_and(overlaps)) || filters.iter().any(one_field))
        {
            return Err(Trouble::Unsupported { leftovers: vec![value.span.clone()] });
        }
        filters.push(filter);
    }
    Ok(filters)
}

fn filter(value: &Value, vocabulary: &Vocabulary<'_>, metrics: &[usize]) -> Result<Filter, Trouble> {
    let shared = vocabulary.shared(metrics);
    let named = |index: &&usize| match &value.dimensions {
        // "branch 12" may be a name or a key: which, the caller's own rows will tell.
        Some(candidates) => candidates.iter().any(|(candidate, _)| candidate == *index),
        None => true,
    };
    let fields: Vec<_> = shared
        .iter()
        .filter(named)
        .filter_map(|index| vocabulary.dimensions.get(*index))
        .filter(|dimension| dimension.is_text())
        .map(|dimension| dimension.reference.clone())
        .collect();
    if fields.is_empty() || value.phrase.trim().is_empty() {
        return Err(Trouble::Unsupported { leftovers: vec![value.span.clone()] });
    }
    let phrases = vec![value.phrase.trim().to_owned()];
    Ok(Filter { phrases, fields, negated: value.negated, either: false })
}

// === order ===

fn order(
    reading: &Reading,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
    dimensions: &[Dimension],
) -> Result<(Vec<Order>, Option<u32>), Trouble> {
    let Some(rank) = &reading.rank else {
        let timely = dimensions.iter().find(|dimension| dimension.grain.is_some());
        return Ok((
            timely.map(|d| Order { by: d.field.field.clone(), descending: false }).into_iter().collect(),
            None,
        ));
    };
    let wanted = reading.groups.iter().any(|group| group.wanted && group.single);
    let limit = rank.count.or(wanted.then_some(1));
    // A rank needs something to rank; "top 5" of pairs is not "top 5" of either.
    if dimensions.is_empty() || limit == Some(0) || (limit.is_some() && dimensions.len() > 1) {
        return Err(Trouble::nothing());
    }
    let mentions = || reading.metrics.iter();
    let named =
        mentions().find(|mention| mention.orders).or_else(|| mentions().find(|m| m.span.start > rank.at));
    // Of several, a rank must say which one ranks.
    if named.is_none() && metrics.len() > 1 {
        return Err(Trouble::nothing());
    }
    let index = named
        .map(|mention| best(&mention.candidates))
        .and_then(|named| metrics.iter().find(|metric| named.contains(metric)));
    let metric = index
        .or(metrics.first())
        .and_then(|index| vocabulary.metrics.get(*index))
        .ok_or_else(Trouble::nothing)?;
    match &rank.judged {
        Some(span) if !more_is_better(metric) => return Err(Trouble::Judged { span: span.clone() }),
        Some(_) | None => {}
    }
    Ok((vec![Order { by: metric.name.clone(), descending: rank.descending }], limit))
}

/// Whether more of it is what people call better: of money and of things that are counted, but not of
/// minutes, litres or ratios.
fn more_is_better(metric: &Metric) -> bool {
    let money = |unit: &str| unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase());
    match (&metric.unit, Aggregate::of(metric)) {
        (Some(unit), _) => money(unit),
        (None, Some(Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum)) => true,
        (None, Some(Aggregate::Average | Aggregate::Maximum | Aggregate::Minimum) | None) => false,
    }
}

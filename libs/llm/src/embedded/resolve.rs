//! From a question in parts to a draft: chooses what each word names, or says why it cannot.
//!
//! Decides that a question is supported only when every part has exactly one meaning.

mod dimensions;
mod filters;
mod order;
mod parts;

use super::comparison::{Compared, Said, compared};
use super::grammar::{Candidates, Reading};
use super::vocabulary::{Tier, Vocabulary};
use super::words::Modifier;
use crate::aggregate::Aggregate;
use splitplane_semantics::{
    ComparisonExpr, Derived, Dimension, DraftInterpretation, Filter, Order, PeriodPhrase, Threshold,
};
use std::ops::Range;

pub(crate) use parts::{Parts, TOKENS_MAX, parts};

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
    /// A comparison without a period: where one could be put in.
    NoPeriod {
        at: usize,
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
    let parts = parts(text, vocabulary)?;
    let metrics = parts.metrics(text, vocabulary)?;
    parts.draft(&metrics, vocabulary)
}

impl Parts {
    /// The metrics that are asked for.
    pub(crate) fn metrics(&self, text: &str, vocabulary: &Vocabulary<'_>) -> Result<Vec<usize>, Trouble> {
        if !self.reading.leftovers.is_empty() {
            return Err(Trouble::Unsupported { leftovers: self.reading.leftovers.clone() });
        }
        let metrics = chosen(&self.reading, vocabulary)?;
        if metrics.is_empty() {
            Err(Trouble::nothing())
        } else {
            self.vain(&metrics, text, vocabulary).map(|()| metrics)
        }
    }

    /// Words that only repeat a metric's name must repeat one that is asked for.
    pub(crate) fn vain(
        &self,
        metrics: &[usize],
        text: &str,
        vocabulary: &Vocabulary<'_>,
    ) -> Result<(), Trouble> {
        let vain = |span: &&Range<usize>| {
            let word = text.get((*span).clone()).unwrap_or("").to_lowercase();
            !metrics.iter().any(|metric| vocabulary.repeats(*metric, &word))
        };
        let leftovers: Vec<Range<usize>> = self.reading.echoes.iter().filter(vain).cloned().collect();
        if leftovers.is_empty() { Ok(()) } else { Err(Trouble::Unsupported { leftovers }) }
    }

    /// The draft of what is asked of `metrics`.
    pub(crate) fn draft(
        mut self,
        metrics: &[usize],
        vocabulary: &Vocabulary<'_>,
    ) -> Result<DraftInterpretation, Trouble> {
        dimensions::rank_loose(&mut self.reading, vocabulary, metrics)?;
        let dimensions = dimensions::dimensions(&self.reading, vocabulary, metrics)?;
        let filters = filters::filters(&self.reading, vocabulary, metrics)?;
        let (period, comparison) = periods(self.period.take(), &self.said)?;
        if period.is_some() && !vocabulary.have_time(metrics) {
            return Err(Trouble::nothing());
        }
        let thresholds = self.thresholds(vocabulary, metrics)?;
        if (self.shares || !thresholds.is_empty()) && dimensions.is_empty() {
            return Err(Trouble::nothing());
        }
        if self.shares && !self.can_share(vocabulary, metrics) {
            return Err(Trouble::nothing());
        }
        let (order, limit) =
            order::order((&self.reading, self.said.figure), vocabulary, metrics, &dimensions)?;
        let name = |index: &usize| vocabulary.metrics.get(*index).map(|metric| metric.name.clone());
        let metrics = metrics.iter().filter_map(name).collect();
        Ok(DraftInterpretation {
            metrics,
            dimensions,
            filters,
            period,
            comparison,
            thresholds,
            shares: self.shares,
            order,
            limit,
        })
    }

    /// The bounds on figures of the result.
    pub(crate) fn thresholds(
        &self,
        vocabulary: &Vocabulary<'_>,
        metrics: &[usize],
    ) -> Result<Vec<Threshold>, Trouble> {
        use super::bounds::Of;
        let name = |index: usize| vocabulary.metrics.get(index).map(|metric| metric.name.clone());
        let mut thresholds = Vec::new();
        for (number, bound) in self.bounds.iter().enumerate() {
            let mention = self.reading.metrics.iter().find(|mention| mention.bounds.contains(&number));
            let own = mention.and_then(|mention| {
                let named = best(&mention.candidates);
                metrics.iter().find(|metric| named.contains(metric)).copied()
            });
            let metric = match (bound.of, own, metrics) {
                (Of::Next | Of::Before | Of::Share, Some(own), _) => own,
                (Of::Figure, _, [only]) => *only,
                (Of::Next | Of::Before | Of::Share | Of::Figure, _, _) => return Err(Trouble::nothing()),
            };
            let metric = name(metric).ok_or_else(Trouble::nothing)?;
            let by = match bound.of {
                Of::Figure if bound.percent => Derived::Growth.column(&metric),
                Of::Figure => Derived::Change.column(&metric),
                Of::Share => Derived::Share.column(&metric),
                Of::Next | Of::Before => metric,
            };
            let limits = bound.limits.iter();
            thresholds.extend(limits.map(|(bound, value)| Threshold {
                by: by.clone(),
                bound: *bound,
                value: value.clone(),
            }));
        }
        Ok(thresholds)
    }

    /// Whether shares of all groups can be meant: of figures that add up, and not "from web", which asks for one.
    fn can_share(&self, vocabulary: &Vocabulary<'_>, metrics: &[usize]) -> bool {
        let additive =
            |index: &usize| vocabulary.metrics.get(*index).is_some_and(|metric| metric.is_additive());
        metrics.iter().all(additive)
            && self.reading.values.iter().all(|value| value.negated || !value.sources)
    }
}

/// The dimensions that parts name.
pub(crate) fn dimensions_of(
    parts: &mut Parts,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Dimension>, Trouble> {
    dimensions::rank_loose(&mut parts.reading, vocabulary, metrics)?;
    dimensions::dimensions(&parts.reading, vocabulary, metrics)
}

/// The filters that parts name.
pub(crate) fn filters_of(
    parts: &Parts,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
) -> Result<Vec<Filter>, Trouble> {
    filters::filters(&parts.reading, vocabulary, metrics)
}

/// The order that parts name, of rows of `dimensions`.
pub(crate) fn order_of(
    parts: &Parts,
    vocabulary: &Vocabulary<'_>,
    metrics: &[usize],
    dimensions: &[Dimension],
) -> Result<(Vec<Order>, Option<u32>), Trouble> {
    order::order((&parts.reading, parts.said.figure), vocabulary, metrics, dimensions)
}

fn periods(
    period: Option<PeriodPhrase>,
    said: &Said,
) -> Result<(Option<PeriodPhrase>, Option<ComparisonExpr>), Trouble> {
    match compared(period, said) {
        Compared::Is(period, comparison) => Ok((period, comparison)),
        Compared::NoPeriod => Err(Trouble::NoPeriod { at: said.start.unwrap_or(0) }),
        Compared::Unclear => Err(Trouble::nothing()),
    }
}

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

/// The metrics that a question names, if each of its words names one alone.
pub(crate) fn chosen(reading: &Reading, vocabulary: &Vocabulary<'_>) -> Result<Vec<usize>, Trouble> {
    let mut chosen: Vec<usize> = Vec::new();
    for mention in &reading.metrics {
        let fits = |index: &usize| {
            let metric = vocabulary.metrics.get(*index);
            let aggregate = metric.and_then(|metric| Aggregate::of(metric));
            // "how many litres".
            let counts = |modifier: &Modifier| *modifier == Modifier::Count && vocabulary.is_quantity(*index);
            mention.modifiers.iter().all(|modifier| modifier.fits(aggregate) || counts(modifier))
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
    Ok(chosen)
}

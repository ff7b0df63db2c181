//! Lays what a fragment says over what was asked before.
//!
//! Decides what replaces what, as [`super`] lists it. Everything is built anew for the metrics that result: what does
//! not belong to them is not understood.

mod filters;
mod order;

use super::super::comparison::{Compared, compared};
use super::super::resolve::{self, Parts, Trouble};
use super::super::vocabulary::Vocabulary;
use super::marks::Marks;
use splitplane_semantics::{
    ComparisonExpr, Dimension, DraftInterpretation, FieldRef, Interpretation, Period, PeriodPhrase, Threshold,
};

/// The fragment has no meaning, or none that can be told.
pub(super) struct NotUnderstood;

impl From<Trouble> for NotUnderstood {
    /// Why a fragment has no meaning is asked nobody: it is asked back like any text.
    fn from(_: Trouble) -> Self {
        Self
    }
}

/// A fragment's parts beside what was asked before.
struct Merge<'a> {
    parts: Parts,
    marks: &'a Marks,
    vocabulary: &'a Vocabulary<'a>,
    previous: DraftInterpretation,
    /// The metrics before, and those that result.
    old: Vec<usize>,
    metrics: Vec<usize>,
}

/// The drafts that a fragment may mean; one, if it has one meaning.
pub(super) fn merge(
    parts: Parts,
    marks: &Marks,
    shifted: Option<PeriodPhrase>,
    (interpretation, vocabulary): (&Interpretation, &Vocabulary<'_>),
) -> Result<Vec<DraftInterpretation>, NotUnderstood> {
    if !parts.reading.leftovers.is_empty() || parts.said.twice {
        return Err(NotUnderstood);
    }
    let previous = interpretation.to_draft();
    let index = |name: &String| vocabulary.metrics.iter().position(|metric| metric.name == *name);
    let old: Option<Vec<usize>> = previous.metrics.iter().map(index).collect();
    let old = old.ok_or(NotUnderstood)?;
    let mut merge = Merge { parts, marks, vocabulary, previous, metrics: old.clone(), old };
    merge.metrics = merge.metrics()?;
    let dimensions = merge.dimensions()?;
    let kept = merge.previous.clone();
    let (period, comparison) = merge.periods(shifted, interpretation)?;
    if period.is_some() && !vocabulary.have_time(&merge.metrics) {
        return Err(NotUnderstood);
    }
    let thresholds = merge.thresholds()?;
    let shares = (merge.previous.shares || merge.parts.shares) && !marks.no_shares;
    let additive = |index: &usize| vocabulary.metrics.get(*index).is_some_and(|metric| metric.is_additive());
    if (shares && !merge.metrics.iter().all(additive))
        || ((shares || !thresholds.is_empty()) && dimensions.is_empty())
    {
        return Err(NotUnderstood);
    }
    let (order, limit) = merge.order(&dimensions)?;
    let names =
        merge.metrics.iter().filter_map(|index| vocabulary.metrics.get(*index)).map(|m| m.name.clone());
    let metrics: Vec<String> = names.collect();
    let drafts: Vec<DraftInterpretation> = merge
        .filters()?
        .into_iter()
        .map(|filters| DraftInterpretation {
            metrics: metrics.clone(),
            dimensions: dimensions.clone(),
            filters,
            period: period.clone(),
            comparison: comparison.clone(),
            thresholds: thresholds.clone(),
            shares,
            order: order.clone(),
            limit,
        })
        .collect();
    // What changes nothing was not understood.
    if drafts.iter().all(|draft| *draft == kept) { Err(NotUnderstood) } else { Ok(drafts) }
}

impl Merge<'_> {
    fn metrics(&self) -> Result<Vec<usize>, NotUnderstood> {
        let reading = &self.parts.reading;
        let named = resolve::chosen(reading, self.vocabulary)?;
        // A metric that only bounds or orders joins those that are there.
        let serves = reading.metrics.iter().all(|mention| mention.orders || !mention.bounds.is_empty());
        if named.is_empty() {
            return Ok(self.old.clone());
        }
        if !(serves || self.marks.adds) || self.marks.one {
            return Ok(named);
        }
        let mut metrics = self.old.clone();
        metrics.extend(named.into_iter().filter(|metric| !self.old.contains(metric)));
        Ok(metrics)
    }

    /// A field of the metrics before as one of those that result: a time field is that of the metrics.
    fn moved(&self, field: &FieldRef) -> Option<FieldRef> {
        let (was, is) = (self.vocabulary.time_field(&self.old), self.vocabulary.time_field(&self.metrics));
        if was.as_ref() == Some(field) {
            return is;
        }
        let shared = self.vocabulary.shared(&self.metrics);
        let has = |index: &usize| {
            self.vocabulary.dimensions.get(*index).is_some_and(|dimension| dimension.reference == *field)
        };
        shared.iter().any(has).then(|| field.clone())
    }

    fn dimensions(&mut self) -> Result<Vec<Dimension>, NotUnderstood> {
        let mut kept = Vec::new();
        for dimension in &self.previous.dimensions {
            let field = self.moved(&dimension.field).ok_or(NotUnderstood);
            kept.push(field.map(|field| Dimension { field, grain: dimension.grain }));
        }
        let sorts = self.marks.sorts && self.parts.reading.metrics.is_empty();
        if self.marks.one && self.parts.reading.groups.is_empty() && kept.len() != 1 {
            return Err(NotUnderstood);
        }
        let named = if sorts {
            Vec::new()
        } else {
            resolve::dimensions_of(&mut self.parts, self.vocabulary, &self.metrics)?
        };
        let kept: Result<Vec<Dimension>, NotUnderstood> = kept.into_iter().collect();
        if named.is_empty() {
            return kept;
        }
        let is_new = |dimension: &Dimension| named.iter().all(|other| other.field != dimension.field);
        if self.marks.adds || self.marks.splits {
            return Ok(kept?.into_iter().filter(is_new).chain(named.iter().cloned()).collect());
        }
        // Of a time and a field, each replaces its like.
        let timely = |dimension: &Dimension| dimension.grain.is_some();
        let previous = &self.previous.dimensions;
        let mixed = previous.iter().any(timely) && !previous.iter().all(timely);
        if mixed && (named.iter().all(timely) || !named.iter().any(timely)) {
            let time = named.iter().all(timely);
            let others = kept?.into_iter().filter(|dimension| timely(dimension) != time);
            return Ok(others.chain(named.iter().cloned()).collect());
        }
        Ok(named)
    }

    fn periods(
        &self,
        shifted: Option<PeriodPhrase>,
        before: &Interpretation,
    ) -> Result<(Option<PeriodPhrase>, Option<ComparisonExpr>), NotUnderstood> {
        let said = &self.parts.said;
        let own = self.parts.period.clone().or(shifted);
        let compares = said.against.is_some() || said.figure.is_some();
        if compares {
            return match compared(own.or_else(|| self.previous.period.clone()), said) {
                Compared::Is(period, comparison) => Ok((period, comparison)),
                Compared::NoPeriod | Compared::Unclear => Err(NotUnderstood),
            };
        }
        match (own, &before.period, &before.comparison) {
            (None, _, _) => Ok((self.previous.period.clone(), self.previous.comparison.clone())),
            (Some(own), _, None) => Ok((Some(own), None)),
            (Some(own), Some(period), Some(other)) => {
                let comparison = kind_of_comparison(period, other).ok_or(NotUnderstood)?;
                Ok((Some(own), Some(comparison)))
            }
            (Some(_), None, Some(_)) => Err(NotUnderstood),
        }
    }

    fn thresholds(&self) -> Result<Vec<Threshold>, NotUnderstood> {
        let named = self.parts.thresholds(self.vocabulary, &self.metrics)?;
        let mut kept = self.previous.thresholds.clone();
        let metric_is_gone = |threshold: &Threshold| {
            let gone = self.old.iter().filter(|metric| !self.metrics.contains(metric));
            gone.filter_map(|metric| self.vocabulary.metrics.get(*metric)).any(|metric| {
                threshold.by == metric.name || threshold.by.starts_with(&format!("{}_", metric.name))
            })
        };
        if kept.iter().any(metric_is_gone) {
            return Err(NotUnderstood);
        }
        kept.retain(|threshold| named.iter().all(|other| other.by != threshold.by));
        kept.extend(named);
        Ok(kept)
    }
}

/// How a period was compared, from the days alone.
fn kind_of_comparison(period: &Period, other: &Period) -> Option<ComparisonExpr> {
    if other.to == period.from {
        return Some(ComparisonExpr::Previous);
    }
    let year = |day: jiff::civil::DateTime| day.checked_sub(jiff::Span::new().years(1)).ok();
    let weeks = |day: jiff::civil::DateTime| day.checked_sub(jiff::Span::new().weeks(52)).ok();
    let is = |back: &dyn Fn(jiff::civil::DateTime) -> Option<jiff::civil::DateTime>| {
        back(period.from) == Some(other.from)
    };
    (is(&year) || is(&weeks)).then_some(ComparisonExpr::LastYear)
}

//! The order of the rows, and how many are wanted.
//!
//! Decides by which figure a rank ranks, and which end "best" is.

use super::super::comparison::Figure;
use super::super::grammar::Reading;
use super::super::vocabulary::Vocabulary;
use super::super::words::is_currency;
use super::{Trouble, best};
use crate::aggregate::Aggregate;
use splitplane_semantics::{Dimension, Metric, Order};

pub(super) fn order(
    (reading, figure): (&Reading, Option<Figure>),
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
    if let Some(figure) = figure {
        // "top 5 by fees and their growth" ranks by the fees or by the growth.
        if !figure.ranks {
            return Err(Trouble::nothing());
        }
        let by = figure.derived.column(&metric.name);
        return Ok((vec![Order { by, descending: rank.descending != figure.falls }], limit));
    }
    match &rank.judged {
        Some(span) if !more_is_better(metric) => return Err(Trouble::Judged { span: span.clone() }),
        Some(_) | None => {}
    }
    Ok((vec![Order { by: metric.name.clone(), descending: rank.descending }], limit))
}

/// Whether more of it is what people call better: of money and of things that are counted, but not of
/// minutes, litres or ratios.
fn more_is_better(metric: &Metric) -> bool {
    match (&metric.unit, Aggregate::of(metric)) {
        (Some(unit), _) => is_currency(unit),
        (None, Some(Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum)) => true,
        (None, Some(Aggregate::Average | Aggregate::Maximum | Aggregate::Minimum) | None) => false,
    }
}

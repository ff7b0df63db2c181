//! The order and the number of rows after a fragment.
//!
//! Decides what becomes of a rank when what it ranked has changed: it stays where one thing took the place of another,
//! and goes where calendar units did.

use super::super::super::resolve;
use super::{Merge, NotUnderstood};
use splitplane_semantics::{Derived, Dimension, Order};

type Ranked = (Vec<Order>, Option<u32>);

impl Merge<'_> {
    pub(super) fn order(&self, dimensions: &[Dimension]) -> Result<Ranked, NotUnderstood> {
        let previous = &self.previous;
        if self.marks.sorts && self.parts.reading.metrics.is_empty() && !self.parts.reading.groups.is_empty()
        {
            return self.by_dimension(dimensions);
        }
        if self.parts.reading.rank.is_some() {
            let (order, limit) = resolve::order_of(&self.parts, self.vocabulary, &self.metrics, dimensions)?;
            let limit = if self.marks.one { Some(1) } else { limit };
            let kept = previous.limit.filter(|_| !self.marks.no_limit && dimensions == previous.dimensions);
            return if dimensions.is_empty() { Err(NotUnderstood) } else { Ok((order, limit.or(kept))) };
        }
        if self.marks.one || self.marks.sorts {
            return Err(NotUnderstood);
        }
        let limit = previous.limit.filter(|_| !self.marks.no_limit);
        // A number alone is how many of a rank.
        if self.marks.limit.is_some() && limit.is_none() {
            return Err(NotUnderstood);
        }
        let limit = self.marks.limit.or(limit);
        if self.marks.no_limit && previous.limit.is_none() {
            return Err(NotUnderstood);
        }
        let timely = dimensions.iter().find(|dimension| dimension.grain.is_some());
        let becomes_time =
            timely.is_some() && !previous.dimensions.iter().any(|dimension| dimension.grain.is_some());
        let by_time =
            || timely.map(|d| Order { by: d.field.field.clone(), descending: false }).into_iter().collect();
        if dimensions.is_empty() || (becomes_time && previous.dimensions.len() == 1 && dimensions.len() == 1)
        {
            return Ok((by_time(), None));
        }
        // "top 5" of pairs is "top 5" of neither.
        if limit.is_some() && dimensions.len() > previous.dimensions.len() {
            return Err(NotUnderstood);
        }
        let order: Vec<Order> =
            previous.order.iter().filter_map(|order| self.renamed(order, dimensions)).collect();
        if limit.is_some() && order.len() < previous.order.len() {
            return Err(NotUnderstood);
        }
        Ok((if order.is_empty() { by_time() } else { order }, limit))
    }

    /// "sort by store": the names of the rows, in their own order.
    fn by_dimension(&self, dimensions: &[Dimension]) -> Result<Ranked, NotUnderstood> {
        let mut parts = self.parts.clone();
        let named = resolve::dimensions_of(&mut parts, self.vocabulary, &self.metrics)?;
        match named.as_slice() {
            [one] if dimensions.iter().any(|own| own.field == one.field) => {
                let order = Order { by: one.field.field.clone(), descending: false };
                Ok((vec![order], self.previous.limit))
            }
            _ => Err(NotUnderstood),
        }
    }

    /// An order of before by what took the place of its figure.
    fn renamed(&self, order: &Order, dimensions: &[Dimension]) -> Option<Order> {
        if dimensions.iter().any(|dimension| dimension.field.field == order.by) {
            return Some(order.clone());
        }
        let name = |index: &usize| self.vocabulary.metrics.get(*index).map(|metric| metric.name.as_str());
        let columns = |metric: &str| {
            let derived = Derived::ALL.into_iter().map(|derived| derived.column(metric));
            std::iter::once(metric.to_owned()).chain(derived).collect::<Vec<_>>()
        };
        let of = |metrics: &[usize]| metrics.iter().filter_map(name).flat_map(columns).collect::<Vec<_>>();
        if of(&self.metrics).contains(&order.by) {
            return Some(order.clone());
        }
        let place = of(&self.old).iter().position(|column| *column == order.by)?;
        let first = Derived::ALL.len() + 1;
        let by = of(&self.metrics).get(place % first)?.clone();
        (self.metrics.len() == 1 || place < first).then_some(Order { by, descending: order.descending })
    }
}

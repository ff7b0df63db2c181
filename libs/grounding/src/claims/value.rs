//! Whether a figure shows what it is told as.

use super::frame::{Distance, Frame};
use super::slot::Slot;
use super::{Claims, Told, direction, is_signed};
use crate::figure::{Bound, Figure, FigureUnit};
use crate::measure::{Measure, When};
use crate::quantity::Quantity;
use crate::sentence::owner::Owner;
use crate::sentence::{Sentence, fits};
use crate::words::Sense;

/// A figure and what the word before makes of it.
#[derive(Clone, Copy)]
struct Shown<'f> {
    figure: &'f Figure,
    bound: Bound,
}

impl Shown<'_> {
    fn is(&self, quantity: Quantity) -> bool {
        self.figure.shows(quantity, self.bound)
    }
}

impl Sentence<'_> {
    /// Whether the figure holds as `told`.
    pub(super) fn value_holds(&self, figure: &Figure, told: &Told, claims: &Claims) -> bool {
        let shown = Shown { figure, bound: self.bound(told.at) };
        let measures = self.measures_of(told.at, figure);
        if matches!(told.slot, Slot::Value(_) | Slot::Share | Slot::Ratio) {
            self.uses_all(&told.groups);
        }
        measures.iter().any(|measure| match told.slot {
            Slot::Value(when) => self.is_value(shown, measure, when, told, claims),
            Slot::Total(when) => {
                fits(shown.figure, measure, false) && self.is_total_here(shown, measure, when)
            }
            Slot::Base(when) => fits(shown.figure, measure, false) && self.is_total(shown, measure, when),
            Slot::Mean => {
                let whole = self.facts.is_everything();
                whole
                    && fits(shown.figure, measure, false)
                    && measure.mean().is_some_and(|mean| shown.is(mean))
            }
            Slot::Extreme(high) => self.is_extreme(shown, measure, high),
            Slot::Share => self.is_share_of(shown, measure, &told.owner, claims),
            Slot::Change(word) => {
                // A loss has a sign of its own.
                let own = word.is_none() && figure.sign == Some('-');
                self.is_change(shown, measure, word, told)
                    || (own && self.is_value(shown, measure, When::Now, told, claims))
            }
            Slot::Ratio => self.is_ratio(shown, measure, told),
            Slot::Unknown => false,
        })
    }

    fn is_value(
        &self,
        shown: Shown<'_>,
        measure: &Measure,
        when: When,
        told: &Told,
        claims: &Claims,
    ) -> bool {
        // A percentage that no word explains is a share, unless the metric is one itself.
        if matches!(shown.figure.unit, FigureUnit::Percent | FigureUnit::Fraction { .. })
            && !measure.is_percent()
        {
            return when == When::Now && self.is_share_of(shown, measure, &told.owner, claims);
        }
        let shows = |value: splitplane_types::Decimal| shown.is(Quantity::Exact(value));
        if !fits(shown.figure, measure, false) {
            return false;
        }
        if let Some(rows) = self.end_in_time(told.at) {
            return self.amount(measure, when, &rows).is_some_and(shows);
        }
        match &told.owner {
            Owner::All => self.is_of_all(shown, measure, when, claims),
            Owner::Members(members) if members.len() > 1 => self.is_of_group(members, measure, when, &shows),
            Owner::Members(members) => {
                let one = members.first().and_then(|rows| self.amount(measure, when, rows));
                let every = self.has(Sense::Each) && members.first().is_some_and(|rows| rows.len() > 1);
                !every && one.is_some_and(shows)
            }
            Owner::Unclear => false,
        }
    }

    /// Of several names a figure is the sum, or must hold for each if the sentence says so.
    fn is_of_group(
        &self,
        members: &[Vec<usize>],
        measure: &Measure,
        when: When,
        shows: &dyn Fn(splitplane_types::Decimal) -> bool,
    ) -> bool {
        if self.has(Sense::Each) || self.has(Sense::Both) || self.has(Sense::Tie) {
            return members.iter().all(|rows| self.amount(measure, when, rows).is_some_and(shows));
        }
        let rows: Vec<usize> = members.iter().flatten().copied().collect();
        self.facts.context.additive && measure.sum(when, &rows).is_some_and(shows)
    }

    /// Where no row is named: the only row, the rows of a "top 3", the end of a change in time, or the sum.
    fn is_of_all(&self, shown: Shown<'_>, measure: &Measure, when: When, claims: &Claims) -> bool {
        let shows = |value: splitplane_types::Decimal| shown.is(Quantity::Exact(value));
        if self.facts.is_single() {
            return measure.value(when, 0).is_some_and(shows);
        }
        if self.has(Sense::Each) {
            let rows = 0..self.facts.table.rows.len();
            return self.facts.has_every_row()
                && rows.into_iter().all(|row| measure.value(when, row).is_some_and(shows));
        }
        if let Some(top) = &claims.top {
            return self.facts.context.additive && measure.sum(when, top).is_some_and(shows);
        }
        self.is_total(shown, measure, when)
    }

    /// "rose from F to G": of the two points in time between which something rose, the rows of the earlier
    /// and of the later.
    fn end_in_time(&self, at: usize) -> Option<Vec<usize>> {
        let lead = self.led_by(at, &["from", "to"])?;
        let named = self.groups.iter().any(|group| group.from > at && self.is_beside(at, group));
        if self.facts.is_compared() || named {
            return None;
        }
        let moves = |at: &usize| matches!(self.sense(*at), Some(Sense::Up | Sense::Down | Sense::Change));
        let word = (0..at).rfind(moves).or_else(|| (at..self.tokens.len()).find(moves))?;
        let Some(Frame::Rows(later, earlier)) = self.frame(word) else { return None };
        let mut ends = if self.is_any(lead, &["from"]) { earlier } else { later };
        ends.pop().filter(|_| ends.is_empty())
    }

    /// "In January, the total was": of those rows.
    fn is_total_here(&self, shown: Shown<'_>, measure: &Measure, when: When) -> bool {
        match self.setting() {
            Some((_, rows)) => {
                self.amount(measure, when, &rows).is_some_and(|sum| shown.is(Quantity::Exact(sum)))
            }
            None => self.is_total(shown, measure, when),
        }
    }

    fn is_total(&self, shown: Shown<'_>, measure: &Measure, when: When) -> bool {
        let single = || self.facts.is_single().then(|| measure.value(when, 0)).flatten();
        let total = single().or_else(|| measure.total(when).filter(|_| self.may_sum()));
        let some = !self.facts.table.rows.is_empty();
        some && total.is_some_and(|total| shown.is(Quantity::Exact(total)))
    }

    fn is_extreme(&self, shown: Shown<'_>, measure: &Measure, high: bool) -> bool {
        let Some(value) = measure.extreme(high).filter(|_| self.may_rank_by(measure, high)) else {
            return false;
        };
        let share = || {
            let total = measure.total(When::Now).filter(|_| self.may_sum());
            shown.figure.unit == FigureUnit::Percent
                && total
                    .and_then(|total| Quantity::percent(value, total))
                    .is_some_and(|share| shown.is(share))
        };
        let percent = shown.figure.unit == FigureUnit::Percent && !measure.is_percent();
        if percent { share() } else { fits(shown.figure, measure, false) && shown.is(Quantity::Exact(value)) }
    }

    fn is_share_of(&self, shown: Shown<'_>, measure: &Measure, owner: &Owner, claims: &Claims) -> bool {
        // "In January, A had 60% of the total": of January's.
        let whole = self.setting().filter(|(_, whole)| match owner {
            Owner::Members(members) => members.iter().all(|rows| rows.len() < whole.len()),
            Owner::All | Owner::Unclear => false,
        });
        let part = |rows: &[usize]| match &whole {
            Some((_, whole)) => {
                let share =
                    || Quantity::percent(measure.sum(When::Now, rows)?, measure.sum(When::Now, whole)?);
                self.may_sum() && share().is_some_and(|share| shown.is(share))
            }
            None => measure.shares(rows, self.may_sum()).into_iter().any(|share| shown.is(share)),
        };
        let together = |members: &[Vec<usize>]| members.iter().flatten().copied().collect::<Vec<usize>>();
        match owner {
            Owner::Members(members) if members.len() > 1 && !self.has(Sense::Each) => {
                self.facts.context.additive && part(&together(members))
            }
            Owner::Members(members) => members.iter().all(|rows| !rows.is_empty() && part(rows)),
            Owner::All => match &claims.top {
                Some(top) => part(top),
                None => self.find_extreme_share(shown, measure),
            },
            Owner::Unclear => false,
        }
    }

    /// "the highest is 48% of the total", where no row is named.
    fn find_extreme_share(&self, shown: Shown<'_>, measure: &Measure) -> bool {
        [(Sense::High, true), (Sense::Low, false)]
            .into_iter()
            .any(|(sense, high)| self.has(sense) && self.is_extreme(shown, measure, high))
    }

    // === distances ===

    fn is_change(&self, shown: Shown<'_>, measure: &Measure, word: Option<usize>, told: &Told) -> bool {
        let frame = match word.and_then(|word| self.frame_of(word, told.at)) {
            Some(Frame::Before(subject)) => {
                self.uses_all(&told.groups);
                Frame::Before(if told.owner == Owner::All { subject } else { told.owner.clone() })
            }
            Some(frame) => frame,
            None if self.facts.is_compared() => {
                self.uses_all(&told.groups);
                Frame::Before(told.owner.clone())
            }
            None => return false,
        };
        let sense = word.and_then(|word| self.sense(word));
        let Some(distances) = self.distances(measure, &frame) else { return false };
        !distances.is_empty()
            && distances.iter().all(|distance| {
                sense.is_none_or(|sense| distance.is(sense))
                    && self.shows_distance(shown, measure, distance, sense)
            })
    }

    /// Whether the figure shows the distance, with its sign where no word has said the direction.
    fn shows_distance(
        &self,
        shown: Shown<'_>,
        measure: &Measure,
        distance: &Distance,
        sense: Option<Sense>,
    ) -> bool {
        let told = sense.is_some_and(|sense| direction(sense).is_some() || sense == Sense::Difference);
        let shows = |quantity: Quantity| {
            let told_as =
                if told && !is_signed(shown.figure) { quantity.magnitude() } else { Some(quantity) };
            told_as.is_some_and(|quantity| shown.is(quantity))
        };
        match shown.figure.unit {
            FigureUnit::Percent => distance.of_base.iter().any(|quantity| shows(*quantity)),
            FigureUnit::Points => measure.is_percent() && shows(Quantity::Exact(distance.by)),
            FigureUnit::Plain | FigureUnit::Currency(_) | FigureUnit::Named(_) => {
                fits(shown.figure, measure, false) && shows(Quantity::Exact(distance.by))
            }
            FigureUnit::Times | FigureUnit::Ordinal | FigureUnit::Fraction { .. } => false,
        }
    }

    /// "1.5 times those of Old Mill": the name before the figure over that behind it.
    fn is_ratio(&self, shown: Shown<'_>, measure: &Measure, told: &Told) -> bool {
        let after = self.groups.iter().find(|group| group.from > told.at);
        let before = self.groups.iter().rfind(|group| group.to < told.at && !group.object);
        let frame = match (before, after) {
            (Some(a), Some(b)) if a.members.len() == 1 && b.members.len() == 1 => {
                self.uses(a);
                self.uses(b);
                let side = |rows: &[usize]| vec![rows.to_vec()];
                let (Some(a), Some(b)) = (a.members.first(), b.members.first()) else { return false };
                Frame::Rows(side(a), side(b))
            }
            (_, None) if self.facts.is_compared() => Frame::Before(told.owner.clone()),
            _ => return false,
        };
        let Some(distances) = self.distances(measure, &frame) else { return false };
        // "1.5 times higher" is another claim than "1.5 times as high".
        let more = self.sense(told.at + 1).is_some();
        let percent = shown.figure.unit == FigureUnit::Percent;
        let times = |distance: &Distance| {
            if percent { distance.times.map(Quantity::in_hundredths) } else { distance.times }
        };
        !more && distances.iter().all(|distance| times(distance).is_some_and(|times| shown.is(times)))
    }
}

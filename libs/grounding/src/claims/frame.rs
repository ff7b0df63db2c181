//! What a word of direction sets against what: two rows, two points in time, now against before, or a row
//! against the mean. Decides both sides; the arithmetic is done in [`super::value`].

use super::direction;
use crate::lexer::Kind;
use crate::measure::{Measure, When};
use crate::number;
use crate::quantity::Quantity;
use crate::sentence::owner::{Owner, both};
use crate::sentence::{Group, Sentence};
use crate::words::{self, Sense};
use splitplane_types::Decimal;
use std::cmp::Ordering;

/// Rows of each name.
pub(super) type Side = Vec<Vec<usize>>;

/// The two sides of a distance.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    /// Each of the first against each of the second.
    Rows(Side, Side),
    /// Now against before.
    Before(Owner),
    /// Against the mean over all rows.
    Mean(Side),
    /// The highest against the lowest.
    Extremes,
    /// Rows that follow each other in time: the earlier and the later.
    Steps(Vec<(Vec<usize>, Vec<usize>)>),
}

/// A distance: its sign and size, and what it is of the base.
pub(super) struct Distance {
    pub(super) by: Decimal,
    /// In hundredths.
    pub(super) of_base: Vec<Quantity>,
    /// How many times the base goes into the value.
    pub(super) times: Option<Quantity>,
}

impl Distance {
    fn between(value: Decimal, base: Decimal) -> Option<Self> {
        let by = number::difference(value, base)?;
        let of_base = Quantity::percent(by, base).into_iter().collect();
        Some(Self { by, of_base, times: Quantity::times(value, base) })
    }

    /// Whether the sign is as `sense` says.
    pub(super) fn is(&self, sense: Sense) -> bool {
        let order = self.by.unscaled().cmp(&0);
        match direction(sense) {
            Some(true) => order == Ordering::Greater,
            Some(false) => order == Ordering::Less,
            None if matches!(sense, Sense::Flat | Sense::Tie) => order == Ordering::Equal,
            None => true,
        }
    }
}

impl Sentence<'_> {
    /// What the word at `index` sets against what.
    pub(super) fn frame(&self, index: usize) -> Option<Frame> {
        let sense = self.sense(index)?;
        if matches!(sense, Sense::Up | Sense::Down | Sense::Flat | Sense::Change) {
            return self.frame_of_time(index);
        }
        let of_two =
            matches!(sense, Sense::More | Sense::Less | Sense::Lead | Sense::Difference | Sense::Tie);
        if of_two { self.frame_of_two(index) } else { None }
    }

    /// Likewise for the figure at `at`: of "exceeds A by 5 and B by 7" each has its own.
    pub(super) fn frame_of(&self, word: usize, at: usize) -> Option<Frame> {
        let frame = self.frame(word)?;
        let Frame::Rows(subject, _) = &frame else { return Some(frame) };
        let previous = (word..at).rev().find(|at| self.figure(*at).is_some());
        let time = self.facts.time.as_ref().map(|time| time.column);
        let own = previous.and_then(|previous| {
            self.groups.iter().find(|g| g.from > previous && g.to < at && Some(g.column) != time)
        });
        match own {
            Some(group) => {
                self.uses(group);
                let side = group.members.iter().map(|rows| self.narrowed(rows, group.column)).collect();
                Some(Frame::Rows(subject.clone(), side))
            }
            None => Some(frame),
        }
    }

    fn frame_of_two(&self, index: usize) -> Option<Frame> {
        if let Some(against) = self.against_other(index) {
            return Some(against);
        }
        if let Some((a, b)) = self.sides(index) {
            return Some(Frame::Rows(a, b));
        }
        if self.facts.is_compared() {
            return (!self.is_told_of_before(index)).then(|| Frame::Before(self.subject(index, false, None)));
        }
        let alone = self.sense(index) == Some(Sense::Difference) && self.groups.is_empty();
        alone.then_some(Frame::Extremes)
    }

    /// "than the previous week", "above the average".
    fn against_other(&self, index: usize) -> Option<Frame> {
        let end = self.reach(index);
        let first = (index + 1..end).find(|at| {
            self.tokens.get(*at).is_some_and(|token| token.is_rows())
                || matches!(self.kind(*at), Some(Kind::Span(_)))
                || self.sense(*at) == Some(Sense::Average)
        })?;
        if self.sense(first) == Some(Sense::Average) {
            let Owner::Members(members) = self.subject(index, false, None) else { return None };
            return Some(Frame::Mean(members));
        }
        let before = self.kind(first) == Some(&Kind::Span(When::Before)) && self.facts.is_compared();
        let before = before && !self.is_told_of_before(index);
        before.then(|| Frame::Before(self.subject(index, false, None)))
    }

    /// The two names that are compared: the subject, and the object after the word or before it.
    fn sides(&self, index: usize) -> Option<(Side, Side)> {
        let end = self.reach(index);
        let Some(object) = self.object_of(index, end) else { return self.both_named(index) };
        let column = object.column;
        self.uses(object);
        let groups =
            || self.groups.iter().filter(move |group| group.column == column && group.from != object.from);
        // "the gap between A and B", "A and B are tied".
        if let [a, b] = object.members.as_slice()
            && groups().next().is_none()
        {
            return Some((vec![self.narrowed(a, column)], vec![self.narrowed(b, column)]));
        }
        let before = groups().rfind(|group| !group.object && group.to < index && group.to != object.to);
        let subject = before.or_else(|| groups().find(|group| !group.object && group.from > index))?;
        self.uses(subject);
        let side =
            |group: &Group| group.members.iter().map(|rows| self.narrowed(rows, column)).collect::<Vec<_>>();
        Some((side(subject), side(object)))
    }

    /// "the difference between the highest, A, and the lowest, B": the two names of the sentence.
    fn both_named(&self, index: usize) -> Option<(Side, Side)> {
        let gap = self.sense(index) == Some(Sense::Difference);
        let columns = self.columns();
        let named = columns.iter().map(|column| (*column, self.singles(*column, index, self.tokens.len())));
        let (column, pair) = named.into_iter().find(|(_, singles)| gap && singles.len() == 2)?;
        self.groups.iter().filter(|group| group.column == column).for_each(|group| self.uses(group));
        let mut sides = pair.iter().map(|rows| vec![self.narrowed(rows, column)]);
        Some((sides.next()?, sides.next()?))
    }

    /// What the word at `index` compares with.
    fn object_of(&self, index: usize, end: usize) -> Option<&Group> {
        let after = || self.groups.iter().filter(|group| group.from > index && group.from < end);
        let marked = after().find(|group| group.object);
        let pairs = matches!(self.sense(index), Some(Sense::Difference | Sense::Tie));
        // "the gap between A and B was", "A and B are tied", "A leads B".
        let near = after().next().filter(|group| pairs || self.is_object_of(index, group));
        // "Although A had more loans than B, B had higher fees": not B itself.
        let own =
            self.groups.iter().rfind(|group| group.to < index && !group.object).map(|group| &group.members);
        let earlier = || self.groups.iter().rfind(|g| g.to < index && g.object && Some(&g.members) != own);
        let implied = || {
            let subject = self.groups.iter().rfind(|group| group.to < index && !group.object)?;
            let two = self.singles(subject.column, 0, self.tokens.len()).len() == 2;
            let other = |g: &&Group| {
                g.to < subject.from && g.column == subject.column && g.members != subject.members
            };
            self.groups.iter().rfind(other).filter(|_| two)
        };
        let pair = || self.groups.iter().rfind(|group| pairs && group.to < index);
        // "while B trails": behind the name before it.
        let left = || {
            let verb = self.is_any(index, &["trails", "trailed", "trailing", "lags", "lagged"]);
            let subject = self.groups.iter().rfind(|group| group.to < index && verb)?;
            self.groups.iter().rfind(|group| group.to < subject.from && group.column == subject.column)
        };
        marked.or(near).or_else(earlier).or_else(pair).or_else(left).or_else(implied)
    }

    /// "exceeds B", "leads B", "a lead over B", "ahead of B".
    pub(super) fn is_object_of(&self, index: usize, group: &Group) -> bool {
        let links = |at: usize| self.is_any(at, &["the", "over", "of", "those", "that", "than"]);
        let taken = self.word(index).is_some_and(words::takes_object);
        taken && (index + 1..group.from).all(|at| links(at) || matches!(self.kind(at), Some(Kind::Known(_))))
    }

    /// Rows of one name, narrowed by what other columns are named.
    fn narrowed(&self, rows: &[usize], column: usize) -> Vec<usize> {
        let others = self.columns().into_iter().filter(|other| *other != column);
        let mut rows = rows.to_vec();
        for other in others {
            if let [only] = self.singles(other, 0, self.tokens.len()).as_slice() {
                self.groups.iter().filter(|group| group.column == other).for_each(|group| self.uses(group));
                rows = both(&rows, only);
            }
        }
        rows
    }

    fn frame_of_time(&self, index: usize) -> Option<Frame> {
        let time = self.facts.time.as_ref().map(|time| time.column);
        let (from, to) = self.clause(index);
        if let Some(column) = time {
            let near = self.singles(column, self.origin(column, from, to).unwrap_or(from), to);
            let named = if near.is_empty() { self.singles(column, 0, self.tokens.len()) } else { near };
            // "Compared with January, rides in March rose": against January, not the month before.
            let object = self.groups.iter().find(|group| group.column == column && group.object);
            let named = match (named.as_slice(), object.map(|group| group.members.as_slice())) {
                ([only], Some([other])) if only != other => {
                    vec![std::rc::Rc::clone(only), std::rc::Rc::clone(other)]
                }
                _ => named,
            };
            if named.len() == 2 || !self.facts.is_compared() {
                return self.frame_in_time(index, column, &named);
            }
        }
        // "Largest fall: Castle" names it behind.
        let ranked =
            index.checked_sub(1).is_some_and(|at| matches!(self.sense(at), Some(Sense::High | Sense::Low)));
        let known = self.facts.is_compared() && !self.is_told_of_before(index);
        known.then(|| Frame::Before(self.subject(index, ranked, None)))
    }

    /// Whether a clause is about the period before, of which nobody knows what it is to be compared with:
    /// "the previous week's rose", "rose by 5% in the previous week", but not "rose from $80 in the previous week".
    fn is_told_of_before(&self, index: usize) -> bool {
        let (from, to) = self.clause(index);
        let before =
            |at: &usize| self.kind(*at) == Some(&Kind::Span(When::Before)) && !self.is_compared_with(*at);
        let set_against = |at: usize| {
            let figure = (index..at).rev().find(|at| self.figure(*at).is_some());
            figure.is_some_and(|figure| self.is_set_against(figure))
        };
        (from..index).any(|at| before(&at)) || (index..to).filter(before).any(|at| !set_against(at))
    }

    /// The second of two points in time, if it is told as the later and is not: "from March to January".
    pub(super) fn range_backwards(&self) -> Option<usize> {
        let column = self.facts.time.as_ref()?.column;
        let times: Vec<&Group> = self.groups.iter().filter(|group| group.column == column).collect();
        let linked = |a: &Group, b: &Group| {
            let between = self.led_by(a.from, &["between"]).is_some();
            let link = self.is_any(a.to + 1, &["to", "through", "until", "till"])
                || self.kind(a.to + 1) == Some(&Kind::Dash)
                || (between && self.is_any(a.to + 1, &["and"]));
            link && (a.to + 1..b.from).all(|at| self.figure(at).is_none())
        };
        let ordered = |a: &Group, b: &Group| {
            let ends = a
                .members
                .last()
                .and_then(|rows| rows.first())
                .zip(b.members.first().and_then(|rows| rows.first()));
            ends.is_some_and(|(a, b)| self.facts.in_time([*a, *b].into_iter()) == Some(vec![*a, *b]))
        };
        let wrong = |pair: &&[&Group]| matches!(pair, [a, b] if linked(a, b) && !ordered(a, b));
        times.windows(2).find(wrong).and_then(|pair| pair.last().map(|group| group.from))
    }

    /// Where a clause names only where something came from, the name before says where it went: "in March
    /// they rose, up from 3,000 in February".
    fn origin(&self, column: usize, from: usize, to: usize) -> Option<usize> {
        let mut within = self.groups.iter().filter(|g| g.column == column && g.from >= from && g.to < to);
        let (only, None) = (within.next()?, within.next()) else { return None };
        let figure = (from..only.from).rev().find(|at| self.figure(*at).is_some());
        let told = figure.is_some_and(|at| self.is_set_against(at) && self.is_beside(at, only));
        let origin = told || only.object || self.led_by(only.from, &["from"]).is_some();
        self.groups.iter().rfind(|g| g.column == column && g.to < from && origin).map(|group| group.from)
    }

    /// Between two rows that are named, to one from that before it, or from the first of all to the last.
    fn frame_in_time(&self, index: usize, column: usize, named: &[std::rc::Rc<[usize]>]) -> Option<Frame> {
        let within =
            |group: &&Group| group.column == column && group.members.iter().all(|rows| named.contains(rows));
        self.groups.iter().filter(within).for_each(|group| self.uses(group));
        let base = match self.subject(index, false, Some(column)) {
            Owner::All => (0..self.facts.table.rows.len()).collect(),
            Owner::Members(members) => match members.as_slice() {
                [only] => only.clone(),
                _ => return None,
            },
            Owner::Unclear => return None,
        };
        let ordered = self.facts.by_date(base.iter().copied())?;
        let place = |rows: &[usize]| {
            let rows = both(rows, &base);
            ordered.iter().position(|others| *others == rows)
        };
        let step = |at: usize| Some((ordered.get(at.checked_sub(1)?)?.clone(), ordered.get(at)?.clone()));
        if self.has(Sense::Each) && named.is_empty() {
            let steps: Vec<_> = (1..ordered.len()).filter_map(step).collect();
            return self.facts.has_every_row().then_some(Frame::Steps(steps));
        }
        // "in February and March", or "both": each of them against the one before it.
        let listed =
            self.groups.iter().find(|group| group.column == column && group.members.len() == named.len());
        if let Some(group) =
            listed.filter(|group| named.len() > 1 && self.led_by(group.from, &["between"]).is_none())
        {
            let steps: Option<Vec<_>> = group.members.iter().map(|rows| step(place(rows)?)).collect();
            return steps.map(Frame::Steps);
        }
        let (earlier, later) = match named {
            [] if self.facts.has_every_row() => (0, ordered.len().checked_sub(1)?),
            [only] => (place(only)?.checked_sub(1)?, place(only)?),
            [a, b] => {
                let (a, b) = (place(a)?, place(b)?);
                (a.min(b), a.max(b))
            }
            _ => return None,
        };
        let rows = |at: usize| ordered.get(at).map(|rows| vec![rows.clone()]);
        (earlier != later).then_some(Frame::Rows(rows(later)?, rows(earlier)?))
    }

    // === distances ===

    /// Every distance that a frame holds; `None` where one of them has no value.
    pub(super) fn distances(&self, measure: &Measure, frame: &Frame) -> Option<Vec<Distance>> {
        let value = |rows: &Vec<usize>| self.amount(measure, When::Now, rows);
        match frame {
            Frame::Rows(a, b) => {
                let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a, b)));
                pairs.map(|(a, b)| Distance::between(value(a)?, value(b)?)).collect()
            }
            Frame::Before(Owner::Members(members)) => {
                members.iter().map(|rows| self.moved_by(measure, rows)).collect()
            }
            Frame::Before(Owner::All) => Some(vec![self.moved_in_all(measure)?]),
            Frame::Before(Owner::Unclear) => None,
            Frame::Mean(members) => {
                // A mean that is no decimal number is compared by its sign alone.
                let mean = measure.mean()?.rounded(6).filter(|_| self.facts.is_everything())?;
                members.iter().map(|rows| Distance::between(value(rows)?, mean)).collect()
            }
            Frame::Extremes => {
                let (high, low) = (measure.extreme(true)?, measure.extreme(false)?);
                self.may_rank().then(|| Distance::between(high, low).map(|distance| vec![distance]))?
            }
            Frame::Steps(steps) => {
                steps.iter().map(|(a, b)| Distance::between(value(b)?, value(a)?)).collect()
            }
        }
    }

    /// What rows changed by: the cell of one, the difference of the sums of several.
    fn moved_by(&self, measure: &Measure, rows: &[usize]) -> Option<Distance> {
        let now = self.amount(measure, When::Now, rows);
        let before = self.amount(measure, When::Before, rows);
        match rows {
            [row] => Some(Distance {
                by: measure.change(*row)?,
                of_base: measure.growths(*row),
                times: now.zip(before).and_then(|(now, before)| Quantity::times(now, before)),
            }),
            _ => Distance::between(now?, before?),
        }
    }

    fn moved_in_all(&self, measure: &Measure) -> Option<Distance> {
        if self.facts.is_single() {
            return self.moved_by(measure, &[0]);
        }
        let total = |when: When| measure.total(when).filter(|_| self.may_sum());
        Distance::between(total(When::Now)?, total(When::Before)?)
    }

    /// The value of rows: the cell of one, the sum of several where they may be added up.
    pub(super) fn amount(&self, measure: &Measure, when: When, rows: &[usize]) -> Option<Decimal> {
        match rows {
            [] => None,
            [row] => measure.value(when, *row),
            _ => measure.sum(when, rows).filter(|_| self.may_sum()),
        }
    }
}

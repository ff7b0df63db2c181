//! Whether what a single word claims holds.

use super::frame::Frame;
use super::{Claims, Slot};
use crate::dates::Unit;
use crate::error::Claim;
use crate::figure::Figure;
use crate::lexer::{Break, Kind};
use crate::measure::{Measure, When};
use crate::number;
use crate::sentence::Sentence;
use crate::sentence::owner::Owner;
use crate::words::{self, Sense};
use splitplane_types::Decimal;

impl Sentence<'_> {
    pub(super) fn prove_word(&self, index: usize, sense: Sense, claims: &Claims) -> Result<(), Claim> {
        let holds = |proved: bool, claim: Claim| if proved { Ok(()) } else { Err(claim) };
        match sense {
            Sense::High | Sense::Low => {
                let bound = self.bound_before(index);
                holds(bound || self.extreme_holds(index, sense == Sense::High, claims), Claim::Rank)
            }
            Sense::Lead => holds(self.lead_holds(index, claims), Claim::Rank),
            Sense::Last => holds(self.last_holds(index), Claim::Rank),
            Sense::Follow => holds(self.order_holds(index), Claim::Rank),
            Sense::More | Sense::Less => {
                let plain = self.is_bound(index) || self.is_over(index);
                let moves = self.compares_changes(index, claims);
                let holds_so = |up: bool| {
                    if moves { self.changes_compare(index, up) } else { self.direction_holds(index, sense) }
                };
                holds(plain || holds_so(sense == Sense::More), Claim::Direction)
            }
            Sense::Up | Sense::Down | Sense::Flat => {
                let settled = claims.settled.contains(&index) || self.is_made_up(index);
                holds(settled || self.direction_holds(index, sense), Claim::Direction)
            }
            Sense::Tie => holds(self.tie_holds(index), Claim::Direction),
            Sense::Not => holds(self.negation_holds(index), Claim::Direction),
            Sense::Missing => {
                holds(claims.settled.contains(&index) || self.is_missing(index), Claim::Direction)
            }
            Sense::Near => holds(self.is_bound(index), Claim::Direction),
            Sense::Only => holds(self.only_holds(index), Claim::Direction),
            Sense::Unchecked => Err(Claim::Direction),
            Sense::Each | Sense::All | Sense::Both => {
                holds(self.quantifier_holds(index, sense, claims), Claim::Figure)
            }
            Sense::Other => holds(self.other_holds(index, claims), Claim::Name),
            Sense::Per => holds(self.per_holds(index), Claim::Figure),
            Sense::Periodic => holds(self.periodic_holds(index), Claim::Figure),
            Sense::Single => {
                let largest = matches!(self.sense(index + 1), Some(Sense::High | Sense::Low));
                holds(largest || self.facts.is_single(), Claim::Figure)
            }
            Sense::Negative | Sense::Positive => {
                holds(self.sign_holds(index, sense == Sense::Positive), Claim::Direction)
            }
            Sense::Shown => Ok(()),
            // These claim nothing without a figure, which is proved on its own.
            Sense::Total | Sense::Together | Sense::Average | Sense::Difference => Ok(()),
            Sense::Range | Sense::Change => Ok(()),
        }
    }

    /// "at most" and "at least" before a figure.
    fn bound_before(&self, index: usize) -> bool {
        self.is_any(index, &["most", "least"])
            && index.checked_sub(1).is_some_and(|at| self.is_any(at, &["at"]))
            && self.figure(index + 1).is_some()
    }

    /// "over the period", "under review": "over" and "under" compare only before a figure or a name.
    pub(super) fn is_over(&self, index: usize) -> bool {
        let next = self.next(index);
        let time = match self.kind(next) {
            Some(Kind::Span(_) | Kind::Date(_)) => true,
            Some(Kind::Word(word, _)) => words::is_time(word),
            Some(Kind::Figure(_)) => self.word(next + 1).is_some_and(words::is_time),
            Some(Kind::Rows { column, .. }) => {
                self.facts.time.as_ref().is_some_and(|time| time.column == *column)
            }
            Some(Kind::Known(known)) => known.iter().all(|word| words::is_time(word)),
            Some(Kind::Break(_) | Kind::Dash | Kind::Item(_) | Kind::End) | None => false,
        };
        self.is_any(index, &["over"]) && time
    }

    /// "rose more than", "fell by $3,000, more than": whether changes are compared, and not values.
    fn compares_changes(&self, index: usize, claims: &Claims) -> bool {
        let moves = |at: usize| matches!(self.sense(at), Some(Sense::Up | Sense::Down));
        let comma = index.checked_sub(1).filter(|at| self.kind(*at) == Some(&Kind::Break(Break::Comma)));
        let figure = comma.and_then(|at| at.checked_sub(1));
        let told =
            claims.told.iter().any(|told| Some(told.at) == figure && matches!(told.slot, Slot::Change(_)));
        told || index.checked_sub(1).is_some_and(moves)
    }

    /// Whether the subject moved further than the object, by amount and in hundredths, and both the same way.
    fn changes_compare(&self, index: usize, more: bool) -> bool {
        let (Some(Frame::Rows(a, b)), true) = (self.frame(index), self.facts.is_compared()) else {
            return false;
        };
        let ([a], [b]) = (a.as_slice(), b.as_slice()) else { return false };
        let ([a], [b]) = (a.as_slice(), b.as_slice()) else { return false };
        let word = (0..index).rfind(|at| matches!(self.sense(*at), Some(Sense::Up | Sense::Down)));
        let Some(up) = word.and_then(|word| self.sense(word)).map(|sense| sense == Sense::Up) else {
            return false;
        };
        let size = |value: Decimal| {
            number::absolute(value).filter(|_| value.unscaled() != 0 && (value.unscaled() > 0) == up)
        };
        let further = |a: Option<Decimal>, b: Option<Decimal>| match (a.and_then(size), b.and_then(size)) {
            (Some(a), Some(b)) => {
                if more {
                    a > b
                } else {
                    a < b
                }
            }
            (Some(_) | None, _) => false,
        };
        let growth =
            |measure: &Measure, row: usize| measure.growths(row).first().and_then(|growth| growth.rounded(6));
        let measures = self.measures_near(index);
        !measures.is_empty()
            && measures
                .iter()
                .all(|m| further(m.change(*a), m.change(*b)) && further(growth(m, *a), growth(m, *b)))
    }

    /// "leads" is a rank by itself, and a comparison with a name after it.
    fn lead_holds(&self, index: usize, claims: &Claims) -> bool {
        if claims.settled.contains(&index) {
            return true;
        }
        let object = self
            .groups
            .iter()
            .find(|group| group.from > index)
            .filter(|group| self.is_object_of(index, group));
        let plural = self.is_any(index, &["led"]) && self.is_any(index + 1, &["by"]);
        if object.is_some() && !plural {
            return self.direction_holds(index, Sense::More);
        }
        self.extreme_holds(index, true, claims)
    }

    /// Whether both sides of the word stand to each other as it says, in every metric that it speaks of.
    pub(super) fn direction_holds(&self, index: usize, sense: Sense) -> bool {
        let Some(frame) = self.frame(index) else { return false };
        if self.has(Sense::Each) || self.of_all_rows(index) {
            return self.all_moved(index, sense, &frame);
        }
        self.moved_as(index, sense, &frame)
    }

    fn moved_as(&self, index: usize, sense: Sense, frame: &Frame) -> bool {
        let measures = self.measures_near(index);
        let as_said = |measure: &&Measure| {
            let distances = self.distances(measure, frame);
            distances.is_some_and(|all| !all.is_empty() && all.iter().all(|distance| distance.is(sense)))
        };
        !measures.is_empty() && measures.iter().all(as_said)
    }

    /// "all branches rose": whether the clause speaks of every row alike.
    fn of_all_rows(&self, index: usize) -> bool {
        let (from, to) = self.clause(index);
        self.find(from, to, &[Sense::All]).is_some()
            && self.groups.iter().all(|g| g.to < from || g.from >= to)
    }

    /// "every branch rose": each row must have, and there must be no other.
    fn all_moved(&self, index: usize, sense: Sense, frame: &Frame) -> bool {
        match frame {
            Frame::Before(Owner::All) => {
                let rows = (0..self.facts.table.rows.len()).map(|row| vec![row]).collect();
                self.facts.is_everything()
                    && self.moved_as(index, sense, &Frame::Before(Owner::Members(rows)))
            }
            Frame::Steps(_) | Frame::Rows(..) | Frame::Before(_) | Frame::Mean(_) | Frame::Extremes => {
                self.moved_as(index, sense, frame)
            }
        }
    }

    /// "A and B are tied", "the same as": equal values of the names that are listed.
    fn tie_holds(&self, index: usize) -> bool {
        // "No rows match."
        if self.facts.context.row_count == 0
            || (self.is_any(index, &["even"]) && self.is_any(index + 1, &["though"]))
        {
            return true;
        }
        if let Owner::Members(members) = self.subject(index, false, None)
            && members.len() > 1
        {
            let (Some(first), true) = (members.first(), members.iter().all(|rows| !rows.is_empty())) else {
                return false;
            };
            let others = members.iter().skip(1).cloned().collect();
            return self.moved_as(index, Sense::Tie, &Frame::Rows(vec![first.clone()], others));
        }
        self.direction_holds(index, Sense::Tie)
    }

    /// Only an empty result can be spoken of in the negative, and what did not change.
    fn negation_holds(&self, index: usize) -> bool {
        if self.facts.context.row_count == 0 {
            return self.word(index) == Some("no");
        }
        let next = self.next(index);
        if self.is_any(index, &["no", "not"]) && self.sense(next) == Some(Sense::Change) {
            return self.direction_holds_as(next, Sense::Flat);
        }
        // "no earlier value to compare with".
        self.word(index) == Some("no") && self.speaks_of_before(index) && self.is_without_before(index)
    }

    fn direction_holds_as(&self, index: usize, sense: Sense) -> bool {
        self.frame(index).is_some_and(|frame| self.moved_as(index, sense, &frame))
    }

    /// "nothing to compare with", "unknown".
    fn is_missing(&self, index: usize) -> bool {
        if self.word(index) == Some("nothing") {
            return self.speaks_of_before(index) && self.is_without_before(index);
        }
        let rows = match self.subject(index, false, None) {
            Owner::Members(members) => members.into_iter().flatten().collect(),
            Owner::All if self.facts.is_single() => vec![0],
            Owner::All | Owner::Unclear => return false,
        };
        let measures = self.measures_near(index);
        !rows.is_empty()
            && !measures.is_empty()
            && measures.iter().all(|m| rows.iter().all(|row| m.is_missing(*row)))
    }

    /// Whether the words after `index` are of a comparison with before.
    fn speaks_of_before(&self, index: usize) -> bool {
        (index + 1..(index + 8).min(self.tokens.len())).any(|at| {
            self.is_any(at, &["compare", "compared", "comparison", "comparable"])
                || self.kind(at) == Some(&Kind::Span(When::Before))
        })
    }

    fn is_without_before(&self, index: usize) -> bool {
        let rows = match self.subject(index, false, None) {
            Owner::Members(members) => members.into_iter().flatten().collect(),
            Owner::All if self.facts.is_single() => vec![0],
            Owner::All | Owner::Unclear => return false,
        };
        let measures = self.measures_near(index);
        let without = |measure: &&Measure| rows.iter().all(|row| measure.is_without_before(*row));
        !rows.is_empty() && !measures.is_empty() && measures.iter().all(without)
    }

    /// "the only branch that declined": it did, and no other.
    fn only_holds(&self, index: usize) -> bool {
        // "only 310": the figure is proved as it is.
        if self.figure(index + 1).is_some() {
            return self.noun(index + 1).is_none() || self.facts.is_everything();
        }
        // "Only part of the result is shown."
        if self.has(Sense::Shown) && self.groups.is_empty() {
            return !self.facts.has_every_row();
        }
        let Owner::Members(members) = self.subject(index, false, None) else { return false };
        let rows: Vec<usize> = members.into_iter().flatten().collect();
        let word = self.find(index, self.tokens.len(), &[Sense::Up, Sense::Down, Sense::Flat]);
        let (Some(word), true) = (word, self.facts.is_everything()) else { return false };
        let Some(sense) = self.sense(word) else { return false };
        let frame = |row: usize| Frame::Before(Owner::Members(vec![vec![row]]));
        let all = 0..self.facts.table.rows.len();
        self.facts.is_compared()
            && all.into_iter().all(|row| self.moved_as(word, sense, &frame(row)) == rows.contains(&row))
    }

    /// "each", "all" and "both" claim of every row what the sentence says; where that cannot be checked row
    /// by row, they are refused.
    fn quantifier_holds(&self, index: usize, sense: Sense, claims: &Claims) -> bool {
        let next = self.next(index);
        if sense == Sense::Both {
            let two = self
                .columns()
                .into_iter()
                .any(|column| self.singles(column, 0, self.tokens.len()).len() == 2);
            let mut topics: Vec<usize> = self.topics.iter().map(|topic| topic.measure).collect();
            topics.sort_unstable();
            topics.dedup();
            return two
                || topics.len() == 2
                || (self.facts.table.rows.len() == 2 && self.facts.has_every_row());
        }
        let counted = self.figure(next).is_some();
        let noun = |at: usize| {
            self.word(at).is_some_and(|word| self.facts.is_noun(word) || words::is_time(word))
                || matches!(self.kind(at), Some(Kind::Known(known)) if known.iter().any(|word| self.facts.is_noun(word)))
        };
        if self
            .word(next)
            .and_then(|word| Unit::of_name(&words::singular(word)))
            .is_some_and(|unit| !self.is_grain(unit))
        {
            return false;
        }
        let moved = self.find(0, self.tokens.len(), &[Sense::Up, Sense::Down, Sense::Flat]).is_some();
        let valued = claims.told.iter().any(|told| matches!(told.slot, Slot::Value(_)));
        if sense == Sense::Each {
            return moved || valued;
        }
        // "48% of all late fees": the whole that the share is of.
        let base = self
            .led_by(index, &["of"])
            .and_then(|of| self.lead(of))
            .is_some_and(|at| self.figure(at).is_some_and(Figure::is_part));
        let total = self.is_any(index.wrapping_sub(1), &["in"]);
        counted || noun(next) || base || (total && self.is_boundary(next))
    }

    /// "the other 2 branches" were counted; "others" alone could be any.
    fn other_holds(&self, index: usize, claims: &Claims) -> bool {
        let near = |at: usize| self.figure(at).is_some() && self.noun(at).is_some();
        let counted = near(index + 1) || index.checked_sub(1).is_some_and(near);
        // "The other rows are in the table."
        let claims_nothing = claims.told.is_empty()
            && self.groups.is_empty()
            && (0..self.tokens.len())
                .all(|at| matches!(self.sense(at), None | Some(Sense::Other | Sense::Shown)));
        claims_nothing || (counted && claims.told.iter().all(|told| told.at < index))
    }

    /// "an average of $12,000 per day": what the mean is taken over must be what rows are.
    fn per_holds(&self, index: usize) -> bool {
        let noun = self.word(index + 1).map(words::singular).or_else(|| match self.kind(index + 1) {
            Some(Kind::Known(known)) => known.first().map(|word| words::singular(word)),
            _ => None,
        });
        let is_row = noun.is_some_and(|noun| match Unit::of_name(&noun) {
            Some(unit) => self.is_grain(unit),
            None => self.facts.is_noun(&noun),
        });
        self.has(Sense::Average) && is_row
    }

    /// "the daily average": of rows that are days.
    fn periodic_holds(&self, index: usize) -> bool {
        let unit = match self.word(index) {
            Some("daily") => Some(Unit::Day),
            Some("weekly") => Some(Unit::Week),
            Some("monthly") => Some(Unit::Month),
            Some("quarterly") => Some(Unit::Quarter),
            _ => Some(Unit::Year),
        };
        let known = self.word(index).is_some_and(|word| self.facts.knows(word));
        let of_each =
            [Sense::Average, Sense::Range, Sense::High, Sense::Low].into_iter().any(|sense| self.has(sense));
        known || (of_each && unit.is_some_and(|unit| self.is_grain(unit)))
    }

    /// "was negative": the values of the rows that it is about.
    fn sign_holds(&self, index: usize, positive: bool) -> bool {
        let rows = match self.subject(index, false, None) {
            Owner::Members(members) => members.into_iter().flatten().collect(),
            Owner::All if self.facts.is_single() => vec![0],
            Owner::All | Owner::Unclear => return false,
        };
        let measures = self.measures_near(index);
        let is = |measure: &Measure, row: usize| {
            measure
                .value(When::Now, row)
                .is_some_and(|value| value.unscaled() != 0 && (value.unscaled() > 0) == positive)
        };
        let moves = matches!(self.sense(index + 1), Some(Sense::Up | Sense::Down | Sense::Change));
        !moves
            && !rows.is_empty()
            && !measures.is_empty()
            && measures.iter().all(|m| rows.iter().all(|row| is(m, *row)))
    }

    fn is_grain(&self, unit: Unit) -> bool {
        self.facts.time.as_ref().and_then(|time| time.grain) == Some(unit)
    }

    /// Whether "a day" at `index` makes a rate of what stands before, and it is no mean over such rows.
    pub(super) fn is_false_rate(&self, index: usize) -> bool {
        // "three months in a row".
        if self.is_any(index + 1, &["row"]) && index.checked_sub(1).is_some_and(|at| self.is_any(at, &["in"]))
        {
            return true;
        }
        let unit = self.word(index + 1).and_then(Unit::of_name);
        self.is_any(index, &["a", "an"])
            && unit.is_some_and(|unit| !(self.has(Sense::Average) && self.is_grain(unit)))
    }
}

//! Figures that count rows, days or months: "5 branches", "2 of the 5 rose", "the top 3", "over 7 days".

use super::{Claims, direction};
use crate::dates::{self, Unit};
use crate::figure::{Bound, Figure, FigureUnit};
use crate::lexer::{Break, Kind};
use crate::sentence::Sentence;
use crate::sentence::owner::Owner;
use crate::words::{self, Sense};

impl Sentence<'_> {
    /// Whether the figure counts, and then whether the count is right.
    pub(super) fn counts(&self, index: usize, figure: &Figure, claims: &mut Claims) -> Option<bool> {
        let count = figure.whole().filter(|_| figure.unit == FigureUnit::Plain);
        let count = usize::try_from(count?).ok()?;
        let over = index.checked_sub(1).is_some_and(|at| self.is_over(at));
        if self.bound(index) != Bound::Itself && !over && (self.noun(index).is_some()) {
            return Some(false);
        }
        if let Some(holds) = self.counts_top(index, count, claims) {
            return Some(holds);
        }
        let noun = self.noun(index);
        if noun.is_some() && self.is_had_by_a_row(index) {
            return Some(false);
        }
        // "one of the branches" counts nothing that could be false while there is a row.
        if count == 1 && self.is_any(index + 1, &["of"]) && noun.is_some() && self.moved(index).is_none() {
            return Some(!self.facts.table.rows.is_empty());
        }
        if let Some(unit) =
            noun.and_then(|at| self.word(at)).and_then(|word| Unit::of_name(&words::singular(word)))
        {
            return Some(self.has_units(unit, count) || self.is_row_count(index, count, noun, claims));
        }
        let of_count = self.is_any(index + 1, &["of"])
            && (index + 2..index + 5).any(|at| self.figure(at).is_some() && self.noun(at).is_some());
        let listed = self.led_by(index, &["all", "these", "both"]).is_some();
        let moved = self.moved(index).is_some()
            && self.is_any(index + 1, &["declined", "rose", "fell", "grew", "was", "were"]);
        let placed = self
            .led_by(index, &["at", "in"])
            .and_then(|at| self.lead(at))
            .is_some_and(|at| matches!(self.sense(at), Some(Sense::Up | Sense::Down | Sense::Flat)));
        let ends = self.is_boundary(index + 1);
        // "of which 3 are shown".
        let shown =
            self.is_any(index + 1, &["are", "is", "were"]) && self.sense(index + 2) == Some(Sense::Shown);
        (noun.is_some()
            || shown
            || of_count
            || (placed && ends)
            || (listed && self.topic_at(index + 1).is_none())
            || moved)
            .then(|| self.is_row_count(index, count, noun, claims))
    }

    /// "Harbour has 3 branches": the rows of the result are not a row's own.
    fn is_had_by_a_row(&self, index: usize) -> bool {
        let had = self.led_by(index, &["has", "had", "have", "with", "contains", "includes", "covers"]);
        had.is_some_and(|had| {
            let (from, _) = self.clause(had);
            self.groups.iter().any(|group| group.to < had && group.to >= from && !group.object)
        })
    }

    fn topic_at(&self, index: usize) -> Option<usize> {
        self.topics.iter().find(|topic| topic.from == index).map(|topic| topic.measure)
    }

    /// "7 days" of the period.
    fn has_units(&self, unit: Unit, count: usize) -> bool {
        let Some(period) = self.facts.period else { return false };
        let is = |value: Option<i64>| value.is_some_and(|value| usize::try_from(value) == Ok(count));
        let days = period.1.number() - period.0.number() + 1;
        let months = dates::months_in(period);
        let of = |length: i64| months.filter(|months| months % length == 0).map(|months| months / length);
        match unit {
            Unit::Day => is(Some(days)),
            Unit::Week => is((days % 7 == 0).then_some(days / 7)),
            Unit::Month => is(months),
            Unit::Quarter => is(of(3)),
            Unit::Year => is(of(12)),
        }
    }

    /// The rows that there are, those that are shown, or those that moved as the words after say.
    fn is_row_count(&self, index: usize, count: usize, noun: Option<usize>, claims: &mut Claims) -> bool {
        if self.figure(index).is_some() && self.others(index, noun) {
            return self.facts.is_everything() && count == self.unnamed();
        }
        let of = self
            .led_by(index, &["of"])
            .and_then(|of| self.lead(of))
            .is_some_and(|at| self.figure(at).is_some());
        // "Two branches, A and B, ...".
        let comma = noun
            .map(|noun| noun + 1)
            .filter(|at| matches!(self.kind(*at), Some(Kind::Break(Break::Comma | Break::Colon))));
        let listed = comma.and_then(|comma| {
            self.groups.iter().find(|group| group.from == self.next(comma) && group.members.len() == count)
        });
        if let Some(group) = listed.filter(|_| count > 1) {
            self.uses(group);
            return true;
        }
        if let Some((word, sense)) = self.moved(index).filter(|_| !of) {
            claims.settled.push(word);
            return self.facts.is_everything() && self.rows_that(sense, word) == Some(count);
        }
        let rows = self.facts.table.rows.len();
        if self.is_part(index) {
            return count == rows;
        }
        if noun.is_none() && self.is_any(index + 1, &["of"]) {
            return false;
        }
        let generic = noun
            .and_then(|at| self.word(at))
            .is_some_and(|word| words::is_generic_noun(&words::singular(word)));
        // Of as many as were asked for, nobody says that there are no more.
        let all = !self.facts.context.limited || generic;
        all && count == self.facts.context.row_count && !self.is_limited_total(index)
            || (self.has(Sense::Shown) && count == rows)
    }

    /// "5 of 9 rows": the rows shown, of all.
    fn is_part(&self, index: usize) -> bool {
        let of = self.is_any(index + 1, &["of"]);
        of && (index + 2..index + 5).any(|at| {
            self.figure(at).and_then(Figure::whole).and_then(|n| usize::try_from(n).ok())
                == Some(self.facts.context.row_count)
        })
    }

    /// Of a result that was asked for in part, nobody here knows how many there are: "there are 5 in all".
    fn is_limited_total(&self, index: usize) -> bool {
        self.facts.context.limited && (self.has(Sense::Total) || self.led_by(index, &["all"]).is_some())
    }

    fn others(&self, index: usize, noun: Option<usize>) -> bool {
        let to = noun.unwrap_or(index + 1);
        self.find(index.saturating_sub(1), to, &[Sense::Other]).is_some()
    }

    /// Rows that the sentence, or the one before, does not name.
    fn unnamed(&self) -> usize {
        self.facts.table.rows.len().saturating_sub(self.named_rows().len())
    }

    /// Rows that the sentence names, or else the one before.
    pub(super) fn named_rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self
            .groups
            .iter()
            .flat_map(|group| &group.members)
            .flat_map(|rows| rows.iter().copied())
            .collect();
        if rows.is_empty()
            && let Some((_, before)) = &self.story.subject
        {
            rows.extend(before.iter().copied());
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The word that says where the counted rows went, if no name stands between.
    fn moved(&self, index: usize) -> Option<(usize, Sense)> {
        let to = (index + 1..self.tokens.len())
            .find(|at| self.tokens.get(*at).is_some_and(|token| token.is_rows()) || self.is_clause_end(*at))
            .unwrap_or(self.tokens.len());
        let moves = [Sense::Up, Sense::Down, Sense::Flat, Sense::Missing];
        // "rose at 2 branches".
        let before = || {
            let at = self.led_by(index, &["at", "in", "for"])?;
            let (from, _) = self.clause(index);
            (from..at).rev().find(|at| self.sense(*at).is_some_and(|sense| moves.contains(&sense)))
        };
        let moves_here =
            |at: &usize| self.sense(*at).is_some_and(|s| moves.contains(&s)) && !self.is_made_up(*at);
        let word = (index + 1..to).find(moves_here).or_else(before)?;
        Some((word, self.sense(word)?))
    }

    /// A comma or a joining word; "of the 5 rows" goes on.
    fn is_clause_end(&self, index: usize) -> bool {
        self.is_boundary(index)
    }

    /// How many rows moved as `sense` says; those with nothing to compare with did not.
    fn rows_that(&self, sense: Sense, word: usize) -> Option<usize> {
        let measures = self.measures_near(word);
        let [measure] = measures.as_slice() else { return None };
        if !measure.is_compared() {
            return None;
        }
        let moved = |row: &usize| {
            if sense == Sense::Missing {
                return measure.is_without_before(*row);
            }
            measure.change(*row).is_some_and(|change| match direction(sense) {
                Some(up) => change.unscaled() != 0 && (change.unscaled() > 0) == up,
                None => change.unscaled() == 0,
            })
        };
        Some((0..self.facts.table.rows.len()).filter(moved).count())
    }

    /// "the top 3": the rows that are named in the sentence, or those of the highest values.
    fn counts_top(&self, index: usize, count: usize, claims: &mut Claims) -> Option<bool> {
        let before = index
            .checked_sub(1)
            .filter(|at| self.is_any(*at, &["top", "bottom", "highest", "lowest", "largest", "smallest"]));
        let after =
            (self.is_any(index + 1, &["highest", "lowest", "largest", "smallest"])).then_some(index + 1);
        // "the five tours with the most bookings".
        let with = self.noun(index).map(|noun| noun + 1).filter(|at| self.is_any(*at, &["with", "by"]));
        let after = after.or_else(|| {
            let word = self.next(with?);
            matches!(self.sense(word), Some(Sense::High | Sense::Low)).then_some(word)
        });
        let plain = before.is_some_and(|at| self.is_any(at, &["top", "bottom"]));
        let word = before.or(after).filter(|_| plain || self.noun(index).is_some())?;
        claims.settled.push(word);
        let high = matches!(self.sense(word), Some(Sense::High | Sense::Lead));
        // What was asked for as "top 5" may be called so.
        if self.facts.context.limited && count == self.facts.table.rows.len() {
            return Some(
                self.facts.context.ranked.map_or(plain && high, |ranking| ranking.descending == high),
            );
        }
        let measures = self.measures_near(index);
        let [measure] = measures.as_slice() else { return Some(false) };
        if !self.may_rank_by(measure, high) || count == 0 || count > self.facts.table.rows.len() {
            return Some(false);
        }
        let rows = || 0..self.facts.table.rows.len();
        let value = |row: usize| measure.value(crate::measure::When::Now, row);
        let among = |row: &usize| value(*row).is_some_and(|value| measure.beyond(value, high) < count);
        let top: Vec<usize> = rows().filter(among).collect();
        // Equal values at the edge leave no "top 3".
        if top.len() != count {
            return Some(false);
        }
        let named = self.groups.iter().any(|group| group.members.len() == count);
        let listed = match self.subject(index, true, None) {
            Owner::Members(members) if members.len() == count => {
                let mut rows: Vec<usize> = members.into_iter().flatten().collect();
                rows.sort_unstable();
                rows == top
            }
            Owner::Members(_) | Owner::All | Owner::Unclear => !named && self.groups.is_empty(),
        };
        claims.top = Some(top);
        Some(listed)
    }
}

//! Highest and lowest, ranks and orders.

use super::Claims;
use crate::figure::{Figure, FigureUnit};
use crate::lexer::Kind;
use crate::measure::{Measure, When};
use crate::sentence::owner::Owner;
use crate::sentence::{Group, Sentence};
use crate::words::Sense;
use splitplane_types::Decimal;
use std::rc::Rc;

/// Rows that are added up by name at each claim of rank; of more, such a claim is not proved.
const GROUPED_ROWS_MAX: usize = 1_000;

impl Sentence<'_> {
    /// Whether the row that the word at `index` is about has the extreme that the word says.
    pub(super) fn extreme_holds(&self, index: usize, high: bool, claims: &Claims) -> bool {
        let after_rank = index
            .checked_sub(1)
            .is_some_and(|at| self.figure(at).is_some_and(|figure| figure.unit == FigureUnit::Ordinal));
        let last = index.checked_sub(1).is_some_and(|at| self.sense(at) == Some(Sense::Last));
        if claims.settled.contains(&index) || after_rank || last {
            return true;
        }
        // "most of" is a majority.
        let of = self.is_any(index + 1, &["of"]) && !self.is_any(index + 2, &["any", "all"]);
        let part = self.is_any(index, &["most", "least", "best"]) && of;
        if part {
            return false;
        }
        if let Some(word) = self.ranked_change(index) {
            return self.extreme_change_holds(index, word, high);
        }
        let measures = self.measures_near(index);
        // Of one row nothing can be said, unless it is the first of others.
        let several = self.facts.table.rows.len() > 1;
        let ranks = |m: &Measure| self.facts.is_ranked_by(m, high) || (several && self.may_rank());
        if measures.is_empty() || !measures.iter().all(|measure| ranks(measure)) {
            return false;
        }
        match self.ranked_of(index) {
            Owner::Members(members) => {
                measures.iter().all(|m| members.iter().all(|rows| self.is_the_extreme(m, rows, high)))
            }
            // The figure that it is about was proved as that extreme.
            Owner::All => {
                let apart = self.has(Sense::Difference);
                claims.told.iter().any(|told| {
                    told.slot == super::Slot::Extreme(high)
                        || (apart && matches!(told.slot, super::Slot::Change(_)))
                })
            }
            Owner::Unclear => false,
        }
    }

    /// The rows that a word of rank is about; of "A and B had the highest and the lowest", its own.
    fn ranked_of(&self, index: usize) -> Owner {
        let owner = self.subject(index, true, None);
        let ranks: Vec<usize> = (0..self.tokens.len())
            .filter(|at| matches!(self.sense(*at), Some(Sense::High | Sense::Low)))
            .collect();
        match &owner {
            Owner::Members(members) if members.len() > 1 && members.len() == ranks.len() => {
                let place = ranks.iter().position(|at| *at == index);
                place
                    .and_then(|place| members.get(place))
                    .map_or(Owner::Unclear, |rows| Owner::Members(vec![rows.clone()]))
            }
            Owner::Members(_) | Owner::All | Owner::Unclear => owner,
        }
    }

    fn is_the_extreme(&self, measure: &Measure, rows: &[usize], high: bool) -> bool {
        let best = |row: usize, among: &dyn Fn(usize) -> bool| {
            let all = (0..self.facts.table.rows.len()).filter(|row| among(*row));
            let beyond = |value: Decimal, other: Decimal| if high { other > value } else { other < value };
            let value = measure.value(When::Now, row);
            value.is_some_and(|value| {
                all.filter_map(|other| measure.value(When::Now, other)).all(|other| !beyond(value, other))
            })
        };
        if let ([row], Some(within)) = (rows, self.ranked_within()) {
            return within.len() > 1 && best(*row, &|other| within.binary_search(&other).is_ok());
        }
        let each = self.has(Sense::Both) || self.has(Sense::Each) || self.has(Sense::All);
        match rows {
            [row] => measure.value(When::Now, *row).is_some_and(|value| Some(value) == measure.extreme(high)),
            [] => false,
            // "led in both months": among the rows of each.
            _ if each => {
                self.facts.table.rows.len() <= GROUPED_ROWS_MAX
                    && rows.iter().all(|row| best(*row, &|other| self.differs_by_name(*row, other)))
            }
            // Rows of one name in a result with more columns: of the names' sums, theirs is the extreme.
            _ => self.is_extreme_sum(measure, rows, high),
        }
    }

    /// "In January, A had the highest": the rows that the sentence is set in, in a result by more columns.
    fn ranked_within(&self) -> Option<Rc<[usize]>> {
        let (column, rows) = self.setting()?;
        let others = self.groups.iter().any(|group| group.column != column);
        others.then_some(rows)
    }

    /// Whether two rows differ in the column that the sentence names one of them by, and in no other name.
    fn differs_by_name(&self, row: usize, other: usize) -> bool {
        let named =
            self.groups.iter().find(|g| g.members.iter().any(|rows| rows.binary_search(&row).is_ok()));
        let Some(column) = named.map(|group| group.column) else { return false };
        let cells = |row: usize| self.facts.table.rows.get(row);
        (0..self.facts.table.columns.len())
            .filter(|index| self.facts.is_name(*index) && *index != column)
            .all(|index| {
                cells(row).and_then(|cells| cells.get(index))
                    == cells(other).and_then(|cells| cells.get(index))
            })
    }

    fn is_extreme_sum(&self, measure: &Measure, rows: &[usize], high: bool) -> bool {
        if self.facts.table.rows.len() > GROUPED_ROWS_MAX {
            return false;
        }
        let Some(group) =
            self.groups.iter().find(|group| group.members.iter().any(|member| member.as_ref() == rows))
        else {
            return false;
        };
        let Some(own) = self.amount(measure, When::Now, rows) else { return false };
        let sums = self.sums_by(measure, group.column);
        !sums.is_empty() && sums.iter().all(|sum| if high { *sum <= own } else { *sum >= own })
    }

    /// The sums by the cells of one column.
    fn sums_by(&self, measure: &Measure, column: usize) -> Vec<Decimal> {
        let mut rows: std::collections::BTreeMap<String, Vec<usize>> = std::collections::BTreeMap::new();
        for (row, cells) in self.facts.table.rows.iter().enumerate() {
            if let Some(cell) = cells.get(column) {
                rows.entry(crate::display::display_cell(cell, None)).or_default().push(row);
            }
        }
        rows.values().filter_map(|rows| measure.sum(When::Now, rows)).collect()
    }

    /// "the largest increase", "grew the fastest": the word of the change that is ranked.
    fn ranked_change(&self, index: usize) -> Option<usize> {
        let moves = |at: usize| matches!(self.sense(at), Some(Sense::Up | Sense::Down | Sense::Change));
        let after = (index + 1..index + 3).find(|at| moves(*at));
        let article = index.checked_sub(1).filter(|at| self.is_any(*at, &["the"])).unwrap_or(index);
        let before = article.checked_sub(1).filter(|at| moves(*at));
        // "its growth of 50% was the highest".
        let told = article.checked_sub(1).filter(|at| self.is_any(*at, &["was", "is", "were", "are"]));
        let (from, _) = self.clause(index);
        let before = before.or_else(|| (from..told?).rev().find(|at| moves(*at)));
        let first = self.is_any(index + 1, &["in", "for", "at"]);
        after.filter(|_| !first).or(before)
    }

    /// Of all rows, the one that moved most in the direction of `word`: by amount or, where the word is of
    /// growth, in hundredths.
    fn extreme_change_holds(&self, index: usize, word: usize, high: bool) -> bool {
        let measures = self.measures_near(index);
        let [measure] = measures.as_slice() else { return false };
        let Owner::Members(members) = self.subject(index, true, None) else { return false };
        let [rows] = members.as_slice() else { return false };
        let [row] = rows.as_slice() else { return false };
        if !measure.is_compared() || !self.facts.is_everything() && !self.has(Sense::Shown) {
            return false;
        }
        let down = self.sense(word) == Some(Sense::Down);
        let growth = self.is_any(word, &["growth", "grew", "grow", "growing", "grown"]);
        let amount = |row: usize| measure.change(row);
        let hundredths = |row: usize| measure.growths(row).first().and_then(|growth| growth.rounded(6));
        let is_extreme = |of: &dyn Fn(usize) -> Option<Decimal>| {
            let all = (0..self.facts.table.rows.len()).filter_map(of);
            let beyond = if high == down { all.min() } else { all.max() };
            of(*row).is_some() && of(*row) == beyond
        };
        if growth {
            is_extreme(&hundredths) || (!self.is_any(word, &["growth"]) && is_extreme(&amount))
        } else {
            is_extreme(&amount)
        }
    }

    /// "second highest", "ranked 2nd", "came second": as many values beyond it as the rank says, less one.
    pub(super) fn rank_holds(&self, index: usize, figure: &Figure) -> bool {
        let after = self.sense(index + 1);
        let led_in = self
            .led_by(
                index,
                &[
                    "ranks", "ranked", "rank", "ranking", "placed", "place", "came", "comes", "coming", "in",
                    "is", "was", "and",
                ],
            )
            .is_some();
        // "Old Mill second with", "Harbour first": the name stands right before.
        let name = index.checked_sub(1).is_some_and(|at| self.tokens.get(at).is_some_and(|t| t.is_rows()));
        let ends = self.is_boundary(index + 1)
            || self.is_any(index + 1, &["place", "in", "at", "position", "among", "of", "by", "for"]);
        let high = match after {
            Some(Sense::High) => true,
            Some(Sense::Low) => false,
            _ if (led_in || name) && ends => true,
            _ => return false,
        };
        let Owner::Members(members) = self.subject(index, false, None) else { return false };
        let measures = self.measures_near(index);
        let is_rank = |measure: &Measure| {
            members.iter().all(|rows| {
                let value = self.amount(measure, When::Now, rows).filter(|_| rows.len() == 1);
                let beyond = value.map(|value| measure.beyond(value, high) + 1);
                beyond.and_then(|rank| i128::try_from(rank).ok()).and_then(|rank| Decimal::new(rank, 0))
                    == Some(figure.value)
            })
        };
        !measures.is_empty() && measures.iter().all(|m| self.may_rank_by(m, high) && is_rank(m))
    }

    /// "came last": none is lower.
    pub(super) fn last_holds(&self, index: usize) -> bool {
        let led_in = self
            .led_by(index, &["came", "comes", "coming", "ranks", "ranked", "placed", "is", "was", "in"])
            .is_some();
        let Owner::Members(members) = self.subject(index, false, None) else { return false };
        let measures = self.measures_near(index);
        led_in
            && self.may_rank()
            && !measures.is_empty()
            && measures.iter().all(|m| members.iter().all(|rows| self.is_the_extreme(m, rows, false)))
    }

    /// "A, followed by B and C": each is the next in rank, downwards, or upwards from a lowest. In time:
    /// the next in time.
    pub(super) fn order_holds(&self, index: usize) -> bool {
        // "then" only goes on, where no name follows.
        let end = self.reach(index);
        let Some(after) = self.groups.iter().find(|g| g.from > index && g.from < end.max(index + 3)) else {
            return self.is_any(index, &["then"]) || self.follows_the_last(index);
        };
        let Some(before) = self.groups.iter().rfind(|group| group.to < index && group.column == after.column)
        else {
            return self.is_any(index, &["then"]);
        };
        self.uses(before);
        self.uses(after);
        if self.facts.time.as_ref().is_some_and(|time| time.column == after.column) {
            return self.follows_in_time(before, after);
        }
        let measures = self.measures_near(index);
        let rows = || before.members.iter().rev().take(1).chain(after.members.iter());
        let passive = self.is_any(index, &["followed"]) && !self.is_any(index + 1, &["by"]);
        let low = self.find(0, index, &[Sense::Low]).is_some()
            && self.find(0, index, &[Sense::High, Sense::Lead]).is_none();
        // "the largest rise at A, followed by B" goes by the changes.
        let change = (0..index).find_map(|at| {
            matches!(self.sense(at), Some(Sense::High)).then(|| self.ranked_change(at)).flatten()
        });
        if let Some(word) = change {
            let up = self.sense(word) != Some(Sense::Down);
            return !passive && measures.iter().all(|m| self.changes_fall(m, rows(), up));
        }
        let falls = |measure: &Measure| {
            let values: Vec<Decimal> =
                rows().filter_map(|rows| self.amount(measure, When::Now, rows)).collect();
            let ranks: Vec<usize> = values.iter().map(|value| measure.beyond(*value, !low)).collect();
            values.len() == rows().count()
                && ranks.windows(2).all(|pair| matches!(pair, [a, b] if *b == a + 1))
        };
        !passive && !measures.is_empty() && measures.iter().all(|m| self.may_rank_by(m, !low) && falls(m))
    }

    /// "A leads. B follows.": B is next to the row that the sentence before was about.
    fn follows_the_last(&self, index: usize) -> bool {
        let (Some((column, before)), true) = (&self.story.subject, self.is_any(index, &["follows"])) else {
            return false;
        };
        let Some(own) = self.groups.iter().rfind(|group| group.to < index && group.column == *column) else {
            return false;
        };
        self.uses(own);
        let ([row], [rows]) = (before.as_ref(), own.members.as_slice()) else { return false };
        let [next] = rows.as_ref() else { return false };
        let measures = self.measures_near(index);
        let rank = |measure: &Measure, row: usize| Some(measure.beyond(measure.value(When::Now, row)?, true));
        let next_to =
            |m: &Measure| rank(m, *row).is_some_and(|rank_before| rank(m, *next) == Some(rank_before + 1));
        !measures.is_empty() && measures.iter().all(|m| self.may_rank_by(m, true) && next_to(m))
    }

    /// Whether single rows stand in the order of what they changed by, one right after the other.
    fn changes_fall<'r>(
        &self,
        measure: &Measure,
        rows: impl Iterator<Item = &'r Rc<[usize]>>,
        up: bool,
    ) -> bool {
        let change = |row: usize| measure.change(row);
        let beyond = |a: Decimal, b: Decimal| if up { a > b } else { a < b };
        let place = |rows: &Rc<[usize]>| match rows.as_ref() {
            [row] => {
                let own = change(*row)?;
                let all = (0..self.facts.table.rows.len()).filter_map(change);
                Some(all.filter(|other| beyond(*other, own)).count())
            }
            _ => None,
        };
        let places: Option<Vec<usize>> = rows.map(place).collect();
        self.facts.is_everything()
            && places
                .is_some_and(|places| places.windows(2).all(|pair| matches!(pair, [a, b] if *b == a + 1)))
    }

    fn follows_in_time(&self, before: &Group, after: &Group) -> bool {
        let Some(ordered) = self.facts.in_time(0..self.facts.table.rows.len()) else { return false };
        let place = |rows: &[usize]| match rows {
            [row] => ordered.iter().position(|other| other == row),
            _ => None,
        };
        let rows = before.members.iter().rev().take(1).chain(after.members.iter());
        let places: Option<Vec<usize>> = rows.map(|rows| place(rows)).collect();
        places.is_some_and(|places| places.windows(2).all(|pair| matches!(pair, [a, b] if *b == a + 1)))
    }

    /// "Ranked by late fees: A, B and C": the names must stand in that order.
    pub(super) fn ranking_holds(&self) -> bool {
        let ranking = (0..self.tokens.len()).find(|at| self.is_any(*at, &["ranked", "ranking"]));
        let ordinal =
            self.tokens.iter().any(|token| token.figure().is_some_and(|f| f.unit == FigureUnit::Ordinal));
        let extreme = self.has(Sense::High) || self.has(Sense::Low) || self.has(Sense::Last);
        let names: Vec<&Group> = self.groups.iter().filter(|group| !group.object).collect();
        let rows: Vec<&[usize]> = names.iter().flat_map(|g| &g.members).map(AsRef::as_ref).collect();
        let (Some(word), true) = (ranking, rows.len() > 1 && !ordinal && !extreme) else { return true };
        let falls = |measure: &&Measure| {
            let value = |rows: &[usize]| self.amount(measure, When::Now, rows);
            rows.windows(2).all(|pair| matches!(pair, [a, b] if value(a).is_some() && value(a) >= value(b)))
        };
        names.iter().for_each(|group| self.uses(group));
        let measures = self.measures_near(word);
        !measures.is_empty() && measures.iter().all(falls)
    }

    /// The number of this line, or of the last that had one, and the row that it names first.
    pub(super) fn item(&self) -> Option<(i128, Option<usize>)> {
        let row = self.groups.first().and_then(|group| {
            match group.members.first().map(std::convert::AsRef::as_ref) {
                Some([row]) => Some(*row),
                _ => None,
            }
        });
        self.number().map_or(self.story.item, |number| Some((number, row)))
    }

    fn number(&self) -> Option<i128> {
        match self.kind(0) {
            Some(Kind::Item(number)) => *number,
            Some(Kind::Word(..) | Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. }) => {
                None
            }
            Some(Kind::Known(_) | Kind::Break(_) | Kind::Dash | Kind::End) | None => None,
        }
    }

    /// A numbered list ranks: each line's row must not be higher than that of the line before, or must be
    /// the later one.
    pub(super) fn item_holds(&self) -> bool {
        let Some(number) = self.number() else { return true };
        let first = number == 1;
        let (Some((before, row)), false) = (self.story.item, first) else { return first };
        let (Some(row), Some((_, Some(next)))) = (row, self.item()) else { return false };
        let falls = |measure: &&Measure| {
            let values = (measure.value(When::Now, row), measure.value(When::Now, next));
            matches!(values, (Some(a), Some(b)) if a >= b)
        };
        let later = || self.facts.in_time([row, next].into_iter()) == Some(vec![row, next]);
        let measures = self.measures_near(0);
        number == before + 1 && (later() || (!measures.is_empty() && measures.iter().all(falls)))
    }
}

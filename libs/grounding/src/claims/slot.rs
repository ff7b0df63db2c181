//! What a figure is told as: a value of now or before, a change, a share, a total, a mean, an extreme.
//!
//! Decides by the words around it, and by nothing that the cells say: a figure that is true as something
//! else is not true here.

use super::Claims;
use crate::figure::{Figure, FigureUnit};
use crate::lexer::{Break, Kind};
use crate::measure::When;
use crate::sentence::Sentence;
use crate::sentence::owner::Owner;
use crate::words::Sense;

/// What a figure is told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A value of a period.
    Value(When),
    /// The sum over the whole result, or over the rows that the sentence is set in.
    Total(When),
    /// The sum over the whole result, as what something is a part of.
    Base(When),
    /// The mean over the rows.
    Mean,
    /// A distance: to before, or to another row. The word that says so, if one does.
    Change(Option<usize>),
    /// A part of the total.
    Share,
    /// A factor, likewise with its word.
    Ratio,
    /// The highest value, or the lowest.
    Extreme(bool),
    /// A part of what is no value: "half of the branches".
    Unknown,
}

/// Words that may stand between a noun and its figure: "an increase of", "the gap was".
const COPULAS: [&str; 8] = ["of", "was", "were", "is", "are", "being", "by", "another"];

impl Sentence<'_> {
    /// What the figure at `index` is told as.
    pub(super) fn slot(&self, index: usize, figure: &Figure, owner: &Owner, claims: &Claims) -> Slot {
        let era = self.era(index);
        let percent = matches!(figure.unit, FigureUnit::Percent | FigureUnit::Fraction { .. });
        if matches!(figure.unit, FigureUnit::Times | FigureUnit::Fraction { whole: 1, .. }) {
            return Slot::Ratio;
        }
        if percent && self.is_any(index + 1, &["of"]) {
            let of = self.next(index + 1);
            let another = self.tokens.get(of).is_some_and(|token| token.is_rows())
                || self.is_any(of, &["those", "that"]);
            if another {
                return Slot::Ratio;
            }
            let rows = self.noun(of - 1).is_some_and(|noun| noun <= of + 2)
                && self.topics.iter().all(|t| t.from != of);
            if rows {
                return Slot::Unknown;
            }
        }
        if percent && self.is_share(index) {
            return Slot::Share;
        }
        if let Some(word) = self.governor(index) {
            return Slot::Change(Some(word));
        }
        if let Some(word) = self.carried(index, claims) {
            return Slot::Change(word);
        }
        let aside = index.checked_sub(1).is_some_and(|at| self.kind(at) == Some(&Kind::Break(Break::Open)));
        if let Some(word) = self.aside_of_move(index, figure, claims) {
            return Slot::Change(Some(word));
        }
        if figure.sign == Some('+')
            || (figure.sign.is_some() && (percent || aside) && self.facts.is_compared())
        {
            return Slot::Change(None);
        }
        let base = self.lead(index).is_some_and(|lead| self.is_base(index, lead));
        if base {
            return Slot::Base(era.unwrap_or(When::Now));
        }
        if self.is_of_total(index, owner) {
            return Slot::Total(era.unwrap_or(When::Now));
        }
        if self.is_mean(index) {
            return Slot::Mean;
        }
        if let Some(high) = self.extreme_here(index).filter(|_| *owner == Owner::All) {
            return Slot::Extreme(high);
        }
        if let Some(high) = self.end_of_range(index, claims) {
            return Slot::Extreme(high);
        }
        Slot::Value(self.when(index, era, owner))
    }

    /// Now or before, by the period that is named, or by "from" and "compared with".
    fn when(&self, index: usize, era: Option<When>, owner: &Owner) -> When {
        let compared = self.facts.is_compared();
        // "compared with $800.00 at Old Mill" is a value of now, of another row.
        let beside = self.groups.iter().any(|group| group.from > index && self.is_beside(index, group));
        let against = self.is_set_against(index) && !beside && !self.is_anothers(index, owner);
        match era {
            Some(when) => when,
            None if compared && against => When::Before,
            None => When::Now,
        }
    }

    /// Whether a name that something is compared with stands right before the figure.
    fn is_anothers(&self, index: usize, owner: &Owner) -> bool {
        *owner != Owner::All
            && self.lead(index).is_some_and(|at| self.tokens.get(at).is_some_and(|token| token.is_rows()))
    }

    // === changes ===

    /// The word that makes a distance of the figure: "up 5%", "by $400", "an increase of 5%", "5% more".
    pub(super) fn governor(&self, index: usize) -> Option<usize> {
        let moves = |at: usize| {
            matches!(self.sense(at), Some(Sense::Up | Sense::Down | Sense::Change | Sense::Difference))
        };
        let lead = self.lead(index)?;
        if moves(lead) || (self.sense(lead) == Some(Sense::Lead) && self.is_noun_of_distance(lead)) {
            return Some(lead);
        }
        if self.is_any(lead, &["by"]) {
            let named = |at: &usize| {
                matches!(
                    self.sense(*at),
                    Some(Sense::Up | Sense::Down | Sense::Change | Sense::Difference)
                        | Some(Sense::More | Sense::Less | Sense::Lead)
                ) && !self.is_over(*at)
            };
            return (0..lead)
                .rev()
                .find(named)
                .filter(|_| !self.is_any(lead.saturating_sub(1), &["followed"]));
        }
        self.after(index).or_else(|| self.noun_before(lead)).or_else(|| self.told_of(index))
    }

    /// "a lead of $400" is a distance; "leads with $400" is not.
    fn is_noun_of_distance(&self, index: usize) -> bool {
        self.is_any(index, &["lead"])
    }

    /// "5% higher than", "$400 more", "a 5% increase"; but in "$84,000, up 5%" the word is the other's.
    fn after(&self, index: usize) -> Option<usize> {
        let opens = self.kind(index + 1) == Some(&Kind::Break(Break::Open));
        let closes = |at: &usize| self.kind(*at) == Some(&Kind::Break(Break::Close));
        // "$4,000.00 (5.0%) more".
        let aside = (index + 1..self.tokens.len()).find(closes).filter(|_| opens);
        let next = self.next(aside.unwrap_or(index));
        let sense = self.sense(next)?;
        let follows = |at: usize| self.figure(at).is_some() || self.is_any(at, &["by", "from"]);
        if matches!(sense, Sense::More | Sense::Less) {
            return Some(next).filter(|_| !self.is_bound(next) && !self.is_over(next));
        }
        let moves = matches!(sense, Sense::Up | Sense::Down)
            && (!follows(self.next(next)) || self.is_noun_after(next));
        let distance = moves || matches!(sense, Sense::Change | Sense::Difference);
        Some(next).filter(|at| distance && *at == index + 1)
    }

    /// "a 5% increase from $80,000": a noun goes with the figure before it, whatever follows.
    fn is_noun_after(&self, index: usize) -> bool {
        self.is_any(
            index,
            &[
                "increase",
                "decrease",
                "rise",
                "fall",
                "drop",
                "gain",
                "growth",
                "decline",
                "loss",
                "reduction",
            ],
        )
    }

    /// "an increase of 5%", "the gap between both was $400", "growth: 5%".
    fn noun_before(&self, lead: usize) -> Option<usize> {
        let colon = |at: usize| self.kind(at) == Some(&Kind::Break(Break::Colon));
        let copula = self.is_any(lead, &COPULAS) || colon(lead);
        if !copula {
            return None;
        }
        let at = self.lead(lead)?;
        let noun = |at: usize| {
            matches!(self.sense(at), Some(Sense::Up | Sense::Down | Sense::Change | Sense::Difference))
                || self.is_noun_of_distance(at)
        };
        if noun(at) {
            return Some(at);
        }
        // "the difference between A and B was", "the lead of A over B is".
        let comma = |at: usize| self.kind(at) == Some(&Kind::Break(Break::Comma));
        let first = (0..lead).rev().take_while(|at| self.figure(*at).is_none());
        let near = (0..lead).rev().take_while(|at| self.figure(*at).is_none() && !comma(*at));
        let is_gap = |at: &usize| self.sense(*at) == Some(Sense::Difference);
        let told = |at: &usize| noun(*at) && self.is_any(at.saturating_sub(1), &["the", "a"]);
        near.into_iter().find(|at| is_gap(at) || told(at)).or_else(|| first.into_iter().find(is_gap))
    }

    /// "the largest increase was at Castle, $5,000.00".
    fn told_of(&self, index: usize) -> Option<usize> {
        let lead = self.lead(index)?;
        // In "Castle: $15,000.00, up $5,000.00" the second is the change.
        let comma = index + 1 + usize::from(self.kind(index + 1) == Some(&Kind::Break(Break::Comma)));
        let value = matches!(self.sense(comma), Some(Sense::Up | Sense::Down))
            && self.figure(self.next(comma)).is_some();
        if value || self.is_any(lead, &["to", "from"]) {
            return None;
        }
        let from = (0..index).rev().find(|at| self.figure(*at).is_some()).map_or(0, |at| at + 1);
        (from..index).rev().find(|at| {
            let ranked =
                at.checked_sub(1).is_some_and(|at| matches!(self.sense(at), Some(Sense::High | Sense::Low)));
            matches!(self.sense(*at), Some(Sense::Up | Sense::Down)) && ranked
        })
    }

    /// "$4,000.00 (5.0%)", "by 1,000, or 25%": the second figure says the same in another unit.
    fn carried(&self, index: usize, claims: &Claims) -> Option<Option<usize>> {
        let last = claims.told.last()?;
        let Slot::Change(word) = last.slot else { return None };
        let links = |at: usize| {
            matches!(self.kind(at), Some(Kind::Break(Break::Open | Break::Comma)))
                || self.is_any(at, &["or", "about", "a"])
        };
        let unlike = match (self.figure(index), self.figure(last.at)) {
            (Some(a), Some(b)) => !a.is_like(b),
            _ => false,
        };
        let follows = self.find(last.at, index, &[Sense::Follow]).is_some();
        if follows && !unlike {
            return Some(word);
        }
        let and = |at: usize| self.is_any(at, &["and"]) || self.kind(at) == Some(&Kind::Break(Break::Comma));
        let listed = !unlike
            && self.groups.iter().any(|group| group.members.len() > 1)
            && (last.at + 1..index).all(and);
        (listed || (unlike && (last.at + 1..index).all(links))).then_some(word)
    }

    /// "rose from $40,000.00 to $42,000.00 (5.0%)".
    fn aside_of_move(&self, index: usize, figure: &Figure, claims: &Claims) -> Option<usize> {
        let opens = index.checked_sub(1).filter(|at| self.kind(*at) == Some(&Kind::Break(Break::Open)))?;
        let last = claims
            .told
            .last()
            .filter(|told| told.at + 1 == opens && self.led_by(told.at, &["to"]).is_some())?;
        let moves = |at: &usize| matches!(self.sense(*at), Some(Sense::Up | Sense::Down));
        (0..last.at).rfind(moves).filter(|_| figure.unit == FigureUnit::Percent)
    }

    // === shares ===

    /// "48% of the total", "accounts for 48%", "a share of 48%".
    fn is_share(&self, index: usize) -> bool {
        let named = |at: usize| self.is_any(at, &["share", "portion", "part"]);
        let of = self.is_any(index + 1, &["of"])
            && !self.tokens.get(self.next(index + 1)).is_some_and(|t| t.is_rows());
        let verbs = [
            "represents",
            "represented",
            "representing",
            "represent",
            "up",
            "comprises",
            "comprised",
            "comprising",
            "constitutes",
            "constituted",
            "constitute",
            "contributed",
            "contributes",
            "contributing",
        ];
        let Some(lead) = self.lead(index) else { return of };
        let accounts = self.is_any(lead, &["for"])
            && self
                .lead(lead)
                .is_some_and(|at| self.is_any(at, &["accounts", "accounted", "account", "accounting"]));
        let makes = self.is_any(lead, &["up"]) && self.lead(lead).is_some_and(|at| self.is_making(at));
        let noun = self.is_any(lead, &COPULAS) || self.kind(lead) == Some(&Kind::Break(Break::Colon));
        let told = || {
            let (from, _) = self.clause(index);
            (from..lead).any(named)
        };
        of || accounts
            || makes
            || (self.is_any(lead, &verbs) && !self.is_any(lead, &["up"]))
            || named(lead)
            || (noun && told())
            || named(self.next(index))
    }

    fn is_making(&self, index: usize) -> bool {
        self.is_any(index, &["make", "makes", "made", "making"])
    }

    /// Whether "up" at `index` is of "makes up".
    pub(super) fn is_made_up(&self, index: usize) -> bool {
        let makes = |word: &str| index.checked_sub(1).is_some_and(|at| self.is_any(at, &[word]));
        self.is_any(index, &["up"])
            && (["make", "makes", "made", "making", "add", "adds"].into_iter().any(makes))
    }

    // === totals, means and extremes ===

    /// Whether the figure is told as the sum of everything.
    fn is_of_total(&self, index: usize, owner: &Owner) -> bool {
        let total = |at: usize| self.sense(at) == Some(Sense::Total);
        let next = self.next(index);
        let after = total(next) && next == index + 1
            || (self.is_any(index + 1, &["in"]) && total(index + 2))
            || (self.is_any(index + 1, &["overall", "altogether"]));
        let Some(lead) = self.lead(index) else { return false };
        let copula = self.is_any(lead, &COPULAS) || self.is_any(lead, &["to", "at"]);
        let before = total(lead) || (copula && self.lead(lead).is_some_and(total));
        // "Harbour's total was": a total of what is named in the same clause.
        let (from, to) = self.clause(index);
        let named = self.groups.iter().any(|g| {
            (g.to < index && g.to >= from) || (g.from > index && g.from < to && self.is_beside(index, g))
        });
        (after || before) && (*owner == Owner::All || !named)
    }

    /// "of the $2,500.00", after a figure or a share, or at the start; "to the total of".
    fn is_base(&self, index: usize, lead: usize) -> bool {
        if !self.is_any(lead, &["of"]) {
            return false;
        }
        let Some(at) = self.lead(lead) else { return true };
        let into_total = self.sense(at) == Some(Sense::Total)
            && self
                .lead(at)
                .is_some_and(|at| self.is_any(at, &["to", "of", "out", "against", "toward", "towards"]));
        let first = matches!(self.kind(at), Some(Kind::Item(_) | Kind::Break(Break::Comma)));
        let after = !self.groups.iter().any(|group| group.from > index && self.is_beside(index, group));
        (self.figure(at).is_some()
            || self.is_any(at, &["out", "share", "part", "portion"])
            || into_total
            || first)
            && after
    }

    /// "On average, ... F", "an average of F".
    fn is_mean(&self, index: usize) -> bool {
        let from = (0..index).rev().find(|at| self.figure(*at).is_some()).map_or(0, |at| at + 1);
        let Some(word) = (from..index).rev().find(|at| self.sense(*at) == Some(Sense::Average)) else {
            return (index + 1..index + 4)
                .any(|at| self.sense(at) == Some(Sense::Average) && !self.is_boundary(index + 1));
        };
        let copula = self.lead(index).is_some_and(|lead| {
            lead == word || ((self.is_any(lead, &COPULAS)) && self.lead(lead) == Some(word))
        });
        copula || !self.groups.iter().any(|group| group.to < index && group.from >= from)
    }

    /// The highest or lowest that the figure is told to be, where no row is named.
    fn extreme_here(&self, index: usize) -> Option<bool> {
        let is = |at: &usize| matches!(self.sense(*at), Some(Sense::High | Sense::Low | Sense::Lead));
        let from = (0..index).rev().find(|at| self.figure(*at).is_some()).map_or(0, |at| at + 1);
        let to =
            (index + 1..self.tokens.len()).find(|at| self.figure(*at).is_some() || self.is_boundary(*at));
        let before = (from..index).rev().find(is);
        let word = before.or_else(|| (index + 1..to.unwrap_or(self.tokens.len())).find(is))?;
        Some(self.sense(word) != Some(Sense::Low))
    }

    /// "ranged from F to G", "between F and G": the lowest, then the highest, of everything.
    fn end_of_range(&self, index: usize, claims: &Claims) -> Option<bool> {
        let lead = self.lead(index)?;
        let range = (0..index).rev().find(|at| self.sense(*at) == Some(Sense::Range))?;
        let first = (range..lead).all(|at| self.figure(at).is_none());
        let time = self.facts.time.as_ref();
        let between = self.is_any(range, &["between"]);
        let named = (time.is_some() && !self.groups.is_empty()) || self.setting().is_some();
        if named || !(self.is_any(lead, &["from", "to", "and", "between"]) || between && lead == range) {
            return None;
        }
        let second =
            claims.told.last().is_some_and(|told| told.slot == Slot::Extreme(false) && told.at < lead);
        (first || second).then_some(!first)
    }
}

//! Which rows a figure belongs to: those named before it, those that follow it at once ("$800.00 from Old
//! Mill"), or, in two lists of one length, the row at its place. Where that is not plain, it belongs to none.

use crate::figure::Figure;
use crate::lexer::{Break, Kind, Token};
use crate::sentence::{Group, Sentence};
use crate::words::{self, Sense};
use std::rc::Rc;

/// The rows of a figure or a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// No row is named: the whole result.
    All,
    /// Rows of each name.
    Members(Vec<Vec<usize>>),
    /// More than one reading.
    Unclear,
}

/// What one column says of it.
enum Pick {
    None,
    /// Rows of each name, and the first tokens of the groups that name them.
    Members(Vec<Rc<[usize]>>, Vec<usize>),
    Unclear,
}

impl Pick {
    fn group(group: &Group) -> Self {
        Self::Members(group.members.clone(), vec![group.from])
    }

    /// Of rows that another sentence names.
    fn rows(rows: &Rc<[usize]>) -> Self {
        Self::Members(vec![Rc::clone(rows)], Vec::new())
    }
}

/// Rows of both, which are in order.
pub(crate) fn both(a: &[usize], b: &[usize]) -> Vec<usize> {
    a.iter().copied().filter(|row| b.binary_search(row).is_ok()).collect()
}

impl Owner {
    /// With the first tokens of the groups that it is taken from.
    fn of(picks: Vec<Pick>) -> (Self, Vec<usize>) {
        let (mut named, mut groups) = (Vec::new(), Vec::new());
        for pick in picks {
            match pick {
                Pick::None => {}
                Pick::Members(members, of) => {
                    named.push(members);
                    groups.extend(of);
                }
                Pick::Unclear => return (Self::Unclear, Vec::new()),
            }
        }
        (Self::narrowed(named), groups)
    }

    fn narrowed(mut named: Vec<Vec<Rc<[usize]>>>) -> Self {
        // The longest list tells rows apart; the others narrow them.
        named.sort_by_key(|members| std::cmp::Reverse(members.len()));
        let mut named = named.into_iter();
        let Some(first) = named.next() else { return Self::All };
        let mut members: Vec<Vec<usize>> = first.iter().map(|rows| rows.to_vec()).collect();
        for narrower in named {
            let [rows] = narrower.as_slice() else { return Self::Unclear };
            members = members.iter().map(|member| both(member, rows)).collect();
        }
        Self::Members(members)
    }
}

impl Sentence<'_> {
    /// The owners of the figures at `claims`, in order.
    pub(crate) fn owners(&self, claims: &[usize]) -> Vec<(Owner, Vec<usize>)> {
        let columns = self.columns();
        let mut picks: Vec<Vec<Pick>> = claims.iter().map(|_| Vec::new()).collect();
        for column in &columns {
            let mut taken = None;
            for (place, picked) in picks.iter_mut().enumerate() {
                picked.push(self.pick(*column, claims, place, &mut taken));
            }
        }
        let headed = self.headed(&columns);
        let mut owners = Vec::with_capacity(claims.len());
        for mut picked in picks {
            let named = picked.iter().any(|pick| !matches!(pick, Pick::None));
            if !named && let (Some((_, rows)), true) = (&self.story.subject, self.refers_back()) {
                picked.push(Pick::rows(rows));
            }
            picked.extend(headed.iter().map(Pick::rows));
            owners.push(Owner::of(picked));
        }
        owners
    }

    /// What the heading of the list says of columns that its line leaves out.
    fn headed(&self, columns: &[usize]) -> Vec<Rc<[usize]>> {
        let item = matches!(self.kind(0), Some(Kind::Item(_)));
        let open = self.story.heading.iter().filter(|(column, _)| item && !columns.contains(column));
        open.map(|(_, rows)| Rc::clone(rows)).collect()
    }

    fn pick(&self, column: usize, claims: &[usize], place: usize, taken: &mut Option<usize>) -> Pick {
        let Some(index) = claims.get(place).copied() else { return Pick::None };
        let previous = place.checked_sub(1).and_then(|place| claims.get(place)).copied();
        let next = claims.get(place + 1).copied().unwrap_or(self.tokens.len());
        let groups = || self.groups.iter().filter(move |group| group.column == column);
        let before: Vec<&Group> =
            groups().filter(|g| previous.is_none_or(|previous| g.from > previous) && g.to < index).collect();
        let against = self.is_set_against(index);
        // "compared with 14.5 and 320 at North".
        let last =
            claims.iter().skip(place).take_while(|at| **at == index || self.goes_on(index, **at)).last();
        let last = last.copied().filter(|_| against).unwrap_or(index);
        let next = if last == index { next } else { self.tokens.len() };
        let after = groups().find(|g| g.from > last && g.to < next);
        let (from, _) = self.clause(index);
        let free = before.iter().all(|group| *taken == Some(group.from) || group.to < from);
        let beside = after.filter(|group| (free || against) && self.is_beside(last, group));
        if let Some(group) = beside {
            *taken = Some(group.from);
            return Pick::group(group);
        }
        if !before.is_empty() {
            return self.pick_before(&before, claims, index);
        }
        if let Some(group) = self.introduced(index, column) {
            return Pick::group(group);
        }
        if let Some(rows) = self.other_of_two(column, index) {
            let groups = self.groups.iter().filter(|group| group.members.contains(&rows));
            return Pick::Members(vec![Rc::clone(&rows)], groups.map(|group| group.from).collect());
        }
        if let Some(pick) = self.summed(column, previous, index) {
            return pick;
        }
        if let Some(pick) =
            self.continued(&groups().filter(|g| g.to < index).collect::<Vec<_>>(), claims, index)
        {
            return pick;
        }
        let earlier = groups().rfind(|group| group.to < index && !group.object);
        match earlier.or_else(|| groups().rfind(|group| group.to < index)) {
            Some(group) => self.respective(&[group], claims, index).unwrap_or(Pick::group(group)),
            None => Pick::None,
        }
    }

    /// Whether figures from one to another are listed: "14.5 minutes and 320 patients".
    fn goes_on(&self, from: usize, to: usize) -> bool {
        let listed = |at: usize| {
            self.is_any(at, &["and", "in"])
                || self.figure(at).is_some()
                || self.topics.iter().any(|t| t.from <= at && at <= t.to)
        };
        (from..=to).all(listed)
    }

    /// "A had more, 405 against 310": of two names the one that the figure before is not of.
    fn other_of_two(&self, column: usize, index: usize) -> Option<Rc<[usize]>> {
        let lead = self.led_by(index, &["against", "versus", "vs", "than"])?;
        let subject = self.groups.iter().rfind(|g| g.column == column && g.to < index && !g.object)?;
        let [only] = subject.members.as_slice() else { return None };
        let mut others = self.singles(column, 0, index);
        others.retain(|rows| rows != only);
        let figure = lead.checked_sub(1).is_some_and(|at| self.figure(at).is_some());
        others.pop().filter(|_| others.is_empty() && figure && !self.facts.is_compared())
    }

    /// "A (5) and B (3) together had 8": all that were named.
    fn summed(&self, column: usize, previous: Option<usize>, index: usize) -> Option<Pick> {
        self.find(previous? + 1, index, &[Sense::Together])?;
        let groups: Vec<&Group> =
            self.groups.iter().filter(|g| g.column == column && g.to < index && !g.object).collect();
        let members: Vec<Rc<[usize]>> =
            groups.iter().flat_map(|group| group.members.iter().map(Rc::clone)).collect();
        let of = groups.iter().map(|group| group.from).collect();
        (members.len() > 1).then_some(Pick::Members(members, of))
    }

    /// The second of "A had more than B ($405 versus $310)": the list of names is that of the first.
    fn continued(&self, earlier: &[&Group], claims: &[usize], index: usize) -> Option<Pick> {
        let last = earlier.last()?;
        let first = claims.iter().position(|at| *at > last.to)?;
        let previous = first.checked_sub(1).and_then(|place| claims.get(place)).copied();
        let names: Vec<&Group> =
            earlier.iter().filter(|g| previous.is_none_or(|previous| g.from > previous)).copied().collect();
        self.respective(&names, claims, index)
    }

    fn pick_before(&self, before: &[&Group], claims: &[usize], index: usize) -> Pick {
        if let Some(pick) = self.respective(before, claims, index) {
            return pick;
        }
        let only = |groups: &[&Group]| match groups {
            [only] => Some(Pick::group(only)),
            _ => None,
        };
        if let Some(pick) = only(before) {
            return pick;
        }
        if let Some(last) = before.last().filter(|last| self.is_tight(last, index)) {
            return Pick::group(last);
        }
        let subjects: Vec<&Group> = before.iter().filter(|group| !group.object).copied().collect();
        let (from, _) = self.clause(index);
        let near: Vec<&Group> = subjects.iter().filter(|group| group.from >= from).copied().collect();
        only(&near).or_else(|| only(&subjects)).unwrap_or(Pick::Unclear)
    }

    /// Two lists of one length: the names before the figures, and the figures of this one's kind up to the
    /// next name.
    fn respective(&self, groups: &[&Group], claims: &[usize], index: usize) -> Option<Pick> {
        let last = groups.last()?;
        let names: Vec<&Rc<[usize]>> = groups.iter().flat_map(|group| &group.members).collect();
        let figure = self.figure(index)?;
        let end = self
            .groups
            .iter()
            .find(|g| g.column == last.column && g.from > index)
            .map_or(self.tokens.len(), |g| g.from);
        let like = |at: &&usize| {
            self.led_by(**at, &["of"]).is_none()
                && self.figure(**at).is_some_and(|other: &Figure| figure.is_like(other))
        };
        let run: Vec<usize> =
            claims.iter().filter(|at| **at > last.to && **at < end).filter(like).copied().collect();
        if names.len() < 2 || names.len() != run.len() {
            return None;
        }
        let place = run.iter().position(|at| *at == index)?;
        let of = groups.iter().map(|group| group.from).collect();
        names.get(place).map(|rows| Pick::Members(vec![Rc::clone(rows)], of))
    }

    /// Whether a group follows the figure so closely that the figure is its own: "$800.00 from Old Mill".
    pub(crate) fn is_beside(&self, index: usize, group: &Group) -> bool {
        const BETWEEN_MAX: usize = 8;
        let between = index + 1..group.from;
        let plain = |at: usize| match self.kind(at) {
            Some(Kind::Word(word, _)) => self.sense(at).is_none() && !words::joins_clauses(word),
            Some(Kind::Known(_)) => true,
            // "from Online in May": the other column's name.
            Some(Kind::Rows { column, .. }) => *column != group.column,
            Some(Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Break(_)) => false,
            Some(Kind::Dash | Kind::Item(_) | Kind::End) | None => false,
        };
        let links = |at: usize| {
            self.is_any(at, &["in", "at", "for", "from", "by", "of", "on", "to", "put", "puts", "makes"])
        };
        between.len() <= BETWEEN_MAX && between.clone().all(plain) && between.clone().any(links)
    }

    /// Whether the figure is what another is compared with, so that the name behind it is its own.
    pub(crate) fn is_set_against(&self, index: usize) -> bool {
        let Some(lead) = self.lead(index) else { return false };
        let links = self.is_any(lead, &["to", "with"])
            && self.led_by(lead, &["compared", "relative", "comparison"]).is_some();
        links || self.is_any(lead, &["than", "versus", "vs", "against", "from"])
    }

    /// "At $1,200.50, Harbour leads": the name that the opening figures are told of.
    fn introduced(&self, index: usize, column: usize) -> Option<&Group> {
        let first = usize::from(matches!(self.kind(0), Some(Kind::Item(_))));
        let opens = self.is_any(first, &["with", "at"]) && !self.groups.iter().any(|group| group.to < index);
        let comma =
            (index + 1..self.tokens.len()).find(|at| self.kind(*at) == Some(&Kind::Break(Break::Comma)))?;
        let skipped = |at: &usize| {
            self.is_any(*at, &["the", "at", "of", "in", "for"])
                || self.topics.iter().any(|t| t.from <= *at && *at <= t.to)
        };
        let name = (comma + 1..self.tokens.len()).find(|at| !skipped(at))?;
        let group = self.groups.iter().find(|group| group.column == column && group.from == name)?;
        let clear = (index + 1..comma).all(|at| self.tokens.get(at).is_some_and(|token| !token.is_rows()));
        (opens && clear).then_some(group)
    }

    /// What a sentence opens with, "In January, ...", or the heading of its list: the column and its rows.
    pub(crate) fn setting(&self) -> Option<(usize, Rc<[usize]>)> {
        let item = matches!(self.kind(0), Some(Kind::Item(_)));
        let opens = |group: &&Group| {
            let lead = self.led_by(group.from, &["in", "for", "during", "on", "at"]);
            lead.is_some_and(|at| at <= usize::from(item))
        };
        let first = self.groups.first().filter(opens).and_then(|group| match group.members.as_slice() {
            [only] => {
                self.uses(group);
                Some((group.column, Rc::clone(only)))
            }
            _ => None,
        });
        let headed = || self.story.heading.first().filter(|_| item).cloned();
        first.or_else(headed)
    }

    /// The rows that the word at `index` is about: named in its clause, before it if possible, else before
    /// it in the sentence; where `reaching`, also behind it.
    pub(crate) fn subject(&self, index: usize, reaching: bool, but: Option<usize>) -> Owner {
        let columns: Vec<usize> = self.columns().into_iter().filter(|column| Some(*column) != but).collect();
        let (from, to) = self.clause(index);
        let pick = |column: usize| {
            let groups = || self.groups.iter().filter(move |group| group.column == column && !group.object);
            let near = groups().rfind(|group| group.to < index && group.to >= from);
            let after = || groups().find(|group| group.from > index && group.from < to);
            let before = || groups().rfind(|group| group.to < index);
            let whole = self.is_overall(from, to);
            // "and the lowest, B, had".
            let apposed =
                || groups().find(|group| reaching && group.from > index && self.is_apposed(index, group));
            near.or_else(after).or_else(apposed).or_else(|| before().filter(|_| !whole))
        };
        let members = |group: Option<&Group>| group.map_or(Pick::None, Pick::group);
        let mut picks: Vec<Pick> = columns.iter().map(|column| members(pick(*column))).collect();
        let mut named = picks.iter().any(|pick| !matches!(pick, Pick::None));
        if !named && reaching {
            let beyond = |column: &usize| {
                self.groups.iter().find(|g| g.column == *column && !g.object && g.from > index)
            };
            picks = columns.iter().map(|column| members(beyond(column))).collect();
            named = picks.iter().any(|pick| !matches!(pick, Pick::None));
        }
        if !named && let (Some((column, rows)), true) = (&self.story.subject, self.refers_back()) {
            picks.extend((Some(*column) != but).then(|| Pick::rows(rows)));
        }
        picks.extend(self.headed(&self.columns()).iter().map(Pick::rows));
        let (owner, groups) = Owner::of(picks);
        self.uses_all(&groups);
        owner
    }

    fn is_apposed(&self, index: usize, group: &Group) -> bool {
        self.kind(index + 1) == Some(&Kind::Break(Break::Comma)) && self.next(index + 1) == group.from
    }

    /// Whether a clause says that it speaks of everything.
    fn is_overall(&self, from: usize, to: usize) -> bool {
        (from..to).any(|at| {
            self.is_any(at, &["overall", "altogether"])
                || (self.is_any(at, &["total"])
                    && at.checked_sub(1).is_some_and(|at| self.is_any(at, &["in"])))
        })
    }

    /// The single rows that are named in a stretch in one column, each once.
    pub(crate) fn singles(&self, column: usize, from: usize, to: usize) -> Vec<Rc<[usize]>> {
        let mut singles: Vec<Rc<[usize]>> = Vec::new();
        let within = self.groups.iter().filter(|g| g.column == column && g.from >= from && g.to < to);
        for rows in within.flat_map(|group| &group.members) {
            if !singles.contains(rows) {
                singles.push(Rc::clone(rows));
            }
        }
        singles
    }

    /// The tokens from `index` on that are not in brackets, up to the end of the clause.
    pub(crate) fn reach(&self, index: usize) -> usize {
        let mut depth = 0_usize;
        for at in index + 1..self.tokens.len() {
            match self.kind(at) {
                Some(Kind::Break(Break::Open)) => depth += 1,
                Some(Kind::Break(Break::Close)) if depth > 0 => depth -= 1,
                _ if depth == 0 && self.is_boundary(at) => return at,
                _ => {}
            }
        }
        self.tokens.len()
    }

    /// The word that the figure at `index` is counted in, if it is one.
    pub(crate) fn noun(&self, index: usize) -> Option<usize> {
        let adjective = |at: usize| {
            self.is_any(
                at,
                &["different", "individual", "separate", "listed", "shown", "other", "the", "of", "named"],
            ) || matches!(self.sense(at), Some(crate::words::Sense::High | crate::words::Sense::Low))
        };
        (index + 1..(index + 4).min(self.tokens.len()))
            .take_while(|at| *at == index + 1 || adjective(*at - 1))
            .find(|at| self.tokens.get(*at).is_some_and(|token| self.is_called(token)))
    }

    fn is_called(&self, token: &Token) -> bool {
        match &token.kind {
            Kind::Word(word, _) => self.facts.is_noun(word) || crate::words::is_time(word),
            Kind::Known(known) => known.iter().any(|word| self.facts.is_noun(word)),
            Kind::Figure(_) | Kind::Date(_) | Kind::Span(_) | Kind::Rows { .. } | Kind::Break(_) => false,
            Kind::Dash | Kind::Item(_) | Kind::End => false,
        }
    }
}

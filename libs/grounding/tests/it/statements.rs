//! Statements over a world: what each says, whether it holds, and in which words a model may put it.

use crate::world::{Dice, World, rounded, shown, tenths};

/// One claim, with the numbers, names and directions that it is made of.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    Value { row: usize, metric: usize, amount: i128 },
    Two { rows: [usize; 2], metric: usize, amounts: [i128; 2] },
    Both { row: usize, amounts: [i128; 2] },
    Total { metric: usize, amount: i128 },
    TotalAcross { metric: usize, amount: i128, count: usize },
    Count { count: usize },
    Share { row: usize, metric: usize, amount: i128, share: i128 },
    Extreme { row: usize, metric: usize, high: bool },
    ExtremeAt { row: usize, metric: usize, high: bool, amount: i128 },
    Ends { rows: [usize; 2], metric: usize, amounts: [i128; 2] },
    Rank { row: usize, metric: usize, rank: usize },
    Order { rows: [usize; 2], metric: usize, amounts: [i128; 2] },
    Gap { rows: [usize; 2], metric: usize, more: bool, amount: i128 },
    Compare { rows: [usize; 2], metric: usize, more: bool },
    Percent { rows: [usize; 2], metric: usize, percent: i128 },
    Times { rows: [usize; 2], metric: usize, times: i128 },
    Mean { metric: usize, amount: i128 },
    Range { metric: usize, ends: [i128; 2] },
    Together { rows: [usize; 2], metric: usize, amount: i128, share: i128 },
    Moved { row: usize, up: bool, now: i128, before: i128, by: i128, growth: i128 },
    MovedInAll { up: bool, now: i128, before: i128, by: i128, growth: i128 },
    Largest { row: usize, up: bool, by: i128 },
    HowMany { count: usize, up: bool },
    Flat { row: usize },
    Without { row: usize },
}

use Statement::*;

fn ranked(world: &World, metric: usize, high: bool) -> Vec<usize> {
    let values = &world.metrics[metric].now;
    let mut rows: Vec<usize> = (0..values.len()).collect();
    rows.sort_by_key(|row| if high { -values[*row] } else { values[*row] });
    rows
}

fn is_growth(of: Option<i128>, growth: i128) -> bool {
    of.is_some_and(|of| of.abs() == growth)
}

impl Statement {
    /// Whether it is true, from the values alone.
    pub(crate) fn holds(&self, world: &World) -> bool {
        let metric = |metric: &usize| &world.metrics[*metric];
        let is = |m: &usize, row: usize, amount: i128| metric(m).now[row] == amount;
        match self {
            Value { row, metric, amount } => is(metric, *row, *amount),
            Two { rows, metric, amounts } => {
                (0..2).all(|at| is(metric, rows[at], amounts[at])) && rows[0] != rows[1]
            }
            Both { row, amounts } => is(&0, *row, amounts[0]) && is(&1, *row, amounts[1]),
            Total { metric: m, amount } => metric(m).total() == *amount,
            TotalAcross { metric: m, amount, count } => {
                metric(m).total() == *amount && *count == world.names.len()
            }
            Count { count } => *count == world.names.len(),
            Share { row, metric: m, amount, share } => {
                is(m, *row, *amount) && metric(m).share(&[*row]) == *share
            }
            Extreme { row, metric, high } => world.extremes(*metric, *high) == *row,
            ExtremeAt { row, metric, high, amount } => {
                world.extremes(*metric, *high) == *row && is(metric, *row, *amount)
            }
            Ends { rows, metric, amounts } => [true, false].iter().enumerate().all(|(at, high)| {
                world.extremes(*metric, *high) == rows[at] && is(metric, rows[at], amounts[at])
            }),
            Rank { row, metric, rank } => ranked(world, *metric, true).get(rank - 1) == Some(row),
            Order { rows, metric, amounts } => {
                let order = ranked(world, *metric, true);
                order[0] == rows[0]
                    && order[1] == rows[1]
                    && (0..2).all(|at| is(metric, rows[at], amounts[at]))
            }
            Gap { rows, metric: m, more, amount } => {
                let by = metric(m).now[rows[0]] - metric(m).now[rows[1]];
                *amount == by.abs() && (by > 0) == *more && by != 0
            }
            Compare { rows, metric: m, more } => {
                let by = metric(m).now[rows[0]] - metric(m).now[rows[1]];
                by != 0 && (by > 0) == *more
            }
            Percent { rows, metric: m, percent } => {
                let (a, b) = (metric(m).now[rows[0]], metric(m).now[rows[1]]);
                a > b && rounded(1_000 * (a - b), b) == *percent
            }
            Times { rows, metric: m, times } => {
                rounded(10 * metric(m).now[rows[0]], metric(m).now[rows[1]]) == *times
            }
            Mean { metric: m, amount } => rounded(metric(m).total(), world.names.len() as i128) == *amount,
            Range { metric: m, ends } => {
                let values = &metric(m).now;
                values.iter().min() == Some(&ends[0]) && values.iter().max() == Some(&ends[1])
            }
            Together { rows, metric: m, amount, share } => {
                let sum = metric(m).now[rows[0]] + metric(m).now[rows[1]];
                rows[0] != rows[1] && sum == *amount && metric(m).share(rows) == *share
            }
            Moved { row, up, now, before, by, growth } => {
                let metric = &world.metrics[0];
                let change = metric.change(*row).unwrap_or(0);
                metric.now[*row] == *now
                    && metric.before[*row] == Some(*before)
                    && change != 0
                    && (change > 0) == *up
                    && change.abs() == *by
                    && is_growth(metric.growth(*row), *growth)
            }
            MovedInAll { up, now, before, by, growth } => {
                let metric = &world.metrics[0];
                let change = metric.total() - metric.total_before();
                metric.total() == *now
                    && metric.total_before() == *before
                    && change != 0
                    && (change > 0) == *up
                    && change.abs() == *by
                    && rounded(1_000 * change, *before).abs() == *growth
            }
            Largest { row, up, by } => {
                let changes = |row: usize| world.metrics[0].change(row).map(|c| if *up { c } else { -c });
                let best = (0..world.names.len()).filter_map(changes).max();
                best.is_some_and(|best| best > 0 && changes(*row) == Some(best) && *by == best)
            }
            HowMany { count, up } => world.moved(*up) == *count,
            Flat { row } => world.metrics[0].change(*row) == Some(0),
            Without { row } => world.metrics[0].before[*row].is_none_or(|before| before == 0),
        }
    }

    /// A true statement of a random kind, if the world has one.
    pub(crate) fn any(world: &World, dice: &mut Dice) -> Option<Self> {
        let rows = world.names.len();
        let metric = dice.below(world.metrics.len());
        let m = &world.metrics[metric];
        let row = dice.below(rows);
        let other = (row + 1 + dice.below(rows - 1)) % rows;
        let (a, b) = if m.now[row] > m.now[other] { (row, other) } else { (other, row) };
        let high = dice.coin();
        let extreme = world.extremes(metric, high);
        let order = ranked(world, metric, true);
        let statement = match dice.below(if world.compared { 25 } else { 19 }) {
            0 => Value { row, metric, amount: m.now[row] },
            1 => Two { rows: [row, other], metric, amounts: [m.now[row], m.now[other]] },
            2 if world.metrics.len() != 2 => return None,
            2 => Both { row, amounts: [world.metrics[0].now[row], world.metrics[1].now[row]] },
            3 => Total { metric, amount: m.total() },
            4 => TotalAcross { metric, amount: m.total(), count: rows },
            5 => Count { count: rows },
            6 => Share { row, metric, amount: m.now[row], share: m.share(&[row]) },
            7 => Extreme { row: extreme, metric, high },
            8 => ExtremeAt { row: extreme, metric, high, amount: m.now[extreme] },
            9 => {
                let ends = [world.extremes(metric, true), world.extremes(metric, false)];
                Ends { rows: ends, metric, amounts: ends.map(|row| m.now[row]) }
            }
            10 => Rank { row, metric, rank: order.iter().position(|r| *r == row)? + 1 },
            11 => Order { rows: [order[0], order[1]], metric, amounts: [m.now[order[0]], m.now[order[1]]] },
            12 => {
                let more = dice.coin();
                Gap { rows: if more { [a, b] } else { [b, a] }, metric, more, amount: m.now[a] - m.now[b] }
            }
            13 => {
                let more = dice.coin();
                Compare { rows: if more { [a, b] } else { [b, a] }, metric, more }
            }
            14 => Percent { rows: [a, b], metric, percent: rounded(1_000 * (m.now[a] - m.now[b]), m.now[b]) },
            15 => Times { rows: [a, b], metric, times: rounded(10 * m.now[a], m.now[b]) },
            16 => Mean { metric, amount: rounded(m.total(), rows as i128) },
            17 => Range { metric, ends: [*m.now.iter().min()?, *m.now.iter().max()?] },
            18 => Together {
                rows: [row, other],
                metric,
                amount: m.now[row] + m.now[other],
                share: m.share(&[row, other]),
            },
            19 => {
                let change = m.change(row)?;
                let growth = m.growth(row)?.abs();
                Moved {
                    row,
                    up: change > 0,
                    now: m.now[row],
                    before: m.before[row]?,
                    by: change.abs(),
                    growth,
                }
            }
            20 => {
                let (now, before) = (m.total(), m.total_before());
                let by = now - before;
                let growth = rounded(1_000 * by, if before > 0 { before } else { return None }).abs();
                MovedInAll { up: by > 0, now, before, by: by.abs(), growth }
            }
            21 => {
                let changes = |row: usize| m.change(row).map(|c| (if high { c } else { -c }, row));
                let (by, row) = (0..rows).filter_map(changes).max()?;
                Largest { row, up: high, by }
            }
            22 => HowMany { count: world.moved(high), up: high },
            23 => Flat { row },
            _ => Without { row },
        };
        statement.holds(world).then_some(statement)
    }

    /// The statement with one of its parts changed.
    pub(crate) fn changed(&self, world: &World, dice: &mut Dice) -> (Self, &'static str) {
        let mut other = self.clone();
        let rows = world.names.len();
        let mut amounts: Vec<&mut i128> = Vec::new();
        let mut places: Vec<&mut usize> = Vec::new();
        let mut counts: Vec<&mut usize> = Vec::new();
        let mut turns: Vec<&mut bool> = Vec::new();
        let mut metrics: Vec<&mut usize> = Vec::new();
        match &mut other {
            Value { row, metric, amount } => {
                (amounts, places, metrics) = (vec![amount], vec![row], vec![metric]);
            }
            Two { rows: [a, b], metric, amounts: [x, y] }
            | Order { rows: [a, b], metric, amounts: [x, y] }
            | Ends { rows: [a, b], metric, amounts: [x, y] } => {
                (amounts, places, metrics) = (vec![x, y], vec![a, b], vec![metric]);
            }
            Both { row, amounts: [x, y] } => (amounts, places) = (vec![x, y], vec![row]),
            Total { metric, amount } | Mean { metric, amount } => {
                (amounts, metrics) = (vec![amount], vec![metric])
            }
            TotalAcross { metric, amount, count } => {
                (amounts, counts, metrics) = (vec![amount], vec![count], vec![metric]);
            }
            Count { count } => counts = vec![count],
            Share { row, metric, amount, share } => {
                (amounts, places, metrics) = (vec![amount, share], vec![row], vec![metric]);
            }
            Extreme { row, metric, high } => (places, turns, metrics) = (vec![row], vec![high], vec![metric]),
            ExtremeAt { row, metric, high, amount } => {
                (amounts, places, turns, metrics) = (vec![amount], vec![row], vec![high], vec![metric]);
            }
            Rank { row, metric, rank } => (places, counts, metrics) = (vec![row], vec![rank], vec![metric]),
            Gap { rows: [a, b], metric, more, amount } => {
                (amounts, places, turns, metrics) = (vec![amount], vec![a, b], vec![more], vec![metric]);
            }
            Compare { rows: [a, b], metric, more } => {
                (places, turns, metrics) = (vec![a, b], vec![more], vec![metric]);
            }
            Percent { rows: [a, b], metric, percent: x } | Times { rows: [a, b], metric, times: x } => {
                (amounts, places, metrics) = (vec![x], vec![a, b], vec![metric]);
            }
            Range { metric, ends: [x, y] } => (amounts, metrics) = (vec![x, y], vec![metric]),
            Together { rows: [a, b], metric, amount, share } => {
                (amounts, places, metrics) = (vec![amount, share], vec![a, b], vec![metric]);
            }
            Moved { row, up, now, before, by, growth } => {
                (amounts, places, turns) = (vec![now, before, by, growth], vec![row], vec![up]);
            }
            MovedInAll { up, now, before, by, growth } => {
                (amounts, turns) = (vec![now, before, by, growth], vec![up])
            }
            Largest { row, up, by } => (amounts, places, turns) = (vec![by], vec![row], vec![up]),
            HowMany { count, up } => (counts, turns) = (vec![count], vec![up]),
            Flat { row } | Without { row } => places = vec![row],
        }
        match dice.below(8) {
            0 | 1 if !amounts.is_empty() => {
                let at = dice.below(amounts.len());
                *amounts[at] = digit_changed(*amounts[at], dice);
                (other, "digit")
            }
            2 if !amounts.is_empty() => {
                let at = dice.below(amounts.len());
                *amounts[at] = if dice.coin() { *amounts[at] * 10 } else { *amounts[at] * 1_000 };
                (other, "magnitude")
            }
            3 if amounts.len() > 1 => {
                let (x, y) = (*amounts[0], *amounts[1]);
                (*amounts[0], *amounts[1]) = (y, x);
                (other, "figures swapped")
            }
            4 if !places.is_empty() => {
                let at = dice.below(places.len());
                *places[at] = (*places[at] + 1 + dice.below(rows - 1)) % rows;
                (other, "name")
            }
            5 if places.len() == 2 => {
                let (a, b) = (*places[0], *places[1]);
                (*places[0], *places[1]) = (b, a);
                (other, "names swapped")
            }
            5 if !counts.is_empty() => {
                let change = 1 + dice.below(4);
                *counts[0] =
                    if dice.coin() { *counts[0] + change } else { counts[0].saturating_sub(change).max(1) };
                (other, "count or rank")
            }
            6 if !turns.is_empty() => {
                *turns[0] = !*turns[0];
                (other, "direction")
            }
            7 if !metrics.is_empty() && world.metrics.len() == 2 => {
                *metrics[0] = 1 - *metrics[0];
                (other, "metric")
            }
            _ => (other, "nothing"),
        }
    }

    /// The statement in words.
    pub(crate) fn say(&self, world: &World, dice: &mut Dice) -> String {
        crate::phrasing::say(self, world, dice)
    }
}

/// One digit of a number is another.
fn digit_changed(value: i128, dice: &mut Dice) -> i128 {
    let digits = value.abs().to_string().len();
    let place = 10_i128.pow(dice.below(digits) as u32);
    let digit = value.abs() / place % 10;
    let other = (digit + 1 + dice.below(9) as i128) % 10;
    let changed = value.abs() + (other - digit) * place;
    if changed == 0 { 1_100 } else { changed * value.signum() }
}

/// An amount in the unit of a metric.
pub(crate) fn amount(world: &World, metric: usize, value: i128) -> String {
    shown(value, world.metrics[metric].named.unit)
}

pub(crate) fn percent(value: i128) -> String {
    format!("{}%", tenths(value))
}

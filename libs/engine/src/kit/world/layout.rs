//! Which row lies where: the caller's among everybody's.

use super::{Copy, Share, World};
use crate::kit::random::Random;

/// A row: the caller's with its number, or another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    Own(usize),
    Foreign(usize),
}

/// How the caller's rows lie among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Evenly, so that every batch has the same share.
    Spread,
    /// In runs.
    Runs,
    First,
    Last,
}

impl Order {
    pub(super) fn draw(random: &mut Random) -> Self {
        let orders = [Self::Spread, Self::Spread, Self::Spread, Self::Runs, Self::First, Self::Last];
        random.one(&orders).copied().unwrap_or(Self::Spread)
    }
}

/// Rows of all, where the caller has none, one, or a part of a small world.
const SMALL_ROWS: usize = 240;
/// The caller's rows in a large world: more than one batch of any engine, and not a multiple.
const LARGE_OWN_ROWS: usize = 9_100;
const LARGE_ROWS: usize = 9_000;
const RUN_ROWS: usize = 16;

/// The rows of a relation that has `parts` of the world's main relation's.
pub(super) fn rows(world: &World, parts: (usize, usize), may_be_large: bool, copy: Copy) -> Vec<Row> {
    let (own, foreign) = counts(world.share, world.large && may_be_large);
    let scaled = |rows: usize| rows * parts.0 / parts.1.max(1);
    // One row stays one row.
    let (own, foreign) = (if own == 1 { 1 } else { scaled(own) }, scaled(foreign));
    let mut rows = placed(own, foreign, world.order);
    if copy == Copy::Alone {
        rows.retain(|row| matches!(row, Row::Own(_)));
    }
    rows
}

fn counts(share: Share, large: bool) -> (usize, usize) {
    match share {
        Share::Nothing => (0, if large { LARGE_ROWS } else { SMALL_ROWS }),
        Share::OneRow => (1, if large { LARGE_ROWS } else { SMALL_ROWS }),
        Share::PerMille(share) => {
            let share = usize::from(share).max(1);
            // At 99.9 % a whole thousand is needed for one foreign row.
            let own =
                if large { LARGE_OWN_ROWS } else { (SMALL_ROWS * share / 1_000).max(share / 900 * 999) };
            (own, (own * 1_000 / share).saturating_sub(own).max(1))
        }
    }
}

fn placed(own: usize, foreign: usize, order: Order) -> Vec<Row> {
    let total = own + foreign;
    let mut rows = Vec::with_capacity(total);
    let (mut owns, mut foreigns) = (0, 0);
    for position in 0..total {
        let wants_own = match order {
            // Bresenham: as many own rows as the share asks for by now.
            Order::Spread => owns * total < own * (position + 1),
            Order::Runs => owns / RUN_ROWS * RUN_ROWS * total < own * (position + 1),
            Order::First => true,
            Order::Last => false,
        };
        if owns < own && (wants_own || foreigns == foreign) {
            rows.push(Row::Own(owns));
            owns += 1;
        } else {
            rows.push(Row::Foreign(foreigns));
            foreigns += 1;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_places_every_row_once_and_spread_keeps_the_share_in_every_stretch() {
        for order in [Order::Spread, Order::Runs, Order::First, Order::Last] {
            let rows = placed(42, 158, order);
            let own = rows.iter().filter(|row| matches!(row, Row::Own(_))).count();
            assert_eq!((own, rows.len()), (42, 200), "{order:?}");
            let numbers: Vec<usize> =
                rows.iter().filter_map(|row| if let Row::Own(n) = row { Some(*n) } else { None }).collect();
            assert!(numbers.is_sorted());
        }
        for stretch in placed(210, 790, Order::Spread).chunks(100) {
            assert_eq!(stretch.iter().filter(|row| matches!(row, Row::Own(_))).count(), 21);
        }
        assert_eq!(counts(Share::PerMille(999), false), (999, 1));
        assert_eq!(counts(Share::PerMille(210), false), (50, 188));
    }
}

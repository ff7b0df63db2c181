//! Sets of admins, each kept once: the visibility class of a row is the set of admins who see it.
//!
//! Decides unions and intersections of sets. Does not decide who is in which.

use crate::keys::{Fast, Mix, at, number};
use std::collections::HashMap;
use std::hash::Hasher as _;

/// A set that a [`Sets`] holds.
pub(crate) type SetId = u32;

/// Nobody.
pub(crate) const NOBODY: SetId = 0;

/// Sets of admins, who are numbers from zero.
#[derive(Debug)]
pub(crate) struct Sets {
    sets: Vec<Box<[u32]>>,
    /// Sets by the hash of their admins, or by the next number that no other set has.
    known: HashMap<u64, SetId, Fast>,
    both: HashMap<u64, SetId, Fast>,
    everyone: SetId,
    /// A bit for each admin, all of them zero between uses.
    marks: Vec<u64>,
}

impl Sets {
    pub(crate) fn new(admins: usize) -> Self {
        let mut sets = Self {
            sets: Vec::new(),
            known: HashMap::default(),
            both: HashMap::default(),
            everyone: NOBODY,
            marks: vec![0; admins.div_ceil(64)],
        };
        sets.intern(&[]);
        let all: Vec<u32> = (0..number(admins)).collect();
        sets.everyone = sets.intern(&all);
        sets
    }

    /// All admins.
    pub(crate) const fn everyone(&self) -> SetId {
        self.everyone
    }

    /// Admins of a set, in ascending order.
    pub(crate) fn admins(&self, set: SetId) -> &[u32] {
        self.sets.get(at(set)).map_or(&[], |set| set)
    }

    pub(crate) fn holds(&self, set: SetId, admin: u32) -> bool {
        self.admins(set).binary_search(&admin).is_ok()
    }

    /// The set of these admins, who must ascend.
    pub(crate) fn intern(&mut self, admins: &[u32]) -> SetId {
        let mut hash = Mix::default();
        admins.iter().for_each(|admin| hash.write_u64(u64::from(*admin)));
        let mut place = hash.finish();
        // Kept once and not as a key as well: there may be as many sets as keys that lead to rows.
        while let Some(set) = self.known.get(&place) {
            if self.admins(*set) == admins {
                return *set;
            }
            place = place.wrapping_add(1);
        }
        let set = number(self.sets.len());
        self.sets.push(admins.into());
        self.known.insert(place, set);
        set
    }

    /// Those who are in every one of two sets.
    pub(crate) fn both(&mut self, left: SetId, right: SetId) -> SetId {
        match (left, right) {
            (NOBODY, _) | (_, NOBODY) => return NOBODY,
            (left, right) if left == right || right == self.everyone => return left,
            (left, right) if left == self.everyone => return right,
            _ => {}
        }
        let pair = crate::keys::pair(left.min(right), left.max(right));
        if let Some(set) = self.both.get(&pair) {
            return *set;
        }
        let (fewer, more) = (self.admins(left), self.admins(right));
        let (fewer, more) = if fewer.len() <= more.len() { (fewer, more) } else { (more, fewer) };
        let shared: Vec<u32> =
            fewer.iter().copied().filter(|admin| more.binary_search(admin).is_ok()).collect();
        let set = self.intern(&shared);
        self.both.insert(pair, set);
        set
    }

    /// Those who are in any of some sets.
    pub(crate) fn any(&mut self, sets: &[SetId]) -> SetId {
        match sets {
            [] => NOBODY,
            [one] => *one,
            several => {
                let mut marks = std::mem::take(&mut self.marks);
                for admin in several.iter().flat_map(|set| self.admins(*set)) {
                    if let Some(word) = marks.get_mut(at(*admin / 64)) {
                        *word |= 1 << (*admin % 64);
                    }
                }
                let mut union = Vec::new();
                for (base, word) in (0_u32..).step_by(64).zip(&mut marks) {
                    while *word != 0 {
                        union.push(base + word.trailing_zeros());
                        *word &= *word - 1;
                    }
                }
                self.marks = marks;
                self.intern(&union)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_kept_once_and_combine() {
        let mut sets = Sets::new(4);
        let (low, high) = (sets.intern(&[0, 1, 2]), sets.intern(&[1, 2, 3]));
        assert_eq!(sets.intern(&[0, 1, 2]), low);
        let shared = sets.both(low, high);
        assert_eq!(sets.admins(shared), [1, 2]);
        assert_eq!(sets.both(high, low), shared);
        assert_eq!(sets.any(&[low, high]), sets.everyone());
        assert_eq!(sets.both(low, sets.everyone()), low);
        assert_eq!(sets.both(sets.everyone(), low), low);
        assert_eq!((sets.both(NOBODY, low), sets.both(low, NOBODY)), (NOBODY, NOBODY));
        assert_eq!((sets.any(&[]), sets.any(&[high])), (NOBODY, high));
        // Over more than one word of marks, and twice, so that none is left behind.
        let mut many = Sets::new(200);
        let (few, far) = (many.intern(&[0, 63, 64]), many.intern(&[64, 130, 199]));
        for _ in 0..2 {
            let union = many.any(&[few, far]);
            assert_eq!(many.admins(union), [0, 63, 64, 130, 199]);
        }
        let twice = many.any(&[few, few]);
        assert_eq!(twice, few);
        assert!(sets.holds(low, 0) && !sets.holds(high, 0));
    }

    #[test]
    fn sets_whose_hashes_are_equal_stay_apart() {
        let hash = |admin: u32| {
            let mut hash = Mix::default();
            hash.write_u64(u64::from(admin));
            hash.finish()
        };
        // Two first admins whose hashes differ in the lower half alone, so that a second one makes up for it.
        let mut seen = HashMap::new();
        let (one, other) = (0..2_000_000)
            .find_map(|admin| seen.insert(hash(admin) >> 32, admin).map(|before| (before, admin)))
            .unwrap();
        let makes_up = u32::try_from(hash(one) ^ hash(other)).unwrap();
        let mut sets = Sets::new(0);
        let (left, right) = (sets.intern(&[one, 0]), sets.intern(&[other, makes_up]));
        assert_ne!(left, right);
        assert_eq!((sets.intern(&[one, 0]), sets.intern(&[other, makes_up])), (left, right));
    }

    #[test]
    fn where_there_is_no_admin_everyone_is_nobody() {
        assert_eq!(Sets::new(0).everyone(), NOBODY);
    }
}

//! Tuples of texts, each kept once under a number. A tuple with a NULL is not one of them.
//!
//! Decides when two tuples are equal: text by text, byte for byte, so that `1` and `01`, and `a`,`bc` and `ab`,`c`,
//! stay apart. A text that is the one spelling of a number is kept as the number, which takes less.

use crate::rows::{Batch, TextColumn};
use crate::sets::{NOBODY, SetId, Sets};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::LazyLock;

/// A hash table's hasher for numbers of our own and for ids. Ids are others' to choose, so it begins elsewhere in each
/// process.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fast;

impl BuildHasher for Fast {
    type Hasher = Mix;

    fn build_hasher(&self) -> Mix {
        Mix(*SEED)
    }
}

static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0_u64));

/// No number at all.
pub(crate) const NONE: u32 = u32::MAX;

/// Mixes the bits of one number.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn write_u64(&mut self, value: u64) {
        let mut mixed = self.0 ^ value;
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        self.0 = mixed ^ (mixed >> 33);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A position as a number. Four thousand million texts or sets would not fit a machine that runs this.
pub(crate) fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(NONE)
}

/// A number as a position.
pub(crate) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Two numbers as one.
pub(crate) fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << 32 | u64::from(right)
}

/// The two numbers of a [`pair`].
pub(crate) fn halves(pair: u64) -> (u32, u32) {
    let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(NONE);
    (half(pair >> 32), half(pair))
}

/// Distinct texts of one column, numbered.
#[derive(Debug, Default)]
struct Texts {
    whole: HashMap<u64, u32, Fast>,
    others: HashMap<Box<str>, u32>,
}

/// The number whose one spelling a text is.
fn whole(text: &str) -> Option<u64> {
    let canonical = text.len() <= 19
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

impl Texts {
    fn find(&self, text: &str) -> u32 {
        let found = match whole(text) {
            Some(whole) => self.whole.get(&whole),
            None => self.others.get(text),
        };
        found.copied().unwrap_or(NONE)
    }

    fn add(&mut self, text: &str) -> u32 {
        let next = number(self.whole.len() + self.others.len());
        match whole(text) {
            Some(whole) => *self.whole.entry(whole).or_insert(next),
            None => match self.others.get(text) {
                Some(known) => *known,
                None => {
                    self.others.insert(text.into(), next);
                    next
                }
            },
        }
    }
}

/// Distinct tuples of a fixed width, numbered.
#[derive(Debug)]
pub(crate) struct Tuples {
    texts: Vec<Texts>,
    /// From the number of a tuple's beginning and the number of its next text to that of the longer beginning.
    steps: Vec<HashMap<u64, u32, Fast>>,
}

impl Tuples {
    pub(crate) fn new(width: usize) -> Self {
        let texts = (0..width).map(|_| Texts::default()).collect();
        Self { texts, steps: (1..width).map(|_| HashMap::default()).collect() }
    }

    /// The number of a tuple, or [`NONE`].
    pub(crate) fn find<'t>(&self, tuple: impl IntoIterator<Item = &'t str>) -> u32 {
        self.follow(self.texts.iter().zip(tuple).map(|(texts, text)| texts.find(text)))
    }

    fn follow(&self, texts: impl IntoIterator<Item = u32>) -> u32 {
        let mut texts = texts.into_iter();
        let first = texts.next().unwrap_or(NONE);
        self.steps
            .iter()
            .zip(texts)
            .fold(first, |begun, (step, next)| step.get(&pair(begun, next)).copied().unwrap_or(NONE))
    }

    /// The number of a tuple, which is kept from now on.
    pub(crate) fn add<'t>(&mut self, tuple: impl IntoIterator<Item = &'t str>) -> u32 {
        let mut texts = self.texts.iter_mut().zip(tuple).map(|(texts, text)| texts.add(text));
        let first = texts.next().unwrap_or(NONE);
        self.steps.iter_mut().zip(texts).fold(first, |begun, (step, next)| {
            let fresh = number(step.len());
            *step.entry(pair(begun, next)).or_insert(fresh)
        })
    }
}

/// Tuples, and for each the admins to whom it shows a row.
#[derive(Debug)]
pub(crate) struct Lookup {
    tuples: Arc<Tuples>,
    sets: Vec<SetId>,
}

impl Lookup {
    /// Those to whom a tuple shows a row.
    pub(crate) fn find<'t>(&self, tuple: impl IntoIterator<Item = &'t str>) -> SetId {
        self.set_of(self.tuples.find(tuple))
    }

    fn set_of(&self, tuple: u32) -> SetId {
        self.sets.get(at(tuple)).copied().unwrap_or(NOBODY)
    }

    /// For every row of a batch, those to whom its tuple shows it. NULL shows it to nobody.
    pub(crate) fn classify(&self, batch: &Batch, positions: &[usize], out: &mut Vec<SetId>) {
        out.clear();
        let mut columns = positions.iter().zip(&self.tuples.texts).map(|(position, texts)| {
            let column = batch.columns().get(*position);
            let ids = column.map_or(&[][..], TextColumn::values).iter().map(|value| texts.find(value));
            (column.map_or(&[][..], TextColumn::codes), ids.collect::<Vec<u32>>())
        });
        let Some((codes, ids)) = columns.next() else {
            out.resize(batch.rows(), NOBODY);
            return;
        };
        if self.tuples.steps.is_empty() {
            let sets: Vec<SetId> = ids.iter().map(|id| self.set_of(*id)).collect();
            out.extend(codes.iter().map(|code| of_code(&sets, *code, NOBODY)));
            return;
        }
        out.extend(codes.iter().map(|code| of_code(&ids, *code, NONE)));
        for ((codes, ids), step) in columns.zip(&self.tuples.steps) {
            let mut last = (pair(NONE, NONE), NONE);
            for (begun, code) in out.iter_mut().zip(codes) {
                let next = of_code(&ids, *code, NONE);
                if *begun == NONE || next == NONE {
                    *begun = NONE;
                    continue;
                }
                let key = pair(*begun, next);
                // Rows often come in runs.
                if last.0 != key {
                    last = (key, step.get(&key).copied().unwrap_or(NONE));
                }
                *begun = last.1;
            }
        }
        for tuple in out.iter_mut() {
            *tuple = self.set_of(*tuple);
        }
    }
}

fn of_code(of: &[u32], code: Option<u32>, else_: u32) -> u32 {
    code.and_then(|code| of.get(at(code))).copied().unwrap_or(else_)
}

/// Numbers the tuples of batches.
#[derive(Debug)]
pub(crate) struct Numbering {
    tuples: Tuples,
    positions: Vec<usize>,
    /// The numbers of the last batch's rows.
    numbers: Vec<u32>,
}

impl Numbering {
    /// Of the columns in these places of a batch.
    pub(crate) fn new(positions: Vec<usize>) -> Self {
        Self { tuples: Tuples::new(positions.len()), positions, numbers: Vec::new() }
    }

    /// The number of a tuple, which is kept from now on.
    pub(crate) fn add<'t>(&mut self, tuple: impl IntoIterator<Item = &'t str>) -> u32 {
        self.tuples.add(tuple)
    }

    /// Reads a batch. Rows that are in none of `seen` have no number, nor have rows with a NULL.
    pub(crate) fn read(&mut self, batch: &Batch, seen: &[&[SetId]]) -> &[u32] {
        let columns: Vec<&TextColumn> =
            self.positions.iter().filter_map(|position| batch.columns().get(*position)).collect();
        let is_seen = |row: usize| seen.iter().any(|sets| sets.get(row).copied().unwrap_or(NOBODY) != NOBODY);
        self.numbers.clear();
        if let [column] = columns.as_slice() {
            // Every text of the dictionary is looked up once, and only where a row that is seen holds it.
            let mut known = vec![NONE; column.values().len()];
            for (row, code) in column.codes().iter().enumerate() {
                let place = code.filter(|_| is_seen(row)).map(at);
                let text = place.and_then(|place| column.values().get(place));
                let known = place.and_then(|place| known.get_mut(place));
                self.numbers.push(match (text, known) {
                    (Some(text), Some(number)) => {
                        if *number == NONE {
                            *number = self.tuples.add([text.as_str()]);
                        }
                        *number
                    }
                    (None, _) | (_, None) => NONE,
                });
            }
            return &self.numbers;
        }
        let mut tuple = Vec::with_capacity(columns.len());
        for row in 0..batch.rows() {
            tuple.clear();
            if is_seen(row) {
                tuple.extend(columns.iter().filter_map(|column| column.text(row)));
            }
            let is_whole = tuple.len() == self.positions.len();
            self.numbers.push(if is_whole { self.tuples.add(tuple.iter().copied()) } else { NONE });
        }
        &self.numbers
    }

    /// All tuples, numbered.
    pub(crate) fn finish(self) -> Arc<Tuples> {
        Arc::new(self.tuples)
    }
}

/// To whom each of some numbered tuples leads, in the making.
#[derive(Debug, Default)]
pub(crate) struct Building {
    firsts: Vec<First>,
    several: Vec<Vec<SetId>>,
}

/// The one set of a tuple, or where its several are.
#[derive(Debug, Clone, Copy)]
enum First {
    One(SetId),
    Several(u32),
}

impl Building {
    /// Shows what a tuple leads to, to a set of admins as well.
    pub(crate) fn add(&mut self, tuple: u32, set: SetId) {
        if tuple == NONE || set == NOBODY {
            return;
        }
        if self.firsts.len() <= at(tuple) {
            self.firsts.resize(at(tuple) + 1, First::One(NOBODY));
        }
        match self.firsts.get_mut(at(tuple)) {
            None => {}
            Some(First::One(one)) if *one == set => {}
            Some(First::One(one)) if *one == NOBODY => *one = set,
            Some(first @ First::One(_)) => {
                let First::One(one) = *first else { return };
                *first = First::Several(number(self.several.len()));
                self.several.push(vec![one.min(set), one.max(set)]);
            }
            Some(First::Several(several)) => {
                if let Some(sets) = self.several.get_mut(at(*several))
                    && let Err(place) = sets.binary_search(&set)
                {
                    sets.insert(place, set);
                }
            }
        }
    }

    pub(crate) fn finish(self, tuples: Arc<Tuples>, sets: &mut Sets) -> Lookup {
        let Self { firsts, several } = self;
        let several: Vec<SetId> = several.iter().map(|some| sets.any(some)).collect();
        let set_of = |first: First| match first {
            First::One(set) => set,
            First::Several(place) => several.get(at(place)).copied().unwrap_or(NOBODY),
        };
        Lookup { tuples, sets: firsts.into_iter().map(set_of).collect() }
    }
}

#[cfg(test)]
mod tests;

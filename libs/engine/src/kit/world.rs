//! Generated worlds: orchards of several cooperatives, of which the caller keeps two sites.
//!
//! A world is a function of its seed alone. Its whole copy holds everybody's rows; its alone copy holds
//! the caller's rows, in the same order, and the caller's grants, and nothing of anyone else: not a row,
//! not a file, not a folder. Others' rows lie between the caller's, hold secrets in every column, and keys
//! that look like the caller's.
//!
//! - `keys`: who there is, and keys that look alike; `rows`: what stands in every cell.
//! - `layout`: which row lies where; `store`: files. `plane`: scope and view.

mod keys;
mod layout;
mod plane;
mod rows;
mod store;

use super::random::Random;
use crate::error::AnyError;
use keys::Keys;
use layout::Order;
use std::path::Path;

pub use keys::Admin;
pub(crate) use plane::{ColumnSpec, Origin, RelationSpec, Role, relations};
pub use plane::{Form, Link};
pub(crate) use rows::{OWN_WORD, SECRET};
pub use store::Stored;
#[cfg(test)]
pub(crate) use store::write_parquet;

/// How many of every thousand rows are the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Share {
    /// No row at all.
    Nothing,
    /// One row among hundreds.
    OneRow,
    /// So many of a thousand.
    PerMille(u16),
}

impl Share {
    /// Shares on both sides of every threshold that an engine is known to have.
    pub const ALL: [Self; 7] = [
        Self::PerMille(500),
        Self::Nothing,
        Self::PerMille(190),
        Self::PerMille(200),
        Self::PerMille(210),
        Self::OneRow,
        Self::PerMille(999),
    ];
}

/// How sources are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Storage {
    /// One Parquet file.
    File,
    /// A folder of Parquet files.
    Folder,
    /// A folder of Parquet files in folders named after keys.
    Hive,
    /// One CSV file.
    Csv,
}

impl Storage {
    /// Every storage.
    pub const ALL: [Self; 4] = [Self::File, Self::Csv, Self::Folder, Self::Hive];
}

/// Which copy of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// With everybody's rows.
    Whole,
    /// With the caller's rows alone.
    Alone,
}

/// A world, before it is written.
#[derive(Debug, Clone)]
pub struct World {
    seed: u64,
    share: Share,
    storage: Storage,
    keys: Keys,
    order: Order,
    /// Whether hive folders are named after every key, or after the first alone.
    hive_whole_key: bool,
    /// Whether someone else's files have other types.
    drift: bool,
    row_group_rows: usize,
    /// Files of a source in the whole copy, and in the alone copy.
    files: (usize, usize),
    large: bool,
}

/// Worlds after which shares and storages have met in every pair.
const PAIRS: u64 = 28;
/// Every so many worlds one is larger than any engine's batches.
const LARGE_EVERY: u64 = 16;

impl World {
    /// The world of a seed with this number.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Random::of(seed, "world", number);
        let turn = number.wrapping_add(seed % PAIRS);
        // 4 and 7 have no common factor, so every pair comes.
        let share = cycled(&Share::ALL, turn).unwrap_or(Share::Nothing);
        let storage = cycled(&Storage::ALL, turn).unwrap_or(Storage::File);
        Self {
            seed: random.draw(),
            share,
            storage,
            keys: Keys::draw(&mut random),
            order: Order::draw(&mut random),
            hive_whole_key: random.percent(50),
            drift: random.percent(50),
            row_group_rows: random.one(&[7, 64, 500, 20_000]).copied().unwrap_or(64),
            files: (1 + random.below(4), 1 + random.below(3)),
            large: turn % LARGE_EVERY == LARGE_EVERY / 2 && may_be_large(share),
        }
    }

    /// A plain world: so many of a thousand rows are the caller's, stored so.
    #[must_use]
    pub fn of(per_mille: u16, storage: Storage) -> Self {
        let world = Self::new(1, 0);
        Self { share: Share::PerMille(per_mille), storage, drift: false, large: false, ..world }
    }

    /// The same world, stored so, and all files of a source of the same types.
    #[must_use]
    pub fn stored_as(self, storage: Storage) -> Self {
        Self { storage, drift: false, ..self }
    }

    /// The caller's share.
    #[must_use]
    pub const fn share(&self) -> Share {
        self.share
    }

    /// How it is stored.
    #[must_use]
    pub const fn storage(&self) -> Storage {
        self.storage
    }

    /// Whether it holds more rows than an engine's batch.
    #[must_use]
    pub const fn is_large(&self) -> bool {
        self.large
    }

    /// In a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self {
            seed: _,
            share,
            storage,
            keys,
            order,
            hive_whole_key,
            drift,
            row_group_rows,
            files,
            large,
        } = self;
        let keys = keys.describe();
        format!(
            "share {share:?}, storage {storage:?} (whole key {hive_whole_key}, drift {drift}), keys {keys}, order {order:?}, row groups of {row_group_rows}, files {files:?}, large {large}"
        )
    }

    /// Writes a copy.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path, copy: Copy) -> Result<(), AnyError> {
        store::write(self, folder, copy)
    }

    /// Where each source of a written copy lies, the grants' included.
    #[must_use]
    pub fn stored(&self) -> Vec<Stored> {
        store::stored(self)
    }

    /// A number that goes with a row of a relation and does not change with the copy.
    fn random(&self, what: &str, number: usize) -> Random {
        Random::of(self.seed, what, u64::try_from(number).unwrap_or(u64::MAX))
    }
}

/// A large world in which the caller has a fifth would be five times larger still.
const fn may_be_large(share: Share) -> bool {
    match share {
        Share::Nothing | Share::OneRow => true,
        Share::PerMille(share) => share >= 500,
    }
}

fn cycled<T: std::marker::Copy>(of: &[T], turn: u64) -> Option<T> {
    let length = u64::try_from(of.len()).ok()?;
    of.get(usize::try_from(turn.checked_rem(length)?).ok()?).copied()
}

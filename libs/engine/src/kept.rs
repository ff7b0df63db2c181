//! Small scoped relations, kept in memory for their owner's next question.
//!
//! Decides what is kept, for whom and for how long; never who may see it. An entry is found only by the
//! whole owner's key, the same source, the same scope to the last granted value, and the same version of
//! every file that the scope reads from. Grants are read anew for every sandbox, so a changed grant is a
//! changed scope, which finds nothing. What is kept are rows of the scope before masks: those are put on
//! for each sandbox as it is now.

use crate::files::OpenFile;
use crate::version::Version;
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryConsumer, MemoryPool, MemoryReservation};
use splitplane_split_plane::RowScope;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptConfig {
    /// Bytes of all that is kept, part of the process's memory; 0 keeps nothing.
    pub bytes_max: u64,
    /// Bytes of one relation; a larger one is read anew every time.
    pub relation_bytes_max: u64,
    /// How long a relation is kept, used or not.
    pub age_max: Duration,
}

impl KeptConfig {
    /// Keeps nothing.
    pub const NOTHING: Self = Self { bytes_max: 0, relation_bytes_max: 0, age_max: Duration::ZERO };
}

/// Names and versions of all files that a scope reads from.
pub(crate) type Signature = Vec<(String, Version)>;

/// A column of a source in the type in which it is kept.
pub(crate) type KeptColumn = (String, DataType);

/// Arrays of one column, cut at the same rows as every other column of the scope.
pub(crate) type Blocks = Arc<Vec<ArrayRef>>;

/// What is kept of a relation.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) files: Vec<Arc<OpenFile>>,
    pub(crate) columns: HashMap<KeptColumn, Blocks>,
    /// Rows of the scope.
    pub(crate) rows: usize,
}

/// All that is kept in this process.
#[derive(Debug)]
pub(crate) struct Keep {
    config: KeptConfig,
    memory: MemoryReservation,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    by_owner: HashMap<String, Vec<Entry>>,
    /// Counts uses: the smallest is the one that was used longest ago.
    uses: u64,
}

#[derive(Debug)]
struct Entry {
    source: String,
    rows: RowScope,
    signature: Signature,
    found: Found,
    bytes: usize,
    since: Instant,
    used: u64,
}

/// What a scan has read for its owner.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) source: String,
    pub(crate) rows: RowScope,
    pub(crate) signature: Signature,
    pub(crate) found: Found,
}

impl Keep {
    pub(crate) fn new(config: KeptConfig, process: &Arc<GreedyMemoryPool>) -> Self {
        let pool: Arc<dyn MemoryPool> = Arc::<GreedyMemoryPool>::clone(process);
        let memory = MemoryConsumer::new("kept").register(&pool);
        Self { config, memory, entries: Mutex::default() }
    }

    pub(crate) fn is_off(&self) -> bool {
        self.config.bytes_max == 0
    }

    pub(crate) fn relation_bytes_max(&self) -> usize {
        usize::try_from(self.config.relation_bytes_max.min(self.config.bytes_max)).unwrap_or(usize::MAX)
    }

    /// What is kept for this owner of exactly these rows of exactly these files. Whatever else is kept for
    /// the owner of that source is no longer what they may see, or no longer what the files hold, and goes.
    pub(crate) fn find(
        &self,
        owner: &str,
        source: &str,
        rows: &RowScope,
        signature: &Signature,
    ) -> Option<Found> {
        let mut entries = self.lock();
        entries.uses += 1;
        let uses = entries.uses;
        let own = entries.by_owner.get_mut(owner)?;
        let age_max = self.config.age_max;
        let (mut freed, mut found) = (0, None);
        own.retain_mut(|entry| {
            if entry.source != source {
                return true;
            }
            let is_current =
                entry.rows == *rows && entry.signature == *signature && entry.since.elapsed() <= age_max;
            if is_current {
                entry.used = uses;
                found = Some(entry.found.clone());
            } else {
                freed += entry.bytes;
            }
            is_current
        });
        self.memory.shrink(freed);
        found
    }

    /// Keeps what a scan has read, if there is room beside what was used more recently.
    pub(crate) fn offer(&self, owner: &str, offer: Offer) {
        let Offer { source, rows, signature, mut found } = offer;
        let mut entries = self.lock();
        entries.uses += 1;
        let uses = entries.uses;
        let mut since = Instant::now();
        if let Some(own) = entries.by_owner.get_mut(owner)
            && let Some(at) = own.iter().position(|entry| entry.source == source)
        {
            let earlier = own.swap_remove(at);
            self.memory.shrink(earlier.bytes);
            if earlier.rows == rows && earlier.signature == signature {
                // The older part decides when the whole goes.
                since = earlier.since;
                for (column, blocks) in earlier.found.columns {
                    found.columns.entry(column).or_insert(blocks);
                }
            }
        }
        let bytes = size(&found, &signature);
        if bytes > self.relation_bytes_max() || !self.make_room(&mut entries, bytes) {
            return;
        }
        let entry = Entry { source, rows, signature, found, bytes, since, used: uses };
        entries.by_owner.entry(owner.to_owned()).or_default().push(entry);
    }

    /// Lets go of what was used longest ago until `bytes` are freed; false when there was nothing to let go.
    pub(crate) fn shed(&self, bytes: usize) -> bool {
        let mut entries = self.lock();
        let mut freed = 0;
        while freed < bytes {
            match entries.pop_oldest() {
                Some(these) => freed += these,
                None => break,
            }
        }
        self.memory.shrink(freed);
        freed > 0
    }

    fn make_room(&self, entries: &mut Entries, bytes: usize) -> bool {
        let bytes_max = usize::try_from(self.config.bytes_max).unwrap_or(usize::MAX);
        self.memory.shrink(entries.drop_aged(self.config.age_max));
        while self.memory.size().saturating_add(bytes) > bytes_max {
            match entries.pop_oldest() {
                Some(freed) => self.memory.shrink(freed),
                None => break,
            };
        }
        self.memory.size().saturating_add(bytes) <= bytes_max && self.memory.try_grow(bytes).is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.memory.size()
    }
}

impl Entries {
    fn pop_oldest(&mut self) -> Option<usize> {
        let all = self.by_owner.iter().flat_map(|(owner, own)| own.iter().map(move |entry| (owner, entry)));
        let (owner, used) =
            all.min_by_key(|(_, entry)| entry.used).map(|(o, entry)| (o.clone(), entry.used))?;
        let own = self.by_owner.get_mut(&owner)?;
        let at = own.iter().position(|entry| entry.used == used)?;
        let bytes = own.swap_remove(at).bytes;
        if own.is_empty() {
            self.by_owner.remove(&owner);
        }
        Some(bytes)
    }

    fn drop_aged(&mut self, age_max: Duration) -> usize {
        let mut freed = 0;
        for own in self.by_owner.values_mut() {
            own.retain(|entry| {
                let stays = entry.since.elapsed() <= age_max;
                freed += if stays { 0 } else { entry.bytes };
                stays
            });
        }
        self.by_owner.retain(|_, own| !own.is_empty());
        freed
    }
}

/// What an entry of no rows takes: names, the scope, footers.
const ENTRY_BYTES: usize = 4 << 10;

fn size(found: &Found, signature: &Signature) -> usize {
    let arrays = found.columns.values().flat_map(|blocks| blocks.iter());
    let arrays: usize = arrays.map(|array| array.get_array_memory_size()).sum();
    let footers: usize = found.files.iter().map(|file| file.memory_size()).sum();
    arrays + footers + ENTRY_BYTES * (1 + signature.len())
}

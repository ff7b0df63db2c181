//! One version of one file: which it is, what is read of it, and how much.
//!
//! Decides that whoever has opened a file reads those bytes or fails: a file that is renamed over stays
//! as it was for its reader, one that is rewritten in place is noticed, and of an object every range is of the
//! version that was listed. Does not know what the bytes mean.

mod cursor;

use crate::ahead::Ahead;
use crate::error::AnyError;
use crate::interrupt::Interrupt;
use crate::store::{Object, Pending};
use crate::version::{FileVersion, Version};
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

pub(crate) use cursor::Cursor;

/// Counts bytes that were read from disk or from an object store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    own: Arc<AtomicU64>,
    all: Option<Arc<AtomicU64>>,
}

impl Meter {
    /// A meter whose bytes count in this one too.
    pub(crate) fn part(&self) -> Self {
        Self { own: Arc::default(), all: Some(Arc::clone(&self.own)) }
    }

    pub(crate) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        for counter in [Some(&self.own), self.all.as_ref()].into_iter().flatten() {
            counter.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.own.load(Ordering::Relaxed)
    }
}

/// A file that is open, or an object that was listed.
#[derive(Debug)]
pub(crate) enum Opened {
    File(OpenedFile),
    Object(Object),
}

/// A file on disk.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    file: File,
    version: Version,
}

impl OpenedFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let version = Version::of(&file.metadata()?);
        Ok(Self { file, version })
    }

    fn read(&self, range: &Range<u64>) -> Result<Bytes> {
        let length = usize::try_from(range.end - range.start)
            .map_err(|error| error.to_string())
            .map_err(ParquetError::EOF)?;
        let mut buffer = vec![0; length];
        self.file.read_exact_at(&mut buffer, range.start)?;
        Ok(buffer.into())
    }
}

/// What is held of an object from its opening on: its end, where a footer is, or its beginning.
const EDGE_BYTES: u64 = 64 << 10;

/// Bytes of an object, and where they begin.
#[derive(Debug)]
struct Edge {
    start: u64,
    bytes: Bytes,
}

/// An edge that was asked for.
#[derive(Debug)]
pub(crate) struct Coming {
    start: u64,
    pending: Pending,
}

impl Edge {
    /// From a place on.
    fn from(&self, at: u64) -> Option<Bytes> {
        let skipped = usize::try_from(at.checked_sub(self.start)?).ok()?;
        (skipped < self.bytes.len()).then(|| self.bytes.slice(skipped..))
    }
}

/// An open file. Reads are at positions, so that any number of readers share it, each with its own meter.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    opened: Arc<Opened>,
    edge: Arc<OnceLock<Edge>>,
    ahead: Option<Arc<Ahead>>,
    meter: Meter,
    interrupt: Interrupt,
}

impl Reading {
    pub(crate) fn of(opened: Opened, meter: &Meter, interrupt: &Interrupt) -> Self {
        Self {
            opened: Arc::new(opened),
            edge: Arc::default(),
            ahead: None,
            meter: meter.clone(),
            interrupt: interrupt.clone(),
        }
    }

    /// The same file, read on behalf of someone else.
    pub(crate) fn on_behalf(&self, meter: &Meter, interrupt: &Interrupt) -> Self {
        Self { meter: meter.clone(), interrupt: interrupt.clone(), ahead: None, ..self.clone() }
    }

    pub(crate) fn version(&self) -> &Version {
        match self.opened.as_ref() {
            Opened::File(file) => &file.version,
            Opened::Object(object) => object.version(),
        }
    }

    /// Fails when the bytes may have changed since the file was opened.
    pub(crate) fn check_unchanged(&self) -> std::result::Result<(), AnyError> {
        match self.opened.as_ref() {
            Opened::File(OpenedFile { file, version }) => {
                let now = Version::File(FileVersion::of(&file.metadata()?));
                if now.same_bytes(version) {
                    Ok(())
                } else {
                    Err("a file was rewritten while it was read".into())
                }
            }
            // Every range was of this version.
            Opened::Object(_) => Ok(()),
        }
    }

    /// Asks for the end of an object, where a footer is; nothing where the file is on disk.
    pub(crate) fn begin_end(&self) -> Option<Coming> {
        let length = self.version().length();
        self.begin_edge(length.saturating_sub(EDGE_BYTES)..length)
    }

    /// Asks for the beginning of an object, where a header is; nothing where the file is on disk.
    pub(crate) fn begin_start(&self) -> Option<Coming> {
        self.begin_edge(0..self.version().length().min(EDGE_BYTES))
    }

    fn begin_edge(&self, range: Range<u64>) -> Option<Coming> {
        let Opened::Object(object) = self.opened.as_ref() else { return None };
        let start = range.start;
        (!range.is_empty()).then(|| Coming { start, pending: object.begin(range) })
    }

    /// Holds what was asked for: what lies there is then read once.
    pub(crate) fn hold(&self, coming: Option<Coming>) -> std::result::Result<(), AnyError> {
        if let Some(Coming { start, pending }) = coming {
            let bytes = self.received(pending)?;
            self.edge.get_or_init(|| Edge { start, bytes });
        }
        Ok(())
    }

    /// Bytes that are held as long as the file is open.
    pub(crate) fn held(&self) -> usize {
        self.edge.get().map_or(0, |edge| edge.bytes.len())
    }

    /// A reader that is told beforehand which ranges it will be asked for.
    pub(crate) fn expecting(&self, ranges: &[Range<u64>]) -> Self {
        let Opened::Object(object) = self.opened.as_ref() else { return self.clone() };
        let length = self.version().length();
        let beyond_edge = |range: &&Range<u64>| {
            let held = |edge: &Edge| edge.from(range.start).is_some_and(|bytes| reaches(&bytes, range));
            range.end <= length && !self.edge.get().is_some_and(held)
        };
        let ranges = ranges.iter().filter(beyond_edge).cloned().collect();
        Self { ahead: Some(Arc::new(Ahead::new(object, ranges))), ..self.clone() }
    }

    #[cfg(test)]
    pub(crate) fn taken_ahead(&self) -> (u64, u64) {
        self.ahead.as_ref().map_or((0, 0), |ahead| ahead.taken())
    }

    /// From the beginning, in order.
    pub(crate) fn stream(&self) -> BufReader<Cursor> {
        BufReader::new(Cursor::new(self, 0))
    }

    /// Waits for a range, and counts it.
    pub(crate) fn received(&self, pending: Pending) -> std::result::Result<Bytes, AnyError> {
        let bytes = pending.wait(&self.interrupt)?;
        self.meter.add(bytes.len());
        Ok(bytes)
    }

    /// What is in memory, or about to be, from a place on.
    fn at_hand(&self, at: u64) -> std::result::Result<Option<Bytes>, AnyError> {
        if let Some(bytes) = self.edge.get().and_then(|edge| edge.from(at)) {
            return Ok(Some(bytes));
        }
        match &self.ahead {
            Some(ahead) => ahead.from(at, self),
            None => Ok(None),
        }
    }

    /// A range of an object, all of which lies within it.
    fn range(&self, object: &Object, range: Range<u64>) -> std::result::Result<Bytes, AnyError> {
        let mut whole: Vec<u8> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let Some(bytes) = self.at_hand(at)? else {
                let rest = self.received(object.begin(at..range.end))?;
                if whole.is_empty() {
                    return Ok(rest);
                }
                whole.extend_from_slice(&rest);
                break;
            };
            let left = usize::try_from(range.end - at)?;
            let taken = bytes.slice(..bytes.len().min(left));
            if at == range.start && taken.len() == left {
                return Ok(taken);
            }
            at += u64::try_from(taken.len())?;
            whole.extend_from_slice(&taken);
        }
        Ok(whole.into())
    }
}

fn reaches(bytes: &Bytes, range: &Range<u64>) -> bool {
    u64::try_from(bytes.len()).is_ok_and(|length| length >= range.end - range.start)
}

impl Length for Reading {
    fn len(&self) -> u64 {
        self.version().length()
    }
}

impl ChunkReader for Reading {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(Cursor::new(self, start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // A footer may claim any length; no more than the file has is set aside for it.
        let end = u64::try_from(length).ok().and_then(|length| start.checked_add(length));
        let Some(end) = end.filter(|end| *end <= self.version().length()) else {
            return Err(ParquetError::EOF("a chunk reaches beyond the file".to_owned()));
        };
        match self.opened.as_ref() {
            Opened::File(file) => {
                let bytes = file.read(&(start..end))?;
                self.meter.add(bytes.len());
                Ok(bytes)
            }
            Opened::Object(object) => self.range(object, start..end).map_err(ParquetError::External),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;

    fn open(path: &Path, meter: &Meter) -> Reading {
        let opened = Opened::File(OpenedFile::open(path).unwrap());
        Reading::of(opened, meter, &Interrupt::default())
    }

    #[test]
    fn a_reader_keeps_the_file_that_it_opened_and_notices_one_rewritten_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "first version").unwrap();
        let total = Meter::default();
        let reading = open(&path, &total.part());
        fs::write(&other, "other version").unwrap();
        fs::rename(&other, &path).unwrap();
        let mut text = String::new();
        reading.stream().read_to_string(&mut text).unwrap();
        assert_eq!(text, "first version");
        reading.check_unchanged().unwrap();
        assert_eq!(total.bytes(), 13);

        let reading = open(&path, &total);
        fs::write(&path, "longer than the other version").unwrap();
        assert!(reading.check_unchanged().is_err());
        text.clear();
        reading.stream().read_to_string(&mut text).unwrap();
        assert_eq!(text.len(), 13, "no byte beyond what was there when it was opened");
    }

    #[test]
    fn a_chunk_beyond_the_file_is_refused_before_memory_is_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "short").unwrap();
        let reading = open(&path, &Meter::default());
        assert!(reading.get_bytes(0, usize::MAX).is_err());
        assert!(reading.get_bytes(u64::MAX, 1).is_err());
        assert_eq!(reading.get_bytes(1, 4).unwrap(), "hort");
    }
}

//! One version of one file: which it is, what is read of it, and how much.
//!
//! Decides that whoever has opened a file reads those bytes or fails: a file that is renamed over stays
//! as it was for its reader, and one that is rewritten in place is noticed. Does not know what the bytes mean.

use crate::error::AnyError;
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What tells two versions of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Also moves when the file is renamed over, which changes no byte for those who have it open.
    changed: (i64, i64),
}

impl Version {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a file at these two versions holds the same bytes.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        let bytes = |version: &Self| (version.device, version.inode, version.length, version.modified);
        bytes(self) == bytes(other)
    }

    /// Whether the file has been left alone for so long that a later write must show in its times.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok());
        now.is_some_and(|now| now - self.modified.0 >= SETTLED_SECONDS)
    }
}

/// The time as the file system has it.
#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Coarser than the times of any file system in use.
const SETTLED_SECONDS: i64 = 2;

/// Counts bytes that were read from disk.
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

    fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        for counter in [Some(&self.own), self.all.as_ref()].into_iter().flatten() {
            counter.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.own.load(Ordering::Relaxed)
    }
}

/// An open file. Reads are at positions, so that any number of readers share it, each with its own meter.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    opened: Arc<Opened>,
    meter: Meter,
}

#[derive(Debug)]
struct Opened {
    file: File,
    version: Version,
}

impl Reading {
    pub(crate) fn open(path: &Path, meter: &Meter) -> io::Result<Self> {
        let file = File::open(path)?;
        let version = Version::of(&file.metadata()?);
        Ok(Self { opened: Arc::new(Opened { file, version }), meter: meter.clone() })
    }

    /// The same file, read on behalf of someone else.
    pub(crate) fn counted(&self, meter: &Meter) -> Self {
        Self { opened: Arc::clone(&self.opened), meter: meter.clone() }
    }

    pub(crate) fn version(&self) -> Version {
        self.opened.version
    }

    /// Fails when the bytes may have changed since the file was opened.
    pub(crate) fn check_unchanged(&self) -> std::result::Result<(), AnyError> {
        let now = Version::of(&self.opened.file.metadata()?);
        if now.same_bytes(&self.opened.version) {
            Ok(())
        } else {
            Err("a file was rewritten while it was read".into())
        }
    }

    /// From the beginning, in order.
    pub(crate) fn stream(&self) -> BufReader<Cursor> {
        BufReader::new(Cursor { reading: self.clone(), at: 0 })
    }
}

/// A place in an open file.
#[derive(Debug)]
pub(crate) struct Cursor {
    reading: Reading,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Reading { opened, meter } = &self.reading;
        // What was appended since is another version's.
        let left = usize::try_from(opened.version.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let read = opened.file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.at)?;
        meter.add(read);
        self.at += u64::try_from(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

impl Length for Reading {
    fn len(&self) -> u64 {
        self.opened.version.length
    }
}

impl ChunkReader for Reading {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(BufReader::new(Cursor { reading: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        // A footer may claim any length; no more than the file has is set aside for it.
        let end = u64::try_from(length).ok().and_then(|length| start.checked_add(length));
        if end.is_none_or(|end| end > self.opened.version.length) {
            return Err(ParquetError::EOF("a chunk reaches beyond the file".to_owned()));
        }
        let mut buffer = vec![0; length];
        self.opened.file.read_exact_at(&mut buffer, start)?;
        self.meter.add(length);
        Ok(buffer.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_reader_keeps_the_file_that_it_opened_and_notices_one_rewritten_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "first version").unwrap();
        let total = Meter::default();
        let reading = Reading::open(&path, &total.part()).unwrap();
        fs::write(&other, "other version").unwrap();
        fs::rename(&other, &path).unwrap();
        let mut text = String::new();
        reading.stream().read_to_string(&mut text).unwrap();
        assert_eq!(text, "first version");
        reading.check_unchanged().unwrap();
        assert_eq!(total.bytes(), 13);

        let reading = Reading::open(&path, &total).unwrap();
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
        let reading = Reading::open(&path, &Meter::default()).unwrap();
        assert!(reading.get_bytes(0, usize::MAX).is_err());
        assert!(reading.get_bytes(u64::MAX, 1).is_err());
        assert_eq!(reading.get_bytes(1, 4).unwrap(), "hort");
    }
}

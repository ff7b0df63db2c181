//! What tells two versions of a file apart without reading it.
//!
//! Decides when a file holds the same bytes, and when it has rested for so long that a later write must
//! show. Reads nothing of what is in a file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A version of a file or of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Version {
    File(FileVersion),
    Object(ObjectVersion),
}

/// A version of a file or folder on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileVersion {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Also moves when the file is renamed over, which changes no byte for those who have it open.
    changed: (i64, i64),
}

/// A version of an object, which is never written to: another version is another object under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectVersion {
    /// The entity tag as the store gave it, quotes included.
    pub(crate) tag: String,
    pub(crate) length: u64,
}

impl Version {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self::File(FileVersion::of(metadata))
    }

    pub(crate) const fn length(&self) -> u64 {
        match self {
            Self::File(version) => version.length,
            Self::Object(version) => version.length,
        }
    }

    /// Whether a file at these two versions holds the same bytes.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one.same_bytes(other),
            (Self::Object(one), Self::Object(other)) => one == other,
            (Self::File(_), Self::Object(_)) | (Self::Object(_), Self::File(_)) => false,
        }
    }

    /// Whether a write after `now` must show in the version.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        match self {
            Self::File(version) => version.is_settled(now),
            // Its tag is another one, however soon it is written again.
            Self::Object(_) => true,
        }
    }
}

impl FileVersion {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

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

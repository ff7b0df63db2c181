//! Why a record could not be written, or a file is not the log that was written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A failure of the audit log. Callers release nothing when they get one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuditError {
    /// The file system refused.
    #[error("cannot {action} the audit log `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said; one commit may have failed for many records.
        source: Arc<io::Error>,
    },
    /// The file is not an unbroken chain.
    #[error(
        "the audit log `{}` is broken at line {line}: {fault}; keep the file as evidence, and move it and its checkpoints away to begin a new one",
        path.display()
    )]
    Broken {
        /// The file.
        path: PathBuf,
        /// The first line that is wrong, counted from 1.
        line: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Others than its owner may read or write the file.
    #[error("the audit log `{}` is open to others (mode {mode:o}); `chmod 600` it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The path no longer names the file that was opened.
    #[error("the audit log `{}` was moved or removed while it was open; start anew", path.display())]
    Replaced {
        /// The path.
        path: PathBuf,
    },
    /// Whether an earlier record of this log reached the disk is not known.
    #[error("the audit log `{}` failed before and accepts nothing more; start anew", path.display())]
    Poisoned {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint is not what was written.
    #[error("the checkpoints `{}` are broken at line {line}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The first line that is wrong, counted from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key cannot sign.
    #[error("a checkpoint cannot be signed")]
    Signature,
    /// The record is longer than a line may be.
    #[error("the record is longer than an audit line may be")]
    TooLong,
    /// The record was waiting and nobody wrote it.
    #[error("the record was not written")]
    NotWritten,
    /// The record's time is outside the calendar.
    #[error("the record's time is outside the calendar")]
    Time,
}

impl AuditError {
    pub(crate) fn io(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source: Arc::new(error) }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The line has no end, or more bytes than a line may have.
    #[error("the line is torn")]
    Torn,
    /// The line has not the form of a record.
    #[error("the line is not a record")]
    NotARecord,
    /// The bytes are not those that were hashed.
    #[error("the record was changed")]
    Changed,
    /// The number does not follow the one before.
    #[error("a record is missing, inserted or moved")]
    OutOfSequence,
    /// The record follows another one than the one before.
    #[error("the record does not continue the one before")]
    NotChained,
    /// Records that this log has seen are gone.
    #[error("records are gone that were there")]
    Shorter,
    /// A checkpoint says that there were more records.
    #[error("records are gone that a checkpoint vouches for")]
    CutTail,
    /// A checkpoint says that another record stood here.
    #[error("a checkpoint vouches for another record")]
    OtherHistory,
    /// The first records are gone, and no checkpoint vouches for what they came to.
    #[error("earlier records were removed, and no checkpoint vouches for them")]
    Beginning,
}

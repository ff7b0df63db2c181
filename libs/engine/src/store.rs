//! What holds the warehouse's files: a folder of this machine, or a bucket.
//!
//! Decides what both must be able to say. Which files are a source's is the warehouse's, and what their
//! bytes mean their reader's.
//!
//! - `folder`: files on disk; `bucket`: objects; `client`: how a bucket is asked; `pending`: waiting for it.

mod bucket;
mod client;
mod folder;
mod pending;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use bucket::StoreError;
pub(crate) use bucket::{Bucket, Object};
#[cfg(test)]
pub(crate) use client::client;
pub(crate) use folder::Folder;
pub(crate) use pending::Pending;

use crate::error::AnyError;
use crate::listing::Entry;
use crate::reading::Opened;
use crate::version::Version;
use crate::warehouse::{DataFile, Format};
use std::fmt::Debug;
use std::sync::Arc;

/// Where files are. Names are relative to the warehouse, with `/` between folders.
pub(crate) trait Store: Debug + Send + Sync {
    /// In what form a source of this plain name is there; `None` where it is not.
    fn holding(&self, source: &str) -> Result<Option<Holding>, AnyError>;

    /// Entries of a folder as they are now, by name.
    fn entries(&self, folder: &str) -> Result<Arc<[Entry]>, AnyError>;

    /// The version of a file that was listed.
    fn version(&self, file: &DataFile) -> Result<Version, AnyError>;

    /// Opens a file that was listed.
    fn open(&self, file: &DataFile) -> Result<Opened, AnyError>;

    /// Requests that were made of another machine.
    fn requests(&self) -> u64;
}

/// How a source is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holding {
    File {
        name: String,
        format: Format,
        /// What the store told of it, where it did.
        seen: Option<Version>,
    },
    Folder,
}

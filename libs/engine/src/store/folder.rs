//! Files on disk.
//!
//! Decides the order in which forms of a source are looked for. Does not know which files of a folder count.

use super::{Holding, Store};
use crate::error::AnyError;
use crate::listing::{Entry, Listings};
use crate::reading::{Opened, OpenedFile};
use crate::version::Version;
use crate::warehouse::{DataFile, Format};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder of this machine.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    listings: Listings,
}

impl Folder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, listings: Listings::default() }
    }
}

impl Store for Folder {
    fn holding(&self, source: &str) -> Result<Option<Holding>, AnyError> {
        let forms = [
            (".parquet", Some(Format::Parquet)),
            ("", None),
            (".csv", Some(Format::Csv)),
            (".jsonl", Some(Format::JsonLines)),
            (".ndjson", Some(Format::JsonLines)),
        ];
        for (end, format) in forms {
            let name = format!("{source}{end}");
            let Ok(metadata) = self.root.join(&name).metadata() else { continue };
            match format {
                Some(format) if metadata.is_file() => {
                    return Ok(Some(Holding::File { name, format, seen: None }));
                }
                None if metadata.is_dir() => return Ok(Some(Holding::Folder)),
                Some(_) | None => {}
            }
        }
        Ok(None)
    }

    fn entries(&self, folder: &str) -> Result<Arc<[Entry]>, AnyError> {
        self.listings.of(&self.root.join(folder))
    }

    fn version(&self, file: &DataFile) -> Result<Version, AnyError> {
        Ok(Version::of(&self.root.join(&file.name).metadata()?))
    }

    fn open(&self, file: &DataFile) -> Result<Opened, AnyError> {
        Ok(Opened::File(OpenedFile::open(&self.root.join(&file.name))?))
    }

    fn requests(&self) -> u64 {
        0
    }
}

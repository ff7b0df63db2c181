//! What is in a folder, read again whenever the folder has changed.
//!
//! Decides when a listing may be used again: the folder is looked at every time, and a listing that was
//! read while the folder was still being written to is not kept. A bucket is listed every time: it tells no
//! version of a folder. Does not know which entries are data.

use crate::error::AnyError;
use crate::version::{FileVersion, ObjectVersion, Version, now};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Entries that are kept in all; beyond it everything is read again.
const ENTRIES_MAX: usize = 200_000;

/// Listings of folders, as they were last seen.
#[derive(Debug, Default)]
pub(crate) struct Listings(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    folders: HashMap<PathBuf, (FileVersion, Arc<[Entry]>)>,
    entries: usize,
}

/// An entry of a folder.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// What the store told of a file, where it did.
    pub(crate) seen: Option<Version>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Folder,
    Other,
    /// What it leads to may change without the folder.
    Link(PathBuf),
}

impl Entry {
    /// An object of a bucket.
    pub(crate) const fn object(name: String, version: ObjectVersion) -> Self {
        Self { name, seen: Some(Version::Object(version)), kind: Kind::Other }
    }

    /// Objects of a bucket whose keys begin alike.
    pub(crate) const fn folder(name: String) -> Self {
        Self { name, seen: None, kind: Kind::Folder }
    }

    pub(crate) fn is_folder(&self) -> io::Result<bool> {
        match &self.kind {
            Kind::Folder => Ok(true),
            Kind::Other => Ok(false),
            Kind::Link(path) => Ok(path.metadata()?.is_dir()),
        }
    }
}

impl Listings {
    /// The folder's entries, by name: the order of the file system changes when anyone adds a file.
    pub(crate) fn of(&self, folder: &Path) -> Result<Arc<[Entry]>, AnyError> {
        let version = FileVersion::of(&folder.metadata()?);
        if let Some((known, entries)) = self.lock().folders.get(folder)
            && *known == version
        {
            return Ok(Arc::clone(entries));
        }
        let entries: Arc<[Entry]> = read(folder)?.into();
        // A change within the same tick of the clock would not show in the folder's times.
        if version.is_settled(now()) && FileVersion::of(&folder.metadata()?) == version {
            self.keep(folder, version, &entries);
        }
        Ok(entries)
    }

    fn keep(&self, folder: &Path, version: FileVersion, entries: &Arc<[Entry]>) {
        let mut known = self.lock();
        if let Some((_, before)) = known.folders.remove(folder) {
            known.entries -= before.len();
        }
        if known.entries.saturating_add(entries.len()) > ENTRIES_MAX {
            *known = Known::default();
        }
        if entries.len() <= ENTRIES_MAX {
            known.entries += entries.len();
            known.folders.insert(folder.to_owned(), (version, Arc::clone(entries)));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(folder: &Path) -> Result<Vec<Entry>, AnyError> {
    let mut entries = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_name| "a file name is not UTF-8")?;
        let file_type = entry.file_type()?;
        let kind = match (file_type.is_dir(), file_type.is_symlink()) {
            (true, _) => Kind::Folder,
            (false, true) => Kind::Link(entry.path()),
            (false, false) => Kind::Other,
        };
        entries.push(Entry { name, seen: None, kind });
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::time::Duration;

    fn names(listings: &Listings, folder: &Path) -> Vec<String> {
        listings.of(folder).unwrap().iter().map(|entry| entry.name.clone()).collect()
    }

    /// As if nobody had touched the folder for a while.
    fn age(folder: &Path) {
        let long_ago = now() - Duration::from_secs(60);
        File::open(folder).unwrap().set_modified(long_ago).unwrap();
    }

    #[test]
    fn a_listing_is_read_once_while_the_folder_rests_and_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let listings = Listings::default();
        fs::write(folder.path().join("b"), "").unwrap();
        assert_eq!(names(&listings, folder.path()), ["b"]);
        assert!(listings.lock().folders.is_empty(), "it was written to just now");
        age(folder.path());
        let first = listings.of(folder.path()).unwrap();
        assert!(Arc::ptr_eq(&first, &listings.of(folder.path()).unwrap()));
        fs::write(folder.path().join("a"), "").unwrap();
        assert_eq!(names(&listings, folder.path()), ["a", "b"]);
        age(folder.path());
        assert_eq!(names(&listings, folder.path()), ["a", "b"]);
        fs::remove_file(folder.path().join("b")).unwrap();
        assert_eq!(names(&listings, folder.path()), ["a"]);
        // Renamed over: the same names, another file.
        age(folder.path());
        let before = listings.of(folder.path()).unwrap();
        fs::write(folder.path().join("a.new"), "").unwrap();
        fs::rename(folder.path().join("a.new"), folder.path().join("a")).unwrap();
        assert!(!Arc::ptr_eq(&before, &listings.of(folder.path()).unwrap()));
    }

    #[test]
    fn what_a_link_leads_to_is_looked_at_every_time() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, target) = (folder.path().join("inside"), folder.path().join("target"));
        fs::create_dir(&inside).unwrap();
        fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, inside.join("link")).unwrap();
        age(&inside);
        let listings = Listings::default();
        let is_folder = || listings.of(&inside).unwrap().first().unwrap().is_folder().unwrap();
        assert!(is_folder());
        fs::remove_dir(&target).unwrap();
        fs::write(&target, "").unwrap();
        assert!(!is_folder());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let listings = Listings::default();
        let folder = tempfile::tempdir().unwrap();
        let version = FileVersion::of(&folder.path().metadata().unwrap());
        let many: Arc<[Entry]> = (0..ENTRIES_MAX / 2 + 1)
            .map(|_| Entry { name: String::new(), seen: None, kind: Kind::Other })
            .collect();
        for at in ["a", "b", "b", "c"] {
            listings.keep(Path::new(at), version, &many);
            let known = listings.lock();
            assert_eq!((known.folders.len(), known.entries), (1, many.len()), "{at}");
        }
    }
}

//! Where the registry is kept: a file, SQLite or PostgreSQL.
//!
//! Decides that all of them behave alike: a reader gets a whole registry or an error, a writer never
//! leaves one that makes no sense, and of two writers at once neither undoes the other.

use crate::registry::{InvalidRegistry, Registry, RegistryFileError, parse, text};
use splitplane_store::{Entries, Place, RegistryVersion, Store, StoreError};
use splitplane_types::Digest;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

/// Writers that were too late try again so often.
const TRIES_MAX: u32 = 10;

/// Why a registry cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file cannot be read or written.
    #[error("cannot use the registry {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is of another form.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RegistryFileError,
    },
    /// The entries make no sense.
    #[error("{origin}: {source}")]
    Invalid {
        /// Where they are kept.
        origin: String,
        /// What is wrong with them.
        source: InvalidRegistry,
    },
    /// The file has comments, which would be lost.
    #[error("{} has comments, which a change would lose: edit it by hand", .0.display())]
    Comments(PathBuf),
    /// Another replica has told a newer registry than is here.
    #[error("another replica knows a newer registry")]
    Behind,
    /// It took too long.
    #[error("the registry cannot be read in time")]
    Slow,
    /// Others changed the registry again and again.
    #[error("others keep changing the registry")]
    Busy,
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the registry is kept.
#[derive(Debug, Clone)]
pub enum RegistrySource {
    /// A YAML file.
    File(PathBuf),
    /// A database.
    Database(Store),
}

/// A registry, and what tells it from other versions of itself.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) registry: Registry,
    /// Of its entries: the same in whatever they are kept.
    pub(crate) digest: Digest,
}

/// What a file or a database looked like when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Text(Digest),
    Version(RegistryVersion),
}

impl RegistrySource {
    /// Opens the database where there is a URL, else the file.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn open(file: &Path, database: &str) -> Result<Self, RegistryError> {
        if database.is_empty() {
            return Ok(Self::File(file.to_owned()));
        }
        Ok(Self::Database(Store::open(&Place::Url(database.to_owned())).await?))
    }

    /// All entries, which make sense together.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn entries(&self) -> Result<Entries, RegistryError> {
        let (_, entries) = self.read().await?;
        self.check(&entries)?;
        Ok(entries)
    }

    /// Changes the entries. `change` is called anew when somebody else was faster; what it says of the
    /// last time is returned.
    ///
    /// # Errors
    /// See [`RegistryError`]; then nothing is changed.
    pub async fn change<T>(&self, mut change: impl FnMut(&mut Entries) -> T) -> Result<T, RegistryError> {
        for _ in 0..TRIES_MAX {
            let (seen, before) = self.read().await?;
            let mut after = before.clone();
            let told = change(&mut after);
            after.sort();
            self.check(&after)?;
            if after == before || self.write(&seen, &before, &after).await? {
                return Ok(told);
            }
        }
        Err(RegistryError::Busy)
    }

    /// The registry, unless it still looks as it did when it was `seen`.
    pub(crate) async fn load(&self, seen: Option<&Seen>) -> Result<Option<(Seen, Loaded)>, RegistryError> {
        if let (Self::Database(store), Some(Seen::Version(version))) = (self, seen)
            && store.registry_version().await? == *version
        {
            return Ok(None);
        }
        let (now, entries) = self.read().await?;
        if Some(&now) == seen {
            return Ok(None);
        }
        let registry = self.check(&entries)?;
        Ok(Some((now, Loaded { registry, digest: Digest::of(text(&entries).as_bytes()) })))
    }

    async fn read(&self) -> Result<(Seen, Entries), RegistryError> {
        match self {
            Self::File(path) => {
                let text = std::fs::read_to_string(path).map_err(io(path))?;
                let entries = parse(&text)
                    .map_err(|source| RegistryError::File { path: path.clone(), source })
                    .map(sorted)?;
                Ok((Seen::Text(Digest::of(text.as_bytes())), entries))
            }
            Self::Database(store) => {
                let (version, entries) = store.registry().await?;
                Ok((Seen::Version(version), entries))
            }
        }
    }

    async fn write(&self, seen: &Seen, before: &Entries, after: &Entries) -> Result<bool, RegistryError> {
        match (self, seen) {
            (Self::File(path), Seen::Text(digest)) => rewrite(path, *digest, after),
            (Self::Database(store), Seen::Version(version)) => {
                Ok(store.write_registry(*version, before, after).await?)
            }
            (Self::File(_), Seen::Version(_)) | (Self::Database(_), Seen::Text(_)) => Ok(false),
        }
    }

    fn check(&self, entries: &Entries) -> Result<Registry, RegistryError> {
        let origin = match self {
            Self::File(path) => path.display().to_string(),
            Self::Database(_) => "the registry".to_owned(),
        };
        Registry::build(entries).map_err(|source| RegistryError::Invalid { origin, source })
    }
}

fn sorted(mut entries: Entries) -> Entries {
    entries.sort();
    entries
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> RegistryError {
    let path = path.to_owned();
    move |source| RegistryError::Io { path: path.clone(), source }
}

/// Puts another text in place of the file as a whole, if it is still the one that was read. Comments at
/// its beginning stay.
fn rewrite(path: &Path, read: Digest, entries: &Entries) -> Result<bool, RegistryError> {
    let failed = io(path);
    // A link stays one; what it leads to is replaced.
    let path = &path.canonicalize().map_err(&failed)?;
    // Held until the file is replaced: of two writers the second waits, and then finds another text.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let lock = std::fs::File::open(folder).map_err(&failed)?;
    lock.lock().map_err(&failed)?;
    let before = std::fs::read_to_string(path).map_err(&failed)?;
    if Digest::of(before.as_bytes()) != read {
        return Ok(false);
    }
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let head: Vec<&str> = before.lines().take_while(is_comment).collect();
    if before.lines().skip(head.len()).any(|line| {
        is_comment(&line)
            || line.contains([' ', '\t']) && line.split([' ', '\t']).skip(1).any(|word| word.starts_with('#'))
    }) {
        return Err(RegistryError::Comments(path.to_owned()));
    }
    let mut after = head.iter().map(|line| format!("{line}\n")).collect::<String>();
    after.push_str(&text(entries));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
    file.write_all(after.as_bytes()).map_err(&failed)?;
    // As readable as it was, and by the same: auth may run as somebody else than who changes it.
    let old = std::fs::metadata(path).map_err(&failed)?;
    let new = file.as_file().metadata().map_err(&failed)?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        chown(file.path(), Some(old.uid()), Some(old.gid())).map_err(&failed)?;
    }
    file.as_file().set_permissions(old.permissions()).map_err(&failed)?;
    file.as_file().sync_all().map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    lock.sync_all().map_err(&failed)?;
    Ok(true)
}

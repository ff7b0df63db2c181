//! Where the command line keeps its files, and who may read them.
//!
//! Decides the layout of one folder: keys, certificates, profiles, the audit log, generated data.
//! What is in a file is decided by the module that writes it. A file of secrets is never readable by
//! others, not even while it is being written.

use ring::rand::{SecureRandom as _, SystemRandom};
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Names the folder in the environment.
const VARIABLE: &str = "SPLITPLANE_HOME";

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The environment names no folder to keep files in.
    #[error("there is no home folder: set {VARIABLE} to a folder of your own")]
    Nowhere,
    /// The file system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// There are no random bytes for a file's name.
    #[error("the system has no random bytes")]
    Random,
}

impl HomeError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// The folder of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// A folder that need not exist yet.
    ///
    /// # Errors
    /// The path cannot be made absolute.
    pub fn at(root: &Path) -> Result<Self, HomeError> {
        let root = std::path::absolute(root).map_err(HomeError::io("find", root))?;
        Ok(Self { root })
    }

    /// The folder that `SPLITPLANE_HOME` names, or `splitplane` in the user's configuration folder.
    ///
    /// # Errors
    /// [`HomeError::Nowhere`] when the environment names neither.
    pub fn from_environment() -> Result<Self, HomeError> {
        if let Some(root) = variable(VARIABLE) {
            return Self::at(Path::new(&root));
        }
        let configuration = match (variable("XDG_CONFIG_HOME"), variable("HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(home)) => Path::new(&home).join(".config"),
            (None, None) => return Err(HomeError::Nowhere),
        };
        Self::at(&configuration.join("splitplane"))
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Certificates and their keys.
    #[must_use]
    pub fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    /// Signing and sealing keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// Profiles.
    #[must_use]
    pub fn profiles(&self) -> PathBuf {
        self.root.join("profiles")
    }

    /// The registry of the mesh that is up.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.root.join("registry.yaml")
    }

    /// The registry of a demonstration, which leaves a mesh that is up alone.
    #[must_use]
    pub fn demo_registry(&self) -> PathBuf {
        self.root.join("demo-registry.yaml")
    }

    /// What services of the mesh that is up must not forget at a restart.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("state")
    }

    /// The same of a demonstration.
    #[must_use]
    pub fn demo_state(&self) -> PathBuf {
        self.root.join("demo-state")
    }

    /// Checkpoints of the audit log.
    #[must_use]
    pub fn audit_checkpoints(&self) -> PathBuf {
        self.root.join("audit-checkpoints").join("log.jsonl")
    }

    /// The audit log.
    #[must_use]
    pub fn audit_log(&self) -> PathBuf {
        self.root.join("audit").join("log.jsonl")
    }

    /// Where statements set aside what does not fit in memory.
    #[must_use]
    pub fn spill(&self) -> PathBuf {
        self.root.join("spill")
    }

    /// Model and policy of an embedded example.
    #[must_use]
    pub fn example(&self, name: &str) -> PathBuf {
        self.root.join("examples").join(name)
    }

    /// Generated data of an embedded example.
    #[must_use]
    pub fn data(&self, name: &str) -> PathBuf {
        self.root.join("data").join(name)
    }

    /// Makes the folder, for its owner alone. One that exists keeps its permissions.
    ///
    /// # Errors
    /// See [`HomeError`].
    pub fn make(&self) -> Result<(), HomeError> {
        make_folder(&self.root)
    }
}

/// The one door from the environment to the command line.
#[expect(clippy::disallowed_methods, reason = "the command line's own folder is found here, once")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The environment's keys of the services, for their configuration.
#[must_use]
pub fn service_environment() -> Vec<(String, String)> {
    // What is not UTF-8 cannot be a key; other variables may be as they like.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("SPLITPLANE_") && name.contains("__"))
        .collect()
}

/// Makes a folder, and those above it, for the owner alone.
pub(crate) fn make_folder(path: &Path) -> Result<(), HomeError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(HomeError::io("make the folder", path))
}

/// Makes a folder for secrets; one that exists is closed to others.
pub(crate) fn make_secret_folder(path: &Path) -> Result<(), HomeError> {
    make_folder(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(HomeError::io("close", path))
}

/// Writes a file of secrets: whole or not at all, and only for the owner.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), HomeError> {
    write(path, text, 0o600)
}

/// Writes a file that holds no secret: whole or not at all.
pub(crate) fn write_public(path: &Path, text: &str) -> Result<(), HomeError> {
    write(path, text, 0o644)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), HomeError> {
    let mut random = [0_u8; 8];
    SystemRandom::new().fill(&mut random).or(Err(HomeError::Random))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = folder.join(format!(".part-{}", hex::encode(random)));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&part)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        // Renaming is what makes it whole: a reader has the old file or the new one.
        .and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // The file in the making may not even exist; what went wrong is told below.
        drop(std::fs::remove_file(&part));
    }
    written.map_err(HomeError::io("write", path))
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, HomeError> {
    std::fs::read_to_string(path).map_err(HomeError::io("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_are_for_their_owner_alone_also_where_an_open_folder_was() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = folder.path().join("a/b");
        std::fs::create_dir_all(&secrets).unwrap();
        std::fs::set_permissions(&secrets, Permissions::from_mode(0o755)).unwrap();
        make_secret_folder(&secrets).unwrap();
        assert_eq!(mode(&secrets), 0o700);
        let file = secrets.join("key");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        write_secret(&file, "new").unwrap();
        assert_eq!((mode(&file), read(&file).unwrap().as_str()), (0o600, "new"));
        let names: Vec<_> =
            std::fs::read_dir(&secrets).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["key"], "nothing else is left");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/file");
        let error = write_public(&missing, "").unwrap_err().to_string();
        assert!(error.contains("missing/file"), "{error}");
    }
}

//! Appends records: in one order over all handles and processes, and on disk before it says so.
//!
//! The file itself carries the lock, so that no second file can be lost or left behind. Whoever
//! holds it reads what others appended since, and refuses to continue a chain it cannot follow.
//! Nothing here repairs a file: a torn line stays where it is until a person has seen it.

use crate::chain::follow;
use crate::queue::Queue;
use crate::record::{Link, Record, seal};
use crate::{AuditError, Fault};
use splitplane_types::Digest;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// An open log. Appending blocks until the disk has the record: call it off the async threads.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    state: Mutex<State>,
    queue: Queue,
}

#[derive(Debug)]
struct State {
    file: File,
    /// Bytes that were checked, and the place in the chain after them.
    checked: u64,
    link: Link,
    poisoned: bool,
    commits: u64,
}

impl AuditLog {
    /// Opens the log at `path`, making the file (mode 0600) and its folder (0700) if they are
    /// missing, and checks the whole chain. Several logs may be open on one file.
    ///
    /// # Errors
    /// [`AuditError::Broken`] for a file that is no unbroken chain, [`AuditError::OpenToOthers`], or
    /// [`AuditError::Io`].
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let io = |action| move |error| AuditError::io(action, path, error);
        let folder = folder_of(path);
        make_folder(folder).map_err(io("make the folder of"))?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(io("open"))?;
        let mode = file.metadata().map_err(io("measure"))?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(AuditError::OpenToOthers { path: path.to_owned(), mode });
        }
        // A record is durable only if the name that leads to it is.
        sync_folder(folder).map_err(io("sync the folder of"))?;
        let state = State { file, checked: 0, link: Link::genesis(), poisoned: false, commits: 0 };
        let log = Self { path: path.to_owned(), state: Mutex::new(state), queue: Queue::default() };
        log.locked(|state| log.catch_up(state))?;
        Ok(log)
    }

    /// Appends a record and returns its hash. The record is on disk when this returns.
    ///
    /// Records that arrive while others are written are written together, and paid for with one sync.
    ///
    /// # Errors
    /// See [`AuditError`]; whatever it is, nothing of what the record is about may be released.
    pub fn append(&self, record: Record) -> Result<Digest, AuditError> {
        self.queue.append(record, |records| {
            // A panic must not leave those who wait without an answer.
            let commit = panic::AssertUnwindSafe(|| self.commit(records));
            let poisoned = || Err(AuditError::Poisoned { path: self.path.clone() });
            panic::catch_unwind(commit).unwrap_or_else(|_panic| poisoned())
        })
    }

    /// Writes records, each after the one before, and syncs once. One that is too long fails alone.
    fn commit(&self, records: Vec<Record>) -> Result<Vec<Result<Digest, AuditError>>, AuditError> {
        self.locked(|state| {
            self.catch_up(state)?;
            let (mut lines, mut link) = (String::new(), state.link);
            let mut outcomes = Vec::with_capacity(records.len());
            for record in records {
                outcomes.push(seal(record, link).map(|(line, next)| {
                    lines.push_str(&line);
                    link = next;
                    next.prev
                }));
            }
            self.write(state, lines.as_bytes())?;
            state.link = link;
            state.commits += 1;
            Ok(outcomes)
        })
    }

    /// Records that wait to be written.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Times that this handle made records durable.
    #[cfg(test)]
    pub(crate) fn commits(&self) -> u64 {
        self.state.lock().unwrap().commits
    }

    /// Runs `act` while no other handle or process can append.
    fn locked<T>(&self, act: impl FnOnce(&mut State) -> Result<T, AuditError>) -> Result<T, AuditError> {
        // A thread that panicked here may have left the state behind the file.
        let mut state = self.state.lock().or(Err(AuditError::Poisoned { path: self.path.clone() }))?;
        if state.poisoned {
            return Err(AuditError::Poisoned { path: self.path.clone() });
        }
        state.file.lock().map_err(self.io("lock"))?;
        let outcome = act(&mut state);
        let unlocked = state.file.unlock().map_err(self.io("unlock"));
        let value = outcome?;
        unlocked?;
        Ok(value)
    }

    /// Checks what was appended since this handle last looked. When nothing was, one read of the
    /// last hash tells whether the tail still is the one it knows.
    fn catch_up(&self, state: &mut State) -> Result<(), AuditError> {
        let length = self.length_if_still_there(state)?;
        if length < state.checked {
            return Err(self.broken(state.link.seq, Fault::Shorter));
        }
        self.check_known_tail(state)?;
        if length > state.checked {
            let mut reader = &state.file;
            reader.seek(SeekFrom::Start(state.checked)).map_err(self.io("read"))?;
            let appended = BufReader::new(reader).take(length - state.checked);
            state.link = follow(appended, state.link, &self.path)?;
            state.checked = length;
        }
        Ok(())
    }

    /// The file's length, if the path still names it: a record in a removed file is lost.
    fn length_if_still_there(&self, state: &State) -> Result<u64, AuditError> {
        let held = state.file.metadata().map_err(self.io("measure"))?;
        match self.path.metadata() {
            Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => Ok(held.len()),
            Ok(_) => Err(AuditError::Replaced { path: self.path.clone() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(AuditError::Replaced { path: self.path.clone() })
            }
            Err(source) => Err(self.io("measure")(source)),
        }
    }

    /// Whether the last record that was checked still ends in the hash that it had.
    fn check_known_tail(&self, state: &State) -> Result<(), AuditError> {
        let expected = format!("{}\"}}\n", state.link.prev);
        let Some(start) = u64::try_from(expected.len()).ok().and_then(|n| state.checked.checked_sub(n))
        else {
            return Ok(());
        };
        let mut tail = vec![0; expected.len()];
        state.file.read_exact_at(&mut tail, start).map_err(self.io("read"))?;
        if tail == expected.as_bytes() { Ok(()) } else { Err(self.broken(state.link.seq, Fault::Changed)) }
    }

    fn write(&self, state: &mut State, line: &[u8]) -> Result<(), AuditError> {
        if let Err(source) = state.file.write_all(line) {
            // Takes back what this call wrote, not what anyone else did, so that a full disk leaves no
            // torn line. If even that fails the line stays, and every handle refuses to go on from it.
            state.poisoned = state.file.set_len(state.checked).and_then(|()| state.file.sync_data()).is_err();
            return Err(self.io("write to")(source));
        }
        if let Err(source) = state.file.sync_data() {
            // The kernel may have dropped the pages that it could not write: a later sync proves nothing.
            state.poisoned = true;
            return Err(self.io("sync")(source));
        }
        state.checked = state.checked.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    fn io(&self, action: &'static str) -> impl FnOnce(io::Error) -> AuditError {
        move |error| AuditError::io(action, &self.path, error)
    }

    fn broken(&self, line: u64, fault: Fault) -> AuditError {
        AuditError::Broken { path: self.path.clone(), line, fault }
    }
}

/// The folder of a file; a bare name is in the current one.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Makes a folder and those above it, each durable in the one that holds it.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    make_folder(above)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        // Another service of the mesh made it meanwhile.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    sync_folder(above)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

//! Appends records: in one order over all handles and processes, and on disk before it says so.
//!
//! The file itself carries the lock, so that no second file can be lost or left behind. Whoever
//! holds it reads what others appended since, and refuses to continue a chain it cannot follow. The
//! one thing that is repaired is a last line without an end, which a process leaves that was killed
//! while it wrote: nobody was told that it is there. It is put aside, and a record says so.

use crate::chain::{follow, follow_closed};
use crate::checkpoint::{Checkpoint, CheckpointConfig, Checkpoints};
use crate::queue::Queue;
use crate::record::{LINE_BYTES_MAX, Link, Record, seal};
use crate::{AuditError, Fault, segments};
use splitplane_types::Digest;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// An open log. Appending blocks until the disk has the record: call it off the async threads.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    options: AuditOptions,
    state: Mutex<State>,
    queue: Queue,
}

/// How a log is kept. By default it is one file that nothing is ever removed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditOptions {
    /// A file that has grown to so many bytes is closed, and another begun.
    pub segment_bytes: u64,
    /// Closed files that nobody has written to for so long are removed. `None` keeps them.
    pub keep: Option<Duration>,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self { segment_bytes: u64::MAX, keep: None }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    file: File,
    /// Number of the file's first record.
    first: u64,
    /// Bytes that were checked, and the place in the chain after them.
    checked: u64,
    link: Link,
    poisoned: bool,
    checkpoints: Option<Checkpoints>,
    commits: u64,
}

impl AuditLog {
    /// Opens the log at `path`, making the file (mode 0600) and its folder (0700) if they are
    /// missing, and checks the open file's chain. Several logs may be open on one file.
    ///
    /// # Errors
    /// [`AuditError::Broken`] for a file that is no unbroken chain, [`AuditError::OpenToOthers`], or
    /// [`AuditError::Io`].
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        Self::open_with(path, AuditOptions::default(), None)
    }

    /// Opens the log at `path` with options, and signs where it is in another place.
    ///
    /// # Errors
    /// As [`AuditLog::open`], of either file. A log that does not go through the latest checkpoint was cut or
    /// replaced while nobody had it open: it is refused.
    pub fn open_with(
        path: &Path,
        options: AuditOptions,
        checkpoints: Option<CheckpointConfig>,
    ) -> Result<Self, AuditError> {
        let checkpoints = checkpoints.map(Checkpoints::open).transpose()?;
        // Before the log: whatever it vouches for has to be there by now.
        let latest = checkpoints.as_ref().map(Checkpoints::latest).transpose()?.flatten();
        let (file, link) = Self::open_current(path)?;
        if let Some(checkpoint) = latest.filter(|checkpoint| checkpoint.records < link.seq) {
            follow_closed(path, checkpoint)?;
        }
        let state =
            State { file, first: link.seq, checked: 0, link, poisoned: false, checkpoints, commits: 0 };
        let log = Self { path: path.to_owned(), options, state: Mutex::new(state), queue: Queue::default() };
        log.locked(|state| {
            log.catch_up_through(state, latest)?;
            log.checkpoint_if_due(state)
        })?;
        Ok(log)
    }

    /// The file that is written to, and the place in the chain before its first record.
    fn open_current(path: &Path) -> Result<(File, Link), AuditError> {
        let io = |action| move |error| AuditError::io(action, path, error);
        loop {
            let file = segments::open(path)?;
            file.lock().map_err(io("lock"))?;
            // Nobody closes a file whose lock somebody else holds.
            if segments::names(path, &file)? {
                let link = match segments::closed(path)?.last() {
                    Some((_, newest)) => segments::end(newest)?,
                    None => Link::genesis(),
                };
                file.unlock().map_err(io("unlock"))?;
                return Ok((file, link));
            }
        }
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

    /// Writes a checkpoint that covers every record, unless the last one does.
    ///
    /// # Errors
    /// See [`AuditError`].
    pub fn checkpoint(&self) -> Result<(), AuditError> {
        self.locked(|state| {
            self.catch_up(state)?;
            state.checkpoint()
        })
    }

    /// Writes records, each after the one before, and syncs once. One that is too long fails alone.
    fn commit(&self, records: Vec<Record>) -> Result<Vec<Result<Digest, AuditError>>, AuditError> {
        self.locked(|state| {
            self.catch_up(state)?;
            let outcomes = self.write_records(state, records)?;
            self.checkpoint_if_due(state)?;
            if state.checked >= self.options.segment_bytes {
                self.close_segment(state)?;
            }
            Ok(outcomes)
        })
    }

    fn write_records(
        &self,
        state: &mut State,
        records: Vec<Record>,
    ) -> Result<Vec<Result<Digest, AuditError>>, AuditError> {
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
        let outcome = self.follow_segments(&mut state).and_then(|()| act(&mut state));
        let unlocked = state.file.unlock().map_err(self.io("unlock"));
        let value = outcome?;
        unlocked?;
        Ok(value)
    }

    /// Moves on to the file that is written now, if another process has closed the one that is held.
    fn follow_segments(&self, state: &mut State) -> Result<(), AuditError> {
        while !segments::names(&self.path, &state.file)? {
            // A record in a removed file is lost; one in a closed segment is not.
            if !segments::names(&segments::name(&self.path, state.first), &state.file)? {
                return Err(AuditError::Replaced { path: self.path.clone() });
            }
            self.catch_up(state)?;
            self.begin_segment(state)?;
        }
        Ok(())
    }

    /// Closes the file and begins another.
    fn close_segment(&self, state: &mut State) -> Result<(), AuditError> {
        // Vouches for the end of this file once it is gone.
        state.checkpoint()?;
        let closed = segments::name(&self.path, state.first);
        std::fs::rename(&self.path, closed).map_err(self.io("close"))?;
        self.begin_segment(state)?;
        if let Some(keep) = self.options.keep {
            segments::forget(&self.path, keep, now())?;
        }
        Ok(())
    }

    /// Opens the next file and takes its lock before the lock on this one goes.
    fn begin_segment(&self, state: &mut State) -> Result<(), AuditError> {
        let next = segments::open(&self.path)?;
        next.lock().map_err(self.io("lock"))?;
        state.file = next;
        state.checked = 0;
        state.first = state.link.seq;
        Ok(())
    }

    fn catch_up(&self, state: &mut State) -> Result<(), AuditError> {
        self.catch_up_through(state, None)
    }

    /// Checks what was appended since this handle last looked, and that the chain goes through a checkpoint
    /// that was made since then. When nothing was appended, one read of the last hash tells whether the tail
    /// still is the one it knows.
    fn catch_up_through(&self, state: &mut State, checkpoint: Option<Checkpoint>) -> Result<(), AuditError> {
        let agrees = |link: Link| match checkpoint {
            Some(Checkpoint { records, head }) if records == link.seq && head != link.prev => {
                Err(self.broken(link.seq, Fault::OtherHistory))
            }
            Some(_) | None => Ok(()),
        };
        agrees(state.link)?;
        let length = state.file.metadata().map_err(self.io("measure"))?.len();
        if length < state.checked {
            return Err(self.broken(state.link.seq, Fault::Shorter));
        }
        self.check_known_tail(state)?;
        let torn = self.torn_tail(state, length)?;
        let whole = length - u64::try_from(torn.len()).unwrap_or(0);
        if whole > state.checked {
            let mut reader = &state.file;
            reader.seek(SeekFrom::Start(state.checked)).map_err(self.io("read"))?;
            let appended = BufReader::new(reader).take(whole - state.checked);
            state.link = follow(appended, state.link, &self.path, &mut |link| agrees(link))?;
            state.checked = whole;
        }
        if checkpoint.is_some_and(|checkpoint| checkpoint.records > state.link.seq) {
            return Err(self.broken(state.link.seq.saturating_add(1), Fault::CutTail));
        }
        if torn.is_empty() { Ok(()) } else { self.put_aside(state, &torn) }
    }

    /// Bytes after the last whole line.
    fn torn_tail(&self, state: &State, length: u64) -> Result<Vec<u8>, AuditError> {
        let longest = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let window = (length - state.checked).min(longest + 1);
        let mut tail = vec![0; usize::try_from(window).unwrap_or(LINE_BYTES_MAX)];
        state.file.read_exact_at(&mut tail, length - window).map_err(self.io("read"))?;
        match tail.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => Ok(tail.split_off(end + 1)),
            // No writer of ours begins a line that long.
            None if window > longest => Err(self.broken(state.link.seq.saturating_add(1), Fault::Torn)),
            None => Ok(tail),
        }
    }

    /// Keeps a torn line in a file of its own, takes it out of the log, and records that.
    fn put_aside(&self, state: &mut State, torn: &[u8]) -> Result<(), AuditError> {
        let aside = segments::name(&self.path, state.link.seq).with_extension("torn");
        let mut file = segments::open(&aside)?;
        file.write_all(torn).and_then(|()| file.sync_all()).map_err(self.io("put a torn line aside from"))?;
        let cut = state.file.set_len(state.checked).and_then(|()| state.file.sync_data());
        cut.map_err(self.io("cut a torn line from"))?;
        let bytes = u64::try_from(torn.len()).unwrap_or(u64::MAX);
        let outcomes = self.write_records(state, vec![Record::recovered(now(), bytes)])?;
        outcomes.into_iter().try_for_each(|outcome| outcome.map(drop))
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

    fn write(&self, state: &mut State, lines: &[u8]) -> Result<(), AuditError> {
        if let Err(source) = state.file.write_all(lines) {
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
        state.checked = state.checked.saturating_add(u64::try_from(lines.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    fn checkpoint_if_due(&self, state: &mut State) -> Result<(), AuditError> {
        let link = state.link;
        state.checkpoints.as_mut().map_or(Ok(()), |checkpoints| checkpoints.write_if_due(link, now()))
    }

    fn io(&self, action: &'static str) -> impl FnOnce(io::Error) -> AuditError {
        move |error| AuditError::io(action, &self.path, error)
    }

    fn broken(&self, line: u64, fault: Fault) -> AuditError {
        AuditError::Broken { path: self.path.clone(), line, fault }
    }
}

impl State {
    fn checkpoint(&mut self) -> Result<(), AuditError> {
        let link = self.link;
        self.checkpoints.as_mut().map_or(Ok(()), |checkpoints| checkpoints.write(link, now()))
    }
}

/// The time at which a file is closed or a checkpoint written.
#[expect(clippy::disallowed_methods, reason = "compared with the times of files, which are the machine's")]
fn now() -> SystemTime {
    SystemTime::now()
}

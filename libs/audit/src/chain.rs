//! Decides whether a log is an unbroken chain, over all of its files. Changes nothing.

use crate::record::{LINE_BYTES_MAX, Link, check};
use crate::{AuditError, Checkpoint, Fault, segments};
use splitplane_types::Digest;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// An unbroken chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Records in it, those of removed segments included.
    pub records: u64,
    /// Number of the first record that is still there.
    pub first: u64,
    /// Hash of the last one; all zeros when there is none. Kept elsewhere, it also finds a cut tail.
    pub head: Digest,
}

/// Checks every record of the log at `path`. Services may append meanwhile.
///
/// # Errors
/// [`AuditError::Broken`] with the first line that is wrong; [`AuditError::Io`] when the file cannot
/// be read.
pub fn verify(path: &Path) -> Result<Verified, AuditError> {
    verify_against(path, &[])
}

/// Checks every record, and that the chain goes through every checkpoint.
///
/// # Errors
/// As [`verify`]; a log that is shorter than a checkpoint says, has another record where one was, or whose
/// beginning was removed without one that vouches for what came before.
pub fn verify_against(path: &Path, checkpoints: &[Checkpoint]) -> Result<Verified, AuditError> {
    walk(path, checkpoints, &mut |_line| Ok(()))
}

/// Calls `visit` with every line of the log at `path`, without its end, while it checks as
/// [`verify_against`] does.
///
/// # Errors
/// As [`verify_against`], and whatever `visit` returns.
pub fn walk(
    path: &Path,
    checkpoints: &[Checkpoint],
    visit: &mut dyn FnMut(&[u8]) -> Result<(), AuditError>,
) -> Result<Verified, AuditError> {
    let heads: BTreeMap<u64, Digest> =
        checkpoints.iter().map(|checkpoint| (checkpoint.records, checkpoint.head)).collect();
    let (files, first) = files(path)?;
    let before = match (first, heads.get(&first)) {
        (0, _) => Link::genesis(),
        (_, Some(head)) => Link { seq: first, prev: *head },
        (_, None) => {
            return Err(AuditError::Broken {
                path: path.to_owned(),
                line: first + 1,
                fault: Fault::Beginning,
            });
        }
    };
    let agrees = |link: Link, path: &Path| match heads.get(&link.seq) {
        Some(head) if *head != link.prev => {
            Err(AuditError::Broken { path: path.to_owned(), line: link.seq, fault: Fault::OtherHistory })
        }
        Some(_) | None => Ok(()),
    };
    agrees(before, path)?;
    let mut link = before;
    for (path, source) in files {
        link = follow_lines(BufReader::new(source), link, &path, &mut |line, link| {
            agrees(link, &path)?;
            visit(line)
        })?;
    }
    match heads.keys().next_back() {
        Some(records) if *records > link.seq => {
            Err(AuditError::Broken { path: path.to_owned(), line: link.seq + 1, fault: Fault::CutTail })
        }
        Some(_) | None => Ok(Verified { records: link.seq, first, head: link.prev }),
    }
}

/// Called with every line and the place after it.
type Visit<'v> = &'v mut dyn FnMut(&[u8], Link) -> Result<(), AuditError>;

type Source = (PathBuf, io::Take<File>);

/// The files of the log as they are at one moment, and the number of the first record in them.
fn files(path: &Path) -> Result<(Vec<Source>, u64), AuditError> {
    let io = |action| move |error| AuditError::io(action, path, error);
    let current = File::open(path).map_err(io("open"))?;
    // The lock is held for the lengths alone: holding it while reading would stop every service.
    current.lock_shared().map_err(io("lock"))?;
    let opened = (|| {
        let closed = segments::closed(path)?;
        let mut files = Vec::with_capacity(closed.len() + 1);
        for (_, segment) in &closed {
            let file = File::open(segment).map_err(io("open a segment of"))?;
            files.push((segment.clone(), file.take(u64::MAX)));
        }
        let length = current.metadata().map_err(io("measure"))?.len();
        files.push((path.to_owned(), current.try_clone().map_err(io("open"))?.take(length)));
        Ok((files, closed.first().map_or(0, |(first, _)| *first)))
    })();
    current.unlock().map_err(io("unlock"))?;
    opened
}

/// Checks the closed segments of the log from a checkpoint's record on: the chain goes through it, and on to the
/// end of the last of them. Nothing is said of a record that was removed with its segment.
pub(crate) fn follow_closed(path: &Path, checkpoint: Checkpoint) -> Result<(), AuditError> {
    let closed = segments::closed(path)?;
    let Some(from) = closed.iter().rposition(|(first, _)| *first <= checkpoint.records) else {
        return Ok(());
    };
    let (before, rest) = closed.split_at(from);
    let first = rest.first().map_or(0, |(first, _)| *first);
    let mut link = match before.last() {
        Some((_, segment)) => segments::end(segment)?,
        None if first == 0 => Link::genesis(),
        None if first == checkpoint.records => Link { seq: first, prev: checkpoint.head },
        None => return Ok(()),
    };
    let agrees = |link: Link, path: &Path| {
        let is_other = link.seq == checkpoint.records && link.prev != checkpoint.head;
        let fault = Fault::OtherHistory;
        if is_other {
            Err(AuditError::Broken { path: path.to_owned(), line: link.seq, fault })
        } else {
            Ok(())
        }
    };
    agrees(link, path)?;
    for (_, segment) in rest {
        let file =
            File::open(segment).map_err(|error| AuditError::io("open a segment of", segment, error))?;
        link = follow(BufReader::new(file), link, segment, &mut |link| agrees(link, segment))?;
    }
    Ok(())
}

/// Checks the lines of `source` as the continuation of `link`, and calls `visit` with every place after one.
pub(crate) fn follow(
    source: impl BufRead,
    link: Link,
    path: &Path,
    visit: &mut dyn FnMut(Link) -> Result<(), AuditError>,
) -> Result<Link, AuditError> {
    follow_lines(source, link, path, &mut |_line, link| visit(link))
}

fn follow_lines(
    mut source: impl BufRead,
    mut link: Link,
    path: &Path,
    visit: Visit<'_>,
) -> Result<Link, AuditError> {
    let mut line = Vec::new();
    loop {
        let broken =
            |fault| AuditError::Broken { path: path.to_owned(), line: link.seq.saturating_add(1), fault };
        match read_line(&mut source, &mut line) {
            Ok(Line::End) => return Ok(link),
            Ok(Line::Torn) => return Err(broken(Fault::Torn)),
            Ok(Line::Whole) => {
                link = check(&line, link).map_err(broken)?;
                visit(&line, link)?;
            }
            Err(error) => return Err(AuditError::io("read", path, error)),
        }
    }
}

enum Line {
    Whole,
    Torn,
    End,
}

/// Reads one line into `line`, without its end and never more than a line may have.
fn read_line(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let bytes_max = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    if source.take(bytes_max).read_until(b'\n', line)? == 0 {
        return Ok(Line::End);
    }
    Ok(if line.pop() == Some(b'\n') { Line::Whole } else { Line::Torn })
}

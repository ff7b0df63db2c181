//! Decides whether a file is an unbroken chain. Changes nothing.

use crate::record::{LINE_BYTES_MAX, Link, check};
use crate::{AuditError, Fault};
use splitplane_types::Digest;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

/// An unbroken chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Records in it.
    pub records: u64,
    /// Hash of the last one; all zeros when there is none. Kept elsewhere, it also finds a cut tail.
    pub head: Digest,
}

/// Checks every record of the log at `path`. Services may append meanwhile.
///
/// # Errors
/// [`AuditError::Broken`] with the first line that is wrong; [`AuditError::Io`] when the file cannot
/// be read.
pub fn verify(path: &Path) -> Result<Verified, AuditError> {
    let io = |action| move |error| AuditError::io(action, path, error);
    let file = File::open(path).map_err(io("open"))?;
    // The lock is held for the length alone: holding it while reading would stop every service.
    file.lock_shared().map_err(io("lock"))?;
    let length = file.metadata().map(|metadata| metadata.len());
    file.unlock().map_err(io("unlock"))?;
    let length = length.map_err(io("measure"))?;
    let end = follow(BufReader::new(file).take(length), Link::genesis(), path)?;
    Ok(Verified { records: end.seq, head: end.prev })
}

/// Checks the lines of `source` as the continuation of `link`.
pub(crate) fn follow(mut source: impl BufRead, mut link: Link, path: &Path) -> Result<Link, AuditError> {
    let mut line = Vec::new();
    loop {
        let broken =
            |fault| AuditError::Broken { path: path.to_owned(), line: link.seq.saturating_add(1), fault };
        match read_line(&mut source, &mut line) {
            Ok(Line::End) => return Ok(link),
            Ok(Line::Torn) => return Err(broken(Fault::Torn)),
            Ok(Line::Whole) => link = check(&line, link).map_err(broken)?,
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

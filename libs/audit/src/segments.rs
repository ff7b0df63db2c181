//! The files that one log is made of: closed segments, each named by its first record, and the open file.
//!
//! Decides names and order. `log.jsonl` is the file that is written; `log.000000000042.jsonl` is a
//! closed one whose first record is number 42.

use crate::record::{LINE_BYTES_MAX, Link, link_after};
use crate::{AuditError, Fault};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const DIGITS: usize = 12;

/// The name of the segment of the log at `path` that begins with record `first`.
pub(crate) fn name(path: &Path, first: u64) -> PathBuf {
    let (stem, extension) = parts(path);
    path.with_file_name(format!("{stem}.{first:0DIGITS$}{extension}"))
}

/// Closed segments of the log at `path` and the numbers of their first records, in order.
pub(crate) fn closed(path: &Path) -> Result<Vec<(u64, PathBuf)>, AuditError> {
    let io = |error| AuditError::io("list the segments of", path, error);
    let (stem, extension) = parts(path);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder_of(path)).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(&stem)?.strip_prefix('.')?.strip_suffix(&extension))
            .filter(|digits| digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        if let Some(first) = number {
            found.push((first, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// `log` and `.jsonl`.
fn parts(path: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let extension =
        path.extension().map_or_else(String::new, |extension| format!(".{}", text(Some(extension))));
    (text(path.file_stem()), extension)
}

/// The place after the last record of a closed segment, from its last line alone.
pub(crate) fn end(segment: &Path) -> Result<Link, AuditError> {
    let io = |error| AuditError::io("read", segment, error);
    let file = File::open(segment).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let window = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2).min(length);
    let mut tail = vec![0; usize::try_from(window).unwrap_or(LINE_BYTES_MAX)];
    file.read_exact_at(&mut tail, length - window).map_err(io)?;
    let broken = |fault| AuditError::Broken { path: segment.to_owned(), line: 0, fault };
    let body = tail.strip_suffix(b"\n").ok_or_else(|| broken(Fault::Torn))?;
    let start = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    link_after(body.get(start..).unwrap_or_default()).map_err(broken)
}

/// Removes closed segments that nobody has written to for longer than `keep`, but for the newest.
pub(crate) fn forget(path: &Path, keep: Duration, now: SystemTime) -> Result<(), AuditError> {
    let io = |error| AuditError::io("remove a segment of", path, error);
    let mut closed = closed(path)?;
    let _newest = closed.pop();
    for (_, segment) in closed {
        let written = fs::metadata(&segment).and_then(|metadata| metadata.modified()).map_err(io)?;
        // The oldest first: those after one that stays, stay.
        if now.duration_since(written).is_ok_and(|age| age > keep) {
            fs::remove_file(&segment).map_err(io)?;
        } else {
            break;
        }
    }
    sync_folder(folder_of(path)).map_err(io)
}

/// Opens a file of the log for appending, making it (mode 0600) and its folder (0700) if they are missing.
pub(crate) fn open(path: &Path) -> Result<File, AuditError> {
    let io = |action| move |error| AuditError::io(action, path, error);
    let folder = folder_of(path);
    make_folder(folder).map_err(io("make the folder of"))?;
    let file =
        OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(io("open"))?;
    let mode = file.metadata().map_err(io("measure"))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(AuditError::OpenToOthers { path: path.to_owned(), mode });
    }
    // A record is durable only if the name that leads to it is.
    sync_folder(folder).map_err(io("sync the folder of"))?;
    Ok(file)
}

/// Whether the path names this open file.
pub(crate) fn names(path: &Path, file: &File) -> Result<bool, AuditError> {
    let io = |error| AuditError::io("measure", path, error);
    let held = file.metadata().map_err(io)?;
    match path.metadata() {
        Ok(named) => Ok((named.dev(), named.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io(error)),
    }
}

/// The folder of a file; a bare name is in the current one.
pub(crate) fn folder_of(path: &Path) -> &Path {
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

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

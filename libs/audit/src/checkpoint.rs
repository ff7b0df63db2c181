//! Checkpoints: signed statements of where the chain was, in a second place.
//!
//! They find what the chain alone cannot: a tail that was cut off, and a log that someone who may write
//! it has chained anew. A line is the checkpoint's JSON, closed by an ES256 signature (RFC 7518, 3.4)
//! over every byte before it.

use crate::record::Link;
use crate::{AuditError, segments};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use splitplane_session::{PublicKey, SigningKey};
use splitplane_types::Digest;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

const BEFORE_SIGNATURE: &str = ",\"signature\":\"";
const AFTER_SIGNATURE: &str = "\"}";
/// Bytes at the end of the file among which the latest checkpoint is looked for at first.
const LATEST_BYTES: u64 = 64 * 1_024;
/// What a signature is for: this key may come to sign other things.
const CONTEXT: &[u8] = b"splitplane audit checkpoint 1\n";

/// Where checkpoints go, and who signs them.
#[derive(Debug)]
pub struct CheckpointConfig {
    /// The file; best on another disk or machine than the log.
    pub file: PathBuf,
    /// The key that signs.
    pub key: SigningKey,
    /// The longest time between a record and a checkpoint that covers it, while records arrive.
    pub period: Duration,
}

/// A checkpoint that was read: after `records` records the head of the chain was `head`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Records in the log.
    pub records: u64,
    /// Hash of the last one.
    pub head: Digest,
}

/// The file that checkpoints are written to.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    config: CheckpointConfig,
    file: File,
    last: Option<(Instant, u64)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    records: u64,
    head: String,
    #[serde(rename = "time")]
    _time: String,
    kid: String,
}

impl Checkpoints {
    pub(crate) fn open(config: CheckpointConfig) -> Result<Self, AuditError> {
        let file = segments::open(&config.file)?;
        Ok(Self { config, file, last: None })
    }

    /// The last checkpoint that this key has signed. A line without an end is one that a killed process left;
    /// lines that were changed are for a whole reading to find.
    pub(crate) fn latest(&self) -> Result<Option<Checkpoint>, AuditError> {
        let io = |error| AuditError::io("read the checkpoints of", &self.config.file, error);
        let length = self.file.metadata().map_err(io)?.len();
        let keys = [self.config.key.public_key()];
        let mut window = LATEST_BYTES;
        loop {
            window = window.min(length);
            let mut tail = vec![0; usize::try_from(window).unwrap_or_default()];
            self.file.read_exact_at(&mut tail, length - window).map_err(io)?;
            let text = String::from_utf8_lossy(&tail);
            let found = text.lines().rev().find_map(|line| open(line, &keys).ok());
            // Further back, behind lines that others have signed or that are none.
            if found.is_some() || window == length {
                return Ok(found);
            }
            window = window.saturating_mul(8);
        }
    }

    /// Writes a checkpoint if records have come since the last one, and that was long enough ago.
    pub(crate) fn write_if_due(&mut self, link: Link, now: SystemTime) -> Result<(), AuditError> {
        let is_due = match self.last {
            Some((when, records)) => records != link.seq && when.elapsed() >= self.config.period,
            None => true,
        };
        if is_due { self.write(link, now) } else { Ok(()) }
    }

    /// Writes a checkpoint unless the last one says the same. It is on disk when this returns.
    pub(crate) fn write(&mut self, link: Link, now: SystemTime) -> Result<(), AuditError> {
        if self.last.is_some_and(|(_, records)| records == link.seq) {
            return Ok(());
        }
        let io = |error| AuditError::io("write a checkpoint to", &self.config.file, error);
        let line = seal(link, now, &self.config.key)?;
        self.file.lock().map_err(io)?;
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        let unlocked = self.file.unlock();
        written.map_err(io)?;
        unlocked.map_err(io)?;
        self.last = Some((Instant::now(), link.seq));
        Ok(())
    }
}

fn seal(link: Link, now: SystemTime, key: &SigningKey) -> Result<String, AuditError> {
    let time = jiff::Timestamp::try_from(now).or(Err(AuditError::Time))?;
    let public = key.public_key();
    let mut line = format!(
        r#"{{"records":{},"head":"{}","time":"{time:.6}","kid":"{}""#,
        link.seq,
        link.prev,
        public.kid()
    );
    let signature = key.sign(&signed(&line)).or(Err(AuditError::Signature))?;
    line.push_str(BEFORE_SIGNATURE);
    line.push_str(&URL_SAFE_NO_PAD.encode(signature));
    line.push_str(AFTER_SIGNATURE);
    line.push('\n');
    Ok(line)
}

fn signed(line: &str) -> Vec<u8> {
    [CONTEXT, line.as_bytes()].concat()
}

/// Reads the checkpoints in a file, each of which one of `keys` has signed, in the order of the chain.
///
/// # Errors
/// [`AuditError::Checkpoint`] with the first line that is wrong; [`AuditError::Io`].
pub fn read_checkpoints(path: &Path, keys: &[PublicKey]) -> Result<Vec<Checkpoint>, AuditError> {
    let io = |error| AuditError::io("read the checkpoints of", path, error);
    let file = File::open(path).map_err(io)?;
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for (at, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(io)?;
        let wrong = |what| AuditError::Checkpoint { path: path.to_owned(), line: at + 1, what };
        let checkpoint = open(&line, keys).map_err(wrong)?;
        if checkpoints.last().is_some_and(|last| last.records > checkpoint.records) {
            return Err(wrong("it says that there were fewer records than before"));
        }
        checkpoints.push(checkpoint);
    }
    Ok(checkpoints)
}

fn open(line: &str, keys: &[PublicKey]) -> Result<Checkpoint, &'static str> {
    const MALFORMED: &str = "it is not a checkpoint";
    let (body, signature) = line
        .strip_suffix(AFTER_SIGNATURE)
        .and_then(|open| open.rsplit_once(BEFORE_SIGNATURE))
        .ok_or(MALFORMED)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).or(Err(MALFORMED))?;
    let parsed: Body = serde_json::from_str(&format!("{body}}}")).or(Err(MALFORMED))?;
    let key = keys.iter().find(|key| key.kid() == parsed.kid).ok_or("nobody known has signed it")?;
    if !key.has_signed(&signed(body), &signature) {
        return Err("its signature does not hold");
    }
    Ok(Checkpoint { records: parsed.records, head: parsed.head.parse().or(Err(MALFORMED))? })
}

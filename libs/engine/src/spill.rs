//! Spill files: what a statement sets aside on disk when its memory is used up.
//!
//! Decides that nothing of it is readable there: chunks are sealed with AES-256-GCM under a key that is
//! made when the engine starts and is never written, in a folder that only this user may enter, which is
//! deleted at the end, or by the next engine to start there. A statement has a quota, and so have all of them together. Does not
//! decide when to spill: a statement's own memory limit does, which its own rows fill and no one else's.

use crate::EngineError;
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SpillFile, SpillWriter, TempFileFactory};
use futures::{Stream, stream};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, BufReader, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Where statements spill, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpillConfig {
    /// A folder in which every engine makes one of its own.
    pub folder: PathBuf,
    /// Bytes on disk of one statement.
    pub statement_bytes_max: u64,
    /// Bytes on disk of all statements together.
    pub bytes_max: u64,
}

/// Plain bytes of a chunk.
const CHUNK_BYTES: usize = 64 << 10;
const SUFFIX: &str = "spill";

/// An engine's own part of the spill folder.
pub(crate) struct Spill {
    folder: PathBuf,
    /// Held for as long as the folder is used: by this a folder that was left behind is told.
    _lock: File,
    key: LessSafeKey,
    used: AtomicU64,
    files: AtomicU64,
    statement_bytes_max: u64,
    bytes_max: u64,
}

impl fmt::Debug for Spill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spill(..)")
    }
}

impl Spill {
    /// Makes a folder of its own in the spill folder, and deletes those that nobody uses any more.
    pub(crate) fn open(config: &SpillConfig) -> std::result::Result<Arc<Self>, EngineError> {
        let key = key().ok_or_else(|| EngineError::internal("no randomness for a spill key"))?;
        wipe(&config.folder).map_err(EngineError::internal)?;
        let (folder, lock) = own(&config.folder).map_err(EngineError::internal)?;
        Ok(Arc::new(Self {
            folder,
            _lock: lock,
            key,
            used: AtomicU64::new(0),
            files: AtomicU64::new(0),
            statement_bytes_max: config.statement_bytes_max,
            bytes_max: config.bytes_max,
        }))
    }

    /// What one statement spills to.
    pub(crate) fn statement(self: &Arc<Self>) -> Arc<dyn TempFileFactory> {
        Arc::new(StatementSpill { spill: Arc::clone(self), used: Arc::default() })
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // Nobody is left to be told; the next start wipes again.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const LOCK: &str = "lock";

/// Makes the folder this user's alone, and deletes what processes left that did not end by themselves.
fn wipe(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Only what is ours to delete: a folder with a lock that nobody holds.
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        match lock.try_lock() {
            Ok(()) => fs::remove_dir_all(path)?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

fn own(folder: &Path) -> io::Result<(PathBuf, File)> {
    let mut name = [0; 8];
    SystemRandom::new().fill(&mut name).map_err(|_unspecified| io::Error::other("no randomness"))?;
    let folder = folder.join(format!("{:016x}", u64::from_be_bytes(name)));
    DirBuilder::new().mode(0o700).create(&folder)?;
    let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(LOCK))?;
    lock.lock()?;
    Ok((folder, lock))
}

fn key() -> Option<LessSafeKey> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    let key = UnboundKey::new(&AES_256_GCM, &bytes).ok()?;
    bytes.fill(0);
    Some(LessSafeKey::new(key))
}

/// One statement's files.
struct StatementSpill {
    spill: Arc<Spill>,
    used: Arc<AtomicU64>,
}

impl TempFileFactory for StatementSpill {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        let id = self.spill.files.fetch_add(1, Ordering::Relaxed);
        let path = self.spill.folder.join(format!("{id}.{SUFFIX}"));
        let file = OpenOptions::new().create_new(true).append(true).mode(0o600).open(&path)?;
        Ok(Arc::new(Sealed(Arc::new(Inner {
            spill: Arc::clone(&self.spill),
            statement: Arc::clone(&self.used),
            id,
            path,
            file,
            bytes: AtomicU64::new(0),
            chunks: AtomicU32::new(0),
        }))))
    }
}

/// A spill file; deleted when nobody holds it any more.
struct Sealed(Arc<Inner>);

struct Inner {
    spill: Arc<Spill>,
    statement: Arc<AtomicU64>,
    /// Unlike that of any other file under this key, so that no nonce comes twice.
    id: u64,
    path: PathBuf,
    file: File,
    bytes: AtomicU64,
    chunks: AtomicU32,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        self.spill.used.fetch_sub(bytes, Ordering::Relaxed);
        self.statement.fetch_sub(bytes, Ordering::Relaxed);
        // Sealed under a key that ends with the process; what cannot be deleted now is wiped at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

impl Inner {
    fn nonce(&self, chunk: u32) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let bytes = self.id.to_be_bytes().into_iter().chain(chunk.to_be_bytes());
        nonce.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        Nonce::assume_unique_for_key(nonce)
    }

    fn write_chunk(&self, plain: &mut Vec<u8>) -> io::Result<()> {
        if plain.is_empty() {
            return Ok(());
        }
        let chunk = self.chunks.fetch_add(1, Ordering::Relaxed);
        if chunk == u32::MAX {
            return Err(io::Error::other("a spill file of too many chunks"));
        }
        let mut sealed = std::mem::replace(plain, Vec::with_capacity(CHUNK_BYTES));
        self.spill
            .key
            .seal_in_place_append_tag(self.nonce(chunk), Aad::empty(), &mut sealed)
            .map_err(|_unspecified| io::Error::other("a spill chunk cannot be sealed"))?;
        let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
        self.take(u64::from(length) + 4)?;
        (&self.file).write_all(&length.to_be_bytes())?;
        (&self.file).write_all(&sealed)
    }

    /// Counts bytes before they are written, against both quotas.
    fn take(&self, bytes: u64) -> io::Result<()> {
        let statement = self.statement.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let all = self.spill.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if statement > self.spill.statement_bytes_max || all > self.spill.bytes_max {
            let cause: crate::Cause = Arc::new(io::Error::other("the spill quota is used up"));
            return Err(io::Error::other(EngineError::MemoryExceeded { cause }));
        }
        Ok(())
    }

    fn read_chunk(&self, reader: &mut impl io::Read, chunk: u32) -> io::Result<Bytes> {
        let mut length = [0; 4];
        reader.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        // Also bounds what a damaged length can ask for.
        let mut sealed = Vec::new();
        reader.take(u64::try_from(length).map_err(io::Error::other)?).read_to_end(&mut sealed)?;
        let plain = self
            .spill
            .key
            .open_in_place(self.nonce(chunk), Aad::empty(), &mut sealed)
            .map_err(|_unspecified| io::Error::other("a spill file is not what was written"))?
            .len();
        sealed.truncate(plain);
        Ok(sealed.into())
    }
}

impl SpillFile for Sealed {
    fn size(&self) -> Option<u64> {
        Some(self.0.bytes.load(Ordering::Relaxed))
    }

    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let reader = BufReader::new(File::open(&self.0.path)?);
        let inner = Arc::clone(&self.0);
        // As many as were written: a file cut short is an error, not an end.
        let chunks = inner.chunks.load(Ordering::Relaxed);
        let next = move |(inner, mut reader, chunk): (Arc<Inner>, BufReader<File>, u32)| async move {
            if chunk >= chunks {
                return None;
            }
            let bytes = inner.read_chunk(&mut reader, chunk).map_err(DataFusionError::from);
            Some((bytes, (inner, reader, chunk + 1)))
        };
        Ok(Box::pin(stream::unfold((inner, reader, 0), next)))
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Writer { inner: Arc::clone(&self.0), plain: Vec::with_capacity(CHUNK_BYTES) }))
    }
}

struct Writer {
    inner: Arc<Inner>,
    plain: Vec<u8>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_BYTES.saturating_sub(self.plain.len());
        let taken = bytes.get(..room.min(bytes.len())).unwrap_or(bytes);
        self.plain.extend_from_slice(taken);
        if self.plain.len() >= CHUNK_BYTES {
            self.inner.write_chunk(&mut self.plain)?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.write_chunk(&mut self.plain)
    }
}

impl SpillWriter for Writer {
    fn finish(&mut self) -> Result<()> {
        Ok(self.flush()?)
    }
}

//! Reading a file in order.
//!
//! Decides how much of an object is asked for at once, and when what follows is. A file on disk is read as it is
//! asked for.

use super::{EDGE_BYTES, Opened, OpenedFile, Reading};
use crate::error::AnyError;
use crate::store::{Object, Pending};
use bytes::Bytes;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// What a stream of an object asks for at once, at most.
const STREAM_BYTES_MAX: u64 = 4 << 20;

/// A place in an open file.
#[derive(Debug)]
pub(crate) struct Cursor {
    reading: Reading,
    at: u64,
    /// Of an object: what follows the place.
    piece: Bytes,
    next: Option<Pending>,
    /// Of an object: how much is asked for next. Whoever reads on asks for more at once.
    step: u64,
}

impl Cursor {
    pub(super) fn new(reading: &Reading, at: u64) -> Self {
        Self { reading: reading.clone(), at, piece: Bytes::new(), next: None, step: EDGE_BYTES }
    }

    /// The next bytes of an object.
    fn more(&mut self, object: &Object) -> std::result::Result<Bytes, AnyError> {
        if let Some(pending) = self.next.take() {
            let bytes = self.reading.received(pending)?;
            self.begin_next(object, self.at + u64::try_from(bytes.len())?);
            return Ok(bytes);
        }
        if let Some(bytes) = self.reading.at_hand(self.at)? {
            return Ok(bytes);
        }
        let end = self.reading.version().length().min(self.at.saturating_add(self.step));
        let bytes = self.reading.received(object.begin(self.at..end))?;
        if self.step > EDGE_BYTES {
            self.begin_next(object, end);
        } else {
            self.step *= 4;
        }
        Ok(bytes)
    }

    /// Asks for what follows before it is needed.
    fn begin_next(&mut self, object: &Object, at: u64) {
        let end = self.reading.version().length().min(at.saturating_add(self.step));
        if at < end {
            self.next = Some(object.begin(at..end));
            self.step = (self.step * 4).min(STREAM_BYTES_MAX);
        }
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let opened = Arc::clone(&self.reading.opened);
        let length = self.reading.version().length();
        // What was appended since is another version's.
        let left = usize::try_from(length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let read = match opened.as_ref() {
            Opened::File(OpenedFile { file, .. }) => {
                let read = file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.at)?;
                self.reading.meter.add(read);
                read
            }
            Opened::Object(_) if room == 0 => 0,
            Opened::Object(object) => {
                if self.piece.is_empty() {
                    self.piece = self.more(object).map_err(io::Error::other)?;
                }
                let taken = self.piece.split_to(self.piece.len().min(room));
                if let Some(place) = buffer.get_mut(..taken.len()) {
                    place.copy_from_slice(&taken);
                }
                taken.len()
            }
        };
        self.at += u64::try_from(read).map_err(io::Error::other)?;
        Ok(read)
    }
}

//! What a reader of an object will be asked for, fetched in few and large requests before it is.
//!
//! Decides how ranges are joined and cut, how many are on their way, and how much of them is held: a bound,
//! whatever a footer claims. Which ranges will be asked for is the reader's to say; being wrong costs time alone.

use crate::error::AnyError;
use crate::reading::Reading;
use crate::store::{Object, Pending};
use bytes::Bytes;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Ranges that lie as near as this are asked for as one: a request costs about what so many bytes do.
const NEAR_BYTES: u64 = 256 << 10;
/// What is held or on its way, of one reader.
const HELD_BYTES_MAX: u64 = 32 << 20;
const PIECE_BYTES: Range<u64> = 256 << 10..4 << 20;
/// Requests on their way, of one reader.
const COMING_MAX: usize = 4;

/// Pieces of an object, in order, of which some are held.
#[derive(Debug)]
pub(crate) struct Ahead {
    object: Object,
    pieces: Mutex<Pieces>,
}

#[derive(Debug)]
struct Pieces {
    pieces: Vec<Piece>,
    /// Counts uses: the smallest is the one that was used longest ago.
    uses: u64,
}

#[derive(Debug)]
struct Piece {
    range: Range<u64>,
    state: State,
    used: u64,
}

#[derive(Debug)]
enum State {
    Unread,
    Coming(Pending),
    Held(Bytes),
}

impl Piece {
    const fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    const fn is_unread(&self) -> bool {
        matches!(self.state, State::Unread)
    }

    const fn is_coming(&self) -> bool {
        matches!(self.state, State::Coming(_))
    }
}

impl Ahead {
    pub(crate) fn new(object: &Object, ranges: Vec<Range<u64>>) -> Self {
        let pieces = pieces(ranges).into_iter().map(|range| Piece { range, state: State::Unread, used: 0 });
        let pieces = Mutex::new(Pieces { pieces: pieces.collect(), uses: 0 });
        Self { object: object.clone(), pieces }
    }

    /// What is there from a place on; `None` where nobody expected it to be asked for.
    pub(crate) fn from(&self, at: u64, reading: &Reading) -> Result<Option<Bytes>, AnyError> {
        // One scan, one thread: nobody else waits for this lock.
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pieces.pieces.partition_point(|piece| piece.range.end <= at);
        pieces.begin_from(found, at, &self.object);
        let Some(piece) = pieces.pieces.get_mut(found).filter(|piece| piece.range.contains(&at)) else {
            return Ok(None);
        };
        if let State::Coming(_) = piece.state
            && let State::Coming(pending) = std::mem::replace(&mut piece.state, State::Unread)
        {
            piece.state = State::Held(reading.received(pending)?);
        }
        match &piece.state {
            State::Held(bytes) => Ok(Some(bytes.slice(usize::try_from(at - piece.range.start)?..))),
            State::Unread | State::Coming(_) => Ok(None),
        }
    }
}

#[cfg(test)]
impl Ahead {
    /// Bytes that are held or on their way, and how many may be.
    pub(crate) fn taken(&self) -> (u64, u64) {
        (self.pieces.lock().unwrap().taken(), HELD_BYTES_MAX)
    }
}

impl Pieces {
    /// Asks for the piece that holds the place, and for some that follow it.
    fn begin_from(&mut self, first: usize, at: u64, object: &Object) {
        self.uses += 1;
        let uses = self.uses;
        match self.pieces.get_mut(first) {
            Some(piece) if piece.range.contains(&at) => piece.used = uses,
            Some(_) | None => return,
        }
        let wanted = self.pieces.get(first).map_or(0, Piece::length);
        if self.pieces.get(first).is_some_and(Piece::is_unread) {
            self.make_room(wanted, first);
            self.begin(first, object);
        }
        for next in first + 1..self.pieces.len().min(first + COMING_MAX) {
            let coming = self.pieces.iter().filter(|piece| piece.is_coming()).count();
            let length = self.pieces.get(next).map_or(0, Piece::length);
            if coming >= COMING_MAX || self.taken() + length > HELD_BYTES_MAX {
                return;
            }
            self.begin(next, object);
        }
    }

    fn begin(&mut self, at: usize, object: &Object) {
        let uses = self.uses;
        if let Some(piece) = self.pieces.get_mut(at).filter(|piece| piece.is_unread()) {
            piece.state = State::Coming(object.begin(piece.range.clone()));
            piece.used = uses;
        }
    }

    fn taken(&self) -> u64 {
        self.pieces.iter().filter(|piece| !piece.is_unread()).map(Piece::length).sum()
    }

    /// Lets go of what was used longest ago.
    fn make_room(&mut self, bytes: u64, but: usize) {
        while self.taken() + bytes > HELD_BYTES_MAX {
            let held =
                self.pieces.iter_mut().enumerate().filter(|(at, piece)| *at != but && !piece.is_unread());
            let Some((_, oldest)) = held.min_by_key(|(_, piece)| piece.used) else { return };
            oldest.state = State::Unread;
        }
    }
}

/// Ranges joined where they are near, and cut where they are large; in order, and none twice.
fn pieces(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let readers = u64::try_from(ranges.len()).unwrap_or(u64::MAX).max(1);
    // Columns are read side by side: a piece of each has to have room.
    let length_max = (HELD_BYTES_MAX / 2 / readers).clamp(PIECE_BYTES.start, PIECE_BYTES.end);
    let mut spans: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match spans.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(NEAR_BYTES) => {
                last.end = last.end.max(range.end);
            }
            Some(_) | None => spans.push(range),
        }
    }
    let mut pieces = Vec::new();
    for span in spans {
        let mut start = span.start;
        while start < span.end {
            let end = span.end.min(start + length_max);
            pieces.push(start..end);
            start = end;
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn near_ranges_are_one_request_and_far_ones_are_not() {
        assert_eq!(pieces(vec![100..200, 0..50, 300_000..300_100]), [0..200, 300_000..300_100]);
        assert_eq!(pieces(vec![0..50, 60..60, 50..70, 400_000..400_001]), [0..70, 400_000..400_001]);
        let large = pieces(vec![0..5 << 20, 5 << 20..9 << 20]);
        assert_eq!(large, [0..4 << 20, 4 << 20..8 << 20, 8 << 20..9 << 20]);
        assert_eq!(pieces(Vec::new()), Vec::<Range<u64>>::new());
    }

    proptest! {
        #[test]
        fn every_byte_that_is_expected_is_in_exactly_one_piece(
            ranges in prop::collection::vec((0_u64..20_000_000, 0_u64..9_000_000), 0..40),
        ) {
            let ranges: Vec<Range<u64>> = ranges.into_iter().map(|(start, length)| start..start + length).collect();
            let pieces = pieces(ranges.clone());
            for pair in pieces.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
            }
            for piece in &pieces {
                prop_assert!(!piece.is_empty() && piece.end - piece.start <= PIECE_BYTES.end);
            }
            for range in ranges.iter().filter(|range| !range.is_empty()) {
                for at in [range.start, range.start.midpoint(range.end - 1), range.end - 1] {
                    prop_assert_eq!(pieces.iter().filter(|piece| piece.contains(&at)).count(), 1);
                }
            }
        }
    }
}

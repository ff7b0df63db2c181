//! gRPC frames: what a signature covers, byte for byte.
//!
//! A frame is `00 | u32 big-endian length | message` (gRPC over HTTP/2, "Length-Prefixed-Message"),
//! uncompressed.

/// The frame of a message; `None` when the message is longer than a frame can say.
#[must_use]
pub fn frame_of(message: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(message.len()).ok()?;
    Some([&[0], length.to_be_bytes().as_slice(), message].concat())
}

/// The message of exactly one uncompressed frame, with nothing before or after it.
#[must_use]
pub fn message_of(frame: &[u8]) -> Option<&[u8]> {
    let (prefix, message) = frame.split_first_chunk::<5>()?;
    let [0, length @ ..] = *prefix else { return None };
    (usize::try_from(u32::from_be_bytes(length)).ok()? == message.len()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_uncompressed_frame_has_a_message() {
        let frame = frame_of(b"abc").unwrap();
        assert_eq!(frame, [0, 0, 0, 0, 3, b'a', b'b', b'c']);
        assert_eq!(message_of(&frame), Some(b"abc".as_slice()));
        assert_eq!(message_of(&frame_of(b"").unwrap()), Some(b"".as_slice()));
        for bad in [&b""[..], &[0, 0, 0, 0], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 1], &[0, 0, 0, 0, 0, 0]] {
            assert_eq!(message_of(bad), None, "{bad:?}");
        }
        assert_eq!(message_of(&[frame.clone(), frame].concat()), None);
    }
}

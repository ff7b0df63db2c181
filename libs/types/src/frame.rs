//! gRPC frames, which are what a signature is over: `00 | u32be length | message`, uncompressed.

const UNCOMPRESSED: u8 = 0;
const PREFIX_BYTES: usize = 5;

/// Puts a message into one uncompressed frame.
#[must_use]
pub fn frame(message: &[u8]) -> Vec<u8> {
    // A message over 4 GiB gets a length that `message_of` refuses; it never gets a wrong meaning.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(PREFIX_BYTES.saturating_add(message.len()));
    frame.push(UNCOMPRESSED);
    frame.extend(length.to_be_bytes());
    frame.extend(message);
    frame
}

/// The message of exactly one uncompressed frame; `None` for anything else.
#[must_use]
pub fn message_of(frame: &[u8]) -> Option<&[u8]> {
    let (flag, rest) = frame.split_first()?;
    let (length, message) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    (*flag == UNCOMPRESSED && message.len() == length).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_its_frame() {
        for message in [&b""[..], b"x", &[0; 300]] {
            assert_eq!(message_of(&frame(message)), Some(message));
        }
        assert_eq!(frame(b"ab"), [0, 0, 0, 0, 2, b'a', b'b']);
    }

    #[test]
    fn anything_but_one_whole_uncompressed_frame_is_refused() {
        let two = [frame(b"a"), frame(b"b")].concat();
        let frames: [&[u8]; 7] =
            [b"", b"\0", b"\0\0\0\0", b"\0\0\0\0\x01", b"\0\0\0\0\0x", b"\x01\0\0\0\0", &two];
        for bytes in frames {
            assert_eq!(message_of(bytes), None, "{bytes:?}");
        }
    }
}

//! Names that nobody can guess: sessions and operations.
//!
//! Whoever knows a session's id may use its views on an engine that looks at nothing else, so an id is
//! 122 random bits in the form that every engine accepts.

use super::error::ConnectError;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt::Write as _;

/// A random UUID, version 4.
///
/// # Errors
/// The system gives no randomness.
pub(crate) fn random_uuid() -> Result<String, ConnectError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).or(Err(ConnectError::NoRandomness))?;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match place {
            6 => (byte & 0x0f) | 0x40,
            8 => (byte & 0x3f) | 0x80,
            _ => byte,
        };
        write!(text, "{byte:02x}").or(Err(ConnectError::NoRandomness))?;
    }
    Ok(text)
}

//! Bearer tokens: where they come from, and that a new one is used when there is one.
//!
//! Decides when a token is read anew. Whether it may travel is `address`'s and `client`'s.

use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// No file of a token is larger; a larger one is another file.
const TOKEN_BYTES_MAX: u64 = 64 * 1024;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("the token's file cannot be read")]
    File(#[source] std::io::Error),
    /// What was read cannot be a token.
    #[error("what was read is not a token")]
    NotAToken,
    /// An issuer gave none.
    #[error("no token was issued")]
    NotIssued(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Gives the token for the next call. Asked before each, so it keeps what it holds for as long as it is
/// good.
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync + std::fmt::Debug {
    /// The token to send.
    ///
    /// # Errors
    /// There is none: the call is not made.
    async fn token(&self) -> Result<SecretString, TokenError>;
}

/// The token of a connection string.
#[derive(Debug)]
pub struct FixedToken(SecretString);

impl FixedToken {
    /// Always this token.
    #[must_use]
    pub const fn new(token: SecretString) -> Self {
        Self(token)
    }
}

#[async_trait::async_trait]
impl TokenSource for FixedToken {
    async fn token(&self) -> Result<SecretString, TokenError> {
        Ok(self.0.clone())
    }
}

/// The token in a file that something else renews, such as a projected service-account token.
#[derive(Debug)]
pub struct FileToken {
    path: PathBuf,
    age_max: Duration,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    token: SecretString,
    modified: Option<SystemTime>,
    bytes: u64,
    read_at: Instant,
}

impl FileToken {
    /// The token in the file at `path`, read again when the file changes and when it was read `age_max`
    /// ago: some file systems do not tell of a change.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, age_max: Duration) -> Self {
        Self { path: path.into(), age_max, held: Mutex::new(None) }
    }
}

#[async_trait::async_trait]
impl TokenSource for FileToken {
    async fn token(&self) -> Result<SecretString, TokenError> {
        let mut held = self.held.lock().await;
        let metadata = tokio::fs::metadata(&self.path).await.map_err(TokenError::File)?;
        let (modified, bytes) = (metadata.modified().ok(), metadata.len());
        if let Some(known) = held.as_ref()
            && known.modified == modified
            && known.bytes == bytes
            && known.read_at.elapsed() < self.age_max
        {
            return Ok(known.token.clone());
        }
        if bytes > TOKEN_BYTES_MAX {
            return Err(TokenError::NotAToken);
        }
        let text = SecretString::from(tokio::fs::read_to_string(&self.path).await.map_err(TokenError::File)?);
        let token = text.expose_secret().trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::NotAToken);
        }
        let token = SecretString::from(token);
        *held = Some(Held { token: token.clone(), modified, bytes, read_at: Instant::now() });
        Ok(token)
    }
}

#[cfg(test)]
mod tests;

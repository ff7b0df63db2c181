//! The file of a key that signs for one service, over time: receipts for `reasoning`, conversations for `gateway`.
//!
//! Decides when another key that was written to the file signs: once every verifier whose feed is not stale must
//! have seen its public half, if that stood in auth's file before. A file that is gone, half-written or wrong leaves
//! the key in use. What is signed is for the service to decide.

use crate::clock::Clock;
use crate::start::StartError;
use splitplane_session::{KeyRing, SigningKey};
use splitplane_types::Digest;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// How often the file is read.
const PERIOD: Duration = Duration::from_secs(1);
/// How late auth may be in reading its file, and the feed on its way.
const LATENESS: Duration = Duration::from_secs(2);

/// Follows the file of a signing key.
#[derive(Debug)]
pub struct SigningKeyFile {
    file: PathBuf,
    /// Tells two contents of the file apart without keeping either.
    seen: Digest,
    ring: KeyRing,
}

impl SigningKeyFile {
    /// Reads the file for the first time. `revocation_bound` is how old a verifier's feed may be, and `lifetime` that
    /// of what is signed.
    ///
    /// # Errors
    /// The file cannot be read, or holds no signing key.
    pub fn open(file: &Path, revocation_bound: Duration, lifetime: Duration) -> Result<Self, StartError> {
        let because = |error: &dyn std::error::Error| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(file)
            .map_err(|error| StartError::service("a signing key cannot be read", because(&error)))?;
        let key = SigningKey::from_pkcs8_pem(&text)
            .map_err(|error| StartError::service("a signing key cannot be used", because(&error)))?;
        let ring = KeyRing::new(Arc::new(key), revocation_bound.saturating_add(LATENESS), lifetime);
        Ok(Self { file: file.to_owned(), seen: digest(&text), ring })
    }

    /// The key that signs.
    #[must_use]
    pub fn current(&self) -> Arc<SigningKey> {
        self.ring.current()
    }

    /// Looks at the file and at the clock until `stop`, and says every time which key signs.
    pub async fn follow(mut self, clock: Clock, stop: CancellationToken, use_key: impl Fn(Arc<SigningKey>)) {
        let mut period = tokio::time::interval(PERIOD);
        while stop.run_until_cancelled(period.tick()).await.is_some() {
            self.refresh(clock.now());
            use_key(self.current());
        }
    }

    fn refresh(&mut self, now: SystemTime) {
        let file = self.file.display();
        match std::fs::read_to_string(&self.file) {
            Ok(text) if digest(&text) != self.seen => {
                self.seen = digest(&text);
                match SigningKey::from_pkcs8_pem(&text) {
                    Ok(key) => {
                        tracing::info!(%file, kid = key.public_key().kid(), "another signing key is on its way");
                        self.ring.stage(Arc::new(key), now);
                    }
                    Err(error) => tracing::error!(%file, %error, "the new signing key cannot be used"),
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%file, %error, "the signing key's file cannot be read"),
        }
        self.ring.advance(now);
    }
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests;

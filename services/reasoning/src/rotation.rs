//! The key that signs receipts, over time.
//!
//! Decides when another key that was written to the file signs: once every verifier whose feed is not stale must
//! have seen its public half, if that stood in auth's file before. A file that is gone, half-written or wrong leaves
//! the key in use.

use crate::config::Receipts;
use splitplane_service::{Clock, StartError};
use splitplane_session::{KeyRing, ReceiptSigner, SigningKey};
use splitplane_types::Digest;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the file is read.
const PERIOD: Duration = Duration::from_secs(1);
/// How late auth may be in reading its file, and the feed on its way.
const LATENESS: Duration = Duration::from_secs(2);

/// Follows the key file.
#[derive(Debug)]
pub(crate) struct Rotation {
    file: PathBuf,
    /// Tells two contents of the file apart without keeping either.
    seen: Digest,
    ring: KeyRing,
    signer: Arc<ReceiptSigner>,
}

impl Rotation {
    /// Reads the file for the first time, and makes what signs with its key.
    pub(crate) fn open(
        config: &Receipts,
        revocation_bound: Duration,
        signer: impl FnOnce(Arc<SigningKey>) -> ReceiptSigner,
    ) -> Result<Self, StartError> {
        let file = config.signing_key.clone();
        let text = std::fs::read_to_string(&file)
            .map_err(|error| StartError::service("the receipts' signing key cannot be read", error))?;
        let key = SigningKey::from_pkcs8_pem(&text)
            .map_err(|error| StartError::service("the receipts' signing key cannot be used", error))?;
        let key = Arc::new(key);
        let ring = KeyRing::new(Arc::clone(&key), revocation_bound.saturating_add(LATENESS), config.lifetime);
        Ok(Self { file, seen: digest(&text), ring, signer: Arc::new(signer(key)) })
    }

    /// What signs with the key in use.
    pub(crate) fn signer(&self) -> Arc<ReceiptSigner> {
        Arc::clone(&self.signer)
    }

    /// Looks at the file and at the clock for ever.
    pub(crate) async fn follow(mut self, clock: Clock) {
        let mut period = tokio::time::interval(PERIOD);
        loop {
            period.tick().await;
            self.refresh(clock.now());
        }
    }

    fn refresh(&mut self, now: SystemTime) {
        match std::fs::read_to_string(&self.file) {
            Ok(text) if digest(&text) != self.seen => {
                self.seen = digest(&text);
                match SigningKey::from_pkcs8_pem(&text) {
                    Ok(key) => {
                        tracing::info!(
                            kid = key.public_key().kid(),
                            "another receipt-signing key is on its way"
                        );
                        self.ring.stage(Arc::new(key), now);
                    }
                    Err(error) => tracing::error!(%error, "the new receipt-signing key cannot be used"),
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the receipt-signing key's file cannot be read"),
        }
        self.ring.advance(now);
        self.signer.use_key(self.ring.current());
    }
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests;

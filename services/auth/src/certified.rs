//! Keys that a root vouches for: when the next one is made, and what becomes of it when the root is away.
//!
//! Decides only when. A key that no certificate came for is dropped and another is tried later; the one in use goes
//! on for as long as its own certificate lasts.

use crate::kms::{Kms, KmsError};
use splitplane_service::Clock;
use splitplane_session::{KeyCertificate, PublicKey, SigningKey};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often the clock is looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// Pauses after failures: doubled each time, from the first to the longest.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
const PAUSE_LONGEST: Duration = Duration::from_secs(60);
/// Keys on their way; the taker looks every second.
const KEYS_MAX: usize = 4;

/// A key and the word of its root, which was verified.
#[derive(Debug)]
pub(crate) struct CertifiedKey {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) certificate: KeyCertificate,
    pub(crate) expires_at: SystemTime,
}

/// Makes keys and has them certified.
#[derive(Debug)]
pub(crate) struct Certifier {
    kms: Kms,
    lifetime: Duration,
    schedule: Schedule,
    keys: mpsc::Sender<CertifiedKey>,
    clock: Clock,
}

impl Certifier {
    /// Makes another key `every` so often; they come out of the channel.
    pub(crate) fn new(
        kms: Kms,
        every: Duration,
        lifetime: Duration,
        clock: Clock,
    ) -> (Self, mpsc::Receiver<CertifiedKey>) {
        let (keys, certified) = mpsc::channel(KEYS_MAX);
        let schedule = Schedule { every, due: clock.now() + every, failures: 0 };
        (Self { kms, lifetime, schedule, keys, clock }, certified)
    }

    /// The root.
    pub(crate) const fn root(&self) -> &PublicKey {
        self.kms.root()
    }

    /// Makes a key in memory, and asks the root for its certificate.
    pub(crate) async fn make(&self) -> Result<CertifiedKey, KmsError> {
        let (key, _pem) = SigningKey::generate().map_err(KmsError::Key)?;
        let now = self.clock.now();
        let (certificate, expires_at) = self.kms.certify(&key.public_key(), self.lifetime, now).await?;
        tracing::info!(kid = key.public_key().kid(), "KMS vouches for a session-signing key");
        Ok(CertifiedKey { key: Arc::new(key), certificate, expires_at })
    }

    /// Makes keys until told to stop.
    pub(crate) async fn follow(mut self, stop: CancellationToken) {
        let root = self.root().to_text();
        tracing::info!(root, "session-signing keys are vouched for by a key in KMS");
        let mut period = tokio::time::interval(PERIOD);
        while stop.run_until_cancelled(period.tick()).await.is_some() {
            if !self.schedule.is_due(self.clock.now()) {
                continue;
            }
            let Some(made) = stop.run_until_cancelled(self.make()).await else { return };
            match made {
                Ok(key) => {
                    // Nobody takes it: auth is about to stop.
                    let _ = self.keys.try_send(key);
                    self.schedule.succeeded(self.clock.now());
                }
                Err(error) => {
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::error!(error, "KMS does not vouch for the next session-signing key");
                    self.schedule.failed(self.clock.now());
                }
            }
        }
    }
}

/// When the next key is made.
#[derive(Debug)]
struct Schedule {
    every: Duration,
    due: SystemTime,
    failures: u32,
}

impl Schedule {
    fn is_due(&self, now: SystemTime) -> bool {
        // Further away than a period only by a clock that was set back meanwhile.
        now >= self.due || self.due.duration_since(now).is_ok_and(|ahead| ahead > self.every)
    }

    fn succeeded(&mut self, now: SystemTime) {
        (self.due, self.failures) = (now + self.every, 0);
    }

    fn failed(&mut self, now: SystemTime) {
        let pause = PAUSE_FIRST.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_LONGEST);
        (self.due, self.failures) = (now + pause, self.failures.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn failures_are_tried_again_soon_then_seldom_and_a_success_begins_a_period() {
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let mut schedule = Schedule { every: Duration::from_secs(3_600), due: at(3_600), failures: 0 };
        assert!(!schedule.is_due(at(3_599)) && schedule.is_due(at(3_600)));
        let mut now = 3_600;
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            schedule.failed(at(now));
            assert!(!schedule.is_due(at(now + pause - 1)) && schedule.is_due(at(now + pause)), "{pause}");
            now += pause;
        }
        schedule.succeeded(at(now));
        assert!(!schedule.is_due(at(now + 3_599)) && schedule.is_due(at(now + 3_600)));
        assert!(schedule.is_due(at(now - 1)), "the clock was set back");
        schedule.failed(at(now));
        assert!(schedule.is_due(at(now + 1)));
    }
}

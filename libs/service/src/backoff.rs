//! Pauses between tries: longer each time, and never the same for two.

use ring::rand::{SecureRandom as _, SystemRandom};
use std::time::Duration;
use tokio::time::Instant;

/// How long to wait before tries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// Waits before a try; `failures` have gone before it.
    pub(crate) async fn pause(self, failures: u32) {
        let mut random = [u8::MAX];
        // Without randomness the whole pause is waited.
        let _ = SystemRandom::new().fill(&mut random);
        tokio::time::sleep_until(Instant::now() + self.length(failures, random)).await;
    }

    /// Between half of the pause and the whole of it.
    fn length(self, failures: u32, [random]: [u8; 1]) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures));
        let whole = doubled.min(self.longest);
        whole / 2 + whole / 2 * u32::from(random) / u32::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_keep_at_least_half() {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        assert_eq!(backoff.length(0, [0]), Duration::from_millis(50));
        assert_eq!(backoff.length(0, [255]), Duration::from_millis(100));
        assert_eq!(backoff.length(2, [255]), Duration::from_millis(400));
        assert_eq!(backoff.length(60, [0]), Duration::from_millis(500));
        assert_eq!(backoff.length(u32::MAX, [255]), Duration::from_secs(1));
    }
}

//! The wall clock, as a value. Decides nothing; the one place that reads the machine's clock.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time. Cloned into whatever needs it, so that a test can hold the hands.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(system_now)
    }

    /// A clock that asks `tell`.
    pub fn new(tell: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[expect(clippy::disallowed_methods, reason = "the one door to the wall clock")]
fn system_now() -> SystemTime {
    SystemTime::now()
}

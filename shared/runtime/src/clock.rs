//! The time of day. Decisions take it as an argument; this is where the argument comes from.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time of day. Order and leases in the queue use Redis's clock instead.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the system"
    )]
    #[must_use]
    pub fn now(self) -> SystemTime {
        SystemTime::now()
    }

    /// Milliseconds since 1970; zero on a machine whose clock is before it.
    #[must_use]
    pub fn now_ms(self) -> u64 {
        let since = self
            .now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

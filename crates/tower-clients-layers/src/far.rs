//! Adds durations to times, even those that are too long to be added, such as `Duration::MAX`.

use std::time::Duration;
use tokio::time::Instant;

/// The sum, or a time that never comes.
pub(crate) fn after(time: Instant, duration: Duration) -> Instant {
    const YEARS: Duration = Duration::from_secs(30 * 365 * 86_400);
    time.checked_add(duration).unwrap_or_else(|| time + YEARS)
}

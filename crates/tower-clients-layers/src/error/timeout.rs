//! Which time limit passed.

use std::{fmt, time::Duration};

/// Which time limit passed, how long it was, and in which attempt: the source of a timeout
/// [`Error`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeoutError {
    limit: &'static str,
    after: Duration,
    attempt: u32,
}

impl TimeoutError {
    /// The time for the whole exchange, response body included.
    #[must_use]
    pub fn total(after: Duration) -> Self {
        Self::of("total", after)
    }

    /// The time to make a connection, TLS included.
    #[must_use]
    pub fn connect(after: Duration) -> Self {
        Self::of("connect", after)
    }

    /// The time of one attempt, until the head of its response.
    #[must_use]
    pub fn of_attempt(after: Duration) -> Self {
        Self::of("attempt", after)
    }

    /// The time in which nothing came from the server, or nothing was taken by it.
    #[must_use]
    pub fn idle(after: Duration) -> Self {
        Self::of("idle", after)
    }

    fn of(limit: &'static str, after: Duration) -> Self {
        Self { limit, after, attempt: 0 }
    }

    /// The same limit, with the number of the attempt that was under way; 0 where nothing counts
    /// attempts.
    #[must_use]
    pub fn in_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The name of the limit: `total`, `attempt`, `idle` or `connect`.
    #[must_use]
    pub fn limit(&self) -> &'static str {
        self.limit
    }

    /// How long the limit was.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }

    /// The number of the attempt that was under way, from 1; `None` where nothing counts attempts.
    #[must_use]
    pub fn attempt(&self) -> Option<u32> {
        (self.attempt > 0).then_some(self.attempt)
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} timeout of {:?} passed", self.limit, self.after)?;
        match self.attempt() {
            Some(attempt) => write!(f, " in attempt {attempt}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TimeoutError {}

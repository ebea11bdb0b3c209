//! Which time limit passed.

use std::{fmt, time::Duration};

/// Which time limit passed, and how long it was: the source of a timeout [`Error`](crate::Error).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeoutError {
    limit: &'static str,
    after: Duration,
}

impl TimeoutError {
    /// The time for the whole exchange, response body included.
    #[must_use]
    pub fn total(after: Duration) -> Self {
        Self { limit: "total", after }
    }

    /// The time to make a connection, TLS included.
    #[must_use]
    pub fn connect(after: Duration) -> Self {
        Self { limit: "connect", after }
    }

    /// The name of the limit: `total` or `connect`.
    #[must_use]
    pub fn limit(&self) -> &'static str {
        self.limit
    }

    /// How long the limit was.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} timeout of {:?} passed", self.limit, self.after)
    }
}

impl std::error::Error for TimeoutError {}

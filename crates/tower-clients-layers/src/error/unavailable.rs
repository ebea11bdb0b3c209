//! What kept a request back.

use std::{fmt, time::Duration};

/// What kept a request back, a limit or the end of the client, and for how long it holds: the source of an
/// [`Unavailable`](crate::ErrorKind::Unavailable) error.
///
/// A server that cannot answer for that reason answers 503 with the time as its `Retry-After`, in whole
/// seconds, rounded up:
///
/// ```
/// use std::time::Duration;
/// use tower_clients_layers::{Error, ErrorKind, UnavailableError};
///
/// let error = UnavailableError::breaker(Duration::from_millis(1200));
/// let error = Error::new(ErrorKind::Unavailable, error);
/// let wait = error.unavailable().unwrap().retry_after();
/// assert_eq!(wait.as_millis().div_ceil(1000), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnavailableError {
    limit: &'static str,
    retry_after: Duration,
}

const SHUTDOWN: &str = "shutdown";

impl UnavailableError {
    /// The rate limit would have let the request go after this time, which is more than it has.
    #[must_use]
    pub fn rate(retry_after: Duration) -> Self {
        Self { limit: "rate limit", retry_after }
    }

    /// The breaker is open; after this time it lets one request through.
    #[must_use]
    pub fn breaker(retry_after: Duration) -> Self {
        Self { limit: "breaker", retry_after }
    }

    /// The client is shut down, so that this instance of the program sends no more requests. There is no time
    /// to wait: another instance may answer at once.
    #[must_use]
    pub fn shut_down() -> Self {
        Self { limit: SHUTDOWN, retry_after: Duration::ZERO }
    }

    /// Whether the client is shut down.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.limit == SHUTDOWN
    }

    /// The name of what kept it back: `rate limit`, `breaker` or `shutdown`.
    #[must_use]
    pub fn limit(&self) -> &'static str {
        self.limit
    }

    /// How long it would have been to wait.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

impl fmt::Display for UnavailableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_shut_down() {
            return f.write_str("the client is shut down");
        }
        let state = if self.limit == "breaker" { "open" } else { "reached" };
        write!(f, "the {} is {state}, ask again in {:?}", self.limit, self.retry_after)
    }
}

impl std::error::Error for UnavailableError {}

//! What became of a request before the outcome that is known.

use super::Error;
use http::StatusCode;
use std::{fmt, sync::Arc, time::Duration};

/// What the attempts before the last one met, and why there is none after it.
///
/// An [`Error`] has it by [`attempts`](Error::attempts), and a response among its extensions, when a
/// request was sent more than once, or would have been but for a [limit](NotRetried).
///
/// `Display` goes behind an outcome: `at attempt 3, the last one`.
#[derive(Debug, Clone)]
pub struct Attempts {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    earlier: Vec<Attempt>,
    not_retried: Option<NotRetried>,
}

/// An attempt that failed and was followed by another one.
#[derive(Debug)]
pub struct Attempt {
    met: Met,
    pause: Duration,
}

#[derive(Debug)]
enum Met {
    Status(StatusCode),
    Error(Error),
}

/// Why the last attempt was the last one, though a further one might have had success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRetried {
    /// There were as many as are allowed.
    Attempts,
    /// The budget of retries is used up.
    Budget,
    /// The server asks to wait this long (`Retry-After`), which is more than is allowed or left.
    RetryAfter(Duration),
    /// The deadline leaves too little time.
    Deadline,
    /// The body was a stream, and what was taken of it is gone.
    Body,
}

impl Attempts {
    /// What the attempts met that came before, the first one first.
    #[must_use]
    pub fn new(earlier: Vec<Attempt>, not_retried: Option<NotRetried>) -> Self {
        Self { inner: Arc::new(Inner { earlier, not_retried }) }
    }

    /// How often the request was sent.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.earlier.len() + 1
    }

    /// The attempts before the last one, the first one first.
    #[must_use]
    pub fn earlier(&self) -> &[Attempt] {
        &self.inner.earlier
    }

    /// Why there was no further attempt; `None` when none would have helped.
    #[must_use]
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.inner.not_retried
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at attempt {}", self.count())?;
        match self.not_retried() {
            None => Ok(()),
            Some(NotRetried::Attempts) => f.write_str(", the last one"),
            Some(NotRetried::Budget) => f.write_str("; the budget of retries is used up"),
            Some(NotRetried::RetryAfter(asked)) => {
                write!(f, "; the server asks to wait {} s", asked.as_secs())
            }
            Some(NotRetried::Deadline) => f.write_str("; too little time is left for another"),
            Some(NotRetried::Body) => f.write_str("; its body cannot be sent again"),
        }
    }
}

impl Attempt {
    /// An attempt that was answered, and the pause after it.
    #[must_use]
    pub fn answered(status: StatusCode, pause: Duration) -> Self {
        Self { met: Met::Status(status), pause }
    }

    /// An attempt that got an error, and the pause after it. A body that was left
    /// [open](crate::CheckStatusLayer::streaming) is dropped.
    #[must_use]
    pub fn failed(mut error: Error, pause: Duration) -> Self {
        if let Some(failure) = &mut error.inner.failure {
            failure.close();
        }
        Self { met: Met::Error(error), pause }
    }

    /// The status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.met {
            Met::Status(status) => Some(*status),
            Met::Error(error) => error.status(),
        }
    }

    /// The error, unless there was a response of which only the status is kept.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.met {
            Met::Status(_) => None,
            Met::Error(error) => Some(error),
        }
    }

    /// How long it was from this attempt to the next one.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.pause
    }
}

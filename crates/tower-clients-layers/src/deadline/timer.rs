//! The timer of a limit that is set.

use super::current::Entered;
use crate::{Error, ErrorKind, TimeoutError, error::RequestLine};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep};

pin_project! {
    #[derive(Debug)]
    pub(crate) struct Timer {
        // Made at the first poll: outside of a runtime there is no clock.
        #[pin]
        sleep: Option<Sleep>,
        limit: TimeoutError,
        line: RequestLine,
    }
}

impl Timer {
    pub(crate) fn new(limit: TimeoutError, line: RequestLine) -> Pin<Box<Self>> {
        Box::pin(Self { sleep: None, limit, line })
    }

    pub(super) fn poll_passed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep(this.limit.after())));
        }
        this.sleep.as_pin_mut().map_or(Poll::Ready(()), |sleep| sleep.poll(cx))
    }

    /// By the clock: a runtime that is kept busy does not fire its timers.
    pub(super) fn is_over(&self) -> bool {
        self.sleep.as_ref().is_some_and(|sleep| sleep.deadline() <= Instant::now())
    }

    /// Polls what the timer limits, and shows it the deadline.
    pub(super) fn watch<T>(self: Pin<&mut Self>, poll: impl FnOnce() -> T) -> T {
        let this = self.project();
        let Some(deadline) = this.sleep.as_ref().get_ref().as_ref().map(Sleep::deadline) else {
            return poll();
        };
        let attempt = this.limit.attempt().unwrap_or(0);
        let entered = Entered::until(deadline, attempt);
        let polled = poll();
        let attempt = entered.attempt();
        if attempt > 0 {
            *this.limit = this.limit.clone().in_attempt(attempt);
        }
        polled
    }

    pub(super) fn error(&self) -> Error {
        self.line.named_in(Error::new(ErrorKind::Timeout, self.limit.clone()))
    }
}

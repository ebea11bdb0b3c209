//! The timer of a limit that is set.

use super::current::Entered;
use crate::{BoxError, Error, ErrorKind, TimeoutError, error::RequestLine};
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

pin_project! {
    /// Waits for the head of the response, or the limit.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, and its timer. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timed<F> {
        #[pin]
        future: F,
        timer: Option<Pin<Box<Timer>>>,
    }
}

impl<F> Timed<F> {
    pub(crate) fn new(future: F, timer: Option<Pin<Box<Timer>>>) -> Self {
        Self { future, timer }
    }

    /// The timer, for what comes after the future.
    pub(super) fn take_timer(self: Pin<&mut Self>) -> Option<Pin<Box<Timer>>> {
        self.project().timer.take()
    }
}

impl<F, T, E> Future for Timed<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(timer) = this.timer else {
            return this.future.poll(cx).map_err(Error::from_service);
        };
        // First of all, so that the clock runs while the future is polled.
        let passed = timer.as_mut().poll_passed(cx);
        match timer.as_mut().watch(|| this.future.poll(cx)) {
            Poll::Pending => passed.map(|()| Err(timer.error())),
            outcome => outcome.map_err(Error::from_service),
        }
    }
}

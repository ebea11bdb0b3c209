//! A future that has the time of a timer, if there is one.

use super::timer::Timer;
use crate::{BoxError, Error};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    #[derive(Debug)]
    pub(crate) struct Timed<F> {
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

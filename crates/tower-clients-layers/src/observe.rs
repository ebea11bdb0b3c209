//! A request that somebody observes until the head of its response.

use crate::{BoxError, Error, deadline, metrics::outcome::Outcome};
use http::Response;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

/// Is there while a request is under way.
pub(crate) trait Observer {
    /// Polls the request.
    fn watch<T>(&self, poll: impl FnOnce() -> T) -> T {
        poll()
    }

    /// The head of the response has come, or the request failed, or was dropped. This comes once.
    fn end(&self, outcome: &Outcome, error: Option<&Error>);
}

pin_project! {
    #[derive(Debug)]
    pub(crate) struct WithObserver<F, O: Observer> {
        #[pin]
        future: F,
        // Boxed, so that a layer that is not configured is as small as if it were not there.
        open: Option<Box<Open<O>>>,
    }
}

impl<F, O: Observer> WithObserver<F, O> {
    pub(crate) fn new(future: F, observer: Option<O>) -> Self {
        let open = |observer| Box::new(Open { observer, deadline: None, is_over: false });
        Self { future, open: observer.map(open) }
    }
}

impl<F, O, R, E> Future for WithObserver<F, O>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    O: Observer,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(open) = this.open else {
            return this.future.poll(cx).map_err(Error::from_service);
        };
        open.deadline = deadline::current();
        let result = ready!(open.observer.watch(|| this.future.poll(cx)));
        let result = result.map_err(Error::from_service);
        open.end(&Outcome::of(&result), result.as_ref().err());
        *this.open = None;
        Poll::Ready(result)
    }
}

/// An observation that ends at the latest when it is dropped.
#[derive(Debug)]
struct Open<O: Observer> {
    observer: O,
    deadline: Option<Instant>,
    is_over: bool,
}

impl<O: Observer> Open<O> {
    fn end(&mut self, outcome: &Outcome, error: Option<&Error>) {
        self.is_over = true;
        self.observer.end(outcome, error);
    }
}

impl<O: Observer> Drop for Open<O> {
    fn drop(&mut self) {
        if !self.is_over {
            self.end(&Outcome::dropped(self.deadline), None);
        }
    }
}

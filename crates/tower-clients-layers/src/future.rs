//! The future of layers that may refuse a request before they call the service below.

use crate::{BoxError, Error, error::Target};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Waits for the service below, or fails at once. Errors name the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Called { #[pin] future: F, target: Target },
        Refused { error: Option<Error> },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn called(future: F, target: Target) -> Self {
        Self { state: State::Called { future, target } }
    }

    pub(crate) fn refused(error: impl Into<Error>) -> Self {
        Self { state: State::Refused { error: Some(error.into()) } }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<BoxError>,
{
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Called { future, target } => {
                let result = ready!(future.poll(cx));
                Poll::Ready(result.map_err(|error| target.named_in(Error::from_service(error))))
            }
            StateProjection::Refused { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

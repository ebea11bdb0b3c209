//! The future of layers that may refuse a request before they call the service below.

use crate::{BoxError, Error};
use http::Request;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Waits for the service below, or fails at once.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct MaybeRefused<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Called { #[pin] future: F },
        Refused { error: Option<Error> },
    }
}

impl<F> MaybeRefused<F> {
    pub(crate) fn called(future: F) -> Self {
        Self { state: State::Called { future } }
    }

    pub(crate) fn refused<B>(error: impl Into<Error>, request: &Request<B>) -> Self {
        let error = error.into().for_request(request.method(), request.uri());
        Self { state: State::Refused { error: Some(error) } }
    }
}

impl<F, R, E> Future for MaybeRefused<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<BoxError>,
{
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Called { future } => {
                Poll::Ready(ready!(future.poll(cx)).map_err(Error::from_service))
            }
            StateProjection::Refused { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

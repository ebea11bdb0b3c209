//! One request, and what came of it.

use super::{BreakerBody, circuit::Exchange};
use crate::{BoxError, Error};
use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Waits for the head of the response, or fails at once where the breaker is open.
    ///
    /// A probe that is dropped leaves its place to the next request.
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
        Called { #[pin] future: F, exchange: Option<(Exchange, IsFailure)> },
        Refused { error: Option<Error> },
    }
}

/// Says what counts as a failure: see [`BreakerLayer::failures`](super::BreakerLayer::failures).
pub(super) type IsFailure = fn(Result<StatusCode, &Error>) -> bool;

impl<F> ResponseFuture<F> {
    pub(super) fn called(future: F, exchange: Option<(Exchange, IsFailure)>) -> Self {
        Self { state: State::Called { future, exchange } }
    }

    pub(super) fn refused(error: Error) -> Self {
        Self { state: State::Refused { error: Some(error) } }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body,
{
    type Output = Result<Response<BreakerBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Called { future, exchange } => {
                let response = ready!(future.poll(cx)).map_err(Error::from_service);
                let outcome = response.as_ref().map(Response::status);
                let exchange = exchange.take().and_then(|(exchange, is_failure)| {
                    exchange.begun(outcome.is_ok(), is_failure(outcome))
                });
                Poll::Ready(response.map(|head| head.map(|body| BreakerBody::new(body, exchange))))
            }
            StateProjection::Refused { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

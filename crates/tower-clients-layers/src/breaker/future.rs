//! One request, and what came of it.

use super::{BreakerBody, circuit::Exchange};
use crate::{BoxError, Error, maybe_refused::MaybeRefused};
use http::{Request, Response};
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
    /// # Cancel safety
    ///
    /// A probe that is dropped leaves its place to the next request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: MaybeRefused<F>,
        exchange: Option<Exchange>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn called(future: F, exchange: Option<Exchange>) -> Self {
        Self { future: MaybeRefused::called(future), exchange }
    }

    pub(super) fn refused<B>(error: impl Into<Error>, request: &Request<B>) -> Self {
        Self { future: MaybeRefused::refused(error, request), exchange: None }
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
        let this = self.project();
        let response = ready!(this.future.poll(cx));
        let outcome = response.as_ref().map(Response::status);
        let exchange = this.exchange.take().and_then(|exchange| exchange.begun(outcome));
        Poll::Ready(response.map(|head| head.map(|body| BreakerBody::new(body, exchange))))
    }
}

const _: () = {
    type Below = [usize; 9];
    let parts = size_of::<MaybeRefused<Below>>() + size_of::<Exchange>();
    assert!(size_of::<ResponseFuture<Below>>() == parts);
};

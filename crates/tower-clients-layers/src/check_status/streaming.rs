//! The mode that leaves a refused body to be read.

use super::CheckStatus;
use crate::{
    Body, BoxError, Error,
    error::{Failure, RequestLine},
};
use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_service::Service;

/// Leaves a refused body to be read with [`Failure::into_body`].
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Streaming;

impl<S, B, R> Service<Request<B>> for CheckStatus<S, Streaming>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = StreamingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let line = RequestLine::of(&request);
        StreamingFuture { future: self.inner.call(request), line }
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct StreamingFuture<F> {
        #[pin]
        future: F,
        line: RequestLine,
    }
}

impl<F, R, E> Future for StreamingFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let error = match ready!(this.future.poll(cx)) {
            Ok(response) if response.status().is_success() => return Poll::Ready(Ok(response)),
            Ok(response) => {
                let (mut head, body) = response.into_parts();
                let failure = Failure::open(head.status, head.headers, Body::new(body));
                Error::status_failure(failure).with_attempts(head.extensions.remove())
            }
            Err(error) => Error::from_service(error),
        };
        Poll::Ready(Err(this.line.named_in(error)))
    }
}

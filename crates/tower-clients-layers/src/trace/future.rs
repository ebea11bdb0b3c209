//! One request in its span.

use super::span::Open;
use crate::{BoxError, Error};
use http::Response;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tracing::Span;

pin_project! {
    /// Waits for the head of the response, inside of the span.
    ///
    /// Dropping it ends the span as cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        // Boxed, so that a layer that is not configured is as small as if it were not there.
        span: Option<Box<Open>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(future: F, span: Option<Span>) -> Self {
        Self { future, span: span.map(|span| Box::new(Open::new(span))) }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(span) = this.span else {
            return this.future.poll(cx).map_err(Error::from_service);
        };
        let result = ready!(span.poll(|| this.future.poll(cx))).map_err(Error::from_service);
        if let Some(span) = this.span.take() {
            span.end(&result);
        }
        Poll::Ready(result)
    }
}

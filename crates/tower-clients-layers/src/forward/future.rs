//! Waits for the response to a request that was passed on.

use super::{hop, upgrade::Upgrade};
use crate::{BoxError, Error, ErrorKind, maybe_refused::MaybeRefused};
use http::{Request, Response, StatusCode, Version};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: MaybeRefused<F>,
        upgrade: Option<Upgrade>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn called(future: F, upgrade: Option<Upgrade>) -> Self {
        Self { future: MaybeRefused::called(future), upgrade }
    }

    pub(super) fn refused<B>(error: Error, request: &Request<B>) -> Self {
        Self { future: MaybeRefused::refused(error, request), upgrade: None }
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
        let mut response = ready!(this.future.poll(cx))?;
        let changes = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if changes && this.upgrade.take().and_then(|upgrade| upgrade.join(&mut response)).is_none()
        {
            let reason = "the server changes the protocol, which it was not asked for";
            return Poll::Ready(Err(Error::new(ErrorKind::Transport, reason)));
        }
        hop::strip_response(response.headers_mut(), changes);
        *response.version_mut() = Version::default();
        Poll::Ready(Ok(response))
    }
}

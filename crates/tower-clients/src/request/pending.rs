//! The future of a request.

use super::{Mode, mode::Keep};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_clients_layers::{
    Body, BoxError, DeadlineLayer, Error,
    deadline::{self, limit},
};
use tower_service::Service;

pin_project! {
    /// Readies the service, sends the request and waits for what the mode `M` gives, all within
    /// the time that the request has.
    ///
    /// # Cancel safety
    ///
    /// That of [`RequestBuilder::send`](super::RequestBuilder::send).
    #[must_use = "futures do nothing unless polled"]
    pub struct Pending<S, M: Mode<S>> {
        #[pin]
        exchange: deadline::ResponseFuture<Exchange<M::Service>>,
        kept: Option<M::Kept>,
    }
}

pin_project! {
    #[project = ExchangeProjection]
    pub(crate) enum Exchange<V: Service<Request<Body>>> {
        Readying { service: V, request: Option<Result<Request<Body>, Error>> },
        Sent { #[pin] answer: V::Future },
    }
}

impl<S, M: Mode<S>> Pending<S, M> {
    pub(super) fn new(
        service: S,
        deadline: DeadlineLayer,
        request: Result<Request<Body>, Error>,
    ) -> Self {
        let kept = request.as_ref().ok().map(M::Kept::of);
        Self { exchange: exchange(M::stack(service), deadline, request), kept }
    }
}

/// Sends a request within the time that it has.
pub(crate) fn exchange<V: Service<Request<Body>>>(
    service: V,
    deadline: DeadlineLayer,
    request: Result<Request<Body>, Error>,
) -> deadline::ResponseFuture<Exchange<V>> {
    let time = request.as_ref().ok().and_then(|request| deadline.limit_of(request));
    limit(Exchange::Readying { service, request: Some(request) }, time)
}

impl<S, M: Mode<S>> Future for Pending<S, M> {
    type Output = Result<M::Output, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.exchange.poll(cx))?;
        let kept = this.kept.take().expect("polled after completion");
        Poll::Ready(M::output(response, kept))
    }
}

impl<V, R> Future for Exchange<V>
where
    V: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                ExchangeProjection::Readying { service, request } => {
                    if let Some(Ok(_)) = request {
                        ready!(service.poll_ready(cx)).map_err(Error::from_service)?;
                    }
                    let request = request.take().expect("polled after completion")?;
                    let answer = service.call(request);
                    self.set(Self::Sent { answer });
                }
                ExchangeProjection::Sent { answer } => {
                    return answer.poll(cx).map_err(Error::from_service);
                }
            }
        }
    }
}

impl<S, M: Mode<S>> fmt::Debug for Pending<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

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
use tower::util::Oneshot;
use tower_clients_layers::{
    Body, DeadlineLayer, Error, JoinUrl,
    deadline::{self, limit},
    error::RequestLine,
};

pin_project! {
    /// Readies the service, sends the request and waits for what the mode `M` gives, all within
    /// the time that the request has.
    #[must_use = "futures do nothing unless polled"]
    pub struct Pending<S, M: Mode<S>> {
        #[pin]
        exchange: deadline::ResponseFuture<Exchange<S, M>>,
        kept: Option<M::Kept>,
    }
}

pin_project! {
    #[project = ExchangeProjection]
    enum Exchange<S, M: Mode<S>> {
        Sent { #[pin] answer: Oneshot<M::Service, Request<Body>> },
        Failed { error: Option<Error> },
    }
}

impl<S, M: Mode<S>> Pending<S, M> {
    pub(super) fn new(
        service: JoinUrl<S>,
        deadline: DeadlineLayer,
        request: Result<Request<Body>, Error>,
    ) -> Self {
        let kept = request.as_ref().ok().map(M::Kept::of);
        let exchange = match request {
            Ok(request) => {
                let timeout = deadline.timeout_of(&request);
                let time = timeout.map(|timeout| (timeout, RequestLine::of(&request)));
                let answer = Oneshot::new(M::stack(service), request);
                limit(Exchange::Sent { answer }, time)
            }
            Err(error) => limit(Exchange::Failed { error: Some(error) }, None),
        };
        Self { exchange, kept }
    }
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

impl<S, M: Mode<S>> Future for Exchange<S, M> {
    type Output = Result<Response<M::Received>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            ExchangeProjection::Sent { answer } => answer.poll(cx),
            ExchangeProjection::Failed { error } => {
                Poll::Ready(Err(error.take().expect("polled after completion")))
            }
        }
    }
}

impl<S, M: Mode<S>> fmt::Debug for Pending<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

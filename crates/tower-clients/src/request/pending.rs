//! The future of a request.

use super::Mode;
use http::Request;
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower::util::Oneshot;
use tower_clients_layers::{Body, Error, JoinUrl};

pin_project! {
    /// Readies the service, sends the request and waits for what the mode `M` gives.
    #[must_use = "futures do nothing unless polled"]
    pub struct Pending<S, M: Mode<S>> {
        #[pin]
        state: State<S, M>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, M: Mode<S>> {
        Sent { #[pin] exchange: Oneshot<M::Service, Request<Body>> },
        Failed { error: Option<Error> },
    }
}

impl<S, M: Mode<S>> Pending<S, M> {
    pub(super) fn new(service: JoinUrl<S>, request: Result<Request<Body>, Error>) -> Self {
        let state = match request {
            Ok(request) => State::Sent { exchange: Oneshot::new(M::stack(service), request) },
            Err(error) => State::Failed { error: Some(error) },
        };
        Self { state }
    }
}

impl<S, M: Mode<S>> Future for Pending<S, M> {
    type Output = Result<M::Output, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Sent { exchange } => exchange.poll(cx).map_ok(M::output),
            StateProjection::Failed { error } => {
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

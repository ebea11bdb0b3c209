//! One request, and the token that it is sent with.

use super::shared::{Flight, Held, Shared};
use crate::{Body, BoxError, Error, copy::copy, exchange::MaybeExchange, macros::opaque_debug};
use http::{Request, Response, StatusCode, header::AUTHORIZATION};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// Waits for a token, where the request needs one, and for the response; sends the request once
    /// more with a new token where that is refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives up the exchange that is under way. A fetch goes on while others wait for
    /// it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, F> {
        #[pin]
        future: MaybeExchange<F, Exchange<S, F>>,
    }
}

pin_project! {
    struct Exchange<S, F> {
        shared: Arc<Shared>,
        service: S,
        is_ready: bool,
        is_repeated: bool,
        #[pin]
        stage: Stage<F>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F> {
        // For a token.
        Waiting { request: Option<Request<Body>>, flight: Option<Flight> },
        // For the service below, with what it is to be sent.
        Readying { to_send: Option<(Request<Body>, Arc<Held>)> },
        Sent { #[pin] future: F, held: Arc<Held>, copy: Option<Request<Body>> },
    }
}

impl<S, F> ResponseFuture<S, F> {
    pub(super) fn untouched(future: F) -> Self {
        Self { future: MaybeExchange::Untouched { future } }
    }

    /// Sends the request by `service`, which is ready.
    pub(super) fn authorized(shared: Arc<Shared>, service: S, request: Request<Body>) -> Self {
        let stage = Stage::Waiting { request: Some(request), flight: None };
        let exchange = Exchange { shared, service, is_ready: true, is_repeated: false, stage };
        Self { future: MaybeExchange::exchange(exchange) }
    }
}

impl<S, R> Future for ResponseFuture<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

impl<S, R> Future for Exchange<S, S::Future>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProjection::Waiting { request, flight } => {
                    let Poll::Ready(held) = this.shared.poll_token(flight, cx) else {
                        if mem::take(this.is_ready) {
                            // What readiness reserves may be what the fetch waits for.
                            *this.service = this.service.clone();
                        }
                        return Poll::Pending;
                    };
                    let request = request.take().expect("polled after completion");
                    match held {
                        Ok(held) => Stage::Readying { to_send: Some((request, held)) },
                        Err(error) => {
                            let error = if *this.is_repeated { error } else { error.not_sent() };
                            let error = error.for_request(request.method(), request.uri());
                            return Poll::Ready(Err(error));
                        }
                    }
                }
                StageProjection::Readying { to_send } => {
                    if !*this.is_ready {
                        ready!(this.service.poll_ready(cx)).map_err(Error::from_service)?;
                    }
                    *this.is_ready = false;
                    let (mut request, held) = to_send.take().expect("polled after completion");
                    let copy = match this.is_repeated {
                        true => None,
                        false => copy(&request, request.uri().clone()),
                    };
                    let value = held.token().authorization().clone();
                    request.headers_mut().insert(AUTHORIZATION, value);
                    Stage::Sent { future: this.service.call(request), held, copy }
                }
                StageProjection::Sent { future, held, copy } => {
                    let response = ready!(future.poll(cx)).map_err(Error::from_service)?;
                    if response.status() != StatusCode::UNAUTHORIZED {
                        return Poll::Ready(Ok(response));
                    }
                    let may_have_another = this.shared.refused(held);
                    match copy.take().filter(|_| may_have_another) {
                        Some(request) => {
                            *this.is_repeated = true;
                            Stage::Waiting { request: Some(request), flight: None }
                        }
                        None => return Poll::Ready(Ok(response)),
                    }
                }
            };
            this.stage.set(next);
        }
    }
}

opaque_debug!([S, F] ResponseFuture<S, F>);

const _: () = {
    type Below = [usize; 9];
    assert!(size_of::<ResponseFuture<(), Below>>() == size_of::<Below>() + size_of::<usize>());
};

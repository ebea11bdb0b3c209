//! One request: its turn, and what the response says about the next ones.

use super::{
    advice::Advice,
    gate::{Gate, Turn},
    unavailable,
};
use crate::{BoxError, Error, later::Later, macros::opaque_debug, maybe_refused::MaybeRefused};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// Waits for the turn of the request, where it has to, and for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives its turn to the next one, unless the request has been sent.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B, F> {
        #[pin]
        state: State<S, B, F>,
        spread_last: u32,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        // Boxed, as few have to wait.
        Waiting { waiting: Box<Waiting<S, B>> },
        Called { #[pin] future: MaybeRefused<F>, gate: Option<Arc<Gate>> },
    }
}

struct Waiting<S, B> {
    /// Until the request is sent.
    turn: Option<Turn>,
    later: Later<S, B>,
}

impl<S, B, F> ResponseFuture<S, B, F> {
    pub(super) fn called(future: F, gate: Option<Arc<Gate>>, spread_last: u32) -> Self {
        let future = MaybeRefused::called(future);
        Self { state: State::Called { future, gate }, spread_last }
    }

    pub(super) fn waiting(turn: Turn, later: Later<S, B>, spread_last: u32) -> Self {
        let waiting = Box::new(Waiting { turn: Some(turn), later });
        Self { state: State::Waiting { waiting }, spread_last }
    }

    pub(super) fn refused(error: Error, request: &Request<B>) -> Self {
        let future = MaybeRefused::refused(error, request);
        Self { state: State::Called { future, gate: None }, spread_last: 0 }
    }
}

impl<S, B> Waiting<S, B>
where
    S: Service<Request<B>, Error: Into<BoxError>>,
{
    /// Sends the request when it is its turn and the service below is ready.
    fn poll_call(&mut self, cx: &mut Context<'_>) -> Poll<Result<(S::Future, Arc<Gate>), Error>> {
        let turn = self.turn.as_mut().expect("polled after completion");
        if let Err(wait) = ready!(turn.poll_turn(cx)) {
            self.turn = None;
            return Poll::Ready(Err(self.later.named_in(unavailable(wait))));
        }
        let future = ready!(self.later.poll_call(cx)).map_err(Error::from_service)?;
        let gate = self.turn.take().expect("it is there until now").use_up();
        Poll::Ready(Ok((future, gate)))
    }
}

impl<S, B, R> Future for ResponseFuture<S, B, S::Future>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let StateProjection::Waiting { waiting } = this.state.as_mut().project() {
            let (future, gate) = ready!(waiting.poll_call(cx))?;
            let future = MaybeRefused::called(future);
            this.state.set(State::Called { future, gate: Some(gate) });
        }
        let StateProjection::Called { future, gate } = this.state.project() else {
            unreachable!("it does not wait any more");
        };
        let response = ready!(future.poll(cx))?;
        if let Some(gate) = gate.take() {
            gate.heed(Advice::of(response.status(), response.headers()), *this.spread_last);
        }
        Poll::Ready(Ok(response))
    }
}

opaque_debug!([S, B, F] ResponseFuture<S, B, F>);

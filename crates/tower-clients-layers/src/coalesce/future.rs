//! One request, and whose answer it gets.

use super::{
    CoalesceBody,
    flight::{Answer, Flights, Outcome, Seat},
};
use crate::{Body, Error, HttpService, error::SharedError, later::Later, macros::opaque_debug};
use http::Response;
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, PoisonError},
    task::{Context, Poll, ready},
};

pin_project! {
    /// Waits for the answer to this request, or to an equal one that is under way.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, unless others wait for it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: HttpService<Body>> {
        #[pin]
        state: State<S, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S: HttpService<Body>, F> {
        Passed { #[pin] future: F, change: Option<Change<S>> },
        Waiting { waiting: Box<Waiting<S>> },
    }
}

struct Waiting<S: HttpService<Body>> {
    /// Until there is an outcome, which may be for another one only.
    seat: Option<Seat<S>>,
    later: Later<S, Body>,
}

/// A request that may change what the others read: while it is under way, and when it has been, nobody
/// joins what began before.
pub(super) struct Change<S: HttpService<Body>>(Arc<Flights<S>>);

impl<S: HttpService<Body>> Change<S> {
    pub(super) fn new(flights: &Arc<Flights<S>>) -> Self {
        flights.close();
        Self(Arc::clone(flights))
    }
}

impl<S: HttpService<Body>> Drop for Change<S> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<S: HttpService<Body>> ResponseFuture<S> {
    pub(super) fn passed(future: S::Future, change: Option<Change<S>>) -> Self {
        Self { state: State::Passed { future, change } }
    }

    pub(super) fn waiting(seat: Seat<S>, later: Later<S, Body>) -> Self {
        Self { state: State::Waiting { waiting: Box::new(Waiting { seat: Some(seat), later }) } }
    }
}

impl<S: HttpService<Body>> Waiting<S> {
    /// The shared outcome, `None` when it is for another one.
    fn poll_outcome(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Response<CoalesceBody<S::ResBody>>, Error>>> {
        let Some(seat) = &mut self.seat else { return Poll::Ready(None) };
        let outcome = ready!(Pin::new(&mut seat.flight).poll(cx));
        self.seat = None;
        Poll::Ready(match outcome {
            Outcome::Answer(answer) => copy_of(&answer).map(Ok),
            Outcome::Failed(error) => Some(Err(self.later.named_in(own(error)))),
        })
    }
}

/// `None` when the body has been given to another one.
fn copy_of<R>(answer: &Answer<R>) -> Option<Response<CoalesceBody<R>>> {
    let collected = Arc::clone(&answer.collected);
    let body = match &answer.rest {
        None => CoalesceBody::copied(collected),
        Some(rest) => {
            let rest = rest.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            CoalesceBody::begun(collected, rest)
        }
    };
    Some(Response::from_parts(answer.head.clone(), body))
}

/// The error itself for one who is alone, else one of its kind with it as the cause.
fn own(error: Arc<Error>) -> Error {
    Arc::try_unwrap(error).unwrap_or_else(|error| {
        let (kind, may_have_been_sent) = (error.kind(), error.may_have_been_sent());
        let own = Error::new(kind, error as SharedError);
        if may_have_been_sent { own } else { own.not_sent() }
    })
}

impl<S: HttpService<Body>> Future for ResponseFuture<S> {
    type Output = Result<Response<CoalesceBody<S::ResBody>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateProjection::Waiting { waiting } = state.as_mut().project() {
            if let Some(outcome) = ready!(waiting.poll_outcome(cx)) {
                return Poll::Ready(outcome);
            }
            let future = ready!(waiting.later.poll_call(cx)).map_err(Error::from_service)?;
            state.set(State::Passed { future, change: None });
        }
        let StateProjection::Passed { future, change } = state.project() else {
            unreachable!("it does not wait any more");
        };
        let response = ready!(future.poll(cx)).map_err(Error::from_service);
        *change = None;
        Poll::Ready(response.map(|response| response.map(CoalesceBody::passed)))
    }
}

opaque_debug!([S: HttpService<Body>] ResponseFuture<S>);

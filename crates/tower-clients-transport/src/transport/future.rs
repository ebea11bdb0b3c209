//! The future of a response.

use crate::exchange::Answer;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower_clients_layers::Error;

/// Waits for the head of the response.
///
/// # Cancel safety
///
/// Dropping it gives up the request, which may have been sent: an HTTP/1.1 connection closes, an
/// HTTP/2 connection resets the one stream. A connection that is being made for it is given up too.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture {
    state: State,
}

enum State {
    /// The futures of hyper have no names, so this one cannot have one either.
    Sent(Pin<Box<dyn Future<Output = Answer> + Send>>),
    Refused(Option<Error>),
}

impl ResponseFuture {
    pub(super) fn sent(exchange: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self { state: State::Sent(Box::pin(exchange)) }
    }

    pub(super) fn refused(error: Error) -> Self {
        Self { state: State::Refused(Some(error)) }
    }
}

impl Future for ResponseFuture {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut self.state {
            State::Sent(exchange) => exchange.as_mut().poll(cx),
            State::Refused(error) => {
                Poll::Ready(Err(error.take().expect("not polled after completion")))
            }
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

const _: () = {
    const fn future_is_sendable<T: Send + Unpin + 'static>() {}
    future_is_sendable::<ResponseFuture>();
};

//! The future of layers that may make more than one request of one.

use crate::{BoxError, Error};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    #[project = MaybeExchangeProjection]
    pub(crate) enum MaybeExchange<F, X> {
        /// The future of the service below, and nothing else.
        Untouched { #[pin] future: F },
        // Boxed, so that a layer that is not configured is as small as if it were not there.
        Exchange { exchange: Pin<Box<X>> },
    }
}

impl<F, X> MaybeExchange<F, X> {
    pub(crate) fn exchange(exchange: X) -> Self {
        Self::Exchange { exchange: Box::pin(exchange) }
    }
}

impl<F, X, T, E> Future for MaybeExchange<F, X>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
    X: Future<Output = Result<T, Error>>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            MaybeExchangeProjection::Untouched { future } => {
                future.poll(cx).map_err(Error::from_service)
            }
            MaybeExchangeProjection::Exchange { exchange } => exchange.as_mut().poll(cx),
        }
    }
}

const _: () = {
    type Below = [usize; 9];
    assert!(size_of::<MaybeExchange<Below, ()>>() == size_of::<Below>() + size_of::<usize>());
};

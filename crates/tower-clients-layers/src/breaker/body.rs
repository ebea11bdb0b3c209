//! The response body that tells the breaker when it breaks off.

use super::circuit::Exchange;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A response body that is a success of its origin when it ends or is dropped, and a failure when it
    /// breaks off.
    #[derive(Debug)]
    pub struct BreakerBody<B> {
        #[pin]
        body: B,
        exchange: Option<Exchange>,
    }
}

impl<B> BreakerBody<B> {
    /// The body; whether it breaks off no longer counts.
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body> BreakerBody<B> {
    pub(super) fn new(body: B, exchange: Option<Exchange>) -> Self {
        let exchange = exchange.filter(|_| !body.is_end_stream());
        Self { body, exchange }
    }
}

impl<B: Body> Body for BreakerBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        match &frame {
            // A reader may stop at the last frame, without asking for the end.
            Some(Ok(_)) if !this.body.is_end_stream() => {}
            Some(Ok(_)) | None => *this.exchange = None,
            Some(Err(_)) => {
                if let Some(exchange) = this.exchange.take() {
                    exchange.broke_off();
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

const _: () = {
    const fn body_stays_movable<T: Send + Sync + Unpin>() {}
    body_stays_movable::<BreakerBody<crate::Body>>();
};

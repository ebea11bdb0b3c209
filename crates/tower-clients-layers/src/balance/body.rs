//! The response body that keeps its exchange active.

use super::shared::Exchange;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// A response body whose request counts as active until it ends or is dropped. One that breaks
    /// off counts as an error of its upstream.
    #[derive(Debug)]
    pub struct Tracked<B> {
        #[pin]
        body: B,
        exchange: Option<Exchange>,
    }
}

impl<B> Tracked<B> {
    /// The body; the request no longer counts as active.
    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body> Tracked<B> {
    pub(super) fn new(body: B, exchange: Option<Exchange>) -> Self {
        let exchange = exchange.filter(|_| !body.is_end_stream());
        Self { body, exchange }
    }
}

impl<B: Body> Body for Tracked<B> {
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
    body_stays_movable::<Tracked<crate::Body>>();
};

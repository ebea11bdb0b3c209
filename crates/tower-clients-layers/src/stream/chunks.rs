//! The bytes of a body, as they come.

use crate::{BoxError, Error, collect::MAX_FRAMES_PER_POLL, error::RequestLine};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The data frames of a body as a stream of [`Bytes`]; empty ones and trailers are left out.
    ///
    /// An error is that of the body. What came before it was given.
    ///
    /// ```
    /// use http_body_util::Full;
    /// use tower_clients_layers::stream::Chunks;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::Error> {
    /// let mut chunks = Chunks::new(Full::from("hello"));
    /// assert_eq!(chunks.next().await.transpose()?.as_deref(), Some(&b"hello"[..]));
    /// assert!(chunks.next().await.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Chunks<B> {
        #[pin]
        body: B,
        request: Option<RequestLine>,
        ended: bool,
    }
}

impl<B> Chunks<B> {
    /// The chunks of `body`.
    pub fn new(body: B) -> Self {
        Self { body, request: None, ended: false }
    }

    /// Names the request in errors that name none.
    pub fn named(mut self, request: RequestLine) -> Self {
        self.request = Some(request);
        self
    }

    /// The body, as far as it was not read.
    pub fn into_inner(self) -> B {
        self.body
    }

    pub(super) fn name(&self, error: Error) -> Error {
        match &self.request {
            Some(request) => request.named_in(error),
            None => error,
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Chunks<B> {
    /// The next chunk; `None` at the end of the body and after an error.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    ///
    /// # Errors
    ///
    /// The body broke off, or ran out of time.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>>
    where
        B: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Stream for Chunks<B> {
    type Item = Result<Bytes, Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        for _ in 0..MAX_FRAMES_PER_POLL {
            let this = self.as_mut().project();
            if *this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.body.poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Some(Ok(data))),
                    _ => {}
                },
                Some(Err(error)) => {
                    *this.ended = true;
                    let error = self.name(Error::from_response_body(error));
                    return Poll::Ready(Some(Err(error)));
                }
                None => *this.ended = true,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

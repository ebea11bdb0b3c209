//! Newline-delimited JSON.

use super::{line_methods, split::ByteLines, stream_methods};
use crate::{BoxError, Error, ErrorKind, collect::MAX_FRAMES_PER_POLL, content::json};
use bytes::Bytes;
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;
use serde::de::DeserializeOwned;
use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The values of a body of newline-delimited JSON, each line a `T`; blank lines are skipped.
    /// See the [module docs](super) for what a line is.
    ///
    /// # Errors
    ///
    /// As those of [`Lines`](super::Lines). A line that does not decode is an error of kind
    /// [`Decode`](ErrorKind::Decode) with the [`JsonError`](crate::JsonError), whose
    /// [`line`](crate::JsonError::line) is that of the body.
    ///
    /// ```
    /// use http_body_util::Full;
    /// use tower_clients_layers::{JsonError, stream::JsonLines};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pairs = JsonLines::<_, [u8; 2]>::new(Full::from("[1,2]\n\n[3,\"four\"]\n"));
    /// assert_eq!(pairs.next().await.unwrap().unwrap(), [1, 2]);
    ///
    /// let error = pairs.next().await.unwrap().unwrap_err();
    /// let error: &JsonError = error.find_source().unwrap();
    /// assert_eq!((error.line(), error.path()), (3, "[1]"));
    /// # }
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct JsonLines<B, T> {
        #[pin]
        lines: ByteLines<B>,
        value: PhantomData<fn() -> T>,
    }
}

impl<B, T: DeserializeOwned> JsonLines<B, T> {
    /// The values of `body`.
    pub fn new(body: B) -> Self {
        Self { lines: ByteLines::new(body), value: PhantomData }
    }

    line_methods!();
    stream_methods!(T, lines);
}

impl<B, T> Stream for JsonLines<B, T>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
    T: DeserializeOwned,
{
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut lines = self.project().lines;
        for _ in 0..MAX_FRAMES_PER_POLL {
            let line = match ready!(lines.as_mut().poll_line(cx)) {
                Some(Ok(line)) => line,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            if !is_blank(&line) {
                return Poll::Ready(Some(json::decode(&line).map_err(|error| {
                    let error = error.in_line(lines.number());
                    lines.fail(ErrorKind::Decode, error)
                })));
            }
        }
        // Blank lines without end must not keep the thread either.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Whether there is nothing but the whitespace of JSON (RFC 8259 §2).
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

impl<B: fmt::Debug, T> fmt::Debug for JsonLines<B, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("lines", &self.lines).finish_non_exhaustive()
    }
}

//! The lines of a text.

use super::{LineError, line_methods, split::ByteLines, stream_methods};
use crate::{BoxError, Error, ErrorKind};
use bytes::Bytes;
use bytestring::ByteString;
use futures_core::Stream;
use http_body::Body;
use pin_project_lite::pin_project;
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The lines of a body of UTF-8 text, without their ends, each a [`ByteString`]: a `str` in the
    /// memory that it came in. See the [module docs](super) for what a line is.
    ///
    /// A byte order mark at the start is left out. The charset of a content type is not looked at.
    ///
    /// # Errors
    ///
    /// An item is an error of kind [`Body`](ErrorKind::Body) when the body breaks off or a line is
    /// over the limit, [`Decode`](ErrorKind::Decode) when a line is not UTF-8, and
    /// [`Timeout`](ErrorKind::Timeout) when the body has a deadline and it passes. An error about a
    /// line has a [`LineError`] with its number as its source.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless polled"]
    pub struct Lines<B> {
        #[pin]
        lines: ByteLines<B>,
    }
}

impl<B> Lines<B> {
    /// The lines of `body`.
    pub fn new(body: B) -> Self {
        Self { lines: ByteLines::new(body) }
    }

    line_methods!();
    stream_methods!(ByteString, lines);
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Stream for Lines<B> {
    type Item = Result<ByteString, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut lines = self.project().lines;
        let Some(line) = ready!(lines.as_mut().poll_line(cx)) else { return Poll::Ready(None) };
        Poll::Ready(Some(line.and_then(|line| {
            ByteString::try_from(line).map_err(|_| {
                let malformed = LineError::malformed(lines.number());
                lines.fail(ErrorKind::Decode, malformed)
            })
        })))
    }
}

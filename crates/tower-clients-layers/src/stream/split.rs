//! Lines of a body as bytes: what the streams of lines have in common.

use super::{Chunks, LineError};
use crate::{BoxError, Error, ErrorKind, collect::MAX_FRAMES_PER_POLL, error::RequestLine};
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http_body::Body;
use memchr::memchr;
use pin_project_lite::pin_project;
use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The default limit of a line: 1 MiB.
pub const DEFAULT_LINE_LIMIT: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pin_project! {
    #[derive(Debug)]
    pub(super) struct ByteLines<B> {
        #[pin]
        chunks: Chunks<B>,
        splitter: Splitter,
        ended: bool,
    }
}

impl<B> ByteLines<B> {
    pub(super) fn new(body: B) -> Self {
        Self { chunks: Chunks::new(body), splitter: Splitter::new(), ended: false }
    }

    pub(super) fn named(mut self, request: RequestLine) -> Self {
        self.chunks = self.chunks.named(request);
        self
    }

    pub(super) fn limit(mut self, bytes: usize) -> Self {
        self.splitter.limit = bytes;
        self
    }

    pub(super) fn into_inner(self) -> B {
        self.chunks.into_inner()
    }

    /// The number of the line that was given last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.splitter.number
    }

    /// Ends the stream with an error.
    pub(super) fn fail(self: Pin<&mut Self>, kind: ErrorKind, cause: impl Into<BoxError>) -> Error {
        let this = self.project();
        *this.ended = true;
        this.chunks.as_ref().name(Error::new(kind, cause))
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> ByteLines<B> {
    pub(super) fn poll_line(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        for _ in 0..MAX_FRAMES_PER_POLL {
            let this = self.as_mut().project();
            if *this.ended {
                return Poll::Ready(None);
            }
            match this.splitter.next() {
                Ok(Some(line)) => return Poll::Ready(Some(Ok(line))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(self.fail(ErrorKind::Body, error)))),
            }
            match ready!(this.chunks.poll_next(cx)) {
                Some(Ok(chunk)) => this.splitter.feed(chunk),
                Some(Err(error)) => {
                    *this.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    *this.ended = true;
                    let rest = this.splitter.rest();
                    return Poll::Ready(match rest {
                        Ok(rest) => rest.map(Ok),
                        Err(error) => Some(Err(self.fail(ErrorKind::Body, error))),
                    });
                }
            }
        }
        // Frames that are always ready must not keep the thread from timers and other tasks.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Splits chunks into lines. Each byte is searched once.
struct Splitter {
    /// The start of a line that began before `chunk`.
    start: BytesMut,
    chunk: Bytes,
    /// Whether `chunk` is known to hold no end of a line.
    searched: bool,
    limit: usize,
    number: u64,
}

impl Splitter {
    fn new() -> Self {
        Self {
            start: BytesMut::new(),
            chunk: Bytes::new(),
            searched: true,
            limit: DEFAULT_LINE_LIMIT,
            number: 0,
        }
    }

    /// Takes the next chunk, once there is no line in those before.
    fn feed(&mut self, chunk: Bytes) {
        self.start.extend_from_slice(&self.chunk);
        self.chunk = chunk;
        self.searched = false;
    }

    fn next(&mut self) -> Result<Option<Bytes>, LineError> {
        if self.searched {
            return Ok(None);
        }
        let Some(end) = memchr(b'\n', &self.chunk) else {
            self.searched = true;
            // The end of the line may be `\r\n`, of which one half is here.
            let carriage_return = usize::from(self.chunk.last() == Some(&b'\r'));
            self.check(self.start.len() + self.chunk.len() - carriage_return)?;
            return Ok(None);
        };
        let mut line = self.join(end);
        self.chunk = self.chunk.slice(1..);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        self.check(line.len())?;
        Ok(Some(self.count(line)))
    }

    /// The line without an end at the end of the body, if there is one.
    fn rest(&mut self) -> Result<Option<Bytes>, LineError> {
        let line = self.join(self.chunk.len());
        self.check(line.len())?;
        Ok((!line.is_empty()).then(|| self.count(line)))
    }

    /// What there is of the line, with `bytes` of the chunk.
    fn join(&mut self, bytes: usize) -> Bytes {
        let end = self.chunk.split_to(bytes);
        if self.start.is_empty() {
            return end;
        }
        self.start.extend_from_slice(&end);
        mem::take(&mut self.start).freeze()
    }

    fn check(&self, length: usize) -> Result<(), LineError> {
        match length > self.limit {
            true => Err(LineError::too_long(self.number + 1, self.limit)),
            false => Ok(()),
        }
    }

    fn count(&mut self, line: Bytes) -> Bytes {
        self.number += 1;
        match self.number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            true => line.slice(BYTE_ORDER_MARK.len()..),
            false => line,
        }
    }
}

/// What is in the body is nobody's business.
impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Splitter")
            .field("number", &self.number)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

//! Bodies and streams, read by blocking calls.

use super::driver::Drive;
use bytes::{Buf, Bytes};
use futures_core::Stream;
use http_body::Body;
use std::{
    fmt,
    future::poll_fn,
    io::{self, BufRead, Read},
    iter::FusedIterator,
    pin::Pin,
};
use tower_clients_layers::{BoxError, Error, stream::Chunks};

/// The items of a stream, such as [`Lines`](crate::stream::Lines), each by a blocking call.
///
/// It ends after an error. Dropping it drops the exchange.
#[must_use = "iterators are lazy"]
pub struct Iter<T> {
    /// `None` when it has ended.
    stream: Option<Pin<Box<T>>>,
    drive: Drive,
}

impl<T> Iter<T> {
    pub(super) fn new(stream: T, drive: Drive) -> Self {
        Self { stream: Some(Box::pin(stream)), drive }
    }
}

impl<T, V> Iterator for Iter<T>
where
    T: Stream<Item = Result<V, Error>>,
{
    type Item = Result<V, Error>;

    fn next(&mut self) -> Option<Result<V, Error>> {
        let stream = self.stream.as_mut()?;
        let next = poll_fn(|cx| stream.as_mut().poll_next(cx).map(Option::transpose));
        let item = self.drive.go_on(next).transpose();
        if !matches!(item, Some(Ok(_))) {
            self.stream = None;
        }
        item
    }
}

/// Lets the connection see that nobody reads any more, as far as this is a place where a call may
/// wait; else it sees that in the next call.
impl<T> Drop for Iter<T> {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.drive.let_go(stream);
        }
    }
}

impl<T, V> FusedIterator for Iter<T> where T: Stream<Item = Result<V, Error>> {}

impl<T> fmt::Debug for Iter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("has_ended", &self.stream.is_none()).finish_non_exhaustive()
    }
}

/// The body of a response as [`Read`] and [`BufRead`].
///
/// An [`Error`] comes as the inner error of an [`io::Error`]; `std::io::Error::downcast` gives it back.
/// Dropping it unread gives up the connection (HTTP/1), unless little is left, or the stream (HTTP/2).
pub struct Reader<B> {
    chunks: Iter<Chunks<B>>,
    chunk: Bytes,
}

impl<B> Reader<B> {
    pub(super) fn new(body: B, drive: Drive) -> Self {
        Self { chunks: Iter::new(Chunks::new(body), drive), chunk: Bytes::new() }
    }
}

impl<B> BufRead for Reader<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty()
            && let Some(chunk) = self.chunks.next()
        {
            self.chunk = chunk.map_err(io::Error::other)?;
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, amount: usize) {
        self.chunk.advance(amount);
    }
}

impl<B> Read for Reader<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}

impl<B> fmt::Debug for Reader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("chunks", &self.chunks).finish_non_exhaustive()
    }
}

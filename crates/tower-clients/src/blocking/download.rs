//! Downloads that are waited for.

use super::Blocking;
use crate::request::download::{Download, Progress};
use std::{
    io::{self, ErrorKind, Write},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::AsyncWrite;
use tower_clients_layers::{Body, Error, HttpService};

impl<S: HttpService<Body> + Clone, P: FnMut(Progress)> Download<Blocking<S>, P> {
    /// Sends the request, writes the body to `writer`, flushes it, and gives the number of bytes: the
    /// blocking form of the async `to_writer`.
    ///
    /// A deadline does not interrupt a `writer` that blocks; it is looked at between two writes.
    ///
    /// # Errors
    ///
    /// Those of the async form, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn to_writer<W: Write + ?Sized>(self, writer: &mut W) -> Result<u64, Error> {
        let (download, driver) = self.split();
        driver.run(download.to_writer(&mut Writer(writer)))
    }

    /// Sends the request, puts the body into the file at `path`, and gives the number of bytes: the
    /// blocking form of the async `to_path`.
    ///
    /// # Errors
    ///
    /// Those of the async form, and [`ErrorKind::Blocking`](crate::ErrorKind::Blocking) inside of an
    /// async task.
    pub fn to_path(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let (download, driver) = self.split();
        driver.run(download.to_path(path))
    }
}

/// A writer that may block, for a thread that may.
struct Writer<'a, W: ?Sized>(&'a mut W);

fn uninterrupted<T>(mut attempt: impl FnMut() -> io::Result<T>) -> Poll<io::Result<T>> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return Poll::Ready(result),
        }
    }
}

impl<W: Write + ?Sized> AsyncWrite for Writer<'_, W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        uninterrupted(|| self.0.write(bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        uninterrupted(|| self.0.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

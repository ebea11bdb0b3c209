//! A socket for what would connect one itself.

use super::Socket;
use http::Uri;
use std::{
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};
use tower_service::Service;

/// Gives a socket that is there to the connectors of TLS and of proxies, once.
///
/// So one place connects, which says why it cannot, and how long it took.
pub(crate) struct Preconnected(Option<Socket>);

impl Preconnected {
    pub(crate) fn new(socket: Socket) -> Self {
        Self(Some(socket))
    }
}

impl Service<Uri> for Preconnected {
    type Response = Socket;
    type Error = io::Error;
    type Future = Ready<io::Result<Socket>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

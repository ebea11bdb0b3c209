//! HTTP/1.1: a connection for one exchange after the other.

use super::driver::Driver;
use crate::{
    pool::{Attention, OpenPermits},
    uri::request_target,
};
use futures_util::FutureExt;
use http::{HeaderValue, Request, Uri, Version, header::HOST};
use hyper::{
    client::conn::http1,
    rt::{Read, Write},
};
use std::task::{Context, Poll};
use tower_clients_layers::Body;

pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Body>,
    pub(super) driver: Driver,
    #[expect(dead_code, reason = "they are held")]
    pub(super) permits: Option<OpenPermits>,
}

impl Http1 {
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        let Self { sender, driver, .. } = self;
        driver.leave();
        if sender.is_ready() {
            return Poll::Ready(Ok(()));
        }
        driver.poll(cx, |cx| sender.poll_ready(cx))
    }

    pub(super) fn is_open(&mut self) -> bool {
        self.driver.look();
        !self.sender.is_closed()
    }
}

/// The way into a new connection, and what drives it.
pub(super) async fn handshake<I>(
    io: I,
    pool: Attention,
) -> hyper::Result<(http1::SendRequest<Body>, Driver)>
where
    I: Read + Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(io).await?;
    // Whoever has an exchange on it hears of its error.
    let driver = Driver::new(Box::pin(connection.with_upgrades().map(drop)), pool);
    Ok((sender, driver))
}

/// Gives a request the version, target and `Host` of HTTP/1.1.
pub(super) fn address<B>(request: &mut Request<B>, uri: &Uri, name: &HeaderValue) {
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().entry(HOST).or_insert_with(|| name.clone());
    *request.uri_mut() = request_target(uri, request.method());
}

//! HTTP/2: a connection for many exchanges at once.

use super::{
    driver::Task,
    tasks::{Presence, Tasks},
};
use crate::pool::OpenPermits;
use futures_util::FutureExt;
use http::{Request, Uri, Version, header::CONNECTION};
use hyper::{
    client::conn::http2,
    rt::{Read, Write},
};
use hyper_util::rt::TokioTimer;
use std::{sync::Arc, time::Duration};
use tower_clients_layers::Body;

/// One way into the connection. A task drives it, which ends when the last way is dropped and its exchanges
/// are over.
#[derive(Clone)]
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Body>,
    pub(super) open: Arc<Open>,
}

/// What all ways into a connection hold together.
pub(super) struct Open {
    pub(super) presence: Presence,
    #[expect(dead_code, reason = "they are held")]
    pub(super) permits: Option<OpenPermits>,
}

/// How a silent connection is asked whether the server is still there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeepAlive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// The way into a new connection, what it is there for as long as that is, and what drives it.
pub(super) async fn handshake<I>(
    io: I,
    keep_alive: Option<KeepAlive>,
) -> hyper::Result<(http2::SendRequest<Body>, Presence, Task)>
where
    I: Read + Write + Unpin + Send + 'static,
{
    let tasks = Tasks::default();
    let mut builder = http2::Builder::new(tasks.clone());
    builder.timer(TokioTimer::new());
    if let Some(KeepAlive { interval, timeout }) = keep_alive {
        builder.keep_alive_interval(interval).keep_alive_timeout(timeout);
    }
    let (sender, connection) = builder.handshake(io).await?;
    let (task, presence) = tasks.drive(connection.map(drop));
    Ok((sender, presence, task))
}

/// Gives a request the version and target of HTTP/2.
pub(super) fn address<B>(request: &mut Request<B>, uri: &Uri) {
    *request.version_mut() = Version::HTTP_2;
    request.uri_mut().clone_from(uri);
    // hyper leaves out what it names, but `te` goes without it here (RFC 9113 §8.2.2).
    let headers = request.headers_mut();
    let options = headers.get(CONNECTION);
    if options.is_some_and(|options| options.as_bytes().eq_ignore_ascii_case(b"te")) {
        headers.remove(CONNECTION);
    }
}

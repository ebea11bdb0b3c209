//! A connection: what it is made of, and one request over it.

use crate::pool::{OpenPermits, Pooled};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, Version, header::HOST};
use http_body::{Body as HttpBody, Frame, SizeHint};
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper::{
    client::conn::http1,
    rt::{Read, Write},
};
#[cfg(feature = "http2")]
use hyper_util::rt::{TokioExecutor, TokioTimer};
#[cfg(feature = "http2")]
use std::time::Duration;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::time::Instant;
use tower_clients_layers::{Body, BoxError};

/// The way into an open connection. A task drives the connection; it ends when the last way into it
/// is dropped and its exchanges are over.
pub(crate) enum Connection {
    Http1 {
        sender: http1::SendRequest<Outgoing>,
        life: Life,
    },
    #[cfg(feature = "http2")]
    Http2 {
        sender: http2::SendRequest<Outgoing>,
        /// Each exchange has a share of it.
        life: Arc<Life>,
    },
}

/// When a connection was made, and what it holds until the last way into it is dropped.
pub(crate) struct Life {
    born: Instant,
    permits: Option<OpenPermits>,
}

impl Life {
    fn new() -> Self {
        Self { born: Instant::now(), permits: None }
    }
}

/// How a silent HTTP/2 connection is asked whether the server is still there.
#[cfg(feature = "http2")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeepAlive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// What drives a connection, to its end.
pub(crate) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Connection {
    pub(crate) async fn http1<I>(io: I) -> hyper::Result<(Self, Driver)>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(io).await?;
        // Whoever has an exchange on it hears of its error.
        let driver = Box::pin(async { drop(connection.with_upgrades().await) });
        Ok((Self::Http1 { sender, life: Life::new() }, driver))
    }

    #[cfg(feature = "http2")]
    pub(crate) async fn http2<I>(
        io: I,
        keep_alive: Option<KeepAlive>,
    ) -> hyper::Result<(Self, Driver)>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new());
        if let Some(KeepAlive { interval, timeout }) = keep_alive {
            builder.keep_alive_interval(interval).keep_alive_timeout(timeout);
        }
        let (sender, connection) = builder.handshake(io).await?;
        let driver = Box::pin(async { drop(connection.await) });
        Ok((Self::Http2 { sender, life: Arc::new(Life::new()) }, driver))
    }

    /// Holds `permits` from now on. It is not shared yet.
    pub(crate) fn hold(&mut self, permits: Option<OpenPermits>) {
        match self {
            Self::Http1 { life, .. } => life.permits = permits,
            #[cfg(feature = "http2")]
            Self::Http2 { life, .. } => {
                if let Some(life) = Arc::get_mut(life) {
                    life.permits = permits;
                }
            }
        }
    }

    /// Waits until it takes a request. `false`: it never will, and nothing was sent.
    pub(crate) async fn is_ready(&mut self) -> bool {
        match self {
            Self::Http1 { sender, .. } => sender.ready().await.is_ok(),
            #[cfg(feature = "http2")]
            Self::Http2 { sender, .. } => sender.ready().await.is_ok(),
        }
    }

    /// Gives a request the version, target and `Host` that go with this connection.
    pub(crate) fn address<B>(&self, request: &mut Request<B>, uri: &Uri, name: &HeaderValue) {
        match self {
            Self::Http1 { .. } => {
                *request.version_mut() = Version::HTTP_11;
                request.headers_mut().entry(HOST).or_insert_with(|| name.clone());
                *request.uri_mut() = request_target(uri, request.method());
            }
            #[cfg(feature = "http2")]
            Self::Http2 { .. } => {
                *request.version_mut() = Version::HTTP_2;
                request.uri_mut().clone_from(uri);
            }
        }
    }
}

/// The origin form, or the authority form for `CONNECT` (RFC 9112 §3.2).
fn request_target(uri: &Uri, method: &Method) -> Uri {
    match (uri.path_and_query(), uri.authority()) {
        (_, Some(authority)) if *method == Method::CONNECT => authority.clone().into(),
        (Some(path), _) => path.clone().into(),
        (None, _) => Uri::default(),
    }
}

impl Pooled for Connection {
    fn is_open(&self) -> bool {
        match self {
            Self::Http1 { sender, .. } => !sender.is_closed(),
            #[cfg(feature = "http2")]
            Self::Http2 { sender, .. } => !sender.is_closed(),
        }
    }

    fn born(&self) -> Instant {
        match self {
            Self::Http1 { life, .. } => life.born,
            #[cfg(feature = "http2")]
            Self::Http2 { life, .. } => life.born,
        }
    }

    fn share(&self) -> Option<Self> {
        match self {
            Self::Http1 { .. } => None,
            #[cfg(feature = "http2")]
            Self::Http2 { sender, life } => {
                Some(Self::Http2 { sender: sender.clone(), life: Arc::clone(life) })
            }
        }
    }

    fn is_busy(&self) -> bool {
        match self {
            Self::Http1 { .. } => false,
            #[cfg(feature = "http2")]
            Self::Http2 { life, .. } => Arc::strong_count(life) > 1,
        }
    }
}

/// The body of a request, that tells when all of it was taken.
pub(crate) struct Outgoing {
    body: Body,
    /// Of a stream only: everything else is taken at once.
    is_taken: Option<Arc<AtomicBool>>,
}

/// Whether all of a request body was taken.
#[derive(Debug, Clone)]
pub(crate) struct Upload(Option<Arc<AtomicBool>>);

impl Outgoing {
    pub(crate) fn new(body: Body) -> Self {
        let is_stream = body.try_clone().is_none();
        Self { body, is_taken: is_stream.then(Arc::<AtomicBool>::default) }
    }

    pub(crate) fn upload(&self) -> Upload {
        Upload(self.is_taken.clone())
    }
}

impl Upload {
    pub(crate) fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(|is_taken| is_taken.load(Ordering::Acquire))
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(is_taken) = &self.is_taken
            && (frame.is_none() || self.body.is_end_stream())
        {
            is_taken.store(true, Ordering::Release);
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

//! A connection: what it is made of, and one request over it.

use crate::{
    body::Lease,
    driver::Driver,
    pool::{Attention, OpenPermits, Pooled},
    timings::Setup,
};
#[cfg(feature = "http2")]
use crate::{
    driver::Task,
    tasks::{Presence, Tasks},
};
use bytes::Bytes;
use futures_util::FutureExt;
#[cfg(feature = "http2")]
use futures_util::future::Either;
#[cfg(feature = "http2")]
use http::header::CONNECTION;
use http::{
    HeaderValue, Method, Request, Response, Uri, Version,
    header::{CONTENT_LENGTH, HOST},
};
use http_body::{Body as HttpBody, Frame, SizeHint};
#[cfg(feature = "http2")]
use hyper::client::conn::http2;
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1},
    rt::{Read, Write},
    upgrade::OnUpgrade,
};
#[cfg(feature = "http2")]
use hyper_util::rt::TokioTimer;
use pin_project_lite::pin_project;
#[cfg(feature = "http2")]
use std::time::Duration;
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::time::Instant;
use tower_clients_layers::{Body, BoxError, Error, ErrorKind};

/// The way into an open connection.
pub(crate) enum Connection {
    Http1(Box<Http1>),
    #[cfg(feature = "http2")]
    Http2(Box<Http2>),
}

pub(crate) struct Http1 {
    sender: http1::SendRequest<Body>,
    driver: Driver,
    life: Life,
    lease: Option<Lease>,
    setup: Option<Box<Setup>>,
}

/// A task drives the connection; it ends when the last way into it is dropped and its exchanges are
/// over.
#[cfg(feature = "http2")]
pub(crate) struct Http2 {
    sender: http2::SendRequest<Body>,
    /// Each exchange has a share of it.
    life: Arc<(Life, Presence)>,
    lease: Option<Lease>,
    setup: Option<Box<Setup>>,
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

/// The response, or why there is none, with a request that was not written.
pub(crate) type Sent = Result<Response<Incoming>, TrySendError<Request<Body>>>;

/// How a silent HTTP/2 connection is asked whether the server is still there.
#[cfg(feature = "http2")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeepAlive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

impl Connection {
    pub(crate) async fn http1<I>(io: I, pool: Attention) -> hyper::Result<Self>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(io).await?;
        // Whoever has an exchange on it hears of its error.
        let connection = Box::pin(connection.with_upgrades().map(drop));
        let driver = Driver::new(connection, pool);
        let life = Life::new();
        Ok(Self::Http1(Box::new(Http1 { sender, driver, life, lease: None, setup: None })))
    }

    #[cfg(feature = "http2")]
    pub(crate) async fn http2<I>(
        io: I,
        keep_alive: Option<KeepAlive>,
    ) -> hyper::Result<(Self, Task)>
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
        let life = Arc::new((Life::new(), presence));
        Ok((Self::Http2(Box::new(Http2 { sender, life, lease: None, setup: None })), task))
    }

    /// Holds `permits` from now on. It is not shared yet.
    pub(crate) fn hold(&mut self, permits: Option<OpenPermits>) {
        match self {
            Self::Http1(connection) => connection.life.permits = permits,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => {
                if let Some((life, _)) = Arc::get_mut(&mut connection.life) {
                    life.permits = permits;
                }
            }
        }
    }

    /// What it took to make it, for the exchange that it is made for.
    pub(crate) fn setup(&mut self) -> &mut Option<Box<Setup>> {
        match self {
            Self::Http1(connection) => &mut connection.setup,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => &mut connection.setup,
        }
    }

    /// Waits until it takes a request. `false`: it never will, and nothing was sent.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let ready = match self {
            Self::Http1(connection) => {
                let Http1 { sender, driver, .. } = &mut **connection;
                driver.leave();
                if sender.is_ready() {
                    return Poll::Ready(true);
                }
                driver.poll(cx, |cx| sender.poll_ready(cx))
            }
            #[cfg(feature = "http2")]
            Self::Http2(connection) => connection.sender.poll_ready(cx),
        };
        ready.map(|ready| ready.is_ok())
    }

    /// Polls what waits for something that comes through the connection.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut waiting: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match self.exclusive() {
            Some(connection) => connection.driver.poll(cx, waiting),
            None => waiting(cx),
        }
    }

    /// Sends a request that was [addressed](Self::address) to it.
    pub(crate) fn send(&mut self, request: Request<Body>) -> impl Future<Output = Sent> + Send {
        let sent = match self {
            #[cfg(feature = "http2")]
            Self::Http1(connection) => Either::Left(connection.sender.try_send_request(request)),
            #[cfg(not(feature = "http2"))]
            Self::Http1(connection) => connection.sender.try_send_request(request),
            #[cfg(feature = "http2")]
            Self::Http2(connection) => Either::Right(connection.sender.try_send_request(request)),
        };
        Sending { connection: self, sent }
    }

    /// Has a task drive it as long as it is there: there is more to do than to wait for the response.
    pub(crate) fn detach(&mut self) {
        if let Some(connection) = self.exclusive() {
            connection.driver.detach();
        }
    }

    /// Lets the task go on without it.
    pub(crate) fn release(mut self) {
        match &mut self {
            Self::Http1(connection) => connection.driver.release(),
            #[cfg(feature = "http2")]
            Self::Http2(connection) => connection.life.1.release(),
        }
    }

    fn exclusive(&mut self) -> Option<&mut Http1> {
        match self {
            Self::Http1(connection) => Some(connection),
            #[cfg(feature = "http2")]
            Self::Http2(_) => None,
        }
    }

    /// Whether it carries many requests at once, and so is in the pool all the time.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self, Self::Http1(_))
    }

    /// The exchange that is on it, if any.
    pub(crate) fn lease(&mut self) -> &mut Option<Lease> {
        match self {
            Self::Http1(connection) => &mut connection.lease,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => &mut connection.lease,
        }
    }

    /// Gives a request the version, target and `Host` that go with this connection.
    pub(crate) fn address<B>(&self, request: &mut Request<B>, uri: &Uri, name: &HeaderValue) {
        match self {
            Self::Http1(_) => {
                *request.version_mut() = Version::HTTP_11;
                request.headers_mut().entry(HOST).or_insert_with(|| name.clone());
                *request.uri_mut() = request_target(uri, request.method());
            }
            #[cfg(feature = "http2")]
            Self::Http2(_) => {
                *request.version_mut() = Version::HTTP_2;
                request.uri_mut().clone_from(uri);
                // hyper leaves out what it names, but `te` goes without it here (RFC 9113 §8.2.2).
                let headers = request.headers_mut();
                let options = headers.get(CONNECTION);
                if options.is_some_and(|options| options.as_bytes().eq_ignore_ascii_case(b"te")) {
                    headers.remove(CONNECTION);
                }
            }
        }
    }
}

pin_project! {
    /// Waits for a response, and has the connection get on meanwhile.
    struct Sending<'a, F> {
        connection: &'a mut Connection,
        #[pin]
        sent: F,
    }
}

impl<F: Future> Future for Sending<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        this.connection.poll(cx, |cx| this.sent.as_mut().poll(cx))
    }
}

/// Whether the connection becomes something else than one of HTTP.
pub(crate) fn is_upgrade<B>(response: &Response<B>) -> bool {
    response.extensions().get::<OnUpgrade>().is_some()
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
    fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(connection) => {
                connection.driver.look();
                !connection.sender.is_closed()
            }
            #[cfg(feature = "http2")]
            Self::Http2(connection) => !connection.sender.is_closed(),
        }
    }

    fn rest(&mut self) {
        if let Some(connection) = self.exclusive() {
            connection.driver.rest();
        }
    }

    fn born(&self) -> Instant {
        match self {
            Self::Http1(connection) => connection.life.born,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => connection.life.0.born,
        }
    }

    fn share(&self) -> Option<Self> {
        match self {
            Self::Http1(_) => None,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => {
                let (sender, life) = (connection.sender.clone(), Arc::clone(&connection.life));
                Some(Self::Http2(Box::new(Http2 { sender, life, lease: None, setup: None })))
            }
        }
    }

    fn is_busy(&self) -> bool {
        match self {
            Self::Http1(_) => false,
            #[cfg(feature = "http2")]
            Self::Http2(connection) => Arc::strong_count(&connection.life) > 1,
        }
    }
}

/// Whether all of a request body was taken.
#[derive(Debug, Clone)]
pub(crate) struct Upload(
    /// Of a stream only: everything else is taken at once.
    Option<Arc<AtomicBool>>,
);

impl Upload {
    /// Watches the body of a request. Fails where its `Content-Length` is another one.
    pub(crate) fn of(request: &mut Request<Body>) -> Result<Self, Error> {
        let declared = declared(request)?;
        let body = request.body_mut();
        if body.is_cloneable() || body.is_end_stream() {
            return Ok(Self(None));
        }
        let is_taken = Arc::<AtomicBool>::default();
        let body = mem::take(body);
        let watched = Watched { body, left: declared, is_taken: Arc::clone(&is_taken) };
        *request.body_mut() = Body::new(watched);
        Ok(Self(Some(is_taken)))
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(|is_taken| is_taken.load(Ordering::Acquire))
    }
}

/// How many bytes a request says that it has. More of them would not be sent.
fn declared(request: &Request<Body>) -> Result<Option<u64>, Error> {
    let Some(value) = request.headers().get(CONTENT_LENGTH) else { return Ok(None) };
    let refused = |reason| Error::new(ErrorKind::Request, reason);
    let digits = value.to_str().ok().filter(|value| !value.starts_with('+'));
    let declared = digits.and_then(|digits| digits.parse().ok());
    let declared = declared.ok_or_else(|| refused("its `Content-Length` is no number"))?;
    match request.body().size_hint().exact() {
        Some(actual) if actual != declared => {
            Err(refused("its `Content-Length` is not the length of its body: leave it out"))
        }
        _ => Ok(Some(declared)),
    }
}

/// A body that tells when all of it was taken, and is no longer than it may be.
struct Watched {
    body: Body,
    left: Option<u64>,
    is_taken: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(left) = &mut self.left
            && let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            let rest = left.checked_sub(data.len() as u64);
            *left = rest.ok_or("the body is longer than its `Content-Length`")?;
        }
        if frame.is_none() || self.body.is_end_stream() {
            self.is_taken.store(true, Ordering::Release);
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

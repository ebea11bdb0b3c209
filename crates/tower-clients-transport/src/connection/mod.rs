//! An open connection: what the pool keeps, and what an exchange sends and reads through.
//!
//! An exchange drives an HTTP/1.1 connection itself ([`driver`]); an HTTP/2 connection has a task (`tasks`).

mod driver;
mod http1;
#[cfg(feature = "http2")]
mod http2;
mod lease;
#[cfg(feature = "http2")]
mod tasks;

#[cfg(feature = "http2")]
pub(crate) use self::http2::KeepAlive;
pub(crate) use self::{driver::Task, lease::Lease};

use self::http1::Http1;
#[cfg(feature = "http2")]
use self::http2::{Http2, Open};
use crate::{
    pool::{Opening, Pooled},
    timings::Setup,
};
#[cfg(feature = "http2")]
use futures_util::future::Either;
use http::{HeaderValue, Request, Response, Uri};
use hyper::{
    body::Incoming,
    client::conn::TrySendError,
    rt::{Read, Write},
    upgrade::OnUpgrade,
};
use pin_project_lite::pin_project;
#[cfg(feature = "http2")]
use std::sync::Arc;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::Instant;
use tower_clients_layers::Body;

/// A way into an open connection: the only one into HTTP/1.1, one of many into HTTP/2.
pub(crate) struct Connection(Box<State>);

struct State {
    protocol: Protocol,
    born: Instant,
    /// The exchange that is on it, if any.
    lease: Option<Lease>,
    /// What it took to make it, for the exchange that it was made for.
    setup: Option<Setup>,
}

enum Protocol {
    Http1(Http1),
    #[cfg(feature = "http2")]
    Http2(Http2),
}

/// The response, or why there is none, with a request that was not written.
pub(crate) type Sent = Result<Response<Incoming>, TrySendError<Request<Body>>>;

impl Connection {
    pub(crate) async fn http1<I>(
        io: I,
        setup: Setup,
        opening: &mut Opening<Self>,
    ) -> hyper::Result<Self>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, driver) = http1::handshake(io, opening.attention()).await?;
        let http1 = Http1 { sender, driver, permits: opening.permits() };
        Ok(Self::new(Protocol::Http1(http1), Some(setup)))
    }

    /// With the task that drives it.
    #[cfg(feature = "http2")]
    pub(crate) async fn http2<I>(
        io: I,
        keep_alive: Option<KeepAlive>,
        setup: Setup,
        opening: &mut Opening<Self>,
    ) -> hyper::Result<(Self, Task)>
    where
        I: Read + Write + Unpin + Send + 'static,
    {
        let (sender, presence, task) = http2::handshake(io, keep_alive).await?;
        let open = Arc::new(Open { presence, permits: opening.permits() });
        Ok((Self::new(Protocol::Http2(Http2 { sender, open }), Some(setup)), task))
    }

    fn new(protocol: Protocol, setup: Option<Setup>) -> Self {
        Self(Box::new(State { protocol, born: Instant::now(), lease: None, setup }))
    }

    /// Whether it carries many requests at once, and so is in the pool all the time.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.0.protocol, Protocol::Http1(_))
    }

    fn exclusive(&mut self) -> Option<&mut Http1> {
        match &mut self.0.protocol {
            Protocol::Http1(http1) => Some(http1),
            #[cfg(feature = "http2")]
            Protocol::Http2(_) => None,
        }
    }

    /// What it took to make it, for the first who asks.
    pub(crate) fn take_setup(&mut self) -> Option<Setup> {
        self.0.setup.take()
    }

    /// Waits until it takes a request. `false`: it never will, and nothing was sent.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let ready = match &mut self.0.protocol {
            Protocol::Http1(http1) => http1.poll_ready(cx),
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => http2.sender.poll_ready(cx),
        };
        ready.map(|ready| ready.is_ok())
    }

    /// Gives a request the form that goes with this connection.
    pub(crate) fn address<B>(&self, request: &mut Request<B>, uri: &Uri, name: &HeaderValue) {
        match &self.0.protocol {
            Protocol::Http1(_) => http1::address(request, uri, name),
            #[cfg(feature = "http2")]
            Protocol::Http2(_) => http2::address(request, uri),
        }
    }

    /// Sends a request that was [addressed](Self::address) to it.
    pub(crate) fn send(&mut self, request: Request<Body>) -> impl Future<Output = Sent> + Send {
        let sent = match &mut self.0.protocol {
            #[cfg(feature = "http2")]
            Protocol::Http1(http1) => Either::Left(http1.sender.try_send_request(request)),
            #[cfg(not(feature = "http2"))]
            Protocol::Http1(http1) => http1.sender.try_send_request(request),
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => Either::Right(http2.sender.try_send_request(request)),
        };
        Sending { connection: self, sent }
    }

    /// Polls what waits for something that comes through the connection.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut waiting: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match self.exclusive() {
            Some(http1) => http1.driver.poll(cx, waiting),
            None => waiting(cx),
        }
    }

    /// Has a task drive it as long as it is there: there is more to do than to wait for the response.
    pub(crate) fn detach(&mut self) {
        if let Some(http1) = self.exclusive() {
            http1.driver.detach();
        }
    }

    /// Lets the task go on without it.
    fn release(mut self) {
        match &mut self.0.protocol {
            Protocol::Http1(http1) => http1.driver.release(),
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => http2.open.presence.release(),
        }
    }

    /// The head of a response has come: its exchange has the connection from here on.
    pub(crate) fn begin(&mut self, lease: Lease) {
        self.0.lease = Some(lease);
    }

    /// The exchange on it has failed.
    pub(crate) fn into_lease(mut self) -> Option<Lease> {
        self.0.lease.take()
    }

    /// Whether another exchange would have it, if this one came to its end.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.is_shared() && self.0.lease.as_ref().is_some_and(Lease::is_worth_its_connection)
    }

    /// The response has come to its end: gives the connection back to the pool, if another exchange may
    /// follow.
    pub(crate) fn finish(mut self) {
        let Some(mut lease) = self.0.lease.take() else { return };
        if let Some(watch) = lease.watch.take() {
            watch.end();
        }
        if lease.may_be_followed() && !self.is_shared() {
            lease.in_flight.pool().put(&lease.host, self);
        } else if lease.goes_on {
            self.release();
        }
    }
}

impl Pooled for Connection {
    fn is_open(&mut self) -> bool {
        match &mut self.0.protocol {
            Protocol::Http1(http1) => http1.is_open(),
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => !http2.sender.is_closed(),
        }
    }

    fn rest(&mut self) {
        if let Some(http1) = self.exclusive() {
            http1.driver.rest();
        }
    }

    fn born(&self) -> Instant {
        self.0.born
    }

    fn share(&self) -> Option<Self> {
        match &self.0.protocol {
            Protocol::Http1(_) => None,
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => {
                let (protocol, born) = (Protocol::Http2(http2.clone()), self.0.born);
                Some(Self(Box::new(State { protocol, born, lease: None, setup: None })))
            }
        }
    }

    fn is_busy(&self) -> bool {
        match &self.0.protocol {
            Protocol::Http1(_) => false,
            #[cfg(feature = "http2")]
            Protocol::Http2(http2) => Arc::strong_count(&http2.open) > 1,
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

//! How long the parts of an exchange took.

use http::Extensions;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// How long the parts of an exchange took: an extension of its response, where the transport is
/// [asked for it](crate::TransportBuilder::timings).
///
/// Of several attempts it is that of the last one.
///
/// ```
/// use http::Request;
/// use http_body_util::BodyExt;
/// use tower::ServiceExt;
/// use tower_clients_layers::Body;
/// use tower_clients_transport::{Timings, Transport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// let server = testbed::Testbed::http().await?;
/// let transport = Transport::builder().timings().build()?;
/// for is_reused in [false, true] {
///     let request = Request::get(format!("{}get", server.url())).body(Body::empty())?;
///     let response = transport.clone().oneshot(request).await?;
///     let timings = response.extensions().get::<Timings>().ok_or("there are none")?.clone();
///     assert_eq!(timings.is_reused(), is_reused);
///     assert!(timings.tcp() < Some(timings.head()) && timings.tls().is_none());
///
///     response.into_body().collect().await?;
///     assert!(timings.body().is_some());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Timings {
    setup: Option<Setup>,
    head: Duration,
    body: Arc<OnceLock<Duration>>,
}

/// What it took to make a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) socket: Option<SocketSetup>,
    pub(crate) tls: Option<Duration>,
}

impl Setup {
    /// That of a connection that was begun at `start`, and whose socket took `socket`.
    pub(crate) fn since(start: Instant, socket: Option<SocketSetup>, is_secure: bool) -> Self {
        let reached = socket.map_or(Duration::ZERO, |socket| socket.dns + socket.tcp);
        let tls = is_secure.then(|| start.elapsed().saturating_sub(reached));
        Self { socket, tls }
    }
}

/// What it took to reach an address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketSetup {
    pub(crate) dns: Duration,
    pub(crate) tcp: Duration,
}

impl Timings {
    /// Whether the exchange took a connection that was there. Else the times that follow are of the one that
    /// was made for it.
    #[must_use]
    pub fn is_reused(&self) -> bool {
        self.setup.is_none()
    }

    /// The time to find the addresses of the host, or of a proxy. `None` without a new connection, or by a
    /// Unix socket.
    #[must_use]
    pub fn dns(&self) -> Option<Duration> {
        Some(self.setup?.socket?.dns)
    }

    /// The time to connect to one of the addresses. `None` as for [`dns`](Self::dns).
    #[must_use]
    pub fn tcp(&self) -> Option<Duration> {
        Some(self.setup?.socket?.tcp)
    }

    /// The time of the handshake of TLS, and of a proxy on the way. `None` without a new connection, or
    /// without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<Duration> {
        self.setup?.tls
    }

    /// The time from the call to the head of the response: all of the above, the wait for a connection,
    /// sending the request, and the server.
    #[must_use]
    pub fn head(&self) -> Duration {
        self.head
    }

    /// The time from the head to the end of the body. `None` until then, and where the end does not come.
    #[must_use]
    pub fn body(&self) -> Option<Duration> {
        self.body.get().copied()
    }
}

/// The clock of one exchange, until its head.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The head has come, over a connection that took this to make.
    pub(crate) fn head(self, setup: Option<Setup>, extensions: &mut Extensions) -> BodyWatch {
        let now = Instant::now();
        let body = Arc::default();
        let watch = BodyWatch { head: now, body: Arc::clone(&body) };
        extensions.insert(Timings { setup, head: now - self.0, body });
        watch
    }
}

/// The clock of a body.
pub(crate) struct BodyWatch {
    head: Instant,
    body: Arc<OnceLock<Duration>>,
}

impl BodyWatch {
    /// The body has ended.
    pub(crate) fn end(self) {
        // It ends once.
        let _ = self.body.set(self.head.elapsed());
    }
}

//! The service itself.

mod future;
mod shutdown;

pub use self::future::ResponseFuture;

use crate::{
    ResponseBody, TransportBuilder, TransportStats,
    connect::Connector,
    connection::Connection,
    exchange::{Shared, exchange},
    pool::InFlight,
    settings::Settings,
    uri::check,
};
use bytes::Bytes;
use http::{Request, Response, Uri};
use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};
use tower_clients_layers::{Body, BoxError, Error, ErrorKind, UnavailableError};
use tower_service::Service;

/// A pooled HTTP client as a [`Service`]. See the [crate docs](crate).
///
/// Clones share one pool of connections and are one pointer wide. It is always ready, so it needs
/// no call of [`poll_ready`](Service::poll_ready) and a clone loses nothing.
///
/// It can be made outside of a runtime, and in a `static`; *sending* needs a tokio runtime with
/// I/O and time enabled:
///
/// ```
/// use std::sync::LazyLock;
/// use tower_clients_transport::Transport;
///
/// static TRANSPORT: LazyLock<Transport> = LazyLock::new(Transport::new);
///
/// assert_eq!(size_of_val(&*TRANSPORT), size_of::<usize>());
/// ```
///
/// A connection lives on the runtime of the request that opened it, which alone drives it, and is
/// used for requests from there only. When that runtime ends, such as at the end of a test, its
/// connections close.
///
/// # HTTP versions
///
/// The version of the *request* does not matter, so the default one works everywhere:
/// plain TCP carries HTTP/1.1, or HTTP/2 with
#[cfg_attr(feature = "http2", doc = "[prior knowledge](TransportBuilder::http2_prior_knowledge);")]
#[cfg_attr(not(feature = "http2"), doc = "prior knowledge and the feature `http2`;")]
/// TLS carries what ALPN agrees on. The version of the *response* is the one that was spoken.
#[derive(Clone)]
pub struct Transport {
    pub(crate) shared: Arc<Shared>,
}

impl Transport {
    /// A transport with the defaults of the [builder](Self::builder).
    ///
    /// It cannot fail: what TLS needs is looked for when the first `https` connection is made.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Connector::later(Settings::default()))
    }

    /// Sets timeouts, the pool, the version of HTTP and TLS.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::new()
    }

    /// What the transport is doing now, for a gauge or a page of health. It takes the lock of each server in
    /// turn, so that servers are not counted at quite the same moment.
    ///
    /// ```
    /// use http::Request;
    /// use http_body_util::BodyExt;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::Transport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let server = testbed::Testbed::http().await?;
    /// let transport = Transport::new();
    /// let request = Request::get(format!("{}bytes/10", server.url())).body(Body::empty())?;
    ///
    /// let response = transport.clone().oneshot(request).await?;
    /// let host = transport.stats().hosts.remove(0);
    /// assert_eq!(host.origin, format!("http://{}", server.addr()));
    /// assert_eq!((host.open, host.idle, host.in_use), (1, 0, 1));
    ///
    /// response.into_body().collect().await?;
    /// let stats = transport.stats();
    /// assert_eq!((stats.open(), stats.idle(), stats.in_flight), (1, 1, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> TransportStats {
        TransportStats { hosts: self.shared.pool.stats(), in_flight: self.in_flight() }
    }

    pub(crate) fn over(connector: Connector) -> Self {
        Self { shared: Arc::new(Shared::new(connector)) }
    }

    fn admit(&self, uri: &Uri) -> Result<InFlight<Connection>, Error> {
        check(uri)?;
        let shut_down = || Error::new(ErrorKind::Unavailable, UnavailableError::shut_down());
        InFlight::begin(&self.shared.pool).ok_or_else(shut_down)
    }
}

impl Default for Transport {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the settings of the builder; never keys.
impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("settings", &self.shared.connector.settings).finish()
    }
}

/// Sends a request.
///
/// # Errors
///
/// Those of the [crate docs](crate#errors); each names the method and the URL of the request.
impl<B> Service<Request<B>> for Transport
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        match self.admit(request.uri()) {
            Ok(in_flight) => {
                let shared = Arc::clone(&self.shared);
                ResponseFuture::sent(exchange(shared, in_flight, request.map(Body::new)))
            }
            Err(error) => {
                ResponseFuture::refused(error.for_request(request.method(), request.uri()))
            }
        }
    }
}

const _: () = {
    const fn transport_is_shareable<T: Clone + Send + Sync + Unpin + 'static>() {}
    transport_is_shareable::<Transport>();
    assert!(size_of::<Transport>() == size_of::<usize>());
};

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    async fn refused(uri: &str) -> Error {
        let request = Request::post(uri).body(Body::empty()).unwrap();
        Transport::new().call(request).await.unwrap_err()
    }

    #[tokio::test]
    async fn unusable_urls_are_named_and_not_sent() {
        for (uri, reason) in [
            ("/path", "relative"),
            ("example.com:80", "relative"),
            ("ftp://example.com/", "`https`"),
            ("http://user:pass@example.com/", "`Authorization`"),
            ("https://user@example.com/", "`Authorization`"),
        ] {
            let error = refused(uri).await;
            assert!(error.is_url() && !error.may_have_been_sent(), "{uri}: {error:?}");
            assert_eq!(error.method(), Some(&Method::POST));
            let text = format!("{error:#}");
            assert!(text.contains(reason) && !text.contains("pass"), "{uri}: {text}");
        }
    }

    #[cfg(not(feature = "tls"))]
    #[tokio::test]
    async fn https_without_tls_names_the_missing_feature() {
        let error = refused("https://localhost/").await;
        assert!(error.is_connect() && !error.may_have_been_sent());
        assert!(format!("{error:#}").contains("the feature `ring`"), "{error:#}");
    }
}

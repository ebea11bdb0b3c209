//! The service itself.

use crate::{
    ResponseBody, TransportBuilder,
    connection::Connection,
    exchange::{Shared, exchange},
    pool::Running,
};
use bytes::Bytes;
use http::{Request, Response, Uri, uri::Scheme};
use std::{
    fmt,
    future::Future,
    pin::Pin,
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
        TransportBuilder::new().defaults()
    }

    /// Sets timeouts, the pool, the version of HTTP and TLS.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::new()
    }

    fn admit(&self, uri: &Uri) -> Result<Running<Connection>, Error> {
        check(uri).map_err(|reason| Error::new(ErrorKind::Url, reason))?;
        let shut_down = || Error::new(ErrorKind::Unavailable, UnavailableError::shut_down());
        Running::begin(&self.shared.pool).ok_or_else(shut_down)
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(crate) fn from_parts(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
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
        self.shared.settings.fields("Transport", f)
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
        let state = match self.admit(request.uri()) {
            Ok(running) => {
                let shared = Arc::clone(&self.shared);
                State::Sent(Box::pin(exchange(shared, running, request.map(Body::new))))
            }
            Err(error) => State::Refused(Some(error.for_request(request.method(), request.uri()))),
        };
        ResponseFuture { state }
    }
}

/// The reason why a URI cannot be requested.
fn check(uri: &Uri) -> Result<(), &'static str> {
    match (uri.scheme(), uri.authority()) {
        (Some(scheme), Some(_)) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(()),
        (Some(_), Some(_)) => Err("its scheme is neither `http` nor `https`"),
        _ => Err("it is relative: give an absolute URL, or join it to a base URL in a layer"),
    }
}

/// Waits for the head of the response.
///
/// # Cancel safety
///
/// Dropping it gives up the request, which may have been sent: an HTTP/1.1 connection closes, an
/// HTTP/2 connection resets the one stream. A connection that is being made for it is given up too.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture {
    state: State,
}

enum State {
    /// The futures of hyper have no names, so this one cannot have one either.
    Sent(Pin<Box<dyn Future<Output = Answer> + Send>>),
    Refused(Option<Error>),
}

type Answer = Result<Response<ResponseBody>, Error>;

impl Future for ResponseFuture {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        match &mut self.state {
            State::Sent(exchange) => exchange.as_mut().poll(cx),
            State::Refused(error) => {
                Poll::Ready(Err(error.take().expect("not polled after completion")))
            }
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

const _: () = {
    const fn transport_is_shareable<T: Clone + Send + Sync + Unpin + 'static>() {}
    transport_is_shareable::<Transport>();
    assert!(size_of::<Transport>() == size_of::<usize>());

    const fn future_is_sendable<T: Send + Unpin + 'static>() {}
    future_is_sendable::<ResponseFuture>();
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

//! Makes a request that came in one that goes out, as a gateway does (RFC 9110 §7.6).
//!
//! | of the request | becomes |
//! |---|---|
//! | target | its path and query, for [`JoinUrlLayer`](crate::JoinUrlLayer) to join |
//! | `Host` | that of the server it goes to |
//! | `Connection`, what it names, and all else that is for one hop | left out; `TE: trailers` stays |
//! | `Forwarded`, `X-Forwarded-For`, `-Host`, `-Proto` | written anew (RFC 7239), [or continued](ForwardLayer::trust_forwarded); any other `X-Forwarded-` and `X-Real-IP` are left out |
//! | `Via` | continued; a request that has been here is [refused](ForwardError) |
//! | version | that of whoever sends it on, also of the response |
//! | method | itself; `CONNECT` and `TRACE` are refused, and `OPTIONS` whose `Max-Forwards` has come to 0 |
//! | `Upgrade` | asked for in its place, but for `h2c`, `HTTP` and `TLS`; then bytes are copied in both directions |
//! | body | streamed, with its trailers |
//!
//! Redirects are passed on and not followed, unless the options of the request say so. Nothing is kept of a
//! body, so a request that has one is not sent twice. What is for one hop is left out of the response, too.
//!
//! A credential of the caller goes on to the server, and wins over one that a layer below would add: name it
//! in [`without_header`](ForwardLayer::without_header) where the gateway has one of its own. A jar of
//! cookies below would be that of all callers at once.
//!
//! ```
//! use axum::{Router, http::HeaderMap};
//! use http::{Request, header::AUTHORIZATION};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{BaseUrl, Body, ForwardLayer, JoinUrlLayer, url::Boundary};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().route("/v1/me", axum::routing::get(async |headers: HeaderMap| {
//!     assert!(!headers.contains_key("authorization") && !headers.contains_key("keep-alive"));
//!     headers["x-forwarded-host"].to_str().unwrap_or("").to_owned()
//! }));
//! // What is beside `/v1` is not for callers.
//! let base = BaseUrl::parse("http://inside.example/v1")?.with_boundary(Boundary::Path);
//! let gateway = ServiceBuilder::new()
//!     .layer(ForwardLayer::new().without_header(AUTHORIZATION))
//!     .layer(JoinUrlLayer::new(base))
//!     .service(server);
//!
//! let request = Request::get("/me")
//!     .header("host", "api.example.com")
//!     .header("authorization", "Bearer of-the-caller")
//!     .header("keep-alive", "timeout=5");
//! let response = gateway.oneshot(request.body(Body::empty())?).await?;
//! assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, "api.example.com");
//! # Ok(())
//! # }
//! ```

mod error;
mod forwarded;
mod future;
mod hop;
#[cfg(test)]
mod tests;
mod upgrade;
mod via;

pub use self::{error::ForwardError, future::ResponseFuture};

use self::{upgrade::Upgrade, via::Via};
use crate::{Body, BoxError, Error, Redirects, RequestOptions, macros::inner_service_accessors};
use bytes::Bytes;
use http::{Extensions, HeaderName, Request, Response, Uri, Version, header::HOST};
use std::{
    fmt, mem,
    net::IpAddr,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Makes a request that came in one that goes out.
///
/// Makes [`Forward`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct ForwardLayer {
    settings: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    via: Via,
    peer: fn(&Extensions) -> Option<IpAddr>,
    proto: Option<&'static str>,
    trusts: bool,
    without: Vec<HeaderName>,
}

impl ForwardLayer {
    /// Goes by a random name of this process, does not know the address of the caller, and trusts no header
    /// that says where a request comes from.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings {
            via: Via::random(),
            peer: |_| None,
            proto: None,
            trusts: false,
            without: Vec::new(),
        };
        Self { settings: Arc::new(settings) }
    }

    /// The name of this gateway in `Via` headers, by which it tells that a request comes back. All that share
    /// a name count as one: give two of one process a name where a request may pass both.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when the name is no token (RFC 9110 §5.6.2).
    pub fn name(mut self, name: &str) -> Result<Self, Error> {
        self.settings_mut().via = Via::named(name)?;
        Ok(self)
    }

    /// Where the address of the caller is, such as in the `ConnectInfo` of axum; without it, `Forwarded` says
    /// `unknown`.
    ///
    /// ```
    /// use axum::extract::ConnectInfo;
    /// use std::net::SocketAddr;
    /// use tower_clients_layers::ForwardLayer;
    ///
    /// let layer = ForwardLayer::new().peer(|extensions| {
    ///     extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
    /// });
    /// ```
    #[must_use]
    pub fn peer(mut self, peer: fn(&Extensions) -> Option<IpAddr>) -> Self {
        self.settings_mut().peer = peer;
        self
    }

    /// Says that callers come by `https`, which a request over HTTP/1.1 does not tell.
    #[must_use]
    pub fn https(mut self) -> Self {
        self.settings_mut().proto = Some("https");
        self
    }

    /// Continues what a request says of where it comes from, in place of writing it anew: for a gateway that
    /// only gateways of one's own can reach.
    #[must_use]
    pub fn trust_forwarded(mut self) -> Self {
        self.settings_mut().trusts = true;
        self
    }

    /// Leaves a header of the request out.
    #[must_use]
    pub fn without_header(mut self, header: HeaderName) -> Self {
        self.settings_mut().without.push(header);
        self
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }
}

impl Default for ForwardLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for ForwardLayer {
    type Service = Forward<S>;

    fn layer(&self, inner: S) -> Forward<S> {
        Forward { inner, settings: Arc::clone(&self.settings) }
    }
}

/// Made by [`ForwardLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Forward<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> Forward<S> {
    inner_service_accessors!();
}

/// # Errors
///
/// Those of the service below, and a [`ForwardError`] as the source of one of the kind
/// [`Request`](crate::ErrorKind::Request).
///
/// # Cancel safety
///
/// Dropping the future gives up the request. Where the protocol was changed, a task copies bytes until both
/// sides have ended, or one fails.
impl<S, B, R> Service<Request<B>> for Forward<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>>,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.settings.prepare(&mut request) {
            Ok(upgrade) => ResponseFuture::called(self.inner.call(request.map(Body::new)), upgrade),
            Err(error) => ResponseFuture::refused(error, &request),
        }
    }
}

impl Settings {
    fn prepare<B>(&self, request: &mut Request<B>) -> Result<Option<Upgrade>, Error> {
        let version = request.version();
        self.via.check(request.headers())?;
        hop::check(request)?;
        let upgrade = Upgrade::take(request);
        // A socket for both families shows IPv4 addresses as ones of IPv6.
        let peer = (self.peer)(request.extensions()).map(|peer| peer.to_canonical());
        let proto = self.proto.or_else(|| forwarded::proto(request.uri()));
        let header = request.headers_mut().remove(HOST);
        // Beside a host in the target, the header does not count (RFC 9112 §3.2.2, RFC 9113 §8.3.1).
        let host = forwarded::host(request.uri()).or(header);

        let headers = request.headers_mut();
        hop::strip_request(headers, upgrade.as_ref().map(Upgrade::protocol));
        for name in &self.without {
            headers.remove(name);
        }
        forwarded::write(headers, peer, host, proto, self.trusts);
        self.via.append_to(headers, version);

        *request.version_mut() = Version::default();
        *request.uri_mut() = origin_form(request.uri());
        let options = RequestOptions::of_mut(request);
        let redirects = options.redirect_value().unwrap_or(Redirects::Never);
        *options = mem::take(options).redirect(redirects);
        Ok(upgrade)
    }
}

/// HTTP/2 requests name the server that they came to.
fn origin_form(uri: &Uri) -> Uri {
    uri.path_and_query().cloned().map_or_else(|| Uri::from_static("/"), Uri::from)
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("via", &self.via)
            .field("proto", &self.proto)
            .field("trusts", &self.trusts)
            .field("without", &self.without)
            .finish_non_exhaustive()
    }
}

//! Sends each request to one of several upstreams.
//!
//! All upstreams share the service below, and so one pool of connections. A request comes in with a
//! URI below the first upstream; what it has below that base URL, path and query as they are, is
//! carried over to the upstream that is chosen for it:
//!
//! | request URI, with the upstreams `http://a/v1` and `http://b/api` | becomes at the second |
//! |---|---|
//! | `http://a/v1/users?page=2` | `http://b/api/users?page=2` |
//! | `http://a/v1` | `http://b/api` |
//! | `http://a/other`, or with a dot segment | an error: it does not lie below the first upstream |
//! | on an origin that the base URL of the first upstream [allows](BaseUrl::allow_origin) | itself, not balanced |
//! | elsewhere, or without scheme and host | an error that names the target |
//!
//! Since the choice is made in `call`, it sees the method and URI; readiness does not depend on it.
//!
//! # Who is chosen
//!
//! For each upstream it is counted how many requests are active (until the response body ends or is
//! dropped), and how many had an *error* (no response, or one that breaks off) or a *failure*
//! (status 5xx). Faults halve with every half-life, 10 s by default. The first of these is chosen,
//! by chance among equals:
//!
//! 1. an upstream that has been down, without a fault or probe, for a half-life: this one request
//!    probes it, and an answer other than 5xx brings it back at once;
//! 2. an upstream without faults, the one with the fewest active requests;
//! 3. the one with the fewest faults. When all are bad, the least bad one is tried.
//!
//! Nothing is banned for good, and nothing ever waits. [`BalanceLayer::priority`] decides
//! otherwise.
//!
//! A request dropped before the response came, such as by a deadline above, is an error when it had
//! waited for as long as the [patience](BalanceLayer::patience), and nothing otherwise.
//!
//! # Failover
//!
//! A request without a response goes on to the next best upstream, to each at most once, when it
//! provably was not sent or its method is idempotent (RFC 9110 §9.2.2). It is repeated
//! byte by byte: a body that is a stream cannot be, so such a request is sent once. That is why the
//! body of requests is a [`Body`]. Any response is an answer, a 5xx too: repeating it is for a
//! `RetryLayer` above, whose next attempt comes to another upstream. Of requests that such a layer repeats,
//! this one repeats none, so that attempts do not multiply.
//!
//! # Trust
//!
//! Put this layer at the bottom, below what is bound to an origin, such as
//! [`AuthorizeLayer`](crate::AuthorizeLayer). Those layers see the origin of the first upstream, so
//! all upstreams get what is meant for it: **the upstreams are one set of origins that you trust
//! alike.** Above such a layer, the other way round, only the first upstream gets anything.
//!
//! ```
//! use http::{Request, Response};
//! use std::convert::Infallible;
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{BalanceLayer, Body};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! // The host `a` is broken.
//! let servers = service_fn(async |request: Request<Body>| {
//!     let status = if request.uri().host() == Some("a") { 500 } else { 200 };
//!     Ok::<_, Infallible>(Response::builder().status(status).body(Body::empty()).unwrap())
//! });
//! let mut service = ServiceBuilder::new()
//!     .layer(BalanceLayer::new(["http://a/v1", "http://b/v1"])?)
//!     .service(servers);
//!
//! let mut failed = 0;
//! for _ in 0..100 {
//!     let request = Request::get("http://a/v1/users").body(Body::empty())?;
//!     failed += usize::from(service.ready().await?.call(request).await?.status() == 500);
//! }
//! assert!(failed <= 1);
//! let faults: Vec<_> = service.upstreams().map(|upstream| upstream.is_up()).collect();
//! assert_eq!(faults, [failed == 0, true]);
//! # Ok(())
//! # }
//! ```

mod future;
mod priority;
mod shared;
mod stats;
#[cfg(test)]
mod tests;

pub use self::{
    future::ResponseFuture,
    priority::{FewestFaults, Priority},
    shared::NoUpstream,
    stats::{Rank, Snapshot},
};

use self::{
    future::Spare,
    shared::{Exchange, Settings, Shared},
};
use crate::{
    BaseUrl, Body, BoxError, Error, ErrorKind,
    error::Reason,
    macros::{inner_service_accessors, tracked_body},
    random,
};
use http::{Method, Request, Response, Uri};
use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tower_layer::Layer;
use tower_service::Service;

/// Sends each request to one of several upstreams.
///
/// Makes [`Balance`]. See the [module docs](self).
///
/// Each service that it makes has counts of its own, which all clones of that service share.
#[derive(Clone)]
pub struct BalanceLayer<P = FewestFaults> {
    upstreams: Arc<[BaseUrl]>,
    settings: Settings,
    priority: P,
}

impl BalanceLayer {
    /// Balances over `upstreams`; the first one is the base URL that requests come in below.
    ///
    /// A trailing part belongs to the URL of the client above, not to those of upstreams.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`] when one cannot be a base URL, [`ErrorKind::Config`] when there is none
    /// or one comes twice.
    pub fn new<U>(upstreams: impl IntoIterator<Item = U>) -> Result<Self, Error>
    where
        U: TryInto<BaseUrl, Error: Into<Error>>,
    {
        let mut urls: Vec<BaseUrl> = Vec::new();
        for url in upstreams {
            let url = url.try_into().map_err(Into::into)?;
            if urls.iter().any(|other| (other.origin(), other.path()) == (url.origin(), url.path()))
            {
                let twice = format!("the upstream {url} comes twice");
                return Err(Error::new(ErrorKind::Config, twice));
            }
            urls.push(url);
        }
        if urls.is_empty() {
            return Err(Error::new(ErrorKind::Config, "there is no upstream"));
        }
        let settings = Settings {
            half_life: Duration::from_secs(10),
            patience: Duration::from_secs(1),
            failover: true,
            seed: random::seed(),
        };
        Ok(Self { upstreams: urls.into(), settings, priority: FewestFaults })
    }
}

impl<P> BalanceLayer<P> {
    /// Sets the time in which faults halve, and after which an upstream that is down is probed;
    /// 10 s by default. Less than a millisecond counts as one.
    #[must_use]
    pub fn half_life(mut self, half_life: Duration) -> Self {
        self.settings.half_life = half_life.max(Duration::from_millis(1));
        self
    }

    /// Sets how long a request must have waited for a response to be an error when it is dropped;
    /// 1 s by default. [`Duration::MAX`] turns this off.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Sets whether a request may go on to another upstream; on by default. It then costs a copy of
    /// the head of each request.
    #[must_use]
    pub fn failover(mut self, failover: bool) -> Self {
        self.settings.failover = failover;
        self
    }

    /// Fixes the choices among equals, for tests. They differ from run to run by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Chooses by a [`Priority`] of your own. When it rules out all upstreams, a request fails at
    /// once: a [`Connect`](ErrorKind::Connect) error whose source is [`NoUpstream`].
    ///
    /// ```
    /// use tower_clients_layers::{BalanceLayer, balance::Snapshot};
    ///
    /// // Only the first upstream takes writes. An upstream is good for 100 requests at a time.
    /// let primary = "http://a/";
    /// let layer = BalanceLayer::new([primary, "http://b/", "http://c/"])?.priority(
    ///     move |method: &http::Method, _: &http::Uri, upstream: &Snapshot<'_>| {
    ///         let may_write = upstream.url().to_string() == primary;
    ///         let fits = (method.is_safe() || may_write) && upstream.active() < 100;
    ///         fits.then(|| upstream.rank())
    ///     },
    /// );
    /// # Ok::<(), tower_clients_layers::Error>(())
    /// ```
    #[must_use]
    pub fn priority<Q: Priority>(self, priority: Q) -> BalanceLayer<Q> {
        BalanceLayer { upstreams: self.upstreams, settings: self.settings, priority }
    }

    /// The base URL that requests come in below: that of the first upstream.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.upstreams[0]
    }
}

impl<S, P: Clone> Layer<S> for BalanceLayer<P> {
    type Service = Balance<S, P>;

    fn layer(&self, inner: S) -> Balance<S, P> {
        let shared = Arc::new(Shared::new(&self.upstreams, self.settings));
        Balance { inner, shared, priority: self.priority.clone() }
    }
}

/// Made by [`BalanceLayer`]. See the [module docs](self).
#[derive(Clone)]
pub struct Balance<S, P = FewestFaults> {
    inner: S,
    shared: Arc<Shared>,
    priority: P,
}

impl<S, P> Balance<S, P> {
    inner_service_accessors!();

    /// The upstreams as they are now, in the order in which they were given.
    pub fn upstreams(&self) -> impl ExactSizeIterator<Item = Snapshot<'_>> {
        self.shared.snapshots()
    }

    /// Whether a request is balanced, or goes where it says.
    fn is_balanced(&self, uri: &Uri) -> Result<bool, Error> {
        let base = self.shared.base();
        if uri.scheme().is_none() || uri.authority().is_none() {
            return Err(crate::UrlError::from(Reason::NotAbsolute).into());
        }
        base.check(uri)?;
        let is_balanced = base.origin().contains(uri);
        if is_balanced {
            base.check_path(uri.path())?;
        }
        Ok(is_balanced)
    }
}

impl<S, P, R> Service<Request<Body>> for Balance<S, P>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
    P: Priority + Clone,
    R: http_body::Body,
{
    type Response = Response<BalanceBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<S, P, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        match self.is_balanced(request.uri()) {
            Ok(true) => {}
            Ok(false) => return ResponseFuture::called(self.inner.call(request), None, None),
            Err(error) => return ResponseFuture::refused(error, &request),
        }
        let (method, uri): (&Method, &Uri) = (request.method(), request.uri());
        let exchange = match self.shared.choose(&self.priority, method, uri, &[]) {
            Ok(exchange) => exchange,
            Err(error) => return ResponseFuture::refused(error, &request),
        };
        let target = match self.shared.target(uri, exchange.url()) {
            Ok(target) => target,
            Err(error) => return ResponseFuture::refused(error, &request),
        };
        let uri = mem::replace(request.uri_mut(), target);
        let spare = Spare::of(self, &request, uri);
        ResponseFuture::called(self.inner.call(request), Some(exchange), spare)
    }
}

tracked_body! {
    /// A response body whose request counts as active until it ends or is dropped. One that breaks
    /// off counts as an error of its upstream.
    BalanceBody, Exchange
}

impl<P> fmt::Debug for BalanceLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BalanceLayer")
            .field("upstreams", &self.upstreams)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, P> fmt::Debug for Balance<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let upstreams: Vec<_> = self.upstreams().collect();
        f.debug_struct("Balance")
            .field("inner", &self.inner)
            .field("upstreams", &upstreams)
            .finish_non_exhaustive()
    }
}

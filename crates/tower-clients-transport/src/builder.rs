//! The settings of a transport.

#[cfg(feature = "http2")]
use crate::connection::KeepAlive;
#[cfg(feature = "proxy")]
use crate::proxy::{Proxies, ProxyConfig};
#[cfg(feature = "tls")]
use crate::tls::{Configured, Tls, TlsHandle};
use crate::{
    Transport,
    address::{Addresses, Name, is_public},
    connect::Connector,
    exchange::Shared,
    pool::{Limits, Pool},
    route::{Dialer, Route},
    tcp::Tcp,
    version::HttpVersion,
};
#[cfg(unix)]
use std::path::Path;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
#[cfg(feature = "proxy")]
use tower_clients_layers::ErrorKind;
use tower_clients_layers::{BoxError, Error};
use tower_service::Service;

/// Makes a [`Transport`]; from [`Transport::builder`].
///
/// ```
/// use std::time::Duration;
/// use tower_clients_transport::Transport;
///
/// let transport = Transport::builder()
///     .connect_timeout(Duration::from_secs(3))
///     .pool_idle_timeout(Duration::from_secs(20))
///     .build()?;
/// # Ok::<(), tower_clients_layers::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct TransportBuilder {
    connect_timeout: Option<Duration>,
    limits: Limits,
    #[cfg(feature = "http2")]
    http2_keep_alive: Option<KeepAlive>,
    version: HttpVersion,
    #[cfg(feature = "tls")]
    tls: TlsHandle,
    addresses: Addresses,
    route: Route,
    timings: bool,
}

impl TransportBuilder {
    pub(crate) fn new() -> Self {
        Self {
            connect_timeout: Some(Duration::from_secs(10)),
            limits: Limits {
                idle_timeout: Duration::from_secs(90),
                max_age: None,
                max_idle_per_host: 32,
                max_open_per_host: None,
                max_open: None,
            },
            #[cfg(feature = "http2")]
            http2_keep_alive: None,
            version: HttpVersion::Negotiated,
            #[cfg(feature = "tls")]
            tls: Tls::platform().into(),
            addresses: Addresses::of_the_system(),
            route: Route::Direct,
            timings: false,
        }
    }

    /// Has `resolver` find the addresses of names in place of the operating system: any service of
    /// [`Name`]s, such as those that work with the connector of hyper-util.
    ///
    /// It is asked for each connection, whose [`connect_timeout`](Self::connect_timeout) is its limit too,
    /// and not where a URL has an address for a host. A port other than 0 counts for URLs that name none.
    /// What it gives is [filtered](Self::filter_addresses). An error of it, and no address, is a
    /// [`Connect`](tower_clients_layers::ErrorKind::Connect) error of a request that was not sent.
    ///
    /// ```
    /// use http::Request;
    /// use std::convert::Infallible;
    /// use tower::{ServiceExt, service_fn};
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::{Transport, address::Name};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let server = testbed::Testbed::http().await?;
    /// let addr = server.addr();
    /// let resolver = service_fn(move |name: Name| async move {
    ///     let is_ours = name.as_str().ends_with(".internal");
    ///     Ok::<_, Infallible>(is_ours.then_some(addr))
    /// });
    /// let transport = Transport::builder().resolver(resolver).build()?;
    ///
    /// let request = |url| Request::get(url).body(Body::empty());
    /// let response = transport.clone().oneshot(request("http://api.internal/get")?).await?;
    /// assert_eq!(response.status(), 200);
    ///
    /// let error = transport.oneshot(request("http://api.example/get")?).await.unwrap_err();
    /// assert!(error.is_connect() && !error.may_have_been_sent());
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolver<R>(mut self, resolver: R) -> Self
    where
        R: Service<Name, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
        R::Response: IntoIterator<Item = SocketAddr>,
    {
        self.addresses.resolve_by(resolver);
        self
    }

    /// Gives a host these addresses and no others, whatever the [resolver](Self::resolver) would say. A port
    /// other than 0 counts for URLs that name none. They are [filtered](Self::filter_addresses) as any
    /// others.
    ///
    /// Requests, TLS and credentials still go by the name:
    ///
    /// ```
    /// use http::Request;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::Transport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let server = testbed::Testbed::http().await?;
    /// let transport = Transport::builder().resolve("api.example.com", [server.addr()]).build()?;
    ///
    /// let request = Request::get("http://api.example.com/get").body(Body::empty())?;
    /// assert_eq!(transport.oneshot(request).await?.status(), 200);
    /// assert_eq!(server.requests(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(mut self, host: &str, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.addresses.give(host, addresses.into_iter().collect());
        self
    }

    /// Connects only to addresses that `accepts` accepts. See [`address`](crate::address).
    ///
    /// A connection of the pool was judged when it was made.
    pub fn filter_addresses(
        mut self,
        accepts: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.addresses.filter(accepts);
        self
    }

    /// Connects only to addresses of the public internet, for requests whose URL somebody else
    /// chooses. See [`address`](crate::address).
    ///
    /// ```
    /// use http::Request;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::{Transport, address::NotAccepted};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let transport = Transport::builder().public_only().build()?;
    /// let request = Request::get("http://169.254.169.254/latest").body(Body::empty())?;
    /// let error = transport.oneshot(request).await.unwrap_err();
    /// assert!(error.is_connect() && error.find_source::<NotAccepted>().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn public_only(self) -> Self {
        self.filter_addresses(is_public)
    }

    /// Connects to this Unix socket and nowhere else, such as that of a daemon on the same machine. The URL
    /// of a request gives its `Host` and its path; over `https` TLS goes by the name.
    ///
    /// No address is resolved or [filtered](Self::filter_addresses). A socket that is not there is a
    /// [`Connect`](tower_clients_layers::ErrorKind::Connect) error. Hosts have connections of their own in
    /// the pool.
    #[cfg_attr(
        feature = "proxy",
        doc = "The last call of this method and [`proxy`](Self::proxy) wins."
    )]
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use http::Request;
    /// use tokio::net::UnixListener;
    /// use tower::ServiceExt;
    /// use tower_clients_layers::Body;
    /// use tower_clients_transport::Transport;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
    /// let path = std::env::temp_dir().join(format!("daemon-{}.sock", std::process::id()));
    /// let daemon = Router::new().route("/version", get("7"));
    /// let listener = UnixListener::bind(&path)?;
    /// tokio::spawn(axum::serve(listener, daemon).into_future());
    ///
    /// let transport = Transport::builder().unix_socket(&path).build()?;
    /// let request = Request::get("http://daemon/version").body(Body::empty())?;
    /// assert_eq!(transport.oneshot(request).await?.status(), 200);
    /// # std::fs::remove_file(path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl AsRef<Path>) -> Self {
        self.route = Route::Unix(path.as_ref().into());
        self
    }

    /// Sends requests by these proxies; by none by default, whatever the environment says:
    /// [`ProxyConfig::from_env`] asks it.
    #[cfg_attr(
        unix,
        doc = "The last call of this method and [`unix_socket`](Self::unix_socket) wins."
    )]
    #[cfg(feature = "proxy")]
    pub fn proxy(mut self, proxies: ProxyConfig) -> Self {
        self.route =
            if proxies.is_empty() { Route::Direct } else { Route::Proxied(Proxies::new(proxies)) };
        self
    }

    /// Limits the time to make one connection: name resolution, TCP and TLS together. 10 seconds
    /// by default.
    ///
    /// When it passes, the request fails with an error of the kind
    /// [`Timeout`](tower_clients_layers::ErrorKind::Timeout) that was not sent, and whose
    /// [`timeout`](Error::timeout) is the one called `connect`. Requests that were waiting for the
    /// same connection then try each for itself.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Waits for a connection as long as the operating system does, which may be minutes.
    pub fn no_connect_timeout(mut self) -> Self {
        self.connect_timeout = None;
        self
    }

    /// How long a connection is kept without a request on it. 90 seconds by default.
    ///
    /// Keep it below the limit of the servers: a request sent on a connection that the server is
    /// just closing fails as one that may have been sent.
    pub fn pool_idle_timeout(mut self, limit: Duration) -> Self {
        self.limits.idle_timeout = limit;
        self
    }

    /// How many connections are kept without a request on them, per scheme, host and port. 32 by
    /// default; 0 turns the pool off, so that every request has a connection of its own.
    ///
    /// It does not limit how many connections are open:
    /// [`pool_max_open_per_host`](Self::pool_max_open_per_host) does.
    pub fn pool_max_idle_per_host(mut self, connections: usize) -> Self {
        self.limits.max_idle_per_host = connections;
        self
    }

    /// How old a connection may become, such as where the addresses of a name change. No limit by
    /// default. An exchange that is under way is not cut off.
    pub fn pool_max_age(mut self, limit: Duration) -> Self {
        self.limits.max_age = Some(limit);
        self
    }

    /// How many connections may be open, per scheme, host and port, 1 at least. No limit by default.
    ///
    /// Further requests wait, in the order in which they came, for a connection that comes back, or
    /// that is given up so that another can be made. The wait is not part of the connect timeout. A
    /// connection stays with its runtime; an idle one is closed for a request of another runtime. An
    /// HTTP/1.1 connection closes at once when it is given up; one that a task drives, as for HTTP/2, has its
    /// socket until its runtime is driven again.
    pub fn pool_max_open_per_host(mut self, connections: usize) -> Self {
        self.limits.max_open_per_host = Some(connections);
        self
    }

    /// How many connections may be open in total, 1 at least. No limit by default.
    ///
    /// As with [`pool_max_open_per_host`](Self::pool_max_open_per_host), further requests wait, and the
    /// connection that has been idle longest is closed for one that waits.
    pub fn pool_max_open(mut self, connections: usize) -> Self {
        self.limits.max_open = Some(connections);
        self
    }

    /// Asks a silent HTTP/2 server after each `interval` whether it is still there, and closes the
    /// connection when it does not answer within `timeout`. Not asked by default. Only connections
    /// with a request on them are asked about.
    #[cfg(feature = "http2")]
    pub fn http2_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.http2_keep_alive = Some(KeepAlive { interval, timeout });
        self
    }

    /// Speaks only HTTP/1.1, over TLS too.
    ///
    /// By default TLS offers HTTP/2 (with the feature `http2`) and HTTP/1.1, and the server
    /// chooses. The last call of this method and `http2_prior_knowledge` wins.
    pub fn http1_only(mut self) -> Self {
        self.version = HttpVersion::Http1;
        self
    }

    /// Speaks only HTTP/2: over plain TCP without asking ("h2c"), over TLS as the only offer.
    ///
    /// A server that speaks only HTTP/1.1 cannot be reached with it.
    #[cfg(feature = "http2")]
    pub fn http2_prior_knowledge(mut self) -> Self {
        self.version = HttpVersion::Http2;
        self
    }

    /// Whom to trust and how to identify, for `https`. [`Tls::platform`] by default.
    ///
    /// Given a [`TlsHandle`], the settings can be exchanged while the transport is used.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: impl Into<TlsHandle>) -> Self {
        self.tls = tls.into();
        self
    }

    /// Has every response tell how long the parts of its exchange took, by [`Timings`](crate::Timings) among
    /// its extensions. Off by default; then a request pays nothing for it.
    pub fn timings(mut self) -> Self {
        self.timings = true;
        self
    }

    pub(crate) fn has_timings(&self) -> bool {
        self.timings
    }

    /// Makes the transport. Needs no runtime, and opens no connection.
    ///
    /// # Errors
    ///
    /// Only with TLS settings that contradict each other or that the cryptography provider refuses, or with
    /// an address filter beside proxies, which find the addresses themselves: an error of the kind
    /// [`Config`](tower_clients_layers::ErrorKind::Config).
    pub fn build(self) -> Result<Transport, Error> {
        #[cfg(feature = "proxy")]
        if matches!(self.route, Route::Proxied(_)) && self.addresses.are_filtered() {
            let reason =
                "a proxy finds the addresses of hosts itself: filter them there, or use no proxy";
            return Err(Error::new(ErrorKind::Config, reason));
        }
        #[cfg(feature = "tls")]
        let tls = Configured::now(&self.tls, self.version)?;
        Ok(self.assemble(
            #[cfg(feature = "tls")]
            tls,
        ))
    }

    /// Like `build`, for settings that cannot fail before there is a connection to make.
    pub(crate) fn defaults(self) -> Transport {
        #[cfg(feature = "tls")]
        let tls = Configured::later(&self.tls, self.version);
        self.assemble(
            #[cfg(feature = "tls")]
            tls,
        )
    }

    fn assemble(self, #[cfg(feature = "tls")] tls: Configured) -> Transport {
        let connector = Connector {
            dialer: Dialer { tcp: Tcp::new(self.addresses.clone()), route: self.route.clone() },
            limit: self.connect_timeout,
            version: self.version,
            #[cfg(feature = "http2")]
            keep_alive: self.http2_keep_alive,
            #[cfg(feature = "tls")]
            tls,
        };
        let pool = Arc::new(Pool::new(self.limits));
        Transport::from_parts(Shared { pool, connector, settings: self })
    }

    pub(crate) fn fields(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct(name);
        debug
            .field("connect_timeout", &self.connect_timeout)
            .field("limits", &self.limits)
            .field("version", &self.version)
            .field("addresses", &self.addresses)
            .field("route", &self.route);
        #[cfg(feature = "tls")]
        debug.field("tls", &self.tls);
        debug.finish()
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields("TransportBuilder", f)
    }
}

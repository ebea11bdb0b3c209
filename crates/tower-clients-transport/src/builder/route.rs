//! Where connections lead.

use crate::{
    TransportBuilder,
    address::{Name, is_public},
    route::Route,
};
#[cfg(feature = "proxy")]
use crate::{proxy::ProxyConfig, route::Proxies};
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::Path;
use tower_clients_layers::BoxError;
use tower_service::Service;

/// Where connections lead: to which addresses, by a socket or a proxy.
impl TransportBuilder {
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
        self.settings.addresses.resolve_by(resolver);
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
        self.settings.addresses.give(host, addresses.into_iter().collect());
        self
    }

    /// Connects only to addresses that `accepts` accepts. See [`address`](crate::address).
    ///
    /// A connection of the pool was judged when it was made.
    pub fn filter_addresses(
        mut self,
        accepts: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.settings.addresses.filter(accepts);
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
        self.settings.route = Route::Unix(path.as_ref().into());
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
        self.settings.route =
            if proxies.is_empty() { Route::Direct } else { Route::Proxied(Proxies::new(proxies)) };
        self
    }
}

//! A client over several hosts.

use crate::{
    Client, RequestBuilder, Resource, Session,
    over_client::{authorizes, blocking_forms, shows_client},
    paths::paths,
    request::Whole,
};
use http::Method;
use tower_clients_layers::{
    Balance, BalanceLayer, BaseUrl, Body, Error, HttpService, balance::Snapshot, url::ToReference,
};
use tower_clients_transport::Transport;
use tower_layer::Layer;

/// A [`Client`] over several hosts: each request goes to the best one of them.
///
/// Its transport is [`Balance`] over one pool of connections. The [module](crate::balance) says how
/// a host is chosen, when a request goes on to another one, and why all hosts are trusted alike.
/// The first URL is the base URL: references are joined to it, and what lies below it is carried
/// over to the host that is chosen. A reference that leads above it is an error. Errors name the
/// request as it was made, with the first URL; [`upstreams`](Self::upstreams) tells about the hosts.
/// The token endpoint of [`authorize`](Self::authorize) is asked through the hosts as well, so it must
/// lie below the first URL.
///
/// ```
/// use axum::{Router, extract::Request, http::StatusCode};
/// use tower_clients::{Proxy, Resource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::Error> {
/// // Over the network: Proxy::new(urls)?
/// let urls = ["http://one.example/v1", "http://two.example/v1"];
/// let servers = Router::new().fallback(async |request: Request| match request.uri().host() {
///     Some("one.example") => (StatusCode::BAD_GATEWAY, "down".to_owned()),
///     _ => (StatusCode::OK, request.uri().to_string()),
/// });
/// let proxy = Proxy::with_service(urls, servers)?;
///
/// let mut failed = 0;
/// for _ in 0..20 {
///     failed += usize::from(proxy.get("users").await?.status() != 200);
/// }
/// assert!(failed <= 1);
///
/// // Children and resources share what is known about the hosts.
/// let api = Resource::from(&proxy / "users");
/// if !proxy.upstreams().all(|upstream| upstream.is_up()) {
///     assert_eq!(api.get("7").text().await?, "http://two.example/v1/users/7");
/// }
/// # Ok(())
/// # }
/// ```
///
/// With other settings, a layer is put below a built client:
///
/// ```
/// use std::time::Duration;
/// use tower::Layer;
/// use tower_clients::{BalanceLayer, Client, Proxy, Transport};
///
/// let balance = BalanceLayer::new(["https://one.example", "https://two.example"])?
///     .half_life(Duration::from_secs(30));
/// let proxy: Proxy = Client::builder(balance.base_url().clone())
///     .bearer_auth("t0ken")
///     .build_over(balance.layer(Transport::new()))?
///     .into();
/// assert_eq!(proxy.upstreams().len(), 2);
/// # Ok::<(), tower_clients::Error>(())
/// ```
#[derive(Clone)]
pub struct Proxy<S = Session<Balance<Transport>>> {
    client: Client<S>,
}

shows_client!(Proxy);
blocking_forms!(Proxy {});
authorizes!(Proxy);

impl Proxy {
    /// A proxy over a new [`Transport`], everything with default settings.
    ///
    /// # Errors
    ///
    /// As [`BalanceLayer::new`].
    pub fn new<U>(urls: impl IntoIterator<Item = U>) -> Result<Self, Error>
    where
        U: TryInto<BaseUrl, Error: Into<Error>>,
    {
        Self::with_service(urls, Transport::new())
    }
}

impl<T> Proxy<Session<Balance<T>>> {
    /// A proxy over any service, which gets the requests to all hosts.
    ///
    /// # Errors
    ///
    /// As [`BalanceLayer::new`].
    pub fn with_service<U>(urls: impl IntoIterator<Item = U>, service: T) -> Result<Self, Error>
    where
        U: TryInto<BaseUrl, Error: Into<Error>>,
        T: HttpService<Body> + Clone,
    {
        let balance = BalanceLayer::new(urls)?;
        let base = balance.base_url().clone();
        Ok(Client::over(base, Session::new(balance.layer(service))).into())
    }
}

impl<T, P> Proxy<Session<Balance<T, P>>> {
    /// The hosts as they are now, in the order in which they were given.
    pub fn upstreams(&self) -> impl ExactSizeIterator<Item = Snapshot<'_>> {
        self.client.get_ref().get_ref().upstreams()
    }
}

impl<S> Proxy<S> {
    fn rebase(&mut self, reference: impl ToReference) {
        self.client /= reference;
    }
}

paths!(Proxy, "proxy", Whole, Whole);

impl<S: Clone> Proxy<S> {
    /// A request with any method. See [`ToReference`] for what a reference can be.
    pub fn request(&self, method: Method, reference: impl ToReference) -> RequestBuilder<S> {
        self.start(method, reference)
    }

    /// The same hosts as a resource, whose requests give checked and decoded content.
    #[must_use]
    pub fn resource(&self) -> Resource<S> {
        self.client.clone().into()
    }

    fn start<M>(&self, method: Method, reference: impl ToReference) -> RequestBuilder<S, M> {
        self.client.start(method, reference)
    }
}

impl<S> From<Client<S>> for Proxy<S> {
    fn from(client: Client<S>) -> Self {
        Self { client }
    }
}

impl<S> From<Proxy<S>> for Resource<S> {
    fn from(proxy: Proxy<S>) -> Self {
        proxy.client.into()
    }
}

const _: () = {
    const fn proxy_is_shareable<T: Send + Sync + Clone + 'static>() {}
    proxy_is_shareable::<Proxy>();
};

//! A base URL over a service.

use crate::{
    BoxClient, BoxService, ClientBuilder, RequestBuilder, Session, paths::paths, request::Whole,
};
use http::{Method, Request};
use std::{
    fmt,
    task::{Context, Poll},
};
use tower_clients_layers::{
    BaseUrl, Body, BoxError, Error, HttpService, JoinUrl, SharedService, join_url, url::ToReference,
};
use tower_clients_transport::Transport;
use tower_layer::Layer;
use tower_service::Service;

/// An HTTP client with a base URL: requests give responses, whatever their status.
///
/// `S` is everything below the base URL. The default is the pooled [`Transport`] under the layers
/// of a [`Session`]; [`with_service`](Self::with_service) puts any service there, and
/// [`layer`](Self::layer) wraps it.
///
/// Clones and children (`&client / "path"`, [`at`](Self::at)) are cheap and share connections and
/// settings. A client is a [`Service`] itself, and so can lie under any middleware.
///
/// ```
/// use axum::{Router, routing::post};
/// use tower_clients::Client;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::BoxError> {
/// let server = Router::new().route("/v1/echo", post(async |body: String| body));
/// let client = Client::with_service("http://in.process/v1", server)?;
///
/// let response = client.post("echo").query(&[("page", 1)]).json(&["hello"]).await?;
/// assert_eq!(response.status(), 200);
/// let body = axum::body::to_bytes(response.into_body(), 1024).await?;
/// assert_eq!(body, r#"["hello"]"#);
/// # Ok(())
/// # }
/// ```
///
/// `Display` shows the base URL and, behind a `*`, the trailing part.
#[derive(Clone)]
pub struct Client<S = Session<Transport>> {
    service: JoinUrl<S>,
}

impl Client {
    /// A client over a new [`Transport`] with default settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// Configures a client.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }
}

impl<S> Client<S> {
    /// A client over any service, with no layer but the base URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn with_service(url: &str, service: S) -> Result<Self, Error>
    where
        S: HttpService<Body>,
    {
        Ok(Self::over(BaseUrl::parse(url)?, service))
    }

    pub(crate) fn over(base: BaseUrl, service: S) -> Self {
        Self { service: JoinUrl::new(service, base) }
    }

    /// Wraps everything below the base URL: `layer` sees each request once, with its absolute URI.
    #[must_use]
    pub fn layer<L: Layer<S>>(self, layer: L) -> Client<L::Service> {
        Client { service: self.service.map_inner(|inner| layer.layer(inner)) }
    }

    /// The same client without the type of its stack.
    #[must_use]
    pub fn boxed(self) -> BoxClient
    where
        S: SharedService<Body>,
    {
        Client { service: self.service.map_inner(BoxService::new) }
    }

    /// The base URL.
    ///
    /// # Errors
    ///
    /// This is a child at a reference that cannot be joined.
    pub fn base_url(&self) -> Result<&BaseUrl, Error> {
        self.service.base_url()
    }

    /// Everything below the base URL.
    pub fn get_ref(&self) -> &S {
        self.service.get_ref()
    }

    /// Everything below the base URL, without the client.
    pub fn into_inner(self) -> S {
        self.service.into_inner()
    }

    fn rebase(&mut self, reference: impl ToReference) {
        self.service.rebase(reference);
    }
}

paths!(Client, "client", Whole);

impl<S: Clone> Client<S> {
    /// A request with any method. See [`ToReference`] for what a reference can be.
    pub fn request(&self, method: Method, reference: impl ToReference) -> RequestBuilder<S> {
        RequestBuilder::new(self.service.clone(), method, reference)
    }
}

impl<S, B> Service<Request<B>> for Client<S>
where
    S: Service<Request<B>, Error: Into<BoxError>>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = join_url::ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Service::<Request<B>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.service.call(request)
    }
}

impl<S> fmt::Display for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.base_url() {
            Ok(base) => base.fmt(f),
            Err(error) => write!(f, "{error:#}"),
        }
    }
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &format_args!("{self}")).finish_non_exhaustive()
    }
}

const _: () = {
    const fn client_is_shareable<T: Send + Sync + Clone + 'static>() {}
    client_is_shareable::<Client>();
    client_is_shareable::<BoxClient>();
};

//! A base URL over a service.

use crate::{
    BoxClient, BoxService, ClientBuilder, RequestBuilder, Session, paths::paths, request::Whole,
};
use http::{Method, Request, Response};
use std::{
    fmt,
    task::{Context, Poll},
};
use tower_clients_layers::{
    BaseUrl, Body, DeadlineLayer, Error, HttpService, JoinUrl, SharedService,
    deadline::{self, DeadlineBody, limit},
    join_url,
    url::ToReference,
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
/// use http_body_util::BodyExt;
/// use tower_clients::Client;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::BoxError> {
/// let server = Router::new().route("/v1/echo", post(async |body: String| body));
/// let client = Client::with_service("http://in.process/v1", server)?;
///
/// let response = client.post("echo").query(&[("page", 1)]).json(&["hello"]).await?;
/// assert_eq!(response.status(), 200);
/// let body = response.into_body().collect().await?.to_bytes();
/// assert_eq!(body, r#"["hello"]"#);
///
/// // Or checked and decoded, as a `Resource` does it.
/// assert_eq!(client.post("echo").body("hello").text().await?, "hello");
/// # Ok(())
/// # }
/// ```
///
/// `Display` shows the base URL and, behind a `*`, the trailing part.
#[derive(Clone)]
pub struct Client<S = Session<Transport>> {
    service: JoinUrl<S>,
    deadline: DeadlineLayer,
}

impl Client {
    /// A client over a new [`Transport`] with default settings.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn new(url: impl TryInto<BaseUrl, Error: Into<Error>>) -> Result<Self, Error> {
        Self::builder(url).build()
    }

    /// Configures a client.
    pub fn builder(url: impl TryInto<BaseUrl, Error: Into<Error>>) -> ClientBuilder {
        ClientBuilder::new(url)
    }
}

impl<S> Client<S> {
    /// A client over any service, with no layer but the base URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn with_service(
        url: impl TryInto<BaseUrl, Error: Into<Error>>,
        service: S,
    ) -> Result<Self, Error>
    where
        S: HttpService<Body>,
    {
        Ok(Self::over(url.try_into().map_err(Into::into)?, service))
    }

    pub(crate) fn over(base: BaseUrl, service: S) -> Self {
        Self { service: JoinUrl::new(service, base), deadline: DeadlineLayer::none() }
    }

    pub(crate) fn with_deadline(mut self, deadline: DeadlineLayer) -> Self {
        self.deadline = deadline;
        self
    }

    /// Wraps everything below the base URL: `layer` sees each request once, with its absolute URI. The
    /// last layer that is added is the outermost, unlike in a `ServiceBuilder`.
    ///
    /// Requests clone the service, so it must be `Clone` in the end; a layer that makes one that
    /// is not, such as tower's `RateLimit`, is given together with one that shares it, such as tower's
    /// `BufferLayer`: `(BufferLayer::new(64), RateLimitLayer::new(5, second))`.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Client<L::Service>
    where
        L: Layer<S, Service: HttpService<Body>>,
    {
        self.map_inner(|inner| layer.layer(inner))
    }

    #[cfg(feature = "forward")]
    pub(crate) fn map_service(mut self, change: impl FnOnce(JoinUrl<S>) -> JoinUrl<S>) -> Self {
        self.service = change(self.service);
        self
    }

    pub(crate) fn map_inner<T>(self, wrap: impl FnOnce(S) -> T) -> Client<T> {
        Client { service: self.service.map_inner(wrap), deadline: self.deadline }
    }

    /// The same client without the type of its stack.
    #[must_use]
    pub fn boxed(self) -> BoxClient
    where
        S: SharedService<Body>,
    {
        self.map_inner(BoxService::new)
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

paths!(Client, "client", Whole, Whole);

impl<S: Clone> Client<S> {
    /// A request with any method. See [`ToReference`] for what a reference can be.
    pub fn request(&self, method: Method, reference: impl ToReference) -> RequestBuilder<S> {
        self.start(method, reference)
    }

    pub(crate) fn start<M>(
        &self,
        method: Method,
        reference: impl ToReference,
    ) -> RequestBuilder<S, M> {
        RequestBuilder::new(&self.service, self.deadline, method, reference)
    }
}

impl<S, B> Service<Request<B>> for Client<S>
where
    S: HttpService<B>,
{
    type Response = Response<DeadlineBody<S::ResBody>>;
    type Error = Error;
    type Future = deadline::ResponseFuture<join_url::ResponseFuture<S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Service::<Request<B>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let time = self.deadline.limit_of(&request);
        limit(self.service.call(request), time)
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

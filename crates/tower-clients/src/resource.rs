//! A client whose requests give content.

use crate::{BoxService, Client, RequestBuilder, Session, paths::paths, request::Decoded};
use http::Method;
use std::fmt;
use tower_clients_layers::{Body, Content, Error, HttpService, SharedService, url::ToReference};
use tower_clients_transport::Transport;
use tower_layer::Layer;

/// A [`Client`] whose requests give checked and decoded content.
///
/// A status outside of 2xx is an error that keeps the response; see
/// [`Error::failure`](crate::Error::failure). A request by itself gives [`Content`] by its content
/// type; `.json::<T>()`, `.text()`, `.bytes()`, [`.decode::<D>()`](RequestBuilder::decode) and
/// `.response()` say what else it should give.
///
/// ```
/// use axum::{Json as Answer, Router, routing::post};
/// use serde_json::Value;
/// use tower_clients::{Content, Json, Resource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::Error> {
/// let server = Router::new()
///     .route("/v1/echo", post(async |Answer(value): Answer<Value>| Answer(value)))
///     .route("/v1/text", axum::routing::get("hello"));
/// let api = Resource::with_service("http://in.process/v1", server)?;
///
/// assert_eq!(api.get("text").await?, Content::Text("hello".into()));
/// let numbers: Vec<u32> = api.post("echo").body(Json([1, 2])).json().await?;
/// assert_eq!(numbers, [1, 2]);
/// assert_eq!(api.get("missing").await.unwrap_err().status().unwrap(), 404);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Resource<S = Session<Transport>> {
    client: Client<S>,
}

impl Resource {
    /// A resource over a new [`Transport`] with default settings.
    ///
    /// For other settings, convert a built client: `Resource::from(client)`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn new(url: &str) -> Result<Self, Error> {
        Client::new(url).map(Self::from)
    }
}

impl<S> Resource<S> {
    /// A resource over any service, with no layer but the base URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) when `url` cannot be a base URL.
    pub fn with_service(url: &str, service: S) -> Result<Self, Error>
    where
        S: HttpService<Body>,
    {
        Client::with_service(url, service).map(Self::from)
    }

    /// Wraps everything below the base URL. See [`Client::layer`].
    #[must_use]
    pub fn layer<L: Layer<S>>(self, layer: L) -> Resource<L::Service> {
        self.client.layer(layer).into()
    }

    /// The same resource without the type of its stack. See [`Client::boxed`].
    #[must_use]
    pub fn boxed(self) -> Resource<BoxService>
    where
        S: SharedService<Body>,
    {
        self.client.boxed().into()
    }

    /// The client below, whose requests give responses.
    pub fn client(&self) -> &Client<S> {
        &self.client
    }

    fn rebase(&mut self, reference: impl ToReference) {
        self.client /= reference;
    }
}

paths!(Resource, "resource", Decoded<Content>);

impl<S: Clone> Resource<S> {
    /// A request with any method. See [`ToReference`] for what a reference can be.
    pub fn request(
        &self,
        method: Method,
        reference: impl ToReference,
    ) -> RequestBuilder<S, Decoded<Content>> {
        self.client.request(method, reference).decode()
    }
}

impl<S> From<Client<S>> for Resource<S> {
    fn from(client: Client<S>) -> Self {
        Self { client }
    }
}

impl<S> From<Resource<S>> for Client<S> {
    fn from(resource: Resource<S>) -> Self {
        resource.client
    }
}

impl<S> fmt::Display for Resource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

impl<S> fmt::Debug for Resource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = format_args!("{}", self.client);
        f.debug_struct("Resource").field("base_url", &base).finish_non_exhaustive()
    }
}

//! A client whose requests give content.

use crate::{
    BoxResource, Client, RequestBuilder, Session,
    over_client::{authorizes, blocking_forms, constructors, shows_client},
    paths::paths,
    request::{Create, Decoded, Draft, Edit, Exists, Updating},
};
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use tower_clients_layers::{
    Body, Content, Error, HttpService, Redirects, SharedService, url::ToReference,
};
use tower_clients_transport::Transport;
use tower_layer::Layer;

/// A [`Client`] whose requests give checked and decoded content.
///
/// A status outside of 2xx is an error that keeps the response; see
/// [`Error::failure`](crate::Error::failure). A request by itself gives [`Content`] by its content
/// type; `.json::<T>()`, `.text()`, `.bytes()`, [`.decode::<D>()`](RequestBuilder::decode) and
/// `.response()` say what else it should give, `.with_head()` adds status and headers; `.lines()`,
/// `.json_lines::<T>()`, `.chunks()` and `.items()` give the body as a stream, `.download()` puts
/// it into a file.
///
/// ```
/// use axum::{Json, Router, routing::{get, post}};
/// use tower_clients::{Content, Resource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::Error> {
/// let server = Router::new()
///     .route("/v1/sum", post(async |Json([a, b]): Json<[u32; 2]>| Json(a + b)))
///     .route("/v1/text", get("hello"));
/// let api = Resource::with_service("http://in.process/v1", server)?;
///
/// assert_eq!(api.get("text").await?, Content::Text("hello".into()));
/// // What is sent comes first, what is received second.
/// let sum: u32 = api.post("sum").json(&[2, 3]).json().await?;
/// assert_eq!(sum, 5);
/// assert_eq!(api.get("missing").await.unwrap_err().status().unwrap(), 404);
/// # Ok(())
/// # }
/// ```
///
/// Settings are those of a client, and a function that takes any resource has one bound. A request
/// is spawned by [`send`](RequestBuilder::send):
///
/// ```
/// use tower_clients::{Body, Client, Error, Resource, SharedService};
///
/// let api: Resource = Client::builder("https://example.com").bearer_auth("t0ken").build()?.into();
///
/// async fn both<S: SharedService<Body>>(api: &Resource<S>) -> Result<(String, String), Error> {
///     let a = tokio::spawn(api.get("a").text().send());
///     let b = tokio::spawn(api.get("b").text().send());
///     Ok((a.await.expect("no panic")?, b.await.expect("no panic")?))
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Resource<S = Session<Transport>> {
    client: Client<S>,
}

constructors!(Resource, "resource");
shows_client!(Resource);
blocking_forms!(Resource {});
authorizes!(Resource);

impl<S> Resource<S> {
    /// Wraps everything below the base URL. See [`Client::layer`].
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Resource<L::Service>
    where
        L: Layer<S, Service: HttpService<Body>>,
    {
        self.client.layer(layer).into()
    }

    /// The same resource without the type of its stack. See [`Client::boxed`].
    #[must_use]
    pub fn boxed(self) -> BoxResource
    where
        S: SharedService<Body>,
    {
        self.client.boxed().into()
    }

    fn rebase(&mut self, reference: impl ToReference) {
        self.client /= reference;
    }
}

paths!(Resource, "resource", Decoded<Content>, Draft);

impl<S: Clone> Resource<S> {
    /// A request with any method. See [`ToReference`] for what a reference can be.
    pub fn request(
        &self,
        method: Method,
        reference: impl ToReference,
    ) -> RequestBuilder<S, Decoded<Content>> {
        self.start(method, reference)
    }

    /// A `GET` request of this very resource, with query parameters: pairs, a map or a struct. Short
    /// for `get("").query(parameters)`.
    ///
    /// ```
    /// use axum::{Router, extract::RawQuery, routing::get};
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// # let seen = async |RawQuery(query): RawQuery| query.unwrap_or_default();
    /// # let server = Router::new().route("/user/repos", get(seen));
    /// let api = Resource::with_service("http://in.process", server)?;
    /// let repos = &api / "user" / "repos";
    /// assert_eq!(repos.call(&[("visibility", "public")]).text().await?, "visibility=public");
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<T>(&self, parameters: &T) -> RequestBuilder<S, Decoded<Content>>
    where
        T: Serialize + ?Sized,
    {
        self.get("").query(parameters)
    }

    /// A `HEAD` request that gives whether there is something: `true` for a status of 2xx or 3xx,
    /// `false` for 404 and 410. No redirect is followed unless the [request](RequestBuilder::redirect)
    /// says so.
    ///
    /// [`or_get`](RequestBuilder::or_get) asks by `GET` where `HEAD` is refused.
    ///
    /// # Errors
    ///
    /// Any other status: whoever may not look (401, 403) or has to wait (429, 503) knows nothing.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let server = Router::new().route("/here", get("hello"));
    /// let api = Resource::with_service("http://in.process", server)?;
    /// assert!(api.exists("here").await? && !api.exists("there").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exists(&self, reference: impl ToReference) -> RequestBuilder<S, Exists> {
        self.start(Method::HEAD, reference).redirect(Redirects::Never)
    }

    /// A `POST` request that gives the `Location` of what was created, as an absolute URI; `None`
    /// when a response of 2xx has none. The body of the response is dropped. No redirect is followed
    /// unless the [request](RequestBuilder::redirect) says so.
    ///
    /// The URI is data: it may lead to another origin. Given to [`get`](Self::get) or
    /// [`at`](Self::at) it is checked like any other reference. [`location`](crate::url::location)
    /// says how it is read.
    ///
    /// # Errors
    ///
    /// A status outside of 2xx; also 303, whose `Location` is in the headers of the failure. A
    /// `Location` that cannot be read is an error of kind [`Decode`](crate::ErrorKind::Decode) with
    /// a [`UrlError`](crate::UrlError): the server did what it was asked for.
    ///
    /// ```
    /// use axum::{Router, http::StatusCode, routing::{get, post}};
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let server = Router::new()
    ///     .route("/v1/users", post((StatusCode::CREATED, [("location", "/v1/users/7")])))
    ///     .route("/v1/users/7", get("Ada"));
    /// let api = Resource::with_service("http://in.process/v1", server)?;
    ///
    /// let user = api.create("users").json(&["Ada"]).await?.expect("it has a place");
    /// assert_eq!(user, "http://in.process/v1/users/7");
    /// assert_eq!(api.get(user).text().await?, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, reference: impl ToReference) -> RequestBuilder<S, Create> {
        self.start(Method::POST, reference).redirect(Redirects::Never)
    }

    /// A `PATCH` request, to be given the members that change, as `.json(..)`.
    ///
    /// [`edit`](Self::edit) changes a document that is read first.
    pub fn update(&self, reference: impl ToReference) -> RequestBuilder<S, Draft> {
        self.start(Method::PATCH, reference)
    }

    /// A JSON document to read, change and put back, on the condition that nobody changed it
    /// meanwhile (RFC 9110 §13.1); else it is read and changed again.
    ///
    /// The whole document is put. So members that a type does not know are lost: edit a
    /// [`Value`](serde_json::Value), or keep the rest in a `#[serde(flatten)]` map.
    ///
    /// The condition is a strong `ETag`, or a `Last-Modified` that is old enough. See
    /// [`with`](RequestBuilder::with), [`try_with`](RequestBuilder::try_with) and
    /// [`read`](RequestBuilder::read), which send it.
    ///
    /// ```
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// # use axum::{Json, Router, http::HeaderMap, routing::get};
    /// # let put = async |headers: HeaderMap, Json(n): Json<u64>| {
    /// #     assert_eq!(headers["if-match"], "\"a\"");
    /// #     Json(n)
    /// # };
    /// # let server = Router::new().route("/count", get(([("etag", "\"a\"")], Json(1))).put(put));
    /// let api = Resource::with_service("http://in.process", server)?;
    /// let answer = api.edit("count").with(|count: &mut u64| *count += 1).await?;
    /// assert_eq!(answer.as_json().unwrap(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self, reference: impl ToReference) -> RequestBuilder<S, Edit> {
        self.start(Method::GET, reference)
    }

    fn start<M>(&self, method: Method, reference: impl ToReference) -> RequestBuilder<S, M> {
        self.client.start(method, reference)
    }
}

impl<S: HttpService<Body> + Clone> Resource<S> {
    /// Reads a JSON document that is put back only by [`put`](Updating::put), on the condition that
    /// nobody changed it meanwhile. Short for `edit(reference).read()`.
    ///
    /// # Errors
    ///
    /// Those of [`read`](RequestBuilder::read).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the `GET`; nothing was changed.
    ///
    /// ```
    /// use tower_clients::Resource;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// # use axum::{Json, Router, routing::get};
    /// # let put = async |Json(n): Json<u64>| Json(n);
    /// # let server = Router::new().route("/count", get(([("etag", "\"a\"")], Json(1))).put(put));
    /// let api = Resource::with_service("http://in.process", server)?;
    /// let mut count = api.updating::<u64>("count").await?;
    /// count.value += 1;
    /// count.put().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn updating<T: DeserializeOwned>(
        &self,
        reference: impl ToReference,
    ) -> Result<Updating<S, T>, Error> {
        let edit = self.edit(reference);
        edit.read().await
    }
}

impl<S> From<Client<S>> for Resource<S> {
    fn from(client: Client<S>) -> Self {
        Self { client }
    }
}

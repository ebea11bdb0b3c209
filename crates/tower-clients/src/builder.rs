//! Configures a client.

use crate::{
    Client, Session,
    session::{NO_CREDENTIALS, SessionLayer, attempts::AttemptsLayer, compression, cookies, trace},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::{fmt, time::Duration};
#[cfg(feature = "cookies")]
use tower_clients_layers::CookieJar;
#[cfg(feature = "compression")]
use tower_clients_layers::DecompressLayer;
#[cfg(feature = "tracing")]
use tower_clients_layers::TraceLayer;
use tower_clients_layers::{
    AttemptTimeoutLayer, AuthorizeLayer, BaseUrl, Body, DeadlineLayer, DefaultHeadersLayer,
    DefaultQueryLayer, Error, ErrorKind, FetchTokenLayer, HttpService, IdleTimeoutLayer,
    MetricsLayer, Query, RedirectLayer, RetryLayer, TokenSource,
    authorize::{basic, bearer},
    url::{Boundary, Origin},
};
use tower_clients_transport::Transport;
use tower_layer::Layer;

/// Configures a [`Client`]. Made by [`Client::builder`].
///
/// Bad input is kept and becomes the error of [`build`](Self::build). Headers, query, cookies and
/// authorization set here are bound to the origin of the base URL: no other origin gets them, but for
/// `user-agent`, `accept` and its kin, and [shared](Self::share_header) headers.
///
/// ```
/// use axum::{Router, http::{HeaderMap, Uri}};
/// use tower_clients::{Client, Resource};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::Error> {
/// let server = Router::new().fallback(async |uri: Uri, headers: HeaderMap| {
///     format!("{uri} {:?} {:?}", headers["user-agent"], headers["authorization"])
/// });
/// let api = Client::builder("https://api.example.com/v1")
///     .trailing(".json")
///     .header("user-agent", "demo/1")
///     .query(&[("lang", "en")])
///     .bearer_auth("t0ken")
///     .build_over(server)?;
///
/// let seen = Resource::from(api).get("users").text().await?;
/// assert_eq!(seen, r#"https://api.example.com/v1/users.json?lang=en "demo/1" Sensitive"#);
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until it builds"]
pub struct ClientBuilder {
    settings: Result<Settings, Error>,
}

struct Settings {
    base: BaseUrl,
    headers: HeaderMap,
    shared: Vec<HeaderName>,
    query: Query,
    redirect: RedirectLayer,
    credentials: (AuthorizeLayer, FetchTokenLayer),
    compression: compression::Layer,
    cookies: cookies::Layer,
    calls: trace::Layer,
    attempts: AttemptsLayer,
    deadline: DeadlineLayer,
}

impl ClientBuilder {
    pub(crate) fn new(url: impl TryInto<BaseUrl, Error: Into<Error>>) -> Self {
        let settings = url.try_into().map_err(Into::into).map(|base| Settings {
            base,
            headers: HeaderMap::new(),
            shared: Vec::new(),
            query: Query::EMPTY,
            redirect: RedirectLayer::new(),
            credentials: NO_CREDENTIALS,
            compression: compression::by_default(),
            cookies: cookies::none(),
            calls: trace::none(),
            attempts: AttemptsLayer::none(),
            deadline: DeadlineLayer::none(),
        });
        Self { settings }
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let Ok(settings) = &mut self.settings {
            change(settings);
        }
        self
    }

    fn try_set(mut self, change: impl FnOnce(&mut Settings) -> Result<(), Error>) -> Self {
        if let Ok(settings) = &mut self.settings
            && let Err(error) = change(settings)
        {
            let is_setting = error.is_request();
            self.settings =
                Err(if is_setting { error.with_kind(ErrorKind::Config) } else { error });
        }
        self
    }

    /// Appends `trailing`, such as `/` or `.json`, to the path of every relative reference. Nothing by
    /// default.
    pub fn trailing(self, trailing: &str) -> Self {
        self.try_set(|settings| {
            settings.base = settings.base.clone().with_trailing(trailing)?;
            Ok(())
        })
    }

    /// Sets where requests may go; [`Boundary::Origin`] by default.
    pub fn boundary(self, boundary: Boundary) -> Self {
        self.set(|settings| settings.base = settings.base.clone().with_boundary(boundary))
    }

    /// Allows requests to one more origin, such as `https://uploads.example.com`. Of what is
    /// set here it gets `user-agent`, `accept` and its kin, and [shared](Self::share_header) headers.
    pub fn allow_origin(self, origin: &str) -> Self {
        self.try_set(|settings| {
            let origin: Origin = origin.parse()?;
            settings.base = settings.base.clone().allow_origin(origin);
            Ok(())
        })
    }

    /// Sets a default header, in place of all values that it has. Requests that have one of this name keep
    /// theirs. It is sent to the origin of the base URL only, unless it says what the client is or accepts,
    /// or is [shared](Self::share_header).
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.try_set(|settings| {
            let (name, value) = header(ErrorKind::Config, name, value)?;
            settings.headers.insert(name, value);
            Ok(())
        })
    }

    /// Sets all default headers, in place of those before. See [`header`](Self::header).
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.set(|settings| settings.headers = headers)
    }

    /// Sends the default header `name` to allowed foreign origins too.
    pub fn share_header(self, name: HeaderName) -> Self {
        self.set(|settings| settings.shared.push(name))
    }

    /// Adds default query parameters: pairs, a map or a struct. A request gets those whose keys it lacks, if
    /// it goes to the origin of the base URL.
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        self.try_set(|settings| {
            settings.query.extend(&Query::new(parameters)?);
            Ok(())
        })
    }

    /// Sets which redirects are followed, by [`Redirects`](crate::Redirects) or a [`RedirectLayer`]. By
    /// default those that lead to where requests may go: to the origin of the base URL, below its path if
    /// that is the [boundary](Self::boundary), and to [allowed origins](Self::allow_origin). Any other
    /// is an error that names its target.
    ///
    /// Whatever leads to another origin leaves behind what is set here, and headers of the
    /// request too: see [`redirect`](crate::redirect).
    ///
    /// ```
    /// use axum::{Router, response::Redirect, routing::get};
    /// use tower_clients::{Client, Redirects, Resource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let server = Router::new()
    ///     .route("/file", get(async || Redirect::temporary("https://files.example/7")))
    ///     .route("/7", get(async || "content"));
    /// let builder = || Client::builder("https://api.example.com").bearer_auth("t0ken");
    ///
    /// let api = Resource::from(builder().build_over(server.clone())?);
    /// let error = api.get("file").await.unwrap_err();
    /// assert!(format!("{error:#}").contains("it leads to https://files.example"));
    /// assert_eq!(api.get("file").redirect(Redirects::CrossOrigin).text().await?, "content");
    ///
    /// let api = Resource::from(builder().allow_origin("https://files.example").build_over(server)?);
    /// assert_eq!(api.get("file").text().await?, "content");
    /// # Ok(())
    /// # }
    /// ```
    pub fn redirect(self, redirects: impl Into<RedirectLayer>) -> Self {
        self.set(|settings| settings.redirect = redirects.into())
    }

    /// Authorizes requests to the origin of the base URL by a bearer token (RFC 6750). A request with an
    /// `authorization` header keeps that.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization(bearer(token))
    }

    /// Authorizes requests to the origin of the base URL by a user name and password (RFC 7617), as
    /// [`bearer_auth`](Self::bearer_auth) does.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.authorization(basic(user, password))
    }

    fn authorization(self, value: Result<HeaderValue, Error>) -> Self {
        self.try_set(|settings| {
            let origin = settings.base.origin().clone();
            settings.credentials = (AuthorizeLayer::value(origin, value?), FetchTokenLayer::none());
            Ok(())
        })
    }

    /// Authorizes by access tokens that are fetched when they are needed, kept and refreshed: see
    /// [`FetchTokenLayer`]. Of this, [`bearer_auth`](Self::bearer_auth) and
    /// [`basic_auth`](Self::basic_auth) the last one counts.
    ///
    /// [`Client::authorize`] asks an OAuth 2 token endpoint by a built client.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap};
    /// use tower_clients::{Client, Error, Resource, Token};
    ///
    /// async fn source() -> Result<Token, Error> {
    ///     Token::bearer("t0ken")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let server = Router::new().fallback(async |headers: HeaderMap| {
    ///     assert_eq!(headers["authorization"], "Bearer t0ken");
    /// });
    /// let client = Client::builder("https://api.example.com").token_source(source);
    /// let api = Resource::from(client.build_over(server)?);
    /// api.get("users").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_source(self, source: impl TokenSource) -> Self {
        self.set(|settings| {
            let origin = settings.base.origin().clone();
            settings.credentials = (AuthorizeLayer::none(), FetchTokenLayer::new(origin, source));
        })
    }

    /// Sets how compressed responses are decoded. By default those to requests without an
    /// `accept-encoding` of their own are, which ask for every coding that is known here. A download asks for
    /// none, and an edit neither.
    ///
    /// ```
    /// use tower_clients::{Client, DecompressLayer};
    ///
    /// let never = Client::builder("https://api.example.com").decompression(DecompressLayer::none());
    /// let small = DecompressLayer::new().limit(10 * 1024 * 1024);
    /// let client = Client::builder("https://api.example.com").decompression(small).build()?;
    /// # Ok::<(), tower_clients::Error>(())
    /// ```
    #[cfg(feature = "compression")]
    pub fn decompression(self, layer: DecompressLayer) -> Self {
        self.set(|settings| settings.compression = layer)
    }

    /// Sends the cookies that earlier responses set, RFC 6265bis. Clones and children share them.
    /// Without this, none are kept.
    #[cfg(feature = "cookies")]
    pub fn cookies(self) -> Self {
        self.cookie_jar(CookieJar::new())
    }

    /// As [`cookies`](Self::cookies), with a jar that is kept and shared. Whatever else it holds,
    /// only the origin of the base URL gets cookies from it or sets some in it.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap};
    /// use http::Uri;
    /// use tower_clients::{Client, CookieJar, Resource};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let server = Router::new().fallback(async |headers: HeaderMap| {
    ///     let seen = headers.get("cookie").is_some();
    ///     ([("set-cookie", "id=7; Max-Age=60")], if seen { "again" } else { "first" })
    /// });
    /// let jar = CookieJar::new();
    /// let client =
    ///     Client::builder("https://api.example.com").cookie_jar(jar.clone()).build_over(server)?;
    /// let api = Resource::from(client);
    ///
    /// assert_eq!(api.get("a").text().await?, "first");
    /// assert_eq!(api.get("b").text().await?, "again");
    /// assert_eq!(jar.get(&Uri::from_static("https://api.example.com/"), "id").unwrap(), "7");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "cookies")]
    pub fn cookie_jar(self, jar: CookieJar) -> Self {
        self.set(|settings| {
            settings.cookies = cookies::Layer::new(jar).only(settings.base.origin().clone());
        })
    }

    /// Limits the time of every exchange: until the service is ready, the response comes and its
    /// body ends. No limit by default.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.deadline = DeadlineLayer::new(timeout))
    }

    /// Limits the time of each attempt, until the head of the response. No limit by default.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| {
            settings.attempts.layers().attempt_timeout = AttemptTimeoutLayer::new(timeout);
        })
    }

    /// Limits the time in which nothing comes of a response: until its head, and from each frame of the
    /// body to the next. See [`idle_timeout`](crate::idle_timeout). No limit by default.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| {
            settings.attempts.layers().idle_timeout = IdleTimeoutLayer::new(timeout);
        })
    }

    /// Sends requests once more that failed, where that is safe: see [`retry`](crate::retry). Clients
    /// that are given clones of one layer share its budget.
    ///
    /// Nothing is retried by default: retries multiply load, and one place of a system should make
    /// them. What provably did not leave over a connection that the server had closed, the
    /// [`Transport`] sends again in any case.
    ///
    /// ```
    /// use axum::{Router, http::StatusCode};
    /// use std::time::Duration;
    /// use tower_clients::{Client, Resource, RetryLayer};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let server = Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE);
    /// let client = Client::builder("https://api.example.com")
    ///     .timeout(Duration::from_secs(30))
    ///     .attempt_timeout(Duration::from_secs(5))
    ///     .retry(RetryLayer::new())
    ///     .build_over(server)?;
    ///
    /// let error = Resource::from(client).get("users").await.unwrap_err();
    /// assert_eq!((error.status().unwrap().as_u16(), error.attempts().unwrap().count()), (503, 3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry(self, layer: RetryLayer) -> Self {
        self.set(|settings| settings.attempts.layers().retry = layer)
    }

    /// Makes a span of every request of the program, and one of each attempt that it takes: of each retry,
    /// redirect and request with a new token. See [`trace`](crate::trace). Without this, none are made.
    ///
    /// ```
    /// use axum::Router;
    /// use tower_clients::{Client, TraceLayer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), tower_clients::Error> {
    /// let client = Client::builder("https://api.example.com")
    ///     .trace(TraceLayer::new().record_query("page"))
    ///     .build_over(Router::new())?;
    /// client.get(("users", 7)).template("/users/{id}").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "tracing")]
    pub fn trace(self, layer: TraceLayer) -> Self {
        self.set(|settings| {
            if !layer.is_none() {
                settings.calls = TraceLayer::calls();
            }
            settings.attempts.layers().trace = layer;
        })
    }

    /// Measures every attempt: see [`metrics`](crate::metrics). Without this, nothing is measured.
    ///
    /// ```
    /// use std::{sync::{Arc, atomic::{AtomicU32, Ordering::Relaxed}}, time::Duration};
    /// use tower_clients::{
    ///     Client, MetricsLayer,
    ///     metrics::{Labels, Outcome, Recorder},
    /// };
    ///
    /// #[derive(Default)]
    /// struct Timeouts(AtomicU32);
    ///
    /// impl Recorder for Timeouts {
    ///     fn begin(&self, _: &Labels<'_>) {}
    ///
    ///     fn end(&self, _: &Labels<'_>, outcome: &Outcome, _: Duration) {
    ///         let is_timeout = outcome.error_type() == Some("timeout");
    ///         self.0.fetch_add(is_timeout.into(), Relaxed);
    ///     }
    /// }
    ///
    /// let timeouts = Arc::new(Timeouts::default());
    /// let client = Client::builder("https://api.example.com")
    ///     .metrics(MetricsLayer::new(Arc::clone(&timeouts)))
    ///     .build()?;
    /// # Ok::<(), tower_clients::Error>(())
    /// ```
    pub fn metrics(self, layer: MetricsLayer) -> Self {
        self.set(|settings| settings.attempts.layers().metrics = layer)
    }

    /// A client over a new [`Transport`] with its default settings.
    ///
    /// # Errors
    ///
    /// The first bad input: [`ErrorKind::Url`] for the base URL, a trailing part or an origin,
    /// [`ErrorKind::Config`] for headers, a query or credentials.
    pub fn build(self) -> Result<Client, Error> {
        self.build_over(Transport::new())
    }

    /// A client over a given transport: a configured [`Transport`], or any other service.
    ///
    /// # Errors
    ///
    /// The first bad input: [`ErrorKind::Url`] for the base URL, a trailing part or an origin,
    /// [`ErrorKind::Config`] for headers, a query or credentials.
    pub fn build_over<T: HttpService<Body>>(
        self,
        transport: T,
    ) -> Result<Client<Session<T>>, Error> {
        let Settings {
            base,
            headers,
            shared,
            query,
            redirect,
            credentials,
            compression,
            cookies,
            calls,
            attempts,
            deadline,
        } = self.settings?;
        let origin = || base.origin().clone();
        let headers = DefaultHeadersLayer::new(origin(), headers);
        let session = SessionLayer {
            query: DefaultQueryLayer::new(origin(), query),
            redirect: redirect.within(base.clone()),
            headers: shared.into_iter().fold(headers, DefaultHeadersLayer::share_header),
            credentials,
            compression,
            cookies,
            calls,
            attempts,
        };
        Ok(Client::over(base, session.layer(transport)).map_deadline(|_| deadline))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ClientBuilder");
        match &self.settings {
            Ok(settings) => debug.field("base_url", &format_args!("{}", settings.base)),
            Err(error) => debug.field("error", error),
        };
        debug.finish_non_exhaustive()
    }
}

pub(crate) fn header<N, V>(
    kind: ErrorKind,
    name: N,
    value: V,
) -> Result<(HeaderName, HeaderValue), Error>
where
    N: TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    let name = name.try_into().map_err(|error| Error::new(kind, error.into()))?;
    match value.try_into() {
        Ok(value) => Ok((name, value)),
        Err(error) => {
            let error: http::Error = error.into();
            Err(Error::new(kind, format!("the value of the header `{name}`: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bad_input_is_the_error_of_build() {
        let builder = || Client::builder("http://h");
        for (builder, url) in [
            (Client::builder("h").bearer_auth(""), true),
            (builder().trailing("?"), true),
            (builder().allow_origin("h"), true),
            (builder().header("a b", "c"), false),
            (builder().header("a", "\n"), false),
            (builder().bearer_auth("a b"), false),
            (builder().basic_auth("a:b", "c"), false),
        ] {
            let error = builder.timeout(Duration::ZERO).build().unwrap_err();
            assert_eq!((error.is_url(), error.is_config()), (url, !url), "{error:#}");
        }
    }
}

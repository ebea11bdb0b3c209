//! What calls take over from the request that they are made for.
//!
//! A handler of a backend answers one request by others. Those carry its trace and its name on, and do not go
//! on when nobody waits any more:
//!
//! * `traceparent` and `tracestate` (W3C Trace Context), `baggage` and `x-request-id`, and the headers that
//!   are [named](Inherit::header); only to the origin of the base URL of the client, and where a call has
//!   none of its own;
//! * the time that is left, by the [deadline](tower_clients_layers::deadline::current) that a
//!   [`DeadlineLayer`](tower_clients_layers::DeadlineLayer) around the handler sets, or by
//!   [`timeout`](Inherit::timeout).
//!
//! ```
//! use axum::{Router, http::HeaderMap, routing::get};
//! use http::HeaderValue;
//! use tower_clients::{Client, Inherit, Resource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::BoxError> {
//! let server = Router::new().route("/users/7", get(async |headers: HeaderMap| {
//!     headers["x-request-id"].to_str().unwrap_or("").to_owned()
//! }));
//! let users = Client::with_service("http://users.internal", server)?;
//!
//! let inbound = HeaderMap::from_iter([("x-request-id".parse()?, HeaderValue::from_static("4711"))]);
//! let users = Resource::from(users.inherit(&Inherit::new().of(&inbound)));
//! assert_eq!(users.get("users/7").text().await?, "4711");
//! # Ok(())
//! # }
//! ```

use crate::{Client, Graph, JsonRpc, Resource};
use http::{HeaderMap, HeaderName, header};
use std::{fmt, time::Duration};
use tokio::time::Instant;
use tower_clients_layers::{Body, DefaultHeaders, DefaultHeadersLayer, HttpService, deadline};

/// Goes from each request to what is asked for it.
const ALWAYS: [HeaderName; 4] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
    HeaderName::from_static("x-request-id"),
];

/// What neither `Debug` nor a span of a call shows.
const CREDENTIALS: [HeaderName; 2] = [header::AUTHORIZATION, header::COOKIE];

/// What calls take over from the request that they are made for. See the [module docs](self).
#[derive(Debug, Clone)]
#[must_use]
pub struct Inherit {
    headers: Vec<HeaderName>,
    timeout: fn(&HeaderMap) -> Option<Duration>,
}

impl Inherit {
    /// The trace, the name of the request, and the deadline around the handler.
    pub fn new() -> Self {
        Self { headers: ALWAYS.into(), timeout: |_| None }
    }

    /// One more header, such as `authorization`: the server is then asked in the name of the caller, whatever
    /// credential the client has.
    pub fn header(mut self, name: HeaderName) -> Self {
        self.headers.push(name);
        self
    }

    /// How long the caller waits, where its request says so.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_clients::Inherit;
    ///
    /// let inherit = Inherit::new().timeout(|headers| {
    ///     let millis = headers.get("x-timeout-ms")?.to_str().ok()?.parse().ok()?;
    ///     Some(Duration::from_millis(millis))
    /// });
    /// ```
    pub fn timeout(mut self, timeout: fn(&HeaderMap) -> Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// What calls take over that are made for a request with such headers, from here on.
    #[must_use]
    pub fn of(&self, inbound: &HeaderMap) -> Inheritance {
        let mut headers = HeaderMap::new();
        for name in &self.headers {
            for value in inbound.get_all(name) {
                let mut value = value.clone();
                if CREDENTIALS.contains(name) {
                    value.set_sensitive(true);
                }
                headers.append(name, value);
            }
        }
        let told = (self.timeout)(inbound).and_then(|time| Instant::now().checked_add(time));
        let deadline = deadline::current().into_iter().chain(told).min();
        Inheritance { headers, deadline }
    }
}

impl Default for Inherit {
    fn default() -> Self {
        Self::new()
    }
}

/// What was taken over from one request. See [`Inherit`].
///
/// `Debug` shows the names of the headers and no value. With the feature `axum` it is an extractor, for
/// handlers that ask several upstreams.
#[derive(Clone)]
pub struct Inheritance {
    headers: HeaderMap,
    deadline: Option<Instant>,
}

impl fmt::Debug for Inheritance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().collect();
        f.debug_struct("Inheritance")
            .field("headers", &headers)
            .field("deadline", &self.deadline)
            .finish()
    }
}

impl<S: HttpService<Body>> Client<S> {
    /// The same client, for calls that take over what another request has. See [`Inherit`].
    #[must_use]
    pub fn inherit(self, from: &Inheritance) -> Client<DefaultHeaders<S>> {
        let layer = match self.base_url() {
            Ok(base) => DefaultHeadersLayer::new(base.origin().clone(), from.headers.clone()),
            // It fails anyway.
            Err(_) => DefaultHeadersLayer::none(),
        };
        let client = self.layer(layer);
        match from.deadline {
            Some(deadline) => client.map_deadline(|layer| layer.until(deadline)),
            None => client,
        }
    }
}

/// A client whose calls can [inherit](Inherit) from a request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no client whose calls can inherit from a request",
    label = "no `Inherits`",
    note = "it must be a `Client`, `Resource`, `JsonRpc` or `Graph` over an `HttpService<Body>`"
)]
pub trait Inherits {
    /// The client with what its calls inherit.
    type Heir;

    /// The client for calls that take over what another request has.
    fn inherit(self, from: &Inheritance) -> Self::Heir;
}

macro_rules! inherits {
    ($($over:ident),+) => {$(
        impl<S: HttpService<Body>> Inherits for $over<S> {
            type Heir = $over<DefaultHeaders<S>>;

            fn inherit(self, from: &Inheritance) -> Self::Heir {
                Client::from(self).inherit(from).into()
            }
        }
    )+};
}

inherits!(Client, Resource, Graph, JsonRpc);

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
    use std::convert::Infallible;
    use tower::service_fn;
    use tower_clients_layers::{Error, RedirectLayer};

    fn inbound() -> HeaderMap {
        let fields =
            [("traceparent", "00-a-b-01"), ("authorization", "Bearer CANARY"), ("x-a", "1")];
        let field =
            |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        fields.map(field).into_iter().collect()
    }

    /// The names of the headers that are sent.
    async fn sent(inherit: Inherit) -> Vec<String> {
        let server = service_fn(async |request: Request<Body>| {
            let names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
            Ok::<_, Infallible>(Response::new(Body::from(names.join(" "))))
        });
        let client = Client::with_service("http://h", server).unwrap();
        let client = Resource::from(client.inherit(&inherit.of(&inbound())));
        let text = client.get("").text().await.unwrap();
        text.split(' ').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn trace_goes_on_and_what_is_named() {
        assert_eq!(sent(Inherit::new()).await, ["traceparent"]);
        let named = sent(Inherit::new().header(AUTHORIZATION)).await;
        assert_eq!(named, ["traceparent", "authorization"]);
    }

    #[tokio::test]
    async fn nothing_goes_along_to_another_origin_whichever_layer_follows() {
        let server = service_fn(async |request: Request<Body>| {
            let is_home = request.uri().host() == Some("h");
            let to = match request.uri().path() {
                "/1" => "http://other/2",
                "/2" => "http://h/3",
                _ => "",
            };
            let is_inherited = request.headers().keys().len() > 0;
            assert_eq!(is_inherited, is_home && request.uri().path() == "/1", "{}", request.uri());
            let response = Response::builder().status(if to.is_empty() { 200 } else { 307 });
            Ok::<_, Infallible>(response.header("location", to).body(Body::empty()).unwrap())
        });
        let inheritance = Inherit::new().header(AUTHORIZATION).of(&inbound());
        let redirects = || RedirectLayer::new().allow_cross_origin();
        let client = Client::with_service("http://h", server).unwrap();
        let above = client.clone().layer(redirects()).inherit(&inheritance);
        assert_eq!(above.get("1").send().await.unwrap().status(), 200);
        let below = client.inherit(&inheritance).layer(redirects());
        assert_eq!(below.get("1").send().await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn credentials_do_not_show() {
        let server = service_fn(async |request: Request<Body>| {
            assert!(!format!("{request:?}").contains("CANARY"), "{request:?}");
            assert_eq!(request.headers()["authorization"], "Bearer CANARY");
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let client = Client::with_service("http://h", server).unwrap();
        let inheritance = Inherit::new().header(AUTHORIZATION).of(&inbound());
        assert!(!format!("{inheritance:?}").contains("CANARY"));
        client.inherit(&inheritance).get("").await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn calls_end_when_the_caller_waits_no_longer() {
        let silent = service_fn(async |_: Request<Body>| {
            std::future::pending::<Result<Response<Body>, Error>>().await
        });
        let client = Client::with_service("http://h", silent).unwrap();
        let inherit = Inherit::new().timeout(|_| Some(Duration::from_millis(200)));
        let client = client.inherit(&inherit.of(&inbound()));
        tokio::time::sleep(Duration::from_millis(50)).await;
        for left in [150, 0] {
            let error = client.get("").timeout(Duration::from_secs(9)).await.unwrap_err();
            assert_eq!(error.timeout().unwrap().after(), Duration::from_millis(left));
        }
    }
}

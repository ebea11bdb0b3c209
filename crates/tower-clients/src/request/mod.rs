//! Requests on their way.
//!
//! [`RequestBuilder`] is made by the verbs of a client. It sends when it is awaited; its second
//! type says what that gives: a [`Whole`] response, a [`Checked`] one, or its [`Decoded`] body.
//!
//! ```
//! use axum::Router;
//! use std::time::Duration;
//! use tower_clients::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! #[derive(serde::Serialize)]
//! struct Search<'a> {
//!     q: &'a str,
//!     page: Option<u32>,
//!     tag: Vec<&'a str>,
//! }
//!
//! let client = Client::with_service("http://in.process", Router::new())?;
//! let request = client
//!     .get("search")
//!     .query(&Search { q: "rust", page: None, tag: vec!["a", "b"] })
//!     .header("accept", "application/json")
//!     .timeout(Duration::from_secs(5));
//! assert_eq!(
//!     format!("{request:?}"),
//!     r#"RequestBuilder { method: GET, url: "http://in.process/search?q…&tag…&tag…", headers: ["accept"], body: Body(empty) }"#,
//! );
//! assert_eq!(request.await?.status(), 404);
//! # Ok(())
//! # }
//! ```

mod mode;
mod pending;

pub use self::{
    mode::{Checked, Decoded, Mode, Whole},
    pending::Pending,
};

use crate::builder::header;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, future::IntoFuture, marker::PhantomData, time::Duration};
use tower_clients_layers::{
    Body, Content, Error, Form, FromBody, IntoBody, JoinUrl, Json, Query, RequestOptions,
    authorize::{basic, bearer},
    url::{ToReference, redact},
};

/// A request that is sent when it is awaited. See the [module docs](self).
///
/// Bad input is kept and becomes the error of the `await`. Dropping a builder sends nothing.
#[must_use = "a request does nothing until it is awaited"]
pub struct RequestBuilder<S, M = Whole> {
    service: JoinUrl<S>,
    request: Result<Request<Body>, Error>,
    mode: PhantomData<fn() -> M>,
}

impl<S> RequestBuilder<S> {
    pub(crate) fn new(service: JoinUrl<S>, method: Method, reference: impl ToReference) -> Self {
        let request = service.join(reference).map(|uri| {
            let mut request = Request::new(Body::empty());
            *request.method_mut() = method;
            *request.uri_mut() = uri;
            request
        });
        Self { service, request, mode: PhantomData }
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.body(Json(value))
    }

    /// Sets an `application/x-www-form-urlencoded` body: pairs, a map or a struct.
    pub fn form<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.body(Form(value))
    }
}

impl<S, M> RequestBuilder<S, M> {
    fn set(mut self, change: impl FnOnce(&mut Request<Body>) -> Result<(), Error>) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = change(request)
        {
            self.request = Err(error.for_request(request.method(), request.uri()));
        }
        self
    }

    fn into_mode<N>(self) -> RequestBuilder<S, N> {
        RequestBuilder { service: self.service, request: self.request, mode: PhantomData }
    }

    /// Sets a header, in place of all values that it has.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.set(|request| {
            let (name, value) = header(name, value)?;
            request.headers_mut().insert(name, value);
            Ok(())
        })
    }

    /// Sets headers, each with all its values in place of all that it has.
    pub fn headers(self, headers: &HeaderMap) -> Self {
        self.set(|request| {
            for name in headers.keys() {
                request.headers_mut().remove(name);
                for value in headers.get_all(name) {
                    request.headers_mut().append(name, value.clone());
                }
            }
            Ok(())
        })
    }

    /// Adds query parameters: pairs, a map or a struct. `None` is left out, a sequence repeats its
    /// key.
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        self.set(|request| {
            let query = Query::new(parameters)?;
            if !query.is_empty() {
                *request.uri_mut() = query.append_to(request.uri())?;
            }
            Ok(())
        })
    }

    /// Sets the body, and the content type that belongs to it unless the request has one:
    /// [`Json`], [`Form`], text, bytes or a stream in a [`Body`].
    pub fn body(self, body: impl IntoBody) -> Self {
        self.set(|request| set_body(request, body))
    }

    /// Authorizes this request by a bearer token (RFC 6750).
    pub fn bearer_auth(self, token: &str) -> Self {
        self.set(|request| {
            request.headers_mut().insert(AUTHORIZATION, bearer(token)?);
            Ok(())
        })
    }

    /// Authorizes this request by a user name and password (RFC 7617).
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.set(|request| {
            request.headers_mut().insert(AUTHORIZATION, basic(user, password)?);
            Ok(())
        })
    }

    /// Limits the time of the whole exchange, response body included. Read by
    /// [`DeadlineLayer`](crate::DeadlineLayer), which a [`Session`](crate::Session) has.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.option(|options| options.timeout(timeout))
    }

    /// Limits the size of the response body to decode, in bytes; 10 MiB by default.
    pub fn limit(self, bytes: usize) -> Self {
        self.option(|options| options.limit(bytes))
    }

    fn option(self, change: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        self.set(|request| {
            let options = RequestOptions::of_mut(request);
            *options = change(std::mem::take(options));
            Ok(())
        })
    }

    /// Adds an extension, for layers of your own.
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        self.set(|request| {
            request.extensions_mut().insert(extension);
            Ok(())
        })
    }

    /// Asks for the body decoded by `D`, of a response with a status of 2xx.
    pub fn decode<D: FromBody>(self) -> RequestBuilder<S, Decoded<D>> {
        self.into_mode()
    }

    /// Sends the request, like awaiting it: a plain future, for `tokio::spawn`, `join!`, `select!`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the exchange: over HTTP/1 its connection closes, over HTTP/2 its
    /// stream is reset. The server may have seen the request.
    pub fn send(self) -> Pending<S, M>
    where
        M: Mode<S>,
    {
        Pending::new(self.service, self.request)
    }
}

impl<S> RequestBuilder<S, Decoded<Content>> {
    /// Asks for a `T` decoded from JSON.
    pub fn json<T: DeserializeOwned>(self) -> RequestBuilder<S, Decoded<Json<T>>> {
        self.into_mode()
    }

    /// Asks for text, by its charset.
    pub fn text(self) -> RequestBuilder<S, Decoded<String>> {
        self.into_mode()
    }

    /// Asks for the bytes.
    pub fn bytes(self) -> RequestBuilder<S, Decoded<Bytes>> {
        self.into_mode()
    }

    /// Asks for the response with its head, status checked, body still to be read.
    pub fn response(self) -> RequestBuilder<S, Checked> {
        self.into_mode()
    }
}

impl<S, M: Mode<S>> IntoFuture for RequestBuilder<S, M> {
    type Output = Result<M::Output, Error>;
    type IntoFuture = Pending<S, M>;

    fn into_future(self) -> Pending<S, M> {
        self.send()
    }
}

fn set_body<B: IntoBody>(request: &mut Request<Body>, body: B) -> Result<(), Error> {
    *request.body_mut() = body.into_body()?;
    if let Some(content_type) = B::CONTENT_TYPE {
        request.headers_mut().entry(CONTENT_TYPE).or_insert(content_type);
    }
    Ok(())
}

/// Header names only, and no value of the query.
impl<S, M> fmt::Debug for RequestBuilder<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        match &self.request {
            Ok(request) => debug
                .field("method", request.method())
                .field("url", &redact(request.uri()))
                .field("headers", &request.headers().keys().collect::<Vec<_>>())
                .field("body", request.body()),
            Err(error) => debug.field("error", error),
        };
        debug.finish()
    }
}

//! Requests on their way.
//!
//! [`RequestBuilder`] is made by the verbs of a client. It sends when it is awaited; its second
//! type says what that gives:
//!
//! | mode | of | gives |
//! |---|---|---|
//! | [`Whole`] | the verbs of a `Client` | the response, whatever its status |
//! | [`Checked`] | `.response()` | the response, if its status is 2xx |
//! | [`Decoded<D>`] | `.decode::<D>()`, `.text()`, `.bytes()`; the verbs of a `Resource` | its body, decoded |
//! | [`WithHead<D>`] | `.with_head()` | the response with its body decoded |
//! | [`InChunks`] | `.chunks()` | a stream of [`Bytes`] as they come, if the status is 2xx |
//! | [`InLines`] | `.lines()` | a stream of lines of text |
//! | [`InJsonLines<T>`] | `.json_lines::<T>()` | a stream of values of newline-delimited JSON |
//! | [`InItems`] | `.items()` | a stream of [`Content`], by the content type |
//! | [`Exists`], [`ExistsOrGet`] | `exists` of a `Resource`, its `.or_get()` | whether there is something |
//! | [`Create`] | `create` of a `Resource` | the `Location` of what was created |
//! | [`Download`](download::Download) | `.download()` | the body in a file or a writer |
//! | [`Edit`] | `edit` of a `Resource` | a document to change, by `.with(..)` or `.read()` |
//! | [`Draft`] | the verbs of a `Resource` that carry a body | `Content`, once the body is there |
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

pub mod download;
mod edit;
mod mode;
mod outcome;
mod pending;
mod stream;

pub(crate) use self::pending::{Exchange, exchange};
pub use self::{
    edit::{Edit, Updating},
    mode::{Checked, Decoded, Draft, Mode, SendsBody, Whole, WithHead},
    outcome::{Create, Exists, ExistsOrGet},
    pending::Pending,
    stream::{InChunks, InItems, InJsonLines, InLines},
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
    Body, Content, DeadlineLayer, Error, ErrorKind, Form, FromBody, IntoBody, JoinUrl, Json, Query,
    Redirects, RequestOptions, Retries,
    authorize::{basic, bearer},
    url::{ToReference, redact},
};

/// A request that is sent when it is awaited. See the [module docs](self).
///
/// Bad input is kept and becomes the error of the `await`. Dropping a builder sends nothing.
///
/// It is no future itself: `tokio::spawn` and `join_all` take what [`send`](Self::send) gives. Over a
/// [`Blocking`](crate::blocking::Blocking) service it is waited for by `wait` in place of `.await`. A
/// function over any `S` bounds it by [`HttpService<Body>`](crate::HttpService)` + Clone`, or, to spawn
/// requests, by [`SharedService<Body>`](crate::SharedService).
#[must_use = "a request does nothing until it is awaited, or waited for by `wait()` if it is blocking"]
pub struct RequestBuilder<S, M = Whole> {
    service: S,
    deadline: DeadlineLayer,
    request: Result<Request<Body>, Error>,
    content_type: Option<HeaderValue>,
    mode: PhantomData<fn() -> M>,
}

impl<S> RequestBuilder<S> {
    /// Sets a JSON body. A value that does not serialize is the error of the `await`.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.body(Json(value))
    }
}

impl<S> RequestBuilder<S, Draft> {
    /// Sets a JSON body. A value that does not serialize is the error of the `await`.
    ///
    /// To decode the answer, call `.json::<T>()` on what this gives; of a request without a body,
    /// `.decode::<Json<T>>()`.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> RequestBuilder<S, Decoded<Content>> {
        self.body(Json(value))
    }
}

impl<S> RequestBuilder<S, Decoded<Content>> {
    /// Asks for a `T` decoded from JSON, of a response with a status of 2xx. (A JSON body is *sent* by
    /// [`body(Json(..))`](Self::body).)
    ///
    /// The type is named here, or where the value goes: `let user: User = ..`. It owns what it holds:
    /// `String`, not `&str`.
    pub fn json<T: DeserializeOwned>(self) -> RequestBuilder<S, Decoded<Json<T>>> {
        self.into_mode()
    }
}

impl<S, D> RequestBuilder<S, Decoded<D>> {
    /// Asks for the response, with status and headers, and the decoded value in place of its body.
    pub fn with_head(self) -> RequestBuilder<S, WithHead<D>> {
        self.into_mode()
    }
}

impl<S, M: SendsBody> RequestBuilder<S, M> {
    /// Sets the body: [`Json`] or [`Form`], each with its content type; or text, bytes or a stream
    /// in a [`Body`], with none. A `content-type` header of the request wins.
    pub fn body(self, body: impl IntoBody) -> RequestBuilder<S, M::Sent> {
        self.set_body(body).into_mode()
    }

    /// Sets an `application/x-www-form-urlencoded` body: pairs, a map or a struct.
    pub fn form<T: Serialize + ?Sized>(self, value: &T) -> RequestBuilder<S, M::Sent> {
        self.body(Form(value))
    }
}

impl<S, M> RequestBuilder<S, M> {
    pub(crate) fn new(
        base: &JoinUrl<S>,
        deadline: DeadlineLayer,
        method: Method,
        reference: impl ToReference,
    ) -> Self
    where
        S: Clone,
    {
        let request = match base.join(reference) {
            Ok(uri) => {
                let mut request = Request::new(Body::empty());
                *request.method_mut() = method;
                *request.uri_mut() = uri;
                Ok(request)
            }
            // There is no URL to name but that of the base.
            Err(error) => Err(match base.join("") {
                Ok(base) => error.for_request(&method, &base),
                Err(_) => error,
            }),
        };
        let service = base.get_ref().clone();
        Self { service, deadline, request, content_type: None, mode: PhantomData }
    }

    pub(crate) fn service(&self) -> &S {
        &self.service
    }

    pub(crate) fn map_service<T>(self, change: impl FnOnce(S) -> T) -> RequestBuilder<T, M> {
        let Self { service, deadline, request, content_type, mode } = self;
        RequestBuilder { service: change(service), deadline, request, content_type, mode }
    }

    fn set(mut self, change: impl FnOnce(&mut Request<Body>) -> Result<(), Error>) -> Self {
        if let Ok(request) = &mut self.request
            && let Err(error) = change(request)
        {
            self.request = Err(error.for_request(request.method(), request.uri()));
        }
        self
    }

    fn set_body<B: IntoBody>(mut self, body: B) -> Self {
        self.content_type = B::CONTENT_TYPE;
        self.set(|request| {
            *request.body_mut() = body.into_body()?;
            Ok(())
        })
    }

    fn into_mode<N>(self) -> RequestBuilder<S, N> {
        let Self { service, deadline, request, content_type, .. } = self;
        RequestBuilder { service, deadline, request, content_type, mode: PhantomData }
    }

    /// Makes the error that of the `await`, unless there is an earlier one.
    pub(crate) fn fail(self, error: Error) -> Self {
        self.set(|_| Err(error))
    }

    /// Sets a header, in place of all values that it has.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.set(|request| {
            let (name, value) = header(ErrorKind::Request, name, value)?;
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

    /// Adds query parameters: pairs, a map or a struct. `None` is left out, a `Vec` repeats its
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

    /// Limits the time of the whole exchange: until the service is ready, the response comes and
    /// its body ends. In place of the [timeout of the client](crate::ClientBuilder::timeout); no limit by
    /// default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.deadline = self.deadline.timeout(timeout);
        self
    }

    /// Limits the size of the response body to decode, in bytes; 10 MiB by default. In streams it
    /// limits each line instead, 1 MiB by default.
    pub fn limit(self, bytes: usize) -> Self {
        self.option(|options| options.limit(bytes))
    }

    /// Limits the time of each attempt, until the head of the response. In place of the
    /// [limit of the client](crate::ClientBuilder::attempt_timeout), and by the same layer of a
    /// [`Session`](crate::Session); no limit by default.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.option(|options| options.attempt_timeout(timeout))
    }

    /// Limits the time in which nothing comes of the response. In place of the
    /// [limit of the client](crate::ClientBuilder::idle_timeout), and by the same layer of a
    /// [`Session`](crate::Session); no limit by default.
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.option(|options| options.idle_timeout(timeout))
    }

    /// Under which condition this request may be sent once more when it failed, if the client
    /// [retries](crate::ClientBuilder::retry) at all.
    pub fn retry(self, retries: Retries) -> Self {
        self.option(|options| options.retry(retries))
    }

    /// Tells what the URL was made from, such as `/users/{id}`, to name spans and label metrics by it. See
    /// [`RequestOptions::template`].
    pub fn template(self, template: &'static str) -> Self {
        self.option(|options| options.template(template))
    }

    fn option(self, change: impl FnOnce(RequestOptions) -> RequestOptions) -> Self {
        self.set(|request| {
            let options = RequestOptions::of_mut(request);
            *options = change(std::mem::take(options));
            Ok(())
        })
    }

    /// Sets which redirects are followed, in place of those of the
    /// [client](crate::ClientBuilder::redirect). A client over a service of your own follows none.
    pub fn redirect(self, redirects: Redirects) -> Self {
        self.option(|options| options.redirect(redirects))
    }

    /// Adds an extension, for layers of your own. In place of one of the same type.
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

    /// Asks for the body as text, by its charset, of a response with a status of 2xx.
    pub fn text(self) -> RequestBuilder<S, Decoded<String>> {
        self.into_mode()
    }

    /// Asks for the bytes of the body, of a response with a status of 2xx.
    pub fn bytes(self) -> RequestBuilder<S, Decoded<Bytes>> {
        self.into_mode()
    }

    /// Asks for the response with its body still to be read, if its status is 2xx.
    pub fn response(self) -> RequestBuilder<S, Checked> {
        self.into_mode()
    }

    /// Sends the request, like awaiting it. This is a plain future, for `tokio::spawn` and
    /// `join_all`, which take no `IntoFuture`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the exchange: over HTTP/1 its connection closes, over HTTP/2 its
    /// stream is reset. The server may have seen the request.
    ///
    /// # Panics
    ///
    /// The future panics when it is polled outside of a tokio runtime, if there is a timeout or the
    /// service below needs one, as [`Transport`](crate::Transport) does.
    pub fn send(self) -> Pending<S, M>
    where
        M: Mode<S>,
    {
        let (service, deadline, request) = self.into_parts();
        Pending::new(service, deadline, request)
    }

    pub(crate) fn into_parts(self) -> (S, DeadlineLayer, Result<Request<Body>, Error>) {
        let Self { service, deadline, mut request, content_type, .. } = self;
        if let (Ok(request), Some(content_type)) = (&mut request, content_type) {
            request.headers_mut().entry(CONTENT_TYPE).or_insert(content_type);
        }
        (service, deadline, request)
    }
}

impl<S, M: Mode<S>> IntoFuture for RequestBuilder<S, M> {
    type Output = Result<M::Output, Error>;
    type IntoFuture = Pending<S, M>;

    fn into_future(self) -> Pending<S, M> {
        self.send()
    }
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

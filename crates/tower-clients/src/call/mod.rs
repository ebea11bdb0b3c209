//! Calls on their way: requests whose answers are judged.
//!
//! A [`Call`] is made by a [`Remote`](crate::Remote), a [`JsonRpc`](crate::JsonRpc) or a
//! [`Graph`](crate::Graph). It is sent when it is awaited; its second type is the judge, who sees status,
//! headers and body of the answer and makes the output of it:
//!
//! | judge | of | gives |
//! |---|---|---|
//! | [`Judge<C>`] | `Remote::call` | what the check `C` makes of the JSON |
//! | [`Judge<Typed<C, T>>`](Typed) | its `.json::<T>()` | that, decoded |
//! | [`rpc::Answer<T>`](crate::rpc::Answer), [`rpc::Notified`](crate::rpc::Notified) | `JsonRpc::call`, `notify` | the result; nothing |
//! | [`graph::Strict<T>`](crate::graph::Strict) | `Graph::execute` | the data, if there is no error |
//! | [`graph::Lenient<T>`](crate::graph::Lenient) | its `.response()` | data and errors |
//!
//! ```
//! use axum::{Json, Router, routing::post};
//! use serde_json::{Value, json};
//! use std::time::Duration;
//! use tower_clients::Remote;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients::Error> {
//! let server = Router::new().route("/echo", post(async |Json(body): Json<Value>| Json(body)));
//! let remote = Remote::with_service("http://in.process", server)?;
//!
//! let call = remote.call("echo", &json!({"n": 1}));
//! let answer = call.timeout(Duration::from_secs(5)).header("x-trace", "7").await?;
//! assert_eq!(answer["n"], 1);
//! # Ok(())
//! # }
//! ```

mod judge;
mod members;
mod refusal;

pub use self::judge::{Judge, Typed};
pub(crate) use self::members::object;
pub(crate) use self::refusal::{failure, refused, status_error};

use crate::{
    RequestBuilder,
    request::{Exchange, exchange},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pin_project_lite::pin_project;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tower_clients_layers::{
    Body, Check, CheckAnswer, Decode, DecodeLayer, Error, HttpService, Retries,
    deadline::{self, DeadlineBody},
};
use tower_layer::Layer;

/// A call that is sent when it is awaited; its answer is judged by `J`.
///
/// Made by [`Remote`](crate::Remote), [`JsonRpc`](crate::JsonRpc) and [`Graph`](crate::Graph). Bad
/// input is kept and becomes the error of the `await`. Dropping a call sends nothing.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<S, J> {
    request: RequestBuilder<S>,
    judge: J,
}

impl<S, J> Call<S, J> {
    pub(crate) fn new(request: RequestBuilder<S>, judge: J) -> Self {
        Self { request, judge }
    }

    pub(crate) fn into_parts(self) -> (RequestBuilder<S>, J) {
        (self.request, self.judge)
    }

    pub(crate) fn map_judge<K>(self, change: impl FnOnce(J) -> K) -> Call<S, K> {
        Call { request: self.request, judge: change(self.judge) }
    }

    fn set(mut self, change: impl FnOnce(RequestBuilder<S>) -> RequestBuilder<S>) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets a header. See [`RequestBuilder::header`].
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.set(|request| request.header(name, value))
    }

    /// Sets headers. See [`RequestBuilder::headers`].
    pub fn headers(self, headers: &HeaderMap) -> Self {
        self.set(|request| request.headers(headers))
    }

    /// Adds query parameters. See [`RequestBuilder::query`].
    pub fn query<T: Serialize + ?Sized>(self, parameters: &T) -> Self {
        self.set(|request| request.query(parameters))
    }

    /// Authorizes this call by a bearer token (RFC 6750).
    pub fn bearer_auth(self, token: &str) -> Self {
        self.set(|request| request.bearer_auth(token))
    }

    /// Limits the time of the whole exchange. See [`RequestBuilder::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|request| request.timeout(timeout))
    }

    /// Limits the time of each attempt. See [`RequestBuilder::attempt_timeout`].
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        self.set(|request| request.attempt_timeout(timeout))
    }

    /// Limits the time in which nothing comes of the answer. See [`RequestBuilder::idle_timeout`].
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.set(|request| request.idle_timeout(timeout))
    }

    /// Under which condition this call may be sent once more when it failed. It is a `POST`, so it is
    /// not by default, unless it provably was not sent or has an `Idempotency-Key`; one that changes
    /// nothing may be by [`Retries::AnyMethod`]. See [`RequestBuilder::retry`].
    pub fn retry(self, retries: Retries) -> Self {
        self.set(|request| request.retry(retries))
    }

    /// Limits the size of the answer, of any status, in bytes; 10 MiB by default.
    pub fn limit(self, bytes: usize) -> Self {
        self.set(|request| request.limit(bytes))
    }

    /// Adds an extension, for layers of your own.
    pub fn extension<T: Clone + Send + Sync + 'static>(self, extension: T) -> Self {
        self.set(|request| request.extension(extension))
    }

    /// Sends the call, like awaiting it. This is a plain future, for `tokio::spawn` and `join_all`.
    ///
    /// # Cancel safety
    ///
    /// That of [`RequestBuilder::send`]: the server may have seen the call.
    ///
    /// # Panics
    ///
    /// As [`RequestBuilder::send`] does.
    pub fn send(self) -> Pending<S, J>
    where
        S: HttpService<Body>,
        J: Check<Bytes> + Clone,
    {
        let (service, deadline, request) = self.request.into_parts();
        let service = CheckAnswer::new(DecodeLayer::new().layer(service), self.judge);
        Pending { exchange: exchange(service, deadline, request) }
    }
}

impl<S, C> Call<S, Judge<C>> {
    /// Asks for a `T` decoded from what the check gives.
    pub fn json<T>(self) -> Call<S, Judge<Typed<C, T>>>
    where
        C: Check<Value, Output = Value>,
        T: DeserializeOwned,
    {
        self.map_judge(Judge::typed)
    }
}

impl<S, J> IntoFuture for Call<S, J>
where
    S: HttpService<Body>,
    J: Check<Bytes> + Clone,
{
    type Output = Result<J::Output, Error>;
    type IntoFuture = Pending<S, J>;

    fn into_future(self) -> Pending<S, J> {
        self.send()
    }
}

/// Header names only, and no value of the query or the body.
impl<S, J> fmt::Debug for Call<S, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("request", &self.request).finish_non_exhaustive()
    }
}

type Stack<S, J> = CheckAnswer<Decode<S, Bytes>, J>;

pin_project! {
    /// Readies the service, sends the call and waits for its judged answer, all within the time
    /// that the call has.
    ///
    /// # Cancel safety
    ///
    /// That of [`Call::send`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Pending<S, J>
    where
        S: HttpService<Body>,
        J: Check<Bytes>,
        J: Clone,
    {
        #[pin]
        exchange: deadline::ResponseFuture<Exchange<Stack<S, J>>>,
    }
}

impl<S, J> Future for Pending<S, J>
where
    S: HttpService<Body>,
    J: Check<Bytes> + Clone,
{
    type Output = Result<J::Output, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = self.project().exchange.poll(cx);
        answer.map_ok(|response| DeadlineBody::into_inner(response.into_body()))
    }
}

impl<S, J> fmt::Debug for Pending<S, J>
where
    S: HttpService<Body>,
    J: Check<Bytes> + Clone,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

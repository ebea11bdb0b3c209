//! The layers between the client and the transport.
//!
//! Outermost first: [`DefaultQuery`], [`Redirect`], [`DefaultHeaders`], [`Authorize`], [`FetchToken`], with
//! the features `compression` and `cookies` `Decompress` and `Cookies`, then [`Retry`](crate::Retry),
//! [`Metrics`](crate::Metrics), [`AttemptTimeout`](crate::AttemptTimeout) and
//! [`IdleTimeout`](crate::IdleTimeout). With the feature `tracing` there is a `Trace` around all of them, and
//! one above `Metrics`. Each does nothing until it is configured, so the type does not depend on the
//! configuration.
//!
//! ```
//! use axum::Router;
//! use tower_clients::{Client, Session};
//!
//! // The default layers over a router in place of the transport.
//! let client: Client<Session<Router>> =
//!     Client::builder("http://in.process").bearer_auth("t0ken").build_over(Router::new())?;
//! # Ok::<(), tower_clients::Error>(())
//! ```

pub(crate) mod attempts;
pub(crate) mod compression;
pub(crate) mod cookies;
mod optional;
pub(crate) mod trace;

use self::attempts::{Attempts, AttemptsLayer};
use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower_clients_layers::{
    Authorize, AuthorizeLayer, Body, BoxError, DefaultHeaders, DefaultHeadersLayer, DefaultQuery,
    DefaultQueryLayer, Error, FetchToken, FetchTokenLayer, Redirect, RedirectLayer, default_query,
    fetch_token, idle_timeout::IdleTimeoutBody, redirect,
};
use tower_layer::Layer;
use tower_service::Service;

/// What is below the redirects sees each hop.
type Stack<T> = trace::Layered<DefaultQuery<Redirect<Hop<T>>>>;
type Hop<T> = DefaultHeaders<Credentials<Coded<T>>>;
/// What knows of bodies as they are on the wire.
type Coded<T> = compression::Layered<cookies::Layered<Attempts<T>>>;
type Credentials<S> = Authorize<FetchToken<S>>;

/// The default layers over the transport `T`. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Session<T> {
    stack: Stack<T>,
}

/// What configures the layers of a [`Session`].
#[derive(Debug, Clone)]
pub(crate) struct SessionLayer {
    pub(crate) calls: trace::Layer,
    pub(crate) query: DefaultQueryLayer,
    pub(crate) redirect: RedirectLayer,
    pub(crate) headers: DefaultHeadersLayer,
    pub(crate) credentials: (AuthorizeLayer, FetchTokenLayer),
    pub(crate) compression: compression::Layer,
    pub(crate) cookies: cookies::Layer,
    pub(crate) attempts: AttemptsLayer,
}

/// Adds no credential.
pub(crate) const NO_CREDENTIALS: (AuthorizeLayer, FetchTokenLayer) =
    (AuthorizeLayer::none(), FetchTokenLayer::none());

impl<T> Layer<T> for SessionLayer {
    type Service = Session<T>;

    fn layer(&self, transport: T) -> Session<T> {
        let hop =
            (&self.headers, &self.credentials, &self.compression, &self.cookies, &self.attempts);
        let layers = (&self.calls, &self.query, &self.redirect, hop);
        Session { stack: layers.layer(transport) }
    }
}

impl<T> Session<T> {
    /// The default layers, none configured.
    pub fn new(transport: T) -> Self {
        let layers = SessionLayer {
            calls: trace::none(),
            query: DefaultQueryLayer::none(),
            redirect: RedirectLayer::none(),
            headers: DefaultHeadersLayer::none(),
            credentials: NO_CREDENTIALS,
            compression: compression::none(),
            cookies: cookies::none(),
            attempts: AttemptsLayer::none(),
        };
        layers.layer(transport)
    }

    /// The transport.
    pub fn get_ref(&self) -> &T {
        let coded = trace::get_ref(&self.stack).get_ref().get_ref().get_ref().get_ref().get_ref();
        cookies::get_ref(compression::get_ref(coded)).get_ref()
    }

    /// The transport, without the layers.
    pub fn into_inner(self) -> T {
        let hop = trace::into_inner(self.stack).into_inner().into_inner();
        let coded = hop.into_inner().into_inner().into_inner();
        cookies::into_inner(compression::into_inner(coded)).into_inner()
    }

    /// The same session, with these in place of the credentials that it has.
    pub(crate) fn with_credentials(mut self, layers: &(AuthorizeLayer, FetchTokenLayer)) -> Self
    where
        T: Clone,
    {
        let credentials = trace::get_mut(&mut self.stack).get_mut().get_mut().get_mut();
        *credentials = layers.layer(credentials.get_ref().get_ref().clone());
        self
    }
}

impl<T, R> Service<Request<Body>> for Session<T>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Response = Response<compression::Body<IdleTimeoutBody<R>>>;
    type Error = Error;
    type Future = ResponseFuture<T, T::Future, compression::Body<IdleTimeoutBody<R>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ResponseFuture { future: self.stack.call(request) }
    }
}

type AttemptsFuture<T, F> = attempts::ResponseFuture<T, F>;
type CodedFuture<T, F> = compression::Future<cookies::Future<AttemptsFuture<T, F>>>;
type HopFuture<T, F> = fetch_token::ResponseFuture<Coded<T>, CodedFuture<T, F>>;
type RedirectFuture<T, F, R> = redirect::ResponseFuture<Hop<T>, HopFuture<T, F>, R>;
type Inner<T, F, R> = trace::Future<default_query::ResponseFuture<RedirectFuture<T, F, R>>>;

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<T, F, R> {
        #[pin]
        future: Inner<T, F, R>,
    }
}

impl<T, R> Future for ResponseFuture<T, T::Future, compression::Body<IdleTimeoutBody<R>>>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
    R: http_body::Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Output = Result<Response<compression::Body<IdleTimeoutBody<R>>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

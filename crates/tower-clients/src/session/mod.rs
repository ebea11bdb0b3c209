//! The layers between the client and the transport.
//!
//! Outermost first: [`DefaultQuery`], [`DefaultHeaders`], [`Authorize`], [`FetchToken`], with the
//! feature `cookies` `Cookies`, then [`Retry`], [`AttemptTimeout`] and [`IdleTimeout`]. Each does
//! nothing until it is configured, so the type does not depend on the configuration.
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

pub(crate) mod cookies;

use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower_clients_layers::{
    AttemptTimeout, AttemptTimeoutLayer, Authorize, AuthorizeLayer, Body, BoxError, DefaultHeaders,
    DefaultHeadersLayer, DefaultQuery, DefaultQueryLayer, Error, FetchToken, FetchTokenLayer,
    IdleTimeout, IdleTimeoutLayer, Retry, RetryLayer, attempt_timeout, default_query, fetch_token,
    idle_timeout::{self, IdleBody},
    retry,
};
use tower_layer::Layer;
use tower_service::Service;

type Stack<T> = DefaultQuery<DefaultHeaders<Credentials<cookies::Layered<Attempts<T>>>>>;
type Credentials<S> = Authorize<FetchToken<S>>;
type Attempts<T> = Retry<AttemptTimeout<IdleTimeout<T>>>;

/// The default layers over the transport `T`. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Session<T> {
    stack: Stack<T>,
}

/// What configures the layers of a [`Session`].
#[derive(Debug, Clone)]
pub(crate) struct SessionLayer {
    pub(crate) query: DefaultQueryLayer,
    pub(crate) headers: DefaultHeadersLayer,
    pub(crate) credentials: (AuthorizeLayer, FetchTokenLayer),
    pub(crate) cookies: cookies::Layer,
    pub(crate) attempts: (RetryLayer, AttemptTimeoutLayer, IdleTimeoutLayer),
}

/// Adds no credential.
pub(crate) const NO_CREDENTIALS: (AuthorizeLayer, FetchTokenLayer) =
    (AuthorizeLayer::none(), FetchTokenLayer::none());

/// Makes one attempt, without limits.
pub(crate) const ONE_ATTEMPT: (RetryLayer, AttemptTimeoutLayer, IdleTimeoutLayer) =
    (RetryLayer::none(), AttemptTimeoutLayer::none(), IdleTimeoutLayer::none());

impl<T> Layer<T> for SessionLayer {
    type Service = Session<T>;

    fn layer(&self, transport: T) -> Session<T> {
        let layers = (&self.query, &self.headers, &self.credentials, &self.cookies, &self.attempts);
        Session { stack: layers.layer(transport) }
    }
}

impl<T> Session<T> {
    /// The default layers, none configured.
    pub fn new(transport: T) -> Self {
        let layers = SessionLayer {
            query: DefaultQueryLayer::none(),
            headers: DefaultHeadersLayer::none(),
            credentials: NO_CREDENTIALS,
            cookies: cookies::none(),
            attempts: ONE_ATTEMPT,
        };
        layers.layer(transport)
    }

    /// The transport.
    pub fn get_ref(&self) -> &T {
        let attempts = cookies::get_ref(self.stack.get_ref().get_ref().get_ref().get_ref());
        attempts.get_ref().get_ref().get_ref()
    }

    /// The transport, without the layers.
    pub fn into_inner(self) -> T {
        let credentials = self.stack.into_inner().into_inner();
        let attempts = cookies::into_inner(credentials.into_inner().into_inner());
        attempts.into_inner().into_inner().into_inner()
    }

    /// The same session, with these in place of the credentials that it has.
    pub(crate) fn with_credentials(mut self, layers: &(AuthorizeLayer, FetchTokenLayer)) -> Self
    where
        T: Clone,
    {
        let credentials = self.stack.get_mut().get_mut();
        *credentials = layers.layer(credentials.get_ref().get_ref().clone());
        self
    }
}

impl<T, R> Service<Request<Body>> for Session<T>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Response = Response<IdleBody<R>>;
    type Error = Error;
    type Future = ResponseFuture<T, T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ResponseFuture { future: self.stack.call(request) }
    }
}

type Inner<T, F> = fetch_token::ResponseFuture<
    cookies::Layered<Attempts<T>>,
    cookies::Future<retry::ResponseFuture<AttemptTimeout<IdleTimeout<T>>, Attempt<F>>>,
>;
type Attempt<F> = attempt_timeout::ResponseFuture<idle_timeout::ResponseFuture<F>>;

pin_project! {
    /// Waits for the head of the response.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<T, F> {
        #[pin]
        future: default_query::ResponseFuture<Inner<T, F>>,
    }
}

impl<T, R> Future for ResponseFuture<T, T::Future>
where
    T: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
{
    type Output = Result<Response<IdleBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

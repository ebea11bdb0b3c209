//! The layers between the client and the transport.
//!
//! Outermost first: [`DefaultQuery`], [`DefaultHeaders`], [`Authorize`] and, with the feature
//! `cookies`, `Cookies`. Each does nothing until it is configured, so the type does not depend on
//! the configuration.
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
    Authorize, AuthorizeLayer, BoxError, DefaultHeaders, DefaultHeadersLayer, DefaultQuery,
    DefaultQueryLayer, Error, default_query,
};
use tower_layer::Layer;
use tower_service::Service;

type Stack<T> = DefaultQuery<DefaultHeaders<Authorize<cookies::Layered<T>>>>;

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
    pub(crate) authorize: AuthorizeLayer,
    pub(crate) cookies: cookies::Layer,
}

impl<T> Layer<T> for SessionLayer {
    type Service = Session<T>;

    fn layer(&self, transport: T) -> Session<T> {
        let layers = (&self.query, &self.headers, &self.authorize, &self.cookies);
        Session { stack: layers.layer(transport) }
    }
}

impl<T> Session<T> {
    /// The default layers, none configured.
    pub fn new(transport: T) -> Self {
        let layers = SessionLayer {
            query: DefaultQueryLayer::none(),
            headers: DefaultHeadersLayer::none(),
            authorize: AuthorizeLayer::none(),
            cookies: cookies::none(),
        };
        layers.layer(transport)
    }

    /// The transport.
    pub fn get_ref(&self) -> &T {
        cookies::get_ref(self.stack.get_ref().get_ref().get_ref())
    }

    /// The transport, without the layers.
    pub fn into_inner(self) -> T {
        cookies::into_inner(self.stack.into_inner().into_inner().into_inner())
    }
}

impl<T, B, R> Service<Request<B>> for Session<T>
where
    T: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<T::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.stack.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture { future: self.stack.call(request) }
    }
}

pin_project! {
    /// Waits for the head of the response.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: default_query::ResponseFuture<cookies::Future<F>>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

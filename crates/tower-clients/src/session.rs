//! The layers between the base URL and the transport.
//!
//! Outermost first: [`Deadline`], [`DefaultQuery`], [`DefaultHeaders`], [`Authorize`]. Each does
//! nothing until it is configured, so the type does not depend on the configuration.
//!
//! ```
//! use axum::Router;
//! use tower_clients::{Client, Session};
//!
//! // The default layers over a router in place of the transport.
//! let client: Client<Session<Router>> =
//!     Client::builder("http://in.process").timeout(std::time::Duration::from_secs(1)).build_over(Router::new())?;
//! # Ok::<(), tower_clients::Error>(())
//! ```

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower_clients_layers::{
    Authorize, AuthorizeLayer, BoxError, Deadline, DeadlineLayer, DefaultHeaders,
    DefaultHeadersLayer, DefaultQuery, DefaultQueryLayer, Error, HttpService, deadline,
    default_query,
};
use tower_layer::Layer;
use tower_service::Service;

type Stack<T> = Deadline<DefaultQuery<DefaultHeaders<Authorize<T>>>>;

/// The default layers over the transport `T`. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Session<T> {
    stack: Stack<T>,
}

/// What configures the layers of a [`Session`].
#[derive(Debug, Clone)]
pub(crate) struct SessionLayer {
    pub(crate) deadline: DeadlineLayer,
    pub(crate) query: DefaultQueryLayer,
    pub(crate) headers: DefaultHeadersLayer,
    pub(crate) authorize: AuthorizeLayer,
}

impl<T> Layer<T> for SessionLayer {
    type Service = Session<T>;

    fn layer(&self, transport: T) -> Session<T> {
        let stack = (&self.deadline, &self.query, &self.headers, &self.authorize).layer(transport);
        Session { stack }
    }
}

impl<T> Session<T> {
    /// The default layers, none configured.
    pub fn new(transport: T) -> Self {
        let layers = SessionLayer {
            deadline: DeadlineLayer::none(),
            query: DefaultQueryLayer::none(),
            headers: DefaultHeadersLayer::none(),
            authorize: AuthorizeLayer::none(),
        };
        layers.layer(transport)
    }

    /// The transport.
    pub fn get_ref(&self) -> &T {
        self.stack.get_ref().get_ref().get_ref().get_ref()
    }

    /// The transport, without the layers.
    pub fn into_inner(self) -> T {
        self.stack.into_inner().into_inner().into_inner().into_inner()
    }
}

impl<T, B> Service<Request<B>> for Session<T>
where
    T: HttpService<B>,
{
    type Response = Response<ResponseBody<T::ResBody>>;
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
        future: deadline::ResponseFuture<default_query::ResponseFuture<F>>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<R>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = self.project().future.poll(cx);
        response.map_ok(|response| response.map(|body| ResponseBody { body }))
    }
}

pin_project! {
    /// The body of a response that came through a [`Session`].
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        body: deadline::DeadlineBody<B>,
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

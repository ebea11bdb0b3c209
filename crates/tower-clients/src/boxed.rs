//! The one place where a stack is boxed.
//!
//! ```
//! use tower_clients::{BoxClient, Client};
//!
//! /// One type, whatever is below: the pooled transport or a router.
//! fn client(in_process: bool) -> Result<BoxClient, tower_clients::Error> {
//!     Ok(match in_process {
//!         true => Client::with_service("http://in.process", axum::Router::new())?.boxed(),
//!         false => Client::new("https://example.com")?.boxed(),
//!     })
//! }
//! # client(true)?; client(false)?;
//! # Ok::<(), tower_clients::Error>(())
//! ```

use crate::{Client, Resource};
use http::{Request, Response};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tower::util::BoxCloneSyncService;
use tower_clients_layers::{Body, Error, SharedService};
use tower_service::Service;

/// A client whose stack has no type. Made by [`Client::boxed`].
pub type BoxClient = Client<BoxService>;

/// A resource whose stack has no type. Made by [`Resource::boxed`].
pub type BoxResource = Resource<BoxService>;

type Inner = BoxCloneSyncService<Request<Body>, Response<Body>, Error>;

/// A stack without its type, for three allocations a request: its clone, its future, and the body
/// of the response unless that is empty.
#[derive(Clone)]
pub struct BoxService {
    inner: Inner,
}

impl BoxService {
    /// Boxes a service, its future and its response body.
    pub fn new<S: SharedService<Body>>(service: S) -> Self {
        let service = tower::ServiceBuilder::new()
            .map_response(|response: Response<S::ResBody>| response.map(Body::new))
            .map_err(Error::from_service)
            .service(service);
        Self { inner: BoxCloneSyncService::new(service) }
    }
}

impl Service<Request<Body>> for BoxService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        ResponseFuture { future: self.inner.call(request) }
    }
}

impl fmt::Debug for BoxService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxService").finish_non_exhaustive()
    }
}

pin_project! {
    /// Waits for the head of the response.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange. The server may have seen the request.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture {
        #[pin]
        future: <Inner as Service<Request<Body>>>::Future,
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

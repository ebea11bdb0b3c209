//! Makes one exchange of equal requests that are under way at the same time.
//!
//! A `GET` or `HEAD` that is equal to one whose answer has not come yet waits for that answer, and gets a
//! copy of it. Nothing is kept: the next request after the answer is sent again.
//!
//! ```
//! use http::{Request, Response};
//! use http_body_util::BodyExt;
//! use std::{convert::Infallible, sync::atomic::{AtomicU32, Ordering::SeqCst}, time::Duration};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_clients_layers::{Body, CoalesceLayer};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! static ASKED: AtomicU32 = AtomicU32::new(0);
//! let server = service_fn(async |_: Request<Body>| {
//!     ASKED.fetch_add(1, SeqCst);
//!     tokio::time::sleep(Duration::from_millis(20)).await;
//!     Ok::<_, Infallible>(Response::new(Body::from("hello")))
//! });
//! let service = ServiceBuilder::new().layer(CoalesceLayer::new()).service(server);
//! let get = async || {
//!     let request = Request::get("http://h/").body(Body::empty()).unwrap();
//!     let response = service.clone().oneshot(request).await.unwrap();
//!     response.into_body().collect().await.unwrap().to_bytes()
//! };
//!
//! let answers = tokio::join!(get(), get(), get());
//! assert_eq!(answers, ("hello".into(), "hello".into(), "hello".into()));
//! assert_eq!(ASKED.load(SeqCst), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Which requests are equal
//!
//! Those with the same method, URI, version, [options](crate::RequestOptions) and headers, `Authorization`,
//! `Cookie` and `Range` among them. Only `traceparent`, `tracestate`, `baggage` and `x-request-id` may
//! differ. Other extensions are not compared: those of the first request go down. A request goes by itself
//! when it has a body, or says `Cache-Control: no-cache` or `no-store`.
//!
//! A credential that is added *below* this layer is not compared. So each service that this layer makes
//! has exchanges of its own, which only its clones join.
//!
//! Any other method may change what is read: when such a request begins, and when its answer has come, no
//! request joins an exchange that has begun before. Changes by others are not seen. An answer may have
//! begun before the request that gets it.
//!
//! # Bodies
//!
//! When the head comes and nobody else waits, the body streams on. Otherwise it is read into memory first,
//! for all. If it turns out to be larger than the [limit](CoalesceLayer::limit) of 1 MiB, or is a
//! `text/event-stream`, it goes to one of them, and the others send requests of their own. A body without
//! a length that never ends comes to nobody when two ask for it at once: ask for it with `no-cache`.
//!
//! # Failure
//!
//! All who wait drive the exchange; it goes on as long as one of them is left, so the layers below do not
//! see the [deadline](crate::deadline) of any. When it fails, they all fail: with an error of the same kind,
//! whose cause they share. The same goes for a body that breaks off.
//!
//! # Cost
//!
//! A request that may be shared costs copies of its headers, and boxes for its exchange and its body. Any
//! other one costs nothing. While a request waits, it gives up the readiness of the service below.

mod body;
mod flight;
mod future;
mod key;
#[cfg(test)]
mod tests;

pub use self::{body::CoalesceBody, future::ResponseFuture};

use self::{flight::Flights, future::Change, key::Key};
use crate::{Body, Error, HttpService, copy::head_of, later::Later};
use http::{Request, Response};
use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Makes one exchange of equal requests.
///
/// Makes [`Coalesce`]. See the [module docs](self).
#[derive(Debug, Clone, Copy)]
pub struct CoalesceLayer {
    limit: Option<usize>,
}

impl CoalesceLayer {
    /// Shares answers with bodies of up to 1 MiB.
    #[must_use]
    pub const fn new() -> Self {
        Self { limit: Some(1024 * 1024) }
    }

    /// Shares nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { limit: None }
    }

    /// Sets the largest body that is shared, in bytes; 1 MiB by default. It is in memory once for all who
    /// share it, while they read it.
    #[must_use]
    pub const fn limit(mut self, bytes: usize) -> Self {
        if self.limit.is_some() {
            self.limit = Some(bytes);
        }
        self
    }
}

impl Default for CoalesceLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: HttpService<Body>> Layer<S> for CoalesceLayer {
    type Service = Coalesce<S>;

    fn layer(&self, inner: S) -> Coalesce<S> {
        let shared = self.limit.map(|limit| (limit, Arc::default()));
        Coalesce { inner, shared }
    }
}

/// Made by [`CoalesceLayer`]. See the [module docs](self).
pub struct Coalesce<S: HttpService<Body>> {
    inner: S,
    shared: Option<(usize, Arc<Flights<S>>)>,
}

// There is no access to change the service below: its clones would still share exchanges.
impl<S: HttpService<Body>> Coalesce<S> {
    /// The service below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service below, without this middleware.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: HttpService<Body> + Clone> Clone for Coalesce<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: self.shared.clone() }
    }
}

impl<S: HttpService<Body> + Clone> Service<Request<Body>> for Coalesce<S> {
    type Response = Response<CoalesceBody<S::ResBody>>;
    type Error = Error;
    type Future = ResponseFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some((limit, flights)) = &self.shared else {
            return ResponseFuture::passed(self.inner.call(request), None);
        };
        let Some(key) = Key::of(&request) else {
            let change = (!request.method().is_safe()).then(|| Change::new(flights));
            return ResponseFuture::passed(self.inner.call(request), change);
        };
        let again = head_of(&request, request.uri().clone()).map(|()| Body::empty());
        let clone = self.inner.clone();
        // Also where the request joins another one: it has no use for readiness.
        let ready = mem::replace(&mut self.inner, clone);
        let seat = flights.join(key, *limit, || (ready, request));
        ResponseFuture::waiting(seat, Later::new(self.inner.clone(), again))
    }
}

impl<S: HttpService<Body> + fmt::Debug> fmt::Debug for Coalesce<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coalesce").field("inner", &self.inner).finish_non_exhaustive()
    }
}

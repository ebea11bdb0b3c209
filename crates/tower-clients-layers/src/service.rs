//! Trait aliases: one bound where the field writes five lines.
//!
//! ```
//! use tower_clients_layers::{Body, HttpService};
//!
//! /// Anything that answers requests: a transport, a stack of layers, a router, a mock.
//! fn is_a_client<S: HttpService<Body>>(_: &S) {}
//!
//! let router: axum::Router = axum::Router::new();
//! is_a_client(&router);
//! ```
//!
//! # A stack that does not compile
//!
//! Layers can be put together in any order, and so the compiler finds out late that one cannot lie above
//! another: at the call of `oneshot`, where it says that "trait bounds were not satisfied". A function with
//! the bound, as the one above, makes it say which. `CheckStatusLayer` above `DecodeLayer` is then an error
//! of `Content`, which is no body:
//!
//! ```compile_fail,E0277
//! # use tower_clients_layers::{Body, CheckStatusLayer, Content, DecodeLayer, HttpService};
//! # fn is_a_client<S: HttpService<Body>>(_: &S) {}
//! let stack = tower::ServiceBuilder::new()
//!     .layer(CheckStatusLayer::new())
//!     .layer(DecodeLayer::<Content>::new())
//!     .service(axum::Router::<()>::new());
//! is_a_client(&stack);
//! ```

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

/// A type-erased error that crosses threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A [`Service`] from HTTP requests with body `B` to HTTP responses.
///
/// A trait alias: every service of the right shape has it, and none implements it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an HTTP service for `Request<{B}>`",
    label = "no `HttpService<{B}>`",
    note = "it must be a `tower::Service<Request<{B}>, Response = Response<_>>`, its error must convert into `BoxError`, and its response body must be an `http_body::Body<Data = Bytes>`"
)]
pub trait HttpService<B>:
    Service<Request<B>, Response = Response<Self::ResBody>, Error: Into<BoxError>>
{
    /// The body of the responses.
    type ResBody: http_body::Body<Data = Bytes, Error: Into<BoxError>>;
}

impl<S, B, R> HttpService<B> for S
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes>,
    R::Error: Into<BoxError>,
{
    type ResBody = R;
}

/// An [`HttpService`] that can be cloned, shared between threads and spawned.
///
/// ```
/// use tower_clients_layers::{Body, SharedService};
///
/// fn keep_for_later<S: SharedService<Body>>(service: S) -> Box<dyn std::any::Any + Send + Sync> {
///     Box::new(service)
/// }
/// keep_for_later(axum::Router::<()>::new());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an HTTP service for `Request<{B}>` that can be shared between threads",
    label = "no `SharedService<{B}>`",
    note = "it must be an `HttpService<{B}>` that is `Clone + Send + Sync + 'static`, and its futures, errors and response bodies must be `Send`"
)]
pub trait SharedService<B>:
    HttpService<B, Future: Send, ResBody: Send, Error: Send> + Clone + Send + Sync + 'static
{
}

impl<S, B> SharedService<B> for S
where
    S: HttpService<B> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::ResBody: Send,
    S::Error: Send,
{
}

//! Follows redirects (RFC 9110 §15.4).
//!
//! After a response with 301, 302, 303, 307 or 308 its `Location` is asked for, up to 10 times for one
//! request. Of the body up to 64 KiB are read, if its length is known, and the rest is dropped. Where one may
//! lead is said by [`Redirects`]: to the origin of the request by default, or to where a [base
//! URL](RedirectLayer::within) allows. Anywhere else is an error that names the host, and so is whatever else
//! keeps a redirect from being followed: see [`NotFollowed`].
//!
//! | status | next method | body |
//! |---|---|---|
//! | 301, 302 | `GET` for `POST`, else the same | none for a `POST`, else the same |
//! | 303 | `HEAD` for `HEAD`, else `GET` | none |
//! | 307, 308 | the same | the same; a stream cannot be sent twice, which is an error |
//!
//! Another scheme, host or port is another origin. What crosses to it is on a short list:
//! `accept` and its kin, `user-agent`, `range`, and what [`share_header`](RedirectLayer::share_header)
//! adds; of extensions, the [`RequestOptions`]. Every other header is left behind for
//! good, also where the next redirect leads back. A body crosses only if [shared](RedirectLayer::share_body).
//! From `https` to `http` nothing is ever followed, and no `Referer` is ever added.
//!
//! Put this layer above (outside of) those that add what is bound to an origin. They see every hop, and
//! add nothing once the origin was [crossed](crate::url::CrossedOrigin).
//!
//! ```
//! use axum::{Router, http::HeaderMap, response::Redirect, routing::get};
//! use http::{Request, header::AUTHORIZATION};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, RedirectLayer, redirect::{Redirected, RedirectError}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new()
//!     .route("/old", get(async || Redirect::permanent("/new")))
//!     .route("/new", get(async |headers: HeaderMap| headers.len().to_string()))
//!     .route("/away", get(async || Redirect::temporary("https://elsewhere.example/new?key=1")));
//! let service = ServiceBuilder::new().layer(RedirectLayer::new()).service(server.clone());
//! let request = |path| {
//!     let request = Request::get(format!("https://api.example.com{path}"));
//!     request.header(AUTHORIZATION, "Bearer t0ken").body(Body::empty())
//! };
//!
//! let response = service.clone().oneshot(request("/old")?).await?;
//! assert_eq!(Redirected::of(&response).unwrap().uri(), "https://api.example.com/new");
//! assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, "1");
//!
//! let error = service.oneshot(request("/away")?).await.unwrap_err();
//! assert_eq!(
//!     error.find_source::<RedirectError>().unwrap().to_string(),
//!     "it leads to https://elsewhere.example, another origin, and is not allowed to",
//! );
//!
//! let service = ServiceBuilder::new().layer(RedirectLayer::new().allow_cross_origin()).service(server);
//! let response = service.oneshot(request("/away")?).await?;
//! assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, "0");
//! # Ok(())
//! # }
//! ```
//!
//! # Cost
//!
//! Until a redirect comes, a request costs what it takes to ask again: a copy of a URI that was just
//! joined is an allocation, which the next layer that copies it saves; a map of headers is two, bytes of
//! a body are one.

mod error;
mod future;
mod history;
mod rules;
#[cfg(test)]
mod tests;

pub use self::{
    error::{NotFollowed, RedirectError},
    future::ResponseFuture,
    history::Redirected,
    rules::Redirects,
};

use self::{future::Following, rules::Rules};
use crate::{
    BaseUrl, Body, BoxError, Error, RequestOptions, copy::head_of, macros::inner_service_accessors,
};
use http::{Extensions, HeaderName, Request, Response};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Follows redirects.
///
/// Makes [`Redirect`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct RedirectLayer {
    redirects: Redirects,
    /// None for those by default, which take a list of headers.
    rules: Option<Arc<Rules>>,
}

impl RedirectLayer {
    /// Follows up to 10 redirects that stay on the origin of the request.
    #[must_use]
    pub const fn new() -> Self {
        Self { redirects: Redirects::SameOrigin, rules: None }
    }

    /// Follows none, unless the [option](RequestOptions::redirect) of a request says so.
    #[must_use]
    pub const fn none() -> Self {
        Self { redirects: Redirects::Never, rules: None }
    }

    /// Follows redirects to other origins too. Nothing that is bound goes along.
    #[must_use]
    pub fn allow_cross_origin(mut self) -> Self {
        self.redirects = Redirects::CrossOrigin;
        self
    }

    /// Follows a redirect from `http` to `https`, each on its default port, on the same host. It
    /// is another origin all the same: nothing that is bound goes along.
    #[must_use]
    pub fn allow_upgrade(self) -> Self {
        self.set(|rules| rules.upgrade = true)
    }

    /// Follows redirects to where `base` allows requests to go, in place of the origin of the request.
    /// Its path is a boundary even to redirects that may cross origins.
    #[must_use]
    pub fn within(self, base: BaseUrl) -> Self {
        self.set(|rules| rules.base = Some(base))
    }

    /// Follows up to `redirects` for one request; 10 by default. A further one is an error.
    #[must_use]
    pub fn limit(self, redirects: usize) -> Self {
        self.set(|rules| rules.limit = redirects)
    }

    /// Sends the header `name` of a request to other origins too.
    #[must_use]
    pub fn share_header(self, name: HeaderName) -> Self {
        self.set(|rules| rules.headers.push(name))
    }

    /// Keeps the header `name` from other origins: one that is sent to them by default.
    #[must_use]
    pub fn withhold_header(self, name: &HeaderName) -> Self {
        self.set(|rules| rules.headers.retain(|shared| shared != name))
    }

    /// Hands on the extension `T` of a request to other origins too, for layers of your own.
    #[must_use]
    pub fn share_extension<T: Clone + Send + Sync + 'static>(self) -> Self {
        let share = |from: &Extensions, to: &mut Extensions| {
            if let Some(extension) = from.get::<T>() {
                to.insert(extension.clone());
            }
        };
        self.set(|rules| rules.extensions.push(share))
    }

    /// Sends the body of a request to other origins too, with its `content-type` and the like.
    #[must_use]
    pub fn share_body(self) -> Self {
        self.set(|rules| rules.body = true)
    }

    fn set(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(Arc::make_mut(self.rules.get_or_insert_default()));
        self
    }
}

impl Default for RedirectLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Redirects> for RedirectLayer {
    fn from(redirects: Redirects) -> Self {
        Self { redirects, rules: None }
    }
}

impl<S> Layer<S> for RedirectLayer {
    type Service = Redirect<S>;

    fn layer(&self, inner: S) -> Redirect<S> {
        Redirect { inner, layer: self.clone() }
    }
}

/// Made by [`RedirectLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Redirect<S> {
    inner: S,
    layer: RedirectLayer,
}

impl<S> Redirect<S> {
    inner_service_accessors!();
}

impl<S, R> Service<Request<Body>> for Redirect<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<BoxError>> + Clone,
    R: http_body::Body,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = ResponseFuture<S, S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let own = RequestOptions::of(&request).and_then(RequestOptions::redirect_value);
        let redirects = own.unwrap_or(self.layer.redirects);
        if redirects == Redirects::Never {
            return ResponseFuture::new(self.inner.call(request), None);
        }
        let head = head_of(&request, request.uri().clone());
        let body = request.body().try_clone();
        let exchange = self.inner.call(request);
        let (service, rules) = (self.inner.clone(), self.layer.rules.clone());
        ResponseFuture::new(exchange, Some(Following::new(service, redirects, rules, head, body)))
    }
}

//! Sends the cookies that earlier responses set.
//!
//! A [`CookieJar`] holds them, and clones of the jar share them. A request gets those that belong
//! to the very URL that is sent; a request that has a `Cookie` header keeps it, alone. The value is
//! marked sensitive, so `Debug` and header compression treat it as a secret.
//!
//! Limits are those of curl: of one response 50 `Set-Cookie` lines count, of up to 5000 bytes each,
//! and one request sends up to 150 cookies in up to 8190 bytes. What is beyond is passed over, and
//! so is a line that is not UTF-8. An exchange that is dropped before the head of its response came
//! sets nothing.
//!
//! A request without scheme and host has no cookies: put this layer below (inside of)
//! [`JoinUrlLayer`](crate::JoinUrlLayer), and below what sends a request again.
//!
//! ```
//! use axum::{Router, http::HeaderMap, response::AppendHeaders, routing::get};
//! use http::{Request, Uri};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, CookieJar, CookieLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new()
//!     .route("/login", get(async || AppendHeaders([("set-cookie", "id=7"), ("set-cookie", "a=b")])))
//!     .route("/me", get(async |headers: HeaderMap| match headers.get("cookie") {
//!         Some(value) => value.to_str().unwrap_or_default().to_owned(),
//!         None => "nobody".into(),
//!     }));
//! let jar = CookieJar::new();
//! let service = ServiceBuilder::new().layer(CookieLayer::new(jar.clone())).service(server);
//!
//! for (url, seen) in [
//!     ("https://example.com/me", "nobody"),
//!     ("https://example.com/login", ""),
//!     ("https://example.com/me", "id=7; a=b"),
//!     ("https://other.example/me", "nobody"),
//! ] {
//!     let response = service.clone().oneshot(Request::get(url).body(Body::empty())?).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, seen);
//! }
//! assert_eq!(jar.get(&Uri::from_static("https://example.com/"), "id").as_deref(), Some("7"));
//! # Ok(())
//! # }
//! ```

mod date;
mod jar;
mod refusal;
mod set_cookie;
mod store;
#[cfg(test)]
mod tests;

pub use self::jar::CookieJar;

use crate::{macros::inner_service_accessors, url::Origin};
use http::{Request, Response, header::COOKIE};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

/// Sends the cookies that earlier responses set.
///
/// Makes [`Cookies`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct CookieLayer {
    jar: Option<CookieJar>,
    only: Option<Origin>,
}

impl CookieLayer {
    /// Keeps the cookies of every host in `jar`.
    #[must_use]
    pub const fn new(jar: CookieJar) -> Self {
        Self { jar: Some(jar), only: None }
    }

    /// Neither sends nor stores any.
    #[must_use]
    pub const fn none() -> Self {
        Self { jar: None, only: None }
    }

    /// Neither sends cookies to nor stores those of any origin but `origin`.
    ///
    /// Cookies alone do not look at the port and, unless they are `Secure`, not at the scheme.
    #[must_use]
    pub fn only(mut self, origin: Origin) -> Self {
        self.only = Some(origin);
        self
    }

    /// The jar, and the URL by which it is asked, when there are cookies for `request` at all.
    fn jar_for<B>(&self, request: &Request<B>) -> Option<(CookieJar, Url)> {
        let jar = self.jar.as_ref()?;
        if self.only.as_ref().is_some_and(|origin| !origin.binds(request)) {
            return None;
        }
        Some((jar.clone(), store::url_of(request.uri())?))
    }
}

impl<S> Layer<S> for CookieLayer {
    type Service = Cookies<S>;

    fn layer(&self, inner: S) -> Cookies<S> {
        Cookies { inner, layer: self.clone() }
    }
}

/// Made by [`CookieLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Cookies<S> {
    inner: S,
    layer: CookieLayer,
}

impl<S> Cookies<S> {
    inner_service_accessors!();
}

impl<S, B, R> Service<Request<B>> for Cookies<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let jar = self.layer.jar_for(&request);
        if let Some((jar, url)) = &jar
            && !request.headers().contains_key(COOKIE)
            && let Some(value) = jar.header(url)
        {
            request.headers_mut().insert(COOKIE, value);
        }
        ResponseFuture { future: self.inner.call(request), jar }
    }
}

pin_project! {
    /// Waits for the head of the response, and stores the cookies that it sets.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the exchange, and the cookies that its response would have set.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        jar: Option<(CookieJar, Url)>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx));
        if let (Ok(response), Some((jar, url))) = (&answer, this.jar) {
            jar.store(url, response.headers());
        }
        Poll::Ready(answer)
    }
}

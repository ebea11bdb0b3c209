//! Joins request URIs to a base URL.
//!
//! | request URI | becomes |
//! |---|---|
//! | origin form, `/user?q` | appended to the base path, with the trailing part of the base |
//! | absolute, inside of the boundary of the base | itself |
//! | absolute, elsewhere | an error that names the target |
//!
//! An `http::Uri` cannot hold a relative reference such as `user` or `../x` (it reads `user` as a
//! host name), so references are joined by [`JoinUrl::join`] before a request exists.
//!
//! ```
//! use axum::{Router, routing::get};
//! use http::{Request, Uri};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{BaseUrl, Body, JoinUrlLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().fallback(async |uri: Uri| uri.to_string());
//! let service = ServiceBuilder::new()
//!     .layer(JoinUrlLayer::new(BaseUrl::parse("http://example.com/v1")?))
//!     .service(server);
//!
//! let response = service.oneshot(Request::get("/user").body(Body::empty())?).await?;
//! let seen = axum::body::to_bytes(response.into_body(), 1024).await?;
//! assert_eq!(seen, "http://example.com/v1/user");
//! # Ok(())
//! # }
//! ```

pub use crate::maybe_refused::MaybeRefused as ResponseFuture;

use crate::{
    BoxError, Error,
    error::{Reason, UrlError},
    macros::inner_service_accessors,
    url::{BaseUrl, Boundary, ToReference},
};
use http::{Request, Uri};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Joins request URIs to a base URL.
///
/// Makes [`JoinUrl`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct JoinUrlLayer {
    base: BaseUrl,
}

impl JoinUrlLayer {
    /// Joins to `base`.
    #[must_use]
    pub fn new(base: BaseUrl) -> Self {
        Self { base }
    }
}

impl<S> Layer<S> for JoinUrlLayer {
    type Service = JoinUrl<S>;

    fn layer(&self, inner: S) -> JoinUrl<S> {
        JoinUrl::new(inner, self.base.clone())
    }
}

/// Made by [`JoinUrlLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct JoinUrl<S> {
    inner: S,
    /// A child at a reference that cannot be joined fails its requests, not its construction.
    base: Result<BaseUrl, UrlError>,
}

impl<S> JoinUrl<S> {
    /// Joins to `base`.
    pub fn new(inner: S, base: BaseUrl) -> Self {
        Self { inner, base: Ok(base) }
    }

    inner_service_accessors!();

    /// The base URL.
    ///
    /// # Errors
    ///
    /// The reference given to [`at`](Self::at) cannot be joined.
    pub fn base_url(&self) -> Result<&BaseUrl, Error> {
        self.base.as_ref().map_err(|error| error.clone().into())
    }

    /// The absolute URI of a reference; see [`BaseUrl::join`].
    ///
    /// # Errors
    ///
    /// As [`BaseUrl::join`].
    pub fn join(&self, reference: impl ToReference) -> Result<Uri, Error> {
        self.base_url()?.join(reference)
    }

    /// The same service at another base URL; see [`BaseUrl::at`]. When the reference cannot be
    /// joined, every request to the new service fails with the reason.
    #[must_use]
    pub fn at(&self, reference: impl ToReference) -> Self
    where
        S: Clone,
    {
        let mut child = self.clone();
        child.rebase(reference);
        child
    }

    /// Moves this service to another base URL, like [`at`](Self::at).
    pub fn rebase(&mut self, reference: impl ToReference) {
        if let Ok(base) = &self.base {
            self.base =
                reference.to_reference().and_then(|reference| base.at_reference(&reference));
        }
    }

    /// The same service within another boundary.
    #[must_use]
    pub fn with_boundary(mut self, boundary: Boundary) -> Self {
        self.base = self.base.map(|base| base.with_boundary(boundary));
        self
    }

    /// Wraps the service below.
    pub fn map_inner<T>(self, wrap: impl FnOnce(S) -> T) -> JoinUrl<T> {
        JoinUrl { inner: wrap(self.inner), base: self.base }
    }

    fn target(&self, uri: &Uri) -> Result<Option<Uri>, UrlError> {
        let base = self.base.as_ref().map_err(Clone::clone)?;
        match (uri.scheme(), uri.authority()) {
            (Some(_), Some(_)) => base.check(uri).map(|()| None),
            (None, None) if uri.path() == "*" => Err(Reason::AsteriskForm.into()),
            (None, None) => base.append(uri).map(Some),
            _ => Err(Reason::AuthorityForm.into()),
        }
    }
}

impl<S, B> Service<Request<B>> for JoinUrl<S>
where
    S: Service<Request<B>, Error: Into<BoxError>>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::from_service)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.target(request.uri()) {
            Ok(None) => {}
            Ok(Some(uri)) => *request.uri_mut() = uri,
            Err(error) => return ResponseFuture::refused(error, &request),
        }
        ResponseFuture::called(self.inner.call(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Boundary;
    use http::Response;
    use std::{convert::Infallible, io};
    use tower::{ServiceExt, service_fn};

    fn request(uri: &str) -> Request<()> {
        Request::get(uri).body(()).unwrap()
    }

    async fn seen(base: &str, uri: &str) -> Result<String, Error> {
        let echo = service_fn(async |request: Request<()>| {
            Ok::<_, Infallible>(Response::new(request.uri().to_string()))
        });
        let service = JoinUrlLayer::new(base.parse()?).layer(echo);
        service.oneshot(request(uri)).await.map(Response::into_body)
    }

    #[tokio::test]
    async fn origin_form_is_appended_and_absolute_form_passes() {
        assert_eq!(seen("http://h/v1", "/user?q=1").await.unwrap(), "http://h/v1/user?q=1");
        assert_eq!(seen("http://h/v1", "http://h/other").await.unwrap(), "http://h/other");
    }

    #[tokio::test]
    async fn absolute_form_outside_of_the_boundary_is_refused() {
        for uri in ["http://evil/", "https://h/", "http://h:81/", "http://user@h/"] {
            assert!(seen("http://h/v1", uri).await.unwrap_err().is_url(), "{uri}");
        }
    }

    #[tokio::test]
    async fn authority_form_is_refused_with_advice() {
        let error = seen("http://h", "user").await.unwrap_err();
        assert!(format!("{error:#}").contains("start the path with `/`"), "{error:#}");
    }

    #[tokio::test]
    async fn asterisk_form_is_refused() {
        assert!(seen("http://h/v1", "*").await.unwrap_err().is_url());
    }

    #[tokio::test]
    async fn child_at_a_bad_reference_fails_its_requests() {
        let service = JoinUrl::new(
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(())),
            "http://h/v1".parse().unwrap(),
        );
        let child = service.at("//evil").at("more");
        assert!(child.base_url().is_err() && child.join("x").is_err());
        assert!(child.oneshot(request("/x")).await.unwrap_err().is_url());
        assert_eq!(service.at("more").base_url().unwrap().to_string(), "http://h/v1/more");
    }

    #[tokio::test]
    async fn boundary_of_the_base_is_kept() {
        let base = BaseUrl::parse("http://h/v1").unwrap().with_boundary(Boundary::Path);
        let service =
            JoinUrl::new(service_fn(async |_: Request<()>| Ok::<_, Infallible>(())), base);
        assert!(service.oneshot(request("http://h/v2")).await.unwrap_err().is_url());
    }

    #[tokio::test]
    async fn refusal_names_the_request() {
        let error = seen("http://h", "http://evil/x?key=secret").await.unwrap_err();
        assert_eq!(error.to_string(), "GET http://evil/x?key…: the URL cannot be used");
    }

    #[tokio::test]
    async fn error_of_the_service_below_is_kept() {
        let fail = service_fn(async |_: Request<()>| Err::<(), _>(io::Error::other("down")));
        let service = JoinUrl::new(fail, "http://h/v1".parse().unwrap());
        let error = service.oneshot(request("/x")).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "the exchange failed: down");
    }
}

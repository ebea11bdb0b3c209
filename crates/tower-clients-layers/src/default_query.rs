//! Adds query parameters that a request lacks.
//!
//! The request wins: a key that it has, with however many values, is left alone. Like
//! [default headers](crate::default_headers), the parameters are bound to one origin, because API
//! keys are among them; put this layer below (inside of) [`JoinUrlLayer`](crate::JoinUrlLayer).
//!
//! ```
//! use axum::{Router, http::Uri};
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, DefaultQueryLayer, Query};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let defaults = Query::new(&[("lang", "en"), ("per_page", "50")])?;
//! let service = ServiceBuilder::new()
//!     .layer(DefaultQueryLayer::new("http://example.com".parse()?, defaults))
//!     .service(Router::new().fallback(async |uri: Uri| uri.query().unwrap_or("").to_owned()));
//!
//! let request = Request::get("http://example.com/list?lang=de").body(Body::empty())?;
//! let response = service.oneshot(request).await?;
//! let seen = axum::body::to_bytes(response.into_body(), 1024).await?;
//! assert_eq!(seen, "lang=de&per_page=50");
//! # Ok(())
//! # }
//! ```

pub use crate::maybe_refused::MaybeRefused as ResponseFuture;

use crate::{BoxError, Error, Query, macros::inner_service_accessors, url::Origin};
use http::Request;
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Adds query parameters that a request lacks.
///
/// Makes [`DefaultQuery`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct DefaultQueryLayer {
    defaults: Option<Arc<(Origin, Query)>>,
}

impl DefaultQueryLayer {
    /// Adds `query`, bound to `origin`.
    #[must_use]
    pub fn new(origin: Origin, query: Query) -> Self {
        Self { defaults: (!query.is_empty()).then(|| Arc::new((origin, query))) }
    }

    /// Adds nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { defaults: None }
    }
}

impl<S> Layer<S> for DefaultQueryLayer {
    type Service = DefaultQuery<S>;

    fn layer(&self, inner: S) -> DefaultQuery<S> {
        DefaultQuery { inner, defaults: self.defaults.clone() }
    }
}

/// Made by [`DefaultQueryLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct DefaultQuery<S> {
    inner: S,
    defaults: Option<Arc<(Origin, Query)>>,
}

impl<S> DefaultQuery<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for DefaultQuery<S>
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
        if let Some((origin, query)) = self.defaults.as_deref()
            && origin.binds(&request)
        {
            match query.complete(request.uri()) {
                Ok(None) => {}
                Ok(Some(uri)) => *request.uri_mut() = uri,
                Err(error) => return ResponseFuture::refused(error, &request),
            }
        }
        ResponseFuture::called(self.inner.call(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use std::convert::Infallible;
    use tower::{ServiceExt, service_fn};

    async fn sent(uri: &str) -> Result<String, Error> {
        let echo = service_fn(async |request: Request<()>| {
            Ok::<_, Infallible>(Response::new(request.uri().to_string()))
        });
        let query = Query::new(&[("key", "k"), ("tag", "x"), ("tag", "y")])?;
        let layer = DefaultQueryLayer::new("http://h".parse()?, query);
        layer
            .layer(echo)
            .oneshot(Request::get(uri).body(()).unwrap())
            .await
            .map(Response::into_body)
    }

    #[tokio::test]
    async fn missing_parameters_are_added_with_all_values() {
        assert_eq!(sent("http://h/a").await.unwrap(), "http://h/a?key=k&tag=x&tag=y");
        assert_eq!(sent("http://h/a?tag=own").await.unwrap(), "http://h/a?tag=own&key=k");
    }

    #[tokio::test]
    async fn other_origins_get_none() {
        for uri in ["http://evil/", "https://h/", "http://h:81/", "/relative"] {
            assert_eq!(sent(uri).await.unwrap(), uri);
        }
    }

    #[tokio::test]
    async fn uri_that_becomes_too_long_is_an_error() {
        let uri = format!("http://h/{}", "a".repeat(65_520));
        assert!(sent(&uri).await.unwrap_err().is_url());
    }
}

//! Adds headers that a request lacks.
//!
//! The request wins: a header that it has, with however many values, is left alone. Default
//! headers are bound to one origin, because API keys are among them. On other origins only these
//! are added: `accept` and its kin, `user-agent`, and those named by
//! [`share_header`](DefaultHeadersLayer::share_header).
//!
//! A request without scheme and host has no origin yet, so only those are added there too: put
//! this layer below (inside of) [`JoinUrlLayer`](crate::JoinUrlLayer).
//!
//! ```
//! use axum::{Router, http::HeaderMap};
//! use http::{HeaderName, HeaderValue, Request};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{Body, DefaultHeadersLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let headers = HeaderMap::from_iter([
//!     (HeaderName::from_static("x-api-key"), HeaderValue::from_static("secret")),
//!     (http::header::USER_AGENT, HeaderValue::from_static("demo/1")),
//! ]);
//! let service = ServiceBuilder::new()
//!     .layer(DefaultHeadersLayer::new("https://api.example.com".parse()?, headers))
//!     .service(Router::new().fallback(async |headers: HeaderMap| headers.len().to_string()));
//!
//! for (url, sent) in [("https://api.example.com/x", "2"), ("https://elsewhere.example/x", "1")] {
//!     let response = service.clone().oneshot(Request::get(url).body(Body::empty())?).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, sent);
//! }
//! # Ok(())
//! # }
//! ```

use crate::{macros::inner_service_accessors, url::Origin};
use http::{HeaderMap, HeaderName, Request, header, header::Entry};
use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// What tells no server more than another.
pub(crate) const SHARED: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_CHARSET,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
];

/// Adds headers that a request lacks.
///
/// Makes [`DefaultHeaders`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct DefaultHeadersLayer {
    defaults: Option<Arc<Defaults>>,
}

#[derive(Clone)]
struct Defaults {
    origin: Origin,
    headers: HeaderMap,
    shared: Vec<HeaderName>,
}

impl DefaultHeadersLayer {
    /// Adds `headers`, bound to `origin`.
    #[must_use]
    pub fn new(origin: Origin, headers: HeaderMap) -> Self {
        if headers.is_empty() {
            return Self::none();
        }
        Self { defaults: Some(Arc::new(Defaults { origin, headers, shared: SHARED.into() })) }
    }

    /// Adds nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { defaults: None }
    }

    /// Adds the header `name` on every origin.
    #[must_use]
    pub fn share_header(mut self, name: HeaderName) -> Self {
        if let Some(defaults) = &mut self.defaults {
            Arc::make_mut(defaults).shared.push(name);
        }
        self
    }
}

impl<S> Layer<S> for DefaultHeadersLayer {
    type Service = DefaultHeaders<S>;

    fn layer(&self, inner: S) -> DefaultHeaders<S> {
        DefaultHeaders { inner, defaults: self.defaults.clone() }
    }
}

/// Made by [`DefaultHeadersLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct DefaultHeaders<S> {
    inner: S,
    defaults: Option<Arc<Defaults>>,
}

impl<S> DefaultHeaders<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for DefaultHeaders<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(defaults) = &self.defaults {
            defaults.add_to(&mut request);
        }
        self.inner.call(request)
    }
}

impl Defaults {
    fn add_to<B>(&self, request: &mut Request<B>) {
        let home = self.origin.binds(request);
        let present = request.headers_mut();
        if present.is_empty() {
            // Room for what is added below, `authorization` and `host` at least: growth allocates.
            present.reserve(self.headers.len() + 4);
            if home {
                for (name, value) in &self.headers {
                    present.append(name, value.clone());
                }
                return;
            }
        }
        for name in self.headers.keys() {
            if !home && !self.shared.contains(name) {
                continue;
            }
            let Entry::Vacant(vacant) = present.entry(name) else {
                continue;
            };
            let mut values = self.headers.get_all(name).iter().cloned();
            if let Some(value) = values.next() {
                let mut entry = vacant.insert_entry(value);
                values.for_each(|value| entry.append(value));
            }
        }
    }
}

/// Names only: a value may be a secret that nobody marked as one.
impl fmt::Debug for Defaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defaults")
            .field("origin", &self.origin)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Response};
    use tower::{ServiceExt, service_fn};

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    async fn sent(
        layer: DefaultHeadersLayer,
        uri: &str,
        own: &[(&'static str, &'static str)],
    ) -> HeaderMap {
        let echo = service_fn(async |request: Request<()>| {
            Ok::<_, ()>(Response::new(request.into_parts().0.headers))
        });
        let mut request = Request::get(uri).body(()).unwrap();
        *request.headers_mut() = headers(own);
        layer.layer(echo).oneshot(request).await.unwrap().into_body()
    }

    fn layer(lines: &[(&'static str, &'static str)]) -> DefaultHeadersLayer {
        DefaultHeadersLayer::new("http://h".parse().unwrap(), headers(lines))
    }

    #[tokio::test]
    async fn all_values_of_a_missing_header_are_added() {
        let sent =
            sent(layer(&[("a", "1"), ("a", "2"), ("b", "3")]), "http://h/", &[("b", "own")]).await;
        assert_eq!(sent, headers(&[("a", "1"), ("a", "2"), ("b", "own")]));
    }

    #[tokio::test]
    async fn header_of_the_request_wins_with_all_its_values() {
        let sent = sent(layer(&[("a", "1")]), "http://h/", &[("a", "x"), ("a", "y")]).await;
        assert_eq!(sent, headers(&[("a", "x"), ("a", "y")]));
    }

    #[tokio::test]
    async fn other_origins_get_shared_headers_only() {
        let lines = [("x-api-key", "k"), ("accept", "a/b"), ("user-agent", "u"), ("x-trace", "t")];
        let layer = layer(&lines).share_header(HeaderName::from_static("x-trace"));
        let abroad = headers(&[("accept", "a/b"), ("user-agent", "u"), ("x-trace", "t")]);
        for uri in ["http://evil/", "https://h/", "http://h:81/", "/relative"] {
            assert_eq!(sent(layer.clone(), uri, &[]).await, abroad, "{uri}");
        }
        assert_eq!(sent(layer, "http://h/", &[]).await.len(), 4);
    }

    #[test]
    fn values_do_not_print() {
        let text = format!("{:?}", layer(&[("x-api-key", "CANARY")]).layer(()));
        assert!(text.contains("x-api-key") && !text.contains("CANARY"), "{text}");
    }
}

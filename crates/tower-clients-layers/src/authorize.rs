//! Adds a credential to requests for one origin.
//!
//! The credential never leaves its origin, whatever lies above or below this layer: the origin of
//! the very request that is sent decides. A request that has an `Authorization` header keeps it.
//! The value is marked sensitive, so `Debug` and header compression treat it as a secret.
//!
//! A request without scheme and host has no origin yet and gets nothing: put this layer below
//! (inside of) [`JoinUrlLayer`](crate::JoinUrlLayer).
//!
//! ```
//! use axum::{Router, http::HeaderMap};
//! use http::Request;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_clients_layers::{AuthorizeLayer, Body};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_clients_layers::BoxError> {
//! let server = Router::new().fallback(async |headers: HeaderMap| {
//!     headers.get("authorization").map(|value| value.to_str().unwrap_or("").to_owned())
//!         .unwrap_or_default()
//! });
//! let service = ServiceBuilder::new()
//!     .layer(AuthorizeLayer::bearer("https://api.example.com".parse()?, "t0ken")?)
//!     .service(server);
//!
//! for (url, seen) in [("https://api.example.com/me", "Bearer t0ken"), ("https://evil.example/", "")] {
//!     let response = service.clone().oneshot(Request::get(url).body(Body::empty())?).await?;
//!     assert_eq!(axum::body::to_bytes(response.into_body(), 1024).await?, seen);
//! }
//! # Ok(())
//! # }
//! ```

use crate::{Error, error::ErrorKind, macros::inner_service_accessors, url::Origin};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Adds a credential to requests for one origin.
///
/// Makes [`Authorize`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct AuthorizeLayer {
    credential: Option<Arc<(Origin, HeaderValue)>>,
}

impl AuthorizeLayer {
    /// A bearer token (RFC 6750), bound to `origin`.
    ///
    /// # Errors
    ///
    /// As [`bearer`].
    pub fn bearer(origin: Origin, token: &str) -> Result<Self, Error> {
        Ok(Self::value(origin, bearer(token)?))
    }

    /// A user name and password (RFC 7617), bound to `origin`.
    ///
    /// # Errors
    ///
    /// As [`basic`].
    pub fn basic(origin: Origin, user: &str, password: &str) -> Result<Self, Error> {
        Ok(Self::value(origin, basic(user, password)?))
    }

    /// Any value of the `Authorization` header, bound to `origin`. It is marked sensitive.
    #[must_use]
    pub fn value(origin: Origin, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self { credential: Some(Arc::new((origin, value))) }
    }

    /// Adds nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { credential: None }
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize { inner, credential: self.credential.clone() }
    }
}

/// Made by [`AuthorizeLayer`]. See the [module docs](self).
#[derive(Debug, Clone)]
pub struct Authorize<S> {
    inner: S,
    credential: Option<Arc<(Origin, HeaderValue)>>,
}

impl<S> Authorize<S> {
    inner_service_accessors!();
}

impl<S, B> Service<Request<B>> for Authorize<S>
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
        if let Some((origin, value)) = self.credential.as_deref()
            && origin.binds(&request)
        {
            request.headers_mut().entry(AUTHORIZATION).or_insert_with(|| value.clone());
        }
        self.inner.call(request)
    }
}

/// The `Authorization` value of a bearer token, marked sensitive.
///
/// # Errors
///
/// [`ErrorKind::Request`] when the token is empty or holds anything but visible ASCII. The error
/// does not show the token.
pub fn bearer(token: &str) -> Result<HeaderValue, Error> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::new(
            ErrorKind::Request,
            "a bearer token consists of visible ASCII characters",
        ));
    }
    sensitive(format!("Bearer {token}"))
}

/// The `Authorization` value of a user name and password, in UTF-8, marked sensitive.
///
/// # Errors
///
/// [`ErrorKind::Request`] when the name holds a colon, or either holds a control character.
pub fn basic(user: &str, password: &str) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(Error::new(ErrorKind::Request, "a user name may not hold a colon"));
    }
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err(Error::new(
            ErrorKind::Request,
            "a user name or password may not hold a control character",
        ));
    }
    sensitive(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

fn sensitive(text: String) -> Result<HeaderValue, Error> {
    let mut value =
        HeaderValue::try_from(text).map_err(|error| Error::new(ErrorKind::Request, error))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Response;
    use tower::{ServiceExt, service_fn};

    fn layer() -> AuthorizeLayer {
        AuthorizeLayer::bearer("http://h".parse().unwrap(), "CANARY").unwrap()
    }

    async fn sent(request: Request<()>) -> Option<HeaderValue> {
        let echo = service_fn(async |request: Request<()>| {
            Ok::<_, ()>(Response::new(request.headers().get(AUTHORIZATION).cloned()))
        });
        layer().layer(echo).oneshot(request).await.unwrap().into_body()
    }

    #[tokio::test]
    async fn credential_is_added_on_its_origin_and_sensitive() {
        let value = sent(Request::get("http://H:80/x").body(()).unwrap()).await.unwrap();
        assert_eq!(value, "Bearer CANARY");
        assert!(value.is_sensitive());
    }

    #[tokio::test]
    async fn credential_never_leaves_its_origin() {
        for uri in [
            "http://evil/",
            "https://h/",
            "http://h:81/",
            "http://h.evil/",
            "http://h@evil/",
            "/x",
            "h",
        ] {
            assert_eq!(sent(Request::get(uri).body(()).unwrap()).await, None, "{uri}");
        }
    }

    #[tokio::test]
    async fn header_of_the_request_wins() {
        let request = Request::get("http://h/").header(AUTHORIZATION, "own").body(()).unwrap();
        assert_eq!(sent(request).await.unwrap(), "own");
    }

    #[test]
    fn basic_is_encoded_as_utf_8() {
        assert_eq!(basic("Aladdin", "open sesame").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("test", "123£").unwrap(), "Basic dGVzdDoxMjPCow==");
        assert_eq!(basic("", "").unwrap(), "Basic Og==");
    }

    #[test]
    fn bad_credentials_are_errors_that_do_not_show_them() {
        let errors = [
            bearer(""),
            bearer("CANARY\r\nx: y"),
            bearer("CANARY é"),
            basic("CANARY:x", "y"),
            basic("x", "CANARY\n"),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert!(error.is_request() && !error.may_have_been_sent());
            assert!(!format!("{error:#} {error:?}").contains("CANARY"));
        }
    }

    #[test]
    fn credential_does_not_print() {
        let text = format!("{:?}", layer().layer(()));
        assert!(text.contains("http") && !text.contains("CANARY"), "{text}");
    }
}

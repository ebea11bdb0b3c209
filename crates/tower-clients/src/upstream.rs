//! Extractors of axum for clients.

use crate::inherit::{Inherit, Inheritance, Inherits};
use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use std::convert::Infallible;

/// A client of the state of an axum backend, whose calls [inherit](crate::inherit) from the request that the
/// handler answers. An [`Inherit`] among the extensions of the request says what.
///
/// ```
/// use axum::{Extension, Router, http::{HeaderMap, header::AUTHORIZATION}, routing::get};
/// use http::Request;
/// use tower::ServiceExt;
/// use tower_clients::{Body, BoxClient, BoxResource, Client, Error, Inherit, Upstream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients::BoxError> {
/// async fn handler(Upstream(users): Upstream<BoxResource>) -> Result<String, Error> {
///     users.get("me").text().await
/// }
/// let server = Router::new().route("/me", get(async |headers: HeaderMap| {
///     assert_eq!(headers["authorization"], "Bearer t");
///     headers["traceparent"].to_str().unwrap_or("").to_owned()
/// }));
/// let users: BoxResource = Client::with_service("http://users.internal", server)?.boxed().into();
/// let app: Router = Router::new()
///     .route("/", get(handler))
///     .layer(Extension(Inherit::new().header(AUTHORIZATION)))
///     .with_state(users);
///
/// let request = Request::get("/").header("authorization", "Bearer t").header("traceparent", "00-7");
/// let response = app.oneshot(request.body(Body::empty())?).await?;
/// let text = axum::body::to_bytes(response.into_body(), 1024).await?;
/// assert_eq!(text, "00-7");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Upstream<C: Inherits>(
    /// The client.
    pub C::Heir,
);

impl<T, C> FromRequestParts<T> for Upstream<C>
where
    T: Send + Sync,
    C: Inherits + FromRef<T>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &T) -> Result<Self, Infallible> {
        let inheritance = Inheritance::from_request_parts(parts, state).await?;
        Ok(Self(C::from_ref(state).inherit(&inheritance)))
    }
}

/// By an [`Inherit`] among the extensions of the request, else by the default.
impl<T: Send + Sync> FromRequestParts<T> for Inheritance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &T) -> Result<Self, Infallible> {
        Ok(match parts.extensions.get::<Inherit>() {
            Some(inherit) => inherit.of(&parts.headers),
            None => Inherit::new().of(&parts.headers),
        })
    }
}

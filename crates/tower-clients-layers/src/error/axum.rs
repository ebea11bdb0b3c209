//! Errors as responses of axum handlers.

use super::Error;
use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Answers as a gateway does: with [`to_gateway_response`](Error::to_gateway_response). The error is among
/// the extensions of the response, as an `Arc<Error>`, for a middleware that logs.
///
/// ```
/// use axum::{Router, http::Request, routing::get};
/// use tower::ServiceExt;
/// use tower_clients_layers::{Body, Error, ErrorKind};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_clients_layers::BoxError> {
/// async fn handler() -> Result<String, Error> {
///     Err(Error::new(ErrorKind::Connect, "connection refused"))
/// }
/// let app = Router::new().route("/", get(handler));
/// let response = app.oneshot(Request::get("/").body(Body::empty())?).await?;
/// assert_eq!(response.status(), 502);
/// # Ok(())
/// # }
/// ```
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        respond(self, Self::to_gateway_response)
    }
}

/// An error that an axum handler answers with what the upstream said:
/// [`to_relayed_response`](Error::to_relayed_response).
///
/// ```
/// use axum::http::Response;
/// use axum::response::IntoResponse;
/// use tower_clients_layers::{Error, Failure, error::Relay};
///
/// async fn handler() -> Result<String, Relay> {
///     let response = Response::builder().status(404).body("no such user".into()).unwrap();
///     Err(Error::status_failure(Failure::new(response)))?
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let response = runtime.block_on(handler()).into_response();
/// assert_eq!(response.status(), 404);
/// ```
#[derive(Debug)]
pub struct Relay(
    /// What failed.
    pub Error,
);

impl From<Error> for Relay {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Relay {
    fn into_response(self) -> Response {
        respond(self.0, Error::to_relayed_response)
    }
}

fn respond(error: Error, response: fn(&Error) -> http::Response<crate::Body>) -> Response {
    let mut response = response(&error).map(Body::new);
    response.extensions_mut().insert(Arc::new(error));
    response
}

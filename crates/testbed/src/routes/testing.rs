//! Calls into the router, for the tests of the routes.

use axum::body::{Body, Bytes, to_bytes};
use http::{HeaderMap, HeaderName, Request, Response, request};
use serde_json::Value;
use tower::ServiceExt;

pub(super) async fn send(request: request::Builder, body: impl Into<Body>) -> Response<Body> {
    let request = request.body(body.into()).unwrap();
    super::router().oneshot(request).await.unwrap()
}

pub(super) async fn get(path: &str) -> Response<Body> {
    send(Request::get(path), "").await
}

pub(super) async fn get_json(path: &str) -> Value {
    json(get(path).await).await
}

pub(super) async fn bytes(response: Response<Body>) -> Bytes {
    to_bytes(response.into_body(), usize::MAX).await.unwrap()
}

pub(super) async fn text(response: Response<Body>) -> String {
    String::from_utf8(bytes(response).await.into()).unwrap()
}

pub(super) async fn json(response: Response<Body>) -> Value {
    serde_json::from_slice(&bytes(response).await).unwrap()
}

/// The values of a header that has to be text, in order.
pub(super) fn values(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let values = headers.get_all(name).into_iter();
    values.map(|value| value.to_str().unwrap()).collect()
}
